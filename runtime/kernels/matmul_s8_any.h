// int8 matrix product of two activations with broadcasting, docs/quantization.md section 3.
//
// For each output pixel the row of a is expanded once to pairs (a[k] - a_zero, a[k+1] - a_zero). Four columns are summed
// side by side: PKHBT/PKHTB and SXTB16 make pairs (b[k][n], b[k+1][n]) out of words of two rows of b, about 2 instructions
// a MAC. The zero point of b comes in once: sum of a' * (b - zb) = sum of a' * b - zb * sum of a'.
//
// Operands: a by rows, b whole.
#pragma once

#include "linnet/dsp/dsp.h"
#include "linnet/kernels/matmul_walk.h"

namespace linnet {
inline namespace LINNET_VERSION_NAMESPACE {

struct matmul_s8_any {
  using Layer = MatMulLayer;
  static constexpr const char* name = "matmul_s8_any";
  static constexpr bool supports(const Layer&) noexcept { return true; }
  static constexpr std::int32_t scratch_bytes(const Layer& layer) noexcept {
    return (layer.k + 1) / 2 * 4;
  }

  static void run(const Layer& layer, const Io& io, std::int32_t first_row,
                  std::int32_t row_count) noexcept {
    const dsp::Requantizer requantize(layer.shift, layer.out_zero, -128, 127);
    auto* const pairs = static_cast<std::uint32_t*>(static_cast<void*>(io.scratch));
    detail::for_each_product<std::int8_t>(
        layer, io, first_row, row_count,
        [&](const std::int8_t* a, const Matrix& b, std::int8_t* y) {
          const std::int32_t start = expand(layer, a, pairs);
          std::int32_t n = 0;
          for (; n + 4 <= layer.n; n += 4) {
            write_four(layer, requantize, b, n, pairs, start, y + n);
          }
          for (; n < layer.n; ++n) y[n] = one_output(layer, requantize, b, n, pairs, start);
        });
  }

 private:
  using Matrix = detail::MatrixRows<std::int8_t>;

  // Fills the pairs; returns what the sums start from.
  static std::int32_t expand(const Layer& layer, const std::int8_t* a,
                             std::uint32_t* pairs) noexcept {
    std::int32_t sum = 0;
    for (std::int32_t k = 0; k < layer.k; k += 2) {
      const std::int32_t first = a[k] - layer.a_zero;
      const std::int32_t second = k + 1 < layer.k ? a[k + 1] - layer.a_zero : 0;
      *pairs++ = dsp::pair(first, second);
      sum += first + second;
    }
    // Unsigned: only the finished accumulator is known to fit.
    return static_cast<std::int32_t>(0u - static_cast<std::uint32_t>(layer.b_zero) *
                                              static_cast<std::uint32_t>(sum));
  }

  static void write_four(const Layer& layer, const dsp::Requantizer& requantize, const Matrix& b,
                         std::int32_t n, const std::uint32_t* pairs, std::int32_t start,
                         std::int8_t* y) noexcept {
    std::int32_t sum0 = start, sum1 = start, sum2 = start, sum3 = start;
    for (std::int32_t k = 0; k < layer.k; k += 2) {
      const std::uint32_t even = dsp::load_word(b.row(k) + n);
      // Beyond the last row any value will do: it meets a 0.
      const std::uint32_t odd = k + 1 < layer.k ? dsp::load_word(b.row(k + 1) + n) : 0;
      const std::uint32_t low = dsp::pkhbt(even, odd), high = dsp::pkhtb(odd, even);
      const std::uint32_t x = *pairs++;
      sum0 = dsp::smlad(dsp::sxtb16(low), x, sum0);
      sum1 = dsp::smlad(dsp::sxtb16_ror8(low), x, sum1);
      sum2 = dsp::smlad(dsp::sxtb16(high), x, sum2);
      sum3 = dsp::smlad(dsp::sxtb16_ror8(high), x, sum3);
    }
    y[0] = requantize(sum0, layer.multiplier);
    y[1] = requantize(sum1, layer.multiplier);
    y[2] = requantize(sum2, layer.multiplier);
    y[3] = requantize(sum3, layer.multiplier);
  }

  static std::int8_t one_output(const Layer& layer, const dsp::Requantizer& requantize,
                                const Matrix& b, std::int32_t n, const std::uint32_t* pairs,
                                std::int32_t sum) noexcept {
    for (std::int32_t k = 0; k < layer.k; k += 2) {
      const std::int32_t even = b.row(k)[n];
      const std::int32_t odd = k + 1 < layer.k ? b.row(k + 1)[n] : 0;
      sum = dsp::smlad(dsp::pair(even, odd), *pairs++, sum);
    }
    return requantize(sum, layer.multiplier);
  }
};

}  // namespace LINNET_VERSION_NAMESPACE
}  // namespace linnet
