// Slides of dwconv2d_s8_3x3: along one output row, four channels one after the other, all nine weights in five registers.
//
//   V = (row a, row b) of a column, H = two columns of row c (dwconv2d_s8_columns.h); v = (w[a], w[b]), h = w[c]
//
//   out(x) with x odd   = V(x).v0 + V(x+1).v1 + V(x+2).v2 + c[x].h0        + H(x+1,x+2).(h1,h2)
//   out(x) with x even  = V(x).v0 + V(x+1).v1 + V(x+2).v2 + H(x,x+1).(h0,h1) + c[x+2].h2
//
// The first output's window begins at column 3 of the chunks. Two outputs are 10 multiplications for 18 MACs, and with loads,
// requantization and stores 21 instructions (stride 1) or 22 (stride 2), 12 cycles as llvm-mca models them: as many as there are
// multiplications, SMMLA included. Two sums are worked on side by side, so that the requantization of one hides behind the
// products of the other. A round of the loop is eight outputs; it is entered at the chunk that makes the number come out. The
// number of outputs is rounded up to the pair; there is room for it.
//
// The requantization's shift is in the instruction: `rest` of SSAT #8, ASR #rest. dwconv2d_s8_3x3::fix_shift brings every
// layer to 8 or 16.
#pragma once

#include "linnet/kernels/dwconv2d_s8_rows.h"

namespace linnet {
inline namespace LINNET_VERSION_NAMESPACE {
namespace dw {

#ifdef LINNET_DW_ASSEMBLY
static_assert(offsetof(Slide, addend) == 20 && offsetof(Slide, loop_bytes) == 24 &&
              offsetof(Slide, top) == 28 && offsetof(Slide, odd) == 32 &&
              offsetof(Slide, entry) == 36 && offsetof(Slide, start_bytes) == 40 &&
              offsetof(Slide, channels) == 44);

// clang-format off
// r0 x, r1 y, r2 and r3 the sums of even and odd x, r4-r6 v0-v2, r7 (h0,h1), r8 (h1,h2), r9 multiplier, r10 addend, r11 H,
// r12 V, lr a code; [sp] bias, [sp, #4] x of the last round, [sp, #8] the Slide, [sp, #12] channels left, [sp, #16]
// start_bytes, [sp, #20] entry, [sp, #24] odd. Where a chunk begins, r12 is the second V of a pair of columns; r3 lacks only its
// v2, r2 has the first V and (h0,h1), and lr is the code of the output before, to be stored.
#define LINNET_DW_SLIDE_BY_1(rest)                                       \
  __asm__(                                                               \
      "push {r4-r11, lr}\n"                                             \
      "sub sp, #28\n"                                                   \
      "ldr r10, [r0, #20]\n" /* addend */                               \
      "ldrd r4, r5, [r0, #32]\n" /* odd, entry */                       \
      "ldr r6, [r0, #40]\n" /* start_bytes */                           \
      "mov r2, r0\n"                                                    \
      "ldr r3, [r0, #44]\n" /* channels */                              \
      "strd r2, r3, [sp, #8]\n"                                         \
      "strd r6, r5, [sp, #16]\n"                                        \
      "str r4, [sp, #24]\n"                                             \
      "1:\n"                                                            \
      "ldm r2, {r0, r1, r3, r11, r12}\n"                                \
      "adds r0, #24\n"                                                  \
      "adds r1, #1\n"                                                   \
      "ldm r3!, {r4-r8}\n"                                              \
      "ldr r9, [r11, r12]\n"                                            \
      "ldr r12, [r11], #4\n"                                            \
      "stm r2, {r0, r1, r3, r11}\n"                                     \
      "ldr r3, [r2, #24]\n" /* loop_bytes */                            \
      "ldr r2, [r2, #28]\n" /* top */                                   \
      "add r3, r0, r3\n"                                                \
      "strd r12, r3, [sp]\n"                                            \
      "cbz r2, 2f\n"                                                    \
      "lsls r11, r7, #16\n"                                             \
      "pkhtb r11, r11, r4, asr #16\n"                                   \
      "pkhbt r12, r5, r6, lsl #16\n"                                    \
      "pkhtb r6, r8, r6, asr #16\n"                                     \
      "mov r8, r12\n"                                                   \
      "pkhbt r12, r4, r5, lsl #16\n"                                    \
      "pkhtb r5, r7, r5, asr #16\n"                                     \
      "mov r7, r12\n"                                                   \
      "mov r4, r11\n"                                                   \
      "ldr r12, [sp]\n"                                                 \
      "2:\n"                                                            \
      "ldr r3, [r0, #12]\n"                                             \
      "ldr r11, [r0, #20]\n"                                            \
      "ldr r2, [r0, #96]\n"                                             \
      "smlad r3, r3, r4, r12\n"                                         \
      "ldr lr, [sp, #16]\n"                                             \
      "smlatb r3, r11, r7, r3\n"                                        \
      "ldr r11, [r0, #112]\n"                                           \
      "smlad r3, r2, r5, r3\n"                                          \
      "smlad r2, r2, r4, r12\n"                                         \
      "ldr r12, [r0, #100]\n"                                           \
      "smlad r3, r11, r8, r3\n"                                         \
      "add r0, r0, lr\n"                                                \
      "ldr lr, [sp, #20]\n"                                             \
      "smlad r2, r11, r7, r2\n"                                         \
      "tbb [pc, lr]\n"                                                  \
      "7:\n"                                                            \
      ".byte (30f - 7b) / 2, (31f - 7b) / 2, (40f - 7b) / 2, 0\n"       \
      ".p2align 2\n"                                                    \
      "30:\n"                                                           \
      "smlad r3, r12, r6, r3\n"                                         \
      "strb lr, [r1, #-4]\n"                                            \
      "smlad r2, r12, r5, r2\n"                                         \
      "smmla lr, r3, r9, r10\n"                                         \
      "ldr r3, [sp]\n"                                                  \
      "smlad r3, r12, r4, r3\n"                                         \
      "ldr r12, [r0, #8]\n"                                             \
      "smlatb r3, r11, r7, r3\n"                                        \
      "ldr r11, [r0, #20]\n"                                            \
      "smlad r2, r12, r6, r2\n"                                         \
      "ssat lr, #8, lr, asr #" rest "\n"                                \
      "smlabt r2, r11, r8, r2\n"                                        \
      "strb lr, [r1]\n"                                                 \
      "smlad r3, r12, r5, r3\n"                                         \
      "smmla lr, r2, r9, r10\n"                                         \
      "ldr r2, [sp]\n"                                                  \
      "smlad r2, r12, r4, r2\n"                                         \
      "ldr r12, [r0, #12]\n"                                            \
      "smlad r2, r11, r7, r2\n"                                         \
      "ssat lr, #8, lr, asr #" rest "\n"                                \
      "smlad r3, r11, r8, r3\n"                                         \
      "smlad r3, r12, r6, r3\n"                                         \
      "smlad r2, r12, r5, r2\n"                                         \
      "strb lr, [r1, #4]\n"                                             \
      "smmla lr, r3, r9, r10\n"                                         \
      "ldr r3, [sp]\n"                                                  \
      "smlad r3, r12, r4, r3\n"                                         \
      "ldr r12, [r0, #96]\n"                                            \
      "smlatb r3, r11, r7, r3\n"                                        \
      "ldr r11, [r0, #112]\n"                                           \
      "smlad r2, r12, r6, r2\n"                                         \
      "ssat lr, #8, lr, asr #" rest "\n"                                \
      "smlabt r2, r11, r8, r2\n"                                        \
      "smlad r3, r12, r5, r3\n"                                         \
      "strb lr, [r1, #8]\n"                                             \
      "smmla lr, r2, r9, r10\n"                                         \
      "ldr r2, [sp]\n"                                                  \
      "smlad r2, r12, r4, r2\n"                                         \
      "ldr r12, [r0, #100]\n"                                           \
      "smlad r3, r11, r8, r3\n"                                         \
      "ssat lr, #8, lr, asr #" rest "\n"                                \
      "smlad r2, r11, r7, r2\n"                                         \
      "31:\n"                                                           \
      "smlad r3, r12, r6, r3\n"                                         \
      "strb lr, [r1, #12]\n"                                            \
      "smlad r2, r12, r5, r2\n"                                         \
      "smmla lr, r3, r9, r10\n"                                         \
      "ldr r3, [sp]\n"                                                  \
      "smlad r3, r12, r4, r3\n"                                         \
      "ldr r12, [r0, #104]\n"                                           \
      "smlatb r3, r11, r7, r3\n"                                        \
      "ldr r11, [r0, #116]\n"                                           \
      "smlad r2, r12, r6, r2\n"                                         \
      "ssat lr, #8, lr, asr #" rest "\n"                                \
      "smlabt r2, r11, r8, r2\n"                                        \
      "strb lr, [r1, #16]\n"                                            \
      "smlad r3, r12, r5, r3\n"                                         \
      "smmla lr, r2, r9, r10\n"                                         \
      "ldr r2, [sp]\n"                                                  \
      "smlad r2, r12, r4, r2\n"                                         \
      "ldr r12, [r0, #108]\n"                                           \
      "smlad r2, r11, r7, r2\n"                                         \
      "ssat lr, #8, lr, asr #" rest "\n"                                \
      "smlad r3, r11, r8, r3\n"                                         \
      "smlad r3, r12, r6, r3\n"                                         \
      "smlad r2, r12, r5, r2\n"                                         \
      "strb lr, [r1, #20]\n"                                            \
      "smmla lr, r3, r9, r10\n"                                         \
      "ldr r3, [sp]\n"                                                  \
      "smlad r3, r12, r4, r3\n"                                         \
      "ldr r12, [r0, #192]\n"                                           \
      "smlatb r3, r11, r7, r3\n"                                        \
      "ldr r11, [r0, #208]\n"                                           \
      "smlad r2, r12, r6, r2\n"                                         \
      "ssat lr, #8, lr, asr #" rest "\n"                                \
      "smlabt r2, r11, r8, r2\n"                                        \
      "smlad r3, r12, r5, r3\n"                                         \
      "strb lr, [r1, #24]\n"                                            \
      "smmla lr, r2, r9, r10\n"                                         \
      "ldr r2, [sp, #4]\n"                                              \
      "cmp r0, r2\n"                                                    \
      "ldr r2, [sp]\n"                                                  \
      "smlad r2, r12, r4, r2\n"                                         \
      "ldr r12, [r0, #196]\n"                                           \
      "smlad r3, r11, r8, r3\n"                                         \
      "ssat lr, #8, lr, asr #" rest "\n"                                \
      "smlad r2, r11, r7, r2\n"                                         \
      "add r1, r1, #32\n"                                               \
      "add r0, r0, #192\n"                                              \
      "bne 30b\n"                                                       \
      "40:\n"                                                           \
      "strb lr, [r1, #-4]\n"                                            \
      "ldr lr, [sp, #24]\n"                                             \
      "cmp lr, #0\n"                                                    \
      "beq 5f\n"                                                        \
      "smlad r3, r12, r6, r3\n"                                         \
      "smlad r2, r12, r5, r2\n"                                         \
      "ldr r12, [r0, #8]\n"                                             \
      "smmla lr, r3, r9, r10\n"                                         \
      "ldr r11, [r0, #20]\n"                                            \
      "smlad r2, r12, r6, r2\n"                                         \
      "smlabt r2, r11, r8, r2\n"                                        \
      "ssat lr, #8, lr, asr #" rest "\n"                                \
      "smmla r2, r2, r9, r10\n"                                         \
      "strb lr, [r1]\n"                                                 \
      "ssat r2, #8, r2, asr #" rest "\n"                                \
      "strb r2, [r1, #4]\n"                                             \
      "5:\n"                                                            \
      "ldrd r2, r3, [sp, #8]\n"                                         \
      "subs r3, #1\n"                                                   \
      "str r3, [sp, #12]\n"                                             \
      "bne 1b\n"                                                        \
      "add sp, #28\n"                                                   \
      "pop {r4-r11, pc}\n")

LINNET_DW_FUNCTION void slide_3x3_by_1_rest_8(Slide*) noexcept { LINNET_DW_SLIDE_BY_1("8"); }
LINNET_DW_FUNCTION void slide_3x3_by_1_rest_16(Slide*) noexcept { LINNET_DW_SLIDE_BY_1("16"); }

// r0 x, r1 y, r2 and r3 two sums in turn, r4-r6 v0-v2, r7 (h0,h1), r8 (h1,h2), r9 multiplier, r10 addend, r11 H, r12 V, lr
// bias; [sp] x of the last round, the others as above. Where a chunk begins, r12 is the second V of a pair of columns; r3 lacks
// only its v2, and r2 is the code of the output before, to be stored.
#define LINNET_DW_SLIDE_BY_2(rest)                                       \
  __asm__(                                                               \
      "push {r4-r11, lr}\n"                                             \
      "sub sp, #28\n"                                                   \
      "ldr r10, [r0, #20]\n" /* addend */                               \
      "ldrd r4, r5, [r0, #32]\n" /* odd, entry */                       \
      "ldr r6, [r0, #40]\n" /* start_bytes */                           \
      "mov r2, r0\n"                                                    \
      "ldr r3, [r0, #44]\n" /* channels */                              \
      "strd r2, r3, [sp, #8]\n"                                         \
      "strd r6, r5, [sp, #16]\n"                                        \
      "str r4, [sp, #24]\n"                                             \
      "1:\n"                                                            \
      "ldm r2, {r0, r1, r3, r11, r12}\n"                                \
      "adds r0, #24\n"                                                  \
      "adds r1, #1\n"                                                   \
      "ldm r3!, {r4-r8}\n"                                              \
      "ldr r9, [r11, r12]\n"                                            \
      "ldr lr, [r11], #4\n"                                             \
      "stm r2, {r0, r1, r3, r11}\n"                                     \
      "ldr r3, [r2, #24]\n" /* loop_bytes */                            \
      "ldr r2, [r2, #28]\n" /* top */                                   \
      "add r3, r0, r3\n"                                                \
      "str r3, [sp]\n"                                                  \
      "cbz r2, 2f\n"                                                    \
      "lsls r11, r7, #16\n"                                             \
      "pkhtb r11, r11, r4, asr #16\n"                                   \
      "pkhbt r12, r5, r6, lsl #16\n"                                    \
      "pkhtb r6, r8, r6, asr #16\n"                                     \
      "mov r8, r12\n"                                                   \
      "pkhbt r12, r4, r5, lsl #16\n"                                    \
      "pkhtb r5, r7, r5, asr #16\n"                                     \
      "mov r7, r12\n"                                                   \
      "mov r4, r11\n"                                                   \
      "2:\n"                                                            \
      "ldr r3, [r0, #12]\n"                                             \
      "ldr r11, [r0, #20]\n"                                            \
      "ldr r12, [r0, #96]\n"                                            \
      "smlad r3, r3, r4, lr\n"                                          \
      "ldr r2, [sp, #16]\n"                                             \
      "smlatb r3, r11, r7, r3\n"                                        \
      "ldr r11, [r0, #112]\n"                                           \
      "smlad r3, r12, r5, r3\n"                                         \
      "ldr r12, [r0, #100]\n"                                           \
      "add r0, r0, r2\n"                                                \
      "ldr r2, [sp, #20]\n"                                             \
      "smlad r3, r11, r8, r3\n"                                         \
      "tbb [pc, r2]\n"                                                  \
      "7:\n"                                                            \
      ".byte (30f - 7b) / 2, (31f - 7b) / 2, (32f - 7b) / 2, (33f - 7b) / 2\n"\
      ".p2align 2\n"                                                    \
      "30:\n"                                                           \
      "smlad r3, r12, r6, r3\n"                                         \
      "strb r2, [r1, #-4]\n"                                            \
      "smlad r2, r12, r4, lr\n"                                         \
      "ldr r12, [r0, #8]\n"                                             \
      "smmla r3, r3, r9, r10\n"                                         \
      "smlatb r2, r11, r7, r2\n"                                        \
      "ldr r11, [r0, #20]\n"                                            \
      "smlad r2, r12, r5, r2\n"                                         \
      "ldr r12, [r0, #12]\n"                                            \
      "smlad r2, r11, r8, r2\n"                                         \
      "ssat r3, #8, r3, asr #" rest "\n"                                \
      "smlad r2, r12, r6, r2\n"                                         \
      "strb r3, [r1]\n"                                                 \
      "smlad r3, r12, r4, lr\n"                                         \
      "ldr r12, [r0, #96]\n"                                            \
      "smmla r2, r2, r9, r10\n"                                         \
      "smlatb r3, r11, r7, r3\n"                                        \
      "ldr r11, [r0, #112]\n"                                           \
      "smlad r3, r12, r5, r3\n"                                         \
      "ldr r12, [r0, #100]\n"                                           \
      "smlad r3, r11, r8, r3\n"                                         \
      "ssat r2, #8, r2, asr #" rest "\n"                                \
      "31:\n"                                                           \
      "smlad r3, r12, r6, r3\n"                                         \
      "strb r2, [r1, #4]\n"                                             \
      "smlad r2, r12, r4, lr\n"                                         \
      "ldr r12, [r0, #104]\n"                                           \
      "smmla r3, r3, r9, r10\n"                                         \
      "smlatb r2, r11, r7, r2\n"                                        \
      "ldr r11, [r0, #116]\n"                                           \
      "smlad r2, r12, r5, r2\n"                                         \
      "ldr r12, [r0, #108]\n"                                           \
      "smlad r2, r11, r8, r2\n"                                         \
      "ssat r3, #8, r3, asr #" rest "\n"                                \
      "smlad r2, r12, r6, r2\n"                                         \
      "strb r3, [r1, #8]\n"                                             \
      "smlad r3, r12, r4, lr\n"                                         \
      "ldr r12, [r0, #192]\n"                                           \
      "smmla r2, r2, r9, r10\n"                                         \
      "smlatb r3, r11, r7, r3\n"                                        \
      "ldr r11, [r0, #208]\n"                                           \
      "smlad r3, r12, r5, r3\n"                                         \
      "ldr r12, [r0, #196]\n"                                           \
      "smlad r3, r11, r8, r3\n"                                         \
      "ssat r2, #8, r2, asr #" rest "\n"                                \
      "32:\n"                                                           \
      "smlad r3, r12, r6, r3\n"                                         \
      "strb r2, [r1, #12]\n"                                            \
      "smlad r2, r12, r4, lr\n"                                         \
      "ldr r12, [r0, #200]\n"                                           \
      "smmla r3, r3, r9, r10\n"                                         \
      "smlatb r2, r11, r7, r2\n"                                        \
      "ldr r11, [r0, #212]\n"                                           \
      "smlad r2, r12, r5, r2\n"                                         \
      "ldr r12, [r0, #204]\n"                                           \
      "smlad r2, r11, r8, r2\n"                                         \
      "ssat r3, #8, r3, asr #" rest "\n"                                \
      "smlad r2, r12, r6, r2\n"                                         \
      "strb r3, [r1, #16]\n"                                            \
      "smlad r3, r12, r4, lr\n"                                         \
      "ldr r12, [r0, #288]\n"                                           \
      "smmla r2, r2, r9, r10\n"                                         \
      "smlatb r3, r11, r7, r3\n"                                        \
      "ldr r11, [r0, #304]\n"                                           \
      "smlad r3, r12, r5, r3\n"                                         \
      "ldr r12, [r0, #292]\n"                                           \
      "smlad r3, r11, r8, r3\n"                                         \
      "ssat r2, #8, r2, asr #" rest "\n"                                \
      "33:\n"                                                           \
      "smlad r3, r12, r6, r3\n"                                         \
      "strb r2, [r1, #20]\n"                                            \
      "ldr r2, [sp]\n"                                                  \
      "cmp r0, r2\n"                                                    \
      "smlad r2, r12, r4, lr\n"                                         \
      "ldr r12, [r0, #296]\n"                                           \
      "smmla r3, r3, r9, r10\n"                                         \
      "smlatb r2, r11, r7, r2\n"                                        \
      "ldr r11, [r0, #308]\n"                                           \
      "smlad r2, r12, r5, r2\n"                                         \
      "ldr r12, [r0, #300]\n"                                           \
      "smlad r2, r11, r8, r2\n"                                         \
      "ssat r3, #8, r3, asr #" rest "\n"                                \
      "smlad r2, r12, r6, r2\n"                                         \
      "strb r3, [r1, #24]\n"                                            \
      "smlad r3, r12, r4, lr\n"                                         \
      "ldr r12, [r0, #384]\n"                                           \
      "smmla r2, r2, r9, r10\n"                                         \
      "smlatb r3, r11, r7, r3\n"                                        \
      "ldr r11, [r0, #400]\n"                                           \
      "smlad r3, r12, r5, r3\n"                                         \
      "ldr r12, [r0, #388]\n"                                           \
      "smlad r3, r11, r8, r3\n"                                         \
      "ssat r2, #8, r2, asr #" rest "\n"                                \
      "add r1, r1, #32\n"                                               \
      "add r0, r0, #384\n"                                              \
      "bne 30b\n"                                                       \
      "strb r2, [r1, #-4]\n"                                            \
      "5:\n"                                                            \
      "ldrd r2, r3, [sp, #8]\n"                                         \
      "subs r3, #1\n"                                                   \
      "str r3, [sp, #12]\n"                                             \
      "bne 1b\n"                                                        \
      "add sp, #28\n"                                                   \
      "pop {r4-r11, pc}\n")

LINNET_DW_FUNCTION void slide_3x3_by_2_rest_8(Slide*) noexcept { LINNET_DW_SLIDE_BY_2("8"); }
LINNET_DW_FUNCTION void slide_3x3_by_2_rest_16(Slide*) noexcept { LINNET_DW_SLIDE_BY_2("16"); }
// clang-format on
#undef LINNET_DW_SLIDE_BY_1
#undef LINNET_DW_SLIDE_BY_2

#else

template <std::int32_t Stride, std::int32_t Rest>
void slide_3x3(Slide* slide) noexcept {
  for (std::int32_t channel = 0; channel < slide->channels; ++channel) {
    const std::uint32_t* const x = slide->x += kChannelWords;
    std::int8_t* y = slide->y += 1;
    const std::uint32_t* w = slide->weights;
    const std::int32_t multiplier = slide->multiplier();
    const std::int32_t bias = *slide->bias++;
    slide->weights += 5;
    std::uint32_t v0 = w[0], v1 = w[1], v2 = w[2], h01 = w[3], h12 = w[4];
    if (slide->top != 0) {
      v0 = dsp::pkhtb(w[3] << 16, w[0]), v1 = dsp::pkhtb(w[3], w[1]), v2 = dsp::pkhtb(w[4], w[2]);
      h01 = dsp::pkhbt(w[0], w[1]), h12 = dsp::pkhbt(w[1], w[2]);
    }
    const auto vertical = [x](std::int32_t column) {
      return x[column / 4 * kPlaneWords + column % 4];
    };
    const auto horizontal = [x](std::int32_t column) {
      return x[column / 4 * kPlaneWords + 4 + column % 4 / 2];
    };
    for (std::int32_t o = 0; o < slide->out_w; ++o, y += 4) {
      const std::int32_t column = 3 + o * Stride;
      std::int32_t sum = dsp::smlad(vertical(column), v0, bias);
      sum = dsp::smlad(vertical(column + 1), v1, sum);
      sum = dsp::smlad(vertical(column + 2), v2, sum);
      if (column % 2 != 0) {
        sum = dsp::smlatb(horizontal(column), h01, sum);
        sum = dsp::smlad(horizontal(column + 1), h12, sum);
      } else {
        sum = dsp::smlad(horizontal(column), h01, sum);
        sum = dsp::smlabt(horizontal(column + 2), h12, sum);
      }
      *y = static_cast<std::int8_t>(dsp::ssat8(dsp::smmla(sum, multiplier, slide->addend) >> Rest));
    }
  }
}
inline void slide_3x3_by_1_rest_8(Slide* slide) noexcept { slide_3x3<1, 8>(slide); }
inline void slide_3x3_by_1_rest_16(Slide* slide) noexcept { slide_3x3<1, 16>(slide); }
inline void slide_3x3_by_2_rest_8(Slide* slide) noexcept { slide_3x3<2, 8>(slide); }
inline void slide_3x3_by_2_rest_16(Slide* slide) noexcept { slide_3x3<2, 16>(slide); }

#endif

}  // namespace dw
}  // namespace LINNET_VERSION_NAMESPACE
}  // namespace linnet
