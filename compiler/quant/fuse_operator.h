// One operator of an imported quantized graph in int8: Dequantize -> op -> Quantize, with the model's own parameters.
#pragma once

#include <optional>
#include <vector>

#include "compiler/ir/graph.h"

namespace linnet {

// What replaces the Quantize behind the operator: an operator on codes.
struct Int8Operator {
  Op op;
  std::vector<TensorId> inputs;  // codes, and constants that were added to the graph
};

// Nothing when the operator has no int8 form or an operand is not quantized; it then stays in float. `node` must not be
// a reference into graph.nodes.
std::optional<Int8Operator> int8_operator(Graph& graph, const Uses& uses, const Node& node,
                                          const Quantization& output);

// The codes behind `tensor` when a Dequantize of int8 per-tensor codes makes it, else none.
TensorId codes_behind(const Graph& graph, const Uses& uses, TensorId tensor);

// The value when the tensor is a float constant, or codes of one that a Dequantize reads.
std::optional<TensorValue> float_constant(const Graph& graph, const Uses& uses, TensorId tensor);

}  // namespace linnet
