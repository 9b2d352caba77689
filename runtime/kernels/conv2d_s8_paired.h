// The fast int8 convolutions: two output channels summed in one word, four output pixels at a time.
// What conv2d_s8_1x1_paired and conv2d_s8_any_paired share.
//
// Weights. Channels A and B = A + 1 are one 16-bit number, v = 256 * B + A; a word holds it for two inputs k:
//
//   word of weights:   | 256*B[k] + A[k] | 256*B[k'] + A[k'] |        SXTB16 of it:  | A[k] | A[k'] |
//   SMLAD(word, x, b) adds 256*SB + SA,   SMLAD(SXTB16(word), x, a) adds SA,   and SB = (b - a) >> 8 in the end
//
// so one load and one SXTB16 feed four weights. It is exact when the finished SB fits 24 bits, whatever the sums were on
// the way; the compiler proves that from the real weights, bias and range of x (layer.paired, compiler/ops/conv_lower.cpp).
//
// Activations. Four pixels' inputs are expanded to 16 bits once, side by side, and all channels read them. A step is two
// inputs k, k' of the window:
//
//   one step:   | p0: k, k' | p1: k, k' | p2: k, k' | p3: k, k' |        16 bytes
//
// Which k meet in a step: k and k+2 of a word of four bytes (SXTB16), k+1 and k+3 (SXTB16 ROR 8). What is left of a row of the
// window after whole words meets its like in the next row, the last of an odd number of rows itself (Runs):
//
//   a 3x3 window over one channel, rows a, b, c:   | a0 b0 | a1 b1 | a2 b2 | c0 c1 | c2 -- |
//
// The stream of packed words is read in order, once for each four pixels. For each pair of channels:
//
//   | bias A | 256 * bias B + bias A | word of step 0 | ... | multiplier A | multiplier B |
//
// Of an odd number of channels the second is in two pairs: (1, 2), (3, 4), ... and at last (0, 1).
//
// The inner loop (conv2d_s8_paired_core.h) is 14 instructions and 8 cycles for 16 products.
#pragma once

#include <cstring>

#include "linnet/kernels/conv2d_s8_gemm.h"

namespace linnet {
inline namespace LINNET_VERSION_NAMESPACE {
namespace paired {

constexpr std::int32_t kPixels = 4;      // of a block
constexpr std::int32_t kStepBytes = 16;  // of expanded activations of a block

// The window of a pixel as runs of bytes: one for each row of the kernel.
struct Runs {
  std::int32_t count, bytes;

  constexpr std::int32_t words() const { return bytes >> 2; }
  constexpr std::int32_t rest() const { return bytes & 3; }
  // Whole words of all runs, then what is left of them.
  constexpr std::int32_t word_steps() const { return count * words() * 2; }
  constexpr std::int32_t steps() const { return word_steps() + (count * rest() + 1) / 2; }
  // Which half of all steps behind the words has byte `left` of what is left of a run.
  constexpr std::int32_t half_of_rest(std::int32_t run, std::int32_t left) const {
    const bool alone = (run | 1) == count;
    return (run & ~1) * rest() + (alone ? left : 2 * left + run % 2);
  }
};

constexpr Runs runs(const Conv2dS8& layer) { return {layer.kernel_h, layer.kernel_w * layer.in_c}; }

// Which weight (of a channel's run after run) stands in a half of a step's word, or -1.
constexpr std::int32_t weight_of(const Runs& runs, std::int32_t step, std::int32_t half) {
  if (step < runs.word_steps()) {
    const std::int32_t run = step / (2 * runs.words()), in_run = step % (2 * runs.words());
    return run * runs.bytes + in_run / 2 * 4 + in_run % 2 + 2 * half;
  }
  const std::int32_t at = 2 * (step - runs.word_steps()) + half;
  if (at >= runs.count * runs.rest()) return -1;
  const std::int32_t first = at / (2 * runs.rest()) * 2, in_two = at % (2 * runs.rest());
  const std::int32_t together = first + 1 == runs.count ? 1 : 2;
  return (first + in_two % together) * runs.bytes + 4 * runs.words() + in_two / together;
}

// The inner loop loads one word too many.
constexpr std::int32_t expanded_bytes(std::int32_t steps) { return steps * kStepBytes + 8; }

// ---- packing

constexpr std::int32_t pair_words(std::int32_t steps) { return steps + 4; }
constexpr std::int32_t pairs(std::int32_t out_c) { return (out_c + 1) >> 1; }
// The channel A of a pair.
constexpr std::int32_t first_channel(std::int32_t out_c, std::int32_t pair) {
  return (out_c & 1) == 0 ? 2 * pair : 2 * pair + 1 < out_c ? 2 * pair + 1 : 0;
}
constexpr std::int32_t packed_bytes(std::int32_t out_c, std::int32_t steps) {
  // The inner loop loads the head of the pair behind the last one.
  return (pairs(out_c) * pair_words(steps) + 3) * 4;
}

// True when 256 * b + a is a 16-bit number from which a comes back.
constexpr bool lanes_fit(std::int32_t a, std::int32_t b) {
  return a >= -128 && a <= 127 && b >= -128 && b <= 127 && 256 * b + a >= -32768;
}

// The word of channels `a` and a + 1 (0 where there is none) for a step. `weights` are [channels][depth].
inline std::uint32_t pair_word(const Runs& runs, std::int32_t step, const std::int16_t* weights,
                               std::int32_t a, std::int32_t channels) noexcept {
  const std::int32_t depth = runs.count * runs.bytes;
  std::int32_t lanes[2] = {};
  for (std::int32_t half = 0; half < 2; ++half) {
    const std::int32_t k = step < runs.steps() ? weight_of(runs, step, half) : -1;
    if (k < 0) continue;
    if (a < channels) lanes[half] = weights[a * depth + k];
    if (a + 1 < channels) lanes[half] += 256 * weights[(a + 1) * depth + k];
  }
  return dsp::pair(lanes[0], lanes[1]);
}

// `bias` has the input's zero point folded in.
inline void pack(const Runs& runs, std::int32_t out_c, const std::int16_t* weights,
                 const std::int32_t* bias, const std::int32_t* multiplier,
                 std::byte* packed) noexcept {
  auto* to = static_cast<std::uint32_t*>(static_cast<void*>(packed));
  for (std::int32_t pair = 0; pair < pairs(out_c); ++pair) {
    const std::int32_t o = first_channel(out_c, pair);
    const bool both = o + 1 < out_c;
    const auto a = static_cast<std::uint32_t>(bias[o]);
    const auto b = static_cast<std::uint32_t>(both ? bias[o + 1] : 0);
    *to++ = a;
    *to++ = 256 * b + a;
    for (std::int32_t step = 0; step < runs.steps(); ++step) {
      *to++ = pair_word(runs, step, weights, o, out_c);
    }
    *to++ = static_cast<std::uint32_t>(multiplier[o]);
    *to++ = static_cast<std::uint32_t>(both ? multiplier[o + 1] : 0);
  }
  for (std::int32_t i = 0; i < 3; ++i) *to++ = 0;
}

// ---- sums in parts

// Where SB of the whole does not fit 24 bits it may in parts: `parts` of so many steps each (the last may have fewer), the
// bias in the first.
constexpr std::int32_t part_steps(std::int32_t steps, std::int32_t parts) {
  return ((steps + parts - 1) / parts + 3) & ~3;
}
constexpr std::int32_t kMostParts = 16;

// SB from SA and 256 * SB + SA.
inline std::int32_t odd_sum(std::int32_t a, std::int32_t b) noexcept {
  return static_cast<std::int32_t>(static_cast<std::uint32_t>(b) - static_cast<std::uint32_t>(a)) >>
         8;
}

// `sum` and SB of a part; the next part begins with 0. Unsigned: only the whole is known to fit.
inline std::int32_t plus_b(std::int32_t sum, std::int32_t a, std::int32_t& b) noexcept {
  const auto part = static_cast<std::uint32_t>(odd_sum(a, b));
  b = a;
  return static_cast<std::int32_t>(static_cast<std::uint32_t>(sum) + part);
}

}  // namespace paired
}  // namespace LINNET_VERSION_NAMESPACE
}  // namespace linnet
