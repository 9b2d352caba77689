// Linear resize of H and W in float: along the row first, then between the two rows.
#pragma once

#include <cstring>

#include "linnet/dsp/float_math.h"
#include "linnet/layers_shape.h"

namespace linnet {
inline namespace LINNET_VERSION_NAMESPACE {

struct resize_linear_f32 {
  using Layer = ResizeLayer;
  static constexpr const char* name = "resize_linear_f32";
  static constexpr bool supports(const Layer& layer) noexcept { return layer.element_bytes == 4; }
  static constexpr std::int32_t scratch_bytes(const Layer&) noexcept { return 0; }

  static void run(const Layer& layer, const Io& io, std::int32_t first_row,
                  std::int32_t row_count) noexcept {
    struct Tap {
      std::int32_t i0, i1;
      float w1;
    };
    const auto* const rows = static_cast<const Tap*>(layer.rows);
    const auto* const columns = static_cast<const Tap*>(layer.columns);
    float outside = 0;
    std::memcpy(&outside, &layer.outside_bits, sizeof outside);
    for (std::int32_t r = first_row; r < first_row + row_count; ++r) {
      const Tap& v = rows[r % layer.out_h];
      const std::int32_t image = r / layer.out_h * layer.in_h;
      float* y = io.out.row<float>(r);
      for (std::int32_t i = 0; i < layer.out_w; ++i, y += layer.channels) {
        const Tap& h = columns[i];
        if (v.i0 < 0 || h.i0 < 0) {
          for (std::int32_t c = 0; c < layer.channels; ++c) y[c] = outside;
          continue;
        }
        const float* const top = io.in[0].row<float>(image + v.i0);
        const float* const bottom = io.in[0].row<float>(image + v.i1);
        const std::int32_t left = h.i0 * layer.channels, right = h.i1 * layer.channels;
        for (std::int32_t c = 0; c < layer.channels; ++c) {
          const float upper =
              dsp::mul_f32(1.0f - h.w1, top[left + c]) + dsp::mul_f32(h.w1, top[right + c]);
          const float lower =
              dsp::mul_f32(1.0f - h.w1, bottom[left + c]) + dsp::mul_f32(h.w1, bottom[right + c]);
          y[c] = dsp::mul_f32(1.0f - v.w1, upper) + dsp::mul_f32(v.w1, lower);
        }
      }
    }
  }
};

}  // namespace LINNET_VERSION_NAMESPACE
}  // namespace linnet
