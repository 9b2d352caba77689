// Slides of dwconv2d_s8_5x5: four outputs of a channel at a time, three passes over the columns under them.
//
//   pass 1  V of the first two rows     5 weights a column in r6-r10, 20 multiplications (40 MACs)
//   pass 2  V of the next two           the same
//   pass 3  H of the fifth row          12 multiplications (20 MACs)
//
// 97 instructions for 100 MACs with loads, requantization and stores (105 for stride 2), about 72 cycles as llvm-mca models
// them. A channel's weights are expanded from bytes to 16 words once a row: bias, v0-v4, u0-u4, (h0,h1), (h2,h3), (h1,h2),
// (h3,h4), multiplier. The first output's window begins at column 2 of the chunks; a chunk is 192 bytes: the first plane V01
// and H, the second V23.
#pragma once

#include "linnet/kernels/dwconv2d_s8_rows.h"

namespace linnet {
inline namespace LINNET_VERSION_NAMESPACE {
namespace dw {

#ifdef LINNET_DW_ASSEMBLY
static_assert(offsetof(Slide, addend) == 20 && offsetof(Slide, channels) == 44 &&
              offsetof(Slide, out_w) == 48 && offsetof(Slide, rest) == 52 &&
              offsetof(Slide, expanded) == 56);

// clang-format off
// r0 x, r1 y, r2-r5 sums, r6-r10 weights, r11 and r12 activations, lr the expanded weights; [sp] addend, rest, outputs left;
// [sp, #16] the Slide, channels left.
#define LINNET_DW_EXPAND_TWO                                             \
  "ldm r2!, {r4, r5}\n"                                                  \
  "sxtb16 r6, r4\n"                                                      \
  "sxtb16 r7, r4, ror #8\n"                                              \
  "sxtb16 r8, r5\n"                                                      \
  "sxtb16 r9, r5, ror #8\n"                                              \
  "stm lr!, {r6-r9}\n"

#define LINNET_DW_BEGIN_5X5                                              \
  "push {r4-r11, lr}\n"                                                  \
  "sub sp, #28\n"                                                        \
  "ldr r1, [r0, #44]\n" /* channels */                                  \
  "ldrd r2, r3, [r0, #48]\n" /* out_w, rest */                           \
  "ldr r2, [r0, #20]\n" /* addend */                                     \
  "strd r0, r1, [sp, #16]\n"                                             \
  "strd r2, r3, [sp]\n"                                                  \
  "1:\n"                                                                 \
  "ldm r0, {r1, r2, r3, r11, r12}\n"                                     \
  "ldr lr, [r0, #56]\n"                                                  \
  "adds r1, #24\n"                                                       \
  "ldr r10, [r11, r12]\n"                                                \
  "ldr r4, [r11], #4\n"                                                  \
  "adds r2, #1\n"                                                        \
  "str r4, [lr], #4\n"                                                   \
  "add r6, r3, #28\n"                                                    \
  "stm r0, {r1, r2, r6, r11}\n"                                          \
  "mov r11, r2\n"                                                        \
  "mov r2, r3\n"                                                         \
  LINNET_DW_EXPAND_TWO                                                   \
  LINNET_DW_EXPAND_TWO                                                   \
  LINNET_DW_EXPAND_TWO                                                   \
  "ldr r4, [r2]\n"                                                       \
  "sxtb16 r6, r4\n"                                                      \
  "sxtb16 r7, r4, ror #8\n"                                              \
  "stm lr!, {r6, r7, r10}\n"                                             \
  "ldr r4, [r0, #48]\n"                                                  \
  "mov r0, r1\n"                                                         \
  "mov r1, r11\n"                                                        \
  "str r4, [sp, #8]\n"                                                   \
  ".p2align 2\n"                                                         \
  "2:\n"

#define LINNET_DW_END_5X5                                                \
  "ldrd r0, r1, [sp, #16]\n"                                             \
  "subs r1, #1\n"                                                        \
  "str r1, [sp, #20]\n"                                                  \
  "bne 1b\n"                                                             \
  "add sp, #28\n"                                                        \
  "pop {r4-r11, pc}\n"

LINNET_DW_FUNCTION void slide_5x5_by_1(Slide*) noexcept {
  __asm__(
      LINNET_DW_BEGIN_5X5
      "sub lr, #64\n"
      "ldr r11, [r0, #8]\n"
      "ldm lr!, {r5-r10}\n"
      "ldr r12, [r0, #12]\n"
      "smlad r2, r11, r6, r5\n"
      "ldr r11, [r0, #192]\n"
      "smlad r2, r12, r7, r2\n"
      "smlad r4, r11, r6, r5\n"
      "smlad r2, r11, r8, r2\n"
      "smlad r3, r12, r6, r5\n"
      "ldr r12, [r0, #196]\n"
      "smlad r3, r11, r7, r3\n"
      "smlad r3, r12, r8, r3\n"
      "ldr r11, [r0, #200]\n"
      "smlad r5, r12, r6, r5\n"
      "smlad r5, r11, r7, r5\n"
      "smlad r4, r12, r7, r4\n"
      "smlad r3, r11, r9, r3\n"
      "smlad r2, r12, r9, r2\n"
      "ldr r12, [r0, #204]\n"
      "smlad r2, r11, r10, r2\n"
      "smlad r4, r11, r8, r4\n"
      "smlad r5, r12, r8, r5\n"
      "ldr r11, [r0, #384]\n"
      "smlad r4, r12, r9, r4\n"
      "smlad r3, r12, r10, r3\n"
      "ldr r12, [r0, #388]\n"
      "smlad r4, r11, r10, r4\n"
      "smlad r5, r11, r9, r5\n"
      "ldr r11, [r0, #104]\n"
      "smlad r5, r12, r10, r5\n"
      "ldm lr!, {r6-r10}\n"
      "ldr r12, [r0, #108]\n"
      "smlad r2, r11, r6, r2\n"
      "ldr r11, [r0, #288]\n"
      "smlad r3, r12, r6, r3\n"
      "smlad r2, r12, r7, r2\n"
      "smlad r2, r11, r8, r2\n"
      "smlad r3, r11, r7, r3\n"
      "ldr r12, [r0, #292]\n"
      "smlad r4, r11, r6, r4\n"
      "smlad r4, r12, r7, r4\n"
      "ldr r11, [r0, #296]\n"
      "smlad r5, r12, r6, r5\n"
      "smlad r2, r12, r9, r2\n"
      "smlad r2, r11, r10, r2\n"
      "smlad r4, r11, r8, r4\n"
      "smlad r3, r12, r8, r3\n"
      "ldr r12, [r0, #300]\n"
      "smlad r3, r11, r9, r3\n"
      "smlad r5, r11, r7, r5\n"
      "ldr r11, [r0, #480]\n"
      "smlad r5, r12, r8, r5\n"
      "smlad r4, r12, r9, r4\n"
      "smlad r3, r12, r10, r3\n"
      "ldr r12, [r0, #484]\n"
      "smlad r5, r11, r9, r5\n"
      "smlad r4, r11, r10, r4\n"
      "ldr r11, [r0, #20]\n"
      "smlad r5, r12, r10, r5\n"
      "ldm lr!, {r6-r10}\n"
      "ldr r12, [r0, #208]\n"
      "smlatb r3, r11, r6, r3\n"
      "smlad r4, r12, r6, r4\n"
      "smlad r2, r11, r6, r2\n"
      "ldr r11, [r0, #212]\n"
      "smlad r3, r12, r8, r3\n"
      "smlad r4, r11, r7, r4\n"
      "smlad r2, r12, r7, r2\n"
      "smlatb r5, r12, r6, r5\n"
      "smlad r3, r11, r9, r3\n"
      "smlabt r2, r11, r9, r2\n"
      "ldr r12, [r0, #400]\n"
      "smlad r5, r11, r8, r5\n"
      "ldm sp, {r6, r7, r8}\n"
      "smlabt r4, r12, r9, r4\n"
      "smmla r2, r2, r10, r6\n"
      "subs r8, #4\n"
      "smlad r5, r12, r9, r5\n"
      "asr r2, r2, r7\n"
      "smmla r3, r3, r10, r6\n"
      "ssat r2, #8, r2\n"
      "smmla r4, r4, r10, r6\n"
      "asr r3, r3, r7\n"
      "smmla r5, r5, r10, r6\n"
      "ssat r3, #8, r3\n"
      "strb r2, [r1], #4\n"
      "asr r5, r5, r7\n"
      "str r8, [sp, #8]\n"
      "asr r4, r4, r7\n"
      "strb r3, [r1], #4\n"
      "ssat r4, #8, r4\n"
      "ssat r5, #8, r5\n"
      "strb r4, [r1], #4\n"
      "add r0, r0, #192\n"
      "strb r5, [r1], #4\n"
      "bgt 2b\n"
      LINNET_DW_END_5X5);
}

LINNET_DW_FUNCTION void slide_5x5_by_2(Slide*) noexcept {
  __asm__(
      LINNET_DW_BEGIN_5X5
      "ldr r11, [r0, #8]\n"
      "sub lr, #64\n"
      "ldr r12, [r0, #192]\n"
      "ldm lr!, {r5-r10}\n"
      "smlad r2, r11, r6, r5\n"
      "smlad r3, r12, r6, r5\n"
      "ldr r11, [r0, #12]\n"
      "smlad r2, r12, r8, r2\n"
      "ldr r12, [r0, #200]\n"
      "smlad r2, r11, r7, r2\n"
      "ldr r11, [r0, #196]\n"
      "smlad r2, r12, r10, r2\n"
      "smlad r2, r11, r9, r2\n"
      "smlad r4, r12, r6, r5\n"
      "smlad r3, r12, r8, r3\n"
      "ldr r12, [r0, #384]\n"
      "smlad r3, r11, r7, r3\n"
      "smlad r3, r12, r10, r3\n"
      "ldr r11, [r0, #204]\n"
      "smlad r4, r12, r8, r4\n"
      "smlad r5, r12, r6, r5\n"
      "ldr r12, [r0, #392]\n"
      "smlad r4, r11, r7, r4\n"
      "smlad r4, r12, r10, r4\n"
      "smlad r3, r11, r9, r3\n"
      "ldr r11, [r0, #388]\n"
      "smlad r5, r12, r8, r5\n"
      "ldr r12, [r0, #396]\n"
      "smlad r5, r11, r7, r5\n"
      "smlad r4, r11, r9, r4\n"
      "ldr r11, [r0, #576]\n"
      "smlad r5, r12, r9, r5\n"
      "ldr r12, [r0, #288]\n"
      "smlad r5, r11, r10, r5\n"
      "ldm lr!, {r6-r10}\n"
      "ldr r11, [r0, #104]\n"
      "smlad r3, r12, r6, r3\n"
      "smlad r2, r11, r6, r2\n"
      "ldr r11, [r0, #108]\n"
      "smlad r2, r12, r8, r2\n"
      "ldr r12, [r0, #296]\n"
      "smlad r2, r11, r7, r2\n"
      "ldr r11, [r0, #292]\n"
      "smlad r3, r12, r8, r3\n"
      "smlad r4, r12, r6, r4\n"
      "smlad r2, r12, r10, r2\n"
      "ldr r12, [r0, #480]\n"
      "smlad r3, r11, r7, r3\n"
      "smlad r2, r11, r9, r2\n"
      "smlad r3, r12, r10, r3\n"
      "ldr r11, [r0, #300]\n"
      "smlad r4, r12, r8, r4\n"
      "smlad r3, r11, r9, r3\n"
      "smlad r5, r12, r6, r5\n"
      "ldr r12, [r0, #488]\n"
      "smlad r4, r11, r7, r4\n"
      "ldr r11, [r0, #484]\n"
      "smlad r5, r12, r8, r5\n"
      "smlad r4, r12, r10, r4\n"
      "smlad r4, r11, r9, r4\n"
      "ldr r12, [r0, #492]\n"
      "smlad r5, r11, r7, r5\n"
      "ldr r11, [r0, #672]\n"
      "smlad r5, r12, r9, r5\n"
      "ldr r12, [r0, #208]\n"
      "smlad r5, r11, r10, r5\n"
      "ldm lr!, {r6-r10}\n"
      "ldr r11, [r0, #20]\n"
      "smlad r3, r12, r6, r3\n"
      "smlad r2, r11, r6, r2\n"
      "ldr r11, [r0, #212]\n"
      "smlad r2, r12, r7, r2\n"
      "smlabt r2, r11, r9, r2\n"
      "ldr r12, [r0, #400]\n"
      "smlad r3, r11, r7, r3\n"
      "smlad r4, r11, r6, r4\n"
      "smlad r4, r12, r7, r4\n"
      "ldr r11, [r0, #404]\n"
      "smlad r5, r12, r6, r5\n"
      "smlabt r3, r12, r9, r3\n"
      "smlabt r4, r11, r9, r4\n"
      "ldr r12, [r0, #592]\n"
      "smlad r5, r11, r7, r5\n"
      "ldm sp, {r6, r7, r8}\n"
      "smmla r3, r3, r10, r6\n"
      "add r0, r0, #384\n"
      "smmla r2, r2, r10, r6\n"
      "asr r3, r3, r7\n"
      "smmla r4, r4, r10, r6\n"
      "ssat r3, #8, r3\n"
      "smlabt r5, r12, r9, r5\n"
      "subs r8, #4\n"
      "asr r2, r2, r7\n"
      "ssat r2, #8, r2\n"
      "smmla r5, r5, r10, r6\n"
      "asr r4, r4, r7\n"
      "strb r2, [r1], #4\n"
      "ssat r4, #8, r4\n"
      "strb r3, [r1], #4\n"
      "asr r5, r5, r7\n"
      "str r8, [sp, #8]\n"
      "ssat r5, #8, r5\n"
      "strb r4, [r1], #4\n"
      "strb r5, [r1], #4\n"
      "bgt 2b\n"
      LINNET_DW_END_5X5);
}
// clang-format on
#undef LINNET_DW_EXPAND_TWO
#undef LINNET_DW_BEGIN_5X5
#undef LINNET_DW_END_5X5

#else

template <std::int32_t Stride>
void slide_5x5(Slide* slide) noexcept {
  for (std::int32_t channel = 0; channel < slide->channels; ++channel) {
    const std::uint32_t* const x = slide->x += kChannelWords;
    std::int8_t* y = slide->y += 1;
    std::uint32_t pairs[14];
    for (std::int32_t i = 0; i < 7; ++i) {
      pairs[2 * i] = dsp::sxtb16(slide->weights[i]);
      pairs[2 * i + 1] = dsp::sxtb16_ror8(slide->weights[i]);
    }
    const std::uint32_t h01 = pairs[10], h23 = pairs[11], h12 = pairs[12], h34 = pairs[13];
    const std::int32_t multiplier = slide->multiplier();
    const std::int32_t bias = *slide->bias++;
    slide->weights += 7;
    const auto vertical = [x](std::int32_t plane, std::int32_t column) {
      return x[column / 4 * 2 * kPlaneWords + plane * kPlaneWords + column % 4];
    };
    const auto horizontal = [x](std::int32_t column) {
      return x[column / 4 * 2 * kPlaneWords + 4 + column % 4 / 2];
    };
    for (std::int32_t o = 0; o < slide->out_w; ++o, y += 4) {
      const std::int32_t column = 2 + o * Stride;
      std::int32_t sum = bias;
      for (std::int32_t k = 0; k < 5; ++k) {
        sum = dsp::smlad(vertical(0, column + k), pairs[k], sum);
        sum = dsp::smlad(vertical(1, column + k), pairs[5 + k], sum);
      }
      if (column % 2 == 0) {
        sum = dsp::smlad(horizontal(column), h01, sum);
        sum = dsp::smlad(horizontal(column + 2), h23, sum);
        sum = dsp::smlabt(horizontal(column + 4), h34, sum);
      } else {
        sum = dsp::smlatb(horizontal(column), h01, sum);
        sum = dsp::smlad(horizontal(column + 1), h12, sum);
        sum = dsp::smlad(horizontal(column + 3), h34, sum);
      }
      const std::int32_t code = dsp::smmla(sum, multiplier, slide->addend) >> slide->rest;
      *y = static_cast<std::int8_t>(dsp::ssat8(code));
    }
  }
}
inline void slide_5x5_by_1(Slide* slide) noexcept { slide_5x5<1>(slide); }
inline void slide_5x5_by_2(Slide* slide) noexcept { slide_5x5<2>(slide); }

#endif

}  // namespace dw
}  // namespace LINNET_VERSION_NAMESPACE
}  // namespace linnet
