// The STM32H743's files, which have not run on hardware, as far as they can be tested without it: the start-up code turns on
// the clocks of SRAM1 to 3 before it touches .data and .bss, which lie there; and both linker scripts with the device's banks
// (its own and the emulated board's) stop the link when a bank is overfull.
#include <fmt/format.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <limits>
#include <regex>
#include <sstream>

#include "compiler/pipeline.h"
#include "compiler/plan/target.h"
#include "compiler/support/write_files.h"
#include "compiler/verify/subprocess.h"
#include "compiler/verify/temporary_folder.h"
#include "tests/support/tiny_network.h"

namespace linnet {
namespace {

namespace fs = std::filesystem;

const fs::path kBoards = fs::path(LINNET_SOURCE_DIR) / "runtime/boards";

Finished compile_for_core(std::vector<std::string> more, const fs::path& folder) {
  std::vector<std::string> arguments{"arm-none-eabi-g++", "-mcpu=cortex-m7",     "-mthumb",
                                     "-mfloat-abi=hard",  "-mfpu=fpv5-d16",      "-std=c++17",
                                     "-fno-exceptions",   "-ffunction-sections", "-fno-rtti"};
  append(arguments, more);
  return run_process({arguments, folder});
}

std::string read_text(const fs::path& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

// ---- start-up -------------------------------------------------------------------------------------------------------

constexpr std::size_t kNowhere = std::numeric_limits<std::size_t>::max();

struct Order {
  std::size_t clocks = kNowhere;  // address of the store that turns the clocks on
  std::size_t memory = kNowhere;  // where the first copy or zeroing begins, a call or a loop
};

// Reads linnet_reset's disassembly (objdump -dr). RCC_AHB2ENR is 0x580244DC (RM0433), bits 29 to 31 are SRAM1EN to SRAM3EN:
//
//   28:  ldr    r3, [pc, #216]       @ (104 <linnet_reset+0x104>)        104:  .word  0x58024000
//   2e:  orr.w  r2, r2, #3758096384  @ 0xe0000000
//   32:  str.w  r2, [r3, #1244]      @ 0x4dc
Order order_of(const std::string& disassembly) {
  const std::regex literal(R"(\s*[0-9a-f]+:.*\tldr\S*\t(\w+), \[pc, .*\((\w+) <)");
  const std::regex set(R"(\s*[0-9a-f]+:.*\torrs?\S*\t(\w+), \w+, #3758096384)");
  const std::regex store(R"(\s*([0-9a-f]+):.*\tstr\S*\t(\w+), \[(\w+), #1244\])");
  const std::regex jump(R"(\s*([0-9a-f]+):.*\tb\S*\t([0-9a-f]+) <linnet_reset)");
  const std::regex call(R"(\s*([0-9a-f]+): R_ARM_THM_CALL\s+mem(cpy|set))");
  Order order;
  std::string with_bits, with_base;  // registers
  std::istringstream lines(disassembly);
  std::smatch match;
  for (std::string line; std::getline(lines, line);) {
    const auto address = [&](std::size_t group) { return std::stoul(match[group], nullptr, 16); };
    if (std::regex_search(line, match, literal)) {
      const std::regex word("\n\\s*" + match[2].str() + ":.*\\.word\\s+0x58024000");
      if (std::regex_search(disassembly, word)) with_base = match[1];
    } else if (std::regex_search(line, match, set)) {
      with_bits = match[1];
    } else if (std::regex_search(line, match, store)) {
      if (match[2] == with_bits && match[3] == with_base)
        order.clocks = std::min(order.clocks, address(1));
    } else if (std::regex_search(line, match, call)) {
      order.memory = std::min(order.memory, address(1));
    } else if (std::regex_search(line, match, jump) && line.find("\tbl\t") == std::string::npos) {
      if (address(2) < address(1)) order.memory = std::min(order.memory, address(2));
    }
  }
  return order;
}

Order order_of_start_up(const std::string& source, const std::vector<std::string>& flags) {
  const TemporaryFolder folder;
  std::ofstream(folder.path() / "startup.cpp") << source;
  std::vector<std::string> arguments = flags;
  append(arguments, {"-c", "startup.cpp"});
  const Finished compiled = compile_for_core(arguments, folder.path());
  INFO(compiled.output);
  REQUIRE(compiled.succeeded());
  const Finished listing = run_process(
      {{"arm-none-eabi-objdump", "-dr", "-j", ".text.linnet_reset", "startup.o"}, folder.path()});
  REQUIRE(listing.succeeded());
  INFO(listing.output);
  const Order order = order_of(listing.output);
  CHECK(order.memory != kNowhere);
  return order;
}

TEST_CASE("the start-up code of the stm32h743 turns SRAM1 to 3 on before .data and .bss") {
  const std::string source = read_text(kBoards / "stm32h743/startup.cpp");
  const std::vector<std::vector<std::string>> all_flags{
      {"-Os"}, {"-O2"}, {"-O3"}, {"-O1", "-fno-tree-loop-distribute-patterns"}};
  for (const std::vector<std::string>& flags : all_flags) {
    INFO(flags.front());
    const Order order = order_of_start_up(source, flags);
    CHECK(order.clocks < order.memory);
  }
  // Too late, and not all three of them.
  const std::string call = "  enable_sram123();\n";
  std::string late = source;
  REQUIRE(late.find(call) != std::string::npos);
  late.erase(late.find(call), call.size());
  late.insert(late.find("  enable_instruction_cache();\n#ifndef"), call);
  CHECK_FALSE(order_of_start_up(late, {"-O2"}).clocks < order_of_start_up(late, {"-O2"}).memory);
  std::string two = source;
  two.replace(two.find("(7U << 29)"), 10, "(3U << 29)");
  CHECK(order_of_start_up(two, {"-O2"}).clocks == kNowhere);
}

// ---- banks ----------------------------------------------------------------------------------------------------------

struct BankSize {
  const char* name;
  std::int64_t
      bytes;  // of the device, less what the scripts keep: 4 KiB of the DTCM for the stack, the null pointer's line
};
constexpr BankSize kBanks[] = {{"dtcm", 128 * 1024 - 4096},
                               {"axi", 512 * 1024},
                               {"sram123", 288 * 1024},
                               {"sram4", 64 * 1024},
                               {"itcm", 64 * 1024 - 32}};
constexpr std::int64_t kFlashBytes = 2 * 1024 * 1024;

TEST_CASE("the stm32h743's target has the banks of its linker scripts") {
  const Result<Target> target = find_target("stm32h743");
  REQUIRE(target);
  REQUIRE(target->banks.size() == std::size(kBanks));
  for (std::size_t b = 0; b < std::size(kBanks); ++b) {
    CHECK(target->banks[b].name == kBanks[b].name);
    CHECK(target->banks[b].size_bytes == kBanks[b].bytes);
  }
  CHECK(target->flash_bytes == kFlashBytes);
}

// An image with one object in one section.
Finished link(const std::string& board, const std::string& script, const std::string& section,
              std::int64_t bytes) {
  const TemporaryFolder folder;
  const bool constant = section.find("weights") != std::string::npos;
  std::ofstream(folder.path() / "main.cpp") << fmt::format(
      "alignas(32) __attribute__((section(\"{}\"), used)) {} char object[{}]{};\n"
      "int main() {{ return 0; }}\n",
      section, constant ? "extern const" : "static", bytes, constant ? " = {1}" : "");
  const fs::path sources = kBoards / board;
  return compile_for_core(
      {"-O1", "-w", "-I" + sources.string(), "main.cpp", (sources / "startup.cpp").string(),
       "-nostartfiles", "--specs=nano.specs", "-T", (sources / script).string(), "-o", "image.elf"},
      folder.path());
}

TEST_CASE("an overfull bank of the stm32h743 stops the link, on the emulated board too") {
  const std::pair<const char*, const char*> scripts[] = {{"stm32h743", "stm32h743.ld"},
                                                         {"mps2_an500", "banks.ld"}};
  for (const auto& [board, script] : scripts) {
    for (const BankSize& bank : kBanks) {
      INFO(script << ' ' << bank.name);
      const std::string section = std::string(".bss.linnet.") + bank.name;
      // The device's own .data and .bss lie behind the arena in SRAM1 to 3: none here, but for the start-up's alignment.
      const Finished full = link(board, script, section, bank.bytes - 32);
      INFO(full.output);
      CHECK(full.succeeded());
      const Finished overfull = link(board, script, section, bank.bytes + 32);
      CHECK_FALSE(overfull.succeeded());
      CHECK(overfull.output.find("overflowed by") != std::string::npos);
    }
    INFO(script << " flash");
    CHECK(link(board, script, ".linnet.weights.a", kFlashBytes - 65536).succeeded());
    const Finished overfull = link(board, script, ".linnet.weights.a", kFlashBytes);
    CHECK(overfull.output.find("region `FLASH' overflowed by") != std::string::npos);
  }
}

// ---- external flash -------------------------------------------------------------------------------------------------

TEST_CASE("weights lie in mapped external flash when they are asked to") {
  for (const WeightsFormat format : {WeightsFormat::cpp, WeightsFormat::incbin}) {
    const Compiled made = testing::compile_tiny("stm32h743", {"tiny", true, format});
    const TemporaryFolder folder;
    REQUIRE(write_files(folder.path(), made.files));
    std::ofstream(folder.path() / "main.cpp")
        << "#include \"tiny.hpp\"\n"
           "LINNET_ARENA(axi) static std::byte axi[tiny::kArenaBytes.axi];\n"
           "int main() { tiny::run({axi}); return tiny::output({axi})[0]; }\n";
    const bool cpp = format == WeightsFormat::cpp;
    const fs::path sources = kBoards / "stm32h743";
    const Finished linked =
        compile_for_core({"-O1", "-I.",
                          cpp ? "-DTINY_WEIGHTS_SECTION=\".linnet.external\""
                              : "-DTINY_WEIGHTS_SECTION=.linnet.external",
                          "main.cpp", "tiny.cpp", cpp ? "tiny_weights.cpp" : "tiny_weights.S",
                          (sources / "startup.cpp").string(), "-nostartfiles", "--specs=nano.specs",
                          "-T", (sources / "stm32h743.ld").string(), "-o", "image.elf"},
                         folder.path());
    INFO(linked.output);
    REQUIRE(linked.succeeded());
    const Finished symbols = run_process({{"arm-none-eabi-nm", "image.elf"}, folder.path()});
    INFO(symbols.output);
    CHECK(std::regex_search(
        symbols.output, std::regex(cpp ? "90000.00 R _ZN4tiny\\d+w_" : "90000000 . tiny_weights")));
    // The two flashes are programmed from two files; the first has no gap of gigabytes.
    const auto binary = [&](const char* option) {
      const Finished made_binary = run_process({{"arm-none-eabi-objcopy", "-O", "binary", option,
                                                 ".linnet.external", "image.elf", "out.bin"},
                                                folder.path()});
      REQUIRE(made_binary.succeeded());
      return static_cast<std::int64_t>(fs::file_size(folder.path() / "out.bin"));
    };
    CHECK(binary("-j") == made.report.weights_bytes + made.report.tables_bytes);
    CHECK(binary("-R") < 32768);
  }
}

TEST_CASE("the documents say that the stm32h743's files have not run on hardware") {
  const auto says = [](const fs::path& path) {
    return std::regex_search(read_text(path),
                             std::regex("not\\s+(// )?run\\s+(// )?on\\s+(// )?hardware"));
  };
  CHECK(says(kBoards / "stm32h743/README.md"));
  CHECK(says(kBoards / "stm32h743/startup.cpp"));
  CHECK(says(fs::path(LINNET_SOURCE_DIR) / "README.md"));
}

}  // namespace
}  // namespace linnet
