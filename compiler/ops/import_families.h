// The import functions of all operator families, for their entries (operator_table.h). What an ONNX operator means is
// told where its function is defined.
#pragma once

#include "compiler/ops/import.h"

namespace linnet {

// import_elementwise.cpp
void import_unary(ImportNode& node);
void import_clip(ImportNode& node);
void import_binary(ImportNode& node);
void import_variadic(ImportNode& node);
void import_pow(ImportNode& node);
void import_prelu(ImportNode& node);
void import_identity(ImportNode& node);
void import_dropout(ImportNode& node);
void import_cast(ImportNode& node);
// import_conv.cpp
void import_conv(ImportNode& node);
void import_conv_transpose(ImportNode& node);
// import_matmul.cpp
void import_gemm(ImportNode& node);
void import_matmul(ImportNode& node);
// import_pool.cpp
void import_pool(ImportNode& node);
void import_global_pool(ImportNode& node);
void import_reduce(ImportNode& node);
// import_norm.cpp
void import_batch_norm(ImportNode& node);
void import_instance_norm(ImportNode& node);
void import_layer_norm(ImportNode& node);
void import_softmax(ImportNode& node);
// import_shape.cpp
void import_reshape(ImportNode& node);
void import_flatten(ImportNode& node);
void import_squeeze(ImportNode& node);
void import_unsqueeze(ImportNode& node);
void import_transpose(ImportNode& node);
void import_expand(ImportNode& node);
void import_tile(ImportNode& node);
// import_slice.cpp
void import_slice(ImportNode& node);
void import_split(ImportNode& node);
void import_concat(ImportNode& node);
void import_gather(ImportNode& node);
void import_pad(ImportNode& node);
// import_resize.cpp
void import_resize(ImportNode& node);
void import_upsample(ImportNode& node);
// import_constant.cpp
void import_constant(ImportNode& node);
void import_constant_of_shape(ImportNode& node);
void import_shape_of(ImportNode& node);
void import_size(ImportNode& node);
void import_range(ImportNode& node);
void import_where(ImportNode& node);
void import_compare(ImportNode& node);
void import_round(ImportNode& node);
void import_nonzero(ImportNode& node);
void import_scatter_nd(ImportNode& node);
void import_cumsum(ImportNode& node);
void import_reduce_prod(ImportNode& node);
// import_quant.cpp
void import_quantize_linear(ImportNode& node);
void import_dequantize_linear(ImportNode& node);
void import_qlinear_conv(ImportNode& node);
void import_qlinear_matmul(ImportNode& node);
void import_qgemm(ImportNode& node);
void import_qlinear_binary(ImportNode& node);
void import_qlinear_unary(ImportNode& node);
void import_qlinear_concat(ImportNode& node);
void import_qlinear_where(ImportNode& node);
void import_qlinear_pool(ImportNode& node);

// Between ONNX's channels-first and the IR's channels-last: [N,C,L] <-> [N,1,L,C], [N,C,H,W] <-> [N,H,W,C].
TensorId to_channels_last(ImportNode& node, TensorId x);
TensorId to_channels_first(ImportNode& node, TensorId x, int rank);

// kernel_shape, strides, dilations and pads of a convolution or pool over the last one or two axes of an input, each
// as two numbers (H, W). `kernel` is the default for kernel_shape; auto_pad is resolved for `input` [N,H,W,C].
Window import_window(const ImportNode& node, const Shape& input,
                     const std::vector<std::int64_t>& kernel);

}  // namespace linnet
