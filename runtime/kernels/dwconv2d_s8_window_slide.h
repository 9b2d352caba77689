// Sums of dwconv2d_s8_window: four outputs of a channel at a time, along runs of taps.
//
//     V, a tap:        w = *weights++, x3 = next column   s0 += w.x0  s1 += w.x1  s2 += w.x2  s3 += w.x3    then x1 x2 x3 are x0 x1 x2
//     H, two taps:     the same with two columns more, since H(q) holds columns q and q + 1
//
// Six instructions for 8 MACs (V), seven (H); a run of one to eight taps is straight code, chosen by a switch.
#pragma once

#include "linnet/kernels/dwconv2d_s8_columns.h"
#include "linnet/kernels/dwconv2d_s8_window_columns.h"
#include "linnet/rows.h"

namespace linnet {
inline namespace LINNET_VERSION_NAMESPACE {
namespace dw {

// A run of taps over one plane.
struct TapRun {
  std::int32_t offset_words;  // from the first output's column of the first slot of its class
  std::int32_t code;          // V of so many taps; 8 + n: H of n words
};

struct WindowScratch {
  std::int32_t runs, rows, codes, zeros, planes, bytes;  // offsets

  // Sizes are those of any machine.
  explicit constexpr WindowScratch(const Conv2dS8& layer) noexcept
      : runs(0), rows(0), codes(0), zeros(0), planes(0), bytes(0) {
    const WindowShape shape(layer);
    rows = shape.runs() * 8;
    codes = rows + shape.planes * 24;
    zeros = codes + (layer.out_w + 4 * shape.output_step) * 4;
    planes = zeros + (layer.in_c + 7) / 8 * 8;
    bytes = planes + shape.slots() * shape.slot_words() * 4;
  }
};

struct Sums {
  std::int32_t s0, s1, s2, s3;
};

template <std::int32_t Left>
[[gnu::always_inline]] inline void add_vertical(const std::uint32_t* x, const std::uint32_t* w,
                                                std::uint32_t x0, std::uint32_t x1,
                                                std::uint32_t x2, Sums& sums) noexcept {
  if constexpr (Left > 0) {
    const std::uint32_t weight = *w, x3 = *x;
    sums.s0 = dsp::smlad(x0, weight, sums.s0);
    sums.s1 = dsp::smlad(x1, weight, sums.s1);
    sums.s2 = dsp::smlad(x2, weight, sums.s2);
    sums.s3 = dsp::smlad(x3, weight, sums.s3);
    add_vertical<Left - 1>(x + kColumnWords, w + 1, x1, x2, x3, sums);
  }
}
template <std::int32_t Taps>
[[gnu::always_inline]] inline void vertical(const std::uint32_t* x, const std::uint32_t*& w,
                                            Sums& sums) noexcept {
  add_vertical<Taps>(x + 3 * kColumnWords, w, x[0], x[kColumnWords], x[2 * kColumnWords], sums);
  w += Taps;
}

template <std::int32_t Left>
[[gnu::always_inline]] inline void add_horizontal(const std::uint32_t* x, const std::uint32_t* w,
                                                  std::uint32_t x0, std::uint32_t x1,
                                                  Sums& sums) noexcept {
  if constexpr (Left > 0) {
    const std::uint32_t weight = *w, x2 = x[0], x3 = x[kColumnWords];
    sums.s0 = dsp::smlad(x0, weight, sums.s0);
    sums.s1 = dsp::smlad(x1, weight, sums.s1);
    sums.s2 = dsp::smlad(x2, weight, sums.s2);
    sums.s3 = dsp::smlad(x3, weight, sums.s3);
    add_horizontal<Left - 1>(x + 2 * kColumnWords, w + 1, x2, x3, sums);
  }
}
template <std::int32_t Words>
[[gnu::always_inline]] inline void horizontal(const std::uint32_t* x, const std::uint32_t*& w,
                                              Sums& sums) noexcept {
  add_horizontal<Words>(x + 2 * kColumnWords, w, x[0], x[kColumnWords], sums);
  w += Words;
}

[[gnu::always_inline]] inline void add_run(std::int32_t code, const std::uint32_t* x,
                                           const std::uint32_t*& w, Sums& sums) noexcept {
  switch (code) {
    case 1: return vertical<1>(x, w, sums);
    case 2: return vertical<2>(x, w, sums);
    case 3: return vertical<3>(x, w, sums);
    case 4: return vertical<4>(x, w, sums);
    case 5: return vertical<5>(x, w, sums);
    case 6: return vertical<6>(x, w, sums);
    case 7: return vertical<7>(x, w, sums);
    case 8: return vertical<8>(x, w, sums);
    case 9: return horizontal<1>(x, w, sums);
    case 10: return horizontal<2>(x, w, sums);
    case 11: return horizontal<3>(x, w, sums);
    case 12: return horizontal<4>(x, w, sums);
    default: __builtin_unreachable();
  }
}

struct WindowSlide {
  const TapRun *runs, *runs_end;
  const std::uint32_t* weights;
  std::int32_t bias, multiplier, addend, rest;
  std::int32_t y_step;  // bytes from an output to the next
};

[[gnu::always_inline]] inline std::int8_t* store(const WindowSlide& slide, std::int32_t sum,
                                                 std::int8_t* y) noexcept {
  *y = static_cast<std::int8_t>(
      dsp::ssat8(dsp::smmla(sum, slide.multiplier, slide.addend) >> slide.rest));
  return y + slide.y_step;
}

// `count` outputs, rounded up to four: x is the first one's column, of one channel.
[[gnu::noinline]] inline void slide_window(const WindowSlide& slide, const std::uint32_t* x,
                                           std::int8_t* y, std::int32_t count) noexcept {
  for (; count > 0; count -= 4, x += 4 * kColumnWords) {
    Sums sums{slide.bias, slide.bias, slide.bias, slide.bias};
    const std::uint32_t* w = slide.weights;
    for (const TapRun* run = slide.runs; run != slide.runs_end; ++run)
      add_run(run->code, x + run->offset_words, w, sums);
    y = store(slide, sums.s0, y);
    y = store(slide, sums.s1, y);
    y = store(slide, sums.s2, y);
    y = store(slide, sums.s3, y);
  }
}

// Makes output rows of a layer. What a call works with lies in its scratch.
class WindowRow {
 public:
  WindowRow(const Conv2dS8& layer, const Io& io, std::int32_t shift) noexcept
      : layer_(layer), io_(io), shape_(layer), at_(layer) {
    const dsp::Requantizer requantize(shift, layer.out_zero, layer.lo, layer.hi);
    slide_.runs = runs();
    slide_.runs_end = list_runs(runs());
    slide_.addend = requantize.addend;
    slide_.rest = requantize.rest;
    slide_.y_step = 4 * shape_.output_step;
    std::memset(io.scratch + at_.zeros, layer.in_zero, static_cast<std::size_t>(layer.in_c));
    std::uint32_t* const planes = words(at_.planes);
    const std::int32_t count = shape_.slots() * shape_.slot_words();
    const std::uint32_t zero = dsp::pair(layer.in_zero, layer.in_zero);
    for (std::int32_t i = 0; i < count; ++i) planes[i] = zero;
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
  std::uint32_t* words(std::int32_t offset) const noexcept {
    return static_cast<std::uint32_t*>(static_cast<void*>(io_.scratch + offset));
  }
  TapRun* runs() const noexcept {
    return static_cast<TapRun*>(static_cast<void*>(io_.scratch + at_.runs));
  }
  PlaneRows* rows() const noexcept {
    return static_cast<PlaneRows*>(static_cast<void*>(io_.scratch + at_.rows));
  }

  TapRun* list_runs(TapRun* to) const noexcept {
    for (std::int32_t t = 0; t < shape_.tap_classes; ++t) {
      for (std::int32_t plane = 0; plane < shape_.planes; ++plane) {
        const bool pairs = shape_.odd != 0 && plane + 1 == shape_.planes;
        std::int32_t at = t * shape_.slot_words() + plane * shape_.plane_words();
        for (std::int32_t left = shape_.taps(t); left > 0; left -= kRunTaps) {
          const std::int32_t taps = left < kRunTaps ? left : kRunTaps;
          *to++ = {at, pairs ? 8 + (taps + 1) / 2 : taps};
          at += kRunTaps * kColumnWords;
        }
      }
    }
    return to;
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
                   from->b + columns.x * from->b_step + channel, from->a_step * shape_.column_step,
                   from->b_step * shape_.column_step, to, columns.count);
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
    pack_columns(a, a + step, step, step, to, pairs);
    split_column(dsp::load_word(a + pairs * step), zero, to + pairs * kColumnWords);
  }

  void slide(std::int32_t channel) noexcept {
    const auto* const bias = static_cast<const std::int32_t*>(layer_.bias);
    const auto* const multiplier = static_cast<const std::int32_t*>(layer_.multiplier);
    const std::int32_t weight_words = shape_.weight_words();
    slide_.weights = static_cast<const std::uint32_t*>(layer_.weights) + channel * weight_words;
    const std::uint32_t* x = words(at_.planes);
    auto* codes = static_cast<std::int8_t*>(static_cast<void*>(words(at_.codes)));
    for (std::int32_t c = 0; c < 4; ++c, ++x, ++codes, slide_.weights += weight_words) {
      slide_.bias = bias[channel + c];
      slide_.multiplier = multiplier[channel + c];
      for (std::int32_t p = 0; p < shape_.output_classes; ++p)
        slide_window(slide_, x + p * shape_.tap_classes * shape_.slot_words(), codes + 4 * p,
                     shape_.outputs(p));
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
