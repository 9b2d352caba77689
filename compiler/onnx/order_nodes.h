// The nodes of an ONNX graph that its outputs need, producers first.
#pragma once

#include <vector>

#include "compiler/onnx/model.h"

namespace linnet {

// Indices into model.nodes. Fails for names that are given twice or that nothing produces, and for cycles.
Result<std::vector<std::size_t>> order_nodes(const OnnxModel& model);

}  // namespace linnet
