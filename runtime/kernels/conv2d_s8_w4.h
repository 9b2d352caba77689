// Int8 convolutions whose weights are stored in 4 bits: half a byte a weight, and a byte for each 32 of a channel.
// What conv2d_s8_1x1_w4 and conv2d_s8_any_w4 share; docs/quantization.md, section 3, says what the numbers mean.
//
// A channel's weights, in the order in which a window is read (paired::weight_of), are groups of 32 inputs, 16 steps of two;
// the first group has what does not make a whole one. Each is g * q: an integer g in [1, 127] for the group, q in [-7, 7].
// Products are those of the int8 weights g * q, to the bit.
//
// Four channels a, b, c, d are summed together. A step is a word, two inputs k and k' of four channels; d is signed, the
// others are stored as q + 8:
//
//   bits   31   27   23   19  | 15   11   7    3
//          d k' c k' b k' a k'| d k  c k  b k  a k        0 .. 15, and d in [-8, 7]
//
//   SMLAD(word & 000f000f, x, A)   A += Sa + 8 X          X: the sum of the x alone
//   SMLAD(word & 00f000f0, x, B)   B += 16 (Sb + 8 X)
//   SMLAD(word & 0f000f00, x, C)   C += 256 (Sc + 8 X)
//   SMLAD(word, x, D)              D += 4096 Sd + all of the above
//
// so a load and three ANDs feed eight weights, no more than in the form of 8 bits (conv2d_s8_paired.h), and nothing is
// unpacked beforehand. A, B and C begin with -8 X of their group (sum_inputs, once for each four pixels), D with their sum.
// At the end of a group D - A - B - C = 4096 Sd; then each sum, times its g, is added to a total.
//
// The stream of packed words, for each four channels (those behind the last have q = 0):
//
//   | 4 biases | words of group 0 | its four g | words of group 1 | its four g | ... | 4 multipliers |
//
// The g of a group stand where the core wants them: a in bits 0..7, b in 8..15, d in 16..23, c in 24..31.
#pragma once

#include "linnet/kernels/conv2d_s8_paired.h"

namespace linnet {
inline namespace LINNET_VERSION_NAMESPACE {
namespace w4 {

constexpr std::int32_t kChannels = 4;     // in a word
constexpr std::int32_t kGroupSteps = 16;  // 32 inputs
constexpr std::int32_t kMostCode = 7;     // of q
constexpr std::int32_t kMostScale = 127;  // of g

constexpr std::int32_t groups(std::int32_t steps) {
  return (steps + kGroupSteps - 1) / kGroupSteps;
}
// Steps of the first group; the others have kGroupSteps.
constexpr std::int32_t first_steps(std::int32_t steps) {
  return steps - (groups(steps) - 1) * kGroupSteps;
}
constexpr std::int32_t group_of(std::int32_t step, std::int32_t steps) {
  return (step + kGroupSteps - first_steps(steps)) / kGroupSteps;
}

// Words of four channels.
constexpr std::int32_t quad_words(std::int32_t steps) {
  return 2 * kChannels + steps + groups(steps);
}
constexpr std::int32_t quads(std::int32_t out_c) { return (out_c + kChannels - 1) / kChannels; }
constexpr std::int32_t packed_bytes(std::int32_t out_c, std::int32_t steps) {
  return quads(out_c) * quad_words(steps) * 4;
}

// ---- packing

constexpr std::int32_t greatest_divisor(std::int32_t a, std::int32_t b) {
  a = a < 0 ? -a : a;
  b = b < 0 ? -b : b;
  while (b != 0) {
    const std::int32_t rest = a % b;
    a = b;
    b = rest;
  }
  return a;
}

// The largest g that divides all weights of a channel's group; 1 for a group of zeros.
inline std::int32_t group_scale(const paired::Runs& runs, std::int32_t group,
                                const std::int16_t* channel) noexcept {
  std::int32_t scale = 0;
  for (std::int32_t step = 0; step < runs.steps(); ++step) {
    if (group_of(step, runs.steps()) != group) continue;
    for (std::int32_t half = 0; half < 2; ++half) {
      const std::int32_t k = paired::weight_of(runs, step, half);
      if (k >= 0) scale = greatest_divisor(scale, channel[k]);
    }
  }
  return scale == 0 ? 1 : scale;
}

// Whether every group of a channel of runs.count * runs.bytes weights is some g times numbers of [-7, 7].
inline bool fits(const paired::Runs& runs, const std::int16_t* channel) noexcept {
  for (std::int32_t group = 0; group < groups(runs.steps()); ++group) {
    const std::int32_t scale = group_scale(runs, group, channel);
    if (scale > kMostScale) return false;
    for (std::int32_t step = 0; step < runs.steps(); ++step) {
      if (group_of(step, runs.steps()) != group) continue;
      for (std::int32_t half = 0; half < 2; ++half) {
        const std::int32_t k = paired::weight_of(runs, step, half);
        if (k < 0) continue;
        const std::int32_t q = channel[k] / scale;
        if (q < -kMostCode || q > kMostCode) return false;
      }
    }
  }
  return true;
}

// Where the g of a word's channel stands.
constexpr std::int32_t scale_shift(std::int32_t channel) {
  return channel < 2 ? 8 * channel : channel == 2 ? 24 : 16;
}

// `weights` are [out_c][depth] and fit (above); `bias` has the input's zero point folded in.
inline void pack(const paired::Runs& runs, std::int32_t out_c, const std::int16_t* weights,
                 const std::int32_t* bias, const std::int32_t* multiplier,
                 std::byte* packed) noexcept {
  const std::int32_t steps = runs.steps(), depth = runs.count * runs.bytes;
  auto* to = static_cast<std::uint32_t*>(static_cast<void*>(packed));
  const auto element = [&](const std::int32_t* values, std::int32_t channel) {
    return channel < out_c ? static_cast<std::uint32_t>(values[channel]) : 0;
  };
  for (std::int32_t o = 0; o < out_c; o += kChannels) {
    for (std::int32_t i = 0; i < kChannels; ++i) *to++ = element(bias, o + i);
    std::int32_t step = 0;
    for (std::int32_t group = 0; group < groups(steps); ++group) {
      std::int32_t scale[kChannels];
      for (std::int32_t i = 0; i < kChannels; ++i)
        scale[i] = o + i < out_c ? group_scale(runs, group, weights + (o + i) * depth) : 1;
      for (; step < steps && group_of(step, steps) == group; ++step) {
        std::uint32_t word = 0;
        for (std::int32_t half = 0; half < 2; ++half) {
          const std::int32_t k = paired::weight_of(runs, step, half);
          for (std::int32_t i = 0; i < kChannels; ++i) {
            const std::int32_t q =
                k >= 0 && o + i < out_c ? weights[(o + i) * depth + k] / scale[i] : 0;
            const auto code = static_cast<std::uint32_t>(i < 3 ? q + 8 : q) & 15u;
            word |= code << (16 * half + 4 * i);
          }
        }
        *to++ = word;
      }
      std::uint32_t scales = 0;
      for (std::int32_t i = 0; i < kChannels; ++i)
        scales |= static_cast<std::uint32_t>(scale[i]) << scale_shift(i);
      *to++ = scales;
    }
    for (std::int32_t i = 0; i < kChannels; ++i) *to++ = element(multiplier, o + i);
  }
}

}  // namespace w4
}  // namespace LINNET_VERSION_NAMESPACE
}  // namespace linnet
