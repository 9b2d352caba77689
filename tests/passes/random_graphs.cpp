// Every pass, and all of them in a row, on random graphs: results stay, the graph stays valid, doing it twice changes
// nothing more.
#include <catch2/catch.hpp>

#include "tests/passes/check.h"

namespace linnet {
namespace {

struct Pass {
  const char* name;
  Result<Graph> (*run)(Graph);
};

Result<Graph> all_passes(Graph graph) { return run_passes(std::move(graph)); }

const Pass kPasses[] = {
    {"fold_constants", fold_constants},
    {"remove_identities", remove_identities},
    {"merge_duplicates", merge_duplicates},
    {"remove_dead_code", remove_dead_code},
    {"push_transposes", push_transposes},
    {"absorb_flatten", absorb_flatten},
    {"convert_matmul", convert_matmul},
    {"recognise_activations", recognise_activations},
    {"recognise_normalizations", recognise_normalizations},
    {"simplify_elementwise", simplify_elementwise},
    {"fold_batch_norm", fold_batch_norm},
    {"fold_scales", fold_scales},
    {"fold_pad", fold_pad},
    {"fuse_activations", fuse_activations},
    {"compose_linear", compose_linear},
    {"run_passes", all_passes},
};

void check(const Pass& pass, const Graph& graph, std::uint32_t seed) {
  INFO("pass " << pass.name << ", seed " << seed << "\n" << print(graph));
  Result<Graph> once = pass.run(graph);
  REQUIRE(once);
  INFO("became\n" << print(*once));
  const Result<Nothing> valid = verify(*once, pass.name);
  if (!valid) FAIL(format(valid.diagnostics()));
  const std::vector<TensorValue> inputs = random_inputs(graph, seed);
  CHECK(test::difference(test::run(graph, inputs), test::run(*once, inputs)) <= 1e-4);
  Result<Graph> twice = pass.run(*once);
  REQUIRE(twice);
  INFO("twice\n" << print(*twice));
  CHECK((print(*twice) == print(*once)));
}

void check_all(const RandomGraphOptions& options, std::uint32_t first, std::uint32_t count) {
  for (std::uint32_t seed = first; seed < first + count; ++seed) {
    const Graph graph = random_graph(seed, options);
    const Result<Nothing> valid = verify(graph, "random_graph");
    if (!valid) FAIL(format(valid.diagnostics()));
    for (const Pass& pass : kPasses) check(pass, graph, seed);
  }
}

}  // namespace

TEST_CASE("passes keep results: NHWC graphs") { check_all({}, 1, 40); }

TEST_CASE("passes keep results: graphs as exporters write them") {
  RandomGraphOptions options;
  options.exporter_style = true;
  options.batch_norm = true;
  options.composites = true;
  check_all(options, 1000, 60);
}

TEST_CASE("passes keep results: chains of linear operators") {
  RandomGraphOptions options;
  options.nodes = 8;
  options.exporter_style = true;
  options.batch_norm = true;
  options.unary = options.gate = options.reduce = options.softmax = options.resize = false;
  options.concat = options.pool = options.transpose = options.reshape = false;
  check_all(options, 2000, 40);
}

TEST_CASE("passes keep results: attention, batches") {
  RandomGraphOptions options;
  options.batch = 2;
  options.height = options.width = 6;
  options.matmul = true;
  options.composites = true;
  options.nodes = 10;
  check_all(options, 3000, 30);
}

}  // namespace linnet
