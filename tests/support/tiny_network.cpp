// See tiny_network.h.
#include "tests/support/tiny_network.h"

#include <catch2/catch.hpp>
#include <fstream>

#include "compiler/plan/target.h"
#include "compiler/support/read_text.h"
#include "compiler/support/write_files.h"

namespace linnet::testing {
namespace {

TensorType int8(Shape shape, float scale, std::int32_t zero) {
  return {DType::i8, std::move(shape), Quantization{{scale}, {zero}, -1}};
}

}  // namespace

Graph tiny_graph() {
  Graph graph;
  graph.name = "tiny";
  const TensorId input = graph.add_tensor("input", int8({1, 4, 4, 2}, 0.05F, 3));
  graph.inputs.push_back({input, "input", {1, 2, 4, 4}, DType::f32, {0, 2, 3, 1}, {}});

  const TensorId gate = graph.add_node(Unary{Unary::Fn::sigmoid, 0, 0}, {input},
                                       int8({1, 4, 4, 2}, 1.0F / 256, -128), {"gate", "Sigmoid"});

  TensorType weights_type{
      DType::i8, {4, 1, 1, 2}, Quantization{{0.01F, 0.02F, 0.01F, 0.005F}, {0, 0, 0, 0}, 0}};
  const TensorId weights = graph.add_constant(
      "weights", TensorValue::of<std::int8_t>(weights_type, {1, -2, 3, 4, -127, 127, 50, 60}));
  TensorType bias_type{
      DType::i32,
      {4},
      Quantization{{0.01F / 256, 0.02F / 256, 0.01F / 256, 0.005F / 256}, {0, 0, 0, 0}, 0}};
  const TensorId bias =
      graph.add_constant("bias", TensorValue::of<std::int32_t>(bias_type, {100, -200, 0, 7}));
  const TensorId features = graph.add_node(Conv2d{}, {gate, weights, bias},
                                           int8({1, 4, 4, 4}, 0.01F, -5), {"features", "Conv"});
  Pool2d pool;
  pool.window.kernel = {2, 2};
  pool.window.stride = {2, 2};
  const TensorId pooled =
      graph.add_node(pool, {features}, int8({1, 2, 2, 4}, 0.01F, -5), {"pooled", "MaxPool"});
  const TensorId flat =
      graph.add_node(Reshape{{1, 16}}, {pooled}, int8({1, 16}, 0.01F, -5), {"flat", "Flatten"});
  graph.outputs.push_back({flat, "output", {1, 16}, DType::f32, {}, {}});
  return graph;
}

Compiled compile_tiny(const std::string& target, const EmitOptions& options,
                      const PlanOptions& plan) {
  Compiled made;
  made.graph = tiny_graph();
  made.float_graph = made.graph;
  made.model.sha256 = std::string(64, '0');
  made.model.opsets[""] = 17;
  made.target = *find_target(target);
  Result<PlannedProgram> planned = lower_and_plan(made.graph, made.target, plan);
  if (!planned) FAIL(format(planned.diagnostics()));
  made.program = std::move(planned->program);
  made.plan = std::move(planned->plan);
  emit_network(made, options);
  return made;
}

void write_tiny(const std::filesystem::path& folder) {
  REQUIRE(write_files(folder, compile_tiny("cortex-m7", {"tiny", true, WeightsFormat::cpp}).files));
}

void replace_in(const std::filesystem::path& path, const std::string& from, const std::string& to) {
  std::string text = read_text(path);
  const std::size_t at = text.find(from);
  REQUIRE(at != std::string::npos);
  text.replace(at, from.size(), to);
  std::ofstream(path, std::ios::binary) << text;
}

}  // namespace linnet::testing
