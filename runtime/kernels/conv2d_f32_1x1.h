// 1x1 float convolution without padding, and fully connected layers. Four pixels by four output channels at a time
// (conv2d_f32_sums.h), and what is left of a row pixel by pixel.
#pragma once

#include "linnet/kernels/conv2d_f32_sums.h"

namespace linnet {
inline namespace LINNET_VERSION_NAMESPACE {

struct conv2d_f32_1x1 {
  using Layer = Conv2dF32;
  static constexpr const char* name = "conv2d_f32_1x1";
  static constexpr bool supports(const Layer& layer) noexcept {
    return layer.kernel_h == 1 && layer.kernel_w == 1 && layer.groups == 1 && layer.pad_top == 0 &&
           layer.pad_left == 0 && (layer.out_h - 1) * layer.stride_h < layer.in_h &&
           (layer.out_w - 1) * layer.stride_w < layer.in_w;
  }
  static constexpr std::int32_t scratch_bytes(const Layer&) noexcept { return 0; }

  static void run(const Layer& layer, const Io& io, std::int32_t first_row,
                  std::int32_t row_count) noexcept {
    const detail::FloatChannels channels(layer, detail::FloatWeights(layer, io), 0, layer.in_c);
    const std::int32_t in_step = layer.stride_w * layer.in_c;
    for (std::int32_t r = first_row; r < first_row + row_count; ++r) {
      const std::int32_t in_row = r / layer.out_h * layer.in_h + r % layer.out_h * layer.stride_h;
      const float* x = io.in[0].row<float>(in_row);
      float* y = io.out.row<float>(r);
      const auto all_channels = [&](const auto& visit) { visit(x, 0, layer.in_c); };
      std::int32_t left = layer.out_w;
      for (; left >= detail::kFloatBlock; left -= detail::kFloatBlock) {
        detail::write_channels_of_four(layer, channels, in_step, y, all_channels);
        x += detail::kFloatBlock * in_step;
        y += detail::kFloatBlock * layer.out_pixel_elements;
      }
      for (; left > 0; --left) {
        detail::write_channels(layer, channels, y, all_channels);
        x += in_step;
        y += layer.out_pixel_elements;
      }
    }
  }
};

}  // namespace LINNET_VERSION_NAMESPACE
}  // namespace linnet
