// Global mean, sum, max or min over the pixels of an image, int8: rows are added as they come to one 32-bit accumulator a
// channel.
//
// Four channels of a row go at once: SXTAB16 and SXTAB16 ROR #8 add the codes of a pixel to two pairs of 16-bit sums, which
// hold 255 pixels; SSUB8 and SEL take the larger of four codes. Five instructions for four codes.
#pragma once

#include "linnet/dsp/dsp.h"
#include "linnet/layers_pool.h"

namespace linnet {
inline namespace LINNET_VERSION_NAMESPACE {

struct reduce_spatial_s8 {
  using Layer = ReduceSpatial;
  static constexpr const char* name = "reduce_spatial_s8";
  static constexpr bool supports(const Layer& layer) noexcept {
    return layer.kind != static_cast<std::int32_t>(ReduceKind::l2);
  }
  static constexpr bool consumes = true;
  static constexpr std::int32_t scratch_bytes(const Layer& layer) noexcept {
    return 4 * layer.channels;
  }

  static void run(const Layer& layer, const Io& io, std::int32_t first_row,
                  std::int32_t row_count) noexcept {
    auto* const sums = static_cast<std::int32_t*>(static_cast<void*>(io.scratch));
    const auto kind = static_cast<ReduceKind>(layer.kind);
    const dsp::Requantizer requantize(layer.shift, layer.out_zero, -128, 127);
    const bool adds = kind == ReduceKind::mean || kind == ReduceKind::sum;
    const std::int32_t start =
        adds ? -layer.in_zero * layer.height * layer.width : (kind == ReduceKind::max ? -128 : 127);
    const std::int32_t channels = layer.channels, multiplier = layer.multiplier;
    for (std::int32_t row = first_row; row < first_row + row_count; ++row) {
      if (row % layer.height == 0) {
        for (std::int32_t c = 0; c < channels; ++c) sums[c] = start;
      }
      const std::int8_t* const x = io.in[0].row<std::int8_t>(row);
      for (std::int32_t c = 0; c < channels;) {
        if (c + 4 <= channels) {
          adds ? add_four(layer, x + c, sums + c) : compare_four(layer, kind, x + c, sums + c);
          c += 4;
        } else {
          one(layer, kind, x + c, sums[c]);
          c += 1;
        }
      }
      if (row % layer.height != layer.height - 1) continue;
      std::int8_t* const y = io.out.row<std::int8_t>(row / layer.height);
      for (std::int32_t c = 0; c < channels; ++c)
        y[c] = adds ? requantize(sums[c], multiplier) : static_cast<std::int8_t>(sums[c]);
    }
  }

 private:
  static constexpr std::int32_t kMostPixels = 255;  // whose codes fit 16 bits when added

  [[gnu::noinline]] static void add_four(const Layer& layer, const std::int8_t* x,
                                         std::int32_t* sums) noexcept {
    const std::int32_t step = layer.in_pixel_step;
    for (std::int32_t left = layer.width; left > 0; left -= kMostPixels) {
      std::uint32_t even = 0, odd = 0;
#pragma GCC unroll 2
      for (std::int32_t i = left < kMostPixels ? left : kMostPixels; i > 0; --i, x += step) {
        const std::uint32_t word = dsp::load_word(x);
        even = dsp::sxtab16(even, word);
        odd = dsp::sxtab16_ror8(odd, word);
      }
      sums[0] += low(even), sums[1] += low(odd);
      sums[2] += high(even), sums[3] += high(odd);
    }
  }
  static std::int32_t low(std::uint32_t pair) noexcept {
    return static_cast<std::int16_t>(pair & 0xffffu);
  }
  static std::int32_t high(std::uint32_t pair) noexcept {
    return static_cast<std::int32_t>(pair) >> 16;
  }

  [[gnu::noinline]] static void compare_four(const Layer& layer, ReduceKind kind,
                                             const std::int8_t* x, std::int32_t* most) noexcept {
    // The smallest is the complement of the largest complement.
    const std::uint32_t flip = kind == ReduceKind::max ? 0 : 0xffffffffu;
    std::uint32_t largest = 0x80808080u;
    for (std::int32_t i = layer.width; i > 0; --i, x += layer.in_pixel_step)
      largest = dsp::max_s8x4(largest, dsp::load_word(x) ^ flip);
    largest ^= flip;
    for (std::int32_t c = 0; c < 4; ++c, largest >>= 8)
      take(kind, static_cast<std::int8_t>(largest & 0xffu), most[c]);
  }

  [[gnu::noinline]] static void one(const Layer& layer, ReduceKind kind, const std::int8_t* x,
                                    std::int32_t& sum) noexcept {
    for (std::int32_t i = layer.width; i > 0; --i, x += layer.in_pixel_step) take(kind, *x, sum);
  }

  static void take(ReduceKind kind, std::int32_t code, std::int32_t& sum) noexcept {
    if (kind == ReduceKind::max) {
      sum = code > sum ? code : sum;
    } else if (kind == ReduceKind::min) {
      sum = code < sum ? code : sum;
    } else {
      sum += code;
    }
  }
};

}  // namespace LINNET_VERSION_NAMESPACE
}  // namespace linnet
