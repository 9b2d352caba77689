// Walks the rows of dwconv2d_s8_window, four channels at a time: packs the columns under an output row
// (dwconv2d_s8_window_columns.h), slides along them (dwconv2d_s8_window_slide.h), and stores the codes, four channels a word.
#pragma once

#include <cstring>
#include <new>

#include "linnet/kernels/dwconv2d_s8_window_slide.h"
#include "linnet/rows.h"

namespace linnet {
inline namespace LINNET_VERSION_NAMESPACE {
namespace dw {

// The scratch: what one call works with, in this order. Sizes are those of any machine.
struct WindowScratch {
  static constexpr std::int32_t kStateBytes = 192;

  std::int32_t runs, rows, codes, zeros, planes, bytes;  // offsets

  explicit constexpr WindowScratch(const Conv2dS8& layer) noexcept
      : runs(kStateBytes), rows(0), codes(0), zeros(0), planes(0), bytes(0) {
    const WindowShape shape(layer);
    rows = runs + ((shape.runs() + 1) * 12 + 7) / 8 * 8;
    codes = rows + shape.planes * 24;
    zeros = codes + (layer.out_w + 4 * shape.output_step) * 4;
    planes = zeros + (layer.in_c + 7) / 8 * 8;
    bytes = planes + shape.slots() * shape.slot_words() * 4;
  }
};

// Makes output rows of a layer. What a call works with lies in its scratch.
class WindowRow {
 public:
  // In the scratch of `io`.
  static WindowRow& make(const Conv2dS8& layer, const Io& io, std::int32_t shift) noexcept {
    static_assert(sizeof(WindowRow) <= WindowScratch::kStateBytes);
    return *::new (static_cast<void*>(io.scratch)) WindowRow(layer, io, shift);
  }

  void run(std::int32_t out_row) noexcept {
    list_rows(out_row);
    std::int8_t* const y = io_.out.row<std::int8_t>(out_row);
    for (std::int32_t channel = 0; channel < layer_.in_c; channel += 4) {
      // The last four overlap the ones before.
      const std::int32_t c = channel + 4 > layer_.in_c ? layer_.in_c - 4 : channel;
      pack(c);
      slide(c);
      store_pixels(words(at_.codes), y + c, layer_.out_pixel_bytes, layer_.out_w);
    }
  }

 private:
  [[gnu::noinline]] WindowRow(const Conv2dS8& layer, const Io& io, std::int32_t shift) noexcept
      : layer_(layer), io_(io), shape_(layer), at_(layer) {
    const dsp::Requantizer requantize(shift, layer.out_zero, layer.lo, layer.hi);
    slide_.runs = runs();
    list_runs(runs());
    slide_.plane_bytes = 4 * shape_.plane_words();
    slide_.weight_bytes = 4 * shape_.weight_words();
    slide_.addend = requantize.addend;
    slide_.rest = requantize.rest;
    slide_.y_step = 4 * shape_.output_step;
    std::memset(io.scratch + at_.zeros, layer.in_zero, static_cast<std::size_t>(layer.in_c));
    std::uint32_t* const planes = words(at_.planes);
    const std::int32_t count = shape_.slots() * shape_.slot_words();
    const std::uint32_t zero = dsp::pair(layer.in_zero, layer.in_zero);
    for (std::int32_t i = 0; i < count; ++i) planes[i] = zero;
  }

  std::uint32_t* words(std::int32_t offset) const noexcept {
    return static_cast<std::uint32_t*>(static_cast<void*>(io_.scratch + offset));
  }
  TapRun* runs() const noexcept {
    return static_cast<TapRun*>(static_cast<void*>(io_.scratch + at_.runs));
  }
  PlaneRows* rows() const noexcept {
    return static_cast<PlaneRows*>(static_cast<void*>(io_.scratch + at_.rows));
  }

  // In the order of the weights: by class of taps, eight taps of all V, the last row's.
  void list_runs(TapRun* to) const noexcept {
    const std::int32_t pairs = shape_.planes - shape_.odd;
    for (std::int32_t t = 0; t < shape_.tap_classes; ++t) {
      std::int32_t at = t * shape_.slot_words();
      for (std::int32_t left = shape_.taps(t); left > 0; left -= kRunTaps) {
        const std::int32_t taps = left < kRunTaps ? left : kRunTaps;
        if (pairs > 0) *to++ = TapRun::vertical(4 * at, taps, pairs);
        if (shape_.odd != 0)
          *to++ = TapRun::horizontal(4 * (at + pairs * shape_.plane_words()), (taps + 1) / 2);
        at += kRunTaps * kColumnWords;
      }
    }
    *to = TapRun::end();
  }

  // A row of the image, or of padding.
  struct Row {
    const std::int8_t* data;
    std::int32_t step;
  };
  Row row(std::int32_t image_row, std::int32_t iy) const noexcept {
    if (iy >= 0 && iy < layer_.in_h)
      return {io_.in[0].row<std::int8_t>(image_row + iy), layer_.in_pixel_bytes};
    return {static_cast<const std::int8_t*>(static_cast<void*>(io_.scratch + at_.zeros)), 0};
  }
  void list_rows(std::int32_t out_row) const noexcept {
    const std::int32_t image_row = out_row / layer_.out_h * layer_.in_h;
    const std::int32_t y0 = out_row % layer_.out_h * layer_.stride_h - layer_.pad_top;
    PlaneRows* to = rows();
    for (std::int32_t ky = 0; ky < layer_.kernel_h; ky += 2, ++to) {
      const Row a = row(image_row, y0 + ky * layer_.dilation_h);
      const Row b =
          ky + 1 < layer_.kernel_h ? row(image_row, y0 + (ky + 1) * layer_.dilation_h) : a;
      *to = {a.data, b.data, a.step, b.step};
    }
  }

  void pack(std::int32_t channel) const noexcept {
    std::uint32_t* slot = words(at_.planes);
    for (std::int32_t p = 0; p < shape_.output_classes; ++p) {
      for (std::int32_t t = 0; t < shape_.tap_classes; ++t, slot += shape_.slot_words())
        pack_slot(p * layer_.stride_w + t * layer_.dilation_w - layer_.pad_left, channel, slot);
    }
  }

  void pack_slot(std::int32_t x0, std::int32_t channel, std::uint32_t* to) const noexcept {
    const SlotColumns columns(x0, shape_.column_step, shape_.columns, layer_.in_w);
    if (columns.count <= 0) return;
    const PlaneRows* from = rows();
    to += columns.first * kColumnWords;
    for (std::int32_t plane = 0; plane < shape_.planes - shape_.odd; ++plane, ++from) {
      pack_columns(from->a + columns.x * from->a_step + channel,
                   from->b + columns.x * from->b_step + channel, to, columns.count,
                   from->a_step * shape_.column_step, from->b_step * shape_.column_step);
      to += shape_.plane_words();
    }
    if (shape_.odd != 0) pack_last_row(*from, columns, channel, to);
  }

  // H: the first column is also the second of the pair before it, the last one's second is padding.
  void pack_last_row(const PlaneRows& from, const SlotColumns& columns, std::int32_t channel,
                     std::uint32_t* to) const noexcept {
    const std::uint32_t zero = (static_cast<std::uint32_t>(layer_.in_zero) & 0xffu) * 0x01010101u;
    const std::int32_t step = from.a_step * shape_.column_step, pairs = columns.count - 1;
    const std::int8_t* const a = from.a + columns.x * from.a_step + channel;
    if (columns.first > 0) split_column(zero, dsp::load_word(a), to - kColumnWords);
    pack_columns(a, a + step, to, pairs, step, step);
    split_column(dsp::load_word(a + pairs * step), zero, to + pairs * kColumnWords);
  }

  void slide(std::int32_t channel) noexcept {
    const std::uint32_t* x = words(at_.planes);
    auto* codes = static_cast<std::int8_t*>(static_cast<void*>(words(at_.codes)));
    for (std::int32_t p = 0; p < shape_.output_classes; ++p, codes += 4) {
      slide_.x = x;
      slide_.y = codes;
      slide_.weights =
          static_cast<const std::uint32_t*>(layer_.weights) + channel * (slide_.weight_bytes / 4);
      slide_.bias = static_cast<const std::int32_t*>(layer_.bias) + channel;
      slide_.multiplier = static_cast<const std::int32_t*>(layer_.multiplier) + channel;
      slide_.count = shape_.outputs(p);
      slide_window(&slide_);
      x += shape_.tap_classes * shape_.slot_words();
    }
  }

  const Conv2dS8& layer_;
  const Io& io_;
  WindowShape shape_;
  WindowScratch at_;
  WindowSlide slide_{};
};

}  // namespace dw
}  // namespace LINNET_VERSION_NAMESPACE
}  // namespace linnet
