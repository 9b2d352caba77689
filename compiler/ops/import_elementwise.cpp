// Import of elementwise operators: activations, arithmetic with NumPy broadcasting, and what does nothing.
#include <fmt/format.h>

#include <array>

#include "compiler/ops/import_families.h"
#include "compiler/ops/operator_table.h"

namespace linnet {
namespace {

// Opset 6 and before: `broadcast` and `axis` line B up with A's dimensions from `axis` on.
TensorId line_up(ImportNode& node, TensorId a, TensorId b) {
  if (node.opset() >= 7 || !node.onnx.has("axis") || node.onnx.integer("broadcast", 0) == 0)
    return b;
  const int axis = node.normal_axis(node.onnx.integer("axis", 0), node.rank(a));
  Shape shape = node.shape(b);
  const int missing = node.rank(a) - axis - node.rank(b);
  if (missing > 0) shape.insert(shape.end(), static_cast<std::size_t>(missing), 1);
  return node.reshape(b, std::move(shape));
}

Binary::Fn binary_fn(std::string_view op_type) {
  if (op_type == "Add" || op_type == "Sum" || op_type == "Mean") return Binary::Fn::add;
  if (op_type == "Sub") return Binary::Fn::sub;
  if (op_type == "Mul") return Binary::Fn::mul;
  if (op_type == "Div") return Binary::Fn::div;
  if (op_type == "Min") return Binary::Fn::min;
  return Binary::Fn::max;
}

Unary unary_op(const ImportNode& node) {
  const OnnxNode& onnx = node.onnx;
  const std::string& op = onnx.op_type;
  if (op == "Relu") return {Unary::Fn::clamp, 0, kInfinity};
  if (op == "LeakyRelu") {
    return {Unary::Fn::leaky_relu, onnx.real("alpha", 0.01f), 0};
  }
  if (op == "Sigmoid") return {Unary::Fn::sigmoid};
  if (op == "HardSigmoid") {
    return {Unary::Fn::hard_sigmoid, onnx.real("alpha", 0.2f), onnx.real("beta", 0.5f)};
  }
  if (op == "HardSwish") return {Unary::Fn::hard_swish};
  if (op == "Tanh") return {Unary::Fn::tanh};
  if (op == "Elu") return {Unary::Fn::elu, onnx.real("alpha", 1.0f), 0};
  if (op == "Gelu") {
    const std::string approximate = onnx.text("approximate", "none");
    if (approximate != "none" && approximate != "tanh") {
      import_fault("E103", fmt::format("approximate is '{}'", approximate), "use none or tanh");
    }
    return {approximate == "tanh" ? Unary::Fn::gelu_tanh : Unary::Fn::gelu};
  }
  if (op == "FastGelu") return {Unary::Fn::gelu_tanh};
  if (op == "QuickGelu") return {Unary::Fn::silu};
  if (op == "Erf") return {Unary::Fn::erf};
  if (op == "Exp") return {Unary::Fn::exp};
  if (op == "Log") return {Unary::Fn::log};
  if (op == "Sqrt") return {Unary::Fn::sqrt};
  if (op == "Neg") return {Unary::Fn::neg};
  if (op == "Abs") return {Unary::Fn::abs};
  return {Unary::Fn::reciprocal};
}

// The value of a constant of one element, whatever its rank.
std::optional<float> scalar_constant(const ImportNode& node, TensorId id) {
  const std::optional<TensorValue> value = node.known_value(id);
  if (!value || value->type.elements() != 1) return {};
  return value->to_floats().front();
}

}  // namespace

void import_unary(ImportNode& node) {
  TensorId x = node.input(0);
  const Unary op = unary_op(node);
  if (node.onnx.op_type == "FastGelu" && node.has_input(1)) {
    x = node.emit(Binary{Binary::Fn::add, {}}, {x, node.input(1)});
  }
  if (node.onnx.op_type == "QuickGelu") {  // x * sigmoid(alpha * x)
    const TensorId scaled =
        node.emit(Unary{Unary::Fn::affine, node.onnx.real("alpha", 1.702f), 0}, {x});
    const TensorId gate = node.emit(Unary{Unary::Fn::sigmoid}, {scaled});
    return node.set_output(0, node.emit(Binary{Binary::Fn::mul, {}}, {x, gate}));
  }
  node.set_output(0, node.emit(op, {x}));
}

// Clip: bounds are attributes up to opset 10 and optional inputs after.
void import_clip(ImportNode& node) {
  TensorId x = node.input(0);
  float lo = node.onnx.real("min", -kInfinity);
  float hi = node.onnx.real("max", kInfinity);
  std::array<TensorId, 2> bound;  // of one element, known when the model runs only
  for (const std::size_t i : {std::size_t{0}, std::size_t{1}}) {
    if (node.opset() < 11 || !node.has_input(i + 1)) continue;
    const TensorId id = node.input(i + 1);
    if (const auto value = scalar_constant(node, id)) {
      (i == 0 ? lo : hi) = *value;
    } else if (checked_elements(node.shape(id)) == 1) {
      bound[i] = node.reshape(id, {});
    } else {
      import_fault("E104",
                   fmt::format("input {} ({}) is not a scalar", i + 1, i == 0 ? "min" : "max"));
    }
  }
  if (bound[0].valid()) x = node.emit(Binary{Binary::Fn::max, {}}, {x, bound[0]});
  const bool clamps = lo != -kInfinity || hi != kInfinity;
  if (clamps) x = node.emit(Unary{Unary::Fn::clamp, lo, hi}, {x});
  if (bound[1].valid()) x = node.emit(Binary{Binary::Fn::min, {}}, {x, bound[1]});
  node.set_output(0, x);
}

void import_binary(ImportNode& node) {
  const TensorId a = node.input(0);
  const TensorId b = line_up(node, a, node.input(1));
  node.set_output(0, node.emit(Binary{binary_fn(node.onnx.op_type), {}}, {a, b}));
}

// Min, Max, Sum and Mean of any number of inputs, from the left.
void import_variadic(ImportNode& node) {
  const Binary op{binary_fn(node.onnx.op_type), {}};
  TensorId x = node.input(0);
  for (std::size_t i = 1; i < node.input_count(); ++i) x = node.emit(op, {x, node.input(i)});
  if (node.onnx.op_type == "Mean" && node.input_count() > 1) {
    const float share = 1.0f / static_cast<float>(node.input_count());
    x = node.emit(Unary{Unary::Fn::affine, share, 0}, {x});
  }
  node.set_output(0, x);
}

void import_pow(ImportNode& node) {
  const TensorId x = node.input(0);
  TensorId exponent = line_up(node, x, node.input(1));
  const auto power = scalar_constant(node, exponent);
  if (power && node.rank(exponent) <= node.rank(x) && node.type(x).dtype == DType::f32) {
    return node.set_output(0, node.emit(Unary{Unary::Fn::pow, *power, 0}, {x}));
  }
  if (const TensorValue* value = node.constant(exponent);
      value && value->type.dtype != DType::f32) {
    exponent = node.emit_constant(
        TensorValue::of<float>({DType::f32, value->type.shape, {}}, value->to_floats()));
  }
  node.set_output(0, node.emit(Binary{Binary::Fn::pow, {}}, {x, exponent}));
}

// The slope broadcasts to x from the right; [C] for an x of [N,C,...] is what old exporters write.
void import_prelu(ImportNode& node) {
  const TensorId x = node.input(0);
  TensorId slope = node.input(1);
  const Shape& shape = node.shape(x);
  const bool old_form = node.opset() < 9 && node.rank(slope) == 1 && shape.size() > 2 &&
                        node.shape(slope)[0] == shape[1];
  if (old_form) {
    Shape spread(shape.size() - 1, 1);
    spread[0] = shape[1];
    slope = node.reshape_weight(slope, std::move(spread));
  }
  node.set_output(0, node.emit(Binary{Binary::Fn::prelu, {}}, {x, slope}));
}

void import_identity(ImportNode& node) {
  node.set_output(0, ImportedValue{node.input(0), node.model_dtype(0)});
}

// At inference nothing is dropped.
void import_dropout(ImportNode& node) {
  node.refuse_output(1, "mask");
  if (node.has_input(2) && node.constant_input(2, "training_mode").to_ints().at(0) != 0) {
    import_fault("E103", "training_mode is true", "export the model for inference");
  }
  import_identity(node);
}

void import_cast(ImportNode& node) {
  const TensorId x = node.input(0);
  // TensorProto's numbers; before opset 6 the type is text.
  if (!node.onnx.has("to")) import_fault("E107", "attribute to is missing");
  const std::int64_t to =
      node.opset() < 6 ? (node.onnx.text("to", "") == "FLOAT" ? 1 : 0) : node.onnx.integer("to", 0);
  DType dtype = DType::f32;
  switch (to) {
    case 1:
    case 10:
    case 11: break;
    case 2: dtype = DType::u8; break;
    case 3: dtype = DType::i8; break;
    case 5: dtype = DType::i16; break;
    case 4:
    case 6: dtype = DType::i32; break;
    case 7:
    case 12:
    case 13: dtype = DType::i64; break;
    case 9: dtype = DType::boolean; break;
    default:
      import_fault("E103", fmt::format("a cast to ONNX's element type {} is not supported", to),
                   "cast to float");
  }
  const TensorValue* value = node.constant(x);
  if (!value) {
    const TensorType& type = node.type(x);
    if (dtype == DType::f32 && type.dtype == DType::f32) return import_identity(node);
    const Quantization raw{{1.0f}, {node.model_dtype(0) == DType::u8 ? -128 : 0}, -1};
    if (dtype == DType::f32 && type.quantization == raw) {  // pictures as uint8, read as 0 to 255
      const DType from = node.model_dtype(0);
      return node.set_output(0, node.dequantize(x, from, {{1.0f}, {0}, from, -1}));
    }
    import_fault("E106", "a cast to or from integers would run with the model",
                 "only constants can be cast to integers");
  }
  TensorType type{dtype, value->type.shape, {}};
  if (value->type.quantization)
    import_fault("E106", "a quantized constant is cast", "dequantize it first");
  if (dtype == DType::f32) {
    return node.set_output(
        0, node.emit_constant(TensorValue::of<float>(std::move(type), value->to_floats())));
  }
  node.set_output(0, node.emit_constant(cast_to_integers(*value, dtype)));
}

namespace {

constexpr OperatorEntry kElementwiseOperators[] = {
    {"Abs", import_unary, 1, Leaves::kernels, {Form::simple}, ""},
    {"Add",
     import_binary,
     1,
     Leaves::kernels,
     {Form::arithmetic, Form::simple},
     "NumPy broadcasting; above four dimensions the operands' own and repeated dimensions "
     "alternate at most twice."},
    {"Cast",
     import_cast,
     1,
     Leaves::nothing,
     {},
     "On the device float to float, and uint8 inputs read as 0 to 255; other casts of constants "
     "only."},
    {"Clip",
     import_clip,
     1,
     Leaves::kernels,
     {Form::simple, Form::minmax},
     "Bounds are constants, or computed tensors of one element."},
    {"Div",
     import_binary,
     1,
     Leaves::kernels,
     {Form::float_binary, Form::simple},
     "NumPy broadcasting; above four dimensions the operands' own and repeated dimensions "
     "alternate at most twice. int8 by a constant of one element; else float."},
    {"Dropout", import_dropout, 1, Leaves::nothing, {}, "Inference only, without the mask."},
    {"Elu", import_unary, 1, Leaves::kernels, {Form::elu}, ""},
    {"Erf", import_unary, 9, Leaves::kernels, {Form::erf}, ""},
    {"Exp", import_unary, 1, Leaves::kernels, {Form::exp}, ""},
    {"Gelu",
     import_unary,
     20,
     Leaves::kernels,
     {Form::gelu, Form::gelu_tanh},
     "approximate none or tanh."},
    {"HardSigmoid", import_unary, 1, Leaves::kernels, {Form::simple}, ""},
    {"HardSwish", import_unary, 14, Leaves::kernels, {Form::simple}, ""},
    {"Identity", import_identity, 1, Leaves::nothing, {}, ""},
    {"LeakyRelu", import_unary, 1, Leaves::kernels, {Form::simple}, ""},
    {"Log", import_unary, 1, Leaves::kernels, {Form::log}, ""},
    {"Max",
     import_variadic,
     1,
     Leaves::kernels,
     {Form::minmax, Form::simple},
     "Any number of inputs. NumPy broadcasting; above four dimensions the operands' own and "
     "repeated dimensions alternate at most twice. int8 inputs share one scale."},
    {"Mean",
     import_variadic,
     1,
     Leaves::kernels,
     {Form::arithmetic, Form::simple},
     "Any number of inputs. NumPy broadcasting; above four dimensions the operands' own and "
     "repeated dimensions alternate at most twice."},
    {"Min",
     import_variadic,
     1,
     Leaves::kernels,
     {Form::minmax, Form::simple},
     "Any number of inputs. NumPy broadcasting; above four dimensions the operands' own and "
     "repeated dimensions alternate at most twice. int8 inputs share one scale."},
    {"Mul",
     import_binary,
     1,
     Leaves::kernels,
     {Form::arithmetic, Form::simple},
     "NumPy broadcasting; above four dimensions the operands' own and repeated dimensions "
     "alternate at most twice."},
    {"Neg", import_unary, 1, Leaves::kernels, {Form::simple}, ""},
    {"PRelu",
     import_prelu,
     1,
     Leaves::kernels,
     {Form::prelu, Form::simple},
     "int8 with a constant slope; else float."},
    {"Pow",
     import_pow,
     1,
     Leaves::kernels,
     {Form::pow, Form::power},
     "int8 with a constant exponent of one element; else float."},
    {"Reciprocal", import_unary, 1, Leaves::kernels, {Form::simple}, ""},
    {"Relu", import_unary, 1, Leaves::kernels, {Form::simple}, ""},
    {"Sigmoid", import_unary, 1, Leaves::kernels, {Form::sigmoid}, ""},
    {"Sqrt", import_unary, 1, Leaves::kernels, {Form::simple}, ""},
    {"Sub",
     import_binary,
     1,
     Leaves::kernels,
     {Form::arithmetic, Form::simple},
     "NumPy broadcasting; above four dimensions the operands' own and repeated dimensions "
     "alternate at most twice."},
    {"Sum",
     import_variadic,
     1,
     Leaves::kernels,
     {Form::arithmetic, Form::simple},
     "Any number of inputs. NumPy broadcasting; above four dimensions the operands' own and "
     "repeated dimensions alternate at most twice."},
    {"Tanh", import_unary, 1, Leaves::kernels, {Form::tanh}, ""},
};

}  // namespace

std::span<const OperatorEntry> elementwise_operators() { return kElementwiseOperators; }

}  // namespace linnet
