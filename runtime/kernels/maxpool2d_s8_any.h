// Max pool of int8 codes, any window: the largest of the rows under it first, then of the columns.
//
//   rows      | a | b | c |  ->  column maxima, a whole row of them in scratch, -128 where it is padded
//   columns   maxima at x, x + 1, x + 2  ->  output x
//
// Both passes are one loop over bytes that lie side by side: four codes of three runs in 9 instructions (three loads, two
// times SSUB8 and SEL, a store) and 10 cycles as llvm-mca models them. A window of 5 by 5 takes two of them for its rows and two for its columns.
#pragma once

#include <cstring>

#include "linnet/dsp/dsp.h"
#include "linnet/kernels/pool_window.h"

#if defined(__ARM_FEATURE_SIMD32) && !defined(LINNET_PORTABLE_DSP)
#define LINNET_POOL_ASSEMBLY 1
#endif

namespace linnet {
inline namespace LINNET_VERSION_NAMESPACE {

struct maxpool2d_s8_any {
  using Layer = Pool2dLayer;
  static constexpr const char* name = "maxpool2d_s8_any";
  static constexpr bool supports(const Layer&) noexcept { return true; }
  static constexpr std::int32_t scratch_bytes(const Layer& layer) noexcept {
    return columns(layer) * layer.channels;
  }

  static void run(const Layer& layer, const Io& io, std::int32_t first_row,
                  std::int32_t row_count) noexcept {
    auto* const maxima = static_cast<std::int8_t*>(static_cast<void*>(io.scratch));
    const std::int32_t c = layer.channels;
    const std::int32_t left = layer.pad_left * c, inside_bytes = layer.in_w * c;
    fill(maxima, left);
    fill(maxima + left + inside_bytes, scratch_bytes(layer) - left - inside_bytes);
    const Runs in_runs(layer.in_w, c, layer.in_pixel_step, c);
    const bool side_by_side = layer.stride_w == 1 && layer.out_pixel_step == c;
    const Runs out_runs = side_by_side
                              ? Runs(layer.out_w, c, c, c)
                              : Runs{layer.out_w, c, layer.stride_w * c, layer.out_pixel_step};
    for (std::int32_t r = first_row; r < first_row + row_count; ++r) {
      const std::int32_t image_row = r / layer.out_h * layer.in_h;
      const std::int32_t y0 = r % layer.out_h * layer.stride_h - layer.pad_top;
      const detail::TapRange rows =
          detail::taps_inside(y0, 0, layer.in_h, layer.kernel_h, layer.dilation_h);
      std::int8_t* const inside = maxima + left;
      const auto row = [&](std::int32_t tap) {
        return io.in[0].row<std::int8_t>(image_row + y0 + tap * layer.dilation_h);
      };
      if (rows.count() == 0) {
        fill(inside, inside_bytes);
      } else {
        largest(in_runs, rows.first, rows.last, row, inside);
      }
      const auto column = [&](std::int32_t tap) { return maxima + tap * layer.dilation_w * c; };
      largest(out_runs, 0, layer.kernel_w, column, io.out.row<std::int8_t>(r));
    }
  }

 private:
  // `count` runs of `bytes`, the sources' and the target's that many bytes apart. Runs that touch are one.
  struct Runs {
    std::int32_t count, bytes, from_step, to_step;

    constexpr Runs(std::int32_t count_, std::int32_t bytes_, std::int32_t from_step_,
                   std::int32_t to_step_) noexcept
        : count(count_), bytes(bytes_), from_step(from_step_), to_step(to_step_) {
      if (from_step == bytes && to_step == bytes) bytes *= count, count = 1;
    }
  };

  static void fill(std::int8_t* to, std::int32_t bytes) noexcept {
    std::memset(to, -128, static_cast<std::size_t>(bytes));
  }

  // Columns of the windows, padding included.
  static constexpr std::int32_t columns(const Layer& layer) noexcept {
    const std::int32_t read =
        (layer.out_w - 1) * layer.stride_w + (layer.kernel_w - 1) * layer.dilation_w + 1;
    return read > layer.pad_left + layer.in_w ? read : layer.pad_left + layer.in_w;
  }

  // to = the largest of source(first), ... source(last - 1).
  template <class Source>
  static void largest(const Runs& runs, std::int32_t first, std::int32_t last, Source source,
                      std::int8_t* to) noexcept {
    const std::int8_t* a = source(first);
    std::int32_t a_step = runs.from_step;
    for (std::int32_t tap = first + 1; tap < last || a != to; tap += 2) {
      const std::int8_t* const b = tap < last ? source(tap) : a;
      const std::int8_t* const c = tap + 1 < last ? source(tap + 1) : b;
      const std::int32_t b_step = tap < last ? runs.from_step : a_step;
      for (std::int32_t i = 0; i < runs.count; ++i) {
        largest_of_three(a + i * a_step, b + i * b_step, c + i * b_step, to + i * runs.to_step,
                         runs.bytes);
      }
      a = to, a_step = runs.to_step;
    }
  }

  [[gnu::noinline]] static void largest_of_three(const std::int8_t* a, const std::int8_t* b,
                                                 const std::int8_t* c, std::int8_t* to,
                                                 std::int32_t count) noexcept {
#ifdef LINNET_POOL_ASSEMBLY
    if (const std::int32_t whole = count / 8 * 8; whole > 0) {
      eight_by_eight(a, b, c, to, whole);
      a += whole, b += whole, c += whole, to += whole, count -= whole;
    }
#endif
    for (; count >= 4; count -= 4, a += 4, b += 4, c += 4, to += 4) {
      const std::uint32_t ab = dsp::max_s8x4(dsp::load_word(a), dsp::load_word(b));
      dsp::store_word(to, dsp::max_s8x4(ab, dsp::load_word(c)));
    }
    for (; count > 0; --count, ++a, ++b, ++c, ++to) {
      const std::int8_t ab = *a > *b ? *a : *b;
      *to = ab > *c ? ab : *c;
    }
  }

#ifdef LINNET_POOL_ASSEMBLY
  // r0 a, r1 b, r2 c, r3 to, lr count: a multiple of 8, at least that.
  // clang-format off
  LINNET_ASSEMBLY_FUNCTION static void eight_by_eight(
      const std::int8_t* /*a*/, const std::int8_t* /*b*/, const std::int8_t* /*c*/,
      std::int8_t* /*to*/, std::int32_t /*count*/) noexcept {
    __asm__(
        "push {r4-r10, lr}\n"
        "ldr lr, [sp, #32]\n"
        ".p2align 2\n"
        "1:\n"
        "ldr r5, [r1], #4\n"
        "ldr r4, [r0], #4\n"
        "ssub8 r7, r4, r5\n"
        "ldr r6, [r2], #4\n"
        "sel r4, r4, r5\n"
        "ldr r8, [r0], #4\n"
        "ssub8 r7, r4, r6\n"
        "sel r4, r4, r6\n"
        "ldr r9, [r1], #4\n"
        "ssub8 r7, r8, r9\n"
        "sel r8, r8, r9\n"
        "ldr r10, [r2], #4\n"
        "ssub8 r7, r8, r10\n"
        "subs lr, lr, #8\n"
        "sel r8, r8, r10\n"
        "str r4, [r3], #4\n"
        "str r8, [r3], #4\n"
        "bne 1b\n"
        "pop {r4-r10, pc}\n");
  }
  // clang-format on
#endif
};

}  // namespace LINNET_VERSION_NAMESPACE
}  // namespace linnet
