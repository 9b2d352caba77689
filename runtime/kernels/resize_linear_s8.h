// Linear resize of H and W in int8: four neighbours with weights in 1/1024, one rounding. See
// docs/quantization.md section 6.
#pragma once

#include "linnet/layers_shape.h"

namespace linnet {
inline namespace LINNET_VERSION_NAMESPACE {

struct resize_linear_s8 {
  using Layer = ResizeLayer;
  static constexpr const char* name = "resize_linear_s8";
  static constexpr bool supports(const Layer& layer) noexcept { return layer.element_bytes == 1; }
  static constexpr std::int32_t scratch_bytes(const Layer&) noexcept { return 0; }

  static void run(const Layer& layer, const Io& io, std::int32_t first_row,
                  std::int32_t row_count) noexcept {
    struct Tap {
      std::int32_t i0, i1, w1;
    };
    const auto* const rows = static_cast<const Tap*>(layer.rows);
    const auto* const columns = static_cast<const Tap*>(layer.columns);
    for (std::int32_t r = first_row; r < first_row + row_count; ++r) {
      const Tap& v = rows[r % layer.out_h];
      const std::int32_t image = r / layer.out_h * layer.in_h;
      std::int8_t* y = io.out.row<std::int8_t>(r);
      for (std::int32_t i = 0; i < layer.out_w; ++i, y += layer.channels) {
        const Tap& h = columns[i];
        if (v.i0 < 0 || h.i0 < 0) {
          for (std::int32_t c = 0; c < layer.channels; ++c)
            y[c] = static_cast<std::int8_t>(layer.outside_bits);
          continue;
        }
        const std::int8_t* const top = io.in[0].row<std::int8_t>(image + v.i0);
        const std::int8_t* const bottom = io.in[0].row<std::int8_t>(image + v.i1);
        const std::int32_t left = h.i0 * layer.channels, right = h.i1 * layer.channels;
        const std::int32_t w00 = (1024 - v.w1) * (1024 - h.w1), w01 = (1024 - v.w1) * h.w1;
        const std::int32_t w10 = v.w1 * (1024 - h.w1), w11 = v.w1 * h.w1;
        for (std::int32_t c = 0; c < layer.channels; ++c) {
          const std::int32_t sum = w00 * top[left + c] + w01 * top[right + c] +
                                   w10 * bottom[left + c] + w11 * bottom[right + c];
          y[c] = static_cast<std::int8_t>((sum + (1 << 19)) >>
                                          20);  // a mean of codes: stays within them
        }
      }
    }
  }
};

}  // namespace LINNET_VERSION_NAMESPACE
}  // namespace linnet
