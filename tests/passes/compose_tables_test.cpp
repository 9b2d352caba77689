// Chains of int8 operators that become one table: the same bytes, fewer operators.
#include <catch2/catch.hpp>

#include "compiler/pipeline.h"
#include "compiler/quant/ranges.h"
#include "compiler/reference/interpreter.h"
#include "tests/support/execute.h"
#include "tests/support/single_op.h"

namespace linnet {
namespace {

using testing::Random;

// All 256 codes, as a small picture.
const Shape kShape{1, 16, 16, 1};

struct ChainBuilder {
  Graph graph;

  TensorId input(const std::string& name, const Quantization& q) {
    Port port;
    port.tensor = graph.add_tensor(name, {DType::i8, kShape, q});
    port.name = name;
    port.model_shape = kShape;
    graph.inputs.push_back(port);
    return port.tensor;
  }
  TensorId node(const std::string& name, Op op, std::vector<TensorId> inputs,
                std::optional<Quantization> q) {
    const DType dtype = q ? DType::i8 : DType::f32;
    return graph.add_node(std::move(op), std::move(inputs), {dtype, kShape, std::move(q)},
                          {name, name}, name);
  }
  void output(TensorId id) {
    Port port;
    port.tensor = id;
    port.name = graph.tensors[id].name;
    port.model_shape = kShape;
    graph.outputs.push_back(port);
  }
};

Quantization scaled(float scale, std::int32_t zero_point) { return {{scale}, {zero_point}, -1}; }

Binary pair_of(Binary::Fn fn) {
  Binary op;
  op.fn = fn;
  return op;
}

std::vector<TensorValue> all_codes(const Graph& graph, Random& random) {
  std::vector<TensorValue> inputs;
  for (const Port& port : graph.inputs) {
    std::vector<std::int8_t> codes(256);
    const auto offset = static_cast<std::size_t>(inputs.empty() ? 0 : random.integer(0, 255));
    for (std::size_t i = 0; i < 256; ++i) codes[i] = static_cast<std::int8_t>((i + offset) % 256);
    inputs.push_back(TensorValue::of(graph.type(port.tensor), codes));
  }
  return inputs;
}

bool same(const std::vector<TensorValue>& a, const std::vector<TensorValue>& b) {
  return std::equal(
      a.begin(), a.end(), b.begin(), b.end(), [](const TensorValue& x, const TensorValue& y) {
        return std::equal(x.bytes().begin(), x.bytes().end(), y.bytes().begin(), y.bytes().end());
      });
}

// The composed graph, after its results were compared with the given one's in the oracle and on the kernels.
Graph composed(const Graph& graph, std::uint64_t seed = 1) {
  REQUIRE(verify(graph, "test"));
  Graph made = compose_tables(graph);
  INFO(print(graph) << print(made));
  const Result<Nothing> sound = verify(made, "compose_tables");
  if (!sound) FAIL(format(sound.diagnostics()));
  Random random(seed);
  const std::vector<TensorValue> inputs = all_codes(graph, random);
  const std::vector<TensorValue> expected = interpret(graph, inputs);
  CHECK(same(interpret(made, inputs), expected));
  CHECK(same(testing::compile_and_execute(made, inputs), expected));
  return made;
}

TEST_CASE("compose_tables: a hard-swish in two parts is one table") {
  ChainBuilder b;
  const TensorId x = b.input("x", scaled(0.05f, 12));
  const TensorId gate =
      b.node("gate", Unary{Unary::Fn::hard_sigmoid, 1.0f / 6, 0.5f}, {x}, scaled(1.0f / 255, -128));
  const TensorId y = b.node("y", pair_of(Binary::Fn::mul), {x, gate}, scaled(0.026f, -115));
  b.output(y);
  const Graph made = composed(b.graph);
  REQUIRE(made.nodes.size() == 1);
  CHECK(made.nodes[0].origin.name == "y");
  CHECK(made.nodes[0].inputs[0] == made.inputs[0].tensor);
}

TEST_CASE("compose_tables: what else is read stays, and nothing is kept for longer") {
  ChainBuilder b;
  const TensorId x = b.input("x", scaled(0.05f, 12));
  const TensorId first = b.node("first", Unary{Unary::Fn::tanh, 0, 0}, {x}, scaled(1.0f / 127, 0));
  const TensorId second =
      b.node("second", Unary{Unary::Fn::abs, 0, 0}, {first}, scaled(1.0f / 255, -128));
  b.output(second);
  SECTION("alone") { CHECK(composed(b.graph).nodes.size() == 1); }
  SECTION("an output in between: from there on it is a table already") {
    b.output(first);
    const Graph made = composed(b.graph);
    REQUIRE(made.nodes.size() == 2);
    CHECK(made.nodes[1].inputs.size() == 1);
  }
  SECTION("the other factor is at hand: its table needs the gate no more") {
    b.output(b.node("third", pair_of(Binary::Fn::mul), {first, second}, scaled(0.01f, 0)));
    const Graph made = composed(b.graph);
    CHECK(made.nodes.size() == 3);
    for (const Node& node : made.nodes) CHECK_FALSE(std::holds_alternative<Binary>(node.op));
  }
}

TEST_CASE("compose_tables: two tensors are no function of one") {
  ChainBuilder b;
  const TensorId x = b.input("x", scaled(0.05f, 12));
  const TensorId y = b.input("y", scaled(0.02f, -3));
  b.output(b.node("sum", Binary{}, {x, y}, scaled(0.06f, 0)));
  CHECK(std::holds_alternative<Binary>(composed(b.graph).nodes.at(0).op));
}

TEST_CASE("compose_tables: a float island of one tensor goes") {
  ChainBuilder b;
  const TensorId x = b.input("x", scaled(0.05f, 12));
  const TensorId real = b.node("real", Dequantize{}, {x}, std::nullopt);
  const TensorId one =
      b.graph.add_constant("one", TensorValue::of<float>({DType::f32, {}, {}}, {1.25f}));
  const TensorId exp = b.node("exp", Unary{Unary::Fn::exp, 0, 0}, {real}, std::nullopt);
  const TensorId sum = b.node("sum", Binary{}, {exp, one}, std::nullopt);
  const TensorId ratio = b.node("ratio", pair_of(Binary::Fn::div), {real, sum}, std::nullopt);
  b.output(b.node("codes", Quantize{}, {ratio}, scaled(0.03f, 100)));
  CHECK(composed(b.graph).nodes.size() == 1);
}

// Random chains over two inputs.
Graph random_chain(std::uint64_t seed) {
  Random random(seed);
  const auto quantization = [&] {
    return scaled(random.real(0.005f, 0.1f), static_cast<std::int32_t>(random.integer(-60, 60)));
  };
  ChainBuilder b;
  std::vector<TensorId> codes{b.input("a", quantization()), b.input("b", quantization())};
  const std::vector<Unary> functions{{Unary::Fn::sigmoid, 0, 0},       {Unary::Fn::clamp, -1, 1},
                                     {Unary::Fn::hard_swish, 0, 0},    {Unary::Fn::neg, 0, 0},
                                     {Unary::Fn::leaky_relu, 0.1f, 0}, {Unary::Fn::exp, 0, 0},
                                     {Unary::Fn::affine, -1.5f, 0.25f}};
  const std::vector<Binary::Fn> pairs{Binary::Fn::add, Binary::Fn::sub, Binary::Fn::mul};
  const std::int64_t count = random.integer(2, 9);
  for (std::int64_t i = 0; i < count; ++i) {
    const std::string name = "n" + std::to_string(i);
    const TensorId x = random.chance(60) ? codes.back() : random.pick(codes);
    switch (random.integer(0, 4)) {
      case 0:
      case 1: codes.push_back(b.node(name, random.pick(functions), {x}, quantization())); break;
      case 2: codes.push_back(b.node(name, Requantize{}, {x}, quantization())); break;
      case 3: {
        Binary op = pair_of(random.pick(pairs));
        if (random.chance(30)) op.clamp = {-0.5f, 2};
        codes.push_back(b.node(name, op, {x, random.pick(codes)}, quantization()));
        break;
      }
      default: {
        const TensorId real = b.node(name + "_real", Dequantize{}, {x}, std::nullopt);
        const TensorId y = b.node(name + "_f", random.pick(functions), {real}, std::nullopt);
        codes.push_back(b.node(name, Quantize{}, {y}, quantization()));
      }
    }
  }
  b.output(codes.back());
  const TensorId other = random.pick(codes);
  if (other != codes.back() && other != codes[0] && other != codes[1]) b.output(other);
  compact(b.graph);
  return std::move(b.graph);
}

TEST_CASE("compose_tables: random chains give the same bytes and settle at once") {
  std::size_t before = 0, after = 0;
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    const Graph graph = random_chain(seed);
    const Graph made = composed(graph, seed);
    before += graph.nodes.size();
    after += made.nodes.size();
    REQUIRE(made.nodes.size() <= graph.nodes.size());
    REQUIRE(print(compose_tables(made)) == print(made));
  }
  CHECK(after * 2 < before);
}

// Its hard-swishes come in two parts; x and the gate of the widest layer would live together.
TEST_CASE("compose_tables: the quantized PhiNet needs the RAM of the one that Linnet quantizes") {
  CompileOptions options;
  options.model =
      std::string(LINNET_SOURCE_DIR) + "/models/phinet_96/variants/qdq_s8s8_per_channel/model.onnx";
  const Result<ImportedModel> model = import_and_simplify(options);
  REQUIRE(model);
  const Result<Graph> fused = fuse_qdq(model->graph);
  REQUIRE(fused);
  const Graph made = compose_tables(*fused);
  Random random(5);
  const std::vector<TensorValue> inputs{
      testing::random_value(random, fused->type(fused->inputs.at(0).tensor))};
  CHECK(same(interpret(made, inputs), interpret(*fused, inputs)));
  const auto arena_bytes = [](const Graph& graph) {
    const Result<PlannedProgram> planned =
        lower_and_plan(graph, testing::unlimited_target(), {PlanMode::whole});
    REQUIRE(planned);
    return planned->plan.arena_bytes;
  };
  CHECK(arena_bytes(*fused) > 100 * 1024);
  CHECK(arena_bytes(made) < 70 * 1024);
}

}  // namespace
}  // namespace linnet
