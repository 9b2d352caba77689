// Calibration, quantization of float graphs, and int8 operators from imported Dequantize and Quantize.
#include <catch2/catch.hpp>
#include <cmath>
#include <limits>
#include <random>

#include "compiler/quant/histogram.h"
#include "compiler/quant/ranges.h"
#include "compiler/quant/scales.h"
#include "compiler/quant/weights.h"
#include "compiler/reference/interpreter.h"

namespace linnet {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();

// Builds float graphs; every node's range is what the test gives.
struct Builder {
  Graph graph;
  Ranges ranges;

  TensorId note(TensorId id, Range range) {
    ranges.of.resize(graph.tensors.size());
    ranges.of[id] = range;
    return id;
  }
  TensorId input(const std::string& name, Shape shape, Range range = {-1, 1}) {
    const TensorId id = graph.add_tensor(name, {DType::f32, shape, {}});
    Port port;
    port.tensor = id;
    port.name = name;
    port.model_shape = std::move(shape);
    graph.inputs.push_back(std::move(port));
    return note(id, range);
  }
  TensorId node(const std::string& name, Op op, std::vector<TensorId> inputs, Shape shape,
                Range range = {-1, 1}) {
    return note(graph.add_node(std::move(op), std::move(inputs), {DType::f32, std::move(shape), {}},
                               {name, name}, name),
                range);
  }
  TensorId constant(const std::string& name, Shape shape, const std::vector<float>& values) {
    const TensorId id =
        graph.add_constant(name, TensorValue::of({DType::f32, std::move(shape), {}}, values));
    ranges.of.resize(graph.tensors.size());
    return id;
  }
  void output(TensorId id) {
    Port port;
    port.tensor = id;
    port.name = graph.tensors[id].name;
    port.model_shape = graph.type(id).shape;
    graph.outputs.push_back(std::move(port));
  }
  Graph quantized() {
    ranges.of.resize(graph.tensors.size());
    Result<Graph> result = quantize(graph, ranges);
    REQUIRE(result);
    CHECK(verify(*result, "quantize"));
    return *std::move(result);
  }
};

const Node& node_named(const Graph& graph, const std::string& name) {
  for (const Node& node : graph.nodes) {
    if (graph.tensors[node.output()].name == name) return node;
  }
  FAIL("no node makes '" << name << "' in\n" << print(graph));
  return graph.nodes.front();
}

template <class Kind>
int count(const Graph& graph) {
  int found = 0;
  for (const Node& node : graph.nodes) found += std::holds_alternative<Kind>(node.op) ? 1 : 0;
  return found;
}

const Quantization& scale_of(const Graph& graph, const std::string& name) {
  return *graph.type(node_named(graph, name).output()).quantization;
}

TEST_CASE("quantize: zero is a code, whatever the range") {
  CHECK(quantization_of({0, 25.5f}) == Quantization{{0.1f}, {-128}, -1});
  CHECK(quantization_of({-25.5f, 0}) == Quantization{{0.1f}, {127}, -1});
  CHECK(quantization_of({5, 25.5f}) == quantization_of({0, 25.5f}));
  for (const Range range : {Range{0, 0}, Range{1e-30f, 2e-30f}, Range{-1e-38f, 0}}) {
    CHECK(quantization_of(range).scale.front() == 1.0f / 255);
  }
  std::mt19937 random(3);
  for (int i = 0; i < 1000; ++i) {
    const Range range{
        -std::ldexp(static_cast<float>(random() % 1000), static_cast<int>(random() % 20) - 10),
        std::ldexp(static_cast<float>(random() % 1000), static_cast<int>(random() % 20) - 10)};
    const Quantization q = quantization_of(range);
    REQUIRE(q.zero_point.front() >= -128);
    REQUIRE(q.zero_point.front() <= 127);
    REQUIRE(q.scale.front() > 0);
  }
}

TEST_CASE("quantize: a convolution gets int8 weights and an int32 bias") {
  Builder b;
  const TensorId x = b.input("x", {1, 4, 4, 1}, {0, 2.55f});
  const TensorId w = b.constant("w", {2, 1, 1, 1}, {1.27f, -0.5f});
  const TensorId bias = b.constant("bias", {2}, {1, -1});
  Conv2d conv;
  conv.clamp = {0, 6};
  b.output(b.node("y", conv, {x, w, bias}, {1, 4, 4, 2}, {0, 10}));
  const Graph graph = b.quantized();
  const Node& node = node_named(graph, "y");
  const TensorValue& weights = graph.tensors[node.inputs[1]].constant;
  CHECK(weights.type.quantization->axis == 0);
  CHECK(static_cast<int>(weights.as<std::int8_t>()[0]) == 127);
  CHECK(static_cast<int>(weights.as<std::int8_t>()[1]) == -127);
  const TensorValue& codes = graph.tensors[node.inputs[2]].constant;
  CHECK(codes.type.dtype == DType::i32);
  CHECK(codes.as<std::int32_t>()[0] == 10000);  // 1 / (0.01 * 0.01)
  CHECK(codes.as<std::int32_t>()[1] == -25400);
  CHECK(scale_of(graph, "y") == quantization_of({0, 6}));  // the clamp bounds the range
  CHECK(graph.type(graph.inputs[0].tensor).dtype == DType::i8);
  CHECK(graph.type(graph.outputs[0].tensor).dtype == DType::i8);
  CHECK(graph.inputs[0].model_dtype == DType::f32);
}

TEST_CASE("quantize: dead channels keep their bias, huge sums their room") {
  const Quantization input{{0.01f}, {-128}, -1}, output{{0.1f}, {0}, -1};
  const TensorValue weights = TensorValue::of<float>({DType::f32, {3, 1}, {}}, {1.0f, 0.0f, 1e-9f});
  const TensorValue bias = TensorValue::of<float>({DType::f32, {3}, {}}, {1.0f, 5.0f, 5.0f});
  const QuantizedWeights quantized = quantize_weights(weights, &bias, input, output);
  const std::vector<float> back = dequantize_constant(*quantized.bias);
  for (std::size_t o = 0; o < 3; ++o) CHECK(back[o] == Approx(bias.as<float>()[o]).epsilon(1e-3));

  const std::vector<float> many(100000, 0.5f);
  const TensorValue wide = TensorValue::of({DType::f32, {1, 100000}, {}}, many);
  const QuantizedWeights fitted = quantize_weights(wide, nullptr, input, output);
  CHECK(static_cast<int>(fitted.weights.as<std::int8_t>()[0]) <= 64);
  CHECK(static_cast<float>(fitted.weights.as<std::int8_t>()[0]) *
            fitted.weights.type.quantization->scale[0] ==
        Approx(0.5f).epsilon(0.02));
}

TEST_CASE("quantize: sigmoid and softmax have the contract's scale") {
  Builder b;
  const TensorId x = b.input("x", {1, 8});
  const TensorId s = b.node("s", Unary{Unary::Fn::sigmoid, 0, 0}, {x}, {1, 8}, {0.2f, 0.7f});
  b.output(b.node("y", Softmax{1}, {s}, {1, 8}, {0.1f, 0.2f}));
  const Graph graph = b.quantized();
  CHECK(scale_of(graph, "s") == Quantization{{1.0f / 256}, {-128}, -1});
  CHECK(scale_of(graph, "y") == Quantization{{1.0f / 256}, {-128}, -1});
}

TEST_CASE("quantize: operators that copy codes share one scale") {
  Builder b;
  const TensorId x = b.input("x", {1, 4, 4, 2}, {-1, 1});
  const TensorId a = b.node("a", Unary{Unary::Fn::abs, 0, 0}, {x}, {1, 4, 4, 2}, {0, 3});
  Pool2d pool;
  pool.window.kernel = {2, 2};
  pool.window.stride = {2, 2};
  const TensorId p = b.node("p", pool, {a}, {1, 2, 2, 2}, {0, 2});
  b.output(b.node("y", Reshape{{1, 8}}, {p}, {1, 8}, {0, 2}));
  const Graph graph = b.quantized();
  for (const char* name : {"a", "p", "y"}) CHECK(scale_of(graph, name) == quantization_of({0, 3}));
  CHECK(count<Requantize>(graph) == 0);
}

TEST_CASE("quantize: producers make a concatenation's scale, unless others read them") {
  Builder b;
  const TensorId x = b.input("x", {1, 4});
  const TensorId narrow = b.node("narrow", Unary{Unary::Fn::abs, 0, 0}, {x}, {1, 4}, {0, 1});
  const TensorId wide = b.node("wide", Unary{Unary::Fn::neg, 0, 0}, {x}, {1, 4}, {-10, 10});
  b.output(b.node("y", Concat{1}, {narrow, wide}, {1, 8}, {-10, 10}));
  SECTION("read by nothing else") {
    const Graph graph = b.quantized();
    CHECK(scale_of(graph, "narrow") == quantization_of({-10, 10}));
    CHECK(count<Requantize>(graph) == 0);
  }
  SECTION("read by something else") {
    b.output(b.node("z", Unary{Unary::Fn::neg, 0, 0}, {narrow}, {1, 4}, {-1, 0}));
    const Graph graph = b.quantized();
    CHECK(scale_of(graph, "narrow") == quantization_of({0, 1}));
    CHECK(count<Requantize>(graph) == 1);
  }
  SECTION("a graph output keeps its own") {
    b.output(narrow);
    const Graph graph = b.quantized();
    CHECK(scale_of(graph, "narrow") == quantization_of({0, 1}));
    CHECK(count<Requantize>(graph) == 1);
  }
}

TEST_CASE(
    "quantize: a concatenation of sigmoids stays in their scale, a mixed one requantizes them") {
  Builder b;
  const TensorId x = b.input("x", {1, 4});
  const TensorId s = b.node("s", Unary{Unary::Fn::sigmoid, 0, 0}, {x}, {1, 4}, {0, 1});
  SECTION("only sigmoids") {
    b.output(b.node("y", Concat{1}, {s, s}, {1, 8}, {0, 1}));
    const Graph graph = b.quantized();
    CHECK(scale_of(graph, "y") == Quantization{{1.0f / 256}, {-128}, -1});
    CHECK(count<Requantize>(graph) == 0);
  }
  SECTION("mixed") {
    const TensorId n = b.node("n", Unary{Unary::Fn::neg, 0, 0}, {x}, {1, 4}, {-4, 4});
    b.output(b.node("y", Concat{1}, {s, n}, {1, 8}, {-4, 4}));
    const Graph graph = b.quantized();
    CHECK(scale_of(graph, "s") == Quantization{{1.0f / 256}, {-128}, -1});
    CHECK(scale_of(graph, "y") == quantization_of({-4, 4}));
    CHECK(count<Requantize>(graph) == 1);
  }
}

TEST_CASE(
    "quantize: what has no int8 form runs in float, and what only moves data between such with "
    "it") {
  Builder b;
  const TensorId x = b.input("x", {1, 4});
  const TensorId y = b.input("y", {1, 4}, {1, 2});
  Binary divide;
  divide.fn = Binary::Fn::div;
  const TensorId d = b.node("d", divide, {x, y}, {1, 4});
  const TensorId r = b.node("r", Reshape{{2, 2}}, {d}, {2, 2});
  const TensorId e = b.node("e", divide, {r, r}, {2, 2});
  b.output(b.node("z", Unary{Unary::Fn::neg, 0, 0}, {e}, {2, 2}));
  const Graph graph = b.quantized();
  CHECK(graph.type(node_named(graph, "r").output()).dtype == DType::f32);
  CHECK(graph.type(node_named(graph, "z").output()).dtype == DType::i8);
  CHECK(count<Dequantize>(graph) == 2);
  CHECK(count<Quantize>(graph) == 1);
}

TEST_CASE("quantize: arithmetic with one number is a table") {
  Builder b;
  const TensorId x = b.input("x", {1, 4});
  const TensorId c = b.constant("c", {1}, {3});
  Binary subtract;
  subtract.fn = Binary::Fn::sub;
  b.output(b.node("y", subtract, {c, x}, {1, 4}, {2, 4}));
  const Graph graph = b.quantized();
  CHECK(std::get<Unary>(node_named(graph, "y").op) == Unary{Unary::Fn::affine, -1, 3});
}

TEST_CASE("quantize: constant operands become codes with their own scale") {
  Builder b;
  const TensorId x = b.input("x", {1, 4});
  const TensorId c = b.constant("c", {4}, {0, 1, 2, 2.55f});
  b.output(b.node("y", Binary{}, {x, c}, {1, 4}, {-1, 4}));
  const Graph graph = b.quantized();
  const Tensor& constant = graph.tensors[node_named(graph, "y").inputs[1]];
  CHECK(constant.type.dtype == DType::i8);
  CHECK(*constant.type.quantization == quantization_of({0, 2.55f}));
}

TEST_CASE("quantize: what a table levels off is not worth codes before it") {
  Builder b;
  const TensorId x = b.input("x", {1, 4}, {-50, 50});
  const TensorId a = b.node("a", Unary{Unary::Fn::neg, 0, 0}, {x}, {1, 4}, {-50, 4});
  b.output(b.node("y", Unary{Unary::Fn::hard_swish, 0, 0}, {a}, {1, 4}, {-0.375f, 4}));
  SECTION("read by the table only") {
    CHECK(scale_of(b.quantized(), "a") == quantization_of({-3, 4}));
  }
  SECTION("read by another operator") {
    b.output(b.node("z", Unary{Unary::Fn::abs, 0, 0}, {a}, {1, 4}, {0, 50}));
    CHECK(scale_of(b.quantized(), "a") == quantization_of({-50, 4}));
  }
}

TEST_CASE("calibrate: minmax covers what every sample showed, degenerate tensors get a range") {
  Builder b;
  const TensorId x = b.input("x", {4});
  const TensorId n = b.node("n", Unary{Unary::Fn::neg, 0, 0}, {x}, {4});
  const TensorId z = b.node("z", Unary{Unary::Fn::affine, 0, 0}, {n}, {4});
  b.output(z);
  const TensorType type{DType::f32, {4}, {}};
  const std::vector<std::vector<TensorValue>> samples{
      {TensorValue::of<float>(type, {1, 2, 3, kInfinity})},
      {TensorValue::of<float>(type, {-7, 0, 0, 0})}};
  for (const CalibrationMethod method :
       {CalibrationMethod::minmax, CalibrationMethod::percentile, CalibrationMethod::mse}) {
    const Result<Ranges> ranges = calibrate(b.graph, samples, {method, 100});
    REQUIRE(ranges);
    CHECK(ranges->of[x].hi == Approx(3).epsilon(0.1));
    CHECK(ranges->of[x].lo == Approx(-7).epsilon(0.1));
    CHECK(ranges->of[n].lo == Approx(-3).epsilon(0.1));
    CHECK(ranges->of[z].lo < ranges->of[z].hi);
  }
}

TEST_CASE("histogram: any order of the same values gives the same ranges") {
  std::mt19937 random(7);
  std::normal_distribution<float> normal;
  std::vector<float> values(20000);
  for (float& value : values) value = normal(random);
  values[100] = 60;  // an outlier
  Histogram once, parts;
  once.add(values);
  for (std::size_t i = values.size(); i >= 1000; i -= 1000)
    parts.add(std::span(values).subspan(i - 1000, 1000));
  CHECK(once.observed().hi == 60);
  for (const double percent : {50.0, 99.0, 99.99})
    CHECK(once.percentile(percent).hi == parts.percentile(percent).hi);
  CHECK(once.least_squares().hi == parts.least_squares().hi);

  CHECK(once.percentile(100).hi == 60);
  CHECK(once.percentile(99.9).hi == Approx(3.29).epsilon(0.05));
  CHECK(once.percentile(99.9).lo == Approx(-3.29).epsilon(0.05));
  // Least squares gives up neither the bulk nor the outlier blindly.
  CHECK(once.least_squares().hi > 3);
}

TEST_CASE("histogram: zeros cost nothing, so they do not shrink the range") {
  Histogram histogram;
  std::vector<float> values(100000, 0.0f);
  for (std::size_t i = 0; i < 100; ++i) values[i] = 0.01f * static_cast<float>(i);
  histogram.add(values);
  CHECK(histogram.least_squares().hi == Approx(0.99).epsilon(0.05));
  CHECK(Histogram{}.least_squares().hi == 0);
}

// ---- imported quantized graphs ----

struct QdqBuilder : Builder {
  TensorId dequantize(TensorId codes) {
    return node(graph.tensors[codes].name + "_dq", Dequantize{}, {codes}, graph.type(codes).shape);
  }
  TensorId quantize(TensorId x, Quantization q) {
    const TensorId id = node(graph.tensors[x].name + "_q", Quantize{}, {x}, graph.type(x).shape);
    graph.tensors[id].type = {DType::i8, graph.type(x).shape, std::move(q)};
    return id;
  }
  TensorId codes(const std::string& name, DType dtype, Shape shape, Quantization q,
                 const std::vector<int>& values) {
    const TensorType type{dtype, std::move(shape), std::move(q)};
    if (dtype == DType::i32) return graph.add_constant(name, TensorValue::of(type, values));
    return graph.add_constant(
        name, TensorValue::of(type, std::vector<std::int8_t>(values.begin(), values.end())));
  }
  Graph fused() {
    REQUIRE(verify(graph, "import"));
    Result<Graph> result = fuse_qdq(graph);
    REQUIRE(result);
    INFO(print(*result));
    const Result<Nothing> sound = verify(*result, "fuse_qdq");
    if (!sound) FAIL(format(sound.diagnostics()) << print(*result));
    return *std::move(result);
  }
};

const Quantization kFine{{0.01f}, {3}, -1};
const Quantization kCoarse{{0.05f}, {-7}, -1};

TEST_CASE("fuse_qdq: a convolution keeps the model's parameters") {
  QdqBuilder b;
  const TensorId x = b.dequantize(b.quantize(b.input("x", {1, 2, 2, 1}), kFine));
  const TensorId w =
      b.dequantize(b.codes("w", DType::i8, {2, 1, 1, 1}, {{0.5f, 0.25f}, {0, 0}, 0}, {-128, 100}));
  // The second bias is in another scale than 0.01 * 0.25.
  const TensorId bias =
      b.dequantize(b.codes("b", DType::i32, {2}, {{0.005f, 0.005f}, {0, 0}, 0}, {1000, 1000}));
  b.output(b.dequantize(b.quantize(b.node("y", Conv2d{}, {x, w, bias}, {1, 2, 2, 2}), kCoarse)));
  const Graph graph = b.fused();
  REQUIRE(graph.nodes.size() == 1);
  const Node& conv = graph.nodes.front();
  CHECK(graph.inputs[0].tensor == conv.inputs[0]);
  CHECK(*graph.type(conv.inputs[0]).quantization == kFine);
  CHECK(*graph.type(conv.output()).quantization == kCoarse);
  CHECK(graph.outputs[0].tensor == conv.output());
  CHECK(graph.inputs[0].model_dtype == DType::f32);
  CHECK(static_cast<int>(graph.tensors[conv.inputs[1]].constant.as<std::int8_t>()[0]) == -128);
  CHECK(graph.tensors[conv.inputs[2]].constant.as<std::int32_t>()[0] == 1000);
  CHECK(graph.tensors[conv.inputs[2]].constant.as<std::int32_t>()[1] == 2000);
}

TEST_CASE("fuse_qdq: layout changes on either side do not keep an operator in float") {
  QdqBuilder b;
  const TensorId x = b.dequantize(b.quantize(b.input("x", {1, 1, 2, 3}), kFine));
  const TensorId t = b.node("t", Transpose{{0, 2, 3, 1}}, {x}, {1, 2, 3, 1});
  const TensorId w = b.dequantize(b.codes("w", DType::i8, {2, 1, 1, 1}, {{0.5f}, {0}, -1}, {1, 2}));
  const TensorId y = b.node("y", Conv2d{}, {t, w}, {1, 2, 3, 2});
  const TensorId back = b.node("back", Transpose{{0, 3, 1, 2}}, {y}, {1, 2, 2, 3});
  b.output(b.dequantize(b.quantize(back, kCoarse)));
  const Graph graph = b.fused();
  CHECK(graph.nodes.size() == 3);
  CHECK(count<Quantize>(graph) + count<Dequantize>(graph) == 0);
}

TEST_CASE("fuse_qdq: copies requantize where the model's scales differ") {
  QdqBuilder b;
  const TensorId x = b.dequantize(b.quantize(b.input("x", {1, 4}), kFine));
  const TensorId y = b.dequantize(b.quantize(b.input("y", {1, 4}), kCoarse));
  b.output(b.dequantize(b.quantize(b.node("c", Concat{1}, {x, y}, {1, 8}), kCoarse)));
  const Graph graph = b.fused();
  CHECK(count<Requantize>(graph) == 1);
  CHECK(count<Concat>(graph) == 1);
  CHECK(graph.nodes.size() == 2);
}

TEST_CASE("fuse_qdq: int8 ports around a copy leave only the copy") {
  QdqBuilder b;
  const TensorId port = b.input("x", {1, 4});
  b.graph.tensors[port].type = {DType::i8, {1, 4}, kFine};
  SECTION("a copy") {
    b.output(b.quantize(b.node("r", Reshape{{2, 2}}, {b.dequantize(port)}, {2, 2}), kFine));
    const Graph graph = b.fused();
    REQUIRE(graph.nodes.size() == 1);
    CHECK(count<Reshape>(graph) == 1);
  }
  SECTION("not even a copy") {
    b.output(b.quantize(b.dequantize(port), kFine));
    const Graph graph = b.fused();
    REQUIRE(graph.nodes.size() == 1);
    CHECK(count<Requantize>(graph) == 1);
  }
}

TEST_CASE("fuse_qdq: max pool, min and max run on codes") {
  QdqBuilder b;
  const TensorId x = b.dequantize(b.quantize(b.input("x", {1, 2, 2, 1}), kFine));
  const TensorId y = b.dequantize(b.quantize(b.input("y", {1, 2, 2, 1}), kFine));
  Binary max;
  max.fn = Binary::Fn::max;
  const TensorId m = b.dequantize(b.quantize(b.node("m", max, {x, y}, {1, 2, 2, 1}), kFine));
  Pool2d pool;
  pool.window.kernel = {2, 2};
  b.output(b.dequantize(b.quantize(b.node("p", pool, {m}, {1, 1, 1, 1}), kCoarse)));
  const Graph graph = b.fused();
  CHECK(count<Quantize>(graph) + count<Dequantize>(graph) == 0);
  CHECK(count<Requantize>(graph) == 1);
}

TEST_CASE("fuse_qdq: what has no int8 form, or was not quantized, stays in float") {
  QdqBuilder b;
  const TensorId x = b.dequantize(b.quantize(b.input("x", {1, 4}), kFine));
  const TensorId y = b.dequantize(b.quantize(b.input("y", {1, 4}), kFine));
  Binary divide;
  divide.fn = Binary::Fn::div;
  const TensorId d = b.dequantize(b.quantize(b.node("d", divide, {x, y}, {1, 4}), kCoarse));
  const TensorId scale =
      b.dequantize(b.codes("scale", DType::i8, {1, 4}, {{0.5f}, {0}, -1}, {1, 2, 3, 4}));
  Binary multiply;
  multiply.fn = Binary::Fn::mul;
  const TensorId f = b.node("f", multiply, {d, scale}, {1, 4});  // nothing quantizes this
  b.output(f);
  const Graph graph = b.fused();
  CHECK(graph.type(node_named(graph, "d").output()).dtype == DType::f32);
  const Node& last = node_named(graph, "f");
  CHECK(graph.type(last.output()).dtype == DType::f32);
  CHECK(graph.is_constant(last.inputs[1]));  // dequantized once, now
  CHECK(graph.type(last.inputs[1]).dtype == DType::f32);
}

TEST_CASE("fuse_qdq: the fused graph computes what the float islands did, within a step") {
  QdqBuilder b;
  const TensorId x = b.dequantize(b.quantize(b.input("x", {1, 3, 3, 2}), kFine));
  const TensorId w = b.dequantize(
      b.codes("w", DType::i8, {2, 1, 1, 2}, {{0.02f, 0.03f}, {0, 0}, 0}, {50, -20, 30, 90}));
  const TensorId y = b.dequantize(b.quantize(b.node("y", Conv2d{}, {x, w}, {1, 3, 3, 2}), kFine));
  const TensorId s =
      b.dequantize(b.quantize(b.node("s", Unary{Unary::Fn::silu, 0, 0}, {y}, {1, 3, 3, 2}), kFine));
  b.output(b.dequantize(b.quantize(b.node("a", Binary{}, {s, x}, {1, 3, 3, 2}), kCoarse)));
  const Graph graph = b.fused();
  CHECK(graph.nodes.size() == 3);
  std::vector<float> values;
  for (int i = 0; i < 18; ++i) values.push_back(0.13f * static_cast<float>(i - 9));
  const TensorValue sample = TensorValue::of({DType::f32, {1, 3, 3, 2}, {}}, values);
  const std::vector<TensorValue> expected = interpret(b.graph, {sample});
  const TensorValue codes = to_device(graph.inputs[0], graph.type(graph.inputs[0].tensor), sample);
  const std::vector<float> made =
      to_model(graph.outputs[0], interpret(graph, {codes})[0]).to_floats();
  for (std::size_t i = 0; i < made.size(); ++i)
    CHECK(std::fabs(made[i] - expected[0].as<float>()[i]) < 0.051f);
}

}  // namespace
}  // namespace linnet
