// int8 to float: scale * (q - zero).
#pragma once

#include "linnet/layers_elementwise.h"

namespace linnet {
inline namespace LINNET_VERSION_NAMESPACE {

struct dequantize_s8_f32 {
  using Layer = QuantizeLayer;
  static constexpr const char* name = "dequantize_s8_f32";
  static constexpr bool supports(const Layer&) noexcept { return true; }
  static constexpr std::int32_t scratch_bytes(const Layer&) noexcept { return 0; }

  static void run(const Layer& layer, const Io& io, std::int32_t first_row,
                  std::int32_t row_count) noexcept {
    const auto* const scales = static_cast<const float*>(layer.scales);
    const auto* const zeros = static_cast<const std::int32_t*>(layer.zeros);
    for (std::int32_t r = first_row; r < first_row + row_count; ++r) {
      const std::int8_t* x = io.in[0].row<std::int8_t>(r);
      float* y = io.out.row<float>(r);
      if (layer.per_channel == 0) {
        const float scale = scales[0];
        const std::int32_t zero = zeros[0];
        for (std::int32_t left = layer.width * layer.channels; left > 0; --left)
          *y++ = scale * static_cast<float>(*x++ - zero);
        continue;
      }
      for (std::int32_t w = 0; w < layer.width; ++w) {
        for (std::int32_t c = 0; c < layer.channels; ++c)
          *y++ = scales[c] * static_cast<float>(*x++ - zeros[c]);
      }
    }
  }
};

}  // namespace LINNET_VERSION_NAMESPACE
}  // namespace linnet
