// Resize of H and W: shapes and evaluation. `lower` is in resize_lower.cpp.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "compiler/ir/graph.h"
#include "compiler/ops/shapes.h"

namespace linnet {

Result<Shape> infer_shape(const Resize& op, const Shapes& inputs);
// Float in both modes; nearest on any element type whose fill is float or whose mode never leaves the input.
TensorValue evaluate(const Resize& op, const Values& inputs, const TensorType& output);

// Source coordinate of output index `i` along H (0) or W (1), in float32, before any clamping.
float resize_coordinate(const Resize& op, std::size_t direction, std::int64_t input,
                        std::int64_t i);
// Whether the coordinate takes the extrapolation value (tf_crop_and_resize only).
bool resize_outside(const Resize& op, float coordinate, std::int64_t input);
// The element that nearest takes.
std::int64_t resize_nearest(const Resize& op, float coordinate, std::int64_t input);

// Nearest resize with the bytes of one element for what lies outside.
TensorValue resize_nearest_with(const Resize& op, const TensorValue& input,
                                std::span<const std::byte> fill, const TensorType& output);

}  // namespace linnet
