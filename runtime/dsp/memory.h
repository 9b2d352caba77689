// Loads and stores of words at any address; the core's single-word accesses need no alignment.
#pragma once

#include <cstdint>
#include <cstring>

#include "linnet/version.h"

namespace linnet {
inline namespace LINNET_VERSION_NAMESPACE {
namespace dsp {

// Four bytes from any address, the first one in bits 0..7.
inline std::uint32_t load_word(const void* from) noexcept {
  std::uint32_t word = 0;
  std::memcpy(&word, from, 4);
  return word;
}

inline void store_word(void* to, std::uint32_t word) noexcept { std::memcpy(to, &word, 4); }

// Two signed 16-bit numbers as a pair.
constexpr std::uint32_t pair(std::int32_t low, std::int32_t high) noexcept {
  return (static_cast<std::uint32_t>(low) & 0xffffu) | static_cast<std::uint32_t>(high) << 16;
}

}  // namespace dsp
}  // namespace LINNET_VERSION_NAMESPACE
}  // namespace linnet
