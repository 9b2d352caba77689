// Whole random networks through passes, quantization, lowering and planning, run in-process with the runtime's kernels:
// int8 gives the oracle's bytes, float the oracle's values, whole and a few rows at a time.
#include <fmt/format.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>

#include "compiler/passes/passes.h"
#include "compiler/quant/ranges.h"
#include "compiler/reference/interpreter.h"
#include "tests/support/execute.h"
#include "tests/support/random_graph.h"
#include "tests/support/sanitized.h"

using namespace linnet;

namespace {

Graph simplified(std::uint32_t seed) {
  RandomGraphOptions options;
  options.nodes = 6 + static_cast<int>(seed % 14);
  options.exporter_style = seed % 2 == 0;
  options.composites = seed % 3 == 0;
  options.batch_norm = seed % 4 == 0;
  options.matmul = seed % 5 == 0;
  options.batch = seed % 11 == 0 ? 2 : 1;
  Result<Graph> graph = run_passes(random_graph(seed, options));
  REQUIRE(graph);
  return *graph;
}

// Largest difference relative to the range of the expected values.
float relative_difference(const TensorValue& expected, const TensorValue& got) {
  const std::vector<float> a = expected.to_floats(), b = got.to_floats();
  const auto [lo, hi] = std::minmax_element(a.begin(), a.end());
  float worst = 0;
  for (std::size_t i = 0; i < a.size(); ++i) worst = std::max(worst, std::abs(a[i] - b[i]));
  return worst / std::max(*hi - *lo, 1e-3f);
}

std::int64_t differing_bytes(const std::vector<TensorValue>& expected,
                             const std::vector<TensorValue>& got) {
  std::int64_t count = 0;
  for (std::size_t i = 0; i < expected.size(); ++i) {
    const auto a = expected[i].bytes(), b = got[i].bytes();
    REQUIRE(a.size() == b.size());
    for (std::size_t k = 0; k < a.size(); ++k) count += a[k] != b[k] ? 1 : 0;
  }
  return count;
}

}  // namespace

TEST_CASE("random networks in float") {
  for (std::uint32_t seed = 1; seed <= testing::fewer_when_sanitized(60u); ++seed) {
    const Graph graph = simplified(seed);
    const auto inputs = random_inputs(graph, seed);
    const auto expected = interpret(graph, inputs);
    const auto got = testing::compile_and_execute(graph, inputs);
    for (std::size_t i = 0; i < expected.size(); ++i) {
      INFO("seed " << seed << ", output " << i << "\n" << print(graph));
      CHECK(relative_difference(expected[i], got[i]) <= 1e-5f);
    }
  }
}

TEST_CASE("random networks in int8") {
  for (std::uint32_t seed = 1; seed <= testing::fewer_when_sanitized(80u); ++seed) {
    const Graph graph = simplified(seed);
    const std::vector<std::vector<TensorValue>> samples{random_inputs(graph, seed),
                                                        random_inputs(graph, seed + 1000)};
    const Result<Ranges> ranges = calibrate(graph, samples, {});
    REQUIRE(ranges);
    const Result<Graph> quantized = quantize(graph, *ranges);
    INFO("seed " << seed << "\n" << print(graph));
    REQUIRE(quantized);
    std::vector<TensorValue> inputs;
    for (std::size_t i = 0; i < quantized->inputs.size(); ++i) {
      // Device layout on both sides: only quantized.
      Port port = quantized->inputs[i];
      port.permutation.clear();
      inputs.push_back(to_device(port, quantized->type(port.tensor), samples[0][i]));
    }
    const auto expected = interpret(*quantized, inputs);
    INFO(print(*quantized));
    const auto check = [&](const testing::ExecuteOptions& options) {
      CHECK(differing_bytes(expected, testing::compile_and_execute(*quantized, inputs, options)) ==
            0);
    };
    check({});
    check({.rows_per_step = 2});
    check({.without_copies = true});
    check({.plan = {.mode = PlanMode::whole}, .without_copies = true});
    if (quantized->inputs.size() == 1) {
      check({.plan = {.input_rows = true}});
      check({.plan = {.mode = PlanMode::whole, .input_rows = true}, .without_copies = true});
    }
  }
}
