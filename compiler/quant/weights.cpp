// See weights.h.
#include "compiler/quant/weights.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <limits>

#include "compiler/quant/fixed_point.h"

namespace linnet {
namespace {

// A channel's multiplier shares the layer's shift: below this fraction of the largest scale it would lose bits.
constexpr double kSmallestChannel = 1.0 / 65536;
// Bias codes stay below this, so that the sums have room beside them.
constexpr double kLargestBias = 1073741824.0;  // 2^30

double largest_magnitude(std::span<const float> values) {
  double largest = 0;
  for (const float value : values)
    largest = std::max(largest, std::fabs(static_cast<double>(value)));
  return largest;
}

// Which scale an element has: elements that share one lie `inner` in a row.
struct ScaleIndex {
  std::size_t inner = 1, count = 1;
  ScaleIndex(const Shape& shape, const Quantization& q) {
    if (q.per_tensor()) return;
    const auto axis = static_cast<std::size_t>(q.axis);
    count = static_cast<std::size_t>(shape[axis]);
    for (std::size_t i = axis + 1; i < shape.size(); ++i)
      inner *= static_cast<std::size_t>(shape[i]);
  }
  std::size_t operator()(std::size_t element) const {
    return count == 1 ? 0 : element / inner % count;
  }
};

std::vector<std::int8_t> codes_of(std::span<const float> channel, float scale) {
  std::vector<std::int8_t> codes;
  codes.reserve(channel.size());
  for (const float weight : channel) {
    const double q = round_even(static_cast<double>(weight) / static_cast<double>(scale));
    codes.push_back(static_cast<std::int8_t>(std::clamp(q, -127.0, 127.0)));
  }
  return codes;
}

float positive(double scale) {
  constexpr double kLeast = 1e-36;  // a normal float32
  return static_cast<float>(std::clamp(scale, kLeast, 1e36));
}

Quantization bias_quantization(const Quantization& input, const Quantization& weights,
                               std::size_t channels) {
  Quantization q;
  q.axis = 0;
  for (std::size_t o = 0; o < channels; ++o) {
    const float sw = weights.per_tensor() ? weights.scale.front() : weights.scale[o];
    q.scale.push_back(positive(static_cast<double>(input.scale.front()) * static_cast<double>(sw)));
    q.zero_point.push_back(0);
  }
  return q;
}

}  // namespace

std::vector<float> int8_channel_scales(const TensorValue& weights, const TensorValue* bias,
                                       const Quantization& input, const Quantization& output) {
  const auto channels = static_cast<std::size_t>(weights.type.shape.front());
  const std::span<const float> values = weights.as<float>();
  const std::size_t per_channel = channels == 0 ? 0 : values.size() / channels;
  const double sx = static_cast<double>(input.scale.front());
  std::vector<double> scales;
  for (std::size_t o = 0; o < channels; ++o) {
    scales.push_back(largest_magnitude(values.subspan(o * per_channel, per_channel)) / 127);
  }
  double largest = channels == 0 ? 0 : *std::max_element(scales.begin(), scales.end());
  // A layer without weights still adds its bias: a thousandth of an output step is fine enough.
  if (largest <= 0) largest = static_cast<double>(output.scale.front()) / (1024 * sx);
  std::vector<float> result;
  for (std::size_t o = 0; o < channels; ++o) {
    double scale = scales[o] > 0 ? std::max(scales[o], largest * kSmallestChannel) : largest;
    if (bias)
      scale = std::max(scale,
                       std::fabs(static_cast<double>(bias->as<float>()[o])) / (sx * kLargestBias));
    result.push_back(positive(scale));
  }
  return result;
}

QuantizedWeights quantize_weights(const TensorValue& weights, const TensorValue* bias,
                                  const Quantization& input, const Quantization& output) {
  const auto channels = static_cast<std::size_t>(weights.type.shape.front());
  const std::span<const float> values = weights.as<float>();
  const std::size_t per_channel = channels == 0 ? 0 : values.size() / channels;
  std::vector<float> scales = int8_channel_scales(weights, bias, input, output);
  std::vector<std::int8_t> codes;
  codes.reserve(values.size());
  for (std::size_t o = 0; o < channels; ++o) {
    const std::span<const float> channel = values.subspan(o * per_channel, per_channel);
    std::vector<std::int8_t> channel_codes = codes_of(channel, scales[o]);
    // Sums of tens of thousands of large weights: halve the codes until they fit.
    const auto bound = [&] {
      const std::int32_t b = bias ? quantize_bias(bias->as<float>().subspan(o, 1),
                                                  input.scale.front(), {&scales[o], 1})
                                        .front()
                                  : 0;
      return accumulator_bound(channel_codes, 0, input.zero_point.front(), b);
    };
    while (bound() > kAccumulatorLimit) {
      scales[o] *= 2;
      channel_codes = codes_of(channel, scales[o]);
    }
    codes.insert(codes.end(), channel_codes.begin(), channel_codes.end());
  }
  Quantization q{scales, std::vector<std::int32_t>(channels, 0), 0};
  QuantizedWeights result;
  if (bias) result.bias = quantize_bias_for(bias->as<float>(), input, q);
  result.weights = TensorValue::of({DType::i8, weights.type.shape, std::move(q)}, codes);
  return result;
}

TensorValue quantize_bias_for(std::span<const float> bias, const Quantization& input,
                              const Quantization& weights) {
  Quantization q = bias_quantization(input, weights, bias.size());
  return TensorValue::of({DType::i32, {static_cast<std::int64_t>(bias.size())}, std::move(q)},
                         quantize_bias(bias, input.scale.front(), weights.scale));
}

TensorValue quantize_constant_to(const TensorValue& value, const Quantization& quantization) {
  const std::span<const float> values = value.as<float>();
  const ScaleIndex index(value.type.shape, quantization);
  std::vector<std::int8_t> codes;
  codes.reserve(values.size());
  for (std::size_t i = 0; i < values.size(); ++i) {
    const std::size_t s = index(i);
    codes.push_back(quantize_value(static_cast<double>(values[i]), quantization.scale[s],
                                   quantization.zero_point[s]));
  }
  return TensorValue::of({DType::i8, value.type.shape, quantization}, codes);
}

std::vector<float> dequantize_constant(const TensorValue& codes) {
  assert(codes.type.quantization);
  const Quantization& q = *codes.type.quantization;
  const ScaleIndex index(codes.type.shape, q);
  const std::vector<std::int64_t> integers = codes.to_ints();
  std::vector<float> values;
  values.reserve(integers.size());
  for (std::size_t i = 0; i < integers.size(); ++i) {
    const std::size_t s = index(i);
    values.push_back(static_cast<float>(static_cast<double>(q.scale[s]) *
                                        static_cast<double>(integers[i] - q.zero_point[s])));
  }
  return values;
}

}  // namespace linnet
