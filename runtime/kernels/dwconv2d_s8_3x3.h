// Depthwise 3x3 int8 convolution, stride 1 or 2 along the row (any stride down), any padding, four
// channels at a time.
//
// Rows a, b, c of the window. First the four channels of a whole row are packed into scratch, one
// entry for each PAIR of columns (x0, x1) and channel:
//
//   H = (c[x0], c[x1])    V0 = (a[x0], b[x0])    V1 = (a[x1], b[x1])
//
// PKHBT/PKHTB on whole words first (two channels at once), SXTB16 and SXTB16 ROR #8 after. Then
// each channel slides along its row with all nine weights in five registers; two neighbouring
// outputs share what they read:
//
//   out(x0) = V0.v0 + V1.v1 + V2.v2 + H01.(h0,h1) + c[x2].h2
//   out(x1) = V1.v0 + V2.v1 + V3.v2 + c[x1].h0    + H23.(h1,h2)        v = (row 0, row 1), h = row
//   2 of the kernel
//
// ten multiply instructions for 18 MACs; about 2 instructions a MAC in all (GCC 12). Stride 2
// computes out(x0) only, about 3. Columns and rows outside the image hold the input's zero point,
// which is folded into the bias. The last group overlaps the one before when the channels are no
// multiple of four.
#pragma once

#include "linnet/kernels/conv2d_s8_gemm.h"

namespace linnet {
inline namespace LINNET_VERSION_NAMESPACE {

struct dwconv2d_s8_3x3 {
  using Layer = Conv2dS8;
  static constexpr const char* name = "dwconv2d_s8_3x3";
  static constexpr bool folds_input_zero = true;
  static constexpr bool supports(const Layer& layer) noexcept {
    return layer.depthwise() && layer.out_c == layer.in_c && layer.in_c >= 4 &&
           layer.kernel_h == 3 && layer.kernel_w == 3 && layer.dilation_h == 1 &&
           layer.dilation_w == 1 && (layer.stride_w == 1 || layer.stride_w == 2);
  }
  static constexpr std::int32_t scratch_bytes(const Layer& layer) noexcept {
    return column_pairs(layer) * kPairWords * 4;
  }
  static constexpr std::int32_t packed_bytes(const Layer& layer) noexcept {
    return layer.out_c * kWeightWords * 4;
  }
  // `weights` are [out_c, 3, 3, 1], less their zero point; packed as v0 v1 v2 (h0,h1) (h1,h2) for
  // each channel.
  static void pack(const Layer& layer, const std::int16_t* weights, std::byte* packed) noexcept {
    auto* to = static_cast<std::uint32_t*>(static_cast<void*>(packed));
    for (std::int32_t o = 0; o < layer.out_c; ++o, weights += 9) {
      for (std::int32_t kx = 0; kx < 3; ++kx) *to++ = dsp::pair(weights[kx], weights[3 + kx]);
      *to++ = dsp::pair(weights[6], weights[7]);
      *to++ = dsp::pair(weights[7], weights[8]);
    }
  }

  static void run(const Layer& layer, const Io& io, std::int32_t first_row,
                  std::int32_t row_count) noexcept {
    const dsp::Requantizer requantize(layer.shift, layer.out_zero, layer.lo, layer.hi);
    const std::uint32_t zero_word =
        (static_cast<std::uint32_t>(layer.in_zero) & 0xffu) * 0x01010101u;
    auto* const scratch = static_cast<std::uint32_t*>(static_cast<void*>(io.scratch));
    for (std::int32_t r = first_row; r < first_row + row_count; ++r) {
      const std::int32_t image_row = r / layer.out_h * layer.in_h;
      const std::int32_t y0 = r % layer.out_h * layer.stride_h - layer.pad_top;
      const std::int8_t* rows[3] = {};
      for (std::int32_t ky = 0; ky < 3; ++ky) {
        const std::int32_t iy = y0 + ky;
        if (iy >= 0 && iy < layer.in_h) rows[ky] = io.in[0].row<std::int8_t>(image_row + iy);
      }
      std::int8_t* const y = io.out.row<std::int8_t>(r);
      for (std::int32_t c = 0; c < layer.in_c; c += 4) {
        const std::int32_t first = c + 4 <= layer.in_c ? c : layer.in_c - 4;
        pack_row(layer, rows, first, zero_word, scratch);
        for (std::int32_t o = first; o < first + 4; ++o) {
          const std::uint32_t* const x = scratch + (o - first) * kChannelWords;
          if (layer.stride_w == 1) {
            slide_by_1(layer, requantize, x, o, y + o);
          } else {
            slide_by_2(layer, requantize, x, o, y + o);
          }
        }
      }
    }
  }

 private:
  static constexpr std::int32_t kWeightWords = 5;   // of one channel
  static constexpr std::int32_t kChannelWords = 3;  // H, V0, V1
  static constexpr std::int32_t kPairWords = 4 * kChannelWords;

  // Outputs 2t and 2t + 1 read pairs t and t + 1; with stride 2, output t does.
  static constexpr std::int32_t column_pairs(const Layer& layer) noexcept {
    return (layer.stride_w == 1 ? (layer.out_w + 1) / 2 : layer.out_w) + 1;
  }

  // Writes the entries of four channels for column pairs (-pad_left, -pad_left + 1), (-pad_left +
  // 2, ...) ...
  static void pack_row(const Layer& layer, const std::int8_t* const* rows, std::int32_t channel,
                       std::uint32_t zero_word, std::uint32_t* to) noexcept {
    const std::int32_t pairs = column_pairs(layer);
    const auto load = [&](const std::int8_t* row, std::int32_t x) {
      const bool inside = row != nullptr && x >= 0 && x < layer.in_w;
      return inside ? dsp::load_word(row + x * layer.in_pixel_bytes + channel) : zero_word;
    };
    for (std::int32_t pair = 0; pair < pairs; ++pair, to += kPairWords) {
      const std::int32_t x0 = 2 * pair - layer.pad_left, x1 = x0 + 1;
      const std::uint32_t a0 = load(rows[0], x0), b0 = load(rows[1], x0);
      split(dsp::pkhbt(a0, b0), dsp::pkhtb(b0, a0), to + 1);
      const std::uint32_t a1 = load(rows[0], x1), b1 = load(rows[1], x1);
      split(dsp::pkhbt(a1, b1), dsp::pkhtb(b1, a1), to + 2);
      const std::uint32_t c0 = load(rows[2], x0), c1 = load(rows[2], x1);
      split(dsp::pkhbt(c0, c1), dsp::pkhtb(c1, c0), to);
    }
  }

  static void split(std::uint32_t low, std::uint32_t high, std::uint32_t* to) noexcept {
    to[0] = dsp::sxtb16(low);
    to[kChannelWords] = dsp::sxtb16_ror8(low);
    to[2 * kChannelWords] = dsp::sxtb16(high);
    to[3 * kChannelWords] = dsp::sxtb16_ror8(high);
  }

  static void slide_by_1(const Layer& layer, const dsp::Requantizer& requantize,
                         const std::uint32_t* x, std::int32_t o, std::int8_t* y) noexcept {
    const auto* const w = static_cast<const std::uint32_t*>(layer.weights) + o * kWeightWords;
    const std::uint32_t w0 = w[0], w1 = w[1], w2 = w[2], h01 = w[3], h12 = w[4];
    const std::int32_t bias = static_cast<const std::int32_t*>(layer.bias)[o];
    const std::int32_t multiplier = static_cast<const std::int32_t*>(layer.multiplier)[o];
    std::uint32_t c01 = x[0], v0 = x[1], v1 = x[2];
    for (std::int32_t left = layer.out_w; left > 0; left -= 2) {
      x += kPairWords;
      const std::uint32_t c23 = x[0], v2 = x[1], v3 = x[2];
      std::int32_t sum = dsp::smlad(v0, w0, bias);
      sum = dsp::smlad(v1, w1, sum);
      sum = dsp::smlad(v2, w2, sum);
      sum = dsp::smlad(c01, h01, sum);
      sum = dsp::smlabt(c23, h12, sum);
      *y = requantize(sum, multiplier);
      y += layer.out_pixel_bytes;
      if (left == 1) break;
      sum = dsp::smlad(v1, w0, bias);
      sum = dsp::smlad(v2, w1, sum);
      sum = dsp::smlad(v3, w2, sum);
      sum = dsp::smlatb(c01, h01, sum);
      sum = dsp::smlad(c23, h12, sum);
      *y = requantize(sum, multiplier);
      y += layer.out_pixel_bytes;
      c01 = c23, v0 = v2, v1 = v3;
    }
  }

  static void slide_by_2(const Layer& layer, const dsp::Requantizer& requantize,
                         const std::uint32_t* x, std::int32_t o, std::int8_t* y) noexcept {
    const auto* const w = static_cast<const std::uint32_t*>(layer.weights) + o * kWeightWords;
    const std::uint32_t w0 = w[0], w1 = w[1], w2 = w[2], h01 = w[3], h12 = w[4];
    const std::int32_t bias = static_cast<const std::int32_t*>(layer.bias)[o];
    const std::int32_t multiplier = static_cast<const std::int32_t*>(layer.multiplier)[o];
    std::uint32_t c01 = x[0], v0 = x[1];
    for (std::int32_t left = layer.out_w; left > 0; --left) {
      const std::uint32_t v1 = x[2];
      x += kPairWords;
      const std::uint32_t c23 = x[0], v2 = x[1];
      std::int32_t sum = dsp::smlad(v0, w0, bias);
      sum = dsp::smlad(v1, w1, sum);
      sum = dsp::smlad(v2, w2, sum);
      sum = dsp::smlad(c01, h01, sum);
      sum = dsp::smlabt(c23, h12, sum);
      *y = requantize(sum, multiplier);
      y += layer.out_pixel_bytes;
      c01 = c23, v0 = v2;
    }
  }
};

}  // namespace LINNET_VERSION_NAMESPACE
}  // namespace linnet
