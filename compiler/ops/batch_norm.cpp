// Batch normalization; see batch_norm.h.
#include "compiler/ops/batch_norm.h"

#include <fmt/format.h>

#include "compiler/reference/exact_math.h"

namespace linnet {

Result<Shape> infer_shape(const BatchNorm&, const Shapes& inputs) {
  if (auto fits = require_inputs(inputs, 5, 5); !fits) return fits.diagnostics();
  if (inputs[0].empty()) return shape_fault("the input is a scalar, expected channels");
  for (std::size_t i = 1; i < 5; ++i) {
    if (inputs[i] == Shape{inputs[0].back()}) continue;
    static constexpr const char* kNames[] = {"scale", "bias", "mean", "variance"};
    return shape_fault(fmt::format("the {} has shape {}, the input has {} channels", kNames[i - 1],
                                   to_string(inputs[i]), inputs[0].back()));
  }
  return inputs[0];
}

TensorValue evaluate(const BatchNorm& op, const Values& inputs, const TensorType& output) {
  const auto x = inputs[0]->as<float>();
  const auto scale = inputs[1]->as<float>();
  const auto bias = inputs[2]->as<float>();
  const auto mean = inputs[3]->as<float>();
  const auto variance = inputs[4]->as<float>();
  OutputBuffer buffer(output);
  float* y = buffer.data<float>();
  const std::size_t channels = scale.size();
  std::vector<float> factor(channels);
  for (std::size_t c = 0; c < channels; ++c) {
    factor[c] = scale[c] / exact::sqrt(variance[c] + op.epsilon);
  }
  for (std::size_t i = 0; i < x.size(); ++i) {
    const std::size_t c = i % channels;
    y[i] = (x[i] - mean[c]) * factor[c] + bias[c];
  }
  return buffer.finish();
}

}  // namespace linnet
