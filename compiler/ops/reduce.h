// Reductions, softmax and layer normalization: shapes and evaluation. `lower` is in reduce_lower.cpp.
#pragma once

#include <cstdint>

#include "compiler/ir/graph.h"
#include "compiler/ops/shapes.h"

namespace linnet {

Result<Shape> infer_shape(const Reduce& op, const Shapes& inputs);
Result<Shape> infer_shape(const Softmax& op, const Shapes& inputs);
Result<Shape> infer_shape(const LayerNorm& op, const Shapes& inputs);
TensorValue evaluate(const Reduce& op, const Values& inputs, const TensorType& output);
TensorValue evaluate(const Softmax& op, const Values& inputs, const TensorType& output);
TensorValue evaluate(const LayerNorm& op, const Values& inputs, const TensorType& output);

// Elements that a reduction folds into each output.
std::int64_t reduced_count(const Reduce& op, const Shape& input);

// Calls visit(input index, output index, is first of its output) in row-major order of the input.
template <class Visit>
void for_each_reduced(const Reduce& op, const Shape& input, Visit&& visit) {
  const std::int64_t count = element_count(input);
  if (count == 0) return;
  Shape kept = input;
  for (const std::int32_t axis : op.axes) kept[static_cast<std::size_t>(axis)] = 1;
  const std::vector<std::int64_t> steps = broadcast_strides(kept, input);
  std::vector<std::int64_t> index(input.size(), 0);
  std::int64_t to = 0;
  std::int64_t nonzero = 0;  // reduced dimensions whose index is not 0
  for (std::int64_t i = 0; i < count; ++i) {
    visit(i, to, nonzero == 0);
    for (std::size_t d = input.size(); d-- > 0;) {
      const bool reduced = kept[d] != input[d];
      to += steps[d];
      if (reduced && index[d] == 0) ++nonzero;
      if (++index[d] < input[d]) break;
      to -= steps[d] * input[d];
      if (reduced) --nonzero;
      index[d] = 0;
    }
  }
}

}  // namespace linnet
