// Smaller or larger of two int8 tensors that share scale and zero point, four elements a word: SSUB8 and SEL. Runs in place.
#pragma once

#include "linnet/kernels/binary_rows.h"
#include "linnet/kernels/clamp_codes.h"

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
    // min(a, b) is the complement of the largest of the complements.
    const std::uint32_t flip = layer.function == 3 ? 0 : 0xffffffffu;
    detail::for_each_word_row(
        layer, io, first_row, row_count,
        [&](const std::int8_t* a, const std::int8_t* b, std::int8_t* y, std::int32_t count,
            std::int32_t a_step, std::int32_t b_step) {
          detail::for_each_word(a, b, y, count, a_step, b_step,
                                [flip](std::uint32_t wa, std::uint32_t wb) {
                                  return dsp::max_s8x4(wa ^ flip, wb ^ flip) ^ flip;
                                });
          detail::clamp_codes(y, 1, count, 0, layer.lo, layer.hi);
        });
  }
};

}  // namespace LINNET_VERSION_NAMESPACE
}  // namespace linnet
