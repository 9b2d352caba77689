// See verify_together.h.
#include "tests/end_to_end/verify_together.h"

#include <catch2/catch.hpp>

#include "compiler/reference/interpreter.h"
#include "compiler/verify/compare.h"
#include "compiler/verify/temporary_folder.h"

namespace linnet::testing {

void add_model(const CompileOptions& compile, const VerifyOptions& samples,
               std::size_t most_samples, Together& to) {
  INFO(compile.model.string());
  Result<Compiled> made = compile_network(compile);
  if (!made) FAIL(format(made.diagnostics()));
  Result<TestData> data = load_test_data(made->float_graph, compile, samples);
  if (!data) FAIL(format(data.diagnostics()));
  REQUIRE_FALSE(data->samples.empty());
  if (data->samples.size() > most_samples) data->samples.resize(most_samples);

  const Graph& graph = made->graph;
  NetworkUnderTest network{made->report.name, made->files, {}, {}, {}, made->plan.input_rows};
  for (std::size_t b = 0; b < made->plan.banks.size(); ++b)
    if (made->plan.banks[b].used_bytes > 0) network.banks.push_back(made->target.banks[b].name);
  for (const Port& port : graph.inputs) network.inputs.push_back(graph.type(port.tensor));
  for (const Port& port : graph.outputs) network.outputs.push_back(graph.type(port.tensor));
  std::vector<Values> inputs, expected;
  for (const TestSample& sample : data->samples) {
    Values values;
    for (std::size_t i = 0; i < graph.inputs.size(); ++i)
      values.push_back(to_device(graph.inputs[i], network.inputs[i], sample.inputs[i]));
    expected.push_back(interpret(graph, values));
    inputs.push_back(std::move(values));
  }
  to.networks.push_back(std::move(network));
  to.inputs.push_back(std::move(inputs));
  to.expected.push_back(std::move(expected));
  to.data.push_back(*std::move(data));
  to.made.push_back(*std::move(made));
}

std::vector<NetworkRun> check_together(const Together& models, const Toolchain& tools,
                                       const BuildOptions& options) {
  const TemporaryFolder folder;
  const Result<Image> image = build(models.networks, folder.path(), tools, options);
  if (!image) FAIL(format(image.diagnostics()));
  Result<std::vector<NetworkRun>> runs = run(*image, tools, models.networks, models.inputs, false);
  if (!runs) FAIL(format(runs.diagnostics()));
  REQUIRE(runs->size() == models.networks.size());
  for (std::size_t i = 0; i < runs->size(); ++i) {
    INFO(models.networks[i].name << " on " << tools.description);
    const NetworkRun& run = (*runs)[i];
    REQUIRE(run.outputs.size() == models.expected[i].size());
    const ByteDifferences bytes = compare_bytes(run.outputs, models.expected[i]);
    CHECK(bytes.total > 0);
    if (models.made[i].report.dtype == "int8") CHECK(bytes.differing == 0);
    if (tools.machine != Machine::qemu) continue;
    if (!models.made[i].program.calls.empty()) CHECK(run.stack_bytes > 0);
    CHECK(run.stack_bytes <= models.made[i].report.stack_bytes);
  }
  return *std::move(runs);
}

double error_from_stored(const Together& models, std::size_t index, const NetworkRun& run) {
  const std::vector<Port>& ports = models.made[index].graph.outputs;
  Reals values, stored;
  for (std::size_t s = 0; s < run.outputs.size(); ++s) {
    const TestSample& sample = models.data[index].samples[s];
    REQUIRE(sample.outputs.size() == ports.size());
    values.emplace_back();
    stored.emplace_back();
    for (std::size_t k = 0; k < ports.size(); ++k) {
      values.back().push_back(real_values(ports[k], run.outputs[s][k]));
      stored.back().push_back(stored_values(ports[k], sample.outputs[k]));
    }
  }
  return compare_floats(values, stored).relative;
}

std::vector<std::string> warning_flags() {
  return {"-Wall", "-Wextra", "-Wconversion", "-Wshadow", "-Wpedantic", "-Werror"};
}

}  // namespace linnet::testing
