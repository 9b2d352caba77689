// 1x1 int8 convolution without padding, and fully connected layers: any channels and strides.
//
// Each pair of output pixels is expanded to 16 bits once and multiplied with all channels
// (conv2d_s8_gemm.h). Pixels are paired across rows, so that a fully connected layer over several
// rows, one pixel each, has pairs as well.
#pragma once

#include "linnet/kernels/conv2d_s8_gemm.h"

namespace linnet {
inline namespace LINNET_VERSION_NAMESPACE {

struct conv2d_s8_1x1 {
  using Layer = Conv2dS8;
  static constexpr const char* name = "conv2d_s8_1x1";
  static constexpr bool folds_input_zero = true;
  static constexpr bool supports(const Layer& layer) noexcept {
    return layer.kernel_h == 1 && layer.kernel_w == 1 && layer.groups == 1 &&
           layer.wide_weights == 0 && layer.pad_top == 0 && layer.pad_left == 0 &&
           (layer.out_h - 1) * layer.stride_h < layer.in_h &&
           (layer.out_w - 1) * layer.stride_w < layer.in_w;
  }
  static constexpr std::int32_t scratch_bytes(const Layer& layer) noexcept {
    return gemm::expanded_bytes(gemm::steps(layer.in_c));
  }
  static constexpr std::int32_t packed_bytes(const Layer& layer) noexcept {
    return (layer.out_c + 1) / 2 * gemm::weight_words(gemm::steps(layer.in_c), false) * 4;
  }
  // `weights` are [out_c, 1, 1, in_c], less their zero point.
  static void pack(const Layer& layer, const std::int16_t* weights, std::byte* packed) noexcept {
    gemm::pack_weights(weights, layer.out_c, layer.in_c, false,
                       static_cast<std::uint32_t*>(static_cast<void*>(packed)));
  }

  static void run(const Layer& layer, const Io& io, std::int32_t first_row,
                  std::int32_t row_count) noexcept {
    const std::int32_t steps = gemm::steps(layer.in_c);
    const gemm::Channels channels(layer, 0, gemm::weight_words(steps, false));
    const dsp::Requantizer requantize(layer.shift, layer.out_zero, layer.lo, layer.hi);
    auto* const x = static_cast<std::uint32_t*>(static_cast<void*>(io.scratch));
    std::int8_t* y[2] = {};
    std::int32_t pixels = 0;
    for (std::int32_t r = first_row; r < first_row + row_count; ++r) {
      const std::int32_t in_row = r / layer.out_h * layer.in_h + r % layer.out_h * layer.stride_h;
      const std::int8_t* from = io.in[0].row<std::int8_t>(in_row);
      std::int8_t* to = io.out.row<std::int8_t>(r);
      for (std::int32_t ox = 0; ox < layer.out_w; ++ox) {
        std::uint32_t* const tail = gemm::expand(x + pixels, from, layer.in_c / 4);
        if (layer.in_c % 4 != 0) {
          gemm::expand_tail(tail, from + layer.in_c / 4 * 4, layer.in_c % 4);
        }
        y[pixels++] = to;
        if (pixels == 2) {
          gemm::write_channels<false, 2>(channels, requantize, x, steps, y);
          pixels = 0;
        }
        from += layer.stride_w * layer.in_pixel_bytes;
        to += layer.out_pixel_bytes;
      }
    }
    if (pixels == 1) gemm::write_channels<false, 1>(channels, requantize, x, steps, y);
  }
};

}  // namespace LINNET_VERSION_NAMESPACE
}  // namespace linnet
