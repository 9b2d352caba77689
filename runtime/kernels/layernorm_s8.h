// Layer normalization of int8 vectors: exact integer sums, then float32 in the order of
// docs/quantization.md section 7. In place.
#pragma once

#include "linnet/dsp/dsp.h"
#include "linnet/dsp/float_math.h"
#include "linnet/layers_elementwise.h"

namespace linnet {
inline namespace LINNET_VERSION_NAMESPACE {

struct layernorm_s8 {
  using Layer = LayerNormS8;
  static constexpr const char* name = "layernorm_s8";
  static constexpr bool supports(const Layer& layer) noexcept {
    return layer.count <= 32768;
  }  // sums fit
  static constexpr std::int32_t scratch_bytes(const Layer&) noexcept { return 0; }

  static void run(const Layer& layer, const Io& io, std::int32_t first_row,
                  std::int32_t row_count) noexcept {
    for (std::int32_t r = first_row; r < first_row + row_count; ++r) {
      const std::int8_t* x = io.in[0].row<std::int8_t>(r);
      std::int8_t* y = io.out.row<std::int8_t>(r);
      for (std::int32_t v = 0; v < layer.vectors; ++v, x += layer.count, y += layer.count)
        vector(layer, x, y);
    }
  }

 private:
  static void vector(const Layer& layer, const std::int8_t* x, std::int8_t* y) noexcept {
    const auto* const gamma = static_cast<const float*>(layer.gamma);
    const auto* const beta = static_cast<const float*>(layer.beta);
    std::int32_t sum = 0, squares = 0;  // at most 32768 * 255 * 255 < 2^31
    const std::uint32_t minus_zero = dsp::pair(-layer.in_zero, -layer.in_zero);
    const std::uint32_t ones = dsp::pair(1, 1);
    std::int32_t i = 0;
    for (; i + 4 <= layer.count; i += 4) {
      const std::uint32_t word = dsp::load_word(x + i);
      const std::uint32_t even = dsp::sxtab16(minus_zero, word);
      const std::uint32_t odd = dsp::sxtab16_ror8(minus_zero, word);
      sum = dsp::smlad(odd, ones, dsp::smlad(even, ones, sum));
      squares = dsp::smlad(odd, odd, dsp::smlad(even, even, squares));
    }
    for (; i < layer.count; ++i) {
      const std::int32_t v = x[i] - layer.in_zero;
      sum += v;
      squares += v * v;
    }
    const std::int64_t variance =
        static_cast<std::int64_t>(layer.count) * squares - static_cast<std::int64_t>(sum) * sum;
    const float scaled =
        dsp::mul_f32(static_cast<float>(variance), layer.variance_scale) + layer.epsilon;
    const float gain = dsp::mul_f32(1.0f / dsp::sqrt_f32(scaled), layer.element_scale);
    // count * (x - zero) - sum, the zero point taken out of the loop.
    const std::int32_t n = layer.count, minus = n * layer.in_zero + sum;
    const std::int32_t out_zero = layer.out_zero;
    const float out_scale = layer.out_scale;
    for (std::int32_t k = 0; k < n; ++k) {
      float t = dsp::mul_f32(static_cast<float>(n * x[k] - minus), gain);
      if (gamma != nullptr) t = dsp::mul_f32(t, gamma[k]);
      if (beta != nullptr) t = t + beta[k];
      y[k] = dsp::quantize_f32(t, out_scale, out_zero);
    }
  }
};

}  // namespace LINNET_VERSION_NAMESPACE
}  // namespace linnet
