// Depthwise float convolution of any shape: each tap adds to all channels of the output pixel, in
// the output row itself.
//
// The order of the sums is the definition's (bias, then ky, kx); the inner loop over channels has
// no dependences.
#pragma once

#include "linnet/kernels/conv2d_f32_sums.h"

namespace linnet {
inline namespace LINNET_VERSION_NAMESPACE {

struct dwconv2d_f32_any {
  using Layer = Conv2dF32;
  static constexpr const char* name = "dwconv2d_f32_any";
  static constexpr bool supports(const Layer& layer) noexcept { return layer.depthwise(); }
  static constexpr std::int32_t scratch_bytes(const Layer&) noexcept { return 0; }

  static void run(const Layer& layer, const Io& io, std::int32_t first_row,
                  std::int32_t row_count) noexcept {
    const detail::FloatWeights w(layer, io);
    for (std::int32_t r = first_row; r < first_row + row_count; ++r) {
      const std::int32_t image_row = r / layer.out_h * layer.in_h;
      const std::int32_t y0 = r % layer.out_h * layer.stride_h - layer.pad_top;
      float* y = io.out.row<float>(r);
      for (std::int32_t ox = 0; ox < layer.out_w; ++ox, y += layer.out_pixel_elements) {
        const std::int32_t x0 = ox * layer.stride_w - layer.pad_left;
        for (std::int32_t o = 0; o < layer.out_c; ++o) y[o] = w.bias_of(o);
        for (std::int32_t ky = 0; ky < layer.kernel_h; ++ky) {
          const std::int32_t iy = y0 + ky * layer.dilation_h;
          if (iy < 0 || iy >= layer.in_h) continue;
          const float* const row = io.in[0].row<float>(image_row + iy);
          for (std::int32_t kx = 0; kx < layer.kernel_w; ++kx) {
            const std::int32_t ix = x0 + kx * layer.dilation_w;
            if (ix < 0 || ix >= layer.in_w) continue;
            add_tap(layer, row + ix * layer.in_c, w.weights + ky * layer.kernel_w + kx, y);
          }
        }
        for (std::int32_t o = 0; o < layer.out_c; ++o) y[o] = detail::clamp(layer, y[o]);
      }
    }
  }

 private:
  static void add_tap(const Layer& layer, const float* x, const float* w, float* y) noexcept {
    const std::int32_t taps = layer.kernel_h * layer.kernel_w;
    const std::int32_t multiplier = layer.group_out();
    for (std::int32_t c = 0; c < layer.in_c; ++c) {
      for (std::int32_t i = 0; i < multiplier; ++i, ++y, w += taps) {
        *y = *y + dsp::mul_f32(x[c], *w);
      }
    }
  }
};

}  // namespace LINNET_VERSION_NAMESPACE
}  // namespace linnet
