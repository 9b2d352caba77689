// Which object file brought how many bytes into an image, from the linker's map.
//
//    .text._ZN6phinet3runE
//                   0x00000340      0x1ec unit_0.cpp.o
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace linnet {

// `generated`: the network with its kernels. `scaffold`: start-up and harness.
enum class ObjectKind : std::uint8_t { generated, library, scaffold };
const char* to_string(ObjectKind kind);

struct ObjectSize {
  std::string object;             // "unit_0.cpp.o", "libc_nano.a(memcpy.o)"
  std::int64_t text_bytes = 0;    // instructions, with the constants among them
  std::int64_t rodata_bytes = 0;  // constants and weights
  std::int64_t data_bytes = 0;    // first values of variables
  std::int64_t bss_bytes = 0;     // variables that begin with zeros; arenas are not counted
  ObjectKind kind = ObjectKind::generated;
};

// Largest first; objects without any of these are left out.
std::vector<ObjectSize> read_object_sizes(std::string_view linker_map);

}  // namespace linnet
