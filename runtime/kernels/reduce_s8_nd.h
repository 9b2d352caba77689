// Mean, sum, max or min over any axes in int8.
#pragma once

#include "linnet/dsp/dsp.h"
#include "linnet/kernels/reduce_nd.h"

namespace linnet {
inline namespace LINNET_VERSION_NAMESPACE {

struct reduce_s8_nd {
  using Layer = ReduceNd;
  static constexpr const char* name = "reduce_s8_nd";
  static constexpr bool supports(const Layer& layer) noexcept {
    return layer.kept_rank <= kMaxRank && layer.reduced_rank <= kMaxRank &&
           layer.kind != static_cast<std::int32_t>(ReduceKind::l2);
  }
  static constexpr std::int32_t scratch_bytes(const Layer&) noexcept { return 0; }

  static void run(const Layer& layer, const Io& io, std::int32_t, std::int32_t) noexcept {
    const std::int8_t* const x = io.in[0].row<std::int8_t>(0);
    std::int8_t* const y = io.out.row<std::int8_t>(0);
    const auto kind = static_cast<ReduceKind>(layer.kind);
    const dsp::Requantizer requantize(layer.shift, layer.out_zero, -128, 127);
    const bool adds = kind == ReduceKind::mean || kind == ReduceKind::sum;
    std::int32_t value = 0;
    detail::reduce_nd(
        layer,
        [&] {
          value = adds ? -layer.in_zero * layer.count : (kind == ReduceKind::max ? -128 : 127);
        },
        [&](std::int32_t offset) {
          const std::int32_t v = x[offset];
          if (adds) {
            value += v;
          } else if (kind == ReduceKind::max ? v > value : v < value) {
            value = v;
          }
        },
        [&](std::int32_t out) {
          y[out] = adds ? requantize(value, layer.multiplier) : static_cast<std::int8_t>(value);
        });
  }
};

}  // namespace LINNET_VERSION_NAMESPACE
}  // namespace linnet
