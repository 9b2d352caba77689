// Max pool in float, any window.
#pragma once

#include "linnet/kernels/pool2d_f32.h"

namespace linnet {
inline namespace LINNET_VERSION_NAMESPACE {

struct maxpool2d_f32_any {
  using Layer = Pool2dLayer;
  static constexpr const char* name = "maxpool2d_f32_any";
  static constexpr bool supports(const Layer&) noexcept { return true; }
  static constexpr std::int32_t scratch_bytes(const Layer&) noexcept { return 0; }
  static void run(const Layer& layer, const Io& io, std::int32_t first_row,
                  std::int32_t row_count) noexcept {
    detail::pool2d_f32(
        layer, io, first_row, row_count, -3.402823466e38f,
        [](float y, float x) { return x > y ? x : y; },
        [](float value, std::int32_t) { return value; });
  }
};

}  // namespace LINNET_VERSION_NAMESPACE
}  // namespace linnet
