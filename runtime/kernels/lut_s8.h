// Any int8 function of one int8 tensor, by table: activations and requantization. Works in place.
//
// An element is three instructions, LDRB, LDRB from the table, STRB; eight of them are interleaved, so that no load is waited
// for: 26 instructions and 18 cycles (as llvm-mca models them) for eight.
#pragma once

#include "linnet/dsp/dsp.h"
#include "linnet/layers_elementwise.h"

namespace linnet {
inline namespace LINNET_VERSION_NAMESPACE {

struct lut_s8 {
  using Layer = TableS8;
  static constexpr const char* name = "lut_s8";
  static constexpr bool supports(const Layer&) noexcept { return true; }
  static constexpr std::int32_t scratch_bytes(const Layer&) noexcept { return 0; }

  static void run(const Layer& layer, const Io& io, std::int32_t first_row,
                  std::int32_t row_count) noexcept {
    const auto* const table = static_cast<const std::uint8_t*>(layer.table);
    for (std::int32_t r = first_row; r < first_row + row_count; ++r) {
      const std::uint8_t* x = io.in[0].row<std::uint8_t>(r);
      std::uint8_t* y = io.out.row<std::uint8_t>(r);
      for (std::int32_t i = 0; i < layer.runs;
           ++i, x += layer.in_run_step, y += layer.out_run_step) {
        look_up(table, x, y, layer.run_elements);
      }
    }
  }

 private:
  static void look_up(const std::uint8_t* table, const std::uint8_t* x, std::uint8_t* y,
                      std::int32_t left) noexcept {
#if defined(__ARM_FEATURE_SIMD32) && !defined(LINNET_PORTABLE_DSP)
    if (const std::int32_t whole = left / 8 * 8; whole > 0) {
      look_up_eights(table, x, y, x + whole);
      x += whole, y += whole, left -= whole;
    }
#endif
    for (; left > 0; --left) *y++ = table[*x++];
  }

#if defined(__ARM_FEATURE_SIMD32) && !defined(LINNET_PORTABLE_DSP)
  // r0 table, r1 x, r2 y, r12 end of x.
  // clang-format off
  LINNET_ASSEMBLY_FUNCTION static void look_up_eights(const std::uint8_t* /*table*/,
                                                        const std::uint8_t* /*x*/,
                                                        std::uint8_t* /*y*/,
                                                        const std::uint8_t* /*end*/) noexcept {
    __asm__(
        "push {r4-r6, lr}\n"
        "mov r12, r3\n"
        ".p2align 2\n"
        "1:\n"
        "ldrb r3, [r1], #8\n"
        "ldrb r4, [r1, #-7]\n"
        "ldrb r5, [r1, #-6]\n"
        "cmp r1, r12\n"
        "ldrb r6, [r1, #-5]\n"
        "ldrb r4, [r0, r4]\n"
        "ldrb r3, [r0, r3]\n"
        "strb r3, [r2], #8\n"
        "ldrb r3, [r1, #-4]\n"
        "ldrb r6, [r0, r6]\n"
        "ldrb r5, [r0, r5]\n"
        "strb r4, [r2, #-7]\n"
        "ldrb r4, [r1, #-3]\n"
        "strb r5, [r2, #-6]\n"
        "ldrb r5, [r1, #-2]\n"
        "strb r6, [r2, #-5]\n"
        "ldrb r6, [r1, #-1]\n"
        "ldrb r4, [r0, r4]\n"
        "ldrb r3, [r0, r3]\n"
        "strb r4, [r2, #-3]\n"
        "ldrb r5, [r0, r5]\n"
        "strb r3, [r2, #-4]\n"
        "ldrb r6, [r0, r6]\n"
        "strb r6, [r2, #-1]\n"
        "strb r5, [r2, #-2]\n"
        "bne 1b\n"
        "pop {r4-r6, pc}\n");
  }
  // clang-format on
#endif
};

}  // namespace LINNET_VERSION_NAMESPACE
}  // namespace linnet
