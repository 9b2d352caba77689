// The single quantized operators of models/quantized_ops as generated code: all of them in one program, on the host (by
// GCC under sanitizers, and by Clang) and on the emulated core, without a warning. Their bytes equal the oracle's, and what
// the operator gives is within one step of ONNX Runtime.
#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <iostream>

#include "compiler/emit/text.h"
#include "compiler/verify/compare.h"
#include "tests/end_to_end/verify_together.h"
#include "tests/support/model_files.h"

namespace linnet {
namespace {

namespace fs = std::filesystem;
using namespace testing;

Together all_operators() {
  std::vector<fs::path> folders;
  for (const fs::directory_entry& entry : fs::directory_iterator(models_folder() / "quantized_ops"))
    if (fs::exists(entry.path() / "model.onnx")) folders.push_back(entry.path());
  std::sort(folders.begin(), folders.end());
  Together operators;
  for (const fs::path& folder : folders) {
    CompileOptions compile;
    compile.model = folder / "model.onnx";
    compile.name = make_identifier(folder.filename().string());
    add_model(compile, {}, 1, operators);
    REQUIRE(operators.data.back().stored() == 1);
  }
  return operators;
}

// Largest difference from ONNX Runtime in steps of the output.
double steps_from_stored(const Together& operators, std::size_t i, const Values& outputs) {
  double worst = 0;
  const Graph& graph = operators.made[i].graph;
  const std::vector<TensorValue>& expected = operators.data[i].samples.front().outputs;
  for (std::size_t k = 0; k < graph.outputs.size(); ++k) {
    const Port& port = graph.outputs[k];
    const std::vector<float> ours = real_values(port, outputs[k]);
    const std::vector<float> theirs = stored_values(port, expected[k]);
    REQUIRE(ours.size() == theirs.size());
    const std::optional<Quantization>& q =
        port.model_quantization ? port.model_quantization : graph.type(port.tensor).quantization;
    const double step = q ? static_cast<double>(q->scale.front()) : 1.0;
    for (std::size_t e = 0; e < ours.size(); ++e)
      worst = std::max(
          worst, std::abs(static_cast<double>(ours[e]) - static_cast<double>(theirs[e])) / step);
  }
  return worst;
}

Toolchain toolchain(Machine machine) {
  const Result<Toolchain> tools = find_toolchain(machine);
  if (!tools) FAIL(format(tools.diagnostics()));
  return *tools;
}

TEST_CASE("verify quantized operators: generated code, all in one program") {
  const Together operators = all_operators();
  REQUIRE(operators.networks.size() >= 150);
  struct Build {
    Toolchain tools;
    std::vector<std::string> flags;
  };
  std::vector<Build> builds{{toolchain(Machine::host),
                             {"-O1", "-fsanitize=address,undefined", "-fno-sanitize-recover=all"}},
                            {toolchain(Machine::host), {}},
                            {toolchain(Machine::qemu), {}}};
  builds[0].tools.description = "host, g++ under sanitizers";
  builds[1].tools.description = "host, clang++";
  builds[1].tools.compiler = find_program("clang++");
  REQUIRE_FALSE(builds[1].tools.compiler.empty());
  for (const auto& [tools, flags] : builds) {
    BuildOptions options;
    options.networks_per_unit = 20;
    options.extra_flags = warning_flags();
    options.extra_flags.insert(options.extra_flags.end(), flags.begin(), flags.end());
    const std::vector<NetworkRun> runs = check_together(operators, tools, options);
    for (std::size_t i = 0; i < runs.size(); ++i) {
      INFO(operators.networks[i].name << " on " << tools.description);
      CHECK(steps_from_stored(operators, i, runs[i].outputs.front()) <= 1.01);
    }
    std::cout << runs.size() << " operators on " << tools.description << '\n';
  }
}

}  // namespace
}  // namespace linnet
