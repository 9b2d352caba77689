// Float matrix product of two activations (or of one and a constant) with broadcasting. Operands: a by rows, b whole.
//
// Sums start from 0 and run over k in order; four columns are summed side by side from neighbouring elements of b's rows.
#pragma once

#include "linnet/dsp/float_math.h"
#include "linnet/kernels/matmul_walk.h"

namespace linnet {
inline namespace LINNET_VERSION_NAMESPACE {

struct matmul_f32_any {
  using Layer = MatMulLayer;
  static constexpr const char* name = "matmul_f32_any";
  static constexpr bool supports(const Layer&) noexcept { return true; }
  static constexpr std::int32_t scratch_bytes(const Layer&) noexcept { return 0; }

  static void run(const Layer& layer, const Io& io, std::int32_t first_row,
                  std::int32_t row_count) noexcept {
    detail::for_each_product<float>(layer, io, first_row, row_count,
                                    [&](const float* a, const Matrix& b, float* y) {
                                      std::int32_t n = 0;
                                      for (; n + 4 <= layer.n; n += 4)
                                        columns<4>(layer, a, b, n, y);
                                      for (; n < layer.n; ++n) columns<1>(layer, a, b, n, y);
                                    });
  }

 private:
  using Matrix = detail::MatrixRows<float>;

  template <int Columns>
  static void columns(const Layer& layer, const float* a, const Matrix& b, std::int32_t n,
                      float* y) noexcept {
    float sums[Columns] = {};
    for (std::int32_t k = 0; k < layer.k; ++k) {
      const float* const row = b.row(k) + n;
      for (int j = 0; j < Columns; ++j) sums[j] = sums[j] + dsp::mul_f32(a[k], row[j]);
    }
    for (int j = 0; j < Columns; ++j) y[n + j] = sums[j];
  }
};

}  // namespace LINNET_VERSION_NAMESPACE
}  // namespace linnet
