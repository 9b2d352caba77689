// Generated code of real models: compiles without a warning under three compilers at two levels, gives the oracle's bytes
// on the host under sanitizers, and is the same each time. (Single operators: verify_quantized_ops.cpp.)
#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include <unistd.h>

#include "compiler/pipeline.h"
#include "compiler/support/write_files.h"
#include "compiler/verify/subprocess.h"
#include "compiler/verify/temporary_folder.h"

namespace {

namespace fs = std::filesystem;
using namespace linnet;

const fs::path kRoot = LINNET_SOURCE_DIR;
const char* const kWarnings =
    " -std=c++17 -Wall -Wextra -Wconversion -Wshadow -Wpedantic -Werror -fno-exceptions -fno-rtti "
    "-ffp-contract=off -I. ";
const char* const kCore =
    "arm-none-eabi-g++ -mcpu=cortex-m7 -mthumb -mfloat-abi=hard -mfpu=fpv5-d16";

CompileOptions options_for(const std::string& model, bool int8) {
  CompileOptions options;
  options.model = kRoot / "models" / model / (model + ".onnx");
  options.target = int8 ? "stm32h743" : "cortex-m7";
  if (!int8) return options;
  options.calibrate = {kRoot / "models/images/calibration/coffee_cup.png",
                       kRoot / "models/images/calibration/china_trees.png"};
  options.samples.resize = true;
  options.samples.normalization.mean = {127.5, 127.5, 127.5};
  options.samples.normalization.scale = {1 / 127.5, 1 / 127.5, 1 / 127.5};
  return options;
}

// What ONNX Runtime's quantizer made of phinet_96: operators on uint8, weights too.
CompileOptions options_for_quantized() {
  CompileOptions options;
  options.model = kRoot / "models/phinet_96/variants/qoperator_u8u8_per_tensor/model.onnx";
  options.name = "phinet_96_u8u8";
  options.target = "stm32h743";
  return options;
}

Compiled compiled(const CompileOptions& options) {
  Result<Compiled> made = compile_network(options);
  if (!made) FAIL(format(made.diagnostics()));
  return *std::move(made);
}

bool shell(const fs::path& folder, const std::string& command) {
  return std::system(("cd '" + folder.string() + "' && " + command).c_str()) == 0;
}

// The body of a program that runs self_test() of both interfaces' arenas and returns 0 when all is well.
std::string self_test_function(const Compiled& made, const std::string& function) {
  const std::string& name = made.report.name;
  std::string text = "#include \"" + name + "_test_vector.hpp\"\n#include \"" + name +
                     ".h\"\n#include \"" + name + "_trace.hpp\"\n";
  std::string members;
  for (const ReportBank& bank : made.report.banks) {
    if (bank.used_bytes == 0) continue;
    const std::string arena = name + "_arena_" + bank.name;
    text += "alignas(32) static std::byte " + arena + "[" + name + "::kArenaBytes." + bank.name +
            "];\n";
    members += (members.empty() ? "" : ", ") + arena;
  }
  text += "int " + function + "() {\n  const " + name + "::Arenas arenas{" + members +
          "};\n  const " + name + "_arenas c_arenas{" + members + "};\n  if (!" + name +
          "::self_test(arenas)) return 1;\n" + "  return static_cast<const void*>(" + name +
          "_output(&c_arenas, 0)) == " + name + "::output(arenas) ? 0 : 2;\n}\n";
  return text;
}

std::string self_test_program(const Compiled& made) { return self_test_function(made, "main"); }

const char* const kSuffixes[] = {".cpp", "_c.cpp", "_weights.cpp", "_test_vector.cpp"};

// Runs the commands side by side in the folder; each must succeed.
void must_run(const fs::path& folder, const std::vector<std::string>& commands) {
  std::vector<Process> processes;
  for (const std::string& command : commands) processes.push_back({{"sh", "-c", command}, folder});
  const std::vector<Finished> finished = run_processes(processes);
  for (std::size_t i = 0; i < finished.size(); ++i) {
    INFO(commands[i] << '\n' << finished[i].output);
    CHECK(finished[i].succeeded());
  }
}

// Address and undefined behaviour sanitizers watch self_test() of one network.
void check_self_test(const CompileOptions& options, const std::string& dtype) {
  const Compiled made = compiled(options);
  INFO(made.report.name << ' ' << dtype);
  CHECK(made.report.dtype == dtype);
  const TemporaryFolder scratch;
  REQUIRE(write_files(scratch.path(), made.files));
  std::ofstream(scratch.path() / "self_test.cc") << self_test_program(made);
  const std::string compile =
      "g++ -O1 -fsanitize=address,undefined -fno-sanitize-recover=all" + std::string(kWarnings);
  std::vector<std::string> commands{compile + "-c self_test.cc"};
  for (const char* suffix : kSuffixes)
    commands.push_back(compile + "-c " + made.report.name + suffix);
  must_run(scratch.path(), commands);
  CHECK(shell(scratch.path(), "g++ -fsanitize=address,undefined -o self_test *.o && ./self_test"));
}

}  // namespace

TEST_CASE("generated int8 code gives the oracle's bytes, under sanitizers") {
  for (const char* model : {"phinet_96", "phinet_96_a1_compat", "xinet_96"})
    check_self_test(options_for(model, true), "int8");
  check_self_test(options_for_quantized(), "int8");
}

TEST_CASE("generated float code gives the oracle's values, under sanitizers") {
  check_self_test(options_for("phinet_96", false), "float32");
}

TEST_CASE("generated code compiles without a warning on every compiler") {
  std::vector<CompileOptions> all{options_for("phinet_96", true), options_for("phinet_96", false),
                                  options_for("xinet_96", true), options_for_quantized()};
  all[1].name = "phinet_96_float";
  const TemporaryFolder scratch;
  std::vector<std::string> commands;
  for (const CompileOptions& options : all) {
    const Compiled made = compiled(options);
    const std::string& name = made.report.name;
    REQUIRE(write_files(scratch.path() / name, made.files));
    const auto add = [&](const std::string& command) {  // in a folder of its own
      const std::string folder = name + "/objects_" + std::to_string(commands.size());
      commands.push_back("mkdir " + folder + " && cd " + folder + " && " + command);
    };
    for (const std::string compiler : {"g++", "clang++", kCore})
      for (const char* level : {" -Os", " -O3"})
        add(compiler + level + kWarnings + "-I.. -c ../*.cpp");
    add("gcc -std=c11 -Wall -Wextra -Wpedantic -Werror -fsyntax-only -x c ../" + name + ".h");
  }
  must_run(scratch.path(), commands);
}

TEST_CASE("weights from a binary give the same bytes") {
  CompileOptions options = options_for("phinet_96", true);
  options.weights_format = WeightsFormat::incbin;
  const Compiled made = compiled(options);
  const TemporaryFolder scratch;
  REQUIRE(write_files(scratch.path(), made.files));
  std::ofstream(scratch.path() / "self_test.cc") << self_test_program(made);
  CHECK(shell(scratch.path(),
              std::string("g++ -O2 -o self_test") + kWarnings +
                  "self_test.cc phinet_96.cpp phinet_96_c.cpp phinet_96_test_vector.cpp "
                  "phinet_96_weights.S && ./self_test"));
}

TEST_CASE("hooks see every layer in order") {
  CompileOptions options = options_for("phinet_96", true);
  options.plan.mode = PlanMode::whole;
  const Compiled made = compiled(options);
  const TemporaryFolder scratch;
  REQUIRE(write_files(scratch.path(), made.files));
  std::ofstream(scratch.path() / "hooks.h")
      << "#pragma once\nextern int seen, open_layers;\n"
         "#define LINNET_PROFILE_BEGIN(layer) (open_layers += 1)\n"
         "#define LINNET_PROFILE_END(layer) (open_layers -= 1)\n"
         "#define LINNET_TRACE(layer, first_row, row_count) (seen = seen == (layer) ? (layer) + 1 "
         ": -1)\n";
  std::string program = self_test_program(made);
  program +=
      "int seen = 0, open_layers = 0;\n"
      "struct AtEnd { ~AtEnd() { if (seen != static_cast<int>(phinet_96::kLayerCount) || "
      "open_layers != 0) "
      "__builtin_trap(); } } at_end;\n";
  std::ofstream(scratch.path() / "self_test.cc") << program;
  CHECK(shell(scratch.path(), std::string("g++ -O1 -o self_test -DLINNET_HOOKS='\"hooks.h\"'") +
                                  kWarnings + "self_test.cc phinet_96*.cpp && ./self_test"));
}

TEST_CASE("arenas take no flash, whether the linker script knows their sections or not") {
  const Compiled made = compiled(options_for("phinet_96", true));
  const TemporaryFolder scratch;
  REQUIRE(write_files(scratch.path(), made.files));
  std::ofstream(scratch.path() / "arenas.cc")
      << "#include \"phinet_96.hpp\"\n"
         "LINNET_ARENA(dtcm) std::byte dtcm[16384];\n"
         "LINNET_ARENA(axi) std::byte axi[65536];\n"
         "extern \"C\" void linnet_reset() { dtcm[0] = axi[0]; }\n";
  std::ofstream(scratch.path() / "plain.ld")
      << "MEMORY { FLASH : ORIGIN = 0x08000000, LENGTH = 2M RAM : ORIGIN = 0x24000000, LENGTH = "
         "512K }\n"
         "ENTRY(linnet_reset)\n"
         "SECTIONS { .text : { *(.text*) } > FLASH .data : { *(.data*) } > RAM AT > FLASH\n"
         "  .bss : { *(.bss .bss.*) } > RAM }\n";
  const fs::path board = kRoot / "runtime/boards/stm32h743/stm32h743.ld";
  for (const std::string& script : {std::string("plain.ld"), board.string()}) {
    INFO(script);
    CHECK(shell(scratch.path(), std::string(kCore) + " -O2" + kWarnings + "-nostdlib -T " + script +
                                    " arenas.cc -o arenas.elf && "
                                    "arm-none-eabi-objcopy -O binary arenas.elf arenas.bin"));
    CHECK(fs::file_size(scratch.path() / "arenas.bin") < 1024);
  }
  // The board's script has put them into their banks.
  CHECK(shell(scratch.path(), "arm-none-eabi-nm arenas.elf | grep -q '^2000.* B dtcm$'"));
  CHECK(shell(scratch.path(), "arm-none-eabi-nm arenas.elf | grep -q '^2400.* B axi$'"));
}

TEST_CASE("two compilations give the same bytes") {
  const Compiled one = compiled(options_for("phinet_96", true));
  const Compiled two = compiled(options_for("phinet_96", true));
  CHECK(one.files == two.files);
}

TEST_CASE("the report holds what it promises") {
  const Compiled made = compiled(options_for("phinet_96", true));
  const Report& report = made.report;
  CHECK(report.sha256.size() == 64);
  CHECK(report.parameters > 30000);
  CHECK(report.macs > 1000000);
  CHECK(report.arena_bytes >= report.lower_bound_bytes);
  CHECK(report.layers.size() == made.program.calls.size());
  const TemporaryFolder scratch;
  REQUIRE(write_files(scratch.path(), made.files));
  const Result<Report> read = read_report(scratch.path());
  REQUIRE(read);
  CHECK(to_json(*read) == made.files.at("report.json"));
}
