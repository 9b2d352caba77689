// Graph inputs: their static shapes and, where they are quantized, their scales.
#pragma once

#include "compiler/onnx/importer.h"
#include "compiler/onnx/model.h"

namespace linnet {

// The shape of a graph input, dynamic batch taken as 1 (a note says so). Throws ImportFault E113 to E115.
Shape input_shape(const OnnxPort& port, const ImportOptions& options,
                  std::vector<std::string>& notes);

// Scale and zero point that the readers of an 8-bit graph input give it, in the model's own element type; through
// operators that only move its elements. 1 and 0 when no reader says: the codes then stand for themselves.
Quantization input_quantization(const OnnxModel& model, const std::string& name);

}  // namespace linnet
