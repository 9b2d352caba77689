// Chooses the scale and zero point of every activation of a float graph, and which nodes become int8.
#pragma once

#include <vector>

#include "compiler/ir/graph.h"
#include "compiler/quant/ranges.h"

namespace linnet {

struct Scales {
  IdVector<TensorId, Quantization> of;  // of every float tensor that is not a constant
  std::vector<bool> int8;               // by node: becomes an int8 operator
};

// Operators that move codes (inputs_sharing_scale) share one scale with their input. The inputs of a concatenation take
// its scale where they can; where that would cost another reader its resolution they keep their own, and the
// rewriting puts a Requantize on the edge. Sigmoid and softmax give 1/256, -128.
Scales choose_scales(const Graph& graph, const Ranges& ranges);

// Codes -128..127 over [lo, hi], widened to contain 0, which is then exactly a code.
Quantization quantization_of(Range range);

// Per tensor and one scale; what a constant operand gets.
Range range_of(const TensorValue& constant);

}  // namespace linnet
