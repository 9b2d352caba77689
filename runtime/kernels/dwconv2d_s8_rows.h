// Walks the rows of a depthwise 3x3 or 5x5 int8 convolution, four channels at a time: packs the columns under one or two
// output rows (dwconv2d_s8_columns.h), then slides along them (dwconv2d_s8_3x3_slide.h, dwconv2d_s8_5x5_slide.h).
//
// With stride 1 two output rows share most of what is packed: the rows that both need as vertical pairs, the row that only
// one of them needs as horizontal pairs. For 3x3:
//
//     row 0   H              upper output:  H(row 0), V(rows 1, 2)        the weights of its "top" form
//     row 1     V            lower output:  V(rows 1, 2), H(row 3)        "bottom" form
//     row 2     V
//     row 3   H'             a single output row is of the bottom form: V(rows 0, 1), H(row 2)
#pragma once

#include "linnet/kernels/clamp_codes.h"
#include "linnet/kernels/dwconv2d_s8_columns.h"
#include "linnet/layers_conv.h"

namespace linnet {
inline namespace LINNET_VERSION_NAMESPACE {
namespace dw {

// What a slide along one output row of four channels is given. Assembly reads it by offsets, and moves the first five
// members on from channel to channel; the first two are a channel behind.
struct Slide {
  const std::uint32_t* x;  // the channel's words in chunk 0
  std::int8_t* y;
  const std::uint32_t* weights;
  const std::int32_t* bias;
  const std::int32_t* multiplier;
  std::int32_t addend;  // of the requantization (dsp::Requantizer)
  std::int32_t pitch;   // bytes from one output pixel to the next
  std::int32_t out_w;
  std::int32_t top;         // 1: of the top form
  std::int32_t rest;        // shift of the requantization (5x5)
  std::uint32_t* expanded;  // 16 words to work in (5x5)
};
using SlideFunction = void (*)(Slide*);

// What 3x3 and 5x5, stride 1 and 2 differ in.
struct Form {
  std::int32_t kernel;        // 3 or 5
  std::int32_t first_column;  // of the first output's window in the chunks
  std::int32_t weight_words;  // of a channel
  std::int32_t top_words;  // from a channel's weights of the bottom form to those of the top form
  SlideFunction slide;

  constexpr std::int32_t planes() const { return kernel / 2; }
};

constexpr std::int32_t kExpandedBytes = 64;

constexpr std::int32_t chunks_read(std::int32_t kernel, std::int32_t first_column,
                                   std::int32_t stride_w, std::int32_t out_w) noexcept {
  return (first_column + (out_w - 1) * stride_w + kernel + 3) / 4;
}
// Slides read up to two chunks more, and do not use what is there.
constexpr std::int32_t scratch_bytes(std::int32_t kernel, std::int32_t first_column,
                                     const Conv2dS8& layer) noexcept {
  return kExpandedBytes + Columns::kBufferBytes + 8 +
         (chunks_read(kernel, first_column, layer.stride_w, layer.out_w) + 2) * (kernel / 2) *
             kPlaneBytes;
}

// The rows under `count` (1 or 2) output rows from `first_row` on.
class RowSet {
 public:
  RowSet(const Conv2dS8& layer, const RowsIn& in, std::int32_t kernel, std::int32_t first_row,
         std::int32_t count, std::uint32_t* zero_word) noexcept {
    const std::int32_t image_row = first_row / layer.out_h * layer.in_h;
    const std::int32_t y0 = first_row % layer.out_h * layer.stride_h - layer.pad_top;
    *zero_word = (static_cast<std::uint32_t>(layer.in_zero) & 0xffu) * 0x01010101u;
    for (std::int32_t i = 0; i < kernel + count - 1; ++i) {
      const bool inside = y0 + i >= 0 && y0 + i < layer.in_h;
      rows_[i] = inside ? Row{in.row<std::int8_t>(image_row + y0 + i), layer.in_pixel_bytes}
                        : Row{static_cast<const std::int8_t*>(static_cast<void*>(zero_word)), 0};
    }
  }
  Row row(std::int32_t index) const noexcept { return rows_[index]; }
  void next_channels(std::int32_t channels) noexcept {
    for (Row& row : rows_) row.data += row.step != 0 ? channels : 0;
  }

 private:
  Row rows_[6] = {};
};

[[gnu::noinline]] inline void run_rows(const Conv2dS8& layer, const Io& io, std::int32_t first_row,
                                       std::int32_t row_count, const Form& form,
                                       std::int32_t shift) noexcept {
  auto* const scratch = static_cast<std::uint32_t*>(static_cast<void*>(io.scratch));
  std::uint32_t* const buffers = scratch + kExpandedBytes / 4;
  std::uint32_t* const zero_word = buffers + Columns::kBufferBytes / 4;
  std::uint32_t* const chunks = zero_word + 2;
  const std::int32_t planes = form.planes();
  const Columns columns(form.first_column + layer.pad_left, layer.in_w,
                        chunks_read(form.kernel, form.first_column, layer.stride_w, layer.out_w),
                        planes * kPlaneBytes, layer.in_zero, chunks, buffers);
  const dsp::Requantizer requantize(shift, layer.out_zero, layer.lo, layer.hi);
  Slide slide{};
  slide.addend = requantize.addend;
  slide.rest = requantize.rest;
  slide.pitch = layer.out_pixel_bytes;
  slide.out_w = layer.out_w;
  slide.expanded = scratch;

  for (const std::int32_t end = first_row + row_count; first_row < end;) {
    const bool two =
        layer.stride_h == 1 && first_row + 1 < end && (first_row + 1) % layer.out_h != 0;
    RowSet rows(layer, io.in[0], form.kernel, first_row, two ? 2 : 1, zero_word);
    const std::int32_t first_vertical = two ? 1 : 0;
    std::int32_t channel = 0;
    for (std::int32_t next = 0; next < layer.in_c; next += 4) {
      const std::int32_t at = next + 4 <= layer.in_c ? next : layer.in_c - 4;
      rows.next_channels(at - channel);
      channel = at;
      for (std::int32_t p = 0; p < planes; ++p) {
        pack_vertical(columns, rows.row(first_vertical + 2 * p),
                      rows.row(first_vertical + 2 * p + 1), chunks + p * kPlaneWords, buffers);
      }
      for (std::int32_t i = two ? 0 : 1; i < 2; ++i) {  // the upper row, the lower or only one
        const std::int32_t row = two && i == 1 ? first_row + 1 : first_row;
        pack_horizontal(columns, rows.row(i == 0 ? 0 : form.kernel - 1 + first_vertical), chunks,
                        buffers);
        slide.x = chunks - kChannelWords;
        slide.y = io.out.row<std::int8_t>(row) + channel - 1;
        slide.top = 1 - i;
        slide.weights = static_cast<const std::uint32_t*>(layer.weights) +
                        channel * form.weight_words + slide.top * form.top_words;
        slide.bias = static_cast<const std::int32_t*>(layer.bias) + channel;
        slide.multiplier = static_cast<const std::int32_t*>(layer.multiplier) + channel;
        form.slide(&slide);
      }
    }
    for (std::int32_t i = 0; i < (two ? 2 : 1); ++i) {
      detail::clamp_codes(io.out.row<std::int8_t>(first_row + i), layer.out_w, layer.out_c,
                          layer.out_pixel_bytes, layer.lo, layer.hi);
    }
    first_row += two ? 2 : 1;
  }
}

}  // namespace dw
}  // namespace LINNET_VERSION_NAMESPACE
}  // namespace linnet
