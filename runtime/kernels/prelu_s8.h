// Parametric ReLU in int8: one multiplier for what is positive, a slope's multiplier for what is
// negative. In place.
#pragma once

#include "linnet/dsp/dsp.h"
#include "linnet/layers_elementwise.h"

namespace linnet {
inline namespace LINNET_VERSION_NAMESPACE {

struct prelu_s8 {
  using Layer = PreluS8;
  static constexpr const char* name = "prelu_s8";
  static constexpr bool supports(const Layer&) noexcept { return true; }
  static constexpr std::int32_t scratch_bytes(const Layer&) noexcept { return 0; }

  static void run(const Layer& layer, const Io& io, std::int32_t first_row,
                  std::int32_t row_count) noexcept {
    const auto* const slopes = static_cast<const std::int32_t*>(layer.slopes);
    const dsp::Requantizer requantize(layer.shift, layer.out_zero, -128, 127);
    const bool narrow = layer.shift >= 17 && layer.shift <= 38;
    const std::int32_t rest = layer.shift - 16;
    const std::int32_t addend = narrow ? layer.out_zero * (1 << rest) + (1 << (rest - 1)) : 0;
    const Broadcast broadcast{layer.s_row_divisor, layer.s_row_modulus, layer.s_pixel_step,
                              layer.s_channel_step};
    for (std::int32_t r = first_row; r < first_row + row_count; ++r) {
      const std::int8_t* x = io.in[0].row<std::int8_t>(r);
      std::int8_t* y = io.out.row<std::int8_t>(r);
      const std::int32_t* pixel = slopes + broadcast.row(r) * layer.s_row_elements;
      for (std::int32_t w = 0; w < layer.width; ++w, pixel += broadcast.pixel_step) {
        for (std::int32_t c = 0; c < layer.channels; ++c) {
          const std::int32_t v = *x++ - layer.in_zero;
          const std::int32_t multiplier =
              v >= 0 ? layer.multiplier : pixel[c * broadcast.channel_step];
          // Nine bits by 32: SMLAWB has all that matters of the product.
          *y++ = narrow
                     ? static_cast<std::int8_t>(dsp::ssat8(
                           dsp::smlawb(multiplier, static_cast<std::uint32_t>(v), addend) >> rest))
                     : requantize(v, multiplier);
        }
      }
    }
  }
};

}  // namespace LINNET_VERSION_NAMESPACE
}  // namespace linnet
