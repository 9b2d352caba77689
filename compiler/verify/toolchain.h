// The programs that generated code is built and run with: where they are and what they are called with.
//
//   machine   compiler             runs
//   host      g++                  itself
//   qemu      arm-none-eabi-g++    qemu-system-arm -M mps2-an500, an emulated Cortex-M7
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "compiler/support/result.h"

namespace linnet {

enum class Machine { host, qemu };

struct Toolchain {
  Machine machine = Machine::host;
  std::string compiler;                    // path
  std::string compiler_version;            // "g++ 12.2.0"
  std::vector<std::string> compile_flags;  // for every C++ file
  std::vector<std::string> link_flags;     // without the linker script
  std::vector<std::string> runner;  // goes before the image's path; empty: the image runs itself
  std::string size_tool;            // arm-none-eabi-size; empty on the host
  std::string description;          // what runs the code: "host (g++ 12.2.0)"
};

// A program that someone has to install.
struct Tool {
  const char* name;
  const char* package;  // of Debian 12
  const char* purpose;  // "to emulate the Cortex-M7"
};

// Its path. When it is missing an empty one, and E401 joins the diagnostics.
std::string find_tool(const Tool& tool, Diagnostics& missing);

// `optimization`: 2 for -O2. E401 for each program that is missing, with its Debian package.
Result<Toolchain> find_toolchain(Machine machine, int optimization = 2);

// The same for the core without what runs the code: compiler, flags and arm-none-eabi-size. Adds E401 to `missing`.
Toolchain find_core_compiler(int optimization, Diagnostics& missing);

// The program in the folders of PATH; empty when it is in none.
std::string find_program(std::string_view name);

}  // namespace linnet
