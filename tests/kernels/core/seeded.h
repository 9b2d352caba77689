// What the digests are made of: seeded numbers, a hash, and the memory that kernels work in. For digests.cpp and
// other_digests.h, which it includes; no heap and no library, since this runs on the emulated core.
#pragma once

#include <cstddef>
#include <cstdint>

#include "linnet/dsp/float_math.h"
#include "tests/kernels/core/digests.h"

namespace {

using linnet_digests::Digest;

// Numerical Recipes' generator: the same numbers everywhere.
struct Numbers {
  std::uint32_t state;

  std::uint32_t word() {
    state = state * 1664525u + 1013904223u;
    return state;
  }
  // In [lo, hi].
  std::int32_t integer(std::int32_t lo, std::int32_t hi) {
    return lo + static_cast<std::int32_t>((word() >> 8) % static_cast<std::uint32_t>(hi - lo + 1));
  }
  // As the compiler makes them: the upper half of Q31.
  std::int32_t multiplier() { return integer(1 << 22, (1 << 23) - 1) << 8; }
};

struct Fnv {
  std::uint32_t value = 2166136261u;

  void add(std::uint32_t word) {
    for (int i = 0; i < 4; ++i, word >>= 8) value = (value ^ (word & 0xffu)) * 16777619u;
  }
  void add(const std::byte* bytes, std::int32_t count) {
    for (std::int32_t i = 0; i < count; ++i) {
      value = (value ^ static_cast<std::uint32_t>(bytes[i])) * 16777619u;
    }
  }
  void add(float y) {
    add(y != y ? 0x7fc00000u : linnet::dsp::bits_of(y));  // a NaN's payload is not defined
  }
};

struct Digests {
  Digest* to;
  std::size_t count = 0;

  void add(const char* name, std::uint32_t index, std::uint32_t value) {
    if (count < linnet_digests::kMostDigests) to[count++] = {name, index, value};
  }
};

constexpr std::int32_t kMemoryBytes = 32768;
alignas(8) std::byte input[kMemoryBytes], second[kMemoryBytes], output[kMemoryBytes],
    scratch[kMemoryBytes];

inline float* floats_of(std::byte* memory) {
  return static_cast<float*>(static_cast<void*>(memory));
}

inline void fill(std::byte* memory, Numbers& numbers) {
  for (std::int32_t i = 0; i < kMemoryBytes; ++i) {
    memory[i] = static_cast<std::byte>(numbers.word() >> 24);
  }
}
inline void fill_floats(float* values, std::int32_t count, Numbers& numbers) {
  for (std::int32_t i = 0; i < count; ++i) {
    values[i] = static_cast<float>(numbers.integer(-100000, 100000)) / 30000.0f;
  }
}

}  // namespace
