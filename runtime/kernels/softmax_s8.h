// Softmax of int8 vectors in integers: exponentials from a table of 256, one unsigned division an
// element. In place.
#pragma once

#include "linnet/layers_elementwise.h"

namespace linnet {
inline namespace LINNET_VERSION_NAMESPACE {

struct softmax_s8 {
  using Layer = SoftmaxS8;
  static constexpr const char* name = "softmax_s8";
  static constexpr bool supports(const Layer& layer) noexcept { return layer.count <= 65536; }
  static constexpr std::int32_t scratch_bytes(const Layer&) noexcept { return 0; }

  static void run(const Layer& layer, const Io& io, std::int32_t first_row,
                  std::int32_t row_count) noexcept {
    for (std::int32_t r = first_row; r < first_row + row_count; ++r) {
      const std::int8_t* x = io.in[0].row<std::int8_t>(r);
      std::int8_t* y = io.out.row<std::int8_t>(r);
      for (std::int32_t p = 0; p < layer.pixels; ++p, x += layer.count, y += layer.count)
        vector(layer, x, y);
    }
  }

 private:
  static void vector(const Layer& layer, const std::int8_t* x, std::int8_t* y) noexcept {
    const auto* const exponentials = static_cast<const std::uint32_t*>(layer.exponentials);
    std::int32_t largest = -128;
    for (std::int32_t i = 0; i < layer.count; ++i) largest = x[i] > largest ? x[i] : largest;
    std::uint64_t sum = 0;
    for (std::int32_t i = 0; i < layer.count; ++i) sum += exponentials[largest - x[i]];
    const std::uint64_t half = sum / 2;
    for (std::int32_t i = 0; i < layer.count; ++i) {
      const std::uint64_t scaled = (static_cast<std::uint64_t>(exponentials[largest - x[i]]) *
                                    static_cast<std::uint32_t>(layer.inverse_scale)) >>
                                   8;
      const std::uint64_t numerator = scaled + half;
      const bool narrow = (numerator >> 32) == 0 && (sum >> 32) == 0;
      const std::uint64_t quotient =
          narrow ? static_cast<std::uint32_t>(numerator) / static_cast<std::uint32_t>(sum)
                 : numerator / sum;
      const std::int32_t v =
          layer.out_zero + static_cast<std::int32_t>(quotient < 1024 ? quotient : 1024);
      y[i] = static_cast<std::int8_t>(v > 127 ? 127 : v);
    }
  }
};

}  // namespace LINNET_VERSION_NAMESPACE
}  // namespace linnet
