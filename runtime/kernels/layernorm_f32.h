// Layer normalization in float, in the order of docs/quantization.md section 8. In place.
#pragma once

#include "linnet/dsp/float_math.h"
#include "linnet/layers_elementwise.h"

namespace linnet {
inline namespace LINNET_VERSION_NAMESPACE {

struct layernorm_f32 {
  using Layer = LayerNormF32;
  static constexpr const char* name = "layernorm_f32";
  static constexpr bool supports(const Layer&) noexcept { return true; }
  static constexpr std::int32_t scratch_bytes(const Layer&) noexcept { return 0; }

  static void run(const Layer& layer, const Io& io, std::int32_t first_row,
                  std::int32_t row_count) noexcept {
    for (std::int32_t r = first_row; r < first_row + row_count; ++r) {
      const float* x = io.in[0].row<float>(r);
      float* y = io.out.row<float>(r);
      for (std::int32_t v = 0; v < layer.vectors; ++v, x += layer.count, y += layer.count)
        vector(layer, x, y);
    }
  }

 private:
  static void vector(const Layer& layer, const float* x, float* y) noexcept {
    const auto* const gamma = static_cast<const float*>(layer.gamma);
    const auto* const beta = static_cast<const float*>(layer.beta);
    const auto count = static_cast<float>(layer.count);
    float sum = x[0];
    for (std::int32_t i = 1; i < layer.count; ++i) sum = sum + x[i];
    const float mean = sum / count;
    float squares = dsp::mul_f32(x[0] - mean, x[0] - mean);
    for (std::int32_t i = 1; i < layer.count; ++i)
      squares = squares + dsp::mul_f32(x[i] - mean, x[i] - mean);
    const float gain = 1.0f / dsp::sqrt_f32(squares / count + layer.epsilon);
    for (std::int32_t i = 0; i < layer.count; ++i) {
      float t = dsp::mul_f32(x[i] - mean, gain);
      if (gamma != nullptr) t = dsp::mul_f32(t, gamma[i]);
      if (beta != nullptr) t = t + beta[i];
      y[i] = t;
    }
  }
};

}  // namespace LINNET_VERSION_NAMESPACE
}  // namespace linnet
