// Average pool in int8, any window: sums of the rows under it first, then of the columns, then one rounding with the
// multiplier of the window's divisor.
//
//   rows      words of four codes of rows a, b, c   SXTAB16 -> column sums as pairs (c0,c2) (c1,c3), in scratch
//   columns   pairs at x, x + 1, x + 2              SADD16 -> pairs of sums
//   output    SMLAWB or SMLAWT (multiplier by a 16-bit sum), ASR, SSAT, STRB
//
// For a window of 3 by 3 that is 12 instructions and 12 cycles (as llvm-mca models them) for four channels of a column, and
// 25 and 18 for four outputs. 32 channels at a time go through the whole row, so that scratch is 64 bytes a column. Sums fit
// 16 bits for windows of up to 127 taps; in larger ones, and with shifts that SMLAW does not hold, the columns' sums have 32.
// Fewer than four channels and windows of more than 127 rows go element by element.
#pragma once

#include "linnet/kernels/clamp_codes.h"
#include "linnet/kernels/pool_window.h"

namespace linnet {
inline namespace LINNET_VERSION_NAMESPACE {

struct avgpool2d_s8_any {
  using Layer = Pool2dLayer;
  static constexpr const char* name = "avgpool2d_s8_any";
  static constexpr bool supports(const Layer&) noexcept { return true; }
  static constexpr std::int32_t scratch_bytes(const Layer& layer) noexcept {
    return in_words(layer) ? layer.in_w * block_words(layer) * 8 : 0;
  }

  static void run(const Layer& layer, const Io& io, std::int32_t first_row,
                  std::int32_t row_count) noexcept {
    for (std::int32_t r = first_row; r < first_row + row_count; ++r) {
      const Row row(layer, io, r);
      if (!in_words(layer)) {
        one_by_one(layer, row);
        continue;
      }
      auto* const sums = static_cast<std::uint32_t*>(static_cast<void*>(io.scratch));
      const std::int32_t words = block_words(layer);
      for (std::int32_t c = 0; c < layer.channels; c += 4 * words) {
        const std::int32_t last = layer.channels - 4 * words;
        const std::int32_t from = c < last ? c : last;  // the last block overlaps the one before
        add_rows(layer, row, from, words, sums);
        if (narrow_sums(layer)) {
          write_row(layer, row, words, sums, row.y + from);
        } else {
          write_wide_row(layer, row, words, sums, row.y + from);
        }
      }
      detail::clamp_codes(row.y, layer.out_w, layer.channels, layer.out_pixel_step, layer.lo,
                          layer.hi);
    }
  }

 private:
  static constexpr bool in_words(const Layer& layer) noexcept {
    return layer.channels >= 4 && layer.kernel_h <= 127;
  }
  // The window's sums fit 16 bits, and SMLAW holds what is made of them.
  static constexpr bool narrow_sums(const Layer& layer) noexcept {
    return layer.kernel_h * layer.kernel_w <= 127 && layer.shift >= 17 && layer.shift <= 38;
  }
  static constexpr std::int32_t block_words(const Layer& layer) noexcept {
    return layer.channels < 32 ? (layer.channels / 4 > 0 ? layer.channels / 4 : 1) : 8;
  }

  // An output row and the input rows under it.
  struct Row {
    const RowsIn& in;
    std::int8_t* y;
    std::int32_t image_row, y0, step;
    detail::TapRange taps;
    std::int32_t divisor;  // rows that count for it

    Row(const Layer& layer, const Io& io, std::int32_t r) noexcept
        : in(io.in[0]),
          y(io.out.row<std::int8_t>(r)),
          image_row(r / layer.out_h * layer.in_h),
          y0(r % layer.out_h * layer.stride_h - layer.pad_top),
          step(layer.dilation_h),
          taps(detail::taps_inside(y0, 0, layer.in_h, layer.kernel_h, step)),
          divisor(detail::taps_inside(y0, -layer.include_top, layer.in_h + layer.include_bottom,
                                      layer.kernel_h, step)
                      .count()) {}

    const std::int8_t* tap(std::int32_t ky) const noexcept {
      return in.row<std::int8_t>(image_row + y0 + ky * step);
    }
  };
  // The columns under an output.
  struct Window {
    std::int32_t x0;
    detail::TapRange taps;
    std::int32_t divisor;

    Window(const Layer& layer, std::int32_t out_x) noexcept
        : x0(out_x * layer.stride_w - layer.pad_left),
          taps(detail::taps_inside(x0, 0, layer.in_w, layer.kernel_w, layer.dilation_w)),
          divisor(detail::taps_inside(x0, -layer.include_left, layer.in_w + layer.include_right,
                                      layer.kernel_w, layer.dilation_w)
                      .count()) {}
  };

  // Column sums of 4 * words channels, less the zero points: of up to three rows at a time.
  static void add_rows(const Layer& layer, const Row& row, std::int32_t channel, std::int32_t words,
                       std::uint32_t* sums) noexcept {
    std::int32_t tap = row.taps.first;
    const std::int32_t last = row.taps.last;
    const std::int32_t start = -layer.in_zero * row.taps.count();
    const std::uint32_t first_sum = dsp::pair(start, start);
    if (row.taps.count() == 0) {
      for (std::int32_t i = 0; i < 2 * words * layer.in_w; ++i) sums[i] = first_sum;
    } else if (row.taps.count() < 3) {
      add_one<true>(layer, row.tap(tap++) + channel, words, first_sum, sums);
    } else {
      const std::int8_t* from[3] = {row.tap(tap) + channel, row.tap(tap + 1) + channel,
                                    row.tap(tap + 2) + channel};
      std::uint32_t* to = sums;
      for (std::int32_t x = 0; x < layer.in_w; ++x, to += 2 * words) {
        add_three(from[0], from[1], from[2], to, words, first_sum);
        for (const std::int8_t*& pixel : from) pixel += layer.in_pixel_step;
      }
      tap += 3;
    }
    for (; tap < last; ++tap) add_one<false>(layer, row.tap(tap) + channel, words, 0, sums);
  }

  template <bool First>
  static void add_one(const Layer& layer, const std::int8_t* a, std::int32_t words,
                      std::uint32_t first_sum, std::uint32_t* sums) noexcept {
    const std::int32_t gap = layer.in_pixel_step - 4 * words;
    for (std::int32_t x = layer.in_w; x > 0; --x, a += gap) {
      for (const std::int8_t* const end = a + 4 * words; a != end; a += 4, sums += 2) {
        const std::uint32_t wa = dsp::load_word(a);
        sums[0] = dsp::sxtab16(First ? first_sum : sums[0], wa);
        sums[1] = dsp::sxtab16_ror8(First ? first_sum : sums[1], wa);
      }
    }
  }

  // The requantization of a row's pixels: it is the same for all whose window lies inside the image.
  struct Rounding {
    std::int32_t multiplier, addend, rest, words;
  };

  static void write_row(const Layer& layer, const Row& row, std::int32_t words,
                        const std::uint32_t* sums, std::int8_t* y) noexcept {
    const auto* const multipliers = static_cast<const std::int32_t*>(layer.multipliers);
    const std::int32_t rest = layer.shift - 16;
    Rounding rounding{0, layer.out_zero * (1 << rest) + (1 << (rest - 1)), rest, words};
    const std::int32_t column = 2 * words, next = column * layer.dilation_w;
    const std::int32_t reach = layer.dilation_w * (layer.kernel_w - 1);
    const bool three = layer.kernel_w == 3;
    for (std::int32_t x = 0; x < layer.out_w; ++x, y += layer.out_pixel_step) {
      const std::int32_t x0 = x * layer.stride_w - layer.pad_left;
      if (three && x0 >= 0 && x0 + reach < layer.in_w) {
        const std::uint32_t* const from = sums + x0 * column;
        rounding.multiplier = multipliers[row.divisor * layer.kernel_w];
        write_three(from, from + next, from + 2 * next, y, &rounding);
        continue;
      }
      const Window window(layer, x);
      rounding.multiplier = multipliers[row.divisor * window.divisor];
      write_any(sums + (x0 + window.taps.first * layer.dilation_w) * column, next,
                window.taps.count(), rounding, y);
    }
  }

  static void write_wide_row(const Layer& layer, const Row& row, std::int32_t words,
                             const std::uint32_t* sums, std::int8_t* y) noexcept {
    const dsp::Requantizer requantize(layer.shift, layer.out_zero, -128, 127);
    const std::int32_t column = 2 * words;
    for (std::int32_t x = 0; x < layer.out_w; ++x, y += layer.out_pixel_step) {
      const Window window(layer, x);
      const std::int32_t multiplier =
          static_cast<const std::int32_t*>(layer.multipliers)[row.divisor * window.divisor];
      const std::uint32_t* from =
          sums + (window.x0 + window.taps.first * layer.dilation_w) * column;
      for (std::int32_t i = 0; i < words; ++i, from += 2)
        write_wide(requantize, multiplier, from, column * layer.dilation_w, window.taps.count(),
                   y + 4 * i);
    }
  }

  // Four channels, sums of 32 bits.
  static void write_wide(const dsp::Requantizer& requantize, std::int32_t multiplier,
                         const std::uint32_t* from, std::int32_t next, std::int32_t taps,
                         std::int8_t* y) noexcept {
    const std::uint32_t low = dsp::pair(1, 0), high = dsp::pair(0, 1);
    std::int32_t sum0 = 0, sum1 = 0, sum2 = 0, sum3 = 0;
    for (; taps > 0; --taps, from += next) {
      const std::uint32_t even = from[0], odd = from[1];
      sum0 = dsp::smlad(even, low, sum0);
      sum1 = dsp::smlad(odd, low, sum1);
      sum2 = dsp::smlad(even, high, sum2);
      sum3 = dsp::smlad(odd, high, sum3);
    }
    y[0] = requantize(sum0, multiplier);
    y[1] = requantize(sum1, multiplier);
    y[2] = requantize(sum2, multiplier);
    y[3] = requantize(sum3, multiplier);
  }

  [[gnu::noinline]] static void write_any(const std::uint32_t* sums, std::int32_t next,
                                          std::int32_t taps, const Rounding& rounding,
                                          std::int8_t* y) noexcept {
    const std::int32_t m = rounding.multiplier, addend = rounding.addend, rest = rounding.rest;
    for (std::int32_t words = rounding.words; words > 0; --words, sums += 2, y += 4) {
      std::uint32_t even = 0, odd = 0;
      const std::uint32_t* from = sums;
      for (std::int32_t k = 0; k < taps; ++k, from += next) {
        even = dsp::sadd16(even, from[0]);
        odd = dsp::sadd16(odd, from[1]);
      }
      y[0] = code(dsp::smlawb(m, even, addend) >> rest);
      y[1] = code(dsp::smlawb(m, odd, addend) >> rest);
      y[2] = code(dsp::smlawt(m, even, addend) >> rest);
      y[3] = code(dsp::smlawt(m, odd, addend) >> rest);
    }
  }
  static std::int8_t code(std::int32_t value) noexcept {
    return static_cast<std::int8_t>(dsp::ssat8(value));
  }

#if defined(__ARM_FEATURE_SIMD32) && !defined(LINNET_PORTABLE_DSP)
  // clang-format off
  // r0 a, r1 b, r2 c, r3 to, lr words, r10 first sum: a pixel of three rows.
  LINNET_ASSEMBLY_FUNCTION static void add_three(
      const std::int8_t* /*a*/, const std::int8_t* /*b*/, const std::int8_t* /*c*/,
      std::uint32_t* /*to*/, std::int32_t /*words*/, std::uint32_t /*first_sum*/) noexcept {
    __asm__(
        "push {r4-r6, r8-r10, lr}\n"
        "ldr lr, [sp, #28]\n"
        "ldr r10, [sp, #32]\n"
        ".p2align 2\n"
        "1:\n"
        "ldr r4, [r0], #4\n"
        "ldr r5, [r1], #4\n"
        "ldr r6, [r2], #4\n"
        "sxtab16 r8, r10, r4\n"
        "sxtab16 r9, r10, r4, ror #8\n"
        "sxtab16 r8, r8, r5\n"
        "sxtab16 r9, r9, r5, ror #8\n"
        "sxtab16 r8, r8, r6\n"
        "subs lr, lr, #1\n"
        "sxtab16 r9, r9, r6, ror #8\n"
        "strd r8, r9, [r3], #8\n"
        "bne 1b\n"
        "pop {r4-r6, r8-r10, pc}\n");
  }

  // r0 a, r1 b, r2 c, r3 y, r10 multiplier, r11 addend, r12 rest, lr words: three columns to a pixel.
  LINNET_ASSEMBLY_FUNCTION static void write_three(
      const std::uint32_t* /*a*/, const std::uint32_t* /*b*/, const std::uint32_t* /*c*/,
      std::int8_t* /*y*/, const Rounding* /*rounding*/) noexcept {
    __asm__(
        "push {r4-r11, lr}\n"
        "ldr r12, [sp, #36]\n"
        "ldm r12, {r10, r11, r12, lr}\n"
        ".p2align 2\n"
        "1:\n"
        "ldrd r6, r7, [r1], #8\n"
        "ldrd r4, r5, [r0], #8\n"
        "sadd16 r4, r4, r6\n"
        "ldrd r8, r9, [r2], #8\n"
        "sadd16 r4, r4, r8\n"
        "sadd16 r5, r5, r7\n"
        "smlawb r6, r10, r4, r11\n"
        "subs lr, lr, #1\n"
        "smlawt r7, r10, r4, r11\n"
        "sadd16 r5, r5, r9\n"
        "asr r6, r6, r12\n"
        "asr r7, r7, r12\n"
        "smlawb r8, r10, r5, r11\n"
        "ssat r6, #8, r6\n"
        "ssat r7, #8, r7\n"
        "smlawt r9, r10, r5, r11\n"
        "asr r8, r8, r12\n"
        "asr r9, r9, r12\n"
        "strb r6, [r3], #4\n"
        "ssat r8, #8, r8\n"
        "strb r7, [r3, #-2]\n"
        "ssat r9, #8, r9\n"
        "strb r8, [r3, #-3]\n"
        "strb r9, [r3, #-1]\n"
        "bne 1b\n"
        "pop {r4-r11, pc}\n");
  }
  // clang-format on
#else
  static void add_three(const std::int8_t* a, const std::int8_t* b, const std::int8_t* c,
                        std::uint32_t* to, std::int32_t words, std::uint32_t first_sum) noexcept {
    for (; words > 0; --words, a += 4, b += 4, c += 4, to += 2) {
      const std::uint32_t wa = dsp::load_word(a), wb = dsp::load_word(b), wc = dsp::load_word(c);
      to[0] = dsp::sxtab16(dsp::sxtab16(dsp::sxtab16(first_sum, wa), wb), wc);
      to[1] = dsp::sxtab16_ror8(dsp::sxtab16_ror8(dsp::sxtab16_ror8(first_sum, wa), wb), wc);
    }
  }
  static void write_three(const std::uint32_t* a, const std::uint32_t* b, const std::uint32_t*,
                          std::int8_t* y, const Rounding* rounding) noexcept {
    write_any(a, static_cast<std::int32_t>(b - a), 3, *rounding, y);
  }
#endif

  static void one_by_one(const Layer& layer, const Row& row) noexcept {
    const dsp::Requantizer requantize(layer.shift, layer.out_zero, layer.lo, layer.hi);
    for (std::int32_t x = 0; x < layer.out_w; ++x) {
      const Window window(layer, x);
      const std::int32_t start = -layer.in_zero * row.taps.count() * window.taps.count();
      const std::int32_t m =
          static_cast<const std::int32_t*>(layer.multipliers)[row.divisor * window.divisor];
      std::int8_t* const y = row.y + x * layer.out_pixel_step;
      for (std::int32_t c = 0; c < layer.channels; ++c) {
        std::int32_t sum = start;
        for (std::int32_t ky = row.taps.first; ky < row.taps.last; ++ky) {
          const std::int8_t* const from = row.tap(ky) + c;
          for (std::int32_t kx = window.taps.first; kx < window.taps.last; ++kx)
            sum += from[(window.x0 + kx * layer.dilation_w) * layer.in_pixel_step];
        }
        y[c] = requantize(sum, m);
      }
    }
  }
};

}  // namespace LINNET_VERSION_NAMESPACE
}  // namespace linnet
