// Max and average pooling: shapes and evaluation. `lower` is in pool_lower.cpp.
#pragma once

#include <cstdint>

#include "compiler/ir/graph.h"
#include "compiler/ops/shapes.h"

namespace linnet {

Result<Shape> infer_shape(const Pool2d& op, const Shapes& inputs);
// Float; a max pool also takes codes (i8, u8).
TensorValue evaluate(const Pool2d& op, const Values& inputs, const TensorType& output);

// The window of one output pixel: input coordinates of the taps that lie inside, and an average's divisor.
struct PoolTaps {
  std::vector<std::int64_t> rows, columns;  // input coordinates
  std::int64_t divisor = 0;
};
PoolTaps pool_taps(const Pool2d& op, const Shape& input, std::int64_t out_y, std::int64_t out_x);

}  // namespace linnet
