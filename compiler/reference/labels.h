// The oracle of zero-shot classification: docs/quantization.md, section 10, apart from the runtime.
#pragma once

#include <vector>

#include "compiler/labels/label_set.h"

namespace linnet {

struct RankedLabel {
  std::size_t index = 0;
  float similarity = 0, probability = 0;
};

// All labels, best first. `embedding`: the network's output, float32 or int8.
std::vector<RankedLabel> rank_labels(const LabelSet& labels, const TensorValue& embedding);

}  // namespace linnet
