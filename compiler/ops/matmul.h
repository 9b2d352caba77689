// Fully connected layers and matrix products: shapes, work and float evaluation. `lower` is in matmul_lower.cpp.
#pragma once

#include <cstdint>

#include "compiler/ir/graph.h"
#include "compiler/ops/shapes.h"

namespace linnet {

Result<Shape> infer_shape(const FullyConnected& op, const Shapes& inputs);
Result<Shape> infer_shape(const MatMul& op, const Shapes& inputs);
std::int64_t macs(const FullyConnected& op, const Shapes& inputs, const Shape& output);
std::int64_t macs(const MatMul& op, const Shapes& inputs, const Shape& output);
TensorValue evaluate(const FullyConnected& op, const Values& inputs, const TensorType& output);
TensorValue evaluate(const MatMul& op, const Values& inputs, const TensorType& output);

// Which matrix of a and of b makes each matrix of the output (leading dimensions broadcast).
struct MatrixPair {
  std::int64_t a, b;
};
std::vector<MatrixPair> matrix_pairs(const Shape& a, const Shape& b, const Shape& output);

}  // namespace linnet
