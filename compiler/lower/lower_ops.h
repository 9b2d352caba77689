// Lowering of each operator: one overload for every alternative of Op, implemented beside the family in compiler/ops
// (conv_lower.cpp, matmul_lower.cpp ...). lower.cpp only dispatches with std::visit.
//
// An overload adds the node's calls to the program, or says why it cannot (E150 to E179). Lowering decides between int8
// and float by the type of the node's output.
#pragma once

#include "compiler/lower/lower.h"

namespace linnet {

// conv_lower.cpp
Result<Nothing> lower(const Conv2d& op, const Node& node, LowerContext& context);
Result<Nothing> lower(const ConvTranspose2d& op, const Node& node, LowerContext& context);
// matmul_lower.cpp
Result<Nothing> lower(const FullyConnected& op, const Node& node, LowerContext& context);
Result<Nothing> lower(const MatMul& op, const Node& node, LowerContext& context);

Result<Nothing> lower(const Pool2d& op, const Node& node, LowerContext& context);
Result<Nothing> lower(const Reduce& op, const Node& node, LowerContext& context);
Result<Nothing> lower(const Unary& op, const Node& node, LowerContext& context);
Result<Nothing> lower(const Binary& op, const Node& node, LowerContext& context);
Result<Nothing> lower(const Softmax& op, const Node& node, LowerContext& context);
Result<Nothing> lower(const LayerNorm& op, const Node& node, LowerContext& context);
Result<Nothing> lower(const BatchNorm& op, const Node& node, LowerContext& context);
Result<Nothing> lower(const Concat& op, const Node& node, LowerContext& context);
Result<Nothing> lower(const Slice& op, const Node& node, LowerContext& context);
Result<Nothing> lower(const Reshape& op, const Node& node, LowerContext& context);
Result<Nothing> lower(const Transpose& op, const Node& node, LowerContext& context);
Result<Nothing> lower(const Expand& op, const Node& node, LowerContext& context);
Result<Nothing> lower(const Gather& op, const Node& node, LowerContext& context);
Result<Nothing> lower(const Pad& op, const Node& node, LowerContext& context);
Result<Nothing> lower(const Resize& op, const Node& node, LowerContext& context);
Result<Nothing> lower(const Quantize& op, const Node& node, LowerContext& context);
Result<Nothing> lower(const Dequantize& op, const Node& node, LowerContext& context);
Result<Nothing> lower(const Requantize& op, const Node& node, LowerContext& context);
Result<Nothing> lower(const Cast& op, const Node& node, LowerContext& context);

}  // namespace linnet
