// Copies bytes that do not overlap. Newlib's small memcpy moves one byte at a time, and a call costs as much as a pixel; here
// it is 16 bytes in 10 instructions, from any address to any address.
#pragma once

#include <cstring>

#include "linnet/rows.h"

namespace linnet {
inline namespace LINNET_VERSION_NAMESPACE {
namespace detail {

#if defined(__ARM_FEATURE_UNALIGNED) && !defined(LINNET_PORTABLE_DSP)
// clang-format off
inline void copy_bytes(void* to, const void* from, std::int32_t bytes) noexcept {
  std::uint32_t a = 0, b = 0, c = 0;
  __asm__ volatile(
      "subs %2, #16\n\t"
      "blt 2f\n"
      "1:\n\t"
      "ldr %3, [%1], #4\n\t"
      "ldr %4, [%1], #4\n\t"
      "ldr %5, [%1], #4\n\t"
      "str %3, [%0], #4\n\t"
      "ldr %3, [%1], #4\n\t"
      "str %4, [%0], #4\n\t"
      "str %5, [%0], #4\n\t"
      "subs %2, #16\n\t"
      "str %3, [%0], #4\n\t"
      "bge 1b\n"
      "2:\n\t"
      "adds %2, #12\n\t"
      "blt 4f\n"
      "3:\n\t"
      "ldr %3, [%1], #4\n\t"
      "subs %2, #4\n\t"
      "str %3, [%0], #4\n\t"
      "bge 3b\n"
      "4:\n\t"
      "adds %2, #4\n\t"
      "beq 6f\n"
      "5:\n\t"
      "ldrb %3, [%1], #1\n\t"
      "subs %2, #1\n\t"
      "strb %3, [%0], #1\n\t"
      "bne 5b\n"
      "6:"
      : "+r"(to), "+r"(from), "+l"(bytes), "=&r"(a), "=&r"(b), "=&r"(c)
      :
      : "cc", "memory");
}
// clang-format on
#else
inline void copy_bytes(void* to, const void* from, std::int32_t bytes) noexcept {
  std::memcpy(to, from, static_cast<std::size_t>(bytes));
}
#endif

}  // namespace detail
}  // namespace LINNET_VERSION_NAMESPACE
}  // namespace linnet
