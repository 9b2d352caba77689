// Columns of a depthwise convolution with any window as 16-bit pairs: what dwconv2d_s8_window multiplies.
//
// Outputs and taps are in classes: output x = a * i + p is of class p, tap kx = b * j + t of class t, where
// a = dilation / gcd and b = stride / gcd. They meet at column
//
//     stride * x + dilation * kx  =  (stride * p + dilation * t)  +  (stride * a) * (i + j)         dilation * b = stride * a
//
// so that a slot (p, t) of every (stride * a)-th column serves all its outputs and taps, side by side. A slot has a plane for
// each pair of kernel rows (V) and one for the last of an odd number (H); a column of a plane is a pair for each of four
// channels, 16 bytes:
//
//     V   (a[q], b[q])        rows a and b of the window
//     H   (c[q], c[q + 1])    the last row
#pragma once

#include "linnet/kernels/dwconv2d_s8_columns.h"
#include "linnet/layers_conv.h"

namespace linnet {
inline namespace LINNET_VERSION_NAMESPACE {
namespace dw {

constexpr std::int32_t kColumnWords = 4;
constexpr std::int32_t kRunTaps = 8;  // a run at most: eight words of V, four of H

struct WindowShape {
  std::int32_t kernel_h, kernel_w, out_w;
  std::int32_t planes;          // of a slot; the last is H if `odd`
  std::int32_t odd;             // 1: the number of kernel rows is odd
  std::int32_t output_classes;  // a; fewer than `output_step` where the row is short
  std::int32_t output_step;
  std::int32_t tap_classes;  // b, or fewer
  std::int32_t column_step;  // from a column of a slot to the next, in the image
  std::int32_t columns;      // of a plane: outputs rounded up to four, and one for the last H

  explicit constexpr WindowShape(const Conv2dS8& layer) noexcept
      : kernel_h(layer.kernel_h),
        kernel_w(layer.kernel_w),
        out_w(layer.out_w),
        planes((layer.kernel_h + 1) / 2),
        odd(layer.kernel_h % 2),
        output_classes(0),
        output_step(layer.dilation_w / divisor(layer.stride_w, layer.dilation_w)),
        tap_classes(layer.stride_w / divisor(layer.stride_w, layer.dilation_w)),
        column_step(layer.stride_w * output_step),
        columns(0) {
    output_classes = output_step < out_w ? output_step : out_w;
    if (layer.kernel_w == 1) output_classes = output_step = 1, column_step = layer.stride_w;
    if (tap_classes > kernel_w) tap_classes = kernel_w;
    columns = (outputs(0) + 3) / 4 * 4 + taps(0) + 1;
  }
  constexpr std::int32_t outputs(std::int32_t p) const noexcept {
    return (out_w - p + output_step - 1) / output_step;
  }
  constexpr std::int32_t taps(std::int32_t t) const noexcept {
    return (kernel_w - t + tap_classes - 1) / tap_classes;
  }
  constexpr std::int32_t plane_words() const noexcept { return columns * kColumnWords; }
  constexpr std::int32_t slot_words() const noexcept { return planes * plane_words(); }
  constexpr std::int32_t slots() const noexcept { return output_classes * tap_classes; }

  // Of a channel; and runs of taps.
  constexpr std::int32_t weight_words() const noexcept {
    std::int32_t words = kernel_h / 2 * kernel_w;
    for (std::int32_t t = 0; t < tap_classes && odd != 0; ++t) words += (taps(t) + 1) / 2;
    return words;
  }
  constexpr std::int32_t runs() const noexcept {
    std::int32_t count = 0;
    for (std::int32_t t = 0; t < tap_classes; ++t) count += (taps(t) + kRunTaps - 1) / kRunTaps;
    return count * ((kernel_h > 1 ? 1 : 0) + odd);
  }

 private:
  static constexpr std::int32_t divisor(std::int32_t m, std::int32_t n) noexcept {
    while (n != 0) {
      const std::int32_t rest = m % n;
      m = n;
      n = rest;
    }
    return m;
  }
};

// What a plane is packed from: pixels `step` bytes apart, of V two rows, of H the next column as the second.
struct PlaneRows {
  const std::int8_t *a, *b;     // column 0 of the image, channel 0
  std::int32_t a_step, b_step;  // from an image's column to the next; 0: padding
};

// Four channels of two values, a pair each, side by side.
inline void split_column(std::uint32_t a, std::uint32_t b, std::uint32_t* to) noexcept {
  const std::uint32_t low = dsp::pkhbt(a, b), high = dsp::pkhtb(b, a);
  to[0] = dsp::sxtb16(low);
  to[1] = dsp::sxtb16_ror8(low);
  to[2] = dsp::sxtb16(high);
  to[3] = dsp::sxtb16_ror8(high);
}

#ifdef LINNET_DW_ASSEMBLY
// clang-format off
// `count` columns of a plane, none or more; 22 instructions for two.
LINNET_DW_FUNCTION void pack_columns(const std::int8_t* /*a*/, const std::int8_t* /*b*/,
                                     std::uint32_t* /*to*/, std::int32_t /*count*/,
                                     std::int32_t /*a_step*/, std::int32_t /*b_step*/) noexcept {
  __asm__(
      "push {r4-r11, lr}\n"
      "ldrd r10, r11, [sp, #36]\n"
      "lsrs r3, r3, #1\n"
      "bcc 1f\n"
      "ldr r5, [r1]\n"
      "ldr r4, [r0]\n"
      "add r0, r0, r10\n"
      "add r1, r1, r11\n"
      "pkhtb r9, r5, r4, asr #16\n"
      "pkhbt r8, r4, r5, lsl #16\n"
      "sxtb16 r4, r8\n"
      "sxtb16 r5, r8, ror #8\n"
      "sxtb16 r8, r9\n"
      "sxtb16 r9, r9, ror #8\n"
      "stm r2!, {r4, r5, r8, r9}\n"
      "1:\n"
      "cbz r3, 3f\n"
      ".p2align 2\n"
      "2:\n"
      "ldr r5, [r1]\n"
      "ldr r4, [r0]\n"
      "ldr r7, [r1, r11]\n"
      "add r1, r1, r11, lsl #1\n"
      "ldr r6, [r0, r10]\n"
      "pkhbt r8, r4, r5, lsl #16\n"
      "add r0, r0, r10, lsl #1\n"
      "pkhtb r9, r5, r4, asr #16\n"
      "subs r3, #1\n"
      "sxtb16 r4, r8\n"
      "sxtb16 r5, r8, ror #8\n"
      "sxtb16 r8, r9\n"
      "sxtb16 r9, r9, ror #8\n"
      "stm r2!, {r4, r5, r8, r9}\n"
      "pkhbt r12, r6, r7, lsl #16\n"
      "pkhtb lr, r7, r6, asr #16\n"
      "sxtb16 r6, r12\n"
      "sxtb16 r7, r12, ror #8\n"
      "sxtb16 r12, lr\n"
      "sxtb16 lr, lr, ror #8\n"
      "stm r2!, {r6, r7, r12, lr}\n"
      "bne 2b\n"
      "3:\n"
      "pop {r4-r11, pc}\n");
}
// clang-format on
#else
// `count` columns of a plane, none or more.
inline void pack_columns(const std::int8_t* a, const std::int8_t* b, std::uint32_t* to,
                         std::int32_t count, std::int32_t a_step, std::int32_t b_step) noexcept {
  for (std::uint32_t* const end = to + count * kColumnWords; to != end;
       to += kColumnWords, a += a_step, b += b_step)
    split_column(dsp::load_word(a), dsp::load_word(b), to);
}
#endif

// The columns of one slot that are in the image.
struct SlotColumns {
  std::int32_t first, count;  // of the plane
  std::int32_t x;             // the first one's column in the image

  // `x0`: where the slot begins, relative to the image.
  SlotColumns(std::int32_t x0, std::int32_t step, std::int32_t columns, std::int32_t in_w) noexcept
      : first(x0 < 0 ? (-x0 + step - 1) / step : 0), count(0), x(0) {
    if (first > columns) first = columns;
    x = x0 + first * step;
    if (x < in_w) count = (in_w - x + step - 1) / step;
    if (count > columns - first) count = columns - first;
  }
};

}  // namespace dw
}  // namespace LINNET_VERSION_NAMESPACE
}  // namespace linnet
