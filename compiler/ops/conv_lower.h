// Lowering shared by everything that is a convolution in the end: Conv2d, ConvTranspose2d, FullyConnected and a MatMul by
// a constant (the last two are 1x1 convolutions).
#pragma once

#include <cstdint>

#include "compiler/lower/lower.h"

namespace linnet {

// A convolution as the kernels know it. `weights` have the order [out_c, kernel_h, kernel_w, in_c / groups].
struct Convolution {
  std::int32_t in_h = 1, in_w = 1, in_c = 1;
  std::int32_t out_h = 1, out_w = 1, out_c = 1;
  Window window;
  std::int32_t groups = 1;
  Clamp clamp;
  bool transposed = false;
  RowWindow rows;             // which rows of x output rows need
  TensorId x, weights, bias;  // weights and bias may be invalid: `weight_values` instead, no bias
  TensorValue weight_values;  // constant weights; empty when they are computed
};

Result<Nothing> lower_convolution(const Convolution& convolution, const Node& node,
                                  LowerContext& context);

// The 1x1 convolution that maps the last dimension of `x` to the last dimension of the node's output.
Convolution pointwise(const Node& node, const LowerContext& context);

// A constant's elements with the type, quantization included, that the graph gives it.
TensorValue constant_value(TensorId id, const LowerContext& context);

}  // namespace linnet
