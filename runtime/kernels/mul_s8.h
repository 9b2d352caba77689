// Product of two int8 tensors, tensor by tensor or by a gate or vector of channels, four elements a word. Runs in place.
//
//   words a3 a2 a1 a0, b3 b2 b1 b0     SXTAB16 and SXTAB16 ROR #8 take the zero points off: pairs (a0,a2) (a1,a3) ...
//   code + 128                         SMULBB or SMULTT, SMMLA, ASR; PKHBT and USAT16 for two; ORR, EOR for four
//
// 25 instructions for four elements. A shift below 33 (a scale above 1/4) goes element by element.
#pragma once

#include "linnet/kernels/binary_rows.h"
#include "linnet/kernels/clamp_codes.h"

namespace linnet {
inline namespace LINNET_VERSION_NAMESPACE {

struct mul_s8 {
  using Layer = BinaryS8;
  static constexpr const char* name = "mul_s8";
  static constexpr bool supports(const Layer& layer) noexcept { return layer.function == 1; }
  static constexpr std::int32_t scratch_bytes(const Layer&) noexcept { return 0; }

  static void run(const Layer& layer, const Io& io, std::int32_t first_row,
                  std::int32_t row_count) noexcept {
    const dsp::Requantizer requantize(layer.shift, layer.out_zero + 128, layer.lo, layer.hi);
    if (layer.shift < 33) return run_any(layer, io, first_row, row_count);
    const std::uint32_t minus_a = dsp::pair(-layer.a_zero, -layer.a_zero);
    const std::uint32_t minus_b = dsp::pair(-layer.b_zero, -layer.b_zero);
    const std::int32_t m = layer.multiplier_a, addend = requantize.addend, rest = requantize.rest;
    detail::for_each_word_row(
        layer, io, first_row, row_count,
        [&](const std::int8_t* a, const std::int8_t* b, std::int8_t* y, std::int32_t count,
            std::int32_t a_step, std::int32_t b_step) {
          detail::for_each_word(
              a, b, y, count, a_step, b_step, [=](std::uint32_t wa, std::uint32_t wb) {
                const std::uint32_t a02 = dsp::sxtab16(minus_a, wa);
                const std::uint32_t a13 = dsp::sxtab16_ror8(minus_a, wa);
                const std::uint32_t b02 = dsp::sxtab16(minus_b, wb);
                const std::uint32_t b13 = dsp::sxtab16_ror8(minus_b, wb);
                const std::int32_t v0 = dsp::smmla(dsp::smulbb(a02, b02), m, addend) >> rest;
                const std::int32_t v1 = dsp::smmla(dsp::smulbb(a13, b13), m, addend) >> rest;
                const std::int32_t v2 = dsp::smmla(dsp::smultt(a02, b02), m, addend) >> rest;
                const std::int32_t v3 = dsp::smmla(dsp::smultt(a13, b13), m, addend) >> rest;
                return detail::word_of_codes(dsp::usat16_8(detail::low_halves(v0, v2)),
                                             dsp::usat16_8(detail::low_halves(v1, v3)));
              });
          detail::clamp_codes(y, 1, count, 0, layer.lo, layer.hi);
        });
  }

 private:
  static void run_any(const Layer& layer, const Io& io, std::int32_t first_row,
                      std::int32_t row_count) noexcept {
    const dsp::Requantizer requantize(layer.shift, layer.out_zero, layer.lo, layer.hi);
    const auto element = [&](std::int8_t a, std::int8_t b) {
      const std::int32_t product = (a - layer.a_zero) * (b - layer.b_zero);
      return requantize.general(product, layer.multiplier_a);
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
