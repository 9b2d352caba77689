// ONNX operator -> import function: the list of what Linnet imports.
#include <algorithm>
#include <array>

#include "compiler/ops/import_families.h"

namespace linnet {
namespace {

struct Entry {
  std::string_view op_type;
  ImportFunction function;
};

constexpr Entry kOnnx[] = {
    {"Abs", import_unary},
    {"Add", import_binary},
    {"And", import_compare},
    {"AveragePool", import_pool},
    {"BatchNormalization", import_batch_norm},
    {"Cast", import_cast},
    {"Ceil", import_round},
    {"Clip", import_clip},
    {"Concat", import_concat},
    {"Constant", import_constant},
    {"ConstantOfShape", import_constant_of_shape},
    {"Conv", import_conv},
    {"ConvTranspose", import_conv_transpose},
    {"CumSum", import_cumsum},
    {"DequantizeLinear", import_dequantize_linear},
    {"Div", import_binary},
    {"Dropout", import_dropout},
    {"Elu", import_unary},
    {"Equal", import_compare},
    {"Erf", import_unary},
    {"Exp", import_unary},
    {"Expand", import_expand},
    {"Flatten", import_flatten},
    {"Floor", import_round},
    {"Gather", import_gather},
    {"Gelu", import_unary},
    {"Gemm", import_gemm},
    {"GlobalAveragePool", import_global_pool},
    {"GlobalMaxPool", import_global_pool},
    {"Greater", import_compare},
    {"GreaterOrEqual", import_compare},
    {"HardSigmoid", import_unary},
    {"HardSwish", import_unary},
    {"Identity", import_identity},
    {"InstanceNormalization", import_instance_norm},
    {"LayerNormalization", import_layer_norm},
    {"LeakyRelu", import_unary},
    {"Less", import_compare},
    {"LessOrEqual", import_compare},
    {"Log", import_unary},
    {"MatMul", import_matmul},
    {"Max", import_variadic},
    {"MaxPool", import_pool},
    {"Mean", import_variadic},
    {"Min", import_variadic},
    {"Mod", import_compare},
    {"Mul", import_binary},
    {"Neg", import_unary},
    {"NonZero", import_nonzero},
    {"Not", import_round},
    {"Or", import_compare},
    {"PRelu", import_prelu},
    {"Pad", import_pad},
    {"Pow", import_pow},
    {"QLinearConv", import_qlinear_conv},
    {"QLinearMatMul", import_qlinear_matmul},
    {"QuantizeLinear", import_quantize_linear},
    {"Range", import_range},
    {"Reciprocal", import_unary},
    {"ReduceL2", import_reduce},
    {"ReduceMax", import_reduce},
    {"ReduceMean", import_reduce},
    {"ReduceMin", import_reduce},
    {"ReduceProd", import_reduce_prod},
    {"ReduceSum", import_reduce},
    {"Relu", import_unary},
    {"Reshape", import_reshape},
    {"Resize", import_resize},
    {"Round", import_round},
    {"ScatterND", import_scatter_nd},
    {"Shape", import_shape_of},
    {"Sigmoid", import_unary},
    {"Sign", import_round},
    {"Size", import_size},
    {"Slice", import_slice},
    {"Softmax", import_softmax},
    {"Split", import_split},
    {"Sqrt", import_unary},
    {"Squeeze", import_squeeze},
    {"Sub", import_binary},
    {"Sum", import_variadic},
    {"Tanh", import_unary},
    {"Tile", import_tile},
    {"Transpose", import_transpose},
    {"Unsqueeze", import_unsqueeze},
    {"Upsample", import_upsample},
    {"Where", import_where},
    {"Xor", import_compare},
};

constexpr Entry kMicrosoft[] = {
    {"DequantizeLinear", import_dequantize_linear},
    {"FastGelu", import_unary},
    {"Gelu", import_unary},
    {"QGemm", import_qgemm},
    {"QLinearAdd", import_qlinear_binary},
    {"QLinearAveragePool", import_qlinear_pool},
    {"QLinearConcat", import_qlinear_concat},
    {"QLinearConv", import_qlinear_conv},
    {"QLinearGlobalAveragePool", import_qlinear_pool},
    {"QLinearLeakyRelu", import_qlinear_unary},
    {"QLinearMul", import_qlinear_binary},
    {"QLinearReduceMean", import_qlinear_unary},
    {"QLinearSigmoid", import_qlinear_unary},
    {"QLinearSoftmax", import_qlinear_unary},
    {"QLinearWhere", import_qlinear_where},
    {"QuantizeLinear", import_quantize_linear},
    {"QuickGelu", import_unary},
};

}  // namespace

ImportFunction find_import_function(std::string_view domain, std::string_view op_type) {
  const auto find = [&](const auto& table) -> ImportFunction {
    const auto found = std::find_if(std::begin(table), std::end(table),
                                    [&](const Entry& entry) { return entry.op_type == op_type; });
    return found == std::end(table) ? nullptr : found->function;
  };
  if (domain.empty()) return find(kOnnx);
  if (domain == "com.microsoft") return find(kMicrosoft);
  return nullptr;
}

}  // namespace linnet
