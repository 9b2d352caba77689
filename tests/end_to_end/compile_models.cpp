// Generated code of real models: compiles without a warning under three compilers at two levels, gives the oracle's bytes
// on the host, and is the same each time.
#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include <unistd.h>

#include "compiler/pipeline.h"
#include "compiler/support/write_files.h"

namespace {

namespace fs = std::filesystem;
using namespace linnet;

const fs::path kRoot = LINNET_SOURCE_DIR;
const char* const kWarnings =
    " -std=c++17 -Wall -Wextra -Wconversion -Wshadow -Wpedantic -Werror -fno-exceptions -fno-rtti "
    "-ffp-contract=off -I. ";
const char* const kCore =
    "arm-none-eabi-g++ -mcpu=cortex-m7 -mthumb -mfloat-abi=hard -mfpu=fpv5-d16";

struct Scratch {
  fs::path path =
      fs::temp_directory_path() / ("linnet_compile_models_" + std::to_string(::getpid()));
  Scratch() {
    fs::remove_all(path);
    fs::create_directories(path);
  }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  ~Scratch() { fs::remove_all(path); }
};

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

Compiled compiled(const CompileOptions& options) {
  Result<Compiled> made = compile_network(options);
  if (!made) FAIL(format(made.diagnostics()));
  return *std::move(made);
}

bool shell(const fs::path& folder, const std::string& command) {
  return std::system(("cd '" + folder.string() + "' && " + command).c_str()) == 0;
}

// A program that runs self_test() of both interfaces' arenas and exits with 0 when all is well.
std::string self_test_program(const Compiled& made) {
  const std::string& name = made.report.name;
  std::string text = "#include \"" + name + "_test_vector.hpp\"\n#include \"" + name +
                     ".h\"\n#include \"" + name + "_trace.hpp\"\n";
  std::string members;
  for (const ReportBank& bank : made.report.banks) {
    if (bank.used_bytes == 0) continue;
    text += "alignas(32) static std::byte arena_" + bank.name + "[" + name + "::kArenaBytes." +
            bank.name + "];\n";
    members += (members.empty() ? "" : ", ") + ("arena_" + bank.name);
  }
  text += "int main() {\n  const " + name + "::Arenas arenas{" + members + "};\n  const " + name +
          "_arenas c_arenas{" + members + "};\n  if (!" + name +
          "::self_test(arenas)) return 1;\n" + "  return static_cast<const void*>(" + name +
          "_output(&c_arenas, 0)) == " + name + "::output(arenas) ? 0 : 2;\n}\n";
  return text;
}

void check_model(const std::string& model, bool int8) {
  INFO(model << (int8 ? " int8" : " float32"));
  const Compiled made = compiled(options_for(model, int8));
  CHECK(made.int8 == int8);
  const Scratch scratch;
  REQUIRE(write_files(scratch.path, made.files));
  std::ofstream(scratch.path / "self_test.cc") << self_test_program(made);
  const std::string sources = made.report.name + ".cpp " + made.report.name + "_c.cpp " +
                              made.report.name + "_weights.cpp " + made.report.name +
                              "_test_vector.cpp";
  CHECK(shell(
      scratch.path,
      std::string("g++ -O2 -fsanitize=address,undefined -fno-sanitize-recover=all -o self_test") +
          kWarnings + "self_test.cc " + sources));
  CHECK(shell(scratch.path, "./self_test"));
}

}  // namespace

TEST_CASE("generated int8 code gives the oracle's bytes") {
  for (const char* model : {"phinet_96", "phinet_96_a1_compat", "xinet_64x96"})
    check_model(model, true);
}

TEST_CASE("generated float code gives the oracle's values") { check_model("phinet_96", false); }

TEST_CASE("generated code compiles without a warning on every compiler") {
  const Compiled made = compiled(options_for("phinet_96", true));
  const Scratch scratch;
  REQUIRE(write_files(scratch.path, made.files));
  for (const std::string compiler : {"g++", "clang++", kCore}) {
    for (const char* level : {" -Os", " -O3"}) {
      INFO(compiler << level);
      CHECK(shell(scratch.path, compiler + level + kWarnings + "-c *.cpp"));
    }
  }
  CHECK(shell(scratch.path,
              "gcc -std=c11 -Wall -Wextra -Wpedantic -Werror -fsyntax-only -x c phinet_96.h"));
}

TEST_CASE("weights from a binary give the same bytes") {
  CompileOptions options = options_for("phinet_96", true);
  options.weights_format = WeightsFormat::incbin;
  const Compiled made = compiled(options);
  const Scratch scratch;
  REQUIRE(write_files(scratch.path, made.files));
  std::ofstream(scratch.path / "self_test.cc") << self_test_program(made);
  CHECK(shell(scratch.path,
              std::string("g++ -O2 -o self_test") + kWarnings +
                  "self_test.cc phinet_96.cpp phinet_96_c.cpp phinet_96_test_vector.cpp "
                  "phinet_96_weights.S && ./self_test"));
}

TEST_CASE("hooks see every layer in order") {
  const Compiled made = compiled(options_for("phinet_96", true));
  const Scratch scratch;
  REQUIRE(write_files(scratch.path, made.files));
  std::ofstream(scratch.path / "hooks.h")
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
  std::ofstream(scratch.path / "self_test.cc") << program;
  CHECK(shell(scratch.path, std::string("g++ -O1 -o self_test -DLINNET_HOOKS='\"hooks.h\"'") +
                                kWarnings + "self_test.cc phinet_96*.cpp && ./self_test"));
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
  const Scratch scratch;
  REQUIRE(write_files(scratch.path, made.files));
  const Result<Report> read = read_report(scratch.path);
  REQUIRE(read);
  CHECK(to_json(*read) == made.files.at("report.json"));
}
