// A generated network, built for the Cortex-M7 and linked with nothing around it: its public functions are what keeps the
// rest, as in an application that calls them all.
//
//   NAME.cpp NAME_weights.cpp ... ──► objects ──► public functions ──► image: sections, symbols, bytes by object
//                                        └──────► call graphs ──► stack
//
// NAME_c.cpp (the same for C) and NAME_test_vector.cpp (self_test) are left out.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "compiler/emit/emit.h"
#include "compiler/profile/code_size.h"
#include "compiler/support/result.h"

namespace linnet {

struct SizeTools {
  std::string compiler, objdump, nm;
  std::vector<std::string> compile_flags, link_flags;
  std::string toolchain;  // "arm-none-eabi-g++ 12.2.1 -O2"
};
// E401 for each program that is missing.
Result<SizeTools> find_size_tools();

// What is to be built.
struct NetworkSources {
  std::string name;                // its namespace
  Files files;                     // as emitted, runtime included
  std::vector<std::string> banks;  // that it has an arena in
  std::filesystem::path origin;    // the folder that they were read from; empty: emitted just now
};

struct ImageSymbol {
  std::string name;     // demangled, in full
  std::string section;  // of the image: ".text"
  std::uint32_t address = 0;
  std::int64_t bytes = 0;
  bool function = false;
};

struct NetworkImage {
  std::int64_t text_bytes = 0, rodata_bytes = 0, data_bytes = 0, bss_bytes = 0;
  std::map<std::string, std::int64_t> arena_bytes;  // by bank
  std::int64_t stack_bytes = 0;  // the most that a public function may take, by the call graph
  std::string deepest_function;  // at the bottom of that
  std::vector<ObjectSize> objects;
  std::vector<ImageSymbol> symbols;  // one an address

  std::int64_t flash_bytes() const { return text_bytes + rodata_bytes + data_bytes; }
};

// Images in the order of `networks`, built below `folder`, which exists. Sources that do not build are our defect (E910), or
// that of who changed them (E512, of a folder); without a C++ library it is E401.
Result<std::vector<NetworkImage>> build_network_images(const std::vector<NetworkSources>& networks,
                                                       const std::filesystem::path& folder,
                                                       const SizeTools& tools);

}  // namespace linnet
