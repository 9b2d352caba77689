// Smaller or larger of two int8 tensors that share scale and zero point. Runs in place.
#pragma once

#include "linnet/dsp/dsp.h"
#include "linnet/kernels/binary_rows.h"

namespace linnet {
inline namespace LINNET_VERSION_NAMESPACE {

struct minmax_s8 {
  using Layer = BinaryS8;
  static constexpr const char* name = "minmax_s8";
  static constexpr bool supports(const Layer& layer) noexcept {
    return layer.function == 2 || layer.function == 3;
  }
  static constexpr std::int32_t scratch_bytes(const Layer&) noexcept { return 0; }

  static void run(const Layer& layer, const Io& io, std::int32_t first_row,
                  std::int32_t row_count) noexcept {
    const bool larger = layer.function == 3;
    const auto element = [&layer, larger](std::int8_t a, std::int8_t b) {
      const std::int32_t v = larger ? (a > b ? a : b) : (a < b ? a : b);
      return static_cast<std::int8_t>(v < layer.lo ? layer.lo : v > layer.hi ? layer.hi : v);
    };
    const auto row = [&](const std::int8_t* a, const std::int8_t* b, std::int8_t* y,
                         std::int32_t count) {
      for (std::int32_t i = 0; i < count; ++i) y[i] = element(a[i], b[i]);
    };
    detail::for_each_row<std::int8_t>(layer, io, first_row, row_count, layer.out_pixel_step, row,
                                      element);
  }
};

}  // namespace LINNET_VERSION_NAMESPACE
}  // namespace linnet
