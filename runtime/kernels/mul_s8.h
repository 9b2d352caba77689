// Product of two int8 tensors, tensor by tensor or by a gate or vector of channels. Runs in place.
#pragma once

#include "linnet/dsp/dsp.h"
#include "linnet/kernels/binary_rows.h"

namespace linnet {
inline namespace LINNET_VERSION_NAMESPACE {

struct mul_s8 {
  using Layer = BinaryS8;
  static constexpr const char* name = "mul_s8";
  static constexpr bool supports(const Layer& layer) noexcept { return layer.function == 1; }
  static constexpr std::int32_t scratch_bytes(const Layer&) noexcept { return 0; }

  static void run(const Layer& layer, const Io& io, std::int32_t first_row,
                  std::int32_t row_count) noexcept {
    const dsp::Requantizer requantize(layer.shift, layer.out_zero, layer.lo, layer.hi);
    const auto element = [&](std::int8_t a, std::int8_t b) {
      const std::int32_t product = (a - layer.a_zero) * (b - layer.b_zero);
      return requantize(product, layer.multiplier_a);
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
