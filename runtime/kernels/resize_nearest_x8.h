// Nearest resize of H and W; elements of any size are moved as bytes.
#pragma once

#include <cstring>

#include "linnet/kernels/copy_bytes.h"
#include "linnet/layers_shape.h"

namespace linnet {
inline namespace LINNET_VERSION_NAMESPACE {

struct resize_nearest_x8 {
  using Layer = ResizeLayer;
  static constexpr const char* name = "resize_nearest_x8";
  static constexpr bool supports(const Layer& layer) noexcept {
    return layer.element_bytes == 1 || layer.element_bytes == 4;
  }
  static constexpr std::int32_t scratch_bytes(const Layer&) noexcept { return 0; }

  static void run(const Layer& layer, const Io& io, std::int32_t first_row,
                  std::int32_t row_count) noexcept {
    const auto* const rows = static_cast<const std::int32_t*>(layer.rows);
    const auto* const columns = static_cast<const std::int32_t*>(layer.columns);
    const std::int32_t pixel = layer.channels * layer.element_bytes;
    for (std::int32_t r = first_row; r < first_row + row_count; ++r) {
      const std::int32_t source = rows[r % layer.out_h];
      const std::byte* const x =
          source < 0 ? nullptr : io.in[0].row<std::byte>(r / layer.out_h * layer.in_h + source);
      std::byte* y = io.out.row<std::byte>(r);
      for (std::int32_t i = 0; i < layer.out_w; ++i, y += layer.out_pixel_bytes) {
        if (x == nullptr || columns[i] < 0) {
          fill(layer, y);
        } else {
          detail::copy_bytes(y, x + columns[i] * layer.in_pixel_bytes, pixel);
        }
      }
    }
  }

 private:
  static void fill(const Layer& layer, std::byte* y) noexcept {
    for (std::int32_t c = 0; c < layer.channels; ++c, y += layer.element_bytes) {
      std::memcpy(y, &layer.outside_bits, static_cast<std::size_t>(layer.element_bytes));
    }
  }
};

}  // namespace LINNET_VERSION_NAMESPACE
}  // namespace linnet
