// The inner loops of conv2d_s8_3x3_winograd: products of four tiles of transformed pixels with all pairs of channels, the
// two outputs of each tile, requantized and written.
//
// A pair of channels takes four passes over the transformed inputs. With S = 2 * bias:
//
//   pass 1   S += M1                              kept
//   pass 2   P = S + M2,  Q = 2 * S - P           P kept
//   pass 3   Q += M3: twice the right outputs     written
//   pass 4   P += M0: twice the left outputs      written
//
// The right outputs come first so that a tile at the end of a row without one may write it over the left one's place.
//
// One step is two inputs of two channels and four tiles: 14 instructions and 8 cycles for 16 products, which stand for 24
// of the direct form.
#pragma once

#include "linnet/kernels/conv2d_s8_paired_core.h"

namespace linnet {
inline namespace LINNET_VERSION_NAMESPACE {
namespace winograd {

constexpr std::int32_t kTiles = 4;
constexpr std::int32_t kPasses = 4;

// Words of a pair of channels: biases, the passes, multipliers behind the third and the fourth.
constexpr std::int32_t pair_words(std::int32_t steps) { return 2 + kPasses * 2 * steps + 4; }

// What multiply_tiles() is called with. The order is that of its stack frame.
struct Core {
  std::int32_t pass_bytes, skip_bytes;  // of the transformed pixels
  std::int32_t entry;  // where the loop is entered first in a pass, from its beginning
  std::int32_t next;   // room
  std::int32_t addend, shift_a, factor_b;
  std::int8_t* right[kTiles];  // behind the last pair
  std::int8_t* left[kTiles];
  std::int32_t offset;  // from there to the first pair
  const std::uint32_t* x;
  const std::uint32_t* weights;
};

#ifdef LINNET_PAIRED_CORE
constexpr std::int32_t kUnrolled = 15;
constexpr std::int32_t kStepCodeBytes = 56;

LINNET_ASSEMBLY_FUNCTION inline void multiply_tiles(const Core&) noexcept {
  __asm__(
      ".macro linnet_winograd_step x, w\n"
      "smlad r0, r10, r8, r0\n"
      "ldr r9, [lr, #\\x + 4]\n"
      "smlad r4, r11, r8, r4\n"
      "ldr r8, [lr, #\\x + 8]\n"
      "smlad r1, r10, r9, r1\n"
      "smlad r5, r11, r9, r5\n"
      "smlad r2, r10, r8, r2\n"
      "ldr r9, [lr, #\\x + 12]\n"
      "smlad r6, r11, r8, r6\n"
      "ldr r8, [lr, #\\x + 16]\n"
      "smlad r3, r10, r9, r3\n"
      "ldr r10, [r12, #\\w + 8]\n"
      "smlad r7, r11, r9, r7\n"
      "ldr r11, [r12, #\\w + 12]\n"
      ".endm\n"
      ".macro linnet_pass next\n"
      "ldrd r8, r9, [sp, #4]\n"
      "add r8, lr, r8\n"
      "sub r12, r12, r9, lsr #1\n"
      "str r8, [sp]\n"
      "ldr r8, [lr]\n"
      "sub lr, lr, r9\n"
      "adr r9, \\next\n"
      "str r9, [sp, #16]\n"
      "ldr r9, [sp, #12]\n"
      "bx r9\n"
      ".endm\n"
      ".macro linnet_outputs y\n"
      "ldr lr, [sp, #20]\n"
      "smmla r4, r4, r11, lr\n"
      "smmla r0, r0, r10, lr\n"
      "ldrd r8, r9, [sp, #24]\n"
      "asr r0, r0, r8\n"
      "smmul r4, r4, r9\n"
      "smmla r2, r2, r10, lr\n"
      "ssat r0, #8, r0\n"
      "smmla r1, r1, r10, lr\n"
      "asr r2, r2, r8\n"
      "smmla r5, r5, r11, lr\n"
      "asr r1, r1, r8\n"
      "smmla r6, r6, r11, lr\n"
      "ssat r4, #8, r4\n"
      "smmla r3, r3, r10, lr\n"
      "ssat r2, #8, r2\n"
      "smmul r5, r5, r9\n"
      "ssat r1, #8, r1\n"
      "smmla r7, r7, r11, lr\n"
      "bfi r0, r4, #8, #8\n"
      "smmul r6, r6, r9\n"
      "ssat r5, #8, r5\n"
      "smmul r7, r7, r9\n"
      "asr r3, r3, r8\n"
      "bfi r1, r5, #8, #8\n"
      "ldr lr, [sp, #64]\n"
      "ldrd r8, r9, [sp, #\\y]\n"
      "ssat r7, #8, r7\n"
      "ssat r6, #8, r6\n"
      "strh r0, [r8, lr]\n"
      "ldrd r10, r11, [sp, #\\y + 8]\n"
      "ssat r3, #8, r3\n"
      "strh r1, [r9, lr]\n"
      "bfi r2, r6, #8, #8\n"
      "strh r2, [r10, lr]\n"
      "bfi r3, r7, #8, #8\n"
      "strh r3, [r11, lr]\n"
      ".endm\n"
      "push {r4-r11, lr}\n"
      "sub sp, sp, #108\n"
      "ldm r0!, {r1-r12}\n"
      "add lr, sp, #4\n"
      "stm lr!, {r1-r12}\n"
      "ldm r0, {r1-r6}\n"
      "stm lr, {r1-r5}\n"
      "mov r12, r6\n"
      "adr r9, 1f\n"
      "ldr r8, [sp, #12]\n"
      "add r8, r8, r9\n"
      "str r8, [sp, #12]\n"
      "9:\n"
      "ldr r0, [r12], #8\n"
      "ldr r4, [r12, #-4]\n"
      "mov r1, r0\n"
      "mov r2, r0\n"
      "mov r3, r0\n"
      "mov r5, r4\n"
      "mov r6, r4\n"
      "mov r7, r4\n"
      "ldr lr, [sp, #68]\n"
      "ldrd r10, r11, [r12]\n"
      "linnet_pass 3f\n"
      ".align 3\n"
      "1:\n"
      ".set linnet_i, 0\n"
      ".rept 14\n"
      "linnet_winograd_step 16 * linnet_i, 8 * linnet_i\n"
      ".set linnet_i, linnet_i + 1\n"
      ".endr\n"
      "smlad r0, r10, r8, r0\n"
      "ldr r9, [lr, #228]\n"
      "smlad r4, r11, r8, r4\n"
      "ldr r8, [lr, #232]\n"
      "smlad r1, r10, r9, r1\n"
      "smlad r5, r11, r9, r5\n"
      "smlad r2, r10, r8, r2\n"
      "ldr r9, [lr, #236]\n"
      "smlad r6, r11, r8, r6\n"
      "ldr r8, [lr, #240]!\n"
      "smlad r3, r10, r9, r3\n"
      "ldr r10, [sp]\n"
      "smlad r7, r11, r9, r7\n"
      "ldr r11, [r12, #124]\n"
      "cmp lr, r10\n"
      "ldr r10, [r12, #120]!\n"
      "bne 1b\n"
      "ldr r9, [sp, #16]\n"
      "mov pc, r9\n"
      ".align 2\n"
      "3:\n"
      "add r9, sp, #72\n"
      "stm r9, {r0-r7}\n"
      "linnet_pass 4f\n"
      ".align 2\n"
      "4:\n"
      "ldrd r8, r9, [sp, #72]\n"
      "strd r0, r1, [sp, #72]\n"
      "rsb r0, r0, r8, lsl #1\n"
      "rsb r1, r1, r9, lsl #1\n"
      "ldrd r8, r9, [sp, #80]\n"
      "strd r2, r3, [sp, #80]\n"
      "rsb r2, r2, r8, lsl #1\n"
      "rsb r3, r3, r9, lsl #1\n"
      "ldrd r8, r9, [sp, #88]\n"
      "strd r4, r5, [sp, #88]\n"
      "rsb r4, r4, r8, lsl #1\n"
      "rsb r5, r5, r9, lsl #1\n"
      "ldrd r8, r9, [sp, #96]\n"
      "strd r6, r7, [sp, #96]\n"
      "rsb r6, r6, r8, lsl #1\n"
      "rsb r7, r7, r9, lsl #1\n"
      "linnet_pass 5f\n"
      ".align 2\n"
      "5:\n"
      "linnet_outputs 32\n"
      "add r9, sp, #72\n"
      "ldm r9, {r0-r7}\n"
      "add r12, r12, #8\n"
      "ldr lr, [sp]\n"
      "ldrd r10, r11, [r12]\n"
      "linnet_pass 6f\n"
      ".align 2\n"
      "6:\n"
      "linnet_outputs 48\n"
      "adds lr, lr, #2\n"
      "str lr, [sp, #64]\n"
      "add r12, r12, #8\n"
      "bne 9b\n"
      "add sp, sp, #108\n"
      "pop {r4-r11, pc}\n"
      ".purgem linnet_winograd_step\n"
      ".purgem linnet_pass\n"
      ".purgem linnet_outputs\n");
}
#endif  // LINNET_PAIRED_CORE

// `words` words of the four columns at `d0`, `column` bytes apart, for one tile: those of a pass lie `pass` words behind those
// of the one before it.
[[gnu::noinline]] inline void transform_words(const std::int8_t* d0, std::int32_t column,
                                              std::uint32_t* to, std::int32_t pass,
                                              std::int32_t words) noexcept {
  const std::int8_t *d1 = d0 + column, *d2 = d1 + column, *d3 = d2 + column;
  std::uint32_t *m1 = to, *m2 = m1 + pass, *m3 = m2 + pass, *m0 = m3 + pass;
  for (const std::int8_t* const end = d0 + 4 * words; d0 != end;) {
    const std::uint32_t w0 = dsp::load_word(d0), w1 = dsp::load_word(d1), w2 = dsp::load_word(d2),
                        w3 = dsp::load_word(d3);
    d0 += 4, d1 += 4, d2 += 4, d3 += 4;
    std::uint32_t a = dsp::sxtb16(w1), b = dsp::sxtb16(w2);
    m1[0] = dsp::sadd16(a, b);
    m2[0] = dsp::ssub16(b, a);
    m3[0] = dsp::ssub16(a, dsp::sxtb16(w3));
    m0[0] = dsp::ssub16(dsp::sxtb16(w0), b);
    a = dsp::sxtb16_ror8(w1), b = dsp::sxtb16_ror8(w2);
    m1[kTiles] = dsp::sadd16(a, b);
    m2[kTiles] = dsp::ssub16(b, a);
    m3[kTiles] = dsp::ssub16(a, dsp::sxtb16_ror8(w3));
    m0[kTiles] = dsp::ssub16(dsp::sxtb16_ror8(w0), b);
    m1 += 2 * kTiles, m2 += 2 * kTiles, m3 += 2 * kTiles, m0 += 2 * kTiles;
  }
}

// The same for two tiles side by side, of six columns; at least one word. On the core 53 instructions for four channels.
#ifdef LINNET_PAIRED_CORE
LINNET_ASSEMBLY_FUNCTION inline void transform_two(const std::int8_t* /*d0*/,
                                                   std::int32_t /*column*/, std::uint32_t* /*to*/,
                                                   std::int32_t /*pass_bytes*/,
                                                   std::int32_t /*words*/) noexcept {
  __asm__(
      "push {r4-r11, lr}\n"
      "sub sp, sp, #4\n"
      "mov r4, r2\n"
      "mov r7, r3\n"
      "ldr r3, [sp, #40]\n"
      "add r3, r0, r3, lsl #2\n"
      "str r3, [sp]\n"
      "mov r2, r1\n"
      "mov r3, r4\n"
      "add r4, r3, r7\n"
      "add r5, r4, r7\n"
      "add r6, r5, r7\n"
      "add r1, r0, r2\n"
      "add r1, r1, r2, lsl #1\n"
      "1:\n"
      "ldr r9, [r0, r2, lsl #1]\n"
      "ldr r7, [r0]\n"
      "sxtb16 r7, r7\n"
      "ldr r11, [r1, r2]\n"
      "sxtb16 r9, r9\n"
      "ldr r8, [r0, r2]\n"
      "sxtb16 r11, r11\n"
      "ssub16 r7, r7, r9\n"
      "sxtb16 r8, r8\n"
      "ldr r10, [r1]\n"
      "sxtb16 r10, r10\n"
      "ldr r12, [r1, r2, lsl #1]\n"
      "ssub16 lr, r9, r11\n"
      "strd r7, lr, [r6], #16\n"
      "sadd16 r7, r8, r9\n"
      "sadd16 lr, r10, r11\n"
      "strd r7, lr, [r3], #16\n"
      "sxtb16 r12, r12\n"
      "ssub16 r12, r10, r12\n"
      "ssub16 r7, r8, r10\n"
      "ssub16 r8, r9, r8\n"
      "ldr r9, [r0, r2, lsl #1]\n"
      "strd r7, r12, [r5], #16\n"
      "ssub16 r10, r11, r10\n"
      "ldr r7, [r0]\n"
      "strd r8, r10, [r4], #16\n"
      "sxtb16 r7, r7, ror #8\n"
      "ldr r11, [r1, r2]\n"
      "sxtb16 r9, r9, ror #8\n"
      "ldr r8, [r0, r2]\n"
      "sxtb16 r11, r11, ror #8\n"
      "ldr r10, [r1]\n"
      "sxtb16 r8, r8, ror #8\n"
      "ssub16 lr, r9, r11\n"
      "ldr r12, [r1, r2, lsl #1]\n"
      "ssub16 r7, r7, r9\n"
      "sxtb16 r10, r10, ror #8\n"
      "add r0, r0, #4\n"
      "strd r7, lr, [r6], #16\n"
      "sadd16 lr, r10, r11\n"
      "add r1, r1, #4\n"
      "sadd16 r7, r8, r9\n"
      "strd r7, lr, [r3], #16\n"
      "sxtb16 r12, r12, ror #8\n"
      "ssub16 r7, r8, r10\n"
      "ssub16 r12, r10, r12\n"
      "ssub16 r10, r11, r10\n"
      "strd r7, r12, [r5], #16\n"
      "ssub16 r8, r9, r8\n"
      "ldr r7, [sp]\n"
      "strd r8, r10, [r4], #16\n"
      "cmp r0, r7\n"
      "bne 1b\n"
      "add sp, sp, #4\n"
      "pop {r4-r11, pc}\n");
}
#else
inline void transform_two(const std::int8_t* d0, std::int32_t column, std::uint32_t* to,
                          std::int32_t pass_bytes, std::int32_t words) noexcept {
  transform_words(d0, column, to, pass_bytes / 4, words);
  transform_words(d0 + 2 * column, column, to + 1, pass_bytes / 4, words);
}
#endif

// What multiply_tiles() does for the channels from `first` on of one tile, for any shift and clamp.
[[gnu::noinline]] inline void multiply_tile(const Conv2dS8& layer, std::int32_t first,
                                            const std::uint32_t* x, std::int32_t steps,
                                            std::int8_t* left, std::int8_t* right) noexcept {
  const dsp::Requantizer requantize(layer.shift, layer.out_zero, layer.lo, layer.hi);
  const auto* w = static_cast<const std::uint32_t*>(layer.weights) + first / 2 * pair_words(steps);
  for (std::int32_t o = first; o < layer.out_c; ++o) {
    const std::int32_t channel = o & 1;  // of the pair
    std::uint32_t sums[kPasses] = {};
    const std::uint32_t* from = x;
    const std::uint32_t* words = w + 2 + channel;
    std::uint32_t multiplier = 0;
    for (std::int32_t pass = 0; pass < kPasses; ++pass) {
      std::int32_t sum = 0;
      for (std::int32_t step = 0; step < steps; ++step, from += kTiles, words += 2) {
        sum = dsp::smlad(*words, *from, sum);
      }
      sums[pass] = static_cast<std::uint32_t>(sum);
      if (pass < 2) continue;
      multiplier = *words;
      words += 2;
    }
    // Twice the sums; the halves are exact.
    const std::uint32_t both = w[channel] + sums[0];
    const auto twice_left = static_cast<std::int32_t>(both + sums[1] + sums[3]);
    const auto twice_right = static_cast<std::int32_t>(both - sums[1] + sums[2]);
    right[o] = requantize(twice_right >> 1, static_cast<std::int32_t>(multiplier));
    left[o] = requantize(twice_left >> 1, static_cast<std::int32_t>(multiplier));
    if (channel == 1) w += pair_words(steps);
  }
}

}  // namespace winograd
}  // namespace LINNET_VERSION_NAMESPACE
}  // namespace linnet
