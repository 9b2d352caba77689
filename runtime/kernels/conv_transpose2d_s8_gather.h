// The int8 transposed convolution, over narrow (int8) or wide (int16) weights: the body of
// conv_transpose2d_s8_any and conv_transpose2d_s8_any_w16.
//
// Each output pixel gathers what reaches it: tap (ky, kx) of input pixel (iy, ix) lands on output
// row iy * stride - pad_top + ky * dilation, so output row oy hears from the taps with (oy +
// pad_top - ky * dilation) divisible by the stride, and columns likewise:
//
//   stride 2, kernel 3, one dimension:   even outputs hear taps 0 and 2, odd ones tap 1
//
// Outputs that are stride_w apart hear the same taps; two of them are summed together as in
// conv2d_s8_gemm.h, tap by tap. The zero point is subtracted while expanding (a tap that is not
// heard must add nothing).
#pragma once

#include "linnet/kernels/conv2d_s8_gemm.h"

namespace linnet {
inline namespace LINNET_VERSION_NAMESPACE {
namespace detail {

template <bool Wide>
struct GatherTransposed {
  static constexpr std::int32_t tap_steps(const Conv2dS8& layer) noexcept {
    return gemm::steps(layer.group_in());
  }
  static constexpr std::int32_t taps(const Conv2dS8& layer) noexcept {
    return layer.kernel_h * layer.kernel_w;
  }
  // Expanded activations of all taps, then the numbers of the taps that are heard.
  static constexpr std::int32_t scratch_bytes(const Conv2dS8& layer) noexcept {
    return taps(layer) * (gemm::expanded_bytes(tap_steps(layer)) + 4);
  }
  static constexpr std::int32_t pair_words(const Conv2dS8& layer) noexcept {
    return taps(layer) * gemm::weight_words(tap_steps(layer), Wide);
  }
  static constexpr std::int32_t packed_bytes(const Conv2dS8& layer) noexcept {
    return layer.groups * ((layer.group_out() + 1) / 2) * pair_words(layer) * 4;
  }
  // Each tap is padded to whole steps on its own.
  static void pack(const Conv2dS8& layer, const std::int16_t* weights, std::byte* packed) noexcept {
    auto* to = static_cast<std::uint32_t*>(static_cast<void*>(packed));
    const std::int32_t depth = layer.group_in(), tap_count = taps(layer);
    for (std::int32_t group = 0; group < layer.groups; ++group) {
      for (std::int32_t o = 0; o < layer.group_out(); o += 2) {
        for (std::int32_t tap = 0; tap < tap_count; ++tap) {
          to = pack_tap(weights + tap * depth, layer.group_out() - o, depth, tap_count * depth, to);
        }
        weights += (layer.group_out() - o > 1 ? 2 : 1) * tap_count * depth;
      }
    }
  }

  static void run(const Conv2dS8& layer, const Io& io, std::int32_t first_row,
                  std::int32_t row_count) noexcept {
    const dsp::Requantizer requantize(layer.shift, layer.out_zero, layer.lo, layer.hi);
    for (std::int32_t r = first_row; r < first_row + row_count; ++r) {
      for (std::int32_t group = 0; group < layer.groups; ++group) {
        const gemm::Channels channels(layer, group, pair_words(layer));
        for (std::int32_t phase = 0; phase < layer.stride_w && phase < layer.out_w; ++phase) {
          for (std::int32_t ox = phase; ox < layer.out_w; ox += 2 * layer.stride_w) {
            write_pair(layer, io, channels, requantize, {r, ox, group});
          }
        }
      }
    }
  }

 private:
  struct Position {
    std::int32_t row, x, group;
  };

  // Channel 0 and, when there is a second one, channel 1, which is `next` weights on.
  static std::uint32_t* pack_tap(const std::int16_t* weights, std::int32_t channels,
                                 std::int32_t depth, std::int32_t next,
                                 std::uint32_t* to) noexcept {
    for (std::int32_t k = 0; k < depth; k += 4) {
      const std::int32_t count = depth - k < 4 ? depth - k : 4;
      std::int16_t both[8] = {};  // four weights of each channel
      for (std::int32_t i = 0; i < count; ++i) {
        both[i] = weights[k + i];
        if (channels > 1) both[4 + i] = weights[next + k + i];
      }
      to = gemm::pack_weights(both, 2, 4, Wide, to);
    }
    return to;
  }

  // The input index that tap k brings to output o, or -1 when none does (or it lies outside).
  static std::int32_t source(std::int32_t o, std::int32_t pad, std::int32_t tap,
                             std::int32_t stride, std::int32_t size) noexcept {
    const std::int32_t distance = o + pad - tap;
    if (distance < 0 || distance % stride != 0 || distance / stride >= size) return -1;
    return distance / stride;
  }

  // Outputs ox and ox + stride_w (where it exists) of a row, all channels of a group.
  static void write_pair(const Conv2dS8& layer, const Io& io, const gemm::Channels& channels,
                         const dsp::Requantizer& requantize, Position at) noexcept {
    const std::int32_t pixels = at.x + layer.stride_w < layer.out_w ? 2 : 1;
    const std::int32_t steps = tap_steps(layer);
    auto* const x = static_cast<std::uint32_t*>(static_cast<void*>(io.scratch));
    auto* const heard = x + taps(layer) * steps * gemm::kStepWords;
    const std::int32_t heard_count = expand_taps(layer, io, at, pixels, x, heard);

    std::int8_t* y = io.out.row<std::int8_t>(at.row) + at.x * layer.out_pixel_bytes +
                     at.group * layer.group_out();
    const std::int32_t tap_words = gemm::weight_words(steps, Wide);
    const std::uint32_t* w = channels.weights;
    for (std::int32_t o = 0; o < channels.count; o += 2, w += pair_words(layer)) {
      const std::int32_t next = o + 1 < channels.count ? o + 1 : o;
      gemm::Sums<2> sums = {{channels.bias[o], channels.bias[o]},
                            {channels.bias[next], channels.bias[next]}};
      for (std::int32_t i = 0; i < heard_count; ++i) {
        gemm::add_products<Wide>(sums, x + i * steps * gemm::kStepWords,
                                 w + static_cast<std::int32_t>(heard[i]) * tap_words, steps);
      }
      for (std::int32_t p = 0; p < pixels; ++p) {
        std::int8_t* const to = y + p * layer.stride_w * layer.out_pixel_bytes;
        to[o] = requantize(sums.a[p], channels.multiplier[o]);
        if (next != o) to[next] = requantize(sums.b[p], channels.multiplier[next]);
      }
    }
  }

  // Expands what both outputs hear, tap after tap, and lists the taps; returns how many there are.
  static std::int32_t expand_taps(const Conv2dS8& layer, const Io& io, Position at,
                                  std::int32_t pixels, std::uint32_t* x,
                                  std::uint32_t* heard) noexcept {
    const std::int32_t image_row = at.row / layer.out_h * layer.in_h;
    std::int32_t count = 0;
    for (std::int32_t ky = 0; ky < layer.kernel_h; ++ky) {
      const std::int32_t iy = source(at.row % layer.out_h, layer.pad_top, ky * layer.dilation_h,
                                     layer.stride_h, layer.in_h);
      if (iy < 0) continue;
      const std::int8_t* const row =
          io.in[0].row<std::int8_t>(image_row + iy) + at.group * layer.group_in();
      for (std::int32_t kx = 0; kx < layer.kernel_w; ++kx) {
        std::int32_t ix[2] = {-1, -1};
        for (std::int32_t p = 0; p < pixels; ++p) {
          ix[p] = source(at.x + p * layer.stride_w, layer.pad_left, kx * layer.dilation_w,
                         layer.stride_w, layer.in_w);
        }
        if (ix[0] < 0 && ix[1] < 0) continue;
        std::uint32_t* const to = x + count * tap_steps(layer) * gemm::kStepWords;
        for (std::int32_t p = 0; p < 2; ++p) {
          if (ix[p] < 0) {
            gemm::expand_value(to + p, 0, tap_steps(layer));
          } else {
            expand_less_zero(layer, row + ix[p] * layer.in_pixel_bytes, to + p);
          }
        }
        heard[count++] = static_cast<std::uint32_t>(ky * layer.kernel_w + kx);
      }
    }
    return count;
  }

  static void expand_less_zero(const Conv2dS8& layer, const std::int8_t* from,
                               std::uint32_t* to) noexcept {
    const std::uint32_t zero = dsp::pair(layer.in_zero, layer.in_zero);
    const std::int32_t words = layer.group_in() / 4;
    std::uint32_t* const end = gemm::expand(to, from, words);
    if (layer.group_in() % 4 != 0) {
      gemm::expand_tail(end, from + words * 4, layer.group_in() % 4);  // meets zero weights only
    }
    for (std::int32_t i = 0; i < tap_steps(layer); ++i, to += gemm::kStepWords) {
      to[0] = dsp::ssub16(to[0], zero);
      to[2] = dsp::ssub16(to[2], zero);
    }
  }
};

}  // namespace detail
}  // namespace LINNET_VERSION_NAMESPACE
}  // namespace linnet
