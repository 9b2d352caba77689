// What calibration data says about the inputs of a layer's weights, for rounding them well (int4.h).
//
// Inputs are those of a window, in the order of a channel's weights [KH, KW, C], at output positions spread over each sample;
// a tap in the padding is 0.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "compiler/ir/graph.h"

namespace linnet {

struct InputMoments {
  std::vector<double> mean, variance;  // of each input; empty: unknown
  // Covariances among the inputs of each block of kMomentBlock (the last may have fewer), row-major and symmetric.
  std::vector<std::vector<float>> covariance;
  std::int64_t positions = 0;  // seen in all
};
constexpr std::size_t kMomentBlock = 256;
constexpr std::size_t kMomentSamples = 16;      // the first so many
constexpr std::int64_t kMomentPositions = 128;  // of a sample, at most

// Of the nodes in `wanted` (dense Conv2d without groups and FullyConnected), by node; the others have none.
std::vector<InputMoments> input_moments(const Graph& graph,
                                        const std::vector<std::vector<TensorValue>>& samples,
                                        const std::vector<bool>& wanted);

}  // namespace linnet
