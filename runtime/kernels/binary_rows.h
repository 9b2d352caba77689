// Walks the rows of an elementwise layer with two operands under broadcasting.
#pragma once

#include <cstring>

#include "linnet/kernels/clamp_codes.h"
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

#if defined(__ARM_FEATURE_SIMD32) && !defined(LINNET_PORTABLE_DSP)
#define LINNET_WORDS_ASSEMBLY 1
constexpr bool kWordsAssembly = true;
#else
constexpr bool kWordsAssembly = false;
#endif

// The operands of a run of elements: a's words lie side by side, b's are `b_step` bytes apart: 4, or 0 where b is one code
// for all (four times in its word). Where the layer's a is one
// code for all and its b is not, this a is that b.
struct WordOperands {
  const std::int8_t* a;
  const std::int8_t* b;
  const std::int8_t* end;  // of a
  std::int32_t b_step;
};

// For int8: calls words(operands, y) for whole words of four elements, if `fast`, and element(a, b) for every other
// element; then clamps. Elements are the layer's a and b.
template <class Words, class Element>
void for_each_word_row(const BinaryS8& layer, const Io& io, std::int32_t first_row,
                       std::int32_t row_count, bool fast, Words words, Element element) noexcept {
  const Broadcast a = layer.a(), b = layer.b();
  const bool dense =
      a.dense(layer.channels) && b.dense(layer.channels) && layer.out_pixel_step == layer.channels;
  const std::int32_t pixels = dense ? 1 : layer.width;
  const std::int32_t count = dense ? layer.width * layer.channels : layer.channels;
  const bool swapped = a.channel_step == 0, repeated = swapped || b.channel_step == 0;
  const bool in_words = kWordsAssembly && fast && (a.channel_step == 1 || b.channel_step == 1);
  const std::int32_t whole = in_words ? count / 4 * 4 : 0;
  for (std::int32_t r = first_row; r < first_row + row_count; ++r) {
    const std::int8_t* pa = io.in[0].row<std::int8_t>(a.row(r));
    const std::int8_t* pb = io.in[1].row<std::int8_t>(b.row(r));
    std::int8_t* y = io.out.row<std::int8_t>(r);
    for (std::int32_t w = 0; w < pixels; ++w) {
      if (whole > 0) {
        std::int8_t same[4];
        if (repeated) std::memset(same, swapped ? *pa : *pb, 4);
        const std::int8_t* const run = swapped ? pb : pa;
        words({run, repeated ? same : pb, run + whole, repeated ? 0 : 4}, y);
      }
      for (std::int32_t c = whole; c < count; ++c)
        y[c] = static_cast<std::int8_t>(element(pa[c * a.channel_step], pb[c * b.channel_step]));
      pa += a.pixel_step, pb += b.pixel_step, y += layer.out_pixel_step;
    }
    clamp_codes(io.out.row<std::int8_t>(r), pixels, count, layer.out_pixel_step, layer.lo,
                layer.hi);
  }
}

}  // namespace detail

}  // namespace LINNET_VERSION_NAMESPACE
}  // namespace linnet
