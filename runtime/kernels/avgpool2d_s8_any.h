// Average pool in int8, any window: sums in 32-bit scratch, one accumulator a channel, then one
// rounding with the multiplier of the window's divisor.
#pragma once

#include "linnet/dsp/dsp.h"
#include "linnet/kernels/pool_window.h"

namespace linnet {
inline namespace LINNET_VERSION_NAMESPACE {

struct avgpool2d_s8_any {
  using Layer = Pool2dLayer;
  static constexpr const char* name = "avgpool2d_s8_any";
  static constexpr bool supports(const Layer&) noexcept { return true; }
  static constexpr std::int32_t scratch_bytes(const Layer& layer) noexcept {
    return 4 * layer.channels;
  }

  static void run(const Layer& layer, const Io& io, std::int32_t first_row,
                  std::int32_t row_count) noexcept {
    auto* const sums = static_cast<std::int32_t*>(static_cast<void*>(io.scratch));
    const dsp::Requantizer requantize(layer.shift, layer.out_zero, layer.lo, layer.hi);
    const auto* const multipliers = static_cast<const std::int32_t*>(layer.multipliers);
    for (std::int32_t r = first_row; r < first_row + row_count; ++r) {
      const std::int32_t image_row = r / layer.out_h * layer.in_h;
      std::int8_t* y = io.out.row<std::int8_t>(r);
      for (std::int32_t out_x = 0; out_x < layer.out_w; ++out_x, y += layer.out_pixel_step) {
        const detail::PoolWindow window = detail::pool_window(layer, r % layer.out_h, out_x);
        const std::int32_t start = -layer.in_zero * window.rows.count() * window.columns.count();
        for (std::int32_t c = 0; c < layer.channels; ++c) sums[c] = start;
        for (std::int32_t ky = window.rows.first; ky < window.rows.last; ++ky) {
          const std::int8_t* const row =
              io.in[0].row<std::int8_t>(image_row + window.y0 + ky * layer.dilation_h);
          for (std::int32_t kx = window.columns.first; kx < window.columns.last; ++kx) {
            const std::int8_t* const x =
                row + (window.x0 + kx * layer.dilation_w) * layer.in_pixel_step;
            for (std::int32_t c = 0; c < layer.channels; ++c) sums[c] += x[c];
          }
        }
        const std::int32_t multiplier = multipliers[window.divisor];
        for (std::int32_t c = 0; c < layer.channels; ++c) {
          y[c] = requantize(sums[c], multiplier);
        }
      }
    }
  }
};

}  // namespace LINNET_VERSION_NAMESPACE
}  // namespace linnet
