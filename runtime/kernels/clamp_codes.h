// Clamps int8 codes that are written already. Kernels saturate to the range of int8 in their inner loop and call this for a
// layer whose bounds are narrower, which is rare: a ReLU's lower bound mostly is the code -128.
#pragma once

#include "linnet/dsp/dsp.h"

namespace linnet {
inline namespace LINNET_VERSION_NAMESPACE {
namespace detail {

// `pixels` pixels of `count` codes, `step` bytes apart.
[[gnu::noinline]] inline void clamp_codes(std::int8_t* y, std::int32_t pixels, std::int32_t count,
                                          std::int32_t step, std::int32_t lo,
                                          std::int32_t hi) noexcept {
  if (lo <= -128 && hi >= 127) return;
  const std::uint32_t low = (static_cast<std::uint32_t>(lo) & 0xffu) * 0x01010101u;
  const std::uint32_t high = (static_cast<std::uint32_t>(hi) & 0xffu) * 0x01010101u;
  for (; pixels > 0; --pixels, y += step) {
    std::int32_t i = 0;
    for (; i + 4 <= count; i += 4) {
      const std::uint32_t word = dsp::load_word(y + i);
      dsp::store_word(y + i, dsp::min_s8x4(dsp::max_s8x4(word, low), high));
    }
    for (; i < count; ++i) y[i] = static_cast<std::int8_t>(y[i] < lo ? lo : y[i] > hi ? hi : y[i]);
  }
}

}  // namespace detail
}  // namespace LINNET_VERSION_NAMESPACE
}  // namespace linnet
