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

  static void run(const Layer& layer, const Io& io, std::int32_t, std::int32_t) noexcept {
    const auto* const indices = static_cast<const std::int32_t*>(layer.indices);
    const std::byte* x = io.in[0].row<std::byte>(0);
    std::byte* y = io.out.row<std::byte>(0);
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
