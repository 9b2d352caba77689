// int8 transposed convolution of any shape, for weights that fit int8.
#pragma once

#include "linnet/kernels/conv_transpose2d_s8_gather.h"

namespace linnet {
inline namespace LINNET_VERSION_NAMESPACE {

struct conv_transpose2d_s8_any {
  using Layer = Conv2dS8;
  using Body = detail::GatherTransposed<false>;
  static constexpr const char* name = "conv_transpose2d_s8_any";
  static constexpr bool folds_input_zero = false;
  static constexpr bool supports(const Layer& layer) noexcept { return layer.wide_weights == 0; }
  static constexpr std::int32_t scratch_bytes(const Layer& layer) noexcept {
    return Body::scratch_bytes(layer);
  }
  static constexpr std::int32_t packed_bytes(const Layer& layer) noexcept {
    return Body::packed_bytes(layer);
  }
  // `weights` are [out_c, kernel_h, kernel_w, in_c / groups], less their zero point.
  static void pack(const Layer& layer, const std::int16_t* weights, std::byte* packed) noexcept {
    Body::pack(layer, weights, packed);
  }
  static void run(const Layer& layer, const Io& io, std::int32_t first_row,
                  std::int32_t row_count) noexcept {
    Body::run(layer, io, first_row, row_count);
  }
};

}  // namespace LINNET_VERSION_NAMESPACE
}  // namespace linnet
