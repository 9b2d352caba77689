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
    // min(a, b) is the complement of the larger one of the complements.
    Parameters parameters{nullptr, detail::word_step(layer), layer.function == 3 ? 0 : 0xffffffffu};
    detail::for_each_word_row(layer, io, first_row, row_count,
                              {&words, &parameters, &parameters.end, &element, &layer});
  }

 private:
  static std::int32_t element(const void* self, std::int32_t a, std::int32_t b) noexcept {
    const bool larger = static_cast<const Layer*>(self)->function == 3;
    return (a > b) == larger ? a : b;
  }

  struct Parameters {
    const std::int8_t* end;  // of a
    std::int32_t step;
    std::uint32_t flip;
  };

  static void words(const std::int8_t* a, const std::int8_t* b, std::int8_t* y,
                    const void* parameters) noexcept {
    const auto& p = *static_cast<const Parameters*>(parameters);
    const std::int32_t step = p.step;
    const std::uint32_t flip = p.flip;
    for (const std::int8_t* const end = p.end; a != end; a += 4, b += step, y += 4) {
      const std::uint32_t wa = dsp::load_word(a) ^ flip, wb = dsp::load_word(b) ^ flip;
      dsp::store_word(y, dsp::max_s8x4(wa, wb) ^ flip);
    }
  }
};

}  // namespace LINNET_VERSION_NAMESPACE
}  // namespace linnet
