// `linnet profile` on a real network: what is counted adds up, is the same every time, is not changed by the hooks, and is
// exact where the number is known.
#include <catch2/catch.hpp>
#include <cmath>
#include <fstream>
#include <iterator>

#include "compiler/profile/profile.h"
#include "compiler/support/json.h"
#include "compiler/support/write_files.h"
#include "compiler/verify/subprocess.h"
#include "compiler/verify/temporary_folder.h"
#include "tests/support/model_files.h"
#include "tests/support/tiny_network.h"

namespace linnet {
namespace {

namespace fs = std::filesystem;
using namespace testing;

// phinet_96 in int8, in a folder as `linnet compile` writes it.
void write_phinet(const fs::path& folder, PlanMode mode = PlanMode::whole) {
  CompileOptions options;
  options.model = models_folder() / "phinet_96/phinet_96.onnx";
  options.samples = feeding(models_folder() / "phinet_96/model.json");
  options.calibrate = {models_folder() / "images/calibration/coffee_cup.png"};
  options.target = "stm32h743";
  options.plan.mode = mode;
  const Result<Compiled> made = compile_network(options);
  if (!made) FAIL(format(made.diagnostics()));
  REQUIRE(write_files(folder, made->files));
}

ProfileReport profile_folder(const fs::path& folder, std::function<void(Files&)> alter = {}) {
  CompileOptions compile;
  compile.model = folder;
  ProfileOptions options;
  options.alter = std::move(alter);
  Result<ProfileReport> report = profile(compile, options);
  if (!report) FAIL(format(report.diagnostics()));
  return *std::move(report);
}

void check_sums(const ProfileReport& report) {
  std::int64_t layers = report.outside_layers;
  double layer_cycles = 0;
  for (const LayerProfile& layer : report.layers) {
    INFO(layer.name);
    layers += layer.instructions;
    layer_cycles += layer.cycles;
    CHECK(layer.instructions > 0);
    CHECK(4 * layer.instructions >= layer.macs);  // at most two MACs an instruction
    CHECK(2 * layer.cycles >= 0.99 * static_cast<double>(layer.macs));  // and one SMLAD a cycle
  }
  CHECK(layers == report.instructions);
  CHECK(layer_cycles <= report.cycles * (1 + 1e-9));
  CHECK(layer_cycles > 0.99 * report.cycles);
  CHECK(report.outside_layers < report.instructions / 100);
  std::int64_t functions = 0;
  for (const FunctionProfile& function : report.functions) functions += function.instructions;
  CHECK(functions == report.instructions);
  CHECK(report.unmodelled < report.instructions / 1000);
  // A dual-issue core: two instructions a cycle at best; and nothing that waits is charged.
  CHECK(2 * report.cycles > static_cast<double>(report.instructions));
  CHECK(report.cycles < 3 * static_cast<double>(report.instructions));
  CHECK(report.stack_bytes > 0);
  CHECK(report.stack_bytes <= report.stack_bound_bytes);
}

TEST_CASE("profile phinet_96: sums, sizes, JSON, the same twice") {
  const TemporaryFolder folder;
  write_phinet(folder.path());
  const ProfileReport report = profile_folder(folder.path());
  check_sums(report);
  CHECK(report.macs == 1774182);
  CHECK(report.instructions > report.macs);
  CHECK(report.instructions < 10 * report.macs);
  CHECK(report.text_bytes > 4000);
  CHECK(report.text_bytes < 40000);

  const fs::path kept = folder.path() / "kept";
  const Finished again = run_process(
      {{LINNET_BINARY, "profile", folder.path().string(), "--json", "--keep", kept.string()}, {}});
  CHECK(again.exit_code == 0);
  CHECK(again.output == to_json(report));
  CHECK(fs::file_size(kept / "profile.elf") > 10000);
  CHECK(fs::file_size(kept / "profile.map") > 1000);

  const Result<Json> json = parse_json(again.output);
  REQUIRE(json);
  for (const char* key : {"instructions", "cycles_model", "macs", "stack_bytes", "text_bytes"}) {
    INFO(key);
    CHECK(json->at(key).integer() > 0);
  }
  CHECK(json->at("layers").array().size() == report.layers.size());
  CHECK(json->at("functions").array().size() == report.functions.size());
  for (const char* key : {"index", "macs", "instructions", "cycles_model"})
    CHECK(json->at("layers").array().at(3).at(key).integer() > 0);
  CHECK(json->at("layers").array().at(3).at("kernel").text() == "dwconv2d_s8_3x3");

  const std::string text = to_text(report);
  CHECK_THAT(text, Catch::Contains("The cycles are a model and no measurement"));
  CHECK_THAT(text, Catch::Contains("memory stalls"));
  CHECK_THAT(text, Catch::Contains("the 10 of 87 layers with the most instructions"));
  CHECK_THAT(text, !Catch::Contains(report.layers.back().name + "\n"));
  CHECK_THAT(to_text(report, true), Catch::Contains(report.layers.back().name + "\n"));
}

TEST_CASE(
    "profile: hooks do not cost, a loop counts exactly, layers are told apart without constants") {
  const TemporaryFolder folder;
  write_phinet(folder.path());
  const ProfileReport plain = profile_folder(folder.path());

  const ProfileReport without_hooks = profile_folder(folder.path(), [](Files& files) {
    files.at("phinet_96.cpp").insert(0, "#undef LINNET_HOOKS\n");
  });
  // Labels are no instructions, but the compiler may use other registers around them in run().
  CHECK(std::abs(without_hooks.instructions - plain.instructions) < plain.instructions / 50000);
  for (std::size_t i = 0; i < 5; ++i) {  // the kernels: the very same
    CHECK(without_hooks.functions[i].name == plain.functions[i].name);
    CHECK(without_hooks.functions[i].instructions == plain.functions[i].instructions);
  }

  // 1 + 1000 * 2 instructions more, between layers.
  const ProfileReport with_loop = profile_folder(folder.path(), [](Files& files) {
    std::string& text = files.at("phinet_96.cpp");
    const std::size_t body = text.find("{\n", text.find("\nvoid run("));
    REQUIRE(body != std::string::npos);
    text.insert(body + 2,
                "  __asm__ volatile(\"movw r12, #1000\\n1: subs.w r12, r12, #1\\nbne 1b\" ::: "
                "\"r12\", \"cc\");\n");
  });
  CHECK(with_loop.instructions == plain.instructions + 2001);
  CHECK(with_loop.outside_layers == plain.outside_layers + 2001);
  const double loop_cycles = with_loop.cycles - plain.cycles;
  CHECK(loop_cycles > 999);
  CHECK(loop_cycles < 3001);

  // As where steps lie in a table: the functions call_N say which layer it is.
  const ProfileReport by_function = profile_folder(folder.path(), [](Files& files) {
    std::string& text = files.at("phinet_96.cpp");
    text.insert(text.find("namespace phinet_96 {"),
                "#undef LINNET_PROFILE_BEGIN\n"
                "#define LINNET_PROFILE_BEGIN(layer) static_cast<void>(0)\n");
  });
  check_sums(by_function);
  for (std::size_t i = 0; i < plain.layers.size(); ++i) {
    INFO(plain.layers[i].name);
    CHECK(std::abs(by_function.layers[i].instructions - plain.layers[i].instructions) < 40);
  }
}

// Steps in loops and in tables.
TEST_CASE("profile phinet_96 by rows: sums") {
  const TemporaryFolder folder;
  write_phinet(folder.path(), PlanMode::rows);
  const ProfileReport report = profile_folder(folder.path());
  check_sums(report);
  CHECK(report.macs == 1774182);
}

// A folder without a runtime, and one whose weights are a binary, are built as they are.
TEST_CASE("profile: the same network however its folder was written") {
  std::vector<std::int64_t> instructions;
  for (const bool whole : {true, false}) {
    const TemporaryFolder folder;
    const Compiled made = compile_tiny(
        "cortex-m7", {"tiny", whole, whole ? WeightsFormat::cpp : WeightsFormat::incbin});
    REQUIRE(write_files(folder.path(), made.files));
    REQUIRE(fs::exists(folder.path() / "linnet") == whole);
    REQUIRE(fs::exists(folder.path() / "tiny_weights.S") == !whole);
    instructions.push_back(profile_folder(folder.path()).instructions);
  }
  CHECK(instructions.at(0) == instructions.at(1));
}

}  // namespace
}  // namespace linnet
