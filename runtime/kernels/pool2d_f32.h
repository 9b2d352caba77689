// Max and average pool in float: sums and maxima run over the window row by row in the output's own
// place. maxpool2d_f32_any and avgpool2d_f32_any use it.
#pragma once

#include "linnet/kernels/pool_window.h"

namespace linnet {
inline namespace LINNET_VERSION_NAMESPACE {

namespace detail {

// combine(y, x) folds a tap into y[c]; the first tap is copied. finish(value, divisor) makes the
// result; a window with no tap gives `empty`.
template <class Combine, class Finish>
void pool2d_f32(const Pool2dLayer& layer, const Io& io, std::int32_t first_row,
                std::int32_t row_count, float empty, Combine combine, Finish finish) noexcept {
  for (std::int32_t r = first_row; r < first_row + row_count; ++r) {
    const std::int32_t image_row = r / layer.out_h * layer.in_h;
    float* y = io.out.row<float>(r);
    for (std::int32_t out_x = 0; out_x < layer.out_w; ++out_x, y += layer.channels) {
      const PoolWindow window = pool_window(layer, r % layer.out_h, out_x);
      bool first = true;
      for (std::int32_t c = 0; c < layer.channels; ++c) y[c] = empty;
      for (std::int32_t ky = window.rows.first; ky < window.rows.last; ++ky) {
        const float* const row = io.in[0].row<float>(image_row + window.y0 + ky * layer.dilation_h);
        for (std::int32_t kx = window.columns.first; kx < window.columns.last; ++kx) {
          const float* const x = row + (window.x0 + kx * layer.dilation_w) * layer.channels;
          for (std::int32_t c = 0; c < layer.channels; ++c)
            y[c] = first ? x[c] : combine(y[c], x[c]);
          first = false;
        }
      }
      for (std::int32_t c = 0; c < layer.channels; ++c) y[c] = finish(y[c], window.divisor);
    }
  }
}

}  // namespace detail

}  // namespace LINNET_VERSION_NAMESPACE
}  // namespace linnet
