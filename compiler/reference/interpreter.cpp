// Runs a graph on whole tensors; see interpreter.h.
#include "compiler/reference/interpreter.h"

#include <algorithm>
#include <cassert>
#include <cmath>

#include "compiler/ops/ops.h"
#include "compiler/ops/shapes.h"

namespace linnet {
namespace {

// How often each tensor is still read: by nodes, and once more as a graph output.
IdVector<TensorId, std::size_t> reads_left(const Graph& graph) {
  IdVector<TensorId, std::size_t> reads(graph.tensors.size(), 0);
  for (const Node& node : graph.nodes) {
    for (const TensorId input : node.inputs) {
      if (input.valid()) ++reads[input];
    }
  }
  for (const Port& port : graph.outputs) ++reads[port.tensor];
  return reads;
}

TensorValue run_node(const Node& node, const Values& inputs, const TensorType& type) {
  const bool integers = type.dtype == DType::i8 || std::holds_alternative<Dequantize>(node.op);
  return integers ? evaluate_int8(node.op, inputs, type) : evaluate(node.op, inputs, type);
}

TensorValue transposed(const TensorValue& value, const std::vector<std::int32_t>& permutation) {
  if (permutation.empty()) return value;
  TensorType type = value.type;
  for (std::size_t d = 0; d < permutation.size(); ++d) {
    type.shape[d] = value.type.shape[static_cast<std::size_t>(permutation[d])];
  }
  return evaluate(Op{Transpose{permutation}}, {&value}, type);
}

std::vector<std::int32_t> inverse(const std::vector<std::int32_t>& permutation) {
  std::vector<std::int32_t> back(permutation.size());
  for (std::size_t d = 0; d < permutation.size(); ++d) {
    back[static_cast<std::size_t>(permutation[d])] = static_cast<std::int32_t>(d);
  }
  return back;
}

bool is_code(DType dtype) { return dtype == DType::i8 || dtype == DType::u8; }

// The same elements under another type of the same size.
TensorValue relabelled(const TensorValue& value, TensorType type) {
  return {std::move(type), {value.bytes().begin(), value.bytes().end()}};
}

// Between element types: quantize, dequantize, or code to code. An u8 code and its i8 code differ by 128 when the
// parameters say the same reals, which the real arithmetic of Requantize gives as well.
TensorValue converted(const TensorValue& value, const TensorType& to) {
  const DType from = value.type.dtype;
  if (from == to.dtype && (!is_code(from) || value.type.quantization == to.quantization)) {
    return relabelled(value, to);
  }
  if (is_code(from) && is_code(to.dtype)) {
    assert(value.type.quantization && to.quantization);
    return evaluate(Op{Requantize{}}, {&value}, to);
  }
  if (is_code(to.dtype)) return evaluate(Op{Quantize{}}, {&value}, to);
  if (is_code(from)) return evaluate(Op{Dequantize{}}, {&value}, to);
  return evaluate(Op{Cast{}}, {&value}, to);
}

// The model's values (its own layout) mapped by column: to floats, or with `q` to codes.
TensorValue mapped_columns(const TensorValue& value, const ColumnMap& columns,
                           const Quantization* q) {
  const Shape& shape = value.type.shape;
  std::size_t inner = 1;
  for (std::size_t d = shape.size(); d-- > static_cast<std::size_t>(columns.axis) + 1;)
    inner *= static_cast<std::size_t>(shape[d]);
  const ColumnMap map = q ? code_map(columns, *q) : columns;
  const std::vector<float> reals = value.to_floats();
  std::vector<float> floats(reals.size());
  std::vector<std::int8_t> codes(q ? reals.size() : 0);
  for (std::size_t i = 0; i < reals.size(); ++i) {
    const std::size_t m = i / inner % map.scale.size();
    floats[i] = mapped(map, m, reals[i]);
    if (!q) continue;
    const float limited = floats[i] > -128.0F ? std::min(floats[i], 127.0F) : -128.0F;
    codes[i] = static_cast<std::int8_t>(std::nearbyint(limited));
  }
  if (q) return TensorValue::of({DType::i8, shape, *q}, codes);
  return TensorValue::of({DType::f32, shape, {}}, floats);
}

}  // namespace

std::vector<TensorValue> interpret(const Graph& graph, const std::vector<TensorValue>& inputs,
                                   const Observer& observe) {
  assert(inputs.size() == graph.inputs.size());
  IdVector<TensorId, TensorValue> values(graph.tensors.size());
  IdVector<TensorId, std::size_t> reads = reads_left(graph);
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    const TensorType& type = graph.type(graph.inputs[i].tensor);
    assert(inputs[i].type.dtype == type.dtype && inputs[i].type.shape == type.shape);
    // The graph's parameters hold, whether or not the caller repeated them.
    values[graph.inputs[i].tensor] = relabelled(inputs[i], type);
  }
  const auto value_of = [&](TensorId id) -> const TensorValue* {
    if (!id.valid()) return nullptr;
    const Tensor& tensor = graph.tensors[id];
    return tensor.is_constant() ? &tensor.constant : &values[id];
  };
  for (const Node& node : graph.nodes) {
    Values operands;
    for (const TensorId input : node.inputs) operands.push_back(value_of(input));
    TensorValue result = run_node(node, operands, graph.type(node.output()));
    if (observe) observe(node, result);
    if (reads[node.output()] > 0) values[node.output()] = std::move(result);
    for (const TensorId input : node.inputs) {
      if (input.valid() && --reads[input] == 0) values[input] = TensorValue{};
    }
  }
  std::vector<TensorValue> outputs;
  for (const Port& port : graph.outputs) outputs.push_back(*value_of(port.tensor));
  return outputs;
}

TensorValue to_device(const Port& port, const TensorType& device_type,
                      const TensorValue& model_value) {
  TensorValue labelled = model_value;
  if (port.columns) {
    const Quantization* q =
        device_type.dtype == DType::i8 ? &device_type.quantization.value() : nullptr;
    return relabelled(transposed(mapped_columns(model_value, *port.columns, q), port.permutation),
                      device_type);
  }
  if (!labelled.type.quantization) labelled.type.quantization = port.model_quantization;
  return converted(transposed(labelled, port.permutation), device_type);
}

TensorValue to_model(const Port& port, const TensorValue& device_value) {
  const TensorValue value = transposed(device_value, inverse(port.permutation));
  // Only a model whose own port is quantized gets codes back.
  const bool codes = is_code(port.model_dtype) && port.model_quantization.has_value();
  TensorType type{codes ? port.model_dtype : DType::f32, port.model_shape, {}};
  if (codes) type.quantization = port.model_quantization;
  if (!codes && !is_code(device_value.type.dtype)) type.dtype = port.model_dtype;
  return converted(value, type);
}

}  // namespace linnet
