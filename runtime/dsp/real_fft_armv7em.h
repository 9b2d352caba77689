// The passes of the transform on the core: see real_fft.h, whose C++ this follows operation for operation.
//
// The compiler loads and stores floats one by one; here a complex number is one VLDR of a double register, seven twiddles are one
// VLDM, and the stores move the pointers: 104 instructions where GCC 12 needs 137. The order was found by a list scheduler, so
// that no operation waits for another's result. Without optimisation the compiler has too few registers for it.
//
//   d0..d7 the eight numbers, d8..d14 the seven twiddles, s31 half the root of 2; s30 and what is read for the last time are free
#pragma once

#include <cstddef>
#include <cstdint>

#include "linnet/version.h"

namespace linnet {
inline namespace LINNET_VERSION_NAMESPACE {
namespace dsp {

struct Complex;

// `part` times eight numbers, each `part` after the other, turned and joined in place; `step_bytes` from a row of twiddles' end to
// the next row. A function of its own: where link-time optimisation inlines it GCC 12 finds no registers for it.
[[gnu::noinline]] inline void join_eights_armv7em(Complex* at, std::int32_t part, const Complex* w,
                                                  std::int32_t step_bytes) noexcept {
  const std::int32_t bytes = 8 * part;
  auto* a0 = static_cast<std::byte*>(static_cast<void*>(at));
  auto *a1 = a0 + bytes, *a2 = a1 + bytes, *a3 = a2 + bytes, *a4 = a3 + bytes;
  auto *a5 = a4 + bytes, *a6 = a5 + bytes, *a7 = a6 + bytes;
  std::int32_t count = part;
  __asm__ volatile(
      ".balign 8\n"
      "1:\n\t"
      "vldr d0, [%[a0]]\n\tvldr d1, [%[a1]]\n\t"
      "vldr d2, [%[a2]]\n\tvldr d3, [%[a3]]\n\t"
      "vldr d4, [%[a4]]\n\tvldr d5, [%[a5]]\n\t"
      "vldr d6, [%[a6]]\n\tvldr d7, [%[a7]]\n\t"
      "vldmia %[w]!, {d8-d14}\n\tvmul.f32 s30, s14, s28\n\t"
      "vmul.f32 s28, s15, s28\n\tvmla.f32 s30, s15, s29\n\t"
      "vmul.f32 s15, s3, s16\n\tvmul.f32 s16, s2, s16\n\t"
      "vmls.f32 s28, s14, s29\n\tvmul.f32 s29, s10, s24\n\t"
      "vmul.f32 s14, s7, s20\n\tvmul.f32 s24, s11, s24\n\t"
      "vmul.f32 s20, s6, s20\n\tvmls.f32 s15, s2, s17\n\t"
      "vmla.f32 s29, s11, s25\n\tvmls.f32 s24, s10, s25\n\t"
      "vmla.f32 s20, s7, s21\n\tvmls.f32 s14, s6, s21\n\t"
      "vmla.f32 s16, s3, s17\n\tvmul.f32 s25, s9, s22\n\t"
      "vmul.f32 s17, s12, s26\n\tvmul.f32 s21, s4, s18\n\t"
      "vmul.f32 s18, s5, s18\n\tvmul.f32 s22, s8, s22\n\t"
      "vmul.f32 s26, s13, s26\n\tvsub.f32 s3, s14, s28\n\t"
      "vmls.f32 s18, s4, s19\n\tvsub.f32 s2, s20, s30\n\t"
      "vmla.f32 s22, s9, s23\n\tvsub.f32 s9, s15, s24\n\t"
      "vmls.f32 s25, s8, s23\n\tvmls.f32 s26, s12, s27\n\t"
      "vsub.f32 s4, s16, s29\n\tvmla.f32 s17, s13, s27\n\t"
      "vmla.f32 s21, s5, s19\n\tvadd.f32 s8, s9, s2\n\t"
      "vadd.f32 s5, s4, s3\n\tvsub.f32 s3, s4, s3\n\t"
      "vsub.f32 s9, s9, s2\n\tvadd.f32 s19, s18, s26\n\t"
      "vadd.f32 s15, s15, s24\n\tvadd.f32 s4, s3, s8\n\t"
      "vsub.f32 s27, s1, s25\n\tvsub.f32 s23, s21, s17\n\t"
      "vadd.f32 s28, s14, s28\n\tvadd.f32 s24, s0, s22\n\t"
      "vsub.f32 s14, s5, s9\n\tvadd.f32 s5, s5, s9\n\t"
      "vadd.f32 s20, s20, s30\n\tvsub.f32 s2, s18, s26\n\t"
      "vsub.f32 s26, s8, s3\n\tvadd.f32 s3, s1, s25\n\t"
      "vadd.f32 s16, s16, s29\n\tvsub.f32 s30, s0, s22\n\t"
      "vmul.f32 s25, s5, %[half_root]\n\tvadd.f32 s18, s21, s17\n\t"
      "vadd.f32 s22, s15, s28\n\tvmul.f32 s17, s4, %[half_root]\n\t"
      "vsub.f32 s29, s30, s2\n\tvsub.f32 s21, s3, s19\n\t"
      "vsub.f32 s5, s27, s23\n\tvsub.f32 s28, s15, s28\n\t"
      "vadd.f32 s4, s24, s18\n\tvadd.f32 s30, s30, s2\n\t"
      "vsub.f32 s15, s16, s20\n\tvadd.f32 s23, s27, s23\n\t"
      "vmul.f32 s2, s26, %[half_root]\n\tvadd.f32 s20, s16, s20\n\t"
      "vsub.f32 s16, s24, s18\n\tvadd.f32 s3, s3, s19\n\t"
      "vsub.f32 s0, s30, s25\n\tvadd.f32 s6, s29, s2\n\t"
      "vmul.f32 s24, s14, %[half_root]\n\tvadd.f32 s13, s21, s15\n\t"
      "vsub.f32 s12, s16, s28\n\tvadd.f32 s10, s30, s25\n\t"
      "vsub.f32 s27, s21, s15\n\tvadd.f32 s9, s3, s22\n\t"
      "vadd.f32 s26, s16, s28\n\tvsub.f32 s14, s4, s20\n\t"
      "vadd.f32 s19, s23, s17\n\tvadd.f32 s8, s4, s20\n\t"
      "vsub.f32 s18, s29, s2\n\tvadd.f32 s1, s5, s24\n\t"
      "vsub.f32 s15, s3, s22\n\tvsub.f32 s7, s23, s17\n\t"
      "vsub.f32 s11, s5, s24\n\tvstmia %[a0]!, {d4}\n\t"
      "vstmia %[a1]!, {d5}\n\tvstmia %[a2]!, {d13}\n\t"
      "vstmia %[a3]!, {d3}\n\tvstmia %[a4]!, {d7}\n\t"
      "vstmia %[a5]!, {d0}\n\tvstmia %[a6]!, {d6}\n\t"
      "vstmia %[a7]!, {d9}\n\tsubs %[count], #1\n\t"
      "add %[w], %[step]\n\tbne 1b\n\t"
      : [a0] "+r"(a0), [a1] "+r"(a1), [a2] "+r"(a2), [a3] "+r"(a3), [a4] "+r"(a4), [a5] "+r"(a5),
        [a6] "+r"(a6), [a7] "+r"(a7), [w] "+r"(w), [count] "+r"(count)
      : [step] "r"(step_bytes), [half_root] "t"(0.707106781f)
      : "s0", "s1", "s2", "s3", "s4", "s5", "s6", "s7", "s8", "s9", "s10", "s11", "s12", "s13",
        "s14", "s15", "s16", "s17", "s18", "s19", "s20", "s21", "s22", "s23", "s24", "s25", "s26",
        "s27", "s28", "s29", "s30", "cc", "memory");
}

}  // namespace dsp
}  // namespace LINNET_VERSION_NAMESPACE
}  // namespace linnet
