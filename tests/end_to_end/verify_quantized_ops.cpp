// The single quantized operators of models/quantized_ops as generated code: all of them in one program, on the host and on
// the emulated core. Their bytes equal the oracle's, and what the operator gives is within one step of ONNX Runtime.
#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <iostream>

#include "compiler/emit/text.h"
#include "compiler/reference/interpreter.h"
#include "compiler/verify/build.h"
#include "compiler/verify/compare.h"
#include "compiler/verify/temporary_folder.h"
#include "compiler/verify/test_data.h"
#include "tests/support/model_files.h"

namespace linnet {
namespace {

namespace fs = std::filesystem;
using namespace testing;

struct Operators {
  std::vector<NetworkUnderTest> networks;
  std::vector<std::vector<Values>> inputs, expected;
  std::vector<Graph> graphs;
  std::vector<std::vector<TensorValue>> stored;
};

void add(const fs::path& folder, Operators& operators) {
  INFO(folder.filename().string());
  CompileOptions compile;
  compile.model = folder / "model.onnx";
  compile.name = make_identifier(folder.filename().string());
  Result<Compiled> made = compile_network(compile);
  if (!made) FAIL(format(made.diagnostics()));
  const Result<TestData> data = load_test_data(made->float_graph, compile, {});
  if (!data) FAIL(format(data.diagnostics()));
  REQUIRE(data->stored() == 1);

  NetworkUnderTest network{compile.name, made->files, {}, {}, {}};
  for (std::size_t b = 0; b < made->plan.banks.size(); ++b)
    if (made->plan.banks[b].used_bytes > 0) network.banks.push_back(made->target.banks[b].name);
  Values inputs;
  for (std::size_t i = 0; i < made->graph.inputs.size(); ++i) {
    const Port& port = made->graph.inputs[i];
    network.inputs.push_back(made->graph.type(port.tensor));
    inputs.push_back(to_device(port, network.inputs.back(), data->samples[0].inputs[i]));
  }
  for (const Port& port : made->graph.outputs)
    network.outputs.push_back(made->graph.type(port.tensor));
  operators.expected.push_back({interpret(made->graph, inputs)});
  operators.inputs.push_back({std::move(inputs)});
  operators.networks.push_back(std::move(network));
  operators.graphs.push_back(std::move(made->graph));
  operators.stored.push_back(data->samples[0].outputs);
}

Operators all_operators() {
  std::vector<fs::path> folders;
  for (const fs::directory_entry& entry : fs::directory_iterator(models_folder() / "quantized_ops"))
    if (fs::exists(entry.path() / "model.onnx")) folders.push_back(entry.path());
  std::sort(folders.begin(), folders.end());
  Operators operators;
  for (const fs::path& folder : folders) add(folder, operators);
  return operators;
}

// Largest difference from ONNX Runtime in steps of the output.
double steps_from_stored(const Operators& operators, std::size_t i, const Values& outputs) {
  double worst = 0;
  const Graph& graph = operators.graphs[i];
  for (std::size_t k = 0; k < graph.outputs.size(); ++k) {
    const Port& port = graph.outputs[k];
    const std::vector<float> ours = real_values(port, outputs[k]);
    const std::vector<float> theirs = stored_values(port, operators.stored[i][k]);
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

TEST_CASE("verify quantized operators: generated code, all in one program") {
  const Operators operators = all_operators();
  REQUIRE(operators.networks.size() >= 150);
  for (const Machine machine : {Machine::host, Machine::qemu}) {
    const Result<Toolchain> tools = find_toolchain(machine);
    if (!tools) FAIL(format(tools.diagnostics()));
    const TemporaryFolder folder;
    BuildOptions options;
    options.networks_per_unit = 20;
    const Result<Image> image = build(operators.networks, folder.path(), *tools, options);
    if (!image) FAIL(format(image.diagnostics()));
    const Result<std::vector<NetworkRun>> runs =
        run(*image, *tools, operators.networks, operators.inputs, false);
    if (!runs) FAIL(format(runs.diagnostics()));
    for (std::size_t i = 0; i < runs->size(); ++i) {
      INFO(operators.networks[i].name << " on " << tools->description);
      CHECK(compare_bytes((*runs)[i].outputs, operators.expected[i]).differing == 0);
      CHECK(steps_from_stored(operators, i, (*runs)[i].outputs.front()) <= 1.01);
    }
    std::cout << runs->size() << " operators on " << tools->description << '\n';
  }
}

}  // namespace
}  // namespace linnet
