// Float transposed convolution of any shape: each output pixel gathers the taps that reach it, in
// the order (ky, kx, c). conv_transpose2d_s8_gather.h says which taps these are.
#pragma once

#include "linnet/kernels/conv2d_f32_sums.h"

namespace linnet {
inline namespace LINNET_VERSION_NAMESPACE {

struct conv_transpose2d_f32_any {
  using Layer = Conv2dF32;
  static constexpr const char* name = "conv_transpose2d_f32_any";
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
          const detail::FloatChannels channels(layer, weights, group, depth);
          detail::write_channels(layer, channels, y, [&](const auto& visit) {
            for_each_tap(layer, io.in[0], r, ox, group, visit);
          });
        }
      }
    }
  }

 private:
  static std::int32_t source(std::int32_t o, std::int32_t pad, std::int32_t tap,
                             std::int32_t stride, std::int32_t size) noexcept {
    const std::int32_t distance = o + pad - tap;
    if (distance < 0 || distance % stride != 0 || distance / stride >= size) return -1;
    return distance / stride;
  }

  template <class Visit>
  static void for_each_tap(const Layer& layer, const RowsIn& in, std::int32_t out_row,
                           std::int32_t out_x, std::int32_t group, const Visit& visit) noexcept {
    const std::int32_t image_row = out_row / layer.out_h * layer.in_h;
    for (std::int32_t ky = 0; ky < layer.kernel_h; ++ky) {
      const std::int32_t iy = source(out_row % layer.out_h, layer.pad_top, ky * layer.dilation_h,
                                     layer.stride_h, layer.in_h);
      if (iy < 0) continue;
      const float* const row = in.row<float>(image_row + iy) + group * layer.group_in();
      for (std::int32_t kx = 0; kx < layer.kernel_w; ++kx) {
        const std::int32_t ix =
            source(out_x, layer.pad_left, kx * layer.dilation_w, layer.stride_w, layer.in_w);
        if (ix < 0) continue;
        visit(row + ix * layer.in_c, (ky * layer.kernel_w + kx) * layer.group_in(),
              layer.group_in());
      }
    }
  }
};

}  // namespace LINNET_VERSION_NAMESPACE
}  // namespace linnet
