// Brings the requantization of a depthwise layer to one shift, by scaling its channels: compiler side.
//
// A channel with a small multiplier takes the spare bits there, others in weights and bias. The product is the same, times a
// power of two, so every rounding is.
#pragma once

#include "linnet/layers_conv.h"

namespace linnet {
inline namespace LINNET_VERSION_NAMESPACE {
namespace dw {

// Scales weights [out_c, taps], bias (the input's zero point folded in) and multiplier of every channel, so that the shift
// may be `shift`, up to 7 more than the layer's. Sums fit 32 bits afterwards for up to 200 taps: a bias that saturates the
// output whatever the input is made as small as does so, too.
inline void fix_shift(const Conv2dS8& layer, std::int32_t shift, std::int16_t* weights,
                      std::int32_t* bias, std::int32_t* multiplier) noexcept {
  const std::int32_t taps = layer.kernel_h * layer.kernel_w;
  for (std::int32_t o = 0; o < layer.out_c; ++o, weights += taps) {
    std::int32_t left = shift - layer.shift;
    for (; left > 0 && multiplier[o] < (1 << 30); --left) multiplier[o] *= 2;
    if (left <= 0) continue;
    std::int64_t most = 0;  // of the products' sum; then of a sum that matters
    for (std::int32_t k = 0; k < taps; ++k) {
      most += 128 * (weights[k] < 0 ? -weights[k] : weights[k]);
      weights[k] = static_cast<std::int16_t>(weights[k] * (1 << left));
    }
    most += (std::int64_t{512} << (shift - left)) / multiplier[o] + 1;
    const std::int64_t b = bias[o] < -most ? -most : bias[o] > most ? most : bias[o];
    bias[o] = static_cast<std::int32_t>(b * (1 << left));
  }
}

}  // namespace dw
}  // namespace LINNET_VERSION_NAMESPACE
}  // namespace linnet
