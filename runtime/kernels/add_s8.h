// Sum or difference of two int8 tensors with their own scales: two 16-bit multipliers in one
// register make it one SMLAD and one SSAT an element. Runs in place.
#pragma once

#include "linnet/dsp/dsp.h"
#include "linnet/kernels/binary_rows.h"

namespace linnet {
inline namespace LINNET_VERSION_NAMESPACE {

struct add_s8 {
  using Layer = BinaryS8;
  static constexpr const char* name = "add_s8";
  static constexpr bool supports(const Layer& layer) noexcept { return layer.function == 0; }
  static constexpr std::int32_t scratch_bytes(const Layer&) noexcept { return 0; }

  static void run(const Layer& layer, const Io& io, std::int32_t first_row,
                  std::int32_t row_count) noexcept {
    const std::int32_t half = layer.shift > 0 ? 1 << (layer.shift - 1) : 0;
    const std::int32_t start =
        half - layer.a_zero * layer.multiplier_a - layer.b_zero * layer.multiplier_b;
    const std::uint32_t multipliers = static_cast<std::uint32_t>(layer.multiplier_a & 0xffff) |
                                      static_cast<std::uint32_t>(layer.multiplier_b) << 16;
    const auto finish = [&layer](std::int32_t sum) {
      const std::int32_t v = (sum >> layer.shift) + layer.out_zero;
      return static_cast<std::int8_t>(v < layer.lo ? layer.lo : v > layer.hi ? layer.hi : v);
    };
    const auto element = [&](std::int8_t a, std::int8_t b) {
      return finish(a * layer.multiplier_a + b * layer.multiplier_b + start);
    };
    const auto row = [&](const std::int8_t* a, const std::int8_t* b, std::int8_t* y,
                         std::int32_t count) {
      for (; count >= 4; count -= 4, a += 4, b += 4, y += 4) {
        const std::uint32_t wa = dsp::load_word(a), wb = dsp::load_word(b);
        const std::uint32_t a02 = dsp::sxtb16(wa), a13 = dsp::sxtb16_ror8(wa);
        const std::uint32_t b02 = dsp::sxtb16(wb), b13 = dsp::sxtb16_ror8(wb);
        y[0] = finish(dsp::smlad(dsp::pkhbt(a02, b02), multipliers, start));
        y[1] = finish(dsp::smlad(dsp::pkhbt(a13, b13), multipliers, start));
        y[2] = finish(dsp::smlad(dsp::pkhtb(b02, a02), multipliers, start));
        y[3] = finish(dsp::smlad(dsp::pkhtb(b13, a13), multipliers, start));
      }
      for (; count > 0; --count) *y++ = element(*a++, *b++);
    };
    detail::for_each_row<std::int8_t>(layer, io, first_row, row_count, layer.out_pixel_step, row,
                                      element);
  }
};

}  // namespace LINNET_VERSION_NAMESPACE
}  // namespace linnet
