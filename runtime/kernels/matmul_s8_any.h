// int8 matrix product of two activations with broadcasting, docs/quantization.md section 3.
//
// For each output pixel the row of a is expanded once to pairs (a[k] - a_zero, a[k+1] - a_zero), those of two pixels word by
// word. Four columns are summed side by side: PKHBT/PKHTB and SXTB16 make pairs (b[k][n], b[k+1][n]) out of words of two
// rows of b, for both pixels, about 1.5 instructions a MAC. The zero point of b comes in once: sum of a' * (b - zb) = sum of a' * b - zb * sum of a'.
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
    return (layer.k + 1) / 2 * 8;
  }

  static void run(const Layer& layer, const Io& io, std::int32_t first_row,
                  std::int32_t row_count) noexcept {
    const dsp::Requantizer requantize(layer.shift, layer.out_zero, -128, 127);
    auto* const pairs = static_cast<std::uint32_t*>(static_cast<void*>(io.scratch));
    // A pixel waits for its neighbour, so that both go over b together; its row of a is expanded already.
    Product held{};
    detail::for_each_product<std::int8_t>(
        layer, io, first_row, row_count,
        [&](const std::int8_t* a, const Matrix& b, std::int8_t* y) {
          if (held.y != nullptr && held.b.first != b.first) {
            write<1>(layer, requantize, held, held, pairs);
            held.y = nullptr;
          }
          Product product{b, y, 0};
          product.start = expand(layer, a, pairs + (held.y != nullptr ? 1 : 0));
          if (held.y == nullptr) {
            held = product;
          } else {
            write<2>(layer, requantize, held, product, pairs);
            held.y = nullptr;
          }
        });
    if (held.y != nullptr) write<1>(layer, requantize, held, held, pairs);
  }

 private:
  using Matrix = detail::MatrixRows<std::int8_t>;

  // An output pixel.
  struct Product {
    Matrix b;
    std::int8_t* y;
    std::int32_t start;  // of its sums
  };

  // Fills every second word from `pairs`; returns what the sums start from.
  static std::int32_t expand(const Layer& layer, const std::int8_t* a,
                             std::uint32_t* pairs) noexcept {
    const std::int32_t zero = layer.a_zero, depth = layer.k;
    std::int32_t sum = 0;
    for (std::int32_t k = 0; k < depth; k += 2, pairs += 2) {
      const std::int32_t first = a[k] - zero;
      const std::int32_t second = k + 1 < depth ? a[k + 1] - zero : 0;
      *pairs = dsp::pair(first, second);
      sum += first + second;
    }
    // Unsigned: only the finished accumulator is known to fit.
    return static_cast<std::int32_t>(0u - static_cast<std::uint32_t>(layer.b_zero) *
                                              static_cast<std::uint32_t>(sum));
  }

  // One pixel, or two of the same matrix.
  template <std::int32_t Pixels>
  static void write(const Layer& layer, const dsp::Requantizer& requantize, const Product& left,
                    const Product& right, const std::uint32_t* pairs) noexcept {
    std::int32_t n = 0;
    for (; n + 4 <= layer.n; n += 4) write_four<Pixels>(layer, requantize, left, right, n, pairs);
    for (; n < layer.n; ++n) {
      left.y[n] = one_output(layer, requantize, left, n, pairs);
      if (Pixels == 2) right.y[n] = one_output(layer, requantize, right, n, pairs + 1);
    }
  }

  template <std::int32_t Pixels>
  static void write_four(const Layer& layer, const dsp::Requantizer& requantize,
                         const Product& left, const Product& right, std::int32_t n,
                         const std::uint32_t* pairs) noexcept {
    std::int32_t a0 = left.start, a1 = a0, a2 = a0, a3 = a0;
    std::int32_t b0 = right.start, b1 = b0, b2 = b0, b3 = b0;
    const std::int8_t* row = left.b.row(0) + n;
    const std::int32_t pitch = left.b.pitch_bytes;
    const auto add = [&](std::uint32_t even, std::uint32_t odd) {
      const std::uint32_t low = dsp::pkhbt(even, odd), high = dsp::pkhtb(odd, even);
      const std::uint32_t w0 = dsp::sxtb16(low), w1 = dsp::sxtb16_ror8(low);
      const std::uint32_t w2 = dsp::sxtb16(high), w3 = dsp::sxtb16_ror8(high);
      const std::uint32_t x = pairs[0];
      a0 = dsp::smlad(w0, x, a0), a1 = dsp::smlad(w1, x, a1);
      a2 = dsp::smlad(w2, x, a2), a3 = dsp::smlad(w3, x, a3);
      if (Pixels == 2) {
        const std::uint32_t x2 = pairs[1];
        b0 = dsp::smlad(w0, x2, b0), b1 = dsp::smlad(w1, x2, b1);
        b2 = dsp::smlad(w2, x2, b2), b3 = dsp::smlad(w3, x2, b3);
      }
      pairs += 2;
    };
    for (std::int32_t k = layer.k; k >= 2; k -= 2, row += 2 * pitch)
      add(dsp::load_word(row), dsp::load_word(row + pitch));
    // Beyond the last row any value will do: it meets a 0.
    if (layer.k % 2 != 0) add(dsp::load_word(row), 0);
    store(requantize, layer.multiplier, a0, a1, a2, a3, left.y + n);
    if (Pixels == 2) store(requantize, layer.multiplier, b0, b1, b2, b3, right.y + n);
  }

  static void store(const dsp::Requantizer& requantize, std::int32_t multiplier, std::int32_t s0,
                    std::int32_t s1, std::int32_t s2, std::int32_t s3, std::int8_t* y) noexcept {
    y[0] = requantize(s0, multiplier);
    y[1] = requantize(s1, multiplier);
    y[2] = requantize(s2, multiplier);
    y[3] = requantize(s3, multiplier);
  }

  static std::int8_t one_output(const Layer& layer, const dsp::Requantizer& requantize,
                                const Product& product, std::int32_t n,
                                const std::uint32_t* pairs) noexcept {
    std::int32_t sum = product.start;
    for (std::int32_t k = 0; k < layer.k; k += 2, pairs += 2) {
      const std::int32_t even = product.b.row(k)[n];
      const std::int32_t odd = k + 1 < layer.k ? product.b.row(k + 1)[n] : 0;
      sum = dsp::smlad(dsp::pair(even, odd), *pairs, sum);
    }
    return requantize(sum, layer.multiplier);
  }
};

}  // namespace LINNET_VERSION_NAMESPACE
}  // namespace linnet
