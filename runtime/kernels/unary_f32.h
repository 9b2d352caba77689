// Elementwise float functions over rows. Runs in place. unary_f32_simple and the kernels
// unary_f32_* use it: a kernel for each costly function, so that a network links only what it
// calls.
#pragma once

#include "linnet/layers_elementwise.h"

namespace linnet {
inline namespace LINNET_VERSION_NAMESPACE {

namespace detail {

template <class Function>
void unary_f32(const UnaryF32& layer, const Io& io, std::int32_t first_row, std::int32_t row_count,
               Function function) noexcept {
  for (std::int32_t r = first_row; r < first_row + row_count; ++r) {
    const float* x = io.in[0].row<float>(r);
    float* y = io.out.row<float>(r);
    for (std::int32_t i = 0; i < layer.row_elements; ++i) y[i] = function(x[i]);
  }
}

constexpr bool is_function(const UnaryF32& layer, UnaryFunction function) {
  return layer.function == static_cast<std::int32_t>(function);
}

}  // namespace detail

}  // namespace LINNET_VERSION_NAMESPACE
}  // namespace linnet
