// The dsp primitives in plain C++ (dsp.h says what they mean). Sums wrap as the instructions' do.
#pragma once

#include "linnet/dsp/memory.h"

namespace linnet {
inline namespace LINNET_VERSION_NAMESPACE {
namespace dsp {

constexpr std::int32_t low_half(std::uint32_t pair) noexcept {
  return static_cast<std::int16_t>(pair & 0xffffu);
}
constexpr std::int32_t high_half(std::uint32_t pair) noexcept {
  return static_cast<std::int16_t>(pair >> 16);
}

constexpr std::uint32_t sxtb16(std::uint32_t word) noexcept {
  return pair(static_cast<std::int8_t>(word & 0xffu),
              static_cast<std::int8_t>((word >> 16) & 0xffu));
}
constexpr std::uint32_t sxtb16_ror8(std::uint32_t word) noexcept { return sxtb16(word >> 8); }

constexpr std::int32_t smlad(std::uint32_t a, std::uint32_t b, std::int32_t sum) noexcept {
  // Neither product exceeds 2^30; the sums are unsigned so that they wrap.
  return static_cast<std::int32_t>(static_cast<std::uint32_t>(sum) +
                                   static_cast<std::uint32_t>(low_half(a) * low_half(b)) +
                                   static_cast<std::uint32_t>(high_half(a) * high_half(b)));
}

// acc + a.high * b.low, and acc + a.low * b.high.
constexpr std::int32_t smlatb(std::uint32_t a, std::uint32_t b, std::int32_t sum) noexcept {
  return static_cast<std::int32_t>(static_cast<std::uint32_t>(sum) +
                                   static_cast<std::uint32_t>(high_half(a) * low_half(b)));
}
constexpr std::int32_t smlabt(std::uint32_t a, std::uint32_t b, std::int32_t sum) noexcept {
  return smlatb(b, a, sum);
}

// (a.low, b.low), and pkhtb(b, a) = (a.high, b.high): the instruction's own order of operands.
constexpr std::uint32_t pkhbt(std::uint32_t a, std::uint32_t b) noexcept {
  return (a & 0xffffu) | b << 16;
}
constexpr std::uint32_t pkhtb(std::uint32_t b, std::uint32_t a) noexcept {
  return (b & 0xffff0000u) | a >> 16;
}

// Subtraction of pairs, each half on its own, wrapping.
constexpr std::uint32_t ssub16(std::uint32_t a, std::uint32_t b) noexcept {
  return pair(low_half(a) - low_half(b), high_half(a) - high_half(b));
}

// High word of a * b, floored (not rounded), plus `sum`, wrapping.
constexpr std::int32_t smmla(std::int32_t a, std::int32_t b, std::int32_t sum) noexcept {
  const auto high = static_cast<std::int32_t>((static_cast<std::int64_t>(a) * b) >> 32);
  return static_cast<std::int32_t>(static_cast<std::uint32_t>(high) +
                                   static_cast<std::uint32_t>(sum));
}

// Both halves added, wrapping.
constexpr std::uint32_t sadd16(std::uint32_t a, std::uint32_t b) noexcept {
  return pair(low_half(a) + low_half(b), high_half(a) + high_half(b));
}
// Bytes 0 and 2 of a word, or 1 and 3, sign-extended and added to a pair.
constexpr std::uint32_t sxtab16(std::uint32_t sums, std::uint32_t word) noexcept {
  return sadd16(sums, sxtb16(word));
}
constexpr std::uint32_t sxtab16_ror8(std::uint32_t sums, std::uint32_t word) noexcept {
  return sadd16(sums, sxtb16_ror8(word));
}
// a.low * b.low and a.high * b.high.
constexpr std::int32_t smulbb(std::uint32_t a, std::uint32_t b) noexcept {
  return low_half(a) * low_half(b);
}
constexpr std::int32_t smultt(std::uint32_t a, std::uint32_t b) noexcept {
  return high_half(a) * high_half(b);
}
// acc + floor(a * b.low / 2^16), and with b.high.
constexpr std::int32_t smlaw(std::int32_t a, std::int32_t half, std::int32_t sum) noexcept {
  return static_cast<std::int32_t>(
      static_cast<std::uint32_t>(sum) +
      static_cast<std::uint32_t>((static_cast<std::int64_t>(a) * half) >> 16));
}
constexpr std::int32_t smlawb(std::int32_t a, std::uint32_t b, std::int32_t sum) noexcept {
  return smlaw(a, low_half(b), sum);
}
constexpr std::int32_t smlawt(std::int32_t a, std::uint32_t b, std::int32_t sum) noexcept {
  return smlaw(a, high_half(b), sum);
}

// Saturates to [-128, 127].
constexpr std::int32_t ssat8(std::int32_t value) noexcept {
  return value < -128 ? -128 : value > 127 ? 127 : value;
}

constexpr std::int32_t ssat12(std::int32_t value) noexcept {
  return value < -2048 ? -2048 : value > 2047 ? 2047 : value;
}

// Largest of two signed bytes, four at a time.
constexpr std::uint32_t max_s8x4(std::uint32_t a, std::uint32_t b) noexcept {
  std::uint32_t result = 0;
  for (std::uint32_t shift = 0; shift < 32; shift += 8) {
    const auto x = static_cast<std::int8_t>((a >> shift) & 0xffu);
    const auto y = static_cast<std::int8_t>((b >> shift) & 0xffu);
    result |= static_cast<std::uint32_t>(static_cast<std::uint8_t>(x > y ? x : y)) << shift;
  }
  return result;
}

// Smallest of two signed bytes, four at a time.
constexpr std::uint32_t min_s8x4(std::uint32_t a, std::uint32_t b) noexcept {
  return max_s8x4(a ^ 0xffffffffu, b ^ 0xffffffffu) ^ 0xffffffffu;
}

}  // namespace dsp
}  // namespace LINNET_VERSION_NAMESPACE
}  // namespace linnet
