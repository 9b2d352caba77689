// What the caches and the memory protection unit must know: which memory other masters (DMA) read and write.
//
// A line of the data cache is 32 bytes. Before a peripheral reads memory that the core wrote: clean(). Before a peripheral
// writes memory that the core reads: invalidate(), since a line that the core has changed could go back to memory over the new
// data; and once more after it has written, since the core may have read ahead. Nothing else may share those lines, so such a
// buffer begins and ends at multiples of 32 bytes. SRAM4 is not cached here (protect_memory), so buffers there need neither.
// The TCMs are never cached, and DMA1 and DMA2 do not reach them.
#pragma once

#include "stm32h743.h"

namespace stm32h743 {

constexpr std::uintptr_t kCacheLine = 32;

// Each line that [from, from + bytes) touches goes to one of the maintenance registers.
inline void maintain(Word& by_address, const void* from, std::size_t bytes) {
  const auto first = reinterpret_cast<std::uintptr_t>(from);
  barrier();
  for (std::uintptr_t line = first & ~(kCacheLine - 1); line < first + bytes; line += kCacheLine)
    by_address = static_cast<std::uint32_t>(line);
  barrier();
}

// Memory gets what the core wrote. The cache keeps it.
inline void clean(const void* from, std::size_t bytes) { maintain(cache().DCCMVAC, from, bytes); }

// The core forgets what it had read or written there: the next load sees memory.
inline void invalidate(void* from, std::size_t bytes) { maintain(cache().DCIMVAC, from, bytes); }

// A region of the memory protection unit; where two overlap, the later one wins.
struct Region {
  std::uint32_t base, log2_bytes, access, attributes, disabled_eighths;
};
constexpr std::uint32_t kNoAccess = 0, kFullAccess = 3;              // AP
constexpr std::uint32_t kStronglyOrdered = 0, kUncached = 1U << 19;  // TEX, C, B
constexpr std::uint32_t kNever = 1U << 28;                           // XN: no code

constexpr Region kRegions[] = {
    // The core may read ahead, from any address of normal memory. What is no memory must not be: external RAM and flash
    // (0x60000000 to 0xDFFFFFFF; an application that maps one puts a region for it behind this).
    {0x00000000, 32, kNoAccess, kStronglyOrdered | kNever, 0x87},
    // The first bytes of the ITCM, which the linker script leaves empty: a null pointer is a fault.
    {0x00000000, 5, kNoAccess, kStronglyOrdered | kNever, 0},
    // SRAM4, for DMA: normal memory that is not cached.
    {0x38000000, 16, kFullAccess, kUncached | kNever, 0},
};

constexpr std::uint32_t region_attributes(const Region& region) {
  return region.attributes | region.access << 24 | region.disabled_eighths << 8 |
         (region.log2_bytes - 1) << 1 | 1U;
}

// Before the data cache is turned on.
inline void protect_memory() {
  barrier();
  mpu().CTRL = 0;
  std::uint32_t number = 0;
  for (const Region& region : kRegions) {
    mpu().RNR = number++;
    mpu().RBAR = region.base;
    mpu().RASR = region_attributes(region);
  }
  mpu().CTRL = 5;  // on, not in fault handlers; what no region covers is as without it
  barrier();
}

}  // namespace stm32h743
