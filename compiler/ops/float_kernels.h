// The inner loops of float convolution and matrix products: fast, and in the summation order of
// docs/quantization.md section 8 (bias, then every product in the order ky, kx, c, each operation rounded).
//
// The order fixes how one output is summed, not which outputs are summed side by side; so the innermost loop runs over
// output channels and vectorises without reordering anything. This file is compiled with -O3 in every build.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "compiler/ir/op.h"

namespace linnet {

// Weights of one group, [outputs][depth], repacked to [block of kBlock outputs][depth][kBlock]; the last block is
// filled up with zeros. `depth` runs over (ky, kx, c).
class PackedWeights {
 public:
  static constexpr std::int64_t kBlock = 8;

  // element (o, d) is weights[o * output_stride + d * depth_stride]
  PackedWeights(const float* weights, std::int64_t outputs, std::int64_t depth,
                std::int64_t output_stride, std::int64_t depth_stride);
  std::int64_t outputs() const { return outputs_; }
  const float* block(std::int64_t index) const { return packed_.data() + index * depth_ * kBlock; }

 private:
  std::int64_t outputs_, depth_;
  std::vector<float> packed_;
};

// A stretch of products: x[0..length) times the weights at depth [first, first + length).
struct Run {
  const float* x;
  std::int64_t first;
  std::int64_t length;
};

// For `pixels` outputs side by side, output p reads at run.x + p * x_step and is written at y + p * y_step:
//   y[o] = clamp(bias[o] + sum over runs of x * w[o])        (bias may be null)
void multiply_runs(const PackedWeights& weights, std::span<const Run> runs, const float* bias,
                   const Clamp& clamp, std::int64_t pixels, std::int64_t x_step, float* y,
                   std::int64_t y_step);

// y[c] = clamp(bias[c] + sum over taps of x[tap][c] * w[tap][c]); `x` and `w` are pointers to `channels` elements.
struct DepthwiseTap {
  const float* x;
  const float* w;
};
void multiply_depthwise(std::span<const DepthwiseTap> taps, const float* bias, const Clamp& clamp,
                        std::int64_t channels, float* y);

}  // namespace linnet
