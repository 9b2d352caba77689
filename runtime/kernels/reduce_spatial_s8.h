// Global mean, sum, max or min over the pixels of an image, int8: rows are added as they come to
// one 32-bit accumulator a channel.
#pragma once

#include "linnet/dsp/dsp.h"
#include "linnet/layers_pool.h"

namespace linnet {
inline namespace LINNET_VERSION_NAMESPACE {

struct reduce_spatial_s8 {
  using Layer = ReduceSpatial;
  static constexpr const char* name = "reduce_spatial_s8";
  static constexpr bool supports(const Layer& layer) noexcept {
    return layer.kind != static_cast<std::int32_t>(ReduceKind::l2);
  }
  static constexpr bool consumes = true;
  static constexpr std::int32_t scratch_bytes(const Layer& layer) noexcept {
    return 4 * layer.channels;
  }

  static void run(const Layer& layer, const Io& io, std::int32_t first_row,
                  std::int32_t row_count) noexcept {
    auto* const sums = static_cast<std::int32_t*>(static_cast<void*>(io.scratch));
    const auto kind = static_cast<ReduceKind>(layer.kind);
    const dsp::Requantizer requantize(layer.shift, layer.out_zero, -128, 127);
    const bool adds = kind == ReduceKind::mean || kind == ReduceKind::sum;
    const std::int32_t start =
        adds ? -layer.in_zero * layer.height * layer.width : (kind == ReduceKind::max ? -128 : 127);
    for (std::int32_t row = first_row; row < first_row + row_count; ++row) {
      if (row % layer.height == 0) {
        for (std::int32_t c = 0; c < layer.channels; ++c) sums[c] = start;
      }
      accumulate(layer, kind, io.in[0].row<std::int8_t>(row), sums);
      if (row % layer.height != layer.height - 1) continue;
      std::int8_t* const y = io.out.row<std::int8_t>(row / layer.height);
      for (std::int32_t c = 0; c < layer.channels; ++c) {
        y[c] = adds ? requantize(sums[c], layer.multiplier) : static_cast<std::int8_t>(sums[c]);
      }
    }
  }

 private:
  static void accumulate(const Layer& layer, ReduceKind kind, const std::int8_t* x,
                         std::int32_t* sums) noexcept {
    for (std::int32_t w = 0; w < layer.width; ++w, x += layer.in_pixel_step) {
      if (kind == ReduceKind::max) {
        for (std::int32_t c = 0; c < layer.channels; ++c) sums[c] = x[c] > sums[c] ? x[c] : sums[c];
      } else if (kind == ReduceKind::min) {
        for (std::int32_t c = 0; c < layer.channels; ++c) sums[c] = x[c] < sums[c] ? x[c] : sums[c];
      } else {
        for (std::int32_t c = 0; c < layer.channels; ++c) sums[c] += x[c];
      }
    }
  }
};

}  // namespace LINNET_VERSION_NAMESPACE
}  // namespace linnet
