// Operators that only move elements: concat, slice, reshape, transpose, expand, gather, pad. They work on any element
// type, int8 codes included. `lower` is in shape_lower.cpp.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "compiler/ir/graph.h"
#include "compiler/ops/shapes.h"

namespace linnet {

Result<Shape> infer_shape(const Concat& op, const Shapes& inputs);
Result<Shape> infer_shape(const Slice& op, const Shapes& inputs);
Result<Shape> infer_shape(const Reshape& op, const Shapes& inputs);
Result<Shape> infer_shape(const Transpose& op, const Shapes& inputs);
Result<Shape> infer_shape(const Expand& op, const Shapes& inputs);
Result<Shape> infer_shape(const Gather& op, const Shapes& inputs);
Result<Shape> infer_shape(const Pad& op, const Shapes& inputs);
TensorValue evaluate(const Concat& op, const Values& inputs, const TensorType& output);
TensorValue evaluate(const Slice& op, const Values& inputs, const TensorType& output);
TensorValue evaluate(const Reshape& op, const Values& inputs, const TensorType& output);
TensorValue evaluate(const Transpose& op, const Values& inputs, const TensorType& output);
TensorValue evaluate(const Expand& op, const Values& inputs, const TensorType& output);
TensorValue evaluate(const Gather& op, const Values& inputs, const TensorType& output);
TensorValue evaluate(const Pad& op, const Values& inputs, const TensorType& output);

// Padding with the bytes of one element, whatever the element type; `value` of the operator is not looked at.
TensorValue pad_with(const Pad& op, const TensorValue& input, std::span<const std::byte> fill,
                     const TensorType& output);

}  // namespace linnet
