// Walks the rows of an elementwise layer with two operands under broadcasting.
#pragma once

#include "linnet/dsp/dsp.h"
#include "linnet/layers_elementwise.h"

namespace linnet {
inline namespace LINNET_VERSION_NAMESPACE {

namespace detail {

// Calls row(a, b, y, count) for every output row when both operands and the output are dense there, else for every pixel in
// which they are, else element(a, b) for every element. `out_pixel_step`: elements from one output pixel to the next.
template <class T, class Layer, class Row, class Element>
void for_each_row(const Layer& layer, const Io& io, std::int32_t first_row, std::int32_t row_count,
                  std::int32_t out_pixel_step, Row row, Element element) noexcept {
  const Broadcast a = layer.a(), b = layer.b();
  const bool dense =
      a.dense(layer.channels) && b.dense(layer.channels) && out_pixel_step == layer.channels;
  const bool runs = a.channel_step == 1 && b.channel_step == 1;
  const std::int32_t pixels = dense ? 1 : layer.width;
  const std::int32_t count = dense ? layer.width * layer.channels : layer.channels;
  for (std::int32_t r = first_row; r < first_row + row_count; ++r) {
    const T* pa = io.in[0].row<T>(a.row(r));
    const T* pb = io.in[1].row<T>(b.row(r));
    T* y = io.out.row<T>(r);
    for (std::int32_t w = 0; w < pixels; ++w) {
      if (runs) {
        row(pa, pb, y, count);
      } else {
        const T* ca = pa;
        const T* cb = pb;
        for (std::int32_t c = 0; c < count; ++c, ca += a.channel_step, cb += b.channel_step)
          y[c] = element(*ca, *cb);
      }
      pa += a.pixel_step, pb += b.pixel_step, y += out_pixel_step;
    }
  }
}

// The same for int8: a row is always row(a, b, y, count, a_step, b_step) with the operands' step from one word of four
// elements to the next, 4, or 0 for an operand that is the same for all channels (its code is repeated in a word).
template <class Row>
void for_each_word_row(const BinaryS8& layer, const Io& io, std::int32_t first_row,
                       std::int32_t row_count, Row row) noexcept {
  const Broadcast a = layer.a(), b = layer.b();
  const bool dense = a.dense(layer.channels) && b.dense(layer.channels) &&
                     layer.out_pixel_step == layer.channels;
  const std::int32_t pixels = dense ? 1 : layer.width;
  const std::int32_t count = dense ? layer.width * layer.channels : layer.channels;
  for (std::int32_t r = first_row; r < first_row + row_count; ++r) {
    const std::int8_t* pa = io.in[0].row<std::int8_t>(a.row(r));
    const std::int8_t* pb = io.in[1].row<std::int8_t>(b.row(r));
    std::int8_t* y = io.out.row<std::int8_t>(r);
    for (std::int32_t w = 0; w < pixels; ++w) {
      const std::int8_t splat_a[4] = {*pa, *pa, *pa, *pa};
      const std::int8_t splat_b[4] = {*pb, *pb, *pb, *pb};
      row(a.channel_step == 1 ? pa : splat_a, b.channel_step == 1 ? pb : splat_b, y, count,
          4 * a.channel_step, 4 * b.channel_step);
      pa += a.pixel_step, pb += b.pixel_step, y += layer.out_pixel_step;
    }
  }
}

// The low halves of two numbers that fit 16 bits, as a pair.
inline std::uint32_t low_halves(std::int32_t low, std::int32_t high) noexcept {
  return dsp::pkhbt(static_cast<std::uint32_t>(low), static_cast<std::uint32_t>(high));
}

// Codes in words: (c0, c2) and (c1, c3) as pairs in [0, 255], which are the codes plus 128, to a word of codes.
constexpr std::uint32_t word_of_codes(std::uint32_t even, std::uint32_t odd) noexcept {
  return (even | odd << 8) ^ 0x80808080u;
}

// Fewer than four elements: a word that may be loaded and stored in part.
inline std::uint32_t load_part(const std::int8_t* from, std::int32_t count) noexcept {
  std::uint32_t word = 0;
  for (std::int32_t i = 0; i < count; ++i)
    word |= static_cast<std::uint32_t>(static_cast<std::uint8_t>(from[i])) << (8 * i);
  return word;
}
inline void store_part(std::int8_t* to, std::uint32_t word, std::int32_t count) noexcept {
  for (std::int32_t i = 0; i < count; ++i, word >>= 8)
    to[i] = static_cast<std::int8_t>(word & 0xffu);
}

// y[i] = function(a[i], b[i]) for words of four elements; steps as above.
template <class Function>
void for_each_word(const std::int8_t* a, const std::int8_t* b, std::int8_t* y, std::int32_t count,
                   std::int32_t a_step, std::int32_t b_step, Function function) noexcept {
  for (; count >= 4; count -= 4, a += a_step, b += b_step, y += 4)
    dsp::store_word(y, function(dsp::load_word(a), dsp::load_word(b)));
  if (count > 0) store_part(y, function(load_part(a, count), load_part(b, count)), count);
}

}  // namespace detail

}  // namespace LINNET_VERSION_NAMESPACE
}  // namespace linnet
