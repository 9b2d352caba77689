// Float convolution with any window, strides, padding, dilation and groups; weights may be computed (an operand).
//
// In NHWC the taps of a kernel row that lie inside the image are one run of inputs and one run of weights, unless dilation
// or groups part them. Four pixels by four output channels are summed at a time over these runs (conv2d_f32_sums.h) where
// the windows of all four lie inside the row, since their runs are then the same but for where they begin:
//
//     in   | x x[x x x]x x x ...     3x3, stride 1: windows of four pixels
//          | x x x[x x x]x x ...
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
      for (std::int32_t group = 0; group < layer.groups; ++group) {
        const detail::FloatChannels channels(layer, weights, group, depth);
        write_row(layer, channels, io, r, group);
      }
    }
  }

 private:
  static void write_row(const Layer& layer, const detail::FloatChannels& channels, const Io& io,
                        std::int32_t row, std::int32_t group) noexcept {
    // Pixels [first, end) have their windows inside the row.
    const std::int32_t reach = (layer.kernel_w - 1) * layer.dilation_w;
    const std::int32_t first = (layer.pad_left + layer.stride_w - 1) / layer.stride_w;
    const std::int32_t room = layer.in_w - 1 - reach + layer.pad_left;
    const std::int32_t end = room < 0 ? 0 : room / layer.stride_w + 1;
    float* const y = io.out.row<float>(row);
    for (std::int32_t ox = 0; ox < layer.out_w;) {
      const auto runs = [&](const auto& visit) {
        for_each_run(layer, io.in[0], row, ox, group, visit);
      };
      float* const pixel = y + ox * layer.out_pixel_elements;
      const bool inside = ox >= first && ox + detail::kFloatBlock <= end;
      if (inside && ox + detail::kFloatBlock <= layer.out_w) {
        detail::write_channels_of_four(layer, channels, layer.stride_w * layer.in_c, pixel, runs);
        ox += detail::kFloatBlock;
      } else {
        detail::write_channels(layer, channels, pixel, runs);
        ++ox;
      }
    }
  }

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
