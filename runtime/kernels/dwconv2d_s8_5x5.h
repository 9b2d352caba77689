// Depthwise 5x5 int8 convolution, stride 1 or 2 along the row (any stride down), any padding, four channels at a time.
//
// dwconv2d_s8_rows.h packs the columns of one or two output rows, dwconv2d_s8_5x5_slide.h multiplies. Columns and rows
// outside the image hold the input's zero point, which is folded into the bias. The last four channels overlap the ones
// before when their number is no multiple of four; two or three
// channels are packed column by column.
//
// A channel's weights are 14 pairs in 28 bytes, two pairs a word for SXTB16 and SXTB16 ROR #8: v and u for two pairs of rows
// of the kernel, h for the fifth row. Of two output rows one has them in another form: all channels of the first form come
// first, then all of the second.
//
//     first form             v rows 0,1   u rows 2,3   h row 4
//     second, stride 1       v rows 1,2   u rows 3,4   h row 0
//     second, stride 2       v rows 3,4   u rows 0,1   h row 2
#pragma once

#include "linnet/kernels/conv2d_s8_gemm.h"
#include "linnet/kernels/dwconv2d_s8_5x5_slide.h"

namespace linnet {
inline namespace LINNET_VERSION_NAMESPACE {

struct dwconv2d_s8_5x5 {
  using Layer = Conv2dS8;
  static constexpr const char* name = "dwconv2d_s8_5x5";
  static constexpr bool folds_input_zero = true;
  static constexpr bool supports(const Layer& layer) noexcept {
    return layer.depthwise() && layer.out_c == layer.in_c && layer.kernel_h == 5 &&
           layer.kernel_w == 5 && layer.dilation_h == 1 && layer.dilation_w == 1 &&
           (layer.stride_w == 1 || layer.stride_w == 2) && layer.shift >= 33 &&
           layer.wide_weights == 0;
  }
  // Two output rows share what is packed for them.
  static constexpr std::int32_t block_rows(const Layer& layer) noexcept {
    return layer.stride_h <= 2 ? 2 : 1;
  }
  static constexpr std::int32_t scratch_bytes(const Layer& layer) noexcept {
    return dw::Scratch(5, kFirstColumn, layer).bytes;
  }
  static constexpr std::int32_t packed_bytes(const Layer& layer) noexcept {
    return forms(layer) * layer.out_c * kWeightWords * 4;
  }
  // `weights` are [out_c, 5, 5, 1], less their zero point.
  static void pack(const Layer& layer, const std::int16_t* weights, std::byte* packed) noexcept {
    auto* to = static_cast<std::uint32_t*>(static_cast<void*>(packed));
    for (std::int32_t form = 0; form < forms(layer); ++form) {
      for (std::int32_t o = 0; o < layer.out_c; ++o, to += kWeightWords)
        pack_channel(weights + o * 25, rows_of(layer, form), to);
    }
  }

  static void run(const Layer& layer, const Io& io, std::int32_t first_row,
                  std::int32_t row_count) noexcept {
    const dw::Form form{5, kFirstColumn, kWeightWords, layer.out_c * kWeightWords,
                        layer.stride_w == 1 ? &dw::slide_5x5_by_1 : &dw::slide_5x5_by_2};
    dw::run_rows(layer, io, first_row, row_count, form, layer.shift);
  }

 private:
  static constexpr std::int32_t kFirstColumn =
      2;  // so that padding by 2 puts the image's first column at a chunk's
  static constexpr std::int32_t kWeightWords = 7;  // of one channel and form

  static constexpr std::int32_t forms(const Layer& layer) noexcept { return block_rows(layer); }

  // First rows of v, u and h.
  struct FormRows {
    std::int32_t v, u, h;
  };
  static constexpr FormRows rows_of(const Layer& layer, std::int32_t form) noexcept {
    if (form == 0) return {0, 2, 4};
    return layer.stride_h == 1 ? FormRows{1, 3, 0} : FormRows{3, 0, 2};
  }

  static void pack_channel(const std::int16_t* w, const FormRows& rows,
                           std::uint32_t* to) noexcept {
    std::uint32_t pairs[14] = {};
    for (std::int32_t kx = 0; kx < 5; ++kx) {
      pairs[kx] = dsp::pair(w[rows.v * 5 + kx], w[rows.v * 5 + 5 + kx]);
      pairs[5 + kx] = dsp::pair(w[rows.u * 5 + kx], w[rows.u * 5 + 5 + kx]);
    }
    const std::int16_t* const h = w + rows.h * 5;
    pairs[10] = dsp::pair(h[0], h[1]);
    pairs[11] = dsp::pair(h[2], h[3]);
    pairs[12] = dsp::pair(h[1], h[2]);
    pairs[13] = dsp::pair(h[3], h[4]);
    for (std::int32_t i = 0; i < 7; ++i)
      to[i] = (pairs[2 * i] & 0x00ff00ffu) | (pairs[2 * i + 1] & 0x00ff00ffu) << 8;
  }
};

}  // namespace LINNET_VERSION_NAMESPACE
}  // namespace linnet
