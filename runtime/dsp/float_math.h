// exp, log, tanh, erf and what is made of them, as the float32 programs of docs/quantization.md
// section 8: the same bits on the host and on the core, which no libm promises.
//
// Every product goes through rounded(): the core can fuse a multiply and an add into one rounding,
// and compilers do so unless told otherwise. Linnet's builds say -ffp-contract=off; rounded() keeps
// the result right without it.
#pragma once

#include <cstdint>
#include <cstring>

#include "linnet/version.h"

#if defined(__clang__)
#pragma STDC FP_CONTRACT OFF
#endif

namespace linnet {
inline namespace LINNET_VERSION_NAMESPACE {
namespace dsp {

// The value itself. On Arm the compiler cannot look through it, so a product stays a rounded
// product; costs nothing.
inline float rounded(float value) noexcept {
#if defined(__arm__) && defined(__ARM_FP)
  __asm__("" : "+t"(value));
#endif
  return value;
}
inline float mul_f32(float a, float b) noexcept { return rounded(a * b); }

// sum + a * b, the product rounded before it is added: what VMLA.F32 does in one instruction (VFMA is the fused one).
inline float mla_f32(float sum, float a, float b) noexcept {
#if defined(__arm__) && defined(__ARM_FP) && !defined(LINNET_PORTABLE_DSP)
  __asm__("vmla.f32 %0, %1, %2" : "+t"(sum) : "t"(a), "t"(b));
  return sum;
#else
  return sum + mul_f32(a, b);
#endif
}

// sum - a * b, likewise (VMLS.F32).
inline float mls_f32(float sum, float a, float b) noexcept {
#if defined(__arm__) && defined(__ARM_FP) && !defined(LINNET_PORTABLE_DSP)
  __asm__("vmls.f32 %0, %1, %2" : "+t"(sum) : "t"(a), "t"(b));
  return sum;
#else
  return sum - mul_f32(a, b);
#endif
}

inline std::uint32_t bits_of(float value) noexcept {
  std::uint32_t bits = 0;
  std::memcpy(&bits, &value, 4);
  return bits;
}
inline float float_of(std::uint32_t bits) noexcept {
  float value = 0;
  std::memcpy(&value, &bits, 4);
  return value;
}

constexpr float kInfinityF32 = __builtin_inff();
constexpr float kNanF32 = __builtin_nanf("");

// To the nearest integer, halves to even, for |value| < 2^22: the sum has no bits left for a
// fraction.
inline float rne_f32(float value) noexcept { return (value + 12582912.0f) - 12582912.0f; }
inline float abs_f32(float value) noexcept { return float_of(bits_of(value) & 0x7fffffffu); }
// The instruction itself: __builtin_sqrtf calls libm for negative numbers unless errno is given up.
inline float sqrt_f32(float value) noexcept {
#if defined(__arm__) && defined(__ARM_FP)
  float root = 0;
  __asm__("vsqrt.f32 %0, %1" : "=t"(root) : "t"(value));
  return root;
#else
  return __builtin_sqrtf(value);
#endif
}
// 2^n for n in [-126, 127].
inline float power_of_two_f32(std::int32_t n) noexcept {
  return float_of(static_cast<std::uint32_t>(n + 127) << 23);
}

namespace detail {

// p * x + c, rounded twice.
inline float step(float p, float x, float c) noexcept { return mul_f32(p, x) + c; }

}  // namespace detail

inline float exp_f32(float x) noexcept {
  if (x != x) return x;
  if (x > 88.72283f) return kInfinityF32;
  if (x < -87.33654f) return 0;
  const float n = rne_f32(mul_f32(x, 1.44269504f));
  float r = x - mul_f32(n, 0.693359375f);
  r = r - mul_f32(n, -2.12194440e-4f);
  float p = 1.9875691500e-4f;
  p = detail::step(p, r, 1.3981999507e-3f);
  p = detail::step(p, r, 8.3334519073e-3f);
  p = detail::step(p, r, 4.1665795894e-2f);
  p = detail::step(p, r, 1.6666665459e-1f);
  p = detail::step(p, r, 5.0000001201e-1f);
  float y = mul_f32(p, mul_f32(r, r));
  y = y + r;
  y = y + 1.0f;
  const auto exponent = static_cast<std::int32_t>(n);
  const std::int32_t half = exponent >> 1;
  return mul_f32(mul_f32(y, power_of_two_f32(half)), power_of_two_f32(exponent - half));
}

inline float log_f32(float x) noexcept {
  if (x != x || x < 0) return kNanF32;
  if (x == 0) return -kInfinityF32;
  if (x == kInfinityF32) return x;
  std::int32_t exponent = 0;
  if (bits_of(x) < 0x00800000u) {  // subnormal
    x = mul_f32(x, 8388608.0f);
    exponent = -23;
  }
  const std::uint32_t bits = bits_of(x);
  exponent += static_cast<std::int32_t>(bits >> 23) - 126;
  float f = float_of((bits & 0x007fffffu) | 0x3f000000u);
  if (f < 0.707106781f) {
    --exponent;
    f = (f + f) - 1.0f;
  } else {
    f = f - 1.0f;
  }
  const float e = static_cast<float>(exponent);
  const float z = mul_f32(f, f);
  float p = 7.0376836292e-2f;
  p = detail::step(p, f, -1.1514610310e-1f);
  p = detail::step(p, f, 1.1676998740e-1f);
  p = detail::step(p, f, -1.2420140846e-1f);
  p = detail::step(p, f, 1.4249322787e-1f);
  p = detail::step(p, f, -1.6668057665e-1f);
  p = detail::step(p, f, 2.0000714765e-1f);
  p = detail::step(p, f, -2.4999993993e-1f);
  p = detail::step(p, f, 3.3333331174e-1f);
  float y = mul_f32(p, f);
  y = mul_f32(y, z);
  y = y + mul_f32(e, -2.12194440e-4f);
  y = y - mul_f32(0.5f, z);
  return (f + y) + mul_f32(e, 0.693359375f);
}

inline float tanh_f32(float x) noexcept {
  if (x != x) return x;
  const float a = abs_f32(x);
  if (a >= 9.0f) return x < 0 ? -1.0f : 1.0f;
  if (a >= 0.625f) {
    const float e = exp_f32(a + a);
    const float y = 1.0f - 2.0f / (e + 1.0f);
    return x < 0 ? -y : y;
  }
  const float z = mul_f32(x, x);
  float p = -5.70498872745e-3f;
  p = detail::step(p, z, 2.06390887954e-2f);
  p = detail::step(p, z, -5.37397155531e-2f);
  p = detail::step(p, z, 1.33314422036e-1f);
  p = detail::step(p, z, -3.33332819422e-1f);
  return mul_f32(mul_f32(p, z), x) + x;
}

inline float erf_f32(float x) noexcept {
  if (x != x) return x;
  const float a = abs_f32(x);
  if (a < 0.5f) {
    const float z = mul_f32(x, x);
    float p = -8.54832702e-4f;
    p = detail::step(p, z, 5.22397762e-3f);
    p = detail::step(p, z, -2.68661706e-2f);
    p = detail::step(p, z, 1.12837917e-1f);
    p = detail::step(p, z, -3.76126389e-1f);
    p = detail::step(p, z, 1.12837917f);
    return mul_f32(p, x);
  }
  const float t = 1.0f / (1.0f + mul_f32(0.3275911f, a));
  float p = 1.061405429f;
  p = detail::step(p, t, -1.453152027f);
  p = detail::step(p, t, 1.421413741f);
  p = detail::step(p, t, -0.284496736f);
  p = detail::step(p, t, 0.254829592f);
  const float y = 1.0f - mul_f32(mul_f32(p, t), exp_f32(-mul_f32(a, a)));
  return x < 0 ? -y : y;
}

inline float sigmoid_f32(float x) noexcept { return 1.0f / (1.0f + exp_f32(-x)); }
inline float silu_f32(float x) noexcept { return mul_f32(x, sigmoid_f32(x)); }

inline float hard_sigmoid_f32(float x, float alpha, float beta) noexcept {
  const float v = mul_f32(alpha, x) + beta;
  return v < 0.0f ? 0.0f : v > 1.0f ? 1.0f : v;
}
inline float hard_swish_f32(float x) noexcept {
  return mul_f32(x, hard_sigmoid_f32(x, 0.166666667f, 0.5f));
}
inline float elu_f32(float x, float alpha) noexcept {
  return x < 0 ? mul_f32(alpha, exp_f32(x) - 1.0f) : x;
}
inline float gelu_f32(float x) noexcept {
  return mul_f32(mul_f32(0.5f, x), 1.0f + erf_f32(mul_f32(x, 0.707106781f)));
}
inline float gelu_tanh_f32(float x) noexcept {
  const float cube = mul_f32(mul_f32(x, x), x);
  const float inner = mul_f32(0.797884561f, x + mul_f32(0.044715f, cube));
  return mul_f32(mul_f32(0.5f, x), 1.0f + tanh_f32(inner));
}

inline float pow_f32(float x, float y) noexcept {
  if (y == 0) return 1.0f;
  if (y == 1.0f) return x;
  if (y == 2.0f) return mul_f32(x, x);
  if (y == 3.0f) return mul_f32(mul_f32(x, x), x);
  if (y == 0.5f) return sqrt_f32(x);
  if (y == -1.0f) return 1.0f / x;
  if (x == 0) return y > 0 ? 0.0f : kInfinityF32;
  const float v = exp_f32(mul_f32(y, log_f32(abs_f32(x))));
  if (!(x < 0)) return v;
  if (!(abs_f32(y) < 16777216.0f)) return kNanF32;
  const auto integer = static_cast<std::int32_t>(y);
  if (static_cast<float>(integer) != y) return kNanF32;
  return (integer & 1) != 0 ? -v : v;
}

// A float as an int8 code. Not a number becomes the code of 0.
inline std::int8_t quantize_f32(float x, float scale, std::int32_t zero_point) noexcept {
  float v = x / scale;
#if defined(__arm__) && defined(__ARM_FP) && defined(__ARM_FEATURE_SAT) && \
    !defined(LINNET_PORTABLE_DSP)
  // VCVTR rounds to even, makes 0 of what is no number and saturates: the bounds are integers, so they may come after it.
  std::int32_t code = 0;
  __asm__("vcvtr.s32.f32 %0, %0" : "+t"(v));
  __asm__("ssat %0, #10, %1" : "=r"(code) : "r"(bits_of(v)));
  code += zero_point;
  __asm__("ssat %0, #8, %0" : "+r"(code));
  return static_cast<std::int8_t>(code);
#else
  if (v != v) v = 0;
  v = v < -512.0f ? -512.0f : v > 511.0f ? 511.0f : v;
  const std::int32_t code = static_cast<std::int32_t>(rne_f32(v)) + zero_point;
  return static_cast<std::int8_t>(code < -128 ? -128 : code > 127 ? 127 : code);
#endif
}
inline float dequantize_s8(std::int8_t code, float scale, std::int32_t zero_point) noexcept {
  return mul_f32(scale, static_cast<float>(code - zero_point));
}

}  // namespace dsp
}  // namespace LINNET_VERSION_NAMESPACE
}  // namespace linnet
