// Average pool in float, any window.
#pragma once

#include "linnet/kernels/pool2d_f32.h"

namespace linnet {
inline namespace LINNET_VERSION_NAMESPACE {

struct avgpool2d_f32_any {
  using Layer = Pool2dLayer;
  static constexpr const char* name = "avgpool2d_f32_any";
  static constexpr bool supports(const Layer&) noexcept { return true; }
  static constexpr std::int32_t scratch_bytes(const Layer&) noexcept { return 0; }
  static void run(const Layer& layer, const Io& io, std::int32_t first_row,
                  std::int32_t row_count) noexcept {
    detail::pool2d_f32(
        layer, io, first_row, row_count, 0.0f, [](float y, float x) { return y + x; },
        [](float value, std::int32_t divisor) {
          return divisor > 0 ? value / static_cast<float>(divisor) : 0.0f;
        });
  }
};

}  // namespace LINNET_VERSION_NAMESPACE
}  // namespace linnet
