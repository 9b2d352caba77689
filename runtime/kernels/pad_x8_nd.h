// Padding of any dimensions, elements of 1 byte; see pad_nd.h.
#pragma once

#include "linnet/kernels/pad_nd.h"

namespace linnet {
inline namespace LINNET_VERSION_NAMESPACE {

struct pad_x8_nd {
  using Layer = PadNd;
  static constexpr const char* name = "pad_x8_nd";
  static constexpr bool supports(const Layer& layer) noexcept {
    return layer.rank >= 1 && layer.rank <= kMaxRank;
  }
  static constexpr std::int32_t scratch_bytes(const Layer&) noexcept { return 0; }
  static void run(const Layer& layer, const Io& io, std::int32_t first_row,
                  std::int32_t row_count) noexcept {
    detail::pad_nd<std::uint8_t>(layer, io, first_row, row_count);
  }
};

}  // namespace LINNET_VERSION_NAMESPACE
}  // namespace linnet
