// Elementwise operators of one and two tensors: shapes and evaluation. `lower` is in elementwise_lower.cpp.
#pragma once

#include <cstdint>

#include "compiler/ir/graph.h"
#include "compiler/ops/shapes.h"

namespace linnet {

Result<Shape> infer_shape(const Unary& op, const Shapes& inputs);
Result<Shape> infer_shape(const Binary& op, const Shapes& inputs);
TensorValue evaluate(const Unary& op, const Values& inputs, const TensorType& output);
TensorValue evaluate(const Binary& op, const Values& inputs, const TensorType& output);

// The same functions on one float element, as docs/quantization.md section 8 defines them.
float apply(const Unary& op, float x);
float apply(const Binary& op, float a, float b);

// The function of `op` in double precision: what an int8 table is made from (section 4).
double apply_in_double(const Unary& op, double x);

// Calls visit(i, ia, ib) for every element of `output` in order, with the elements of a and b that it reads.
template <class Visit>
void for_each_broadcast(const Shape& a, const Shape& b, const Shape& output, Visit&& visit) {
  if (element_count(output) == 0) return;
  const auto steps_a = broadcast_strides(a, output);
  const auto steps_b = broadcast_strides(b, output);
  const std::int64_t inner = output.empty() ? 1 : output.back();
  const std::int64_t inner_a = output.empty() ? 0 : steps_a.back();
  const std::int64_t inner_b = output.empty() ? 0 : steps_b.back();
  std::vector<std::int64_t> index(output.size(), 0);
  std::int64_t at_a = 0;
  std::int64_t at_b = 0;
  for (std::int64_t i = 0, count = element_count(output); i < count; i += inner) {
    for (std::int64_t k = 0; k < inner; ++k) visit(i + k, at_a + k * inner_a, at_b + k * inner_b);
    for (std::size_t d = output.empty() ? 0 : output.size() - 1; d-- > 0;) {
      at_a += steps_a[d];
      at_b += steps_b[d];
      if (++index[d] < output[d]) break;
      at_a -= steps_a[d] * output[d];
      at_b -= steps_b[d] * output[d];
      index[d] = 0;
    }
  }
}

}  // namespace linnet
