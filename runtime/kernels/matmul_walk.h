// How the matrix products go through their operands: for each output pixel the row of a it reads and the matrix of b.
#pragma once

#include "linnet/layers_conv.h"

namespace linnet {
inline namespace LINNET_VERSION_NAMESPACE {
namespace detail {

// The k rows of one matrix of b. b is a whole tensor, so they lie at one distance from each other.
template <class T>
struct MatrixRows {
  const std::byte* first;
  std::int32_t pitch_bytes;

  const T* row(std::int32_t k) const noexcept {
    return static_cast<const T*>(static_cast<const void*>(first + k * pitch_bytes));
  }
};

// Calls visit(row of a, matrix of b, row of y) for every output pixel of the rows.
template <class T, class Visit>
inline void for_each_product(const MatMulLayer& layer, const Io& io, std::int32_t first_row,
                             std::int32_t row_count, const Visit& visit) noexcept {
  const RowsIn& b = io.in[1];
  const std::int32_t element_bytes = static_cast<std::int32_t>(sizeof(T));
  MatrixRows<T> matrix{nullptr, layer.b_width == 1 ? b.pitch_bytes : layer.n * element_bytes};
  for (std::int32_t r = first_row; r < first_row + row_count; ++r) {
    T* y = io.out.row<T>(r);
    for (std::int32_t x = 0; x < layer.out_width; ++x, y += layer.n) {
      const MatMulLayer::Operands at = layer.operands(r * layer.out_width + x);
      const T* const a =
          io.in[0].row<T>(at.a_pixel / layer.a_width) + at.a_pixel % layer.a_width * layer.k;
      matrix.first = b.row<std::byte>(at.b_pixel / layer.b_width) +
                     at.b_pixel % layer.b_width * layer.n * element_bytes;
      visit(a, matrix, y);
    }
  }
}

}  // namespace detail
}  // namespace LINNET_VERSION_NAMESPACE
}  // namespace linnet
