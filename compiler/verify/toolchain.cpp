// Looks programs up in PATH; see toolchain.h. The board's flags are those of
// runtime/boards/mps2_an500/board.json (tests/end_to_end compares them).
#include "compiler/verify/toolchain.h"

#include <fmt/core.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>

#include "compiler/verify/subprocess.h"

namespace linnet {
namespace {

constexpr Tool kHostCompiler{"g++", "g++", "to build the generated code for this machine"};
constexpr Tool kCoreCompiler{"arm-none-eabi-g++", "gcc-arm-none-eabi",
                             "to build the generated code for the Cortex-M7"};
constexpr Tool kCoreSize{"arm-none-eabi-size", "binutils-arm-none-eabi",
                         "to measure the image's flash"};
constexpr Tool kEmulator{"qemu-system-arm", "qemu-system-arm", "to emulate the Cortex-M7"};

std::string first_line_of(std::vector<std::string> arguments) {
  const Finished finished = run_process({std::move(arguments), {}, std::chrono::seconds(20)});
  return finished.output.substr(0, finished.output.find('\n'));
}

const std::vector<std::string> kCore{"-mcpu=cortex-m7", "-mthumb", "-mfloat-abi=hard",
                                     "-mfpu=fpv5-d16"};

Toolchain for_core(const std::string& optimize) {
  Toolchain tools;
  tools.machine = Machine::qemu;
  tools.compile_flags = kCore;
  append(tools.compile_flags, {"-std=c++17", optimize, "-ffunction-sections", "-fdata-sections",
                               "-fno-exceptions", "-fno-rtti", "-ffp-contract=off"});
  tools.link_flags = kCore;
  append(tools.link_flags,
         {"-nostartfiles", "--specs=nano.specs", "-Wl,--gc-sections", "-Wl,--fatal-warnings"});
  return tools;
}

}  // namespace

std::string find_tool(const Tool& tool, Diagnostics& missing) {
  std::string path = find_program(tool.name);
  if (path.empty())  // E401: an external program is not installed
    missing.push_back({"E401",
                       {},
                       {},
                       fmt::format("{} is needed {} and is not installed", tool.name, tool.purpose),
                       fmt::format("apt-get install {}", tool.package)});
  return path;
}

std::string find_program(std::string_view name) {
  const char* path = std::getenv("PATH");  // NOLINT(concurrency-mt-unsafe)
  std::string_view rest = path == nullptr ? "/usr/bin:/bin" : path;
  while (!rest.empty()) {
    const std::size_t colon = rest.find(':');
    const std::filesystem::path candidate = std::filesystem::path(rest.substr(0, colon)) / name;
    std::error_code error;
    if (std::filesystem::is_regular_file(candidate, error) && access(candidate.c_str(), X_OK) == 0)
      return candidate.string();
    rest = colon == std::string_view::npos ? std::string_view{} : rest.substr(colon + 1);
  }
  return {};
}

Toolchain find_core_compiler(int optimization, Diagnostics& missing) {
  Toolchain tools = for_core(fmt::format("-O{}", optimization));
  tools.compiler = find_tool(kCoreCompiler, missing);
  tools.size_tool = find_tool(kCoreSize, missing);
  if (!tools.compiler.empty())
    tools.compiler_version =
        fmt::format("arm-none-eabi-g++ {}", first_line_of({tools.compiler, "-dumpfullversion"}));
  return tools;
}

Result<Toolchain> find_toolchain(Machine machine, int optimization) {
  const std::string optimize = fmt::format("-O{}", optimization);
  Diagnostics missing;
  if (machine == Machine::host) {
    Toolchain tools;
    tools.compiler = find_tool(kHostCompiler, missing);
    if (!missing.empty()) return missing;
    tools.compile_flags = {"-std=c++17", optimize, "-ffp-contract=off"};
    tools.compiler_version =
        fmt::format("g++ {}", first_line_of({tools.compiler, "-dumpfullversion"}));
    tools.description = fmt::format("host, {} {}", tools.compiler_version, optimize);
    return tools;
  }
  Toolchain tools = find_core_compiler(optimization, missing);
  const std::string emulator = find_tool(kEmulator, missing);
  if (!missing.empty()) return missing;
  tools.runner = {emulator,
                  "-M",
                  "mps2-an500",
                  "-display",
                  "none",
                  "-monitor",
                  "none",
                  "-serial",
                  "none",
                  "-semihosting-config",
                  "enable=on,target=native",
                  "-kernel"};
  std::string version =
      first_line_of({emulator, "--version"});  // "QEMU emulator version 7.2.19 (..."
  if (const std::size_t at = version.find("version "); at != std::string::npos)
    version = version.substr(at + 8, version.find(' ', at + 8) - at - 8);
  tools.description = fmt::format("qemu {} mps2-an500 (Cortex-M7), {} {}", version,
                                  tools.compiler_version, optimize);
  return tools;
}

}  // namespace linnet
