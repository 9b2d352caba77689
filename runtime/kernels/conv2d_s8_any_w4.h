// int8 convolution with any window, strides, padding, dilation and pitches, without groups, with weights stored in 4 bits
// (conv2d_s8_w4.h). It walks over windows as conv2d_s8_any_paired does.
#pragma once

#include "linnet/kernels/conv2d_s8_any_paired.h"
#include "linnet/kernels/conv2d_s8_w4_core.h"

namespace linnet {
inline namespace LINNET_VERSION_NAMESPACE {

struct conv2d_s8_any_w4 {
  using Layer = Conv2dS8;
  static constexpr const char* name = "conv2d_s8_any_w4";
  static constexpr bool folds_input_zero = true;
  static constexpr bool packs_channels = true;
  static constexpr bool supports(const Layer& layer) noexcept {
    return layer.four_bit != 0 && layer.groups == 1;
  }
  static constexpr std::int32_t scratch_bytes(const Layer& layer) noexcept {
    return conv2d_s8_any_paired::scratch_bytes_with(layer, w4::Writer::bytes(layer));
  }
  static constexpr std::int32_t packed_bytes(const Layer& layer) noexcept {
    return w4::packed_bytes(layer.out_c, paired::runs(layer).steps());
  }
  static void pack(const Layer& layer, const std::int16_t* weights, const std::int32_t* bias,
                   const std::int32_t* multiplier, std::byte* packed) noexcept {
    w4::pack(paired::runs(layer), layer.out_c, weights, bias, multiplier, packed);
  }
  static void run(const Layer& layer, const Io& io, std::int32_t first_row,
                  std::int32_t row_count) noexcept {
    conv2d_s8_any_paired::run_with<w4::Writer>(layer, io, first_row, row_count);
  }
};

}  // namespace LINNET_VERSION_NAMESPACE
}  // namespace linnet
