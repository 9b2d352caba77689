// Float convolution with any window, strides, padding, dilation and groups; weights may be computed
// (an operand).
//
// In NHWC the taps of a kernel row that lie inside the image are one run of inputs and one run of
// weights, unless dilation or groups part them; four output channels are summed at a time over
// these runs.
#pragma once

#include "linnet/kernels/conv2d_f32_sums.h"

namespace linnet {
inline namespace LINNET_VERSION_NAMESPACE {

struct conv2d_f32_any {
  using Layer = Conv2dF32;
  static constexpr const char* name = "conv2d_f32_any";
  static constexpr bool supports(const Layer&) noexcept { return true; }
  static constexpr std::int32_t scratch_bytes(const Layer&) noexcept { return 0; }

  static void run(const Layer& layer, const Io& io, std::int32_t first_row,
                  std::int32_t row_count) noexcept {
    const detail::FloatWeights weights(layer, io);
    const std::int32_t depth = layer.kernel_h * layer.kernel_w * layer.group_in();
    for (std::int32_t r = first_row; r < first_row + row_count; ++r) {
      float* y = io.out.row<float>(r);
      for (std::int32_t ox = 0; ox < layer.out_w; ++ox, y += layer.out_pixel_elements) {
        for (std::int32_t group = 0; group < layer.groups; ++group) {
          detail::write_channels(layer, weights, group, depth, y, [&](const auto& visit) {
            for_each_run(layer, io.in[0], r, ox, group, visit);
          });
        }
      }
    }
  }

 private:
  template <class Visit>
  static void for_each_run(const Layer& layer, const RowsIn& in, std::int32_t out_row,
                           std::int32_t out_x, std::int32_t group, const Visit& visit) noexcept {
    const std::int32_t image_row = out_row / layer.out_h * layer.in_h;
    const std::int32_t y0 = out_row % layer.out_h * layer.stride_h - layer.pad_top;
    const std::int32_t x0 = out_x * layer.stride_w - layer.pad_left;
    const bool joined = layer.groups == 1 && layer.dilation_w == 1;
    for (std::int32_t ky = 0; ky < layer.kernel_h; ++ky) {
      const std::int32_t iy = y0 + ky * layer.dilation_h;
      if (iy < 0 || iy >= layer.in_h) continue;
      const float* const row = in.row<float>(image_row + iy) + group * layer.group_in();
      const std::int32_t weight = ky * layer.kernel_w * layer.group_in();
      if (joined) {
        const std::int32_t first = x0 < 0 ? -x0 : 0;
        const std::int32_t last =
            layer.in_w - x0 < layer.kernel_w ? layer.in_w - x0 : layer.kernel_w;
        if (first >= last) continue;
        visit(row + (x0 + first) * layer.in_c, weight + first * layer.in_c,
              (last - first) * layer.in_c);
        continue;
      }
      for (std::int32_t kx = 0; kx < layer.kernel_w; ++kx) {
        const std::int32_t ix = x0 + kx * layer.dilation_w;
        if (ix < 0 || ix >= layer.in_w) continue;
        visit(row + ix * layer.in_c, weight + kx * layer.group_in(), layer.group_in());
      }
    }
  }
};

}  // namespace LINNET_VERSION_NAMESPACE
}  // namespace linnet
