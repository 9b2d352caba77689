// Sum or difference of two int8 tensors with their own scales, four elements a word. Runs in place.
//
// Two 16-bit multipliers in one register, zero points and rounding in the value that a sum starts from:
//
//   words a3 a2 a1 a0, b3 b2 b1 b0     SXTB16, SXTB16 ROR #8 -> pairs (a0,a2) (a1,a3) (b0,b2) (b1,b3)
//   sum0 = start + a0 * ma + b0 * mb   SMLABB, SMLABT (elements 1 and 3: SMLATB, SMLATT)
//   code + 128                         ASR; PKHBT and USAT16 for two; ORR, EOR for four
//
// 25 instructions for four elements. It needs a shift of at least 10, so that shifted sums fit 16 bits; a smaller one
// (a scale 32 times the output's) goes element by element.
#pragma once

#include "linnet/kernels/binary_rows.h"
#include "linnet/kernels/clamp_codes.h"

namespace linnet {
inline namespace LINNET_VERSION_NAMESPACE {

struct add_s8 {
  using Layer = BinaryS8;
  static constexpr const char* name = "add_s8";
  static constexpr bool supports(const Layer& layer) noexcept { return layer.function == 0; }
  static constexpr std::int32_t scratch_bytes(const Layer&) noexcept { return 0; }

  static void run(const Layer& layer, const Io& io, std::int32_t first_row,
                  std::int32_t row_count) noexcept {
    if (layer.shift < 10) return run_any(layer, io, first_row, row_count);
    const std::int32_t start = start_of(layer) + ((layer.out_zero + 128) << layer.shift);
    const std::uint32_t m = dsp::pair(layer.multiplier_a, layer.multiplier_b);
    const std::int32_t shift = layer.shift;
    detail::for_each_word_row(
        layer, io, first_row, row_count,
        [&](const std::int8_t* a, const std::int8_t* b, std::int8_t* y, std::int32_t count,
            std::int32_t a_step, std::int32_t b_step) {
          detail::for_each_word(
              a, b, y, count, a_step, b_step, [=](std::uint32_t wa, std::uint32_t wb) {
                const std::uint32_t a02 = dsp::sxtb16(wa), a13 = dsp::sxtb16_ror8(wa);
                const std::uint32_t b02 = dsp::sxtb16(wb), b13 = dsp::sxtb16_ror8(wb);
                const std::int32_t s0 = dsp::smlabt(b02, m, dsp::smlabb(a02, m, start)) >> shift;
                const std::int32_t s1 = dsp::smlabt(b13, m, dsp::smlabb(a13, m, start)) >> shift;
                const std::int32_t s2 = dsp::smlatt(b02, m, dsp::smlatb(a02, m, start)) >> shift;
                const std::int32_t s3 = dsp::smlatt(b13, m, dsp::smlatb(a13, m, start)) >> shift;
                return detail::word_of_codes(dsp::usat16_8(detail::low_halves(s0, s2)),
                                             dsp::usat16_8(detail::low_halves(s1, s3)));
              });
          detail::clamp_codes(y, 1, count, 0, layer.lo, layer.hi);
        });
  }

 private:
  static std::int32_t start_of(const Layer& layer) noexcept {
    const std::int32_t half = layer.shift > 0 ? 1 << (layer.shift - 1) : 0;
    return half - layer.a_zero * layer.multiplier_a - layer.b_zero * layer.multiplier_b;
  }

  static void run_any(const Layer& layer, const Io& io, std::int32_t first_row,
                      std::int32_t row_count) noexcept {
    const std::int32_t start = start_of(layer);
    const auto element = [&](std::int8_t a, std::int8_t b) {
      const std::int32_t sum = a * layer.multiplier_a + b * layer.multiplier_b + start;
      const std::int32_t v = (sum >> layer.shift) + layer.out_zero;
      return static_cast<std::int8_t>(v < layer.lo ? layer.lo : v > layer.hi ? layer.hi : v);
    };
    const auto row = [&](const std::int8_t* a, const std::int8_t* b, std::int8_t* y,
                         std::int32_t count) {
      for (std::int32_t i = 0; i < count; ++i) y[i] = element(a[i], b[i]);
    };
    detail::for_each_row<std::int8_t>(layer, io, first_row, row_count, layer.out_pixel_step, row,
                                      element);
  }
};

}  // namespace LINNET_VERSION_NAMESPACE
}  // namespace linnet
