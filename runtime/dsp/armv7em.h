// The dsp primitives as Cortex-M4/M7 instructions (dsp.h says what they mean).
//
// Inline assembly where GCC 12's intrinsics cost more: it emits a rotate of its own for
// __sxtb16(__ror(x, 8)) and has no SMMLA. Nothing here is volatile, so the compiler may move and
// share what it likes.
#pragma once

#include <arm_acle.h>

#include "linnet/dsp/memory.h"

// A whole function in assembly. The compiler must neither look at its parameters nor make copies of it: GCC has to be told,
// Clang leaves naked functions alone and does not know the attribute.
#ifdef __clang__
#define LINNET_ASSEMBLY_FUNCTION [[gnu::naked, gnu::aligned(8)]]
#else
#define LINNET_ASSEMBLY_FUNCTION [[gnu::naked, gnu::noipa, gnu::aligned(8)]]
#endif

namespace linnet {
inline namespace LINNET_VERSION_NAMESPACE {
namespace dsp {

inline std::uint32_t sxtb16(std::uint32_t word) noexcept {
  std::uint32_t result = 0;
  __asm__("sxtb16 %0, %1" : "=r"(result) : "r"(word));
  return result;
}

inline std::uint32_t sxtb16_ror8(std::uint32_t word) noexcept {
  std::uint32_t result = 0;
  __asm__("sxtb16 %0, %1, ror #8" : "=r"(result) : "r"(word));
  return result;
}

inline std::int32_t smlad(std::uint32_t a, std::uint32_t b, std::int32_t sum) noexcept {
  return __smlad(static_cast<std::int32_t>(a), static_cast<std::int32_t>(b), sum);
}

// acc + a.high * b.low, and acc + a.low * b.high.
inline std::int32_t smlatb(std::uint32_t a, std::uint32_t b, std::int32_t sum) noexcept {
  std::int32_t result = 0;
  __asm__("smlatb %0, %1, %2, %3" : "=r"(result) : "r"(a), "r"(b), "r"(sum));
  return result;
}
inline std::int32_t smlabt(std::uint32_t a, std::uint32_t b, std::int32_t sum) noexcept {
  std::int32_t result = 0;
  __asm__("smlabt %0, %1, %2, %3" : "=r"(result) : "r"(a), "r"(b), "r"(sum));
  return result;
}

// (a.low, b.low), and pkhtb(b, a) = (a.high, b.high): the instruction's own order of operands.
inline std::uint32_t pkhbt(std::uint32_t a, std::uint32_t b) noexcept {
  std::uint32_t result = 0;
  __asm__("pkhbt %0, %1, %2, lsl #16" : "=r"(result) : "r"(a), "r"(b));
  return result;
}

inline std::uint32_t pkhtb(std::uint32_t b, std::uint32_t a) noexcept {
  std::uint32_t result = 0;
  __asm__("pkhtb %0, %1, %2, asr #16" : "=r"(result) : "r"(b), "r"(a));
  return result;
}

inline std::uint32_t ssub16(std::uint32_t a, std::uint32_t b) noexcept {
  std::uint32_t result = 0;
  __asm__("ssub16 %0, %1, %2" : "=r"(result) : "r"(a), "r"(b));
  return result;
}

inline std::int32_t smmla(std::int32_t a, std::int32_t b, std::int32_t sum) noexcept {
  std::int32_t result = 0;
  __asm__("smmla %0, %1, %2, %3" : "=r"(result) : "r"(a), "r"(b), "r"(sum));
  return result;
}

// Bytes 0 and 2 of a word, or 1 and 3, sign-extended and added to a pair.
inline std::uint32_t sxtab16(std::uint32_t sums, std::uint32_t word) noexcept {
  std::uint32_t result = 0;
  __asm__("sxtab16 %0, %1, %2" : "=r"(result) : "r"(sums), "r"(word));
  return result;
}
inline std::uint32_t sxtab16_ror8(std::uint32_t sums, std::uint32_t word) noexcept {
  std::uint32_t result = 0;
  __asm__("sxtab16 %0, %1, %2, ror #8" : "=r"(result) : "r"(sums), "r"(word));
  return result;
}
// Both halves added.
inline std::uint32_t sadd16(std::uint32_t a, std::uint32_t b) noexcept {
  std::uint32_t result = 0;
  __asm__("sadd16 %0, %1, %2" : "=r"(result) : "r"(a), "r"(b));
  return result;
}
// a.low * b.low and a.high * b.high.
inline std::int32_t smulbb(std::uint32_t a, std::uint32_t b) noexcept {
  std::int32_t result = 0;
  __asm__("smulbb %0, %1, %2" : "=r"(result) : "r"(a), "r"(b));
  return result;
}
inline std::int32_t smultt(std::uint32_t a, std::uint32_t b) noexcept {
  std::int32_t result = 0;
  __asm__("smultt %0, %1, %2" : "=r"(result) : "r"(a), "r"(b));
  return result;
}
// acc + floor(a * b.low / 2^16), and with b.high.
inline std::int32_t smlawb(std::int32_t a, std::uint32_t b, std::int32_t sum) noexcept {
  std::int32_t result = 0;
  __asm__("smlawb %0, %1, %2, %3" : "=r"(result) : "r"(a), "r"(b), "r"(sum));
  return result;
}
inline std::int32_t smlawt(std::int32_t a, std::uint32_t b, std::int32_t sum) noexcept {
  std::int32_t result = 0;
  __asm__("smlawt %0, %1, %2, %3" : "=r"(result) : "r"(a), "r"(b), "r"(sum));
  return result;
}

inline std::int32_t ssat8(std::int32_t value) noexcept {
  std::int32_t result = 0;
  __asm__("ssat %0, #8, %1" : "=r"(result) : "r"(value));
  return result;
}

inline std::int32_t ssat12(std::int32_t value) noexcept {
  std::int32_t result = 0;
  __asm__("ssat %0, #12, %1" : "=r"(result) : "r"(value));
  return result;
}

// SSUB8 notes in the GE flags which bytes of a are not smaller; SEL takes those, or the others.
inline std::uint32_t max_s8x4(std::uint32_t a, std::uint32_t b) noexcept {
  std::uint32_t result = 0;
  __asm__("ssub8 %0, %1, %2\n\tsel %0, %1, %2" : "=&r"(result) : "r"(a), "r"(b) : "cc");
  return result;
}

inline std::uint32_t min_s8x4(std::uint32_t a, std::uint32_t b) noexcept {
  std::uint32_t result = 0;
  __asm__("ssub8 %0, %1, %2\n\tsel %0, %2, %1" : "=&r"(result) : "r"(a), "r"(b) : "cc");
  return result;
}

}  // namespace dsp
}  // namespace LINNET_VERSION_NAMESPACE
}  // namespace linnet
