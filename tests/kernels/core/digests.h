// Digests of what primitives, float functions and kernels compute on seeded data. digests.cpp is compiled three times:
// for the host, for the core in plain C++, and for the core with its instructions; all three must agree.
#pragma once

#include <cstddef>
#include <cstdint>

namespace linnet_digests {

struct Digest {
  const char* name;     // of the function or kernel
  std::uint32_t index;  // of the layer
  std::uint32_t value;
};
constexpr std::size_t kMostDigests = 2048;

// Fills `to` and returns how many there are.
std::size_t portable(Digest* to);
std::size_t instructions(Digest* to);

}  // namespace linnet_digests
