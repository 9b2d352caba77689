// Batch normalization with constant statistics: shape and float evaluation. Passes leave none of these to lower.
#pragma once

#include "compiler/ir/graph.h"
#include "compiler/ops/shapes.h"

namespace linnet {

Result<Shape> infer_shape(const BatchNorm& op, const Shapes& inputs);
TensorValue evaluate(const BatchNorm& op, const Values& inputs, const TensorType& output);

}  // namespace linnet
