// The oracle: runs a graph on whole tensors, in float32 or in the exact integers of docs/quantization.md.
//
// It shares no code with the runtime and knows nothing of rows, packing or planning. Generated code is right when it
// gives these bytes (int8), or these values within the stated tolerance (float32).
#pragma once

#include <functional>
#include <vector>

#include "compiler/ir/graph.h"

namespace linnet {

// Called after every node with the value of its output; for calibration and layer-by-layer comparison.
using Observer = std::function<void(const Node&, const TensorValue&)>;

// `inputs` are in the order and type (device layout, element type) of graph.inputs' tensors; gives the outputs'
// values in the order of graph.outputs. The graph must be verified; wrong input types are our defect (assertion).
std::vector<TensorValue> interpret(const Graph& graph, const std::vector<TensorValue>& inputs,
                                   const Observer& observe = {});

// One int8 operator (its first output is i8, or it is a Dequantize), as docs/quantization.md defines it.
TensorValue evaluate_int8(const Op& op, const std::vector<const TensorValue*>& inputs,
                          const TensorType& output);

// Between a model's own port and the device's: layout permutation, an input's map by column (to_device only; section 9 of
// docs/quantization.md), and quantization when the element types differ. A
// model whose own port is quantized gets its codes back (int8 or uint8), any other float32.
TensorValue to_device(const Port& port, const TensorType& device_type,
                      const TensorValue& model_value);
TensorValue to_model(const Port& port, const TensorValue& device_value);

}  // namespace linnet
