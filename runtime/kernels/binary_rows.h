// Walks the rows of an elementwise layer with two operands under broadcasting.
#pragma once

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

// How an int8 kernel computes: runs of whole words of four elements by words(a, b, y, parameters), null where the layer does
// not allow it, and every other element by element(self, a, b).
//
// In a run a's words lie side by side up to `end`, which is one of the parameters; b's are `step` bytes apart: 4, or 0 where b is one code for all
// (four times in its word). Where the layer's a is one code for all channels, the two change places.
struct WordKernel {
  void (*words)(const std::int8_t* a, const std::int8_t* b, std::int8_t* y, const void* parameters);
  const void* parameters;
  const std::int8_t** end;  // where the parameters have it
  std::int32_t (*element)(const void* self, std::int32_t a, std::int32_t b);  // of the layer
  const void* self;
};
constexpr bool change_places(const BinaryS8& layer) noexcept { return layer.a_channel_step == 0; }
constexpr std::int32_t word_step(const BinaryS8& layer) noexcept {
  return layer.a_channel_step == 0 || layer.b_channel_step == 0 ? 0 : 4;
}

// Goes through the rows of an int8 layer and clamps what was written. One copy for all kernels.
[[gnu::noinline]] inline void for_each_word_row(const BinaryS8& layer, const Io& io,
                                                std::int32_t first_row, std::int32_t row_count,
                                                const WordKernel& kernel) noexcept {
  const Broadcast a = layer.a(), b = layer.b();
  const bool dense =
      a.dense(layer.channels) && b.dense(layer.channels) && layer.out_pixel_step == layer.channels;
  const std::int32_t pixels = dense ? 1 : layer.width;
  const std::int32_t count = dense ? layer.width * layer.channels : layer.channels;
  const bool swapped = change_places(layer), repeated = word_step(layer) == 0;
  const bool in_words = kernel.words != nullptr && (a.channel_step == 1 || b.channel_step == 1);
  const std::int32_t whole = in_words ? count / 4 * 4 : 0;
  for (std::int32_t r = first_row; r < first_row + row_count; ++r) {
    const std::int8_t* pa = io.in[0].row<std::int8_t>(a.row(r));
    const std::int8_t* pb = io.in[1].row<std::int8_t>(b.row(r));
    std::int8_t* const row = io.out.row<std::int8_t>(r);
    std::int8_t* y = row;
    for (std::int32_t w = 0; w < pixels; ++w) {
      if (whole > 0) {
        const std::int8_t* const run = swapped ? pb : pa;
        const std::int8_t* other = swapped ? pa : pb;
        std::uint32_t same = 0;
        if (repeated) {
          same = (static_cast<std::uint32_t>(*other) & 0xffu) * 0x01010101u;
          other = static_cast<const std::int8_t*>(static_cast<const void*>(&same));
        }
        *kernel.end = run + whole;
        kernel.words(run, other, y, kernel.parameters);
      }
      for (std::int32_t c = whole; c < count; ++c) {
        y[c] = static_cast<std::int8_t>(
            kernel.element(kernel.self, pa[c * a.channel_step], pb[c * b.channel_step]));
      }
      pa += a.pixel_step, pb += b.pixel_step, y += layer.out_pixel_step;
    }
    clamp_codes(row, pixels, count, layer.out_pixel_step, layer.lo, layer.hi);
  }
}

}  // namespace detail

}  // namespace LINNET_VERSION_NAMESPACE
}  // namespace linnet
