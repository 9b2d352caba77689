// Copies with any strides: transpose, slice (any step) and expand, row by row. copy_x8_nd and
// copy_x32_nd use it.
#pragma once

#include "linnet/kernels/copy_bytes.h"
#include "linnet/layers_shape.h"

namespace linnet {
inline namespace LINNET_VERSION_NAMESPACE {

namespace detail {

// Walks one row of the output in order with an index per dimension; the innermost dimension is a
// plain loop.
template <class Element>
void copy_row(const CopyNd& layer, const Element* x, Element* y) noexcept {
  struct Dimension {
    std::int32_t size, stride;
  };
  const auto* const dimensions = static_cast<const Dimension*>(layer.geometry);
  const std::int32_t inner = layer.rank - 1;
  if (inner < 0) {
    *y = *x;
    return;
  }
  std::int32_t index[kMaxRank] = {};
  for (;;) {
    const std::int32_t size = dimensions[inner].size, stride = dimensions[inner].stride;
    if (stride == 1) {
      copy_bytes(y, x, size * static_cast<std::int32_t>(sizeof(Element)));
      y += size;
    } else {
      const Element* from = x;
      for (std::int32_t i = 0; i < size; ++i, from += stride) *y++ = *from;
    }
    std::int32_t d = inner - 1;
    for (; d >= 0; --d) {
      x += dimensions[d].stride;
      if (++index[d] < dimensions[d].size) break;
      x -= dimensions[d].stride * dimensions[d].size;
      index[d] = 0;
    }
    if (d < 0) return;
  }
}

template <class Element>
void copy_nd(const CopyNd& layer, const Io& io, std::int32_t first_row,
             std::int32_t row_count) noexcept {
  for (std::int32_t r = first_row; r < first_row + row_count; ++r) {
    const std::int32_t source = layer.first_row + r * layer.row_step;
    copy_row(layer, io.in[0].row<Element>(source) + layer.offset, io.out.row<Element>(r));
  }
}

}  // namespace detail

}  // namespace LINNET_VERSION_NAMESPACE
}  // namespace linnet
