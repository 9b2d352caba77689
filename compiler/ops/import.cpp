// The node under import: inputs, constant folding, layout of weights; see import.h.
#include "compiler/ops/import.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "compiler/ops/ops.h"

namespace linnet {

const Node* ImportContext::dequantized_constant(TensorId id) const {
  const auto found = producer.find(id.value);
  if (found == producer.end()) return nullptr;
  const Node& node = graph.nodes[found->second];
  const bool holds =
      std::holds_alternative<Dequantize>(node.op) && graph.is_constant(node.inputs[0]);
  return holds ? &node : nullptr;
}

ImportNode::ImportNode(ImportContext& context, const OnnxNode& node,
                       std::vector<ImportedValue> inputs, Origin origin)
    : onnx(node),
      context_(context),
      origin_(std::move(origin)),
      inputs_(std::move(inputs)),
      outputs_(std::max<std::size_t>(node.outputs.size(), 1)) {}

bool ImportNode::has_input(std::size_t index) const {
  return index < inputs_.size() && inputs_[index].id.valid();
}

TensorId ImportNode::input(std::size_t index) const {
  if (!has_input(index)) import_fault("E107", fmt::format("input {} is missing", index));
  return inputs_[index].id;
}

DType ImportNode::model_dtype(std::size_t index) const {
  return has_input(index) ? inputs_[index].model_dtype : DType::f32;
}

const TensorValue* ImportNode::constant(TensorId id) const {
  return context_.graph.is_constant(id) ? &context_.graph.tensors[id].constant : nullptr;
}

std::optional<TensorValue> ImportNode::known_value(TensorId id) const {
  if (const TensorValue* value = constant(id)) return *value;
  const Node* source = context_.dequantized_constant(id);
  if (!source) return {};
  return evaluate(source->op, {constant(source->inputs[0])}, type(id));
}

TensorValue ImportNode::constant_input(std::size_t index, const char* what) const {
  std::optional<TensorValue> value = known_value(input(index));
  if (!value) {
    // E105: what code is generated depends on the value.
    import_fault("E105", fmt::format("input {} ({}) is not a constant", index, what),
                 "make it an initializer, or run the model through onnxsim");
  }
  return std::move(*value);
}

std::vector<std::int64_t> ImportNode::integers_input(std::size_t index, const char* what) const {
  const TensorValue value = constant_input(index, what);
  if (value.type.dtype == DType::f32 || value.type.shape.size() > 1) {
    import_fault("E107", fmt::format("input {} ({}) is not a list of integers", index, what));
  }
  return value.to_ints();
}

void ImportNode::require_rank(TensorId id, std::initializer_list<int> ranks) const {
  if (std::find(ranks.begin(), ranks.end(), rank(id)) != ranks.end()) return;
  std::string wanted;
  for (const int candidate : ranks)
    wanted += fmt::format("{}{}", wanted.empty() ? "" : " or ", candidate);
  // E104: shapes that do not fit together.
  import_fault("E104", fmt::format("the input has the shape {}, of rank {} instead of {}",
                                   to_string(shape(id)), rank(id), wanted));
}

int ImportNode::normal_axis(std::int64_t axis, int rank) const {
  if (axis < -rank || axis >= rank) {
    import_fault("E104", fmt::format("axis {} does not exist in a tensor of rank {}", axis, rank));
  }
  return static_cast<int>(axis < 0 ? axis + rank : axis);
}

std::vector<std::int32_t> ImportNode::normal_axes(const std::vector<std::int64_t>& axes,
                                                  int rank) const {
  std::vector<std::int32_t> result;
  for (const std::int64_t axis : axes) result.push_back(normal_axis(axis, rank));
  std::sort(result.begin(), result.end());
  if (std::adjacent_find(result.begin(), result.end()) != result.end()) {
    import_fault("E107", "an axis is given twice");
  }
  return result;
}

TensorType ImportNode::result_type(const Op& op, const std::vector<TensorId>& ids) const {
  std::vector<Shape> shapes;
  for (const TensorId id : ids) shapes.push_back(id.valid() ? shape(id) : Shape{});
  Result<Shape> inferred = infer_shape(op, shapes);
  if (!inferred) {
    const Diagnostic& why = inferred.diagnostics().front();
    import_fault("E104", why.message, why.hint);
  }
  TensorType result{DType::f32, std::move(*inferred), {}};
  checked_elements(result.shape);
  for (const std::int64_t dimension : result.shape) {
    if (dimension < 1) {
      import_fault("E104",
                   fmt::format("the output would have the shape {}", to_string(result.shape)));
    }
  }
  // Element types. A code moves with its scale; all else that runs on the device is float.
  const TensorType& first = type(ids.front());
  const bool moves_codes = first.quantization && is_data_movement(op);
  if (moves_codes) {
    result.dtype = first.dtype;
    result.quantization = first.quantization;
  }
  const std::size_t data_inputs = std::holds_alternative<Gather>(op) ? 1 : ids.size();
  for (std::size_t i = 0; i < data_inputs; ++i) {
    if (!ids[i].valid()) continue;
    const TensorType& given = type(ids[i]);
    if (moves_codes ? given.quantization == first.quantization && given.dtype == first.dtype
                    : given.dtype == DType::f32 && !given.quantization) {
      continue;
    }
    if (moves_codes) {
      import_fault("E109", "the inputs are quantized with different scales or zero points");
    }
    // E106: integers that are computed at run time.
    import_fault("E106",
                 fmt::format("a tensor of type {} would be computed when the model runs",
                             to_string(given.dtype)),
                 "only float and quantized 8-bit tensors can be");
  }
  return result;
}

TensorId ImportNode::emit(Op op, std::vector<TensorId> ids) {
  std::vector<const TensorValue*> values;
  bool folds = true;
  for (const TensorId id : ids) {
    const TensorValue* value = id.valid() ? constant(id) : nullptr;
    folds = folds && (!id.valid() || value);
    values.push_back(value);
  }
  if (folds) {
    std::optional<TensorValue> value = fold_movement(op, values);
    if (!value) value = fold_integers(op, values);
    if (value) return emit_constant(std::move(*value));
  }
  TensorType result = result_type(op, ids);
  if (folds) {
    check_constant_size(result.shape);
    return emit_constant(evaluate(op, values, result));
  }
  return append(std::move(op), std::move(ids), std::move(result));
}

TensorId ImportNode::append(Op op, std::vector<TensorId> ids, TensorType result) {
  Graph& graph = context_.graph;
  std::string name = origin_.name + "/" + op_name(op);
  const std::size_t index = graph.nodes.size();
  const TensorId output =
      graph.add_node(std::move(op), std::move(ids), std::move(result), origin_, name);
  context_.producer[output.value] = index;
  return output;
}

// A Dequantize is never folded: what follows may become an int8 operator, which wants the codes.
TensorId ImportNode::append_dequantize(TensorId codes) {
  return append(Dequantize{}, {codes}, {DType::f32, shape(codes), {}});
}

TensorId ImportNode::emit_constant(TensorValue value) {
  return context_.graph.add_constant(origin_.name + "/constant", std::move(value));
}

TensorId ImportNode::emit_scalar(float value) {
  return emit_constant(TensorValue::of<float>({DType::f32, {}, {}}, {value}));
}

TensorId ImportNode::reshape(TensorId x, Shape target) {
  if (shape(x) == target) return x;
  return emit(Reshape{std::move(target)}, {x});
}

TensorId ImportNode::transpose(TensorId x, std::vector<std::int32_t> order) {
  if (std::is_sorted(order.begin(), order.end())) return x;
  return emit(Transpose{std::move(order)}, {x});
}

TensorId ImportNode::transpose_weight(TensorId w, std::vector<std::int32_t> order) {
  const Node* source = context_.dequantized_constant(w);
  if (!source || std::is_sorted(order.begin(), order.end())) return transpose(w, std::move(order));
  TensorValue codes = transpose_constant(*constant(source->inputs[0]), order);
  return append_dequantize(emit_constant(std::move(codes)));
}

TensorId ImportNode::reshape_weight(TensorId w, Shape target) {
  const Node* source = context_.dequantized_constant(w);
  if (!source || shape(w) == target) return reshape(w, std::move(target));
  TensorValue codes = reshape_constant(*constant(source->inputs[0]), target);
  Quantization& quantization = *codes.type.quantization;
  if (!quantization.per_tensor()) {
    // The axis of the scales must still be one axis, with as many elements before it.
    const Shape& old = shape(w);
    const auto wanted = static_cast<std::size_t>(quantization.axis);
    const std::int64_t before = checked_elements({old.begin(), old.begin() + quantization.axis});
    std::int64_t outer = 1;
    quantization.axis = -1;
    for (std::size_t i = 0; i < target.size() && quantization.axis < 0; ++i) {
      if (outer == before && target[i] == old[wanted]) quantization.axis = static_cast<int>(i);
      outer *= target[i];
    }
    if (quantization.axis < 0) return reshape(w, std::move(target));
  }
  return append_dequantize(emit_constant(std::move(codes)));
}

void ImportNode::set_output(std::size_t index, TensorId id) {
  // Operators that move codes keep the model's element type of what they move.
  const bool quantized = type(id).quantization.has_value();
  DType dtype = type(id).dtype;
  for (const ImportedValue& value : inputs_) {
    if (quantized && value.id.valid() && type(value.id).dtype == dtype) {
      dtype = value.model_dtype;
      break;
    }
  }
  set_output(index, ImportedValue{id, dtype});
}

void ImportNode::set_output(std::size_t index, ImportedValue value) {
  if (index >= outputs_.size()) return;
  outputs_[index] = value;
}

bool ImportNode::wants_output(std::size_t index) const {
  return index < onnx.outputs.size() && !onnx.outputs[index].empty();
}

void ImportNode::refuse_output(std::size_t index, const char* what) const {
  if (!wants_output(index)) return;
  // E103: a variant of a known operator that is not supported.
  import_fault("E103", fmt::format("output {} ({}) is not supported", index, what),
               "remove what reads it from the model");
}

TensorId ImportNode::import_as(std::string op_type, const std::vector<TensorId>& ids,
                               std::int64_t as_opset) {
  const ImportFunction function = find_import_function("", op_type);
  std::vector<ImportedValue> values;
  for (const TensorId id : ids) {
    values.push_back({id, id.valid() ? type(id).dtype : DType::f32});
  }
  OnnxNode plain = onnx;
  plain.op_type = std::move(op_type);
  plain.domain.clear();
  if (as_opset != 0 || !onnx.domain.empty()) plain.opset = as_opset != 0 ? as_opset : kNewestOpset;
  ImportNode inner(context_, plain, std::move(values), origin_);
  function(inner);
  return inner.outputs()[0].id;
}

TensorId ImportNode::dequantize(TensorId x, DType dtype, const QuantParams& params) {
  if (params.dtype != dtype && dtype != DType::i32) {
    import_fault("E109", fmt::format("the zero point is {}, the tensor {}", to_string(params.dtype),
                                     to_string(dtype)));
  }
  Quantization quantization = signed_quantization(params);
  if (quantization.axis >= 0) {
    quantization.axis = normal_axis(quantization.axis, rank(x));
    const auto length = shape(x)[static_cast<std::size_t>(quantization.axis)];
    if (length != static_cast<std::int64_t>(quantization.scale.size())) {
      import_fault("E109",
                   fmt::format("{} scales for an axis of {}", quantization.scale.size(), length));
    }
  }
  if (const TensorValue* value = constant(x)) {
    TensorValue codes = value->type.dtype == DType::u8 ? signed_codes(*value) : *value;
    if (codes.type.quantization && *codes.type.quantization != quantization) {
      import_fault("E109", "the codes are read with two different scales or zero points");
    }
    codes.type.quantization = quantization;
    x = emit_constant(std::move(codes));
  }
  const TensorType& given = type(x);
  if (!given.quantization || *given.quantization != quantization) {
    import_fault("E109",
                 "the tensor is read with another scale or zero point than it was made with",
                 "put a DequantizeLinear and a QuantizeLinear between");
  }
  return append_dequantize(x);
}

TensorId ImportNode::quantize(TensorId x, const QuantParams& params) {
  Quantization quantization = signed_quantization(params);
  if (quantization.axis >= 0) quantization.axis = normal_axis(quantization.axis, rank(x));
  if (type(x).dtype != DType::f32) {
    import_fault("E106", fmt::format("a tensor of type {} is quantized", to_string(type(x).dtype)),
                 "only float tensors can be quantized");
  }
  if (const TensorValue* value = constant(x)) {
    return emit_constant(quantize_constant(*value, quantization));
  }
  if (quantization.axis >= 0) {
    import_fault("E109", "activations quantized per axis are not supported",
                 "quantize activations per tensor");
  }
  return append(Quantize{}, {x}, {DType::i8, shape(x), std::move(quantization)});
}

std::int32_t small_int(std::int64_t value, const char* what, std::int64_t least) {
  constexpr std::int64_t kMost = 32767;  // products of two still fit in an int32
  if (value < least || value > kMost) {
    import_fault("E103",
                 fmt::format("{} is {}, which is outside [{}, {}]", what, value, least, kMost),
                 "use a value inside");
  }
  return static_cast<std::int32_t>(value);
}

void check_constant_size(const Shape& shape) {
  constexpr std::int64_t kMost = std::int64_t{1} << 27;
  if (checked_elements(shape) > kMost) {
    import_fault("E104", fmt::format("a constant of shape {} is too large", to_string(shape)));
  }
}

std::int64_t checked_elements(const Shape& shape) {
  constexpr std::int64_t kMost = std::int64_t{1} << 31;
  std::int64_t count = 1;
  bool empty = false;
  for (const std::int64_t dimension : shape) {
    if (dimension < 0 || dimension > kMost ||
        count * std::max<std::int64_t>(dimension, 1) > kMost) {
      import_fault("E104", fmt::format("a tensor would have the shape {}", to_string(shape)));
    }
    count *= std::max<std::int64_t>(dimension, 1);
    empty = empty || dimension == 0;
  }
  return empty ? 0 : count;
}

}  // namespace linnet
