// Depthwise int8 convolution: any window, strides, padding, dilation, channel multiplier and weight
// zero points.
//
// Taps go in pairs (t0, t1), so that SMLAD does two at once; an odd last tap is paired with a
// weight of 0. For each output pixel the address of every tap is listed once (a tap outside the
// image points at a vector that holds the input's zero point, which is folded into the bias). Four
// channels are then summed side by side:
//
//   word of t0: a3 a2 a1 a0   word of t1: b3 b2 b1 b0
//   PKHBT -> b1 b0 a1 a0, of which SXTB16 gives (a0, b0) and SXTB16 ROR #8 (a1, b1); PKHTB ->
//   channels 2 and 3
//
// 18 instructions for 8 products, 2.3 a MAC. What is left over of the channels, and channel
// multipliers above 1, go one output at a time. Weights are 16-bit pairs: | o: t0,t1 | o+1: t0,t1 |
// o+2 | o+3 | o: t2,t3 | ...
#pragma once

#include "linnet/kernels/clamp_codes.h"
#include "linnet/kernels/conv2d_s8_gemm.h"

namespace linnet {
inline namespace LINNET_VERSION_NAMESPACE {

struct dwconv2d_s8_any {
  using Layer = Conv2dS8;
  static constexpr const char* name = "dwconv2d_s8_any";
  static constexpr bool folds_input_zero = true;
  static constexpr bool supports(const Layer& layer) noexcept { return layer.depthwise(); }
  // The taps' addresses (8 bytes each on any machine), then the vector of zero points.
  static constexpr std::int32_t scratch_bytes(const Layer& layer) noexcept {
    return tap_pairs(layer) * 2 * 8 + layer.in_c;
  }
  static constexpr std::int32_t packed_bytes(const Layer& layer) noexcept {
    return (layer.out_c + 3) / 4 * 4 * tap_pairs(layer) * 4;
  }
  // `weights` are [out_c, kernel_h, kernel_w, 1], less their zero point.
  static void pack(const Layer& layer, const std::int16_t* weights, std::byte* packed) noexcept {
    auto* to = static_cast<std::uint32_t*>(static_cast<void*>(packed));
    const std::int32_t taps = layer.kernel_h * layer.kernel_w;
    for (std::int32_t first = 0; first < layer.out_c; first += 4) {
      for (std::int32_t tap = 0; tap < taps; tap += 2) {
        for (std::int32_t o = first; o < first + 4; ++o) {
          const std::int16_t* w = weights + o * taps + tap;
          *to++ = o < layer.out_c ? dsp::pair(w[0], tap + 1 < taps ? w[1] : 0) : 0;
        }
      }
    }
  }

  static void run(const Layer& layer, const Io& io, std::int32_t first_row,
                  std::int32_t row_count) noexcept {
    const dsp::Requantizer requantize(layer.shift, layer.out_zero, layer.lo, layer.hi);
    std::byte* const zeros = io.scratch + tap_pairs(layer) * 2 * 8;
    std::memset(zeros, layer.in_zero, static_cast<std::size_t>(layer.in_c));
    auto* const taps = static_cast<const std::int8_t**>(static_cast<void*>(io.scratch));
    const auto write = layer.shift >= 33 ? &write_four<false> : &write_four<true>;
    const std::int32_t fours = layer.out_c == layer.in_c ? layer.out_c & ~3 : 0;
    for (std::int32_t r = first_row; r < first_row + row_count; ++r) {
      std::int8_t* y = io.out.row<std::int8_t>(r);
      for (std::int32_t ox = 0; ox < layer.out_w; ++ox, y += layer.out_pixel_bytes) {
        list_taps(layer, io.in[0], r, ox, static_cast<std::int8_t*>(static_cast<void*>(zeros)),
                  taps);
        for (std::int32_t o = 0; o < fours; o += 4) write(layer, requantize, taps, o, y + o);
        for (std::int32_t o = fours; o < layer.out_c; ++o)
          y[o] = one_output(layer, requantize, taps, o);
      }
      detail::clamp_codes(io.out.row<std::int8_t>(r), layer.out_w, layer.out_c,
                          layer.out_pixel_bytes, layer.lo, layer.hi);
    }
  }

 private:
  static constexpr std::int32_t tap_pairs(const Layer& layer) noexcept {
    return (layer.kernel_h * layer.kernel_w + 1) / 2;
  }

  static void list_taps(const Layer& layer, const RowsIn& in, std::int32_t out_row,
                        std::int32_t out_x, const std::int8_t* zeros,
                        const std::int8_t** taps) noexcept {
    const std::int32_t image_row = out_row / layer.out_h * layer.in_h;
    const std::int32_t y0 = out_row % layer.out_h * layer.stride_h - layer.pad_top;
    const std::int32_t x0 = out_x * layer.stride_w - layer.pad_left;
    for (std::int32_t ky = 0; ky < layer.kernel_h; ++ky) {
      const std::int32_t iy = y0 + ky * layer.dilation_h;
      const bool inside = iy >= 0 && iy < layer.in_h;
      const std::int8_t* const row = inside ? in.row<std::int8_t>(image_row + iy) : nullptr;
      for (std::int32_t kx = 0; kx < layer.kernel_w; ++kx) {
        const std::int32_t ix = x0 + kx * layer.dilation_w;
        *taps++ = inside && ix >= 0 && ix < layer.in_w ? row + ix * layer.in_pixel_bytes : zeros;
      }
    }
    if (layer.kernel_h * layer.kernel_w % 2 != 0) *taps = zeros;  // partner of the last tap
  }

  // Four channels of a pixel, not yet clamped to the layer's bounds. AnyShift: also shifts below 33.
  template <bool AnyShift>
  static void write_four(const Layer& layer, const dsp::Requantizer& requantize,
                         const std::int8_t* const* taps, std::int32_t o, std::int8_t* y) noexcept {
    const std::int32_t pairs = tap_pairs(layer);
    const auto* w = static_cast<const std::uint32_t*>(layer.weights) + o * pairs;
    const auto* const bias = static_cast<const std::int32_t*>(layer.bias) + o;
    std::int32_t sum0 = bias[0], sum1 = bias[1], sum2 = bias[2], sum3 = bias[3];
    for (const std::int8_t* const* end = taps + 2 * pairs; taps != end; taps += 2, w += 4) {
      const std::uint32_t a = dsp::load_word(taps[0] + o), b = dsp::load_word(taps[1] + o);
      const std::uint32_t low = dsp::pkhbt(a, b), high = dsp::pkhtb(b, a);
      sum0 = dsp::smlad(dsp::sxtb16(low), w[0], sum0);
      sum1 = dsp::smlad(dsp::sxtb16_ror8(low), w[1], sum1);
      sum2 = dsp::smlad(dsp::sxtb16(high), w[2], sum2);
      sum3 = dsp::smlad(dsp::sxtb16_ror8(high), w[3], sum3);
    }
    const auto* const multiplier = static_cast<const std::int32_t*>(layer.multiplier) + o;
    const std::int32_t addend = requantize.addend, rest = requantize.rest;
    const auto code = [&](std::int32_t sum, std::int32_t m) {
      if (AnyShift) return requantize.general(sum, m);
      return static_cast<std::int8_t>(dsp::ssat8(dsp::smmla(sum, m, addend) >> rest));
    };
    const std::int8_t code0 = code(sum0, multiplier[0]), code1 = code(sum1, multiplier[1]),
                      code2 = code(sum2, multiplier[2]), code3 = code(sum3, multiplier[3]);
    y[0] = code0, y[1] = code1, y[2] = code2, y[3] = code3;
  }

  static std::int8_t one_output(const Layer& layer, const dsp::Requantizer& requantize,
                                const std::int8_t* const* taps, std::int32_t o) noexcept {
    const std::int32_t pairs = tap_pairs(layer);
    const std::int32_t c = o / layer.group_out();
    const auto* w = static_cast<const std::uint32_t*>(layer.weights) + o / 4 * 4 * pairs + o % 4;
    std::int32_t sum = static_cast<const std::int32_t*>(layer.bias)[o];
    for (std::int32_t p = 0; p < pairs; ++p, taps += 2, w += 4) {
      sum = dsp::smlad(dsp::pair(taps[0][c], taps[1][c]), *w, sum);
    }
    return requantize(sum, static_cast<const std::int32_t*>(layer.multiplier)[o]);
  }
};

}  // namespace LINNET_VERSION_NAMESPACE
}  // namespace linnet
