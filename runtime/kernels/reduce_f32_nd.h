// Mean, sum, max, min or L2 norm over any axes in float.
#pragma once

#include "linnet/dsp/float_math.h"
#include "linnet/kernels/reduce_nd.h"

namespace linnet {
inline namespace LINNET_VERSION_NAMESPACE {

struct reduce_f32_nd {
  using Layer = ReduceNd;
  static constexpr const char* name = "reduce_f32_nd";
  static constexpr bool supports(const Layer& layer) noexcept {
    return layer.kept_rank <= kMaxRank && layer.reduced_rank <= kMaxRank;
  }
  static constexpr std::int32_t scratch_bytes(const Layer&) noexcept { return 0; }

  static void run(const Layer& layer, const Io& io, std::int32_t, std::int32_t) noexcept {
    const float* const x = io.in[0].row<float>(0);
    float* const y = io.out.row<float>(0);
    const auto kind = static_cast<ReduceKind>(layer.kind);
    float value = 0;
    bool first = true;
    detail::reduce_nd(
        layer, [&] { first = true; },
        [&](std::int32_t offset) {
          const float v = kind == ReduceKind::l2 ? dsp::mul_f32(x[offset], x[offset]) : x[offset];
          if (first) {
            value = v;
          } else if (kind == ReduceKind::max) {
            value = v > value ? v : value;
          } else if (kind == ReduceKind::min) {
            value = v < value ? v : value;
          } else {
            value = value + v;
          }
          first = false;
        },
        [&](std::int32_t out) {
          if (kind == ReduceKind::mean) value = value / static_cast<float>(layer.count);
          y[out] = kind == ReduceKind::l2 ? dsp::sqrt_f32(value) : value;
        });
  }
};

}  // namespace LINNET_VERSION_NAMESPACE
}  // namespace linnet
