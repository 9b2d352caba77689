// Depthwise int8 convolution with any window, strides and padding, dilated or not, four channels at a time.
//
// Taps go in pairs, so that SMLAD does two at once: V is a column of two kernel rows, H are two taps of the kernel's last row
// when their number is odd. Each output row packs the columns under it once (dwconv2d_s8_window_columns.h), so that four
// neighbouring outputs find theirs side by side, whatever the stride and the dilation:
//
//     stride 2, seven taps          outputs   0   1   2   3
//         taps 0 2 4 6              columns   0   2   4   6   8  10  12       one slot
//         taps 1 3 5                columns   1   3   5   7   9  11           another
//     dilation 2, three taps        outputs   0   2   4   6 | 1   3   5   7   two classes of outputs
//
// Then four outputs of a channel are summed along runs of at most eight taps: the columns of three outputs are those of the
// tap before, so that a tap costs two loads and four SMLAD (dwconv2d_s8_window_slide.h).
//
// Short rows are left to dwconv2d_s8_any, which then takes less (pays()).
//
// Weights of a channel lie in the order of the runs, one 16-bit pair a word. Shifts of 26 to 32 become 33 (fix_shift).
#pragma once

#include "linnet/kernels/clamp_codes.h"
#include "linnet/kernels/dwconv2d_s8_fix_shift.h"
#include "linnet/kernels/dwconv2d_s8_window_rows.h"

namespace linnet {
inline namespace LINNET_VERSION_NAMESPACE {

struct dwconv2d_s8_window {
  using Layer = Conv2dS8;
  static constexpr const char* name = "dwconv2d_s8_window";
  static constexpr bool folds_input_zero = true;
  static constexpr bool supports(const Layer& layer) noexcept {
    return layer.depthwise() && layer.out_c == layer.in_c && layer.in_c >= 4 &&
           (layer.shift >= 33 || (layer.shift >= 26 && layer.kernel_h * layer.kernel_w <= 200)) &&
           pays(layer);
  }
  static constexpr std::int32_t scratch_bytes(const Layer& layer) noexcept {
    return dw::WindowScratch(layer).bytes;
  }
  static constexpr std::int32_t packed_bytes(const Layer& layer) noexcept {
    return layer.out_c * dw::WindowShape(layer).weight_words() * 4;
  }
  static void fix_shift(const Layer& layer, std::int16_t* weights, std::int32_t* bias,
                        std::int32_t* multiplier) noexcept {
    dw::fix_shift(layer, shift(layer), weights, bias, multiplier);
  }
  // `weights` are [out_c, kernel_h, kernel_w, 1], less their zero point and scaled.
  static void pack(const Layer& layer, const std::int16_t* weights, std::byte* packed) noexcept {
    auto* to = static_cast<std::uint32_t*>(static_cast<void*>(packed));
    const dw::WindowShape shape(layer);
    for (std::int32_t o = 0; o < layer.out_c; ++o, weights += layer.kernel_h * layer.kernel_w) {
      for (std::int32_t t = 0; t < shape.tap_classes; ++t)
        to = pack_taps(layer, shape, t, weights, to);
    }
  }

  static void run(const Layer& layer, const Io& io, std::int32_t first_row,
                  std::int32_t row_count) noexcept {
    dw::WindowRow& row = dw::WindowRow::make(layer, io, shift(layer));
    for (std::int32_t r = first_row; r < first_row + row_count; ++r) {
      row.run(r);
      detail::clamp_codes(io.out.row<std::int8_t>(r), layer.out_w, layer.out_c,
                          layer.out_pixel_bytes, layer.lo, layer.hi);
    }
  }

 private:
  // Whether it takes fewer instructions than dwconv2d_s8_any: not for short rows, of which packing and fours of outputs waste
  // much. Both costs are those of four channels of a row, fitted to the bench within 15 %.
  static constexpr bool pays(const Layer& layer) noexcept {
    const dw::WindowShape shape(layer);
    const std::int32_t tap_pairs = (layer.kernel_h * layer.kernel_w + 1) / 2;
    const std::int32_t planes = shape.planes * shape.slots();
    const std::int32_t packing = planes * (30 + 11 * (shape.outputs(0) + shape.taps(0)));
    const std::int32_t four_outputs =
        40 + 8 * shape.runs() + 6 * shape.weight_words() + 7 * shape.planes * shape.tap_classes;
    const std::int32_t fours = (shape.outputs(0) + 3) / 4 * shape.output_classes;
    return packing + 4 * fours * four_outputs + 120 * shape.output_classes + 100 <
           layer.out_w * (21 * tap_pairs + 85);
  }

  static constexpr std::int32_t shift(const Layer& layer) noexcept {
    return layer.shift < 33 ? 33 : layer.shift;
  }

  // Taps kx = t, t + tap_classes, ... of one channel, in the order of WindowRow::list_runs.
  static std::uint32_t* pack_taps(const Layer& layer, const dw::WindowShape& shape, std::int32_t t,
                                  const std::int16_t* w, std::uint32_t* to) noexcept {
    const std::int32_t kernel_w = layer.kernel_w, step = shape.tap_classes;
    const std::int16_t* const last = w + (layer.kernel_h - 1) * kernel_w;
    for (std::int32_t first = t; first < kernel_w; first += dw::kRunTaps * step) {
      const std::int32_t end =
          first + dw::kRunTaps * step < kernel_w ? first + dw::kRunTaps * step : kernel_w;
      const std::int16_t* row = w;
      for (std::int32_t ky = 0; ky + 1 < layer.kernel_h; ky += 2, row += 2 * kernel_w) {
        for (std::int32_t kx = first; kx < end; kx += step)
          *to++ = dsp::pair(row[kx], row[kernel_w + kx]);
      }
      if (shape.odd == 0) continue;
      for (std::int32_t kx = first; kx < end; kx += 2 * step)
        *to++ = dsp::pair(last[kx], kx + step < kernel_w ? last[kx + step] : 0);
    }
    return to;
  }
};

}  // namespace LINNET_VERSION_NAMESPACE
}  // namespace linnet
