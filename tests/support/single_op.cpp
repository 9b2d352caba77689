// Single-operator graphs; see single_op.h.
#include "tests/support/single_op.h"

#include <fmt/format.h>

#include <catch2/catch.hpp>
#include <cmath>
#include <cstring>

#include "compiler/reference/interpreter.h"

namespace linnet::testing {

TensorType float_type(Shape shape) { return {DType::f32, std::move(shape), std::nullopt}; }

TensorType int8_type(Shape shape, float scale, std::int32_t zero_point) {
  return {DType::i8, std::move(shape), Quantization{{scale}, {zero_point}, -1}};
}

TensorType random_int8(Random& random, Shape shape, float scale) {
  const float factor = std::exp2(random.real(-2, 2));
  const std::int64_t zero =
      random.chance(25) ? (random.chance(50) ? -128 : 127) : random.integer(-128, 127);
  return int8_type(std::move(shape), scale * factor, static_cast<std::int32_t>(zero));
}

TensorValue random_value(Random& random, const TensorType& type) {
  const auto count = static_cast<std::size_t>(type.elements());
  if (type.dtype == DType::i8) {
    std::vector<std::int8_t> codes(count);
    for (auto& code : codes) {
      const std::int64_t v =
          random.chance(10) ? (random.chance(50) ? -128 : 127) : random.integer(-128, 127);
      code = static_cast<std::int8_t>(v);
    }
    return TensorValue::of(type, codes);
  }
  std::vector<float> values(count);
  for (auto& value : values) value = random.real(-3, 3);
  return TensorValue::of(type, values);
}

Graph graph_of(const SingleOp& single) {
  Graph graph;
  graph.name = "single";
  std::vector<TensorId> operands;
  for (std::size_t i = 0; i < single.inputs.size(); ++i) {
    const TensorId id = graph.add_tensor(fmt::format("x{}", i), single.inputs[i]);
    operands.push_back(id);
    graph.inputs.push_back(
        {id, graph.tensors[id].name, single.inputs[i].shape, DType::f32, {}, {}});
  }
  for (const TensorValue& constant : single.constants)
    operands.push_back(graph.add_constant("c", constant));
  const TensorId y =
      graph.add_node(single.op, operands, single.output, {"node", op_name(single.op)}, "y");
  graph.outputs.push_back({y, "y", single.output.shape, DType::f32, {}, {}});
  return graph;
}

namespace {

std::string first_difference(const TensorValue& expected, const TensorValue& got) {
  const auto size = static_cast<std::size_t>(size_bytes(expected.type.dtype));
  for (std::size_t i = 0; i * size < expected.bytes().size(); ++i) {
    if (std::memcmp(&expected.bytes()[i * size], &got.bytes()[i * size], size) == 0) continue;
    const std::vector<float> a = expected.to_floats(), b = got.to_floats();
    if (std::isnan(a[i]) && std::isnan(b[i])) continue;  // a NaN's payload is not defined
    return fmt::format("element {} of {}: oracle {}, kernel {}", i, a.size(), a[i], b[i]);
  }
  return {};
}

std::vector<TensorValue> random_inputs(const SingleOp& single, Random& random) {
  std::vector<TensorValue> inputs;
  for (const TensorType& type : single.inputs) inputs.push_back(random_value(random, type));
  return inputs;
}

}  // namespace

void check_against_oracle(const SingleOp& single, Random& random, const std::string& what) {
  const Graph graph = graph_of(single);
  const std::vector<TensorValue> inputs = random_inputs(single, random);
  const TensorValue expected = interpret(graph, inputs).front();
  for (const std::int64_t rows_per_step : {0, 1, 3}) {
    INFO(what << ", rows a step: " << rows_per_step << "\n" << print(graph));
    ExecuteOptions options;
    options.rows_per_step = rows_per_step;
    options.only_rows_under = true;
    const TensorValue got = compile_and_execute(graph, inputs, options).front();
    REQUIRE(first_difference(expected, got) == "");
  }
}

bool notices(const SingleOp& single, Random& random, const Mutation& mutation, int tries) {
  const Graph graph = graph_of(single);
  ExecuteOptions options;
  options.mutation = mutation;
  for (int i = 0; i < tries; ++i) {
    const std::vector<TensorValue> inputs = random_inputs(single, random);
    const TensorValue expected = interpret(graph, inputs).front();
    if (!first_difference(expected, compile_and_execute(graph, inputs, options).front()).empty())
      return true;
  }
  return false;
}

}  // namespace linnet::testing
