// Joins and parts of channels that need no copy (compiler/lower/slices.h): which can be left out, and that the same bytes
// come out without them.
#include "compiler/lower/slices.h"

#include <catch2/catch.hpp>

#include "compiler/lower/lower.h"
#include "compiler/reference/interpreter.h"
#include "tests/support/execute.h"
#include "tests/support/random_graph.h"

using namespace linnet;

namespace {

TensorType codes(Shape shape) {
  return {DType::i8, std::move(shape), Quantization{{0.05F}, {3}, -1}};
}

// Two halves of the channels, seen as `half` each, and their sum.
Graph sum_of_halves(const Shape& whole, const Shape& half) {
  Graph graph;
  const TensorId x = graph.add_tensor("x", codes(whole));
  graph.inputs.push_back({x, "x", whole, DType::f32, {}, {}});
  const TensorId moved =
      graph.add_node(Unary{Unary::Fn::tanh, 0, 0}, {x}, codes(whole), {"moved", "Tanh"});
  std::vector<TensorId> halves;
  for (std::int64_t i = 0; i < 2; ++i) {
    Shape size = whole;
    size.back() /= 2;
    std::vector<std::int64_t> start(whole.size(), 0);
    start.back() = i * size.back();
    const std::string name = "half" + std::to_string(i);
    TensorId part = graph.add_node(Slice{start, std::vector<std::int64_t>(whole.size(), 1), size},
                                   {moved}, codes(size), {name, "Slice"});
    if (half != size)
      part = graph.add_node(Reshape{half}, {part}, codes(half), {name + "_seen", "Reshape"});
    halves.push_back(part);
  }
  Binary add;
  add.fn = Binary::Fn::add;
  const TensorId y = graph.add_node(add, halves, codes(half), {"sum", "Add"});
  graph.outputs.push_back({y, "y", half, DType::f32, {}, {}});
  return graph;
}

void check_same_bytes(const Graph& graph) {
  const std::vector<TensorValue> inputs = random_inputs(graph, 5);
  const std::vector<TensorValue> expected = interpret(graph, inputs);
  for (const bool without_copies : {false, true}) {
    testing::ExecuteOptions options;
    options.without_copies = without_copies;
    const std::vector<TensorValue> got = testing::compile_and_execute(graph, inputs, options);
    const auto a = expected[0].bytes(), b = got[0].bytes();
    CHECK(std::equal(a.begin(), a.end(), b.begin(), b.end()));
  }
}

}  // namespace

TEST_CASE("parts of channels need no copy where kernels take a pitch") {
  const Graph graph = sum_of_halves({1, 6, 5, 24}, {1, 6, 5, 12});
  const Result<Program> program = lower(graph);
  REQUIRE(program);
  CHECK(removable_copies(*program).size() == 2);
  check_same_bytes(graph);
}

TEST_CASE("a part that is seen in other pixels keeps its copy") {
  const Graph graph = sum_of_halves({1, 8, 24}, {1, 8, 3, 4});
  const Result<Program> program = lower(graph);
  REQUIRE(program);
  CHECK(removable_copies(*program).empty());
  check_same_bytes(graph);
}
