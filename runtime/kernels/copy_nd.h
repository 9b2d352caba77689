// Copies with any strides: transpose, slice (any step) and expand. The whole
// tensor is one row on both sides, so every output waits for all of the input. copy_x8_nd and
// copy_x32_nd use it.
#pragma once

#include "linnet/layers_shape.h"

namespace linnet {
inline namespace LINNET_VERSION_NAMESPACE {

namespace detail {

// Walks the output in order with an index per dimension; the innermost dimension is a plain loop.
template <class Element>
void copy_nd(const CopyNd& layer, const Io& io) noexcept {
  struct Dimension {
    std::int32_t size, stride;
  };
  const auto* const dimensions = static_cast<const Dimension*>(layer.geometry);
  const Element* x = io.in[0].row<Element>(0) + layer.offset;
  Element* y = io.out.row<Element>(0);
  const std::int32_t inner = layer.rank - 1;
  if (inner < 0) {
    *y = *x;
    return;
  }
  std::int32_t index[kMaxRank] = {};
  for (;;) {
    const std::int32_t stride = dimensions[inner].stride;
    const Element* from = x;
    for (std::int32_t i = 0; i < dimensions[inner].size; ++i, from += stride) *y++ = *from;
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

}  // namespace detail

}  // namespace LINNET_VERSION_NAMESPACE
}  // namespace linnet
