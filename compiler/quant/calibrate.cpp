// Ranges of a float graph's tensors from samples. The network runs once for each sample, whatever the method.
#include <algorithm>
#include <cassert>
#include <cmath>

#include "compiler/quant/histogram.h"
#include "compiler/quant/ranges.h"
#include "compiler/reference/interpreter.h"

namespace linnet {
namespace {

void widen(Range& range, std::span<const float> values) {
  constexpr float kLargest = 3.0e38f;
  for (const float value : values) {
    // False for NaN and infinities as well.
    if (value < range.lo && value > -kLargest) range.lo = value;
    if (value > range.hi && value < kLargest) range.hi = value;
  }
}

class Collector {
 public:
  Collector(const Graph& graph, const CalibrationOptions& options)
      : options_(options),
        ranges_(graph.tensors.size()),
        histograms_(graph.tensors.size()),
        finite_(graph.tensors.size(), true) {
    // What is rare in a detector's maps, an object among background, is what counts: nothing of it is cut off.
    if (options_.method == CalibrationMethod::automatic)
      options_.method = graph.detection ? CalibrationMethod::minmax : CalibrationMethod::mse;
  }

  void add(TensorId id, const TensorValue& value) {
    if (value.type.dtype != DType::f32) return;
    const std::span<const float> elements = value.as<float>();
    if (finite_[id] &&
        !std::all_of(elements.begin(), elements.end(), [](float x) { return std::isfinite(x); })) {
      finite_[id] = false;
      non_finite_.push_back(id);
    }
    if (options_.method == CalibrationMethod::minmax) {
      widen(ranges_[id], value.as<float>());
    } else {
      histograms_[id].add(value.as<float>());
    }
  }

  Ranges finish() {
    for (std::size_t i = 0; i < ranges_.size(); ++i) {
      Range& range = ranges_[TensorId{i}];
      const Histogram& histogram = histograms_[TensorId{i}];
      if (options_.method == CalibrationMethod::percentile)
        range = histogram.percentile(options_.percentile);
      if (options_.method == CalibrationMethod::mse) range = histogram.least_squares();
      if (!(range.lo < range.hi)) range = {0, 1};  // always zero, or never seen
    }
    return {std::move(ranges_), std::move(non_finite_)};
  }

 private:
  CalibrationOptions options_;
  IdVector<TensorId, Range> ranges_;
  IdVector<TensorId, Histogram> histograms_;
  IdVector<TensorId, bool> finite_;
  std::vector<TensorId> non_finite_;
};

}  // namespace

Result<Ranges> calibrate(const Graph& graph, const std::vector<std::vector<TensorValue>>& samples,
                         const CalibrationOptions& options) {
  if (samples.empty()) {
    // E201: calibration without data.
    return Diagnostic{
        "E201", {}, {}, "there is no calibration sample", "give --calibrate at least one sample"};
  }
  Collector collector(graph, options);
  for (const std::vector<TensorValue>& sample : samples) {
    assert(sample.size() == graph.inputs.size());
    for (std::size_t i = 0; i < sample.size(); ++i)
      collector.add(graph.inputs[i].tensor, sample[i]);
    interpret(graph, sample, [&](const Node& node, const TensorValue& value) {
      collector.add(node.output(), value);
    });
  }
  return collector.finish();
}

}  // namespace linnet
