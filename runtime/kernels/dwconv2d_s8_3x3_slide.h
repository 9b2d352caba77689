// Slides of dwconv2d_s8_3x3: along one output row, four channels one after the other, all nine weights in five registers.
//
//   V = (row a, row b) of a column, H = two columns of row c (dwconv2d_s8_columns.h); v = (w[a], w[b]), h = w[c]
//
//   out(x) with x odd   = V(x).v0 + V(x+1).v1 + V(x+2).v2 + c[x].h0        + H(x+1,x+2).(h1,h2)
//   out(x) with x even  = V(x).v0 + V(x+1).v1 + V(x+2).v2 + H(x,x+1).(h0,h1) + c[x+2].h2
//
// The first output's window begins at column 3 of the chunks. Two outputs (stride 1) are 10 multiplications for 18 MACs and
// 22 instructions with loads, requantization and stores; one output of stride 2 is 5 for 9, and 12. The sums of both parities
// run side by side, so that the requantization of one hides behind the products of the other.
//
// The requantization's shift is in the instruction: kRest of SSAT #8, ASR #kRest. dwconv2d_s8_3x3::fix_shift brings every
// layer to 8 or 16.
#pragma once

#include "linnet/kernels/dwconv2d_s8_rows.h"

namespace linnet {
inline namespace LINNET_VERSION_NAMESPACE {
namespace dw {

#ifdef LINNET_DW_ASSEMBLY
static_assert(offsetof(Slide, addend) == 20 && offsetof(Slide, out_w) == 28 &&
              offsetof(Slide, top) == 32);

// clang-format off
// r0 x, r1 y, r2 and r3 the sums of even and odd x, r4-r6 v0-v2, r7 (h0,h1), r8 (h1,h2), r9 multiplier, r10 addend, r11 H,
// r12 V, lr pitch; [sp] bias, [sp, #4] last chunk, [sp, #8] the Slide, [sp, #12] channels left.
// Before: r3 has what is before the pair of columns in r12, r11. `v1` the pair's second V; `next_v`, `next_h` the next pair.
#define LINNET_DW_TWO(v1, load_next_v, next_h, rest, before_bias)        \
  "smlad r3, r12, r5, r3\n"                                              \
  "ldr r2, [sp]\n"                                                       \
  "smlad r3, r11, r8, r3\n"                                              \
  "smlad r2, r12, r4, r2\n"                                              \
  "ldr r12, [r0, #" v1 "]\n"                                             \
  "smlad r2, r11, r7, r2\n"                                              \
  "smlad r3, r12, r6, r3\n"                                              \
  "smlad r2, r12, r5, r2\n"                                              \
  "smmla r3, r3, r9, r10\n"                                              \
  "ssat r3, #8, r3, asr #" rest "\n"                                     \
  "strb r3, [r1]\n"                                                      \
  before_bias                                                            \
  "ldr r3, [sp]\n"                                                       \
  "smlad r3, r12, r4, r3\n"                                              \
  load_next_v                                                            \
  "smlatb r3, r11, r7, r3\n"                                             \
  "ldr r11, [r0, #" next_h "]\n"                                         \
  "smlad r2, r12, r6, r2\n"                                              \
  "smlabt r2, r11, r8, r2\n"                                             \
  "smmla r2, r2, r9, r10\n"                                              \
  "ssat r2, #8, r2, asr #" rest "\n"                                     \
  "strb r2, [r1, lr]\n"                                                  \
  "add r1, r1, lr, lsl #1\n"

#define LINNET_DW_SLIDE_BY_1(rest)                                       \
  __asm__(                                                               \
      "push {r4-r11, lr}\n"                                              \
      "sub sp, #16\n"                                                    \
      "movs r1, #4\n"                                                    \
      "strd r0, r1, [sp, #8]\n"                                          \
      "1:\n"                                                             \
      "ldm r0, {r1, r3, r9, r11, r12}\n"                                 \
      "adds r1, #24\n"                                                   \
      "ldm r9!, {r4-r8}\n"                                               \
      "ldr r2, [r12], #4\n"                                              \
      "adds r3, #1\n"                                                    \
      "ldr lr, [r11], #4\n"                                              \
      "stm r0, {r1, r3, r9, r11, r12}\n"                                 \
      "mov r9, r2\n"                                                     \
      "ldrd r2, r11, [r0, #28]\n" /* out_w, top */                       \
      "str lr, [sp]\n"                                                   \
      "cmp r11, #0\n"                                                    \
      "beq 2f\n"                                                         \
      "pkhbt r11, r4, r5, lsl #16\n"                                     \
      "pkhbt r12, r5, r6, lsl #16\n"                                     \
      "pkhtb r5, r7, r5, asr #16\n"                                      \
      "pkhtb r6, r8, r6, asr #16\n"                                      \
      "lsls r7, r7, #16\n"                                               \
      "pkhtb r4, r7, r4, asr #16\n"                                      \
      "mov r7, r11\n"                                                    \
      "mov r8, r12\n"                                                    \
      "2:\n"                                                             \
      "ldr r12, [r1, #12]\n"                                             \
      "ldr r11, [r1, #20]\n"                                             \
      "lsrs r2, r2, #2\n"                                                \
      "ldr r10, [r0, #20]\n"                                             \
      "add r2, r2, r2, lsl #1\n"                                         \
      "smlad lr, r12, r4, lr\n"                                          \
      "add r2, r1, r2, lsl #5\n"                                         \
      "smlatb lr, r11, r7, lr\n"                                         \
      "str r2, [sp, #4]\n"                                               \
      "ldr r12, [r1, #96]!\n"                                            \
      "ldr r11, [r1, #16]\n"                                             \
      "cmp r1, r2\n"                                                     \
      "ldr r2, [r0, #24]\n"                                              \
      "mov r0, r1\n"                                                     \
      "mov r1, r3\n"                                                     \
      "mov r3, lr\n"                                                     \
      "mov lr, r2\n"                                                     \
      "bhi 4f\n"                                                         \
      ".p2align 2\n"                                                     \
      "3:\n"                                                             \
      LINNET_DW_TWO("4", "ldr r12, [r0, #8]\n", "20", rest, "")          \
      LINNET_DW_TWO("12", "ldr r12, [r0, #96]!\n", "16", rest,           \
                    "ldr r3, [sp, #4]\n cmp r0, r3\n")                   \
      "bne 3b\n"                                                         \
      "4:\n"                                                             \
      "ldr r2, [sp, #8]\n"                                               \
      "ldr r2, [r2, #28]\n"                                              \
      "lsls r2, r2, #31\n" /* carry: two more; negative: one more */     \
      "bcc 5f\n"                                                         \
      LINNET_DW_TWO("4", "ldr r12, [r0, #8]\n", "20", rest, "")          \
      "add r0, r0, #8\n"                                                 \
      "5:\n"                                                             \
      "bpl 6f\n"                                                         \
      "smlad r3, r12, r5, r3\n"                                          \
      "ldr r12, [r0, #4]\n"                                              \
      "smlad r3, r11, r8, r3\n"                                          \
      "smlad r3, r12, r6, r3\n"                                          \
      "smmla r3, r3, r9, r10\n"                                          \
      "ssat r3, #8, r3, asr #" rest "\n"                                 \
      "strb r3, [r1]\n"                                                  \
      "6:\n"                                                             \
      "ldrd r0, r1, [sp, #8]\n"                                          \
      "subs r1, #1\n"                                                    \
      "str r1, [sp, #12]\n"                                              \
      "bne 1b\n"                                                         \
      "add sp, #16\n"                                                    \
      "pop {r4-r11, pc}\n")

LINNET_DW_FUNCTION void slide_3x3_by_1_rest_8(Slide*) noexcept { LINNET_DW_SLIDE_BY_1("8"); }
LINNET_DW_FUNCTION void slide_3x3_by_1_rest_16(Slide*) noexcept { LINNET_DW_SLIDE_BY_1("16"); }

// r0 x, r1 y, r2 and r3 two sums in turn, r4-r6 v0-v2, r7 pitch and h0 (low, high half), r8 (h1,h2), r9 multiplier, r10
// addend, r11 H, r12 V, lr bias; [sp] last chunk, [sp, #4] out_w, [sp, #8] the Slide, [sp, #12] channels left.
// Before: `sum` has what is before the pair of columns in r12, r11. After: `next` has what is before the next pair.
#define LINNET_DW_ONE(sum, next, v1, load_next_v, next_h, rest)          \
  "smlad " sum ", r12, r5, " sum "\n"                                    \
  "ldr r12, [r0, #" v1 "]\n"                                             \
  "smlad " sum ", r11, r8, " sum "\n"                                    \
  "smlad " sum ", r12, r6, " sum "\n"                                    \
  "smlad " next ", r12, r4, lr\n"                                        \
  load_next_v                                                            \
  "smmla " sum ", " sum ", r9, r10\n"                                    \
  "smlatt " next ", r11, r7, " next "\n"                                 \
  "ldr r11, [r0, #" next_h "]\n"                                         \
  "ssat " sum ", #8, " sum ", asr #" rest "\n"                           \
  "strb " sum ", [r1]\n"                                                 \
  "uxtah r1, r1, r7\n"

#define LINNET_DW_SLIDE_BY_2(rest)                                       \
  __asm__(                                                               \
      "push {r4-r11, lr}\n"                                              \
      "sub sp, #16\n"                                                    \
      "movs r1, #4\n"                                                    \
      "strd r0, r1, [sp, #8]\n"                                          \
      "1:\n"                                                             \
      "ldm r0, {r1, r3, r9, r11, r12}\n"                                 \
      "adds r1, #24\n"                                                   \
      "ldm r9!, {r4-r8}\n"                                               \
      "ldr r2, [r12], #4\n"                                              \
      "adds r3, #1\n"                                                    \
      "ldr lr, [r11], #4\n"                                              \
      "stm r0, {r1, r3, r9, r11, r12}\n"                                 \
      "mov r9, r2\n"                                                     \
      "add r10, r0, #20\n"                                               \
      "ldm r10, {r10, r11, r12}\n" /* addend, pitch, out_w */            \
      "pkhbt r7, r11, r7, lsl #16\n"                                     \
      "lsrs r2, r12, #2\n"                                               \
      "str r12, [sp, #4]\n"                                              \
      "add r2, r2, r2, lsl #1\n"                                         \
      "add r0, r1, #96\n"                                                \
      "add r2, r0, r2, lsl #6\n"                                         \
      "ldr r12, [r1, #12]\n"                                             \
      "ldr r11, [r1, #20]\n"                                             \
      "mov r1, r3\n"                                                     \
      "str r2, [sp]\n"                                                   \
      "smlad r3, r12, r4, lr\n"                                          \
      "smlatt r3, r11, r7, r3\n"                                         \
      "ldr r12, [r0]\n"                                                  \
      "ldr r11, [r0, #16]\n"                                             \
      "cmp r0, r2\n"                                                     \
      "beq 4f\n"                                                         \
      ".p2align 2\n"                                                     \
      "3:\n"                                                             \
      LINNET_DW_ONE("r3", "r2", "4", "ldr r12, [r0, #8]\n", "20", rest)  \
      LINNET_DW_ONE("r2", "r3", "12", "ldr r12, [r0, #96]!\n", "16", rest) \
      LINNET_DW_ONE("r3", "r2", "4", "ldr r12, [r0, #8]\n", "20", rest)  \
      LINNET_DW_ONE("r2", "r3", "12", "ldr r12, [r0, #96]!\n", "16", rest) \
      "ldr r2, [sp]\n"                                                   \
      "cmp r0, r2\n"                                                     \
      "bne 3b\n"                                                         \
      "4:\n"                                                             \
      "ldr r2, [sp, #4]\n"                                               \
      "lsls r2, r2, #31\n" /* carry: two more; negative: one more */     \
      "bcc 5f\n"                                                         \
      LINNET_DW_ONE("r3", "r2", "4", "ldr r12, [r0, #8]\n", "20", rest)  \
      LINNET_DW_ONE("r2", "r3", "12", "ldr r12, [r0, #96]!\n", "16", rest) \
      "5:\n"                                                             \
      "bpl 6f\n"                                                         \
      LINNET_DW_ONE("r3", "r2", "4", "ldr r12, [r0, #8]\n", "20", rest)  \
      "6:\n"                                                             \
      "ldrd r0, r1, [sp, #8]\n"                                          \
      "subs r1, #1\n"                                                    \
      "str r1, [sp, #12]\n"                                              \
      "bne 1b\n"                                                         \
      "add sp, #16\n"                                                    \
      "pop {r4-r11, pc}\n")

LINNET_DW_FUNCTION void slide_3x3_by_2_rest_8(Slide*) noexcept { LINNET_DW_SLIDE_BY_2("8"); }
LINNET_DW_FUNCTION void slide_3x3_by_2_rest_16(Slide*) noexcept { LINNET_DW_SLIDE_BY_2("16"); }
// clang-format on
#undef LINNET_DW_ONE
#undef LINNET_DW_TWO
#undef LINNET_DW_SLIDE_BY_1
#undef LINNET_DW_SLIDE_BY_2

#else

template <std::int32_t Stride, std::int32_t Rest>
void slide_3x3(Slide* slide) noexcept {
  for (std::int32_t channel = 0; channel < 4; ++channel) {
    const std::uint32_t* const x = slide->x += kChannelWords;
    std::int8_t* y = slide->y += 1;
    const std::uint32_t* w = slide->weights;
    const std::int32_t bias = *slide->bias++, multiplier = *slide->multiplier++;
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
    for (std::int32_t o = 0; o < slide->out_w; ++o, y += slide->pitch) {
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
