// Depthwise 3x3 int8 convolution, stride 1 or 2 along the row (any stride down), any padding, four channels at a time.
//
// dwconv2d_s8_rows.h packs the columns of one or two output rows, dwconv2d_s8_3x3_slide.h multiplies. Columns and rows
// outside the image hold the input's zero point, which is folded into the bias. The last four channels overlap the ones
// before when their number is no multiple of four; two or three
// channels are packed column by column.
//
// A channel's weights are packed as v0 v1 v2 (h0,h1) (h1,h2), v = (row 0, row 1), h = row 2 of the kernel; the second form,
// for one of two output rows, is made of the same five words in six instructions.
//
// Requantization shifts by the layer's shift, which would be an instruction an output and a register. fix_shift scales each
// channel up so that the shift is 40 or 48, and the inner loop has it in its SSAT: spare bits go to the multiplier where it
// is small, to weights and bias otherwise. The product is the same, times a power of two, so every rounding is.
#pragma once

#include "linnet/kernels/conv2d_s8_gemm.h"
#include "linnet/kernels/dwconv2d_s8_3x3_slide.h"
#include "linnet/kernels/dwconv2d_s8_fix_shift.h"

namespace linnet {
inline namespace LINNET_VERSION_NAMESPACE {

struct dwconv2d_s8_3x3 {
  using Layer = Conv2dS8;
  static constexpr const char* name = "dwconv2d_s8_3x3";
  static constexpr bool folds_input_zero = true;
  static constexpr bool supports(const Layer& layer) noexcept {
    return layer.depthwise() && layer.out_c == layer.in_c && layer.kernel_h == 3 &&
           layer.kernel_w == 3 && layer.dilation_h == 1 && layer.dilation_w == 1 &&
           (layer.stride_w == 1 || layer.stride_w == 2) && layer.shift >= 33 && layer.shift <= 48;
  }
  // Two output rows share what is packed for them.
  static constexpr std::int32_t block_rows(const Layer& layer) noexcept {
    return layer.stride_h <= 2 ? 2 : 1;
  }
  static constexpr std::int32_t scratch_bytes(const Layer& layer) noexcept {
    return dw::Scratch(3, kFirstColumn, layer).bytes;
  }
  static constexpr std::int32_t packed_bytes(const Layer& layer) noexcept {
    return layer.out_c * kWeightWords * 4;
  }
  static void fix_shift(const Layer& layer, std::int16_t* weights, std::int32_t* bias,
                        std::int32_t* multiplier) noexcept {
    dw::fix_shift(layer, fixed_shift(layer), weights, bias, multiplier);
  }
  // `weights` are [out_c, 3, 3, 1], less their zero point and scaled.
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
    const std::int32_t shift = fixed_shift(layer);
    const dw::SlideFunction by_1 =
        shift == 40 ? &dw::slide_3x3_by_1_rest_8 : &dw::slide_3x3_by_1_rest_16;
    const dw::SlideFunction by_2 =
        shift == 40 ? &dw::slide_3x3_by_2_rest_8 : &dw::slide_3x3_by_2_rest_16;
    const dw::Form form{3, kFirstColumn, kWeightWords, 0, layer.stride_w == 1 ? by_1 : by_2};
    dw::run_rows(layer, io, first_row, row_count, form, shift);
  }

 private:
  static constexpr std::int32_t kFirstColumn =
      3;  // so that padding by 1 puts the image's first column at a chunk's
  static constexpr std::int32_t kWeightWords = 5;  // of one channel

  static constexpr std::int32_t fixed_shift(const Layer& layer) noexcept {
    return layer.shift <= 40 ? 40 : 48;
  }
};

}  // namespace LINNET_VERSION_NAMESPACE
}  // namespace linnet
