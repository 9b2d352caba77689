// SHA-256 (FIPS 180-4), so that generated code can say which model it was made from.
//
//   Sha256 hash;
//   hash.update(bytes);
//   hash.hex();   // "ba7816bf..."
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace linnet {

class Sha256 {
 public:
  void update(std::span<const std::byte> bytes);
  // 64 lower-case digits. Ends the hash: no update after it.
  std::string hex();

 private:
  void compress();

  std::array<std::uint32_t, 8> state_{0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                      0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
  std::array<std::uint8_t, 64> block_{};
  std::size_t used_ = 0;      // bytes of block_
  std::uint64_t length_ = 0;  // bytes in all
};

}  // namespace linnet
