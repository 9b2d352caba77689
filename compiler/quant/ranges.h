// Observed ranges of a float graph's tensors, and how they become scales.
#pragma once

#include <cstdint>
#include <vector>

#include "compiler/ir/graph.h"

namespace linnet {

// `automatic`: the best on models/ (docs/calibration.md): mse; minmax for a network with a detection head.
enum class CalibrationMethod : std::uint8_t { minmax, percentile, mse, automatic };

// Real range that the int8 codes of a tensor cover; lo <= 0 <= hi and lo < hi.
struct Range {
  float lo = 0, hi = 0;
};

struct Ranges {
  IdVector<TensorId, Range> of;      // by tensor of the calibrated graph
  std::vector<TensorId> non_finite;  // held infinities or NaN, which ranges leave out; as met
};

struct CalibrationOptions {
  CalibrationMethod method = CalibrationMethod::automatic;
  double percentile = 99.99;  // of |values|, for Method::percentile
};

// Runs the float graph on every sample (inputs in device layout) and collects ranges. Needs at least one sample (E201).
Result<Ranges> calibrate(const Graph& graph, const std::vector<std::vector<TensorValue>>& samples,
                         const CalibrationOptions& options);

// The graph with int8 activations and weights, as docs/quantization.md says; ports become int8. Operators without an
// int8 form stay in float between Dequantize and Quantize; an output that such an operator makes stays float32.
Result<Graph> quantize(const Graph& graph, const Ranges& ranges);

// Imported QDQ graphs: Dequantize -> op -> Quantize becomes the int8 operator with the model's own parameters.
Result<Graph> fuse_qdq(Graph graph);

// Chains of elementwise operators that are a function of one int8 tensor become one table of 256: the same bytes.
Graph compose_tables(Graph graph);

}  // namespace linnet
