// Which operators have an int8 form, and which of those move codes so that input and output share one scale.
// Everything else runs in float between Dequantize and Quantize (docs/quantization.md section 8).
#pragma once

#include <cstddef>

#include "compiler/ir/graph.h"
#include "compiler/quant/ranges.h"

namespace linnet {

// The node, with its constant operands as they are, can be an int8 operator.
bool has_int8_form(const Graph& graph, const Node& node);

// The int8 layer normalization's integers hold this many elements.
bool layer_norm_fits(const LayerNorm& op, const Shape& shape);

// The number of leading inputs that share scale and zero point with the output; 0 where the output has its own.
std::size_t inputs_sharing_scale(const Node& node);

// The operator only moves elements: codes go in, the same codes come out, in int8 and in float alike.
bool moves_elements(const Op& op);

// The index of the operand that is a constant one-element float of a Binary whose other operand has the output's
// shape, or -1.
int scalar_operand(const Graph& graph, const Node& node);

// A Binary with such an operand (and no clamp) as a function of the other operand alone: one table instead of a
// broadcast. None where Unary has no such function.
std::optional<Unary> as_unary(const Graph& graph, const Node& node);

// Inputs outside this range give the same result as its nearer end, within half a step of the usual output scales.
// Infinite where the function does not level off.
Range useful_input(const Unary& op);

}  // namespace linnet
