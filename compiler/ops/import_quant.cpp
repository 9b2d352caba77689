// Import of quantized models. QuantizeLinear and DequantizeLinear stand as they are; a QLinear operator becomes
// Dequantize, the float operator, Quantize, so that one pass (fuse_qdq) makes int8 operators of both formats.
//
//   QLinearConv(x, sx, zx, w, sw, zw, sy, zy, b)  ->  Quantize(Conv(Dequantize(x), Dequantize(w), Dequantize(b)))
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "compiler/ops/import_families.h"
#include "compiler/ops/operator_table.h"

namespace linnet {
namespace {

void check_quantized_type(DType dtype) {
  if (dtype == DType::i8 || dtype == DType::u8) return;
  import_fault("E106", fmt::format("a tensor is quantized to {}", to_string(dtype)),
               "only 8-bit quantization is supported");
}

// Dequantized input `index`, whose scale and zero point are the next two inputs.
TensorId dequantized(ImportNode& node, std::size_t index, int axis = -1) {
  const DType dtype = node.model_dtype(index);
  check_quantized_type(dtype);
  return node.dequantize(node.input(index), dtype, quant_params(node, index + 1, dtype, axis));
}

// An int32 bias has the scale of the products, one for each output channel.
TensorId dequantized_bias(ImportNode& node, std::size_t bias, std::size_t x_scale,
                          std::size_t w_scale) {
  const std::vector<float> sx = node.constant_input(x_scale, "scale").to_floats();
  const std::vector<float> sw = node.constant_input(w_scale, "scale").to_floats();
  QuantParams params;
  params.dtype = DType::i32;
  params.axis = sw.size() > 1 ? 0 : -1;
  for (const float scale : sw) {
    params.scale.push_back(
        static_cast<float>(static_cast<double>(sx.at(0)) * static_cast<double>(scale)));
    params.zero_point.push_back(0);
  }
  const TensorValue codes = node.constant_input(bias, "bias");
  if (codes.type.dtype != DType::i32) {
    import_fault("E106",
                 fmt::format("the bias is of type {} instead of i32", to_string(codes.type.dtype)),
                 "quantize the model again");
  }
  return node.dequantize(node.input(bias), DType::i32, params);
}

void set_quantized(ImportNode& node, TensorId y, const QuantParams& params) {
  check_quantized_type(params.dtype);
  node.set_output(0, ImportedValue{node.quantize(y, params), params.dtype});
}

void set_quantized(ImportNode& node, TensorId y, std::size_t scale) {
  set_quantized(node, y, quant_params(node, scale, DType::u8, -1));
}

}  // namespace

QuantParams quant_params(const ImportNode& node, std::size_t scale, DType default_dtype, int axis) {
  QuantParams params;
  const TensorValue scales = node.constant_input(scale, "scale");
  if (scales.type.dtype != DType::f32 || scales.type.shape.size() > 1 ||
      scales.type.elements() < 1) {
    import_fault("E109", fmt::format("the scale is {}", to_string(scales.type)),
                 "only one scale for each tensor or axis is supported");
  }
  params.scale = scales.to_floats();
  params.dtype = default_dtype;
  params.zero_point.assign(params.scale.size(), 0);
  if (node.has_input(scale + 1)) {
    const TensorValue zero_points = node.constant_input(scale + 1, "zero point");
    params.dtype = zero_points.type.dtype;
    const std::vector<std::int64_t> values = zero_points.to_ints();
    if (values.size() != params.scale.size() && values.size() != 1) {
      import_fault("E109",
                   fmt::format("{} scales and {} zero points", params.scale.size(), values.size()));
    }
    for (std::size_t i = 0; i < params.scale.size(); ++i) {
      params.zero_point[i] = static_cast<std::int32_t>(values[values.size() == 1 ? 0 : i]);
    }
  }
  for (const float value : params.scale) {
    // E109: no real number has such codes.
    if (!(value > 0.0f) || std::isinf(value))
      import_fault("E109", fmt::format("a scale is {}", value));
  }
  if (params.scale.size() > 1) {
    if (axis < 0) {
      import_fault("E109", fmt::format("{} scales where one is supported", params.scale.size()),
                   "quantize activations per tensor");
    }
    params.axis = axis;
  }
  return params;
}

Quantization signed_quantization(const QuantParams& params) {
  Quantization quantization{params.scale, params.zero_point, params.axis};
  if (params.dtype == DType::u8) {
    for (std::int32_t& zero_point : quantization.zero_point) zero_point -= 128;
  }
  return quantization;
}

void import_quantize_linear(ImportNode& node) {
  if (node.onnx.integer("block_size", 0) != 0)
    import_fault("E103", "block_size is not supported", "quantize per tensor");
  const TensorId x = node.input(0);
  // Opset 21 names the type when there is no zero point; TensorProto's numbers.
  const std::int64_t named = node.onnx.integer("output_dtype", 0);
  const DType dtype = named == 3 ? DType::i8 : DType::u8;
  if (named != 0 && named != 2 && named != 3) {
    import_fault("E103", fmt::format("output_dtype {} is not supported", named),
                 "use int8 or uint8");
  }
  int axis = -1;
  if (checked_elements(node.shape(node.input(1))) > 1) {
    axis = node.normal_axis(node.onnx.integer("axis", 1), node.rank(x));
  }
  set_quantized(node, x, quant_params(node, 1, dtype, axis));
}

void import_dequantize_linear(ImportNode& node) {
  if (node.onnx.integer("block_size", 0) != 0)
    import_fault("E103", "block_size is not supported", "quantize per tensor");
  const TensorId x = node.input(0);
  const DType dtype = node.model_dtype(0);
  int axis = -1;
  if (checked_elements(node.shape(node.input(1))) > 1) {
    axis = node.normal_axis(node.onnx.integer("axis", 1), node.rank(x));
  }
  if (dtype == DType::i32) {
    if (!node.constant(x))
      import_fault("E106", "int32 codes are computed when the model runs",
                   "make them an initializer");
  } else {
    check_quantized_type(dtype);
  }
  QuantParams params = quant_params(node, 1, dtype, axis);
  if (dtype == DType::i32) params.dtype = DType::i32;
  node.set_output(0, node.dequantize(x, dtype, params));
}

void import_qlinear_conv(ImportNode& node) {
  if (node.onnx.integer("channels_last", 0) != 0)
    import_fault("E103", "channels_last is not supported", "quantize the model in NCHW");
  const TensorId x = dequantized(node, 0);
  const TensorId w = dequantized(node, 3, 0);
  std::vector<TensorId> inputs{x, w};
  if (node.has_input(8)) inputs.push_back(dequantized_bias(node, 8, 1, 4));
  set_quantized(node, node.import_as("Conv", inputs), 6);
}

void import_qlinear_matmul(ImportNode& node) {
  const TensorId a = dequantized(node, 0);
  const TensorId b = dequantized(node, 3, std::max(node.rank(node.input(3)) - 1, 0));
  set_quantized(node, node.import_as("MatMul", {a, b}), 6);
}

// a, sa, za, b, sb, zb, C, sy, zy; without sy the output is float.
void import_qgemm(ImportNode& node) {
  const TensorId a = dequantized(node, 0);
  const TensorId b = dequantized(node, 3, node.onnx.integer("transB", 0) != 0 ? 0 : 1);
  std::vector<TensorId> inputs{a, b};
  if (node.has_input(6)) {
    // The bias is in units of sa * sb; as every bias it is not scaled by alpha.
    if (node.onnx.real("alpha", 1.0f) != 1.0f) {
      import_fault("E103", "alpha is not 1", "fold it into the scale of the weights");
    }
    inputs.push_back(dequantized_bias(node, 6, 1, 4));
  }
  const TensorId y = node.import_as("Gemm", inputs);
  if (!node.has_input(7)) return node.set_output(0, y);
  set_quantized(node, y, 7);
}

// QLinearAdd, QLinearMul: a, sa, za, b, sb, zb, sy, zy
void import_qlinear_binary(ImportNode& node) {
  const TensorId a = dequantized(node, 0);
  const TensorId b = dequantized(node, 3);
  set_quantized(node, node.import_as(node.onnx.op_type == "QLinearAdd" ? "Add" : "Mul", {a, b}), 6);
}

// x, sx, zx, sy, zy: activations, softmax, reductions
void import_qlinear_unary(ImportNode& node) {
  const TensorId x = dequantized(node, 0);
  const std::string float_op = node.onnx.op_type.substr(std::string_view("QLinear").size());
  // The operator set that a softmax's axis is to be read by is an attribute.
  const std::int64_t opset = node.onnx.integer("opset", 0);
  set_quantized(node, node.import_as(float_op, {x}, opset), 3);
}

// sy, zy, then x, sx, zx for each input
void import_qlinear_concat(ImportNode& node) {
  std::vector<TensorId> inputs;
  for (std::size_t i = 2; i + 2 < node.input_count(); i += 3)
    inputs.push_back(dequantized(node, i));
  if (inputs.empty()) import_fault("E107", "there is nothing to concatenate");
  set_quantized(node, node.import_as("Concat", inputs), 0);
}

// condition, x, sx, zx, y, sy, zy, sz, zz
void import_qlinear_where(ImportNode& node) {
  const TensorId x = dequantized(node, 1);
  const TensorId y = dequantized(node, 4);
  set_quantized(node, node.import_as("Where", {node.input(0), x, y}), 7);
}

// QLinearAveragePool, QLinearGlobalAveragePool: x, sx, zx, sy, zy, on [N,H,W,C] with channels_last
void import_qlinear_pool(ImportNode& node) {
  const bool global = node.onnx.op_type == "QLinearGlobalAveragePool";
  const char* float_op = global ? "GlobalAveragePool" : "AveragePool";
  TensorId x = dequantized(node, 0);
  const bool last = node.onnx.integer("channels_last", 0) != 0;
  if (last) {
    node.require_rank(x, {3, 4});
    x = node.rank(x) == 4 ? node.transpose(x, {0, 3, 1, 2}) : node.transpose(x, {0, 2, 1});
  }
  TensorId y = node.import_as(float_op, {x});
  if (last) y = node.rank(y) == 4 ? node.transpose(y, {0, 2, 3, 1}) : node.transpose(y, {0, 2, 1});
  set_quantized(node, y, 3);
}

namespace {

constexpr OperatorEntry kQuantOperators[] = {
    {"DequantizeLinear",
     import_dequantize_linear,
     10,
     Leaves::kernels,
     {Form::dequantize},
     "One scale for each tensor, or along one axis of a constant; 8 bits. int32 constants too; no "
     "blocks. Around an operator that has an int8 form it disappears."},
    {"QLinearConv",
     import_qlinear_conv,
     10,
     Leaves::kernels,
     {Form::conv},
     "As Conv. Constant scales."},
    {"QLinearMatMul",
     import_qlinear_matmul,
     10,
     Leaves::kernels,
     {Form::conv, Form::matmul},
     "As MatMul. Constant scales."},
    {"QuantizeLinear",
     import_quantize_linear,
     10,
     Leaves::kernels,
     {Form::quantize, Form::table},
     "One scale for each tensor, or along one axis of a constant; 8 bits. No blocks. Around an "
     "operator that has an int8 form it disappears."},
};

}  // namespace

std::span<const OperatorEntry> quant_operators() { return kQuantOperators; }

namespace {

constexpr OperatorEntry kMicrosoftOperators[] = {
    {"DequantizeLinear",
     import_dequantize_linear,
     1,
     Leaves::kernels,
     {Form::dequantize},
     "As in ai.onnx."},
    {"FastGelu",
     import_unary,
     1,
     Leaves::kernels,
     {Form::gelu_tanh, Form::arithmetic, Form::simple},
     ""},
    {"Gelu", import_unary, 1, Leaves::kernels, {Form::gelu}, ""},
    {"QGemm",
     import_qgemm,
     1,
     Leaves::kernels,
     {Form::conv, Form::matmul, Form::dequantize},
     "As Gemm; with a bias alpha is 1. Without an output scale the output is float."},
    {"QLinearAdd",
     import_qlinear_binary,
     1,
     Leaves::kernels,
     {Form::arithmetic, Form::simple},
     "As Add."},
    {"QLinearAveragePool",
     import_qlinear_pool,
     1,
     Leaves::kernels,
     {Form::average_pool},
     "As AveragePool; channels_last too."},
    {"QLinearConcat",
     import_qlinear_concat,
     1,
     Leaves::kernels,
     {Form::concat, Form::table},
     "As Concat; inputs of other scales are requantized by a table."},
    {"QLinearConv",
     import_qlinear_conv,
     1,
     Leaves::kernels,
     {Form::conv},
     "As Conv; channels_last is refused."},
    {"QLinearGlobalAveragePool",
     import_qlinear_pool,
     1,
     Leaves::kernels,
     {Form::reduce},
     "As GlobalAveragePool; channels_last too."},
    {"QLinearLeakyRelu", import_qlinear_unary, 1, Leaves::kernels, {Form::simple}, "As LeakyRelu."},
    {"QLinearMul",
     import_qlinear_binary,
     1,
     Leaves::kernels,
     {Form::arithmetic, Form::simple},
     "As Mul."},
    {"QLinearReduceMean",
     import_qlinear_unary,
     1,
     Leaves::kernels,
     {Form::reduce},
     "As ReduceMean."},
    {"QLinearSigmoid", import_qlinear_unary, 1, Leaves::kernels, {Form::sigmoid}, "As Sigmoid."},
    {"QLinearSoftmax",
     import_qlinear_unary,
     1,
     Leaves::kernels,
     {Form::softmax},
     "As Softmax, of the operator set that its attribute names."},
    {"QLinearWhere",
     import_qlinear_where,
     1,
     Leaves::kernels,
     {Form::float_binary, Form::quantize, Form::dequantize},
     "As Where; in float, between conversions."},
    {"QuantizeLinear",
     import_quantize_linear,
     1,
     Leaves::kernels,
     {Form::quantize, Form::table},
     "As in ai.onnx."},
    {"QuickGelu",
     import_unary,
     1,
     Leaves::kernels,
     {Form::sigmoid, Form::silu, Form::float_binary, Form::simple},
     ""},
};

}  // namespace

std::span<const OperatorEntry> microsoft_operators() { return kMicrosoftOperators; }

}  // namespace linnet
