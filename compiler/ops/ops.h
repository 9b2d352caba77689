// What every operator family offers, as one function over the Op variant. The families live beside this file
// (conv.cpp, pool.cpp, elementwise.cpp ...); each has its own overloads and ops.cpp only dispatches.
#pragma once

#include <cstdint>
#include <vector>

#include "compiler/ir/graph.h"

namespace linnet {

// Output shape from input shapes (absent optional inputs: an empty Shape is passed for them). Errors say which
// dimension or attribute does not fit; the caller adds the node's name.
Result<Shape> infer_shape(const Op& op, const std::vector<Shape>& inputs);

// Multiply-accumulates of one inference; 0 for operators that do not multiply and accumulate.
std::int64_t macs(const Op& op, const std::vector<Shape>& inputs, const Shape& output);

// The operator in float32 (or in int64/bool where a family supports folding shape arithmetic), on whole tensors.
// `inputs` has nullptr for an absent optional input. The order of every sum is docs/quantization.md's, so results
// are reproducible to the bit on one machine and the int8 oracle may use it for float fallbacks.
TensorValue evaluate(const Op& op, const std::vector<const TensorValue*>& inputs,
                     const TensorType& output);

}  // namespace linnet
