// Global mean, sum, max, min or L2 norm over the pixels of an image in float; the output row is the
// accumulator.
#pragma once

#include "linnet/dsp/float_math.h"
#include "linnet/layers_pool.h"

namespace linnet {
inline namespace LINNET_VERSION_NAMESPACE {

struct reduce_spatial_f32 {
  using Layer = ReduceSpatial;
  static constexpr const char* name = "reduce_spatial_f32";
  static constexpr bool supports(const Layer&) noexcept { return true; }
  static constexpr bool consumes = true;
  static constexpr std::int32_t scratch_bytes(const Layer&) noexcept { return 0; }

  static void run(const Layer& layer, const Io& io, std::int32_t first_row,
                  std::int32_t row_count) noexcept {
    const auto kind = static_cast<ReduceKind>(layer.kind);
    for (std::int32_t row = first_row; row < first_row + row_count; ++row) {
      float* const y = io.out.row<float>(row / layer.height);
      const std::int32_t h = row % layer.height;
      const float* x = io.in[0].row<float>(row);
      for (std::int32_t w = 0; w < layer.width; ++w, x += layer.channels) {
        accumulate(kind, x, y, layer.channels, h == 0 && w == 0);
      }
      if (h != layer.height - 1) continue;
      const auto count = static_cast<float>(layer.height * layer.width);
      for (std::int32_t c = 0; c < layer.channels; ++c) {
        if (kind == ReduceKind::mean) y[c] = y[c] / count;
        if (kind == ReduceKind::l2) y[c] = dsp::sqrt_f32(y[c]);
      }
    }
  }

 private:
  static void accumulate(ReduceKind kind, const float* x, float* y, std::int32_t count,
                         bool first) noexcept {
    for (std::int32_t c = 0; c < count; ++c) {
      const float v = kind == ReduceKind::l2 ? dsp::mul_f32(x[c], x[c]) : x[c];
      if (first) {
        y[c] = v;
      } else if (kind == ReduceKind::max) {
        y[c] = v > y[c] ? v : y[c];
      } else if (kind == ReduceKind::min) {
        y[c] = v < y[c] ? v : y[c];
      } else {
        y[c] = y[c] + v;
      }
    }
  }
};

}  // namespace LINNET_VERSION_NAMESPACE
}  // namespace linnet
