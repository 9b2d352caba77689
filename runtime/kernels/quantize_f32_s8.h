// Float to int8: divide by the scale, round half to even, add the zero point, saturate.
#pragma once

#include "linnet/dsp/float_math.h"
#include "linnet/layers_elementwise.h"

namespace linnet {
inline namespace LINNET_VERSION_NAMESPACE {

struct quantize_f32_s8 {
  using Layer = QuantizeLayer;
  static constexpr const char* name = "quantize_f32_s8";
  static constexpr bool supports(const Layer&) noexcept { return true; }
  static constexpr std::int32_t scratch_bytes(const Layer&) noexcept { return 0; }

  static void run(const Layer& layer, const Io& io, std::int32_t first_row,
                  std::int32_t row_count) noexcept {
    const auto* const scales = static_cast<const float*>(layer.scales);
    const auto* const zeros = static_cast<const std::int32_t*>(layer.zeros);
    for (std::int32_t r = first_row; r < first_row + row_count; ++r) {
      const float* x = io.in[0].row<float>(r);
      std::int8_t* y = io.out.row<std::int8_t>(r);
      if (layer.per_channel == 0) {
        const float scale = scales[0];
        const std::int32_t zero = zeros[0];
        for (std::int32_t left = layer.width * layer.channels; left > 0; --left)
          *y++ = dsp::quantize_f32(*x++, scale, zero);
        continue;
      }
      for (std::int32_t w = 0; w < layer.width; ++w) {
        for (std::int32_t c = 0; c < layer.channels; ++c)
          *y++ = dsp::quantize_f32(*x++, scales[c], zeros[c]);
      }
    }
  }
};

}  // namespace LINNET_VERSION_NAMESPACE
}  // namespace linnet
