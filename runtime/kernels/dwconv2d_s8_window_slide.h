// Sums of dwconv2d_s8_window: four outputs of a channel at a time, along runs of up to eight taps.
//
//     V, a tap      w = next weight, x3 = next column       s0 += w.x0  s1 += w.x1  s2 += w.x2  s3 += w.x3
//                   then x1 x2 x3 are x0 x1 x2
//     H, two taps   the same with two columns more, since H(q) holds columns q and q + 1
//
// Six instructions and four cycles for 8 MACs (V), seven (H). A run of one to eight taps is straight code, entered by TBH;
// a run over several planes is repeated there. Its end and the next run's beginning are 12 instructions, the requantization
// of four outputs with what begins the next four 33.
#pragma once

#include "linnet/kernels/dwconv2d_s8_columns.h"
#include "linnet/kernels/dwconv2d_s8_window_columns.h"

namespace linnet {
inline namespace LINNET_VERSION_NAMESPACE {
namespace dw {

// A run of taps, over one plane or the same over several.
struct TapRun {
  std::int32_t offset_bytes;  // from the first output's column of the first slot of its class
  std::int32_t code;
  std::int32_t planes;

  // Eight taps of V at most, or four words of H; what stands after the last run.
  static constexpr TapRun vertical(std::int32_t offset, std::int32_t taps, std::int32_t planes) {
    return {offset, taps - 1, planes};
  }
  static constexpr TapRun horizontal(std::int32_t offset, std::int32_t words) {
    return {offset, 8 + words - 1, 1};
  }
  static constexpr TapRun end() { return {0, 12, 0}; }
};

// What four channels of an output row are summed from and written to. Assembly reads it by offsets, and moves the first five
// members on from channel to channel.
struct WindowSlide {
  const std::uint32_t* x;  // the first output's column
  std::int8_t* y;
  const std::uint32_t* weights;
  const std::int32_t *bias, *multiplier;
  std::int32_t addend, rest;  // of the requantization (dsp::Requantizer)
  std::int32_t y_step;        // bytes from an output to the next
  const TapRun* runs;
  std::int32_t plane_bytes, weight_bytes;  // of a channel
  std::int32_t count;                      // outputs; rounded up to four
};

#ifdef LINNET_DW_ASSEMBLY
static_assert(offsetof(WindowSlide, addend) == 20 && offsetof(WindowSlide, y_step) == 28 &&
              offsetof(WindowSlide, plane_bytes) == 36 && offsetof(WindowSlide, count) == 44);

// clang-format off
// r0 x, r1 weights, r2-r5 sums, r6-r9 columns in turn, r10 and r11 weights in turn, r12 planes left, lr plane_bytes; [sp]
// multiplier, addend, rest, y, y_step, [sp, #20] x, runs, next run, weights, bias, [sp, #40] outputs left, the WindowSlide,
// channels left.
#define LINNET_DW_LAST(w, a, b, c, d)                                   \
  "smlad r2, " a ", " w ", r2\n"                                        \
  "smlad r3, " b ", " w ", r3\n"                                        \
  "smlad r4, " c ", " w ", r4\n"                                        \
  "smlad r5, " d ", " w ", r5\n"
#define LINNET_DW_V(w, next, a, b, c, d, column, weight)                \
  "smlad r2, " a ", " w ", r2\n"                                        \
  "ldr " a ", [r0, #" column "]\n"                                      \
  "smlad r3, " b ", " w ", r3\n"                                        \
  "ldr " next ", [r1, #" weight "]\n"                                   \
  "smlad r4, " c ", " w ", r4\n"                                        \
  "smlad r5, " d ", " w ", r5\n"
#define LINNET_DW_H(w, next, a, b, c, d, first, second, weight)         \
  "smlad r2, " a ", " w ", r2\n"                                        \
  "ldr " a ", [r0, #" first "]\n"                                       \
  "smlad r3, " b ", " w ", r3\n"                                        \
  "ldr " b ", [r0, #" second "]\n"                                      \
  "smlad r4, " c ", " w ", r4\n"                                        \
  "ldr " next ", [r1, #" weight "]\n"                                   \
  "smlad r5, " d ", " w ", r5\n"
#define LINNET_DW_V1 LINNET_DW_V("r10", "r11", "r6", "r7", "r8", "r9", "64", "4")
#define LINNET_DW_V2 LINNET_DW_V1 LINNET_DW_V("r11", "r10", "r7", "r8", "r9", "r6", "80", "8")
#define LINNET_DW_V3 LINNET_DW_V2 LINNET_DW_V("r10", "r11", "r8", "r9", "r6", "r7", "96", "12")
#define LINNET_DW_V4 LINNET_DW_V3 LINNET_DW_V("r11", "r10", "r9", "r6", "r7", "r8", "112", "16")
#define LINNET_DW_V5 LINNET_DW_V4 LINNET_DW_V("r10", "r11", "r6", "r7", "r8", "r9", "128", "20")
#define LINNET_DW_V6 LINNET_DW_V5 LINNET_DW_V("r11", "r10", "r7", "r8", "r9", "r6", "144", "24")
#define LINNET_DW_V7 LINNET_DW_V6 LINNET_DW_V("r10", "r11", "r8", "r9", "r6", "r7", "160", "28")
#define LINNET_DW_H1 LINNET_DW_H("r10", "r11", "r6", "r7", "r8", "r9", "64", "80", "4")
#define LINNET_DW_H2 LINNET_DW_H1 LINNET_DW_H("r11", "r10", "r8", "r9", "r6", "r7", "96", "112", "8")
#define LINNET_DW_H3 LINNET_DW_H2 LINNET_DW_H("r10", "r11", "r6", "r7", "r8", "r9", "128", "144", "12")
#define LINNET_DW_LAST_1 LINNET_DW_LAST("r10", "r6", "r7", "r8", "r9")
#define LINNET_DW_LAST_2 LINNET_DW_LAST("r11", "r7", "r8", "r9", "r6")
#define LINNET_DW_LAST_3 LINNET_DW_LAST("r10", "r8", "r9", "r6", "r7")
#define LINNET_DW_LAST_4 LINNET_DW_LAST("r11", "r9", "r6", "r7", "r8")
#define LINNET_DW_LAST_H2 LINNET_DW_LAST("r11", "r8", "r9", "r6", "r7")
#define LINNET_DW_RUN(label, weight_bytes, taps)                        \
  ".p2align 2\n"                                                        \
  label ":\n"                                                           \
  "ldr r10, [r1]\n"                                                     \
  "ldr r6, [r0]\n"                                                      \
  "ldr r7, [r0, #16]\n"                                                 \
  "ldr r8, [r0, #32]\n"                                                 \
  "ldr r9, [r0, #48]\n"                                                 \
  taps                                                                  \
  "subs r12, r12, #1\n"                                                 \
  "add r0, r0, lr\n"                                                    \
  "add r1, r1, #" weight_bytes "\n"                                     \
  "bne " label "b\n"                                                    \
  "b 3b\n"

LINNET_DW_FUNCTION void slide_window(WindowSlide*) noexcept {
  __asm__(
      "push {r4-r11, lr}\n"
      "sub sp, #52\n"
      "ldr lr, [r0, #36]\n" /* plane_bytes */
      "movs r3, #4\n"
      "strd r0, r3, [sp, #44]\n"
      "ldrd r4, r5, [r0, #20]\n" /* addend, rest */
      "ldrd r6, r7, [r0, #28]\n" /* y_step, runs */
      "strd r4, r5, [sp, #4]\n"
      "str r6, [sp, #16]\n"
      "str r7, [sp, #24]\n"
      "1:\n"
      "ldr r0, [sp, #44]\n"
      "ldm r0, {r1-r5}\n"
      "ldrd r8, r9, [r0, #40]\n" /* weight_bytes, count */
      "ldr r6, [r4], #4\n"
      "ldr r7, [r5], #4\n"
      "str r1, [sp, #20]\n"
      "str r2, [sp, #12]\n"
      "strd r3, r6, [sp, #32]\n"
      "str r7, [sp]\n"
      "str r9, [sp, #40]\n"
      "adds r1, #4\n"
      "adds r2, #1\n"
      "add r3, r3, r8\n"
      "stm r0, {r1-r5}\n"
      "2:\n"
      "ldrd r1, r2, [sp, #32]\n"
      "ldr r10, [sp, #24]\n"
      "mov r3, r2\n"
      "mov r4, r2\n"
      "mov r5, r2\n"
      "b 4f\n"
      ".p2align 2\n"
      "3:\n"
      "ldr r10, [sp, #28]\n"
      "4:\n"
      "ldm r10!, {r0, r11, r12}\n"
      "str r10, [sp, #28]\n"
      "ldr r10, [sp, #20]\n"
      "add r0, r0, r10\n"
      "tbh [pc, r11, lsl #1]\n"
      "5:\n"
      ".hword (11f - 5b) / 2, (12f - 5b) / 2, (13f - 5b) / 2, (14f - 5b) / 2\n"
      ".hword (15f - 5b) / 2, (16f - 5b) / 2, (17f - 5b) / 2, (18f - 5b) / 2\n"
      ".hword (21f - 5b) / 2, (22f - 5b) / 2, (23f - 5b) / 2, (24f - 5b) / 2\n"
      ".hword (30f - 5b) / 2\n"
      LINNET_DW_RUN("11", "4", LINNET_DW_LAST_1)
      LINNET_DW_RUN("12", "8", LINNET_DW_V1 LINNET_DW_LAST_2)
      LINNET_DW_RUN("13", "12", LINNET_DW_V2 LINNET_DW_LAST_3)
      LINNET_DW_RUN("14", "16", LINNET_DW_V3 LINNET_DW_LAST_4)
      LINNET_DW_RUN("15", "20", LINNET_DW_V4 LINNET_DW_LAST_1)
      LINNET_DW_RUN("16", "24", LINNET_DW_V5 LINNET_DW_LAST_2)
      LINNET_DW_RUN("17", "28", LINNET_DW_V6 LINNET_DW_LAST_3)
      LINNET_DW_RUN("18", "32", LINNET_DW_V7 LINNET_DW_LAST_4)
      LINNET_DW_RUN("21", "4", LINNET_DW_LAST_1)
      LINNET_DW_RUN("22", "8", LINNET_DW_H1 LINNET_DW_LAST_H2)
      LINNET_DW_RUN("23", "12", LINNET_DW_H2 LINNET_DW_LAST_1)
      LINNET_DW_RUN("24", "16", LINNET_DW_H3 LINNET_DW_LAST_H2)
      "30:\n"
      "ldm sp, {r6-r10}\n"
      "smmla r2, r2, r6, r7\n"
      "smmla r3, r3, r6, r7\n"
      "ldr r11, [sp, #40]\n"
      "asr r2, r2, r8\n"
      "smmla r4, r4, r6, r7\n"
      "asr r3, r3, r8\n"
      "smmla r5, r5, r6, r7\n"
      "ssat r2, #8, r2\n"
      "asr r4, r4, r8\n"
      "strb r2, [r9]\n"
      "ssat r3, #8, r3\n"
      "ldr r6, [sp, #20]\n"
      "asr r5, r5, r8\n"
      "add r7, r9, r10, lsl #1\n"
      "ssat r4, #8, r4\n"
      "strb r3, [r9, r10]\n"
      "ssat r5, #8, r5\n"
      "strb r4, [r7]\n"
      "add r9, r9, r10, lsl #2\n"
      "strb r5, [r7, r10]\n"
      "adds r6, #64\n"
      "str r9, [sp, #12]\n"
      "subs r11, #4\n"
      "str r6, [sp, #20]\n"
      "str r11, [sp, #40]\n"
      "bgt 2b\n"
      "ldr r6, [sp, #48]\n"
      "subs r6, #1\n"
      "str r6, [sp, #48]\n"
      "bne 1b\n"
      "add sp, #52\n"
      "pop {r4-r11, pc}\n");
}
// clang-format on
#undef LINNET_DW_LAST
#undef LINNET_DW_V
#undef LINNET_DW_H
#undef LINNET_DW_V1
#undef LINNET_DW_V2
#undef LINNET_DW_V3
#undef LINNET_DW_V4
#undef LINNET_DW_V5
#undef LINNET_DW_V6
#undef LINNET_DW_V7
#undef LINNET_DW_H1
#undef LINNET_DW_H2
#undef LINNET_DW_H3
#undef LINNET_DW_LAST_1
#undef LINNET_DW_LAST_2
#undef LINNET_DW_LAST_3
#undef LINNET_DW_LAST_4
#undef LINNET_DW_LAST_H2
#undef LINNET_DW_RUN

#else

inline void slide_window(WindowSlide* slide) noexcept {
  const WindowSlide& s = *slide;
  for (std::int32_t channel = 0; channel < 4; ++channel) {
    std::int8_t* y = s.y + channel;
    for (std::int32_t o = 0; o < s.count; ++o, y += s.y_step) {
      std::int32_t sum = s.bias[channel];
      const std::uint32_t* w = s.weights + channel * (s.weight_bytes / 4);
      for (const TapRun* run = s.runs; run->planes > 0; ++run) {
        const bool vertical = run->code < 8;
        const std::int32_t words = vertical ? run->code + 1 : run->code - 7;
        const std::uint32_t* x = s.x + channel + o * kColumnWords + run->offset_bytes / 4;
        for (std::int32_t plane = 0; plane < run->planes; ++plane, x += s.plane_bytes / 4) {
          for (std::int32_t i = 0; i < words; ++i)
            sum = dsp::smlad(x[i * (vertical ? 1 : 2) * kColumnWords], *w++, sum);
        }
      }
      *y = static_cast<std::int8_t>(
          dsp::ssat8(dsp::smmla(sum, s.multiplier[channel], s.addend) >> s.rest));
    }
  }
}

#endif

}  // namespace dw
}  // namespace LINNET_VERSION_NAMESPACE
}  // namespace linnet
