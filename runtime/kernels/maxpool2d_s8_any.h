// Max pool of int8 codes, any window, four channels at a time with the core's byte compare where it
// has one.
#pragma once

#include "linnet/dsp/dsp.h"
#include "linnet/kernels/pool_window.h"

namespace linnet {
inline namespace LINNET_VERSION_NAMESPACE {

struct maxpool2d_s8_any {
  using Layer = Pool2dLayer;
  static constexpr const char* name = "maxpool2d_s8_any";
  static constexpr bool supports(const Layer&) noexcept { return true; }
  static constexpr std::int32_t scratch_bytes(const Layer&) noexcept { return 0; }

  static void run(const Layer& layer, const Io& io, std::int32_t first_row,
                  std::int32_t row_count) noexcept {
    for (std::int32_t r = first_row; r < first_row + row_count; ++r) {
      const std::int32_t image_row = r / layer.out_h * layer.in_h;
      std::int8_t* y = io.out.row<std::int8_t>(r);
      for (std::int32_t out_x = 0; out_x < layer.out_w; ++out_x, y += layer.out_pixel_step) {
        const detail::PoolWindow window = detail::pool_window(layer, r % layer.out_h, out_x);
        for (std::int32_t c = 0; c < layer.channels; ++c) y[c] = -128;
        for (std::int32_t ky = window.rows.first; ky < window.rows.last; ++ky) {
          const std::int8_t* const row =
              io.in[0].row<std::int8_t>(image_row + window.y0 + ky * layer.dilation_h);
          for (std::int32_t kx = window.columns.first; kx < window.columns.last; ++kx) {
            accumulate(row + (window.x0 + kx * layer.dilation_w) * layer.in_pixel_step, y,
                       layer.channels);
          }
        }
      }
    }
  }

 private:
  static void accumulate(const std::int8_t* x, std::int8_t* y, std::int32_t count) noexcept {
    for (; count >= 4; count -= 4, x += 4, y += 4) {
      dsp::store_word(y, dsp::max_s8x4(dsp::load_word(x), dsp::load_word(y)));
    }
    for (; count > 0; --count, ++x, ++y) *y = *x > *y ? *x : *y;
  }
};

}  // namespace LINNET_VERSION_NAMESPACE
}  // namespace linnet
