// Softmax of int8 vectors in integers: exponentials from a table of 256, one unsigned division an
// element. In place.
#pragma once

#include "linnet/dsp/dsp.h"
#include "linnet/layers_elementwise.h"

namespace linnet {
inline namespace LINNET_VERSION_NAMESPACE {

struct softmax_s8 {
  using Layer = SoftmaxS8;
  static constexpr const char* name = "softmax_s8";
  static constexpr bool supports(const Layer& layer) noexcept { return layer.count <= 65536; }
  static constexpr std::int32_t scratch_bytes(const Layer&) noexcept { return 0; }

  static void run(const Layer& layer, const Io& io, std::int32_t first_row,
                  std::int32_t row_count) noexcept {
    for (std::int32_t r = first_row; r < first_row + row_count; ++r) {
      const std::int8_t* x = io.in[0].row<std::int8_t>(r);
      std::int8_t* y = io.out.row<std::int8_t>(r);
      for (std::int32_t p = 0; p < layer.pixels; ++p, x += layer.count, y += layer.count)
        vector(layer, x, y);
    }
  }

 private:
  // The largest of `count` codes.
  static std::int32_t largest_of(const std::int8_t* x, std::int32_t count) noexcept {
    std::int32_t i = 0, largest = -128;
    std::uint32_t four = 0x80808080u;
    for (; i + 4 <= count; i += 4) four = dsp::max_s8x4(four, dsp::load_word(x + i));
    for (std::int32_t k = 0; k < 4; ++k, four >>= 8) {
      const auto code = static_cast<std::int8_t>(four & 0xffu);
      largest = code > largest ? code : largest;
    }
    for (; i < count; ++i) largest = x[i] > largest ? x[i] : largest;
    return largest;
  }

  static void vector(const Layer& layer, const std::int8_t* x, std::int8_t* y) noexcept {
    // e[largest - x[i]] as from[-x[i]].
    const std::uint32_t* const from =
        static_cast<const std::uint32_t*>(layer.exponentials) + largest_of(x, layer.count);
    // An e is at most 2^16: a sum of fewer fits 32 bits, and so does e * inverse_scale / 256 with half of it.
    if (layer.count < 65536 && layer.inverse_scale < (1 << 23)) {
      narrow(layer, from, x, y);
    } else {
      wide(layer, from, x, y);
    }
  }

  static void narrow(const Layer& layer, const std::uint32_t* from, const std::int8_t* x,
                     std::int8_t* y) noexcept {
    const std::int32_t count = layer.count, zero = layer.out_zero;
    const auto inverse = static_cast<std::uint32_t>(layer.inverse_scale);
    const auto most = static_cast<std::uint32_t>(127 - zero);
    std::uint32_t sum = 0;
    for (std::int32_t i = 0; i < count; ++i) sum += from[-x[i]];
    const std::uint32_t half = sum / 2;
    for (std::int32_t i = 0; i < count; ++i) {
      const auto scaled =
          static_cast<std::uint32_t>((static_cast<std::uint64_t>(from[-x[i]]) * inverse) >> 8);
      const std::uint32_t quotient = (scaled + half) / sum;
      y[i] = static_cast<std::int8_t>(zero +
                                      static_cast<std::int32_t>(quotient < most ? quotient : most));
    }
  }

  static void wide(const Layer& layer, const std::uint32_t* from, const std::int8_t* x,
                   std::int8_t* y) noexcept {
    std::uint64_t sum = 0;
    for (std::int32_t i = 0; i < layer.count; ++i) sum += from[-x[i]];
    for (std::int32_t i = 0; i < layer.count; ++i) {
      const std::uint64_t scaled = (static_cast<std::uint64_t>(from[-x[i]]) *
                                    static_cast<std::uint32_t>(layer.inverse_scale)) >>
                                   8;
      const std::uint64_t quotient = (scaled + sum / 2) / sum;
      const std::int32_t v =
          layer.out_zero + static_cast<std::int32_t>(quotient < 1024 ? quotient : 1024);
      y[i] = static_cast<std::int8_t>(v > 127 ? 127 : v);
    }
  }
};

}  // namespace LINNET_VERSION_NAMESPACE
}  // namespace linnet
