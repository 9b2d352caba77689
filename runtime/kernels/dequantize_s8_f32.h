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
      for (std::int32_t w = 0; w < layer.width; ++w) {
        for (std::int32_t c = 0; c < layer.channels; ++c) {
          const std::int32_t k = layer.per_channel != 0 ? c : 0;
          *y++ = scales[k] * static_cast<float>(*x++ - zeros[k]);
        }
      }
    }
  }
};

}  // namespace LINNET_VERSION_NAMESPACE
}  // namespace linnet
