// Convolution and transposed convolution: shapes, work and float evaluation. `lower` is in conv_lower.cpp.
#pragma once

#include <cstdint>

#include "compiler/ir/graph.h"
#include "compiler/ops/shapes.h"

namespace linnet {

Result<Shape> infer_shape(const Conv2d& op, const Shapes& inputs);
Result<Shape> infer_shape(const ConvTranspose2d& op, const Shapes& inputs);
std::int64_t macs(const Conv2d& op, const Shapes& inputs, const Shape& output);
std::int64_t macs(const ConvTranspose2d& op, const Shapes& inputs, const Shape& output);
TensorValue evaluate(const Conv2d& op, const Values& inputs, const TensorType& output);
TensorValue evaluate(const ConvTranspose2d& op, const Values& inputs, const TensorType& output);

// Positive kernel, stride and dilation, pads not negative.
Result<Nothing> require_window(const Window& window);
// Output length of a window along H (0) or W (1); fails when the kernel is larger than the padded input.
Result<std::int64_t> window_output(const Window& window, std::size_t direction, std::int64_t input);

}  // namespace linnet
