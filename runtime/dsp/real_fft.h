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

namespace linnet {
inline namespace LINNET_VERSION_NAMESPACE {
namespace dsp {

struct Complex {
  float re, im;
};

// a * (w.re - i w.im): a twiddle holds cosine and sine of its angle.
inline Complex turn(Complex a, Complex w) noexcept {
  return {mla_f32(mul_f32(a.re, w.re), a.im, w.im), mls_f32(mul_f32(a.im, w.re), a.re, w.im)};
}
inline Complex plus(Complex a, Complex b) noexcept { return {a.re + b.re, a.im + b.im}; }
inline Complex minus(Complex a, Complex b) noexcept { return {a.re - b.re, a.im - b.im}; }
// a - i b and a + i b
inline Complex minus_i(Complex a, Complex b) noexcept { return {a.re + b.im, a.im - b.re}; }
inline Complex plus_i(Complex a, Complex b) noexcept { return {a.re - b.im, a.im + b.re}; }

// The discrete Fourier transforms of 2, 4 and 8, in place.
inline void join(Complex (&a)[2]) noexcept {
  const Complex sum = plus(a[0], a[1]);
  a[1] = minus(a[0], a[1]);
  a[0] = sum;
}
inline void join(Complex (&a)[4]) noexcept {
  const Complex s = plus(a[0], a[2]), d = minus(a[0], a[2]);
  const Complex t = plus(a[1], a[3]), e = minus(a[1], a[3]);
  a[0] = plus(s, t);
  a[1] = minus_i(d, e);
  a[2] = minus(s, t);
  a[3] = plus_i(d, e);
}
inline void join(Complex (&a)[8]) noexcept {
  constexpr float half_root = 0.707106781f;
  Complex even[4] = {a[0], a[2], a[4], a[6]};
  Complex odd[4] = {a[1], a[3], a[5], a[7]};
  join(even);
  join(odd);
  a[0] = plus(even[0], odd[0]);
  a[4] = minus(even[0], odd[0]);
  a[2] = minus_i(even[2], odd[2]);
  a[6] = plus_i(even[2], odd[2]);
  // odd[1] turned by 45 degrees is half_root * (u - i v), odd[3] by 135 degrees half_root * (w - i t).
  const float u = odd[1].re + odd[1].im, v = odd[1].re - odd[1].im;
  a[1] = {mla_f32(even[1].re, u, half_root), mls_f32(even[1].im, v, half_root)};
  a[5] = {mls_f32(even[1].re, u, half_root), mla_f32(even[1].im, v, half_root)};
  const float w = odd[3].im - odd[3].re, t = odd[3].re + odd[3].im;
  a[3] = {mla_f32(even[3].re, w, half_root), mls_f32(even[3].im, t, half_root)};
  a[7] = {mls_f32(even[3].re, w, half_root), mla_f32(even[3].im, t, half_root)};
}

// Samples times window, joined by `kRadix`. `half_window` is the first n/2 + 1 values of a symmetric window of n = 2m.
template <std::int32_t kRadix>
inline void first_pass(const std::int16_t* samples, const float* half_window, std::int32_t m,
                       Complex* z) noexcept {
  const std::int32_t stride = m / kRadix;
  std::int32_t place = 0;  // the digits of `i` to the base 8, reversed
  for (std::int32_t i = 0; i < stride; ++i) {
    Complex a[kRadix];
    for (std::int32_t t = 0; t < kRadix; ++t) {
      const std::int32_t at = 2 * (i + t * stride);
      const bool rising = t < kRadix / 2;
      const float first = rising ? half_window[at] : half_window[2 * m - at];
      const float second = rising ? half_window[at + 1] : half_window[2 * m - at - 1];
      a[t] = {mul_f32(static_cast<float>(samples[at]), first),
              mul_f32(static_cast<float>(samples[at + 1]), second)};
    }
    join(a);
    Complex* const to = z + place * kRadix;
    for (std::int32_t t = 0; t < kRadix; ++t) to[t] = a[t];
    std::int32_t digit = stride >> 3;
    place += digit;
    for (; digit > 0 && (place & (8 * digit - 1)) < digit; digit >>= 3)
      place += (digit >> 3) - 8 * digit;
  }
}

// Joins eight transforms each of size / 8 into those of `size`. Row k of `twiddles` holds the turns by j k / m, j = 1..7.
inline void join_pass(Complex* z, std::int32_t m, std::int32_t size, const Complex* twiddles) noexcept {
  const std::int32_t part = size / 8;
  const std::int32_t row_step = 7 * (m / size);
  for (Complex* block = z; block != z + m; block += size) {
    const Complex* w = twiddles;
    for (std::int32_t k = 0; k < part; ++k, w += row_step) {
      Complex* const at = block + k;
      Complex a[8];
      a[0] = at[0];
      for (std::int32_t j = 1; j < 8; ++j) a[j] = turn(at[j * part], w[j - 1]);
      join(a);
      for (std::int32_t j = 0; j < 8; ++j) at[j * part] = a[j];
    }
  }
}

// The powers of bins [first_bin, last_bin], within 1 .. m-1, of a frame of n = 2m samples, m >= 32 a power of two: bin k's at
// z[k].re. `quarter` is the cosine of 2 pi k / n for k = 0 .. n/4. Scaled by what the window holds, times 4.
inline void power_spectrum(const std::int16_t* samples, const float* half_window,
                           const Complex* twiddles, const float* quarter, std::int32_t m,
                           std::int32_t first_bin, std::int32_t last_bin, Complex* z) noexcept {
  std::int32_t first = m;
  while (first > 8) first >>= 3;
  if (first == 8) {
    first_pass<8>(samples, half_window, m, z);
  } else if (first == 4) {
    first_pass<4>(samples, half_window, m, z);
  } else {
    first_pass<2>(samples, half_window, m, z);
  }
  for (std::int32_t size = 8 * first; size <= m; size *= 8) join_pass(z, m, size, twiddles);

  // Bins k and m - k come from the same two numbers. Those below only `low` are wanted alone.
  const std::int32_t half = m / 2;
  const std::int32_t low = m - last_bin;
  const auto split = [&](std::int32_t k, bool both) {
    const Complex p = z[k], q = z[m - k];
    const float cosine = quarter[k], sine = quarter[half - k];
    const Complex e{p.re + q.re, p.im - q.im}, d{p.re - q.re, p.im + q.im};
    const float re = mls_f32(mul_f32(cosine, d.im), sine, d.re);
    const float im = mla_f32(mul_f32(cosine, d.re), sine, d.im);
    const Complex x{e.re + re, e.im - im};
    z[k].re = mla_f32(mul_f32(x.re, x.re), x.im, x.im);
    if (!both) return;
    const Complex y{e.re - re, e.im + im};
    z[m - k].re = mla_f32(mul_f32(y.re, y.re), y.im, y.im);
  };
  std::int32_t k = first_bin;
  for (; k < low && k <= half && k <= last_bin; ++k) split(k, false);
  for (k = low; k <= half; ++k) split(k, true);
}

}  // namespace dsp
}  // namespace LINNET_VERSION_NAMESPACE
}  // namespace linnet
