// Padding of any dimensions with a constant, by reflection or by the edge, row by row. pad_x8_nd and
// pad_x32_nd use it.
#pragma once

#include "linnet/layers_shape.h"

namespace linnet {
inline namespace LINNET_VERSION_NAMESPACE {

namespace detail {

struct PadDimension {
  std::int32_t in, out, before;
};

// Source index of padded index `i`, or -1 where the constant goes.
inline std::int32_t pad_source(const PadDimension& dimension, std::int32_t mode,
                               std::int32_t i) noexcept {
  std::int32_t source = i - dimension.before;
  if (source >= 0 && source < dimension.in) return source;
  if (mode == 0) return -1;
  if (mode == 2) return source < 0 ? 0 : dimension.in - 1;
  const std::int32_t last = dimension.in - 1;  // reflect, as often as needed
  while (source < 0 || source > last) source = source < 0 ? -source : 2 * last - source;
  return source;
}

// One row of the output from row `x` of the input, or all constant when `x` is null.
template <class Element>
void pad_row(const PadNd& layer, const Element* x, Element* y) noexcept {
  const auto* const dimensions = static_cast<const PadDimension*>(layer.geometry);
  const auto value = static_cast<Element>(static_cast<std::uint32_t>(layer.value_bits));
  std::int32_t index[kMaxRank] = {};
  const std::int32_t inner = layer.rank - 1;
  for (;;) {
    std::int32_t base = x == nullptr ? -1 : 0;  // of the source line, -1 when it lies outside
    for (std::int32_t d = 0; d < inner && base >= 0; ++d) {
      const std::int32_t source = pad_source(dimensions[d], layer.mode, index[d]);
      base = source < 0 ? -1 : (base + source) * dimensions[d + 1].in;
    }
    for (std::int32_t i = 0; i < dimensions[inner].out; ++i) {
      const std::int32_t source = base < 0 ? -1 : pad_source(dimensions[inner], layer.mode, i);
      *y++ = source < 0 ? value : x[base + source];
    }
    std::int32_t d = inner - 1;
    for (; d >= 0; --d) {
      if (++index[d] < dimensions[d].out) break;
      index[d] = 0;
    }
    if (d < 0) return;
  }
}

template <class Element>
void pad_nd(const PadNd& layer, const Io& io, std::int32_t first_row,
            std::int32_t row_count) noexcept {
  const PadDimension rows{layer.in_rows, layer.out_rows, layer.rows_before};
  for (std::int32_t r = first_row; r < first_row + row_count; ++r) {
    const std::int32_t source = pad_source(rows, layer.mode, r);
    pad_row(layer, source < 0 ? nullptr : io.in[0].row<Element>(source), io.out.row<Element>(r));
  }
}

}  // namespace detail

}  // namespace LINNET_VERSION_NAMESPACE
}  // namespace linnet
