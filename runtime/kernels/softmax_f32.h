// Softmax in float along any axis. In place.
#pragma once

#include "linnet/dsp/float_math.h"
#include "linnet/layers_elementwise.h"

namespace linnet {
inline namespace LINNET_VERSION_NAMESPACE {

struct softmax_f32 {
  using Layer = SoftmaxF32;
  static constexpr const char* name = "softmax_f32";
  static constexpr bool supports(const Layer&) noexcept { return true; }
  static constexpr std::int32_t scratch_bytes(const Layer&) noexcept { return 0; }

  static void run(const Layer& layer, const Io& io, std::int32_t first_row,
                  std::int32_t row_count) noexcept {
    for (std::int32_t r = first_row; r < first_row + row_count; ++r) {
      softmax_row(layer, io.in[0].row<float>(r), io.out.row<float>(r));
    }
  }

 private:
  static void softmax_row(const Layer& layer, const float* x, float* y) noexcept {
    for (std::int32_t outer = 0; outer < layer.outer; ++outer) {
      for (std::int32_t inner = 0; inner < layer.inner; ++inner) {
        const std::int32_t start = outer * layer.count * layer.inner + inner;
        vector(x + start, y + start, layer.count, layer.inner);
      }
    }
  }

  static void vector(const float* x, float* y, std::int32_t count, std::int32_t step) noexcept {
    float largest = x[0];
    for (std::int32_t i = 1; i < count; ++i)
      largest = x[i * step] > largest ? x[i * step] : largest;
    float sum = 0;
    for (std::int32_t i = 0; i < count; ++i) {
      const float e = dsp::exp_f32(x[i * step] - largest);
      y[i * step] = e;
      sum = i == 0 ? e : sum + e;
    }
    for (std::int32_t i = 0; i < count; ++i) y[i * step] = y[i * step] / sum;
  }
};

}  // namespace LINNET_VERSION_NAMESPACE
}  // namespace linnet
