// Gather along one axis through constant indices, elements of any size.
#pragma once

#include <cstring>

#include "linnet/layers_shape.h"

namespace linnet {
inline namespace LINNET_VERSION_NAMESPACE {

struct gather_x8 {
  using Layer = GatherLayer;
  static constexpr const char* name = "gather_x8";
  static constexpr bool supports(const Layer&) noexcept { return true; }
  static constexpr std::int32_t scratch_bytes(const Layer&) noexcept { return 0; }

  static void run(const Layer& layer, const Io& io, std::int32_t first_row,
                  std::int32_t row_count) noexcept {
    for (std::int32_t r = first_row; r < first_row + row_count; ++r) {
      gather_row(layer, io.in[0].row<std::byte>(r), io.out.row<std::byte>(r));
    }
  }

 private:
  static void gather_row(const Layer& layer, const std::byte* x, std::byte* y) noexcept {
    const auto* const indices = static_cast<const std::int32_t*>(layer.indices);
    for (std::int32_t o = 0; o < layer.outer; ++o, x += layer.axis * layer.inner_bytes) {
      for (std::int32_t i = 0; i < layer.count; ++i, y += layer.inner_bytes) {
        std::memcpy(y, x + indices[i] * layer.inner_bytes,
                    static_cast<std::size_t>(layer.inner_bytes));
      }
    }
  }
};

}  // namespace LINNET_VERSION_NAMESPACE
}  // namespace linnet
