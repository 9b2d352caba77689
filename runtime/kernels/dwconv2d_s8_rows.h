// Walks the rows of a depthwise 3x3 or 5x5 int8 convolution, four channels at a time: packs the columns under one or two
// output rows (dwconv2d_s8_columns.h), slides along them (dwconv2d_s8_3x3_slide.h, dwconv2d_s8_5x5_slide.h), and stores the
// codes, four channels a word.
//
// Two output rows share what they can of what is packed: V is a pair of rows, H the one that is left.
//
//     stride 1      row 0  H            upper output: H(0) V(1,2), the "second" form of the weights
//                   row 1   V           lower output: V(1,2) H(3), the first form
//                   row 2   V
//                   row 3  H
//
//     stride 2      row 0   V           upper output: V(0,1) H(2), the first form
//                   row 1   V           lower output: H(2) V(3,4), the second
//                   row 2  H
//                   row 3   V
//                   row 4   V
//
// 5x5 has one more pair of rows, and for stride 2 the outputs share V(2,3) and H(4): V(0,1) V(2,3) H(4), then
// V(5,6) V(2,3) H(4). A single output row is of the first form.
#pragma once

#include <cstring>
#include <new>

#include "linnet/kernels/clamp_codes.h"
#include "linnet/kernels/dwconv2d_s8_columns.h"
#include "linnet/layers_conv.h"

namespace linnet {
inline namespace LINNET_VERSION_NAMESPACE {
namespace dw {

// What a slide along one output row of four channels is given. Assembly reads it by offsets, and moves the first four
// members on from channel to channel; the first two are a channel behind. Codes are written four bytes apart.
struct Slide {
  const std::uint32_t* x;  // the channel's words in chunk 0
  std::int8_t* y;
  const std::uint32_t* weights;
  const std::int32_t* bias;
  std::uintptr_t multiplier_offset;  // from a channel's bias to its multiplier
  std::int32_t addend;               // of the requantization (dsp::Requantizer)
  std::int32_t loop_bytes;           // from x to where the last round of the loop begins (3x3)
  std::int32_t top;                  // 1: second form (3x3, stride 1 or 2)
  std::int32_t odd;                  // 1: there is a pair of outputs after the loop (3x3, stride 1)
  std::int32_t entry;                // where the loop is entered (3x3)
  std::int32_t start_bytes;          // from x to where the first round would begin (3x3)
  std::int32_t channels;             // 4; less only where the tensor has less
  std::int32_t out_w;
  std::int32_t rest;        // shift of the requantization (5x5)
  std::uint32_t* expanded;  // 16 words to work in (5x5)

  // Of all channels, for the portable slides.
  const std::int32_t *first_bias, *first_multiplier;

  std::int32_t multiplier() const noexcept { return first_multiplier[bias - first_bias]; }
};
using SlideFunction = void (*)(Slide*);

// What 3x3 and 5x5, stride 1 and 2 differ in.
struct Form {
  std::int32_t kernel;        // 3 or 5
  std::int32_t first_column;  // of the first output's window in the chunks
  std::int32_t weight_words;  // of a channel
  std::int32_t form_words;    // from a channel's weights of the first form to those of the second
  SlideFunction slide;

  constexpr std::int32_t planes() const { return kernel / 2; }
};

// What is packed before each of the two output rows: V of rows `a` and a + 1 into a plane, or H of row `a`.
struct Packing {
  std::int8_t a, plane;
  bool vertical;
};
struct Schedule {
  std::int8_t upper,
      count;  // how many packings come before the upper (or only) row, and before both
  std::int8_t upper_form, lower_form;
  Packing packings[4];
};
// By kernel; one row, two of stride 1, two of stride 2.
inline constexpr Schedule kSchedules[2][3] = {
    {{2, 2, 0, 0, {{0, 0, true}, {2, 0, false}, {}, {}}},
     {2, 3, 1, 0, {{1, 0, true}, {0, 0, false}, {3, 0, false}, {}}},
     {2, 3, 0, 1, {{0, 0, true}, {2, 0, false}, {3, 0, true}, {}}}},
    {{3, 3, 0, 0, {{0, 0, true}, {2, 1, true}, {4, 0, false}, {}}},
     {3, 4, 1, 0, {{1, 0, true}, {3, 1, true}, {0, 0, false}, {5, 0, false}}},
     {3, 4, 0, 1, {{0, 0, true}, {2, 1, true}, {4, 0, false}, {5, 0, true}}}}};

constexpr std::int32_t chunks_read(std::int32_t kernel, std::int32_t first_column,
                                   std::int32_t stride_w, std::int32_t out_w) noexcept {
  return (first_column + (out_w - 1) * stride_w + kernel + 3) / 4;
}

// The scratch: what one call works with, in this order. Sizes are those of any machine.
struct Scratch {
  static constexpr std::int32_t kStateBytes = 496;
  static constexpr std::int32_t kExpandedBytes = 64;
  static constexpr std::int32_t kEdgeBytes = 2 * 4 * 40;  // of all packings, for one edge

  std::int32_t edges, codes, zeros, chunks,
      bytes;  // offsets; slides read up to two chunks more than is packed

  constexpr Scratch(std::int32_t kernel, std::int32_t first_column, const Conv2dS8& layer) noexcept
      : edges(kStateBytes + kExpandedBytes),
        codes(edges +
              cut_edges(first_column + layer.pad_left, layer.in_w, layer.in_c) * kEdgeBytes),
        zeros(codes + (layer.out_w + 3) / 4 * 16),
        chunks(zeros + (layer.in_c + 7) / 8 * 8),
        bytes(chunks + (chunks_read(kernel, first_column, layer.stride_w, layer.out_w) + 2) *
                           (kernel / 2) * kPlaneBytes) {}

 private:
  // Edges of the image inside a chunk; none where columns are packed one by one (pack_narrow).
  static constexpr std::int32_t cut_edges(std::int32_t origin, std::int32_t in_w,
                                          std::int32_t in_c) noexcept {
    return in_c < 4 ? 0 : (origin % 4 != 0 ? 1 : 0) + ((origin + in_w) % 4 != 0 ? 1 : 0);
  }
};

class Rows {
 public:
  // In the scratch of `io`, all of it.
  static Rows& make(const Conv2dS8& layer, const Io& io, const Form& form,
                    std::int32_t shift) noexcept {
    static_assert(sizeof(Rows) <= Scratch::kStateBytes);
    return *::new (static_cast<void*>(io.scratch)) Rows(layer, io, form, shift);
  }

  [[gnu::noinline]] Rows(const Conv2dS8& layer, const Io& io, const Form& form,
                         std::int32_t shift) noexcept
      : layer_(layer),
        io_(io),
        form_(form),
        at_(form.kernel, form.first_column, layer),
        columns_(form.first_column + layer.pad_left, layer.in_w,
                 chunks_read(form.kernel, form.first_column, layer.stride_w, layer.out_w),
                 form.planes() * kPlaneWords, layer.in_zero, narrow(), words(at_.chunks)) {
    edges_[0] = static_cast<EdgeColumns*>(static_cast<void*>(io.scratch + at_.edges));
    std::memset(io.scratch + at_.zeros, layer.in_zero, static_cast<std::size_t>(layer.in_c));
    const dsp::Requantizer requantize(shift, layer.out_zero, layer.lo, layer.hi);
    Slide& slide = state_.slide;
    slide.multiplier_offset = reinterpret_cast<std::uintptr_t>(layer.multiplier) -
                              reinterpret_cast<std::uintptr_t>(layer.bias);
    slide.first_bias = static_cast<const std::int32_t*>(layer.bias);
    slide.first_multiplier = static_cast<const std::int32_t*>(layer.multiplier);
    slide.addend = requantize.addend;
    slide.rest = requantize.rest;
    slide.channels = narrow() ? layer.in_c : 4;
    slide.out_w = layer.out_w;
    set_loop(slide);
    slide.expanded = words(Scratch::kStateBytes);
  }

  // One output row, or two of the same image.
  void run(std::int32_t first_row, bool two) noexcept {
    const Schedule& plan = kSchedules[form_.kernel == 5][two ? layer_.stride_h : 0];
    prepare(plan, first_row);
    std::int8_t* y[2] = {io_.out.row<std::int8_t>(first_row),
                         two ? io_.out.row<std::int8_t>(first_row + 1) : nullptr};
    for (std::int32_t channel = 0; channel < layer_.in_c; channel += 4) {
      const std::int32_t back = channel + 4 - layer_.in_c;
      if (back > 0 && !narrow()) {  // the last four overlap the ones before
        channel -= back;
        for (std::int32_t i = 0; i < plan.count; ++i)
          state_.rows[i].a -= back, state_.rows[i].b -= back;
        for (EdgeColumns* edge = edges_[0]; edge != edges_[plan.count]; ++edge)
          edge->a -= back, edge->b -= back;
      }
      pack(plan, 0, plan.upper);
      slide(plan.upper_form, channel, y[0]);
      if (!two) continue;
      pack(plan, plan.upper, plan.count);
      slide(plan.lower_form, channel, y[1]);
    }
  }

 private:
  struct State {
    PackRow rows[4];
    Slide slide;
  };

  std::uint32_t* words(std::int32_t offset) const noexcept {
    return static_cast<std::uint32_t*>(static_cast<void*>(io_.scratch + offset));
  }

  // Row `iy` of the image that begins at `image_row`, or padding.
  [[gnu::noinline]] Row row(std::int32_t image_row, std::int32_t iy) const noexcept {
    if (iy >= 0 && iy < layer_.in_h)
      return {io_.in[0].row<std::int8_t>(image_row + iy), layer_.in_pixel_bytes};
    return {zeros(), 0};
  }
  const std::int8_t* zeros() const noexcept {
    return static_cast<const std::int8_t*>(static_cast<void*>(io_.scratch + at_.zeros));
  }

  [[gnu::noinline]] void prepare(const Schedule& plan, std::int32_t first_row) noexcept {
    const std::int32_t image_row = first_row / layer_.out_h * layer_.in_h;
    const std::int32_t y0 = first_row % layer_.out_h * layer_.stride_h - layer_.pad_top;
    for (std::int32_t i = 0; i < plan.count; ++i) {
      const Packing& packing = plan.packings[i];
      const Row a = row(image_row, y0 + packing.a);
      const Row b = packing.vertical ? row(image_row, y0 + packing.a + 1) : a;
      std::uint32_t* const plane = words(at_.chunks) + packing.plane * kPlaneWords;
      std::uint32_t* const to = plane + columns_.full_first * columns_.chunk_words;
      EdgeColumns* edge = edges_[i];
      for (std::int32_t p = 0; p < columns_.partial_count && !narrow(); ++p) {
        const Columns::Partial& part = columns_.partial[p];
        edge = list_edge(part, a, b, packing.vertical, zeros(),
                         plane + (part.first >> 2) * columns_.chunk_words, edge);
      }
      edges_[i + 1] = edge;
      state_.rows[i] = {a.data + columns_.full_x * a.step,
                        b.data + columns_.full_x * b.step,
                        to,
                        to + columns_.full_count * columns_.chunk_words,
                        a.step,
                        b.step,
                        4 * columns_.chunk_words,
                        packing.vertical ? &pack_vertical : &pack_horizontal};
    }
  }

  [[gnu::noinline]] void pack(const Schedule& plan, std::int32_t first,
                              std::int32_t last) noexcept {
    if (whole_chunks_) {
      PackRow *row = state_.rows + first, *const end = state_.rows + last;
      do row->pack(row);
      while (++row != end);
    } else if (narrow()) {
      return pack_narrow_rows(plan, first, last);
    }
    if (edges_[first] != edges_[last]) pack_edges(edges_[first], edges_[last]);
  }

  [[gnu::noinline]] void pack_narrow_rows(const Schedule& plan, std::int32_t first,
                                          std::int32_t last) const noexcept {
    for (std::int32_t i = first; i < last; ++i) {
      const Packing& packing = plan.packings[i];
      const PackRow& row = state_.rows[i];
      pack_narrow(columns_, {row.a, row.a_step}, {row.b, row.b_step}, layer_.in_c, packing.vertical,
                  (static_cast<std::uint32_t>(layer_.in_zero) & 0xffu) * 0x01010101u,
                  words(at_.chunks) + packing.plane * kPlaneWords);
    }
  }

  // A round of the loop of the 3x3 slides makes eight outputs: two chunks of stride 1, four of stride 2. It is entered so that
  // it comes out even; what it leaves out before that lies before x and y.
  void set_loop(Slide& slide) noexcept {
    const std::int32_t pairs = (layer_.out_w + 1) / 2;
    const bool by_1 = layer_.stride_w == 1;
    const std::int32_t chunks = by_1 ? pairs / 2 : pairs, round = by_1 ? 2 : 4;
    const std::int32_t left_out = (round - chunks % round) % round;
    const std::int32_t rounds = (chunks + left_out) / round;
    slide.odd = pairs % 2;
    slide.entry = chunks > 0 ? left_out : 2;
    slide.start_bytes = chunks > 0 ? (1 - left_out) * kPlaneBytes : kPlaneBytes;
    slide.loop_bytes = slide.start_bytes + (rounds - 1) * round * kPlaneBytes;
    first_code_ = -1 - (kAssembly && form_.kernel == 3 ? left_out * (by_1 ? 16 : 8) : 0);
  }

  [[gnu::noinline]] void slide(std::int32_t form, std::int32_t channel, std::int8_t* y) noexcept {
    Slide& slide = state_.slide;
    std::uint32_t* const codes = words(at_.codes);
    slide.x = words(at_.chunks) - kChannelWords;
    slide.y = static_cast<std::int8_t*>(static_cast<void*>(codes)) + first_code_;
    slide.weights = static_cast<const std::uint32_t*>(layer_.weights) +
                    channel * form_.weight_words + form * form_.form_words;
    slide.bias = static_cast<const std::int32_t*>(layer_.bias) + channel;
    slide.top = form;
    form_.slide(&slide);
    if (narrow()) {
      store_narrow(codes, y);
    } else {
      store_pixels(codes, y + channel, layer_.out_pixel_bytes, layer_.out_w);
    }
  }

  // Fewer than four channels: columns are packed one by one, and codes stored one by one.
  bool narrow() const noexcept { return layer_.in_c < 4; }
  [[gnu::noinline]] void store_narrow(const std::uint32_t* codes, std::int8_t* y) const noexcept {
    for (std::int32_t x = 0; x < layer_.out_w; ++x, y += layer_.out_pixel_bytes) {
      std::uint32_t word = *codes++;
      for (std::int32_t c = 0; c < layer_.in_c; ++c, word >>= 8)
        y[c] = static_cast<std::int8_t>(word & 0xffu);
    }
  }

  const Conv2dS8& layer_;
  const Io& io_;
  const Form& form_;
  Scratch at_;
  State state_;
  Columns columns_;
  const bool whole_chunks_ = !narrow() && columns_.full_count > 0;
  std::int32_t first_code_ = 0;  // of the buffer, less a channel
  EdgeColumns* edges_[5];        // where those of each packing begin
};

[[gnu::noinline]] inline void run_rows(const Conv2dS8& layer, const Io& io, std::int32_t first_row,
                                       std::int32_t row_count, const Form& form,
                                       std::int32_t shift) noexcept {
  Rows& rows = Rows::make(layer, io, form, shift);
  // Pairs are the blocks of block_rows, counted from the first row of the call.
  const std::int32_t begin = first_row;
  for (const std::int32_t end = first_row + row_count; first_row < end;) {
    const bool two = layer.stride_h <= 2 && (first_row - begin) % 2 == 0 && first_row + 1 < end &&
                     (first_row + 1) % layer.out_h != 0;
    rows.run(first_row, two);
    for (const std::int32_t next = first_row + (two ? 2 : 1); first_row < next; ++first_row) {
      detail::clamp_codes(io.out.row<std::int8_t>(first_row), layer.out_w, layer.out_c,
                          layer.out_pixel_bytes, layer.lo, layer.hi);
    }
  }
}

}  // namespace dw
}  // namespace LINNET_VERSION_NAMESPACE
}  // namespace linnet
