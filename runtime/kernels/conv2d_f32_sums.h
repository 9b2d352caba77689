// What the float convolutions share. The order of every sum is the definition's: bias first, then
// (ky, kx, channel), each product rounded before it is added (docs/quantization.md, section 8); so
// sums are never split or reordered, and speed comes from several output channels side by side.
#pragma once

#include "linnet/dsp/float_math.h"
#include "linnet/layers_conv.h"

namespace linnet {
inline namespace LINNET_VERSION_NAMESPACE {
namespace detail {

constexpr std::int32_t kFloatChannels = 4;  // summed side by side

// Weights and bias of a layer, from flash or from an operand.
struct FloatWeights {
  const float* weights;
  const float* bias;  // may be null

  FloatWeights(const Conv2dF32& layer, const Io& io) noexcept
      : weights(layer.weights_operand > 0 ? io.in[layer.weights_operand].row<float>(0)
                                          : static_cast<const float*>(layer.weights)),
        bias(layer.bias_operand > 0 ? io.in[layer.bias_operand].row<float>(0)
                                    : static_cast<const float*>(layer.bias)) {}

  float bias_of(std::int32_t o) const noexcept { return bias != nullptr ? bias[o] : 0.0f; }
};

// sums[j] += x . (row j of w), rows `pitch` floats apart, element by element.
template <int Channels>
inline void add_products(float (&sums)[Channels], const float* x, const float* w,
                         std::int32_t pitch, std::int32_t count) noexcept {
  float s[Channels];
  for (int j = 0; j < Channels; ++j) s[j] = sums[j];
  for (std::int32_t k = 0; k < count; ++k) {
    for (int j = 0; j < Channels; ++j) s[j] = s[j] + dsp::mul_f32(x[k], w[j * pitch + k]);
  }
  for (int j = 0; j < Channels; ++j) sums[j] = s[j];
}

inline float clamp(const Conv2dF32& layer, float value) noexcept {
  return value < layer.lo ? layer.lo : value > layer.hi ? layer.hi : value;
}

// One tap's or one run's share: which inputs meet which weights. `for_each_run` calls visit(x,
// first weight, count) in the order of the definition; channel o's weights start at o * depth.
template <class ForEachRun>
inline void write_channels(const Conv2dF32& layer, const FloatWeights& w, std::int32_t group,
                           std::int32_t depth, float* y, const ForEachRun& for_each_run) noexcept {
  const std::int32_t first = group * layer.group_out(), last = first + layer.group_out();
  std::int32_t o = first;
  for (; o + kFloatChannels <= last; o += kFloatChannels) {
    float sums[kFloatChannels];
    for (std::int32_t j = 0; j < kFloatChannels; ++j) sums[j] = w.bias_of(o + j);
    for_each_run([&](const float* x, std::int32_t weight, std::int32_t count) {
      add_products(sums, x, w.weights + o * depth + weight, depth, count);
    });
    for (std::int32_t j = 0; j < kFloatChannels; ++j) y[o + j] = clamp(layer, sums[j]);
  }
  for (; o < last; ++o) {
    float sum[1] = {w.bias_of(o)};
    for_each_run([&](const float* x, std::int32_t weight, std::int32_t count) {
      add_products(sum, x, w.weights + o * depth + weight, depth, count);
    });
    y[o] = clamp(layer, sum[0]);
  }
}

}  // namespace detail
}  // namespace LINNET_VERSION_NAMESPACE
}  // namespace linnet
