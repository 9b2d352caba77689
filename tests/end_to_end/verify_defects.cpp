// What `linnet verify` must notice: generated code with one wrong thing in it, missing tools, accuracy below what was
// asked for; and the exit codes that go with it.
#include <catch2/catch.hpp>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <iterator>

#include "compiler/verify/subprocess.h"
#include "compiler/verify/verify.h"
#include "tests/support/model_files.h"

namespace linnet {
namespace {

namespace fs = std::filesystem;
using namespace testing;

CompileOptions phinet() {
  CompileOptions options;
  options.model = models_folder() / "phinet_96/phinet_96.onnx";
  options.samples = feeding(models_folder() / "phinet_96/model.json");
  options.calibrate = {models_folder() / "images/calibration/coffee_cup.png"};
  return options;
}

// Replaces the first `from` at or after `anchor`; the test fails when there is none.
void replace_after(std::string& text, const std::string& anchor, const std::string& from,
                   const std::string& to) {
  const std::size_t start = text.find(anchor);
  REQUIRE(start != std::string::npos);
  const std::size_t at = text.find(from, start);
  REQUIRE(at != std::string::npos);
  text.replace(at, from.size(), to);
}

struct Mutation {
  const char* what;
  void (*apply)(Files&);
  bool moves_rows = false;  // the replay of the schedule notices as well
};

const Mutation kMutations[] = {
    {"one wrong weight",
     [](Files& files) {
       // The lowest digit of the first word of the first weights.
       std::string& text = files.at("phinet_96_weights.cpp");
       const std::size_t digit = text.find(",", text.find("0x", text.find("= {"))) - 1;
       text[digit] = text[digit] == '1' ? '2' : '1';
     }},
    {"one row too far",
     [](Files& files) {
       replace_after(files.at("phinet_96.cpp"), "void run(", "LINNET_STEP(5, ",
                     "LINNET_STEP(5, 1 + ");
     },
     true},
    {"one wrong offset of an input",
     [](Files& files) {
       replace_after(files.at("phinet_96.cpp"), "void call_9(", "arenas.ram + ",
                     "arenas.ram + 4 + ");
     },
     true},
    {"one wrong zero point",
     [](Files& files) {
       replace_after(files.at("phinet_96.cpp"),
                     "layer_5 = ", "layer.out_zero = ", "layer.out_zero = 1 + ");
     }},
    {"rounding left out",
     [](Files& files) {
       replace_after(files.at("linnet/dsp/requantize.h"), "addend", "(1 << (shift_ - 33))", "0");
     }},
};

TEST_CASE("verify notices every mutation of generated code, and where it begins") {
  for (const Mutation& mutation : kMutations) {
    INFO(mutation.what);
    VerifyOptions options;
    options.alter = mutation.apply;
    const Result<VerifyReport> report = verify(phinet(), options);
    if (!report) FAIL(format(report.diagnostics()));
    REQUIRE_FALSE(report->failures.empty());
    CHECK(exit_code(report->failures) == 70);
    CHECK(report->failures.front().code == "E912");
    const CodeReport& code = report->codes.back();
    CHECK(code.dtype == "int8");
    CHECK(code.bytes.differing > 0);
    CHECK(code.misplaced.empty() != mutation.moves_rows);
    CHECK(report->failures.size() == (mutation.moves_rows ? 2 : 1));
    REQUIRE(code.first_difference);
    CHECK_FALSE(code.first_difference->node.empty());
    CHECK(code.first_difference->value != code.first_difference->expected);
    std::cout << mutation.what << ": " << format(report->failures);
  }
}

TEST_CASE("verify finds the first layer that differs on the emulated core too") {
  VerifyOptions options;
  options.on = Machine::qemu;
  options.alter = kMutations[3].apply;
  const Result<VerifyReport> report = verify(phinet(), options);
  if (!report) FAIL(format(report.diagnostics()));
  REQUIRE(report->codes.back().first_difference);
  CHECK(report->codes.back().first_difference->layer == 5);
  CHECK(exit_code(report->failures) == 70);
}

TEST_CASE("verify: generated code that does not compile is our defect") {
  VerifyOptions options;
  options.alter = [](Files& files) { files.at("phinet_96.cpp") += "#error broken\n"; };
  const Result<VerifyReport> report = verify(phinet(), options);
  REQUIRE_FALSE(report);
  CHECK(report.diagnostics().front().code == "E910");
  CHECK(exit_code(report.diagnostics()) == 70);
}

TEST_CASE("verify: generated code that crashes is our defect") {
  VerifyOptions options;
  options.alter = [](Files& files) {
    replace_after(files.at("phinet_96.cpp"), "void run(", "{", "{ __builtin_trap();");
  };
  const Result<VerifyReport> report = verify(phinet(), options);
  REQUIRE_FALSE(report);
  CHECK(report.diagnostics().front().code == "E911");
}

TEST_CASE("verify: a missing tool is named with its Debian package") {
  const char* const before = std::getenv("PATH");
  const std::string path = before == nullptr ? "" : before;
  setenv("PATH", "/nowhere", 1);
  const Result<Toolchain> host = find_toolchain(Machine::host);
  const Result<Toolchain> core = find_toolchain(Machine::qemu);
  setenv("PATH", path.c_str(), 1);
  REQUIRE_FALSE(host);
  CHECK(exit_code(host.diagnostics()) == 4);
  CHECK(format(host.diagnostics()) ==
        "E401 g++ is needed to build the generated code for this machine and is not installed; "
        "apt-get install g++\n");
  REQUIRE_FALSE(core);
  CHECK(core.diagnostics().size() == 3);
  CHECK(format(core.diagnostics()).find("apt-get install qemu-system-arm") != std::string::npos);
}

TEST_CASE("verify calls the cross compiler as board.json says") {
  const Result<Toolchain> core = find_toolchain(Machine::qemu);
  REQUIRE(core);
  std::ifstream file(fs::path(LINNET_SOURCE_DIR) / "runtime/boards/mps2_an500/board.json");
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  std::vector<std::string> arguments = core->compile_flags;
  arguments.insert(arguments.end(), core->link_flags.begin(), core->link_flags.end());
  arguments.insert(arguments.end(), core->runner.begin() + 1, core->runner.end());
  for (const std::string& argument : arguments) {
    INFO(argument);
    CHECK(text.find('"' + argument + '"') != std::string::npos);
  }
}

// The process, as users start it.
Finished run_linnet(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), {LINNET_BINARY, "verify"});
  return run_process({std::move(arguments), LINNET_SOURCE_DIR});
}

TEST_CASE("verify: exit codes and JSON of the command") {
  const std::string model = "models/phinet_96/phinet_96.onnx";
  const std::vector<std::string> calibrated{
      model,   "--calibrate", "models/images/calibration", "--mean",
      "127.5", "--scale",     "0.00784313725490196",       "--resize"};
  const auto with = [&](std::vector<std::string> more) {
    more.insert(more.begin(), calibrated.begin(), calibrated.end());
    return run_linnet(std::move(more));
  };
  const Finished good = with({"--min-sqnr", "5", "--layers", "--json"});
  INFO(good.output);
  CHECK(good.exit_code == 0);
  CHECK(good.output.find("\"bytes_differing\": 0") != std::string::npos);
  CHECK(good.output.find("\"layers\": [") != std::string::npos);
  CHECK(good.output.find("\"ok\": true") != std::string::npos);

  const Finished coarse = with({"--min-sqnr", "99"});
  CHECK(coarse.exit_code == 1);
  CHECK(coarse.output.find("phinet_96.onnx: E290 int8 against float is ") != std::string::npos);

  CHECK(run_linnet({model, "--on", "moon"}).exit_code == 2);
  CHECK(run_linnet({model, "--data", "models/nowhere"}).exit_code == 1);
  const Finished wrong = run_linnet({model, "--data", "models/images/test", "--mean", "127.5",
                                     "--scale", "0.00784313725490196", "--resize", "--reference",
                                     "models/tf2onnx_nhwc/outputs_int8.npy"});
  CHECK(wrong.exit_code == 1);
  CHECK(wrong.output.find("E291 'models/tf2onnx_nhwc/outputs_int8.npy' is ") != std::string::npos);
  // Stored outputs that are not this model's: the float code cannot be within the tolerance.
  const Finished far =
      run_linnet({model, "--data", "models/images/test", "--mean", "127.5", "--scale",
                  "0.00784313725490196", "--resize", "--reference", "models/xinet_96/outputs.npy"});
  CHECK(far.exit_code == 70);
  CHECK(far.output.find("E913 the float code is ") != std::string::npos);
}

}  // namespace
}  // namespace linnet
