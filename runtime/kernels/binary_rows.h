// Walks the rows of an elementwise layer with two operands under broadcasting.
#pragma once

#include "linnet/layers_elementwise.h"

namespace linnet {
inline namespace LINNET_VERSION_NAMESPACE {

namespace detail {

// Calls row(a, b, y) for every output row when both operands and the output are dense there, else for every pixel in which
// they are, else element(a, b) for every element. `out_pixel_step`: elements from one output pixel to the next.
template <class T, class Layer, class Row, class Element>
void for_each_row(const Layer& layer, const Io& io, std::int32_t first_row, std::int32_t row_count,
                  std::int32_t out_pixel_step, Row row, Element element) noexcept {
  const Broadcast a = layer.a(), b = layer.b();
  const bool dense =
      a.dense(layer.channels) && b.dense(layer.channels) && out_pixel_step == layer.channels;
  for (std::int32_t r = first_row; r < first_row + row_count; ++r) {
    const T* pa = io.in[0].row<T>(a.row(r));
    const T* pb = io.in[1].row<T>(b.row(r));
    T* y = io.out.row<T>(r);
    if (dense) {
      row(pa, pb, y, layer.width * layer.channels);
      continue;
    }
    for (std::int32_t w = 0; w < layer.width; ++w) {
      if (a.channel_step == 1 && b.channel_step == 1) {
        row(pa, pb, y, layer.channels);
        pa += a.pixel_step, pb += b.pixel_step, y += out_pixel_step;
        continue;
      }
      const T* ca = pa;
      const T* cb = pb;
      for (std::int32_t c = 0; c < layer.channels;
           ++c, ca += a.channel_step, cb += b.channel_step) {
        y[c] = element(*ca, *cb);
      }
      pa += a.pixel_step, pb += b.pixel_step, y += out_pixel_step;
    }
  }
}

}  // namespace detail

}  // namespace LINNET_VERSION_NAMESPACE
}  // namespace linnet
