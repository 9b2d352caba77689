// Copies with any strides, elements of 4 bytes; see copy_nd.h.
#pragma once

#include "linnet/kernels/copy_nd.h"

namespace linnet {
inline namespace LINNET_VERSION_NAMESPACE {

struct copy_x32_nd {
  using Layer = CopyNd;
  static constexpr const char* name = "copy_x32_nd";
  static constexpr bool supports(const Layer& layer) noexcept { return layer.rank <= kMaxRank; }
  static constexpr std::int32_t scratch_bytes(const Layer&) noexcept { return 0; }
  static void run(const Layer& layer, const Io& io, std::int32_t first_row,
                  std::int32_t row_count) noexcept {
    detail::copy_nd<std::uint32_t>(layer, io, first_row, row_count);
  }
};

}  // namespace LINNET_VERSION_NAMESPACE
}  // namespace linnet
