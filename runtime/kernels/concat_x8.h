// Concatenation of any number of inputs of any element size: a row of the output takes a chunk of
// each input in turn.
#pragma once

#include "linnet/kernels/copy_bytes.h"
#include "linnet/layers_shape.h"

namespace linnet {
inline namespace LINNET_VERSION_NAMESPACE {

struct concat_x8 {
  using Layer = ConcatLayer;
  static constexpr const char* name = "concat_x8";
  static constexpr bool supports(const Layer&) noexcept { return true; }
  static constexpr std::int32_t scratch_bytes(const Layer&) noexcept { return 0; }

  static void run(const Layer& layer, const Io& io, std::int32_t first_row,
                  std::int32_t row_count) noexcept {
    const auto* const chunk = static_cast<const std::int32_t*>(layer.chunk_bytes);
    for (std::int32_t r = first_row; r < first_row + row_count; ++r) {
      std::byte* y = io.out.row<std::byte>(r);
      for (std::int32_t group = 0; group < layer.outer; ++group) {
        for (std::int32_t i = 0; i < layer.inputs; ++i) {
          detail::copy_bytes(y, io.in[i].row<std::byte>(r) + group * chunk[i], chunk[i]);
          y += chunk[i];
        }
      }
    }
  }
};

}  // namespace LINNET_VERSION_NAMESPACE
}  // namespace linnet
