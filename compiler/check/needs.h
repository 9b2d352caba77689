// What an operator reads: which bytes of its inputs go into given bytes of its output. Worked out from the operator's
// definition (compiler/ir/op.h) alone, for the schedule checker; the planner has its own idea, and they must agree.
#pragma once

#include <cstdint>
#include <vector>

#include "compiler/ir/graph.h"

namespace linnet {

// Bytes of a tensor, its elements row-major.
struct ByteRange {
  std::int64_t begin = 0, end = 0;
};
using ByteRanges = std::vector<ByteRange>;  // in order, apart from each other

// [N,H,W,C] has N*H rows of W*C elements; other ranks have rows of their last dimension; a scalar is one row.
std::int64_t natural_row_bytes(const TensorType& type);

// Bytes of input `input` of the node that make bytes `made` of its output. Whole rows for windows over an image's rows,
// all of the input where every element of it goes into every output.
ByteRanges bytes_needed(const Graph& graph, const Node& node, std::size_t input, ByteRange made);

// The kernels of this operator may write element k of the output over element k of that input.
bool may_replace(const Graph& graph, const Node& node, std::size_t input);

}  // namespace linnet
