// From an int32 accumulator to an int8 code, rounded once: docs/quantization.md, section 2.
// Included by dsp.h.
#pragma once

#if defined(__ARM_FEATURE_SIMD32) && !defined(LINNET_PORTABLE_DSP)
#include "linnet/dsp/armv7em.h"
#else
#include "linnet/dsp/portable.h"
#endif

namespace linnet {
inline namespace LINNET_VERSION_NAMESPACE {
namespace dsp {

// What a layer's requantizations have in common. For shift >= 33 a code is SMMLA, a shift and a
// clamp: the addend holds zero point and rounding. It cannot overflow: |acc * m / 2^32| <= 2^30,
// and the addend is below 2^30 for shift <= 54.
struct Requantizer {
  std::int32_t shift, out_zero, lo, hi;
  std::int32_t addend, rest;  // for shift >= 33
  bool unclamped;             // lo and hi are the range of int8

  constexpr Requantizer(std::int32_t shift_, std::int32_t out_zero_, std::int32_t lo_,
                        std::int32_t hi_) noexcept
      : shift(shift_),
        out_zero(out_zero_),
        lo(lo_),
        hi(hi_),
        addend(shift_ >= 33 ? out_zero_ * (1 << (shift_ - 32)) + (1 << (shift_ - 33)) : 0),
        rest(shift_ - 32),
        unclamped(lo_ == -128 && hi_ == 127) {}

  std::int8_t operator()(std::int32_t acc, std::int32_t multiplier) const noexcept {
    if (shift >= 33) {
      const std::int32_t v = smmla(acc, multiplier, addend) >> rest;
      return static_cast<std::int8_t>(unclamped ? ssat8(v) : v < lo ? lo : v > hi ? hi : v);
    }
    return general(acc, multiplier);
  }

  // Any shift in [1, 54]: the definition itself.
  std::int8_t general(std::int32_t acc, std::int32_t multiplier) const noexcept {
    const std::int64_t half = std::int64_t{1} << (shift - 1);
    const std::int64_t v =
        ((static_cast<std::int64_t>(acc) * multiplier + half) >> shift) + out_zero;
    return static_cast<std::int8_t>(v < lo ? lo : v > hi ? hi : v);
  }
};

inline std::int8_t requantize(std::int32_t acc, std::int32_t multiplier, std::int32_t shift,
                              std::int32_t out_zero, std::int32_t lo, std::int32_t hi) noexcept {
  return Requantizer(shift, out_zero, lo, hi)(acc, multiplier);
}

}  // namespace dsp
}  // namespace LINNET_VERSION_NAMESPACE
}  // namespace linnet
