// The spectrum of a frame of 16-bit samples in float32, in the order of operations that docs/log-mel.md writes down: the same
// bits on the host and on the core.
//
// The n real samples are m = n/2 complex numbers, z[i] = x[2i] + i x[2i+1], whose transform is made in place, decimated in
// time: a first pass without twiddles joins 2, 4 or 8 (what is left of m), every other pass eight (Cooley and Tukey, "An
// algorithm for the machine calculation of complex Fourier series", 1965). The samples are multiplied with the window and
// land where the digits of their index, reversed, say; the result is in natural order, and a last pass takes the spectrum
// of the real samples out of it.
//
//   m = 512:   16-bit samples -> window, joined by 8 -> 8 transforms of 64 -> one of 512 -> power of the bins
//
// Eight at a time because the core has 32 registers for floats: eight complex numbers and their seven twiddles just fit, and
// three passes load and store the data once each.
#pragma once

#include <cstdint>

#include "linnet/dsp/float_math.h"
#if defined(__ARM_FEATURE_SIMD32) && defined(__ARM_FP) && defined(__OPTIMIZE__) && \
    !defined(LINNET_PORTABLE_DSP)
#include "linnet/dsp/real_fft_armv7em.h"
#define LINNET_ARM_FFT
#endif

namespace linnet {
inline namespace LINNET_VERSION_NAMESPACE {
namespace dsp {

struct Complex {
  float re, im;
};

#define LINNET_INLINE __attribute__((always_inline)) inline
// a * (w.re - i w.im): a twiddle holds cosine and sine of its angle.
LINNET_INLINE Complex turn(Complex a, Complex w) noexcept {
  return {mla_f32(mul_f32(a.re, w.re), a.im, w.im), mls_f32(mul_f32(a.im, w.re), a.re, w.im)};
}
LINNET_INLINE Complex plus(Complex a, Complex b) noexcept { return {a.re + b.re, a.im + b.im}; }
LINNET_INLINE Complex minus(Complex a, Complex b) noexcept { return {a.re - b.re, a.im - b.im}; }
// a - i b and a + i b
LINNET_INLINE Complex minus_i(Complex a, Complex b) noexcept { return {a.re + b.im, a.im - b.re}; }
LINNET_INLINE Complex plus_i(Complex a, Complex b) noexcept { return {a.re - b.im, a.im + b.re}; }

// The discrete Fourier transforms of 2, 4 and 8, in place. Names instead of arrays: compilers then keep all in registers.
LINNET_INLINE void join(Complex& a0, Complex& a1) noexcept {
  const Complex sum = plus(a0, a1);
  a1 = minus(a0, a1);
  a0 = sum;
}
LINNET_INLINE void join(Complex& a0, Complex& a1, Complex& a2, Complex& a3) noexcept {
  const Complex s = plus(a0, a2), d = minus(a0, a2);
  const Complex t = plus(a1, a3), e = minus(a1, a3);
  a0 = plus(s, t);
  a1 = minus_i(d, e);
  a2 = minus(s, t);
  a3 = plus_i(d, e);
}
LINNET_INLINE void join(Complex& a0, Complex& a1, Complex& a2, Complex& a3, Complex& a4,
                        Complex& a5, Complex& a6, Complex& a7) noexcept {
  constexpr float half_root = 0.707106781f;
  join(a0, a2, a4, a6);  // of the even ones: E0 E1 E2 E3
  join(a1, a3, a5, a7);  // of the odd ones: O0 O1 O2 O3
  const Complex e1 = a2, e2 = a4, e3 = a6, o0 = a1, o1 = a3, o2 = a5, o3 = a7;
  a4 = minus(a0, o0);
  a0 = plus(a0, o0);
  a2 = minus_i(e2, o2);
  a6 = plus_i(e2, o2);
  // O1 turned by 45 degrees is half_root * (u - i v), O3 by 135 degrees half_root * (w - i t).
  const float u = o1.re + o1.im, v = o1.re - o1.im;
  const float uq = mul_f32(u, half_root), vq = mul_f32(v, half_root);
  a1 = {e1.re + uq, e1.im - vq};
  a5 = {e1.re - uq, e1.im + vq};
  const float w = o3.im - o3.re, t = o3.re + o3.im;
  const float wq = mul_f32(w, half_root), tq = mul_f32(t, half_root);
  a3 = {e3.re + wq, e3.im - tq};
  a7 = {e3.re - wq, e3.im + tq};
}

// Samples times window, joined by `kRadix`, for kCount complex numbers. `half_window` is the first kCount + 1 values of a
// symmetric window of 2 kCount.
template <std::int32_t kRadix, std::int32_t kCount>
inline void first_pass(const std::int16_t* samples, const float* half_window, Complex* z) noexcept {
  constexpr std::int32_t stride = kCount / kRadix;
  std::int32_t place = 0;  // the digits of `i` to the base 8, reversed
  for (std::int32_t i = 0; i < stride; ++i) {
    const std::int16_t* const x = samples + 2 * i;
    const float* const rising = half_window + 2 * i;
    const float* const falling = half_window + 2 * kCount - 2 * i;
    const auto load = [&](std::int32_t t) {
      const std::int32_t at = 2 * t * stride;
      const bool rises = t < kRadix / 2;
      const float first = rises ? rising[at] : falling[-at];
      const float second = rises ? rising[at + 1] : falling[-at - 1];
      return Complex{mul_f32(static_cast<float>(x[at]), first),
                     mul_f32(static_cast<float>(x[at + 1]), second)};
    };
    Complex* const to = z + place * kRadix;
    Complex a0 = load(0), a1 = load(1);
    if constexpr (kRadix == 2) {
      join(a0, a1);
    } else {
      Complex a2 = load(2), a3 = load(3);
      if constexpr (kRadix == 4) {
        join(a0, a1, a2, a3);
      } else {
        Complex a4 = load(4), a5 = load(5), a6 = load(6), a7 = load(7);
        join(a0, a1, a2, a3, a4, a5, a6, a7);
        to[4] = a4, to[5] = a5, to[6] = a6, to[7] = a7;
      }
      to[2] = a2, to[3] = a3;
    }
    to[0] = a0, to[1] = a1;
    std::int32_t digit = stride >> 3;
    place += digit;
    for (; digit > 0 && (place & (8 * digit - 1)) < digit; digit >>= 3)
      place += (digit >> 3) - 8 * digit;
  }
}

// `part` times eight numbers, each `part` after the other, turned and joined in place. Seven turns a row, a row every `row_step`.
LINNET_INLINE void join_eights(Complex* block, std::int32_t part, const Complex* w,
                               std::int32_t row_step) noexcept {
#ifdef LINNET_ARM_FFT
  join_eights_armv7em(block, part, w, 8 * (row_step - 7));
#else
  for (Complex* at = block; at != block + part; ++at, w += row_step) {
    Complex a0 = at[0], a1 = turn(at[part], w[0]), a2 = turn(at[2 * part], w[1]);
    Complex a3 = turn(at[3 * part], w[2]), a4 = turn(at[4 * part], w[3]);
    Complex a5 = turn(at[5 * part], w[4]), a6 = turn(at[6 * part], w[5]);
    Complex a7 = turn(at[7 * part], w[6]);
    join(a0, a1, a2, a3, a4, a5, a6, a7);
    at[0] = a0, at[part] = a1, at[2 * part] = a2, at[3 * part] = a3;
    at[4 * part] = a4, at[5 * part] = a5, at[6 * part] = a6, at[7 * part] = a7;
  }
#endif
}

// Joins transforms of kSize / 8 into those of kSize, these into larger ones, up to the one of kCount. Row k of `twiddles` holds
// the turns by j k / kCount, j = 1..7.
template <std::int32_t kCount>
inline void join_passes(Complex* z, const Complex* twiddles, std::int32_t size) noexcept {
  for (; size <= kCount; size *= 8) {
    for (Complex* block = z; block != z + kCount; block += size)
      join_eights(block, size / 8, twiddles, 7 * (kCount / size));
  }
}

// What eights leave of kCount: the radix of the first pass.
constexpr std::int32_t first_radix(std::int32_t count) noexcept {
  return count > 8 ? first_radix(count / 8) : count;
}

// The powers of bins [first_bin, last_bin], within 1 .. kFft/2 - 1, of a frame of kFft samples, a power of two from 64 on: bin k's at
// z[k].re, for z[kFft / 2]. `quarter` is the cosine of 2 pi k / kFft for k = 0 .. kFft/4. Scaled by what the window holds, times 4.
template <std::int32_t kFft>
inline void power_spectrum(const std::int16_t* samples, const float* half_window,
                           const Complex* twiddles, const float* quarter, std::int32_t first_bin,
                           std::int32_t last_bin, Complex* z) noexcept {
  constexpr std::int32_t m = kFft / 2;
  static_assert(m >= 32 && (m & (m - 1)) == 0, "a power of two");
  constexpr std::int32_t radix = first_radix(m);
  first_pass<radix, m>(samples, half_window, z);
  join_passes<m>(z, twiddles, 8 * radix);

  // Bins k and m - k come from the same two numbers. Those below only `low` are wanted alone.
  constexpr std::int32_t half = m / 2;
  const std::int32_t low = m - last_bin;
  const auto split = [&](std::int32_t k, bool both) {
    const Complex p = z[k], q = z[m - k];
    const float cosine = quarter[k], sine = quarter[half - k];
    const Complex e{p.re + q.re, p.im - q.im}, d{p.re - q.re, p.im + q.im};
    const float g = mls_f32(mul_f32(cosine, d.im), sine, d.re);
    const float h = mla_f32(mul_f32(cosine, d.re), sine, d.im);
    const Complex x{e.re + g, e.im - h};
    z[k].re = mla_f32(mul_f32(x.re, x.re), x.im, x.im);
    if (!both) return;
    const Complex y{e.re - g, e.im + h};
    z[m - k].re = mla_f32(mul_f32(y.re, y.re), y.im, y.im);
  };
  const std::int32_t alone = low < half + 1 ? low : half + 1;
  const std::int32_t end = alone < last_bin + 1 ? alone : last_bin + 1;
  for (std::int32_t k = first_bin; k < end; ++k) split(k, false);
  for (std::int32_t k = low; k <= half; ++k) split(k, true);
}

#undef LINNET_INLINE
#undef LINNET_ARM_FFT

}  // namespace dsp
}  // namespace LINNET_VERSION_NAMESPACE
}  // namespace linnet
