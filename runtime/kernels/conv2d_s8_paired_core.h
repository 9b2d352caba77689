// The inner loops of the fast int8 convolutions (conv2d_s8_paired.h): products of one block of expanded pixels with all
// pairs of channels, requantized and written, or left as sums (conv2d_s8_paired_write.h has the use of both).
#pragma once

#include "linnet/kernels/conv2d_s8_paired_expand.h"

namespace linnet {
inline namespace LINNET_VERSION_NAMESPACE {
namespace paired {

#if defined(__ARM_FEATURE_SIMD32) && !defined(LINNET_PORTABLE_DSP)
#define LINNET_PAIRED_CORE 1
#endif

// Sums of a pair of channels over four pixels.
struct PairSums {
  std::int32_t b[kPixels], a[kPixels];
};

// What multiply_four() is called with. The order is that of its stack frame.
struct Core {
  const std::byte* x_end;
  const std::byte* x_begin;  // less skip steps
  std::int32_t entry;        // where the loop is entered first, from its beginning
  const std::byte* x;        // its first word goes into the frame
  std::int32_t
      weights_step;  // from the multiplier A of a pair to word 0 of the next, less skip words
  std::int32_t addend_a, addend_b;
  std::int32_t shift_a, factor_b;  // B is shifted by a multiplication, beside the shifts of A
  std::int8_t* y[kPixels];         // behind the last pair
  std::int32_t offset;             // from there to the first pair
  const std::uint32_t* weights;    // 8 bytes before the first pair
};

constexpr std::int32_t kUnrolled = 15;       // steps in the loop's body
constexpr std::int32_t kStepCodeBytes = 56;  // of a step's 14 instructions

#ifdef LINNET_PAIRED_CORE

// A step of four pixels and two channels: sums b in r0-r3 and a in r4-r7, word of weights in r10, pixel 0 in r8.
// clang-format off
#define LINNET_PAIRED_STEP \
  ".macro linnet_step x, w\n" \
  "sxtb16 r11, r10\n" \
  "smlad r0, r10, r8, r0\n ldr r9, [lr, #\\x + 4]\n" \
  "smlad r4, r11, r8, r4\n" \
  "smlad r1, r10, r9, r1\n ldr r8, [lr, #\\x + 8]\n" \
  "smlad r5, r11, r9, r5\n" \
  "smlad r2, r10, r8, r2\n ldr r9, [lr, #\\x + 12]\n" \
  "smlad r6, r11, r8, r6\n ldr r8, [lr, #\\x + 16]\n" \
  "smlad r3, r10, r9, r3\n ldr r10, [r12, #\\w + 4]\n" \
  "smlad r7, r11, r9, r7\n" \
  ".endm\n"
// clang-format on

LINNET_ASSEMBLY_FUNCTION inline void multiply_four(const Core&) noexcept {
  __asm__(LINNET_PAIRED_STEP
          "push {r4-r11, lr}\n"
          "sub sp, sp, #56\n"
          "ldm r0!, {r1-r12, lr}\n"
          "ldr r4, [r4]\n"
          "stm sp, {r1-r12, lr}\n"
          "ldrd r10, r12, [r0]\n"
          "adr r11, 1f\n"
          "add r9, r3, r11\n"
          "str r9, [sp, #8]\n"
          "str r10, [sp, #52]\n"
          "mov r8, r4\n"
          "mov lr, r2\n"
          "ldrd r4, r0, [r12, #8]\n"
          "ldr r10, [r12, #16]\n"
          "add r12, r12, r5\n"
          "mov r5, r4\n"
          "mov r6, r4\n"
          "mov r7, r4\n"
          "mov r1, r0\n"
          "mov r2, r0\n"
          "mov r3, r0\n"
          "bx r9\n"
          ".align 3\n"
          "1:\n"
          ".set linnet_i, 0\n"
          ".rept 14\n"
          "linnet_step 16 * linnet_i, 4 * linnet_i\n"
          ".set linnet_i, linnet_i + 1\n"
          ".endr\n"
          "sxtb16 r11, r10\n"
          "smlad r0, r10, r8, r0\n ldr r9, [lr, #228]\n"
          "smlad r4, r11, r8, r4\n"
          "smlad r1, r10, r9, r1\n ldr r8, [lr, #232]\n"
          "smlad r5, r11, r9, r5\n"
          "smlad r2, r10, r8, r2\n ldr r9, [lr, #236]\n"
          "smlad r6, r11, r8, r6\n ldr r8, [lr, #240]!\n"
          "smlad r3, r10, r9, r3\n ldr r10, [sp]\n"
          "smlad r7, r11, r9, r7\n"
          "cmp lr, r10\n ldr r10, [r12, #60]!\n"
          "bne 1b\n"
          // Requantize; r10 is multiplier A already. Then the head of the next pair.
          "ldrd r8, lr, [sp, #20]\n"
          "sub r3, r3, r7\n"
          "smmla r7, r7, r10, r8\n"
          "sub r1, r1, r5\n"
          "smmla r5, r5, r10, r8\n"
          "sub r0, r0, r4\n"
          "smmla r4, r4, r10, r8\n"
          "sub r2, r2, r6\n"
          "smmla r6, r6, r10, r8\n"
          "ldrd r9, r10, [sp, #28]\n"
          "ldr r11, [r12, #4]\n"
          "asr r7, r7, r9\n"
          "ssat r7, #8, r7\n"
          "smmla r2, r2, r11, lr\n"
          "asr r5, r5, r9\n"
          "smmla r0, r0, r11, lr\n"
          "asr r4, r4, r9\n"
          "smmla r1, r1, r11, lr\n"
          "ssat r4, #8, r4\n"
          "smmul r0, r0, r10\n"
          "ssat r5, #8, r5\n"
          "smmul r1, r1, r10\n"
          "ssat r0, #8, r0\n"
          "smmla r3, r3, r11, lr\n"
          "ldrd r8, lr, [sp, #36]\n"
          "ssat r1, #8, r1\n"
          "smmul r2, r2, r10\n"
          "ldr r11, [sp, #52]\n"
          "asr r6, r6, r9\n"
          "bfi r5, r1, #8, #8\n"
          "bfi r4, r0, #8, #8\n"
          "strh r5, [lr, r11]\n"
          "ssat r2, #8, r2\n"
          "strh r4, [r8, r11]\n"
          "ldrd r4, r0, [r12, #8]\n"
          "ssat r6, #8, r6\n"
          "smmul r3, r3, r10\n"
          "mov r1, r0\n"
          "mov r5, r4\n"
          "ldrd r9, r10, [sp, #44]\n"
          "bfi r6, r2, #8, #8\n"
          "mov r2, r0\n"
          "ssat r3, #8, r3\n"
          "strh r6, [r9, r11]\n"
          "ldrd lr, r9, [sp, #4]\n"
          "bfi r7, r3, #8, #8\n"
          "strh r7, [r10, r11]\n"
          "mov r3, r0\n"
          "adds r11, r11, #2\n"
          "mov r6, r4\n"
          "str r11, [sp, #52]\n"
          "ldr r10, [r12, #16]\n"
          "mov r7, r4\n"
          "ldrd r8, r11, [sp, #12]\n"
          "add r12, r12, r11\n"
          "beq 3f\n"
          "bx r9\n"
          "3:\n"
          "add sp, sp, #56\n"
          "pop {r4-r11, pc}\n"
          ".purgem linnet_step\n");
}

// What sum_four() is called with. The order is that of its stack frame.
struct SumCore {
  const std::byte* x_begin;  // less skip steps
  std::int32_t entry;        // where the loop is entered first, from its beginning
  const std::byte* x_end;
  const std::byte* x;
  std::int32_t
      weights_step;  // from behind the words of a pair to word 0 of the next, less skip words
  PairSums* sums;
  std::int32_t pairs;
  const std::uint32_t* weights;  // 8 bytes before the first pair
};
constexpr std::int32_t kSumUnrolled = 2;

// The sums of some pairs of channels as they are, for layers that multiply_four() does not requantize. The same steps.
LINNET_ASSEMBLY_FUNCTION inline void sum_four(const SumCore&) noexcept {
  __asm__(LINNET_PAIRED_STEP
          "push {r4-r11, lr}\n"
          "sub sp, sp, #28\n"
          "ldm r0, {r4-r10, r12}\n"
          "adr r11, 1f\n"
          "add r5, r5, r11\n"
          "stm sp, {r4-r10}\n"
          "2:\n"
          "ldrd r4, r0, [r12, #8]\n"
          "ldr r10, [r12, #16]\n"
          "ldrd r8, r11, [sp, #12]\n"
          "ldrd lr, r9, [sp]\n"
          "ldr r8, [r8]\n"
          "add r12, r12, r11\n"
          "mov r5, r4\n"
          "mov r6, r4\n"
          "mov r7, r4\n"
          "mov r1, r0\n"
          "mov r2, r0\n"
          "mov r3, r0\n"
          "bx r9\n"
          ".align 3\n"
          "1:\n"
          "linnet_step 0, 0\n"
          "sxtb16 r11, r10\n"
          "smlad r0, r10, r8, r0\n ldr r9, [lr, #20]\n"
          "smlad r4, r11, r8, r4\n"
          "smlad r1, r10, r9, r1\n ldr r8, [lr, #24]\n"
          "smlad r5, r11, r9, r5\n"
          "smlad r2, r10, r8, r2\n ldr r9, [lr, #28]\n"
          "smlad r6, r11, r8, r6\n ldr r8, [lr, #32]!\n"
          "smlad r3, r10, r9, r3\n ldr r10, [sp, #8]\n"
          "smlad r7, r11, r9, r7\n"
          "cmp lr, r10\n ldr r10, [r12, #8]!\n"
          "bne 1b\n"
          "sub r0, r0, r4\n"
          "sub r1, r1, r5\n"
          "asr r0, r0, #8\n"
          "ldrd r9, r10, [sp, #20]\n"
          "sub r2, r2, r6\n"
          "asr r1, r1, #8\n"
          "sub r3, r3, r7\n"
          "asr r2, r2, #8\n"
          "asr r3, r3, #8\n"
          "stm r9!, {r0-r7}\n"
          "subs r10, r10, #1\n"
          "strd r9, r10, [sp, #20]\n"
          "bne 2b\n"
          "add sp, sp, #28\n"
          "pop {r4-r11, pc}\n"
          ".purgem linnet_step\n");
}

#endif  // LINNET_PAIRED_CORE

}  // namespace paired
}  // namespace LINNET_VERSION_NAMESPACE
}  // namespace linnet
