// 1x1 int8 convolution without padding whose channels are summed in pairs (conv2d_s8_paired.h): any channels, strides and
// pitches. Four pixels at a time, across the ends of rows.
#pragma once

#include <new>

#include "linnet/kernels/conv2d_s8_paired_write.h"

namespace linnet {
inline namespace LINNET_VERSION_NAMESPACE {

struct conv2d_s8_1x1_paired {
  using Layer = Conv2dS8;
  static constexpr const char* name = "conv2d_s8_1x1_paired";
  static constexpr bool folds_input_zero = true;
  static constexpr bool packs_channels = true;
  static constexpr bool supports(const Layer& layer) noexcept {
    return layer.paired != 0 && layer.kernel_h == 1 && layer.kernel_w == 1 && layer.groups == 1 &&
           layer.pad_top == 0 && layer.pad_left == 0 &&
           (layer.out_h - 1) * layer.stride_h < layer.in_h &&
           (layer.out_w - 1) * layer.stride_w < layer.in_w;
  }
  // What the kernel keeps between its parts, sums, expanded pixels.
  static constexpr std::int32_t scratch_bytes(const Layer& layer) noexcept {
    return scratch_bytes_with(paired::Writer::bytes(layer));
  }
  static constexpr std::int32_t packed_bytes(const Layer& layer) noexcept {
    return paired::packed_bytes(layer.out_c, paired::runs(layer).steps());
  }
  static void pack(const Layer& layer, const std::int16_t* weights, const std::int32_t* bias,
                   const std::int32_t* multiplier, std::byte* packed) noexcept {
    paired::pack(paired::runs(layer), layer.out_c, weights, bias, multiplier, packed);
  }

  static void run(const Layer& layer, const Io& io, std::int32_t first_row,
                  std::int32_t row_count) noexcept {
    run_with<paired::Writer>(layer, io, first_row, row_count);
  }

  // The same for any that makes outputs of four expanded pixels (conv2d_s8_1x1_w4).
  static constexpr std::int32_t scratch_bytes_with(std::int32_t writer_bytes) noexcept {
    return kWriterBytes + writer_bytes;
  }
  template <class Writer>
  static void run_with(const Layer& layer, const Io& io, std::int32_t first_row,
                       std::int32_t row_count) noexcept {
    const paired::Runs runs = paired::runs(layer);
    static_assert(sizeof(Writer) <= kWriterBytes);
    std::byte* const sums = io.scratch + kWriterBytes;
    auto* const x =
        static_cast<std::uint32_t*>(static_cast<void*>(sums + Writer::sums_bytes(layer)));
    Writer& writer = *::new (io.scratch) Writer(layer, x, runs.steps(), sums);
    const std::int32_t in_step = layer.stride_w * layer.in_pixel_bytes;
    const std::int8_t* from[paired::kPixels] = {};
    std::int8_t* to[paired::kPixels] = {};
    std::int32_t pixels = 0;
    for (std::int32_t r = first_row; r < first_row + row_count; ++r) {
      const std::int32_t in_row = r / layer.out_h * layer.in_h + r % layer.out_h * layer.stride_h;
      const std::int8_t* in = io.in[0].row<std::int8_t>(in_row);
      std::int8_t* out = io.out.row<std::int8_t>(r);
      for (std::int32_t left = layer.out_w; left > 0;) {
        if (pixels == 0 && left >= paired::kPixels) {
          for (std::int32_t p = 0; p < paired::kPixels; ++p) from[p] = in + p * in_step;
          expand(runs, from, x);
          writer.write_four(out, layer.out_pixel_bytes);
          left -= paired::kPixels;
          in += paired::kPixels * in_step;
          out += paired::kPixels * layer.out_pixel_bytes;
          continue;
        }
        from[pixels] = in;
        to[pixels] = out;
        if (++pixels == paired::kPixels) {
          expand(runs, from, x);
          writer.write(to, pixels);
          pixels = 0;
        }
        --left;
        in += in_step;
        out += layer.out_pixel_bytes;
      }
    }
    if (pixels == 0) return;
    for (std::int32_t p = pixels; p < paired::kPixels; ++p) from[p] = from[0];
    expand(runs, from, x);
    writer.write(to, pixels);
  }

 private:
  static constexpr std::int32_t kWriterBytes = 128;

  [[gnu::noinline]] static void expand(const paired::Runs& runs, const std::int8_t* const* p,
                                       std::uint32_t* x) noexcept {
    const std::int32_t words = runs.words();
    x = paired::expand_words(p[0], p[1], p[2], p[3], x, words);
    for (std::int32_t i = 4 * words; i < runs.bytes; i += 2)
      x = paired::put_step(x, p, p, i, i + 1 < runs.bytes ? i + 1 : i);
  }
};

}  // namespace LINNET_VERSION_NAMESPACE
}  // namespace linnet
