// Inner loops of float convolution and matrix products; see float_kernels.h.
#include "compiler/ops/float_kernels.h"

#include <algorithm>

namespace linnet {
namespace {

constexpr std::int64_t kBlock = PackedWeights::kBlock;

float clamped(const Clamp& clamp, float value) {
  if (value < clamp.lo) return clamp.lo;
  return value > clamp.hi ? clamp.hi : value;
}

// Four floats that GCC and Clang keep in one register; arithmetic is by element.
typedef float Float4 __attribute__((vector_size(16)));  // NOLINT(modernize-use-using)

Float4 load(const float* from) {
  Float4 value;
  __builtin_memcpy(&value, from, sizeof value);
  return value;
}

// One block of outputs for kPixels pixels; 2 * kPixels accumulators stay in registers.
template <int kPixels>
void multiply_block(const float* weights, std::span<const Run> runs, const float* bias,
                    std::int64_t x_step, float (*sums)[kBlock]) {
  Float4 low[kPixels];
  Float4 high[kPixels];
  for (int p = 0; p < kPixels; ++p) {
    low[p] = load(bias);
    high[p] = load(bias + 4);
  }
  for (const Run& run : runs) {
    const float* w = weights + run.first * kBlock;
    const float* x = run.x;
    for (std::int64_t d = 0; d < run.length; ++d) {
      const Float4 w_low = load(w);
      const Float4 w_high = load(w + 4);
      for (int p = 0; p < kPixels; ++p) {
        const float value = x[p * x_step];
        const Float4 splat{value, value, value, value};
        low[p] = low[p] + splat * w_low;
        high[p] = high[p] + splat * w_high;
      }
      w += kBlock;
      ++x;
    }
  }
  for (int p = 0; p < kPixels; ++p) {
    __builtin_memcpy(sums[p], &low[p], sizeof(Float4));
    __builtin_memcpy(sums[p] + 4, &high[p], sizeof(Float4));
  }
}

}  // namespace

PackedWeights::PackedWeights(const float* weights, std::int64_t outputs, std::int64_t depth,
                             std::int64_t output_stride, std::int64_t depth_stride)
    : outputs_(outputs), depth_(depth) {
  const std::int64_t blocks = (outputs + kBlock - 1) / kBlock;
  packed_.assign(static_cast<std::size_t>(blocks * depth * kBlock), 0.0F);
  for (std::int64_t o = 0; o < outputs; ++o) {
    float* to = packed_.data() + (o / kBlock) * depth * kBlock + o % kBlock;
    const float* from = weights + o * output_stride;
    for (std::int64_t d = 0; d < depth; ++d) to[d * kBlock] = from[d * depth_stride];
  }
}

void multiply_runs(const PackedWeights& weights, std::span<const Run> runs, const float* bias,
                   const Clamp& clamp, std::int64_t pixels, std::int64_t x_step, float* y,
                   std::int64_t y_step) {
  constexpr int kPixels = 4;
  std::vector<Run> moved(runs.begin(), runs.end());
  for (std::int64_t first = 0; first < pixels;) {
    const bool full = pixels - first >= kPixels;
    const std::int64_t count = full ? kPixels : 1;
    for (std::int64_t o = 0; o < weights.outputs(); o += kBlock) {
      const std::int64_t valid = std::min(kBlock, weights.outputs() - o);
      float start[kBlock] = {};
      if (bias != nullptr) std::copy_n(bias + o, valid, start);
      float sums[kPixels][kBlock];
      const float* block = weights.block(o / kBlock);
      if (full) {
        multiply_block<kPixels>(block, moved, start, x_step, sums);
      } else {
        multiply_block<1>(block, moved, start, x_step, sums);
      }
      for (std::int64_t p = 0; p < count; ++p) {
        float* to = y + (first + p) * y_step + o;
        for (std::int64_t i = 0; i < valid; ++i) to[i] = clamped(clamp, sums[p][i]);
      }
    }
    first += count;
    for (Run& run : moved) run.x += count * x_step;
  }
}

void multiply_depthwise(std::span<const DepthwiseTap> taps, const float* bias, const Clamp& clamp,
                        std::int64_t channels, float* y) {
  constexpr std::int64_t kChannels = 32;
  for (std::int64_t c = 0; c < channels; c += kChannels) {
    const std::int64_t count = std::min(kChannels, channels - c);
    float sums[kChannels] = {};
    if (bias != nullptr) std::copy_n(bias + c, count, sums);
    for (const DepthwiseTap& tap : taps) {
      const float* x = tap.x + c;
      const float* w = tap.w + c;
      if (count == kChannels) {
        for (std::int64_t i = 0; i < kChannels; ++i) sums[i] += x[i] * w[i];
      } else {
        for (std::int64_t i = 0; i < count; ++i) sums[i] += x[i] * w[i];
      }
    }
    for (std::int64_t i = 0; i < count; ++i) y[c + i] = clamped(clamp, sums[i]);
  }
}

}  // namespace linnet
