// The inner loop of convolutions with weights of 4 bits (conv2d_s8_w4.h): two expanded pixels with all channels, four at a
// time, requantized and written.
#pragma once

#include "linnet/kernels/conv2d_s8_paired_write.h"
#include "linnet/kernels/conv2d_s8_w4.h"

namespace linnet {
inline namespace LINNET_VERSION_NAMESPACE {
namespace w4 {

// What multiply_two() is called with. The order is that of its stack frame.
struct Core {
  const std::int32_t* sums;  // -8 X of each group, paired::kPixels apart
  const std::byte*
      x_begin;  // the two pixels' first step, less the steps that the first group lacks
  const std::byte* x_end;
  std::int32_t entry;         // where the body is entered for the first group, from its beginning
  std::int32_t weights_step;  // from the biases to the first word, less the steps that are lacking
  std::int32_t addend, shift;
  std::int32_t quads;  // > 0
  std::int8_t* y[2];
  const std::byte* x;
  const std::uint32_t* weights;
};

#ifdef LINNET_PAIRED_CORE

// A step is 14 instructions and 8 cycles for 16 products: an AND or a load goes with the SMLAD behind it. Words are in r10 and
// r11 by turns, and the body is entered with the first one in both. The end of a group is 43 instructions (with the head of the
// next), the end of four channels 76.
//
//   r0 r1  A of both pixels     r8 r9    x of both             r12 weights, from word 0 of a whole group
//   r2 r3  B                    r10 r11  a word, and A, then   lr  x, from step 0 of a whole group
//   r4 r5  C                             B of it; C in its
//   r6 r7  D                             place in the end
LINNET_ASSEMBLY_FUNCTION inline void multiply_two(const Core&) noexcept {
  __asm__(
      ".macro linnet_products word, part, w, x\n"
      "and \\part, \\word, #0x000f000f\n smlad r6, \\word, r8, r6\n"
      "ldr r9, [lr, #\\x + 4]\n smlad r0, \\part, r8, r0\n"
      "smlad r1, \\part, r9, r1\n"
      "and \\part, \\word, #0x00f000f0\n smlad r7, \\word, r9, r7\n"
      "and \\word, \\word, #0x0f000f00\n smlad r2, \\part, r8, r2\n"
      "smlad r3, \\part, r9, r3\n"
      "ldr \\part, [r12, #\\w + 4]\n smlad r4, \\word, r8, r4\n"
      ".endm\n"
      // Sums of the next group begin with what A, B and C have too much; r11: its X.
      ".macro linnet_begin_group\n"
      "ldrd r0, r1, [r11], #16\n"
      "lsl r2, r0, #4\n"
      "str r11, [sp, #32]\n"
      "lsl r3, r1, #4\n"
      "add r6, r0, r2\n"
      "lsl r4, r0, #8\n"
      "add r7, r1, r3\n"
      "lsl r5, r1, #8\n"
      "add r6, r6, r4\n"
      "add r7, r7, r5\n"
      ".endm\n"
      "push {r4-r11, lr}\n"
      "sub sp, sp, #84\n"
      "ldm r0, {r1-r12}\n"
      "add r0, sp, #36\n"
      "adr lr, 1f\n"
      "add r4, r4, lr\n"
      "stm r0, {r1-r11}\n"
      "4:\n"  // four channels: totals begin with the biases
      "ldrd r0, r2, [r12]\n"
      "ldrd r4, r6, [r12, #8]\n"
      "ldr r10, [r12, #16]\n"
      "mov r1, r0\n"
      "mov r3, r2\n"
      "mov r5, r4\n"
      "mov r7, r6\n"
      "stm sp, {r0-r7}\n"
      "ldrd r11, lr, [sp, #36]\n"
      "linnet_begin_group\n"
      "ldr r8, [sp, #76]\n"
      "ldr r9, [sp, #52]\n"
      "mov r11, r10\n"
      "ldr r8, [r8]\n"
      "add r12, r12, r9\n"
      "ldr pc, [sp, #48]\n"
      ".align 3\n"
      "1:\n"
      ".set linnet_i, 0\n"
      ".rept 7\n"
      "linnet_products r10, r11, 8 * linnet_i, 32 * linnet_i\n"
      "ldr r8, [lr, #32 * linnet_i + 16]\n smlad r5, r10, r9, r5\n"
      "linnet_products r11, r10, 8 * linnet_i + 4, 32 * linnet_i + 16\n"
      "ldr r8, [lr, #32 * linnet_i + 32]\n smlad r5, r11, r9, r5\n"
      ".set linnet_i, linnet_i + 1\n"
      ".endr\n"
      "linnet_products r10, r11, 56, 224\n"
      "ldr r8, [lr, #240]\n smlad r5, r10, r9, r5\n"
      "linnet_products r11, r10, 60, 240\n"
      "add lr, lr, #256\n smlad r5, r11, r9, r5\n"
      // The end of a group: r10 has its four g. Totals += g * sum.
      "uxtb r11, r10\n"
      "ldrd r8, r9, [sp]\n"
      "sub r6, r6, r0\n mla r8, r0, r11, r8\n"
      "sub r7, r7, r1\n mla r9, r1, r11, r9\n"
      "uxtb r11, r10, ror #8\n"
      "ldrd r0, r1, [sp, #8]\n"
      "sub r6, r6, r2\n asr r2, r2, #4\n"
      "sub r7, r7, r3\n asr r3, r3, #4\n"
      "strd r8, r9, [sp]\n"
      "sub r6, r6, r4\n mla r0, r2, r11, r0\n"
      "sub r7, r7, r5\n mla r1, r3, r11, r1\n"
      "and r11, r10, #0xff000000\n"
      "ldrd r8, r9, [sp, #16]\n"
      "strd r0, r1, [sp, #8]\n"
      "uxtb r10, r10, ror #16\n smmla r8, r4, r11, r8\n"
      "ldrd r0, r1, [sp, #24]\n"
      "lsl r10, r10, #20\n smmla r9, r5, r11, r9\n"
      "ldr r11, [sp, #44]\n"
      "smmla r0, r6, r10, r0\n"
      "strd r8, r9, [sp, #16]\n"
      "cmp lr, r11\n smmla r1, r7, r10, r1\n"
      "ldr r10, [r12, #68]!\n"
      "strd r0, r1, [sp, #24]\n"
      "beq 5f\n"
      "ldr r11, [sp, #32]\n"
      "ldr r8, [lr]\n"
      "linnet_begin_group\n"
      "b 1b\n"
      "5:\n"  // all groups: requantize; r10 is the first multiplier
      "ldm sp, {r0-r7}\n"
      "ldrd r8, r9, [sp, #56]\n"
      "ldr r11, [r12, #4]\n"
      "smmla r0, r0, r10, r8\n"
      "smmla r1, r1, r10, r8\n"
      "ldr r10, [r12, #8]\n"
      "smmla r2, r2, r11, r8\n"
      "asr r0, r0, r9\n"
      "smmla r3, r3, r11, r8\n"
      "asr r1, r1, r9\n"
      "ldr r11, [r12, #12]\n"
      "smmla r4, r4, r10, r8\n"
      "asr r2, r2, r9\n"
      "smmla r5, r5, r10, r8\n"
      "asr r3, r3, r9\n"
      "smmla r6, r6, r11, r8\n"
      "asr r4, r4, r9\n"
      "smmla r7, r7, r11, r8\n"
      "asr r5, r5, r9\n"
      "add r12, r12, #16\n"
      "asr r6, r6, r9\n"
      "asr r7, r7, r9\n"
      "ldrd r8, r9, [sp, #68]\n"
      "ssat r0, #8, r0\n"
      "ldr r10, [sp, #64]\n"
      "ssat r1, #8, r1\n"
      "ssat r2, #8, r2\n"
      "ssat r3, #8, r3\n"
      "bfi r0, r2, #8, #8\n"
      "bfi r1, r3, #8, #8\n"
      "ssat r4, #8, r4\n"
      "ssat r5, #8, r5\n"
      "bfi r0, r4, #16, #8\n"
      "bfi r1, r5, #16, #8\n"
      "ssat r6, #8, r6\n"
      "ssat r7, #8, r7\n"
      "bfi r0, r6, #24, #8\n"
      "bfi r1, r7, #24, #8\n"
      "subs r10, r10, #1\n"
      "str r0, [r8], #4\n"
      "str r1, [r9], #4\n"
      "str r10, [sp, #64]\n"
      "strd r8, r9, [sp, #68]\n"
      "bne 4b\n"
      "add sp, sp, #84\n"
      "pop {r4-r11, pc}\n"
      ".purgem linnet_products\n"
      ".purgem linnet_begin_group\n");
}

#endif  // LINNET_PAIRED_CORE

// Sums of four channels over two pixels.
struct Totals {
  std::int32_t of[kChannels][2];
};

// Adds one group: `steps` words at w, their g behind them.
inline void add_group(Totals& totals, const std::uint32_t* w, const std::uint32_t* x,
                      const std::int32_t* sums, std::int32_t steps) noexcept {
  for (std::int32_t p = 0; p < 2; ++p) {
    std::int32_t a = sums[p], b = 16 * a, c = 256 * a, d = a + b + c;
    for (std::int32_t i = 0; i < steps; ++i) {
      const std::uint32_t word = w[i], pair = x[i * paired::kPixels + p];
      a = dsp::smlad(word & 0x000f000fu, pair, a);
      b = dsp::smlad(word & 0x00f000f0u, pair, b);
      c = dsp::smlad(word & 0x0f000f00u, pair, c);
      d = dsp::smlad(word, pair, d);
    }
    const auto minus = [](std::int32_t from, std::int32_t value) {
      return static_cast<std::int32_t>(static_cast<std::uint32_t>(from) -
                                       static_cast<std::uint32_t>(value));
    };
    const std::int32_t sum[kChannels] = {a, b >> 4, c >> 8, minus(minus(minus(d, a), b), c) >> 12};
    for (std::int32_t i = 0; i < kChannels; ++i) {
      const auto scale = static_cast<std::int32_t>(w[steps] >> scale_shift(i) & 255u);
      totals.of[i][p] = static_cast<std::int32_t>(static_cast<std::uint32_t>(totals.of[i][p]) +
                                                  static_cast<std::uint32_t>(scale * sum[i]));
    }
  }
}

// All channels of two pixels, by any shift and clamp.
LINNET_PAIRED_SHARED inline void multiply_any(const Conv2dS8& layer,
                                              const dsp::Requantizer& requantize,
                                              const std::uint32_t* x, const std::int32_t* sums,
                                              std::int32_t steps, std::int8_t* const* y) noexcept {
  const auto* w = static_cast<const std::uint32_t*>(layer.weights);
  for (std::int32_t o = 0; o < layer.out_c; o += kChannels) {
    Totals totals;
    for (auto& total : totals.of) total[0] = total[1] = static_cast<std::int32_t>(*w++);
    std::int32_t step = 0, count = first_steps(steps);
    for (std::int32_t group = 0; step < steps; ++group) {
      add_group(totals, w, x + step * paired::kPixels, sums + group * paired::kPixels, count);
      w += count + 1;
      step += count;
      count = kGroupSteps;
    }
    for (std::int32_t i = 0; i < kChannels; ++i, ++w) {
      if (o + i >= layer.out_c) continue;
      const auto m = static_cast<std::int32_t>(*w);
      for (std::int32_t p = 0; p < 2; ++p) y[p][o + i] = requantize(totals.of[i][p], m);
    }
  }
}

// -8 times the sum of each group's inputs, for four pixels. Halves that no value came to count too: their weight is 8 in
// A, B and C.
LINNET_PAIRED_SHARED inline void sum_inputs(const std::uint32_t* x, std::int32_t steps,
                                            std::int32_t* sums) noexcept {
  const std::uint32_t factor = dsp::pair(-8, -8);
  std::int32_t count = first_steps(steps);
  for (; steps > 0; steps -= count, count = kGroupSteps) {
    std::int32_t s0 = 0, s1 = 0, s2 = 0, s3 = 0;
    for (const std::uint32_t* const end = x + count * paired::kPixels; x != end;
         x += paired::kPixels) {
      s0 = dsp::smlad(x[0], factor, s0);
      s1 = dsp::smlad(x[1], factor, s1);
      s2 = dsp::smlad(x[2], factor, s2);
      s3 = dsp::smlad(x[3], factor, s3);
    }
    sums[0] = s0;
    sums[1] = s1;
    sums[2] = s2;
    sums[3] = s3;
    sums += paired::kPixels;
  }
}

// Makes the outputs of pixels that are expanded to `x`; the same to its users as paired::Writer.
class Writer {
 public:
  // Steps, and the sums of groups behind them.
  static constexpr std::int32_t expanded_bytes(std::int32_t steps) noexcept {
    return (steps + groups(steps)) * paired::kStepBytes;
  }

  static constexpr std::int32_t sums_bytes(const Conv2dS8&) noexcept { return 0; }
  // What it works with of the scratch: sums and expanded pixels.
  static constexpr std::int32_t bytes(const Conv2dS8& layer) noexcept {
    return sums_bytes(layer) + expanded_bytes(paired::runs(layer).steps());
  }

  [[gnu::noinline]] Writer(const Conv2dS8& layer, std::uint32_t* x, std::int32_t steps,
                           std::byte*) noexcept
      : layer_(layer),
        requantize_(layer.shift, layer.out_zero, layer.lo, layer.hi),
        x_(x),
        sums_(static_cast<std::int32_t*>(static_cast<void*>(x + steps * paired::kPixels))),
        steps_(steps) {
#ifdef LINNET_PAIRED_CORE
    const std::int32_t skip = kGroupSteps - first_steps(steps);
    core_.entry = paired::kStepCodeBytes * skip + 1;
    core_.weights_step = 16 - 4 * skip;
    core_.addend = requantize_.addend;
    core_.shift = requantize_.rest;
#endif
  }

  // The first `pixels` of the four; others must be the first one again.
  void write(std::int8_t* const* y, std::int32_t pixels) noexcept {
    sum_inputs(x_, steps_, sums_);
    for (std::int32_t p = 0; p < pixels; p += 2) {
      std::int8_t* const two[2] = {y[p], p + 1 < pixels ? y[p + 1] : y[0]};
      write_two(p, two);
    }
  }

  // All four, `pitch` bytes apart.
  void write_four(std::int8_t* y, std::int32_t pitch) noexcept {
    std::int8_t* const each[paired::kPixels] = {y, y + pitch, y + 2 * pitch, y + 3 * pitch};
    write(each, paired::kPixels);
  }

 private:
  [[gnu::noinline]] void write_two(std::int32_t pixel, std::int8_t* const* y) noexcept {
#ifdef LINNET_PAIRED_CORE
    if (layer_.shift >= 33) {
      write_fast(pixel, y);
      return;
    }
#endif
    multiply_any(layer_, requantize_, x_ + pixel, sums_ + pixel, steps_, y);
  }

#ifdef LINNET_PAIRED_CORE
  void write_fast(std::int32_t pixel, std::int8_t* const* y) noexcept {
    const auto* const x = static_cast<const std::byte*>(static_cast<const void*>(x_ + pixel));
    core_.sums = sums_ + pixel;
    core_.x = x;
    core_.x_begin = x - (kGroupSteps - first_steps(steps_)) * paired::kStepBytes;
    core_.x_end = x + steps_ * paired::kStepBytes;
    core_.weights = static_cast<const std::uint32_t*>(layer_.weights);
    core_.quads = layer_.out_c / kChannels;
    core_.y[0] = y[0];
    core_.y[1] = y[1];
    const std::int32_t whole = core_.quads * kChannels;
    if (core_.quads > 0) multiply_two(core_);
    if (whole < layer_.out_c) {  // channels behind the last whole four
      std::int8_t left[2][kChannels];
      core_.weights += core_.quads * quad_words(steps_);
      core_.quads = 1;
      core_.y[0] = left[0];
      core_.y[1] = left[1];
      multiply_two(core_);
      for (std::int32_t o = whole; o < layer_.out_c; ++o) {
        y[0][o] = left[0][o - whole];
        y[1][o] = left[1][o - whole];
      }
    }
    if (requantize_.unclamped) return;
    for (std::int32_t p = 0; p < 2; ++p)
      detail::clamp_codes(y[p], 1, layer_.out_c, 0, layer_.lo, layer_.hi);
  }

  Core core_;
#endif
  const Conv2dS8& layer_;
  dsp::Requantizer requantize_;
  std::uint32_t* x_;
  std::int32_t* sums_;
  std::int32_t steps_;
};

}  // namespace w4
}  // namespace LINNET_VERSION_NAMESPACE
}  // namespace linnet
