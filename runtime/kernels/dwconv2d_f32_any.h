// Depthwise float convolution of any shape. The order of the sums is the definition's: bias, then ky, kx.
//
// Eight channels at a time go along a row: their weights are laid side by side in scratch, tap by tap, and eight sums stay
// in registers along a row of the window, 13 instructions for 8 MACs. The last eight overlap the ones before. Fewer than
// eight channels and channel multipliers go tap by tap through the output row itself.
#pragma once

#include <cstring>

#include "linnet/kernels/conv2d_f32_sums.h"

namespace linnet {
inline namespace LINNET_VERSION_NAMESPACE {

struct dwconv2d_f32_any {
  using Layer = Conv2dF32;
  static constexpr const char* name = "dwconv2d_f32_any";
  static constexpr bool supports(const Layer& layer) noexcept { return layer.depthwise(); }
  static constexpr std::int32_t scratch_bytes(const Layer& layer) noexcept {
    return in_blocks(layer) ? layer.kernel_h * layer.kernel_w * kBlock * 4 : 0;
  }

  static void run(const Layer& layer, const Io& io, std::int32_t first_row,
                  std::int32_t row_count) noexcept {
    const detail::FloatWeights w(layer, io);
    for (std::int32_t r = first_row; r < first_row + row_count; ++r) {
      const Row row(layer, io, r);
      if (in_blocks(layer)) {
        for (std::int32_t c = 0; c < layer.out_c; c += kBlock)
          write_block(layer, row, w, c + kBlock > layer.out_c ? layer.out_c - kBlock : c,
                      static_cast<float*>(static_cast<void*>(io.scratch)));
      } else {
        tap_by_tap(layer, row, w);
      }
    }
  }

 private:
  static constexpr std::int32_t kBlock = 8;  // channels

  static constexpr bool in_blocks(const Layer& layer) noexcept {
    return layer.out_c == layer.in_c && layer.out_c >= kBlock;
  }

  // The taps [first, last) whose positions `at + tap * step` lie in [0, size).
  struct Taps {
    std::int32_t first, last;

    Taps(std::int32_t at, std::int32_t step, std::int32_t size, std::int32_t count) noexcept
        : first(at < 0 ? (-at + step - 1) / step : 0),
          last(at < size ? (size - at + step - 1) / step : 0) {
      if (last > count) last = count;
    }
  };

  // An output row and the input rows under it.
  struct Row {
    const RowsIn& in;
    float* y;
    std::int32_t image_row, y0;
    Taps taps;

    Row(const Layer& layer, const Io& io, std::int32_t r) noexcept
        : in(io.in[0]),
          y(io.out.row<float>(r)),
          image_row(r / layer.out_h * layer.in_h),
          y0(r % layer.out_h * layer.stride_h - layer.pad_top),
          taps(y0, layer.dilation_h, layer.in_h, layer.kernel_h) {}

    const float* tap(const Layer& layer, std::int32_t ky) const noexcept {
      return in.row<float>(image_row + y0 + ky * layer.dilation_h);
    }
  };

  // sums[c] += x[c] * w[c] for `count` taps, whose pixels lie `step` floats apart and whose weights side by side. One or more.
  static void add_taps(float (&sums)[kBlock], const float* x, std::int32_t step, const float* w,
                       std::int32_t count) noexcept {
#if defined(__arm__) && defined(__ARM_FP) && !defined(LINNET_PORTABLE_DSP)
    // clang-format off
    __asm__ volatile(
        "vldmia %[sums], {s0-s7}\n"
        "1:\n"
        "vldmia %[x], {s8-s15}\n"
        "add %[x], %[x], %[step], lsl #2\n"
        "vldmia %[w]!, {s16-s23}\n"
        "subs %[count], #1\n"
        "vmla.f32 s0, s8, s16; vmla.f32 s1, s9, s17; vmla.f32 s2, s10, s18; vmla.f32 s3, s11, s19\n"
        "vmla.f32 s4, s12, s20; vmla.f32 s5, s13, s21; vmla.f32 s6, s14, s22; vmla.f32 s7, s15, s23\n"
        "bne 1b\n"
        "vstmia %[sums], {s0-s7}\n"
        : [count] "+r"(count), [x] "+r"(x), [w] "+r"(w)
        : [sums] "r"(sums), [step] "r"(step)
        : "cc", "memory", "s0", "s1", "s2", "s3", "s4", "s5", "s6", "s7", "s8", "s9", "s10", "s11", "s12", "s13", "s14",
          "s15", "s16", "s17", "s18", "s19", "s20", "s21", "s22", "s23");
    // clang-format on
#else
    for (; count > 0; --count, x += step, w += kBlock) {
      for (std::int32_t c = 0; c < kBlock; ++c) sums[c] = dsp::mla_f32(sums[c], x[c], w[c]);
    }
#endif
  }

  // Channels [first, first + kBlock) of a row.
  static void write_block(const Layer& layer, const Row& row, const detail::FloatWeights& w,
                          std::int32_t first, float* weights) noexcept {
    const std::int32_t count = layer.kernel_h * layer.kernel_w;
    for (std::int32_t c = 0; c < kBlock; ++c) {
      const float* const from = w.weights + (first + c) * count;
      for (std::int32_t tap = 0; tap < count; ++tap) weights[tap * kBlock + c] = from[tap];
    }
    float bias[kBlock];
    for (std::int32_t c = 0; c < kBlock; ++c) bias[c] = w.bias_of(first + c);
    const bool bounded = layer.lo > -dsp::kInfinityF32 || layer.hi < dsp::kInfinityF32;
    float* y = row.y + first;
    for (std::int32_t ox = 0; ox < layer.out_w; ++ox, y += layer.out_pixel_elements) {
      float sums[kBlock];
      std::memcpy(sums, bias, sizeof sums);
      const std::int32_t x0 = ox * layer.stride_w - layer.pad_left;
      const Taps taps(x0, layer.dilation_w, layer.in_w, layer.kernel_w);
      const std::int32_t at = (x0 + taps.first * layer.dilation_w) * layer.in_c + first;
      for (std::int32_t ky = row.taps.first; ky < row.taps.last && taps.first < taps.last; ++ky) {
        add_taps(sums, row.tap(layer, ky) + at, layer.dilation_w * layer.in_c,
                 weights + (ky * layer.kernel_w + taps.first) * kBlock, taps.last - taps.first);
      }
      if (bounded) {
        for (float& sum : sums) sum = detail::clamp(layer, sum);
      }
      std::memcpy(y, sums, sizeof sums);
    }
  }

  static void tap_by_tap(const Layer& layer, const Row& row,
                         const detail::FloatWeights& w) noexcept {
    float* y = row.y;
    for (std::int32_t ox = 0; ox < layer.out_w; ++ox, y += layer.out_pixel_elements) {
      const std::int32_t x0 = ox * layer.stride_w - layer.pad_left;
      const Taps taps(x0, layer.dilation_w, layer.in_w, layer.kernel_w);
      for (std::int32_t o = 0; o < layer.out_c; ++o) y[o] = w.bias_of(o);
      for (std::int32_t ky = row.taps.first; ky < row.taps.last; ++ky) {
        for (std::int32_t kx = taps.first; kx < taps.last; ++kx) {
          add_tap(layer, row.tap(layer, ky) + (x0 + kx * layer.dilation_w) * layer.in_c,
                  w.weights + ky * layer.kernel_w + kx, y);
        }
      }
      for (std::int32_t o = 0; o < layer.out_c; ++o) y[o] = detail::clamp(layer, y[o]);
    }
  }

  static void add_tap(const Layer& layer, const float* x, const float* w, float* y) noexcept {
    const std::int32_t taps = layer.kernel_h * layer.kernel_w;
    const std::int32_t multiplier = layer.group_out();
    for (std::int32_t c = 0; c < layer.in_c; ++c) {
      for (std::int32_t i = 0; i < multiplier; ++i, ++y, w += taps)
        *y = *y + dsp::mul_f32(x[c], *w);
    }
  }
};

}  // namespace LINNET_VERSION_NAMESPACE
}  // namespace linnet
