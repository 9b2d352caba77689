// Sum or difference of two int8 tensors with their own scales, four elements a word. Runs in place.
//
//   words a3 a2 a1 a0, b3 b2 b1 b0     SXTB16 and SXTB16 ROR #8: pairs (a0,a2) (a1,a3) (b0,b2) (b1,b3)
//   sum0 = start + a0 * ma + b0 * mb   SMLABB, SMLABT; both multipliers in one register, zero points and rounding in `start`
//   code                               ASR, SSAT, STRB
//
// 29 instructions for four elements; 17 cycles as llvm-mca models them.
#pragma once

#include "linnet/kernels/binary_rows.h"

namespace linnet {
inline namespace LINNET_VERSION_NAMESPACE {

struct add_s8 {
  using Layer = BinaryS8;
  static constexpr const char* name = "add_s8";
  static constexpr bool supports(const Layer& layer) noexcept { return layer.function == 0; }
  static constexpr std::int32_t scratch_bytes(const Layer&) noexcept { return 0; }

  static void run(const Layer& layer, const Io& io, std::int32_t first_row,
                  std::int32_t row_count) noexcept {
    const std::int32_t half = layer.shift > 0 ? 1 << (layer.shift - 1) : 0;
    const std::int32_t start = half - layer.a_zero * layer.multiplier_a -
                               layer.b_zero * layer.multiplier_b +
                               layer.out_zero * (1 << layer.shift);
    const Self self{layer, start};
    Parameters parameters{
        nullptr,
        detail::change_places(layer) ? dsp::pair(layer.multiplier_b, layer.multiplier_a)
                                     : dsp::pair(layer.multiplier_a, layer.multiplier_b),
        start, static_cast<std::uint32_t>(layer.shift | detail::word_step(layer) << 8)};
    detail::for_each_word_row(layer, io, first_row, row_count,
                              {detail::kWordsAssembly ? &add_words : nullptr, &parameters,
                               &parameters.end, &element, &self});
  }

 private:
  struct Self {
    const Layer& layer;
    std::int32_t start;
  };
  static std::int32_t element(const void* self, std::int32_t a, std::int32_t b) noexcept {
    const auto& [layer, start] = *static_cast<const Self*>(self);
    return dsp::ssat8((a * layer.multiplier_a + b * layer.multiplier_b + start) >> layer.shift);
  }

  struct Parameters {
    const std::int8_t* end;  // of a
    std::uint32_t multipliers;
    std::int32_t start;
    std::uint32_t shift;  // and b's step, eight bits higher
  };

#ifdef LINNET_WORDS_ASSEMBLY
  // r0 a, r1 b, r2 y, r3 end, r4 multipliers, r5 start, r6 shift and step. At least one word.
  // clang-format off
  LINNET_ASSEMBLY_FUNCTION static void add_words(const std::int8_t* /*a*/, const std::int8_t* /*b*/,
                                                   std::int8_t* /*y*/,
                                                   const void* /*parameters*/) noexcept {
    __asm__(
      "push {r4-r6, r8-r11, lr}\n"
      "ldm r3, {r3-r6}\n"
      ".p2align 2\n"
      "1:\n"
      "ldr r8, [r0], #4\n"
      "ldr r9, [r1]\n"
      "sxtb16 r10, r8\n"
      "add r1, r1, r6, lsr #8\n"
      "sxtb16 r11, r9\n"
      "smlabb r12, r10, r4, r5\n"
      "sxtb16 r8, r8, ror #8\n"
      "smlabt r12, r11, r4, r12\n"
      "sxtb16 r9, r9, ror #8\n"
      "smlabb lr, r8, r4, r5\n"
      "cmp r0, r3\n"
      "smlabt lr, r9, r4, lr\n"
      "asr r12, r12, r6\n"
      "smlatb r10, r10, r4, r5\n"
      "asr lr, lr, r6\n"
      "smlatb r8, r8, r4, r5\n"
      "ssat lr, #8, lr\n"
      "smlatt r10, r11, r4, r10\n"
      "ssat r12, #8, r12\n"
      "smlatt r8, r9, r4, r8\n"
      "asr r10, r10, r6\n"
      "strb r12, [r2], #4\n"
      "asr r8, r8, r6\n"
      "strb lr, [r2, #-3]\n"
      "ssat r8, #8, r8\n"
      "ssat r10, #8, r10\n"
      "strb r8, [r2, #-1]\n"
      "strb r10, [r2, #-2]\n"
      "bne 1b\n"
      "pop {r4-r6, r8-r11, pc}\n");
  }
  // clang-format on
#else
  static void add_words(const std::int8_t*, const std::int8_t*, std::int8_t*,
                        const void*) noexcept {}
#endif
};

}  // namespace LINNET_VERSION_NAMESPACE
}  // namespace linnet
