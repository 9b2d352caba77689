// The int8 convolution for any window, over narrow (int8) or wide (int16) weights: the body of
// conv2d_s8_any and conv2d_s8_any_w16.
//
// The window of each output pixel is expanded once for all output channels of a group. In NHWC each
// kernel row is one run of kernel_w * in_c bytes, so inside the image whole words are expanded
// straight from the input rows; at the left and right edges, with dilation, with groups, or where
// the run is no multiple of four bytes, the window is first gathered as bytes. Taps outside the
// image hold the input's zero point.
#pragma once

#include "linnet/kernels/conv2d_s8_gemm.h"

namespace linnet {
inline namespace LINNET_VERSION_NAMESPACE {
namespace detail {

template <bool Wide>
struct WindowConv {
  static constexpr std::int32_t depth(const Conv2dS8& layer) noexcept {
    return layer.kernel_h * layer.kernel_w * layer.group_in();
  }
  static constexpr std::int32_t steps(const Conv2dS8& layer) noexcept {
    return gemm::steps(depth(layer));
  }
  // Expanded activations, then the gathered bytes.
  static constexpr std::int32_t scratch_bytes(const Conv2dS8& layer) noexcept {
    return gemm::expanded_bytes(steps(layer)) + steps(layer) * 4;
  }
  static constexpr std::int32_t packed_bytes(const Conv2dS8& layer) noexcept {
    return layer.groups * ((layer.group_out() + 1) / 2) * gemm::weight_words(steps(layer), Wide) *
           4;
  }
  static void pack(const Conv2dS8& layer, const std::int16_t* weights, std::byte* packed) noexcept {
    auto* to = static_cast<std::uint32_t*>(static_cast<void*>(packed));
    for (std::int32_t group = 0; group < layer.groups; ++group) {
      to = gemm::pack_weights(weights, layer.group_out(), depth(layer), Wide, to);
      weights += layer.group_out() * depth(layer);
    }
  }

  static void run(const Conv2dS8& layer, const Io& io, std::int32_t first_row,
                  std::int32_t row_count) noexcept {
    const std::int32_t step_count = steps(layer);
    const dsp::Requantizer requantize(layer.shift, layer.out_zero, layer.lo, layer.hi);
    auto* const x = static_cast<std::uint32_t*>(static_cast<void*>(io.scratch));
    std::byte* const bytes = io.scratch + gemm::expanded_bytes(step_count);
    for (std::int32_t r = first_row; r < first_row + row_count; ++r) {
      std::int8_t* const out = io.out.row<std::int8_t>(r);
      for (std::int32_t group = 0; group < layer.groups; ++group) {
        const gemm::Channels channels(layer, group, gemm::weight_words(step_count, Wide));
        for (std::int32_t ox = 0; ox < layer.out_w; ox += 2) {
          const std::int32_t pixels = ox + 1 < layer.out_w ? 2 : 1;
          std::int8_t* y[2] = {};
          for (std::int32_t p = 0; p < pixels; ++p) {
            expand_window(layer, io.in[0], r, ox + p, group, x + p, bytes);
            y[p] = out + (ox + p) * layer.out_pixel_bytes + group * layer.group_out();
          }
          gemm::write_pixels<Wide>(channels, requantize, x, step_count, y, pixels);
        }
      }
    }
  }

 private:
  static void expand_window(const Conv2dS8& layer, const RowsIn& in, std::int32_t out_row,
                            std::int32_t out_x, std::int32_t group, std::uint32_t* to,
                            std::byte* bytes) noexcept {
    const std::int32_t image_row = out_row / layer.out_h * layer.in_h;
    const std::int32_t y0 = out_row % layer.out_h * layer.stride_h - layer.pad_top;
    const std::int32_t x0 = out_x * layer.stride_w - layer.pad_left;
    const std::int32_t run_bytes = layer.kernel_w * layer.group_in();
    const bool one_run = layer.groups == 1 && layer.in_pixel_bytes == layer.in_c &&
                         (layer.dilation_w == 1 || layer.kernel_w == 1) && x0 >= 0 &&
                         x0 + layer.kernel_w <= layer.in_w;
    const bool whole_words = one_run && run_bytes % 4 == 0;
    std::byte* gathered = bytes;
    for (std::int32_t ky = 0; ky < layer.kernel_h; ++ky) {
      const std::int32_t iy = y0 + ky * layer.dilation_h;
      if (iy < 0 || iy >= layer.in_h) {
        if (whole_words) {
          to = gemm::expand_value(to, layer.in_zero, run_bytes / 4);
        } else {
          std::memset(gathered, layer.in_zero, static_cast<std::size_t>(run_bytes));
          gathered += run_bytes;
        }
        continue;
      }
      const std::int8_t* const row = in.row<std::int8_t>(image_row + iy);
      if (whole_words) {
        to = gemm::expand(to, row + x0 * layer.in_c, run_bytes / 4);
      } else if (one_run) {
        std::memcpy(gathered, row + x0 * layer.in_c, static_cast<std::size_t>(run_bytes));
        gathered += run_bytes;
      } else {
        gathered = gather_taps(layer, row + group * layer.group_in(), x0, gathered);
      }
    }
    if (whole_words) return;
    const std::int32_t count = depth(layer);
    const std::int8_t* const from = static_cast<const std::int8_t*>(static_cast<void*>(bytes));
    to = gemm::expand(to, from, count / 4);
    if (count % 4 != 0) gemm::expand_tail(to, from + count / 4 * 4, count % 4);
  }

  // One kernel row, tap by tap.
  static std::byte* gather_taps(const Conv2dS8& layer, const std::int8_t* row, std::int32_t x0,
                                std::byte* to) noexcept {
    const auto tap_bytes = static_cast<std::size_t>(layer.group_in());
    for (std::int32_t kx = 0; kx < layer.kernel_w; ++kx, to += tap_bytes) {
      const std::int32_t ix = x0 + kx * layer.dilation_w;
      if (ix < 0 || ix >= layer.in_w) {
        std::memset(to, layer.in_zero, tap_bytes);
      } else {
        std::memcpy(to, row + ix * layer.in_pixel_bytes, tap_bytes);
      }
    }
    return to;
  }
};

}  // namespace detail
}  // namespace LINNET_VERSION_NAMESPACE
}  // namespace linnet
