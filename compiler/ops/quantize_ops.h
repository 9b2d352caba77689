// Quantize, Dequantize, Requantize and Cast: shapes and evaluation. `lower` is in quantize_ops_lower.cpp.
#pragma once

#include <cstdint>

#include "compiler/ir/graph.h"
#include "compiler/ops/shapes.h"

namespace linnet {

Result<Shape> infer_shape(const Quantize& op, const Shapes& inputs);
Result<Shape> infer_shape(const Dequantize& op, const Shapes& inputs);
Result<Shape> infer_shape(const Requantize& op, const Shapes& inputs);
Result<Shape> infer_shape(const Cast& op, const Shapes& inputs);
// Quantize and Dequantize of any integer type and per axis, so that constants of imported graphs fold.
TensorValue evaluate(const Quantize& op, const Values& inputs, const TensorType& output);
TensorValue evaluate(const Dequantize& op, const Values& inputs, const TensorType& output);
TensorValue evaluate(const Requantize& op, const Values& inputs, const TensorType& output);
TensorValue evaluate(const Cast& op, const Values& inputs, const TensorType& output);

// Integers as a tensor of any integer type (wrapping) or f32.
TensorValue narrowed(const std::vector<std::int64_t>& elements, const TensorType& output);

// Calls visit(element, entry): which entry of the type's scales and zero points belongs to each element.
template <class Visit>
void for_each_quantized(const TensorType& type, Visit&& visit) {
  const std::size_t count = to_index(type.elements());
  if (!type.quantization || type.quantization->per_tensor()) {
    for (std::size_t i = 0; i < count; ++i) visit(i, std::size_t{0});
    return;
  }
  const auto axis = static_cast<std::size_t>(type.quantization->axis);
  const std::size_t inner = to_index(count_between(type.shape, axis + 1, type.shape.size()));
  const std::size_t entries = to_index(type.shape[axis]);
  for (std::size_t i = 0; i < count; ++i) visit(i, i / inner % entries);
}

}  // namespace linnet
