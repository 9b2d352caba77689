// Smaller or larger of two int8 tensors that share scale and zero point, four elements a word: SSUB8 and SEL. Runs in place.
#pragma once

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
    const auto element = [larger](std::int8_t a, std::int8_t b) {
      return (a > b) == larger ? a : b;
    };
    // min(a, b) is the complement of the larger one of the complements.
    const std::uint32_t flip = larger ? 0 : 0xffffffffu;
    const auto words = [flip](const detail::WordOperands& x, std::int8_t* y) {
      const std::int8_t* b = x.b;
      for (const std::int8_t* a = x.a; a != x.end; a += 4, b += x.b_step, y += 4) {
        const std::uint32_t wa = dsp::load_word(a) ^ flip, wb = dsp::load_word(b) ^ flip;
        dsp::store_word(y, dsp::max_s8x4(wa, wb) ^ flip);
      }
    };
    detail::for_each_word_row(layer, io, first_row, row_count, true, words, element);
  }
};

}  // namespace LINNET_VERSION_NAMESPACE
}  // namespace linnet
