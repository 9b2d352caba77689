// Any int8 function of one int8 tensor, by table: activations and requantization. Works in place.
// One load, one table load and one store an element; four elements a word.
#pragma once

#include <cstring>

#include "linnet/layers_elementwise.h"

namespace linnet {
inline namespace LINNET_VERSION_NAMESPACE {

struct lut_s8 {
  using Layer = TableS8;
  static constexpr const char* name = "lut_s8";
  static constexpr bool supports(const Layer&) noexcept { return true; }
  static constexpr std::int32_t scratch_bytes(const Layer&) noexcept { return 0; }

  static void run(const Layer& layer, const Io& io, std::int32_t first_row,
                  std::int32_t row_count) noexcept {
    const auto* const table = static_cast<const std::uint8_t*>(layer.table);
    for (std::int32_t r = first_row; r < first_row + row_count; ++r) {
      const std::uint8_t* x = io.in[0].row<std::uint8_t>(r);
      std::uint8_t* y = io.out.row<std::uint8_t>(r);
      for (std::int32_t i = 0; i < layer.runs;
           ++i, x += layer.in_run_step, y += layer.out_run_step) {
        look_up(table, x, y, layer.run_elements);
      }
    }
  }

 private:
  static void look_up(const std::uint8_t* table, const std::uint8_t* x, std::uint8_t* y,
                      std::int32_t left) noexcept {
    for (; left >= 4; left -= 4, x += 4, y += 4) {
      std::uint32_t word = 0;
      std::memcpy(&word, x, 4);
      const std::uint32_t out = static_cast<std::uint32_t>(table[word & 0xffu]) |
                                static_cast<std::uint32_t>(table[(word >> 8) & 0xffu]) << 8 |
                                static_cast<std::uint32_t>(table[(word >> 16) & 0xffu]) << 16 |
                                static_cast<std::uint32_t>(table[word >> 24]) << 24;
      std::memcpy(y, &out, 4);
    }
    for (; left > 0; --left) *y++ = table[*x++];
  }
};

}  // namespace LINNET_VERSION_NAMESPACE
}  // namespace linnet
