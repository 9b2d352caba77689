// What each pass makes of a small graph, as text.
#include <catch2/catch.hpp>

#include "compiler/passes/rewrite.h"
#include "tests/passes/check.h"

namespace linnet {
namespace {

// A graph by hand: `Sketch s({1, 4, 4, 2}); s.node(op, {s.x, ...}); s.done(y)`.
struct Sketch {
  Graph graph;
  TensorId x;

  explicit Sketch(const Shape& shape) {
    graph.name = "g";
    x = graph.add_tensor("x", TensorType{DType::f32, shape, {}});
    graph.inputs.push_back(Port{x, "x", shape, DType::f32, {}, {}});
  }
  TensorId node(Op op, std::vector<TensorId> inputs) {
    const Origin origin{"n" + std::to_string(graph.nodes.size()), op_name(op)};
    return append_node(graph, std::move(op), std::move(inputs), origin);
  }
  TensorId unary(Unary::Fn fn, TensorId input, float alpha = 0, float beta = 0) {
    return node(Unary{fn, alpha, beta}, {input});
  }
  TensorId binary(Binary::Fn fn, TensorId a, TensorId b) { return node(Binary{fn, {}}, {a, b}); }
  TensorId fill(const Shape& shape, float value) {
    return add_floats(graph, "c", shape,
                      std::vector<float>(static_cast<std::size_t>(element_count(shape)), value));
  }
  TensorId scalar(float value) { return fill({}, value); }
  TensorId conv(TensorId input, std::int64_t outputs, Window window = {}) {
    return node(
        Conv2d{window, 1, {}},
        {input,
         fill({outputs, window.kernel[0], window.kernel[1], graph.type(input).shape[3]}, 0.5f),
         fill({outputs}, 1.0f)});
  }
  Graph done(TensorId y) {
    graph.outputs.push_back(Port{y, "y", graph.type(y).shape, DType::f32, {}, {}});
    return graph;
  }
};

// The lines of the nodes, without types and origins: "Conv2d relu (t0, c0:2x1x1x2)".
std::string nodes_of(const Graph& graph) {
  std::string text = print(graph);
  std::string result;
  for (std::size_t at = text.find("\n  t"); at != std::string::npos;
       at = text.find("\n  t", at + 1)) {
    const std::size_t from = text.find(" = ", at) + 3;
    result += text.substr(from, text.find("   #", at) - from) + "\n";
  }
  return result;
}

std::string nodes_of(Result<Graph> graph) { return nodes_of(test::must(std::move(graph))); }

constexpr float kInfinity = std::numeric_limits<float>::infinity();
using Fn = Unary::Fn;
using B = Binary::Fn;

}  // namespace

TEST_CASE("print: a whole graph") {
  Sketch s({1, 4, 6, 2});
  const TensorId c = s.conv(s.x, 3, Window{{3, 3}, {2, 2}, {1, 1}, {1, 1, 1, 1}});
  const Graph graph = s.done(s.unary(Fn::affine, c, 2, -0.5f));
  CHECK(print(graph) ==
        "graph g\n"
        "input  t0 f32[1x4x6x2] = 'x' 1x4x6x2\n"
        "  t1 f32[1x2x3x3] = Conv2d 3x3 s2 p1,1,1,1 (t0, c0:3x3x3x2, c1:3)   # 'n0' (Conv2d)\n"
        "  t2 f32[1x2x3x3] = Unary affine 2 -0.5 (t1)   # 'n1' (Unary)\n"
        "output 'y' 1x2x3x3 = t2\n");
}

TEST_CASE("fold_constants: computes what is constant, leaves dequantized weights") {
  Sketch s({1, 2});
  const TensorId sum = s.binary(B::add, s.scalar(2), s.scalar(3));
  const TensorType codes{DType::i8, {2}, Quantization{{0.5f}, {0}, -1}};
  const TensorId q =
      s.graph.add_constant("q", TensorValue::of(codes, std::vector<std::int8_t>{4, 6}));
  const TensorId reals = s.graph.add_node(Dequantize{}, {q}, TensorType{DType::f32, {2}, {}},
                                          Origin{"d", "DequantizeLinear"});
  const Graph graph = s.done(s.binary(B::add, s.binary(B::mul, s.x, sum), reals));
  CHECK(nodes_of(fold_constants(graph)) ==
        "Dequantize (c0:2)\nBinary mul (t0, c1=5)\nBinary add (t2, t1)\n");
}

TEST_CASE("fold_batch_norm: into the convolution before it") {
  Sketch s({1, 4, 4, 2});
  const TensorId c = s.conv(s.x, 3, Window{{3, 3}, {1, 1}, {1, 1}, {1, 1, 1, 1}});
  const Graph graph = s.done(
      s.node(BatchNorm{}, {c, s.fill({3}, 2), s.fill({3}, 1), s.fill({3}, 0.5f), s.fill({3}, 4)}));
  const Graph folded = test::must(fold_batch_norm(graph));
  CHECK(nodes_of(folded) == "Conv2d 3x3 p1,1,1,1 (t0, c0:3x3x3x2, c1:3)\n");
  const TensorValue& weights = folded.tensors[folded.nodes[0].inputs[1]].constant;
  CHECK(weights.as<float>()[0] == Approx(0.5));  // times 2 / sqrt(4)
  const TensorValue& bias = folded.tensors[folded.nodes[0].inputs[2]].constant;
  CHECK(bias.as<float>()[0] == Approx(1.0 + 1 - 0.5));
}

TEST_CASE("fold_batch_norm: into the convolution after it only when nothing is padded") {
  const auto graph = [](const Pads& pads) {
    Sketch s({1, 4, 4, 2});
    const TensorId n = s.node(
        BatchNorm{}, {s.x, s.fill({2}, 2), s.fill({2}, 1), s.fill({2}, 0.5f), s.fill({2}, 4)});
    return s.done(s.conv(n, 3, Window{{3, 3}, {1, 1}, {1, 1}, pads}));
  };
  CHECK(nodes_of(fold_batch_norm(graph({}))) == "Conv2d 3x3 (t0, c0:3x3x3x2, c1:3)\n");
  CHECK(
      nodes_of(fold_batch_norm(graph({1, 1, 1, 1}))) ==
      "Binary mul (t0, c0:2)\nBinary add (t1, c1:2)\nConv2d 3x3 p1,1,1,1 (t2, c2:3x3x3x2, c3:3)\n");
}

TEST_CASE("fold_scales: a tensor with another reader keeps its convolution") {
  Sketch s({1, 4, 4, 2});
  const TensorId c = s.conv(s.x, 2);
  const Graph graph = s.done(s.binary(B::add, c, s.unary(Fn::affine, c, 2, 1)));
  CHECK(nodes_of(fold_scales(graph)) == nodes_of(graph));
}

TEST_CASE("fold_pad") {
  const auto padded = [](float value) {
    Sketch s({1, 4, 4, 2});
    return std::pair{s.node(Pad{Pad::Mode::constant, {0, 0, 1, 0}, {0, 1, 1, 0}, value}, {s.x}), s};
  };
  auto [p, s] = padded(0);
  Sketch into_conv = s;
  CHECK(nodes_of(
            fold_pad(into_conv.done(into_conv.conv(p, 1, Window{{3, 3}, {1, 1}, {1, 1}, {}})))) ==
        "Conv2d 3x3 p0,1,1,1 (t0, c0:1x3x3x2, c1=1)\n");
  Sketch into_average = s;
  const Pool2d average{Pool2d::Kind::average, Window{{2, 2}, {1, 1}, {1, 1}, {}}, false, {}};
  CHECK(nodes_of(fold_pad(into_average.done(into_average.node(average, {p})))) ==
        "Pool2d average 2x2 p0,1,1,1 include 0,1,1,1 (t0)\n");
  Sketch into_max = s;  // the input may be negative: 0 is not neutral
  const Pool2d max{Pool2d::Kind::max, Window{{2, 2}, {1, 1}, {1, 1}, {}}, false, {}};
  const Graph kept = into_max.done(into_max.node(max, {p}));
  CHECK(nodes_of(fold_pad(kept)) == nodes_of(kept));
  auto [q, t] = padded(1);
  const Graph other_value = t.done(t.conv(q, 1, Window{{3, 3}, {1, 1}, {1, 1}, {}}));
  CHECK(nodes_of(fold_pad(other_value)) == nodes_of(other_value));
}

TEST_CASE("fuse_activations: clamps join what they follow") {
  Sketch s({1, 4, 4, 2});
  const TensorId y = s.unary(Fn::clamp, s.unary(Fn::clamp, s.conv(s.x, 2), 0, kInfinity), -1, 6);
  CHECK(nodes_of(fuse_activations(s.done(y))) == "Conv2d 1x1 relu6 (t0, c0:2x1x1x2, c1:2)\n");
}

TEST_CASE("simplify_elementwise") {
  Sketch s({1, 4});
  const TensorId y = s.binary(
      B::div, s.binary(B::sub, s.scalar(1), s.binary(B::mul, s.x, s.scalar(3))), s.scalar(2));
  CHECK(nodes_of(simplify_elementwise(s.done(y))) == "Unary affine -1.5 0.5 (t0)\n");
  Sketch t({1, 4});
  CHECK(nodes_of(simplify_elementwise(t.done(t.binary(B::max, t.x, t.scalar(0))))) ==
        "Unary relu (t0)\n");
}

TEST_CASE("recognise_activations") {
  const auto recognised = [](auto&& build) {
    Sketch s({1, 4});
    const Graph graph = s.done(build(s));
    Graph result = test::must(recognise_activations(test::must(simplify_elementwise(graph))));
    result = test::must(simplify_elementwise(std::move(result)));
    return nodes_of(remove_identities(std::move(result)));
  };
  CHECK(recognised([](Sketch& s) { return s.binary(B::mul, s.unary(Fn::sigmoid, s.x), s.x); }) ==
        "Unary silu (t0)\n");
  CHECK(recognised([](Sketch& s) {
          const TensorId clip = s.unary(Fn::clamp, s.binary(B::add, s.x, s.scalar(3)), 0, 6);
          return s.binary(B::mul, s.x, s.binary(B::div, clip, s.scalar(6)));
        }) == "Unary hard_swish (t0)\n");
  CHECK(recognised([](Sketch& s) {
          const TensorId clip = s.unary(Fn::clamp, s.binary(B::add, s.scalar(3), s.x), 0, 6);
          return s.binary(B::mul, s.binary(B::mul, s.x, clip), s.scalar(1.0f / 6));
        }) == "Unary hard_swish (t0)\n");
  CHECK(recognised([](Sketch& s) {
          const TensorId e = s.unary(Fn::erf, s.binary(B::div, s.x, s.scalar(1.41421356f)));
          return s.binary(B::mul, s.binary(B::mul, s.x, s.binary(B::add, e, s.scalar(1))),
                          s.scalar(0.5f));
        }) == "Unary gelu (t0)\n");
  CHECK(recognised([](Sketch& s) {
          const TensorId e = s.unary(Fn::erf, s.binary(B::mul, s.x, s.scalar(0.70710678f)));
          return s.binary(B::mul, s.binary(B::mul, s.scalar(0.5f), s.x),
                          s.binary(B::add, s.scalar(1), e));
        }) == "Unary gelu (t0)\n");
  CHECK(recognised([](Sketch& s) {
          return s.unary(Fn::clamp,
                         s.binary(B::add, s.binary(B::mul, s.x, s.scalar(0.2f)), s.scalar(0.5f)), 0,
                         1);
        }) == "Unary hard_sigmoid 0.2 0.5 (t0)\n");
  // The gate of another tensor is no activation.
  CHECK(recognised([](Sketch& s) {
          return s.binary(B::mul, s.unary(Fn::sigmoid, s.unary(Fn::tanh, s.x)), s.x);
        }) == "Unary tanh (t0)\nUnary sigmoid (t1)\nBinary mul (t2, t0)\n");
}

TEST_CASE("recognise_normalizations") {
  Sketch s({1, 3, 4});
  const TensorId d = s.binary(B::sub, s.x, s.node(Reduce{Reduce::Kind::mean, {2}, true}, {s.x}));
  const TensorId v = s.node(Reduce{Reduce::Kind::mean, {2}, true}, {s.unary(Fn::pow, d, 2)});
  const TensorId y = s.binary(B::div, d, s.unary(Fn::sqrt, s.unary(Fn::affine, v, 1, 0.001f)));
  const Graph norm = s.done(s.binary(B::add, s.binary(B::mul, y, s.fill({4}, 2)), s.fill({4}, 1)));
  CHECK(nodes_of(recognise_normalizations(norm)) ==
        "LayerNorm axis 2 eps 0.001 (t0, c0:4, c1:4)\n");

  Sketch t({1, 3, 4});
  const TensorId shifted =
      t.binary(B::sub, t.x, t.node(Reduce{Reduce::Kind::max, {1}, true}, {t.x}));
  const TensorId e = t.unary(Fn::exp, shifted);
  const Graph soft = t.done(t.binary(B::div, e, t.node(Reduce{Reduce::Kind::sum, {1}, true}, {e})));
  CHECK(nodes_of(recognise_normalizations(soft)) == "Softmax axis 1 (t0)\n");
}

TEST_CASE("push_transposes: into ports, through operators, into constants") {
  Sketch s({1, 3, 4, 5});  // NCHW
  const TensorId c = s.conv(s.node(Transpose{{0, 2, 3, 1}}, {s.x}), 2);
  const TensorId r = s.unary(Fn::silu, s.node(Transpose{{0, 3, 1, 2}}, {c}));
  const TensorId m = s.binary(B::mul, r, s.fill({1, 2, 1, 1}, 3));
  const Graph graph = test::must(push_transposes(s.done(s.node(Concat{1}, {m, r}))));
  CHECK(print(graph) ==
        "graph g\n"
        "input  t0 f32[1x4x5x3] = 'x' 1x3x4x5 transposed 0,2,3,1\n"
        "  t1 f32[1x4x5x2] = Conv2d 1x1 (t0, c0:2x1x1x3, c1:2)   # 'n1' (Conv2d)\n"
        "  t2 f32[1x4x5x2] = Unary silu (t1)   # 'n3' (Unary)\n"
        "  t3 f32[1x4x5x2] = Binary mul (t2, c2:1x1x1x2)   # 'n4' (Binary)\n"
        "  t4 f32[1x4x5x4] = Concat axis 3 (t3, t2)   # 'n5' (Concat)\n"
        "output 'y' 1x4x4x5 transposed 0,2,3,1 = t4\n");
}

TEST_CASE("absorb_flatten: the weights' columns move instead of the tensor") {
  Sketch s({1, 2, 3, 4});
  const TensorId flat = s.node(Reshape{{1, 24}}, {s.node(Transpose{{0, 3, 1, 2}}, {s.x})});
  std::vector<float> columns(24);
  for (std::size_t i = 0; i < columns.size(); ++i) columns[i] = static_cast<float>(i);
  const TensorId y = s.node(FullyConnected{},
                            {s.unary(Fn::tanh, flat), add_floats(s.graph, "w", {1, 24}, columns)});
  const Graph graph = test::must(absorb_flatten(s.done(y)));
  CHECK(nodes_of(graph) == "Reshape (t0)\nUnary tanh (t1)\nFullyConnected (t2, c0:1x24)\n");
  const TensorValue& w = graph.tensors[graph.nodes.back().inputs[1]].constant;
  CHECK(w.as<float>()[1] == 6);  // (h 0, w 0, c 1) was column 1 * 6
}

TEST_CASE("compose_linear") {
  Sketch s({1, 4, 4, 8});
  const TensorId mean = s.node(Reduce{Reduce::Kind::mean, {1, 2}, true}, {s.conv(s.x, 16)});
  const TensorId flat = s.node(Reshape{{1, 16}}, {mean});
  const Graph graph = s.done(s.node(FullyConnected{}, {flat, s.fill({4, 16}, 1)}));
  CHECK(nodes_of(compose_linear(graph)) ==
        "Reduce mean 1,2 keep (t0)\nReshape (t1)\nFullyConnected (t2, c0:4x8, c1:4)\n");
  Sketch bottleneck({1, 4, 4, 8});  // 8 to 2 to 8 is cheaper in two steps
  const Graph kept = bottleneck.done(bottleneck.conv(bottleneck.conv(bottleneck.x, 2), 8));
  CHECK(nodes_of(compose_linear(kept)) == nodes_of(kept));
}

TEST_CASE("remove_identities, merge_duplicates, convert_matmul") {
  Sketch s({1, 4});
  const TensorId same = s.node(Slice{{0, 0}, {1, 1}, {1, 4}}, {s.x});
  const TensorId shaped = s.node(Reshape{{4, 1}}, {s.node(Reshape{{2, 2}}, {same})});
  CHECK(nodes_of(remove_identities(s.done(shaped))) == "Reshape (t0)\n");

  Sketch t({1, 4});
  const Graph twice = t.done(t.binary(B::add, t.unary(Fn::exp, t.x), t.unary(Fn::exp, t.x)));
  CHECK(nodes_of(merge_duplicates(twice)) == "Unary exp (t0)\nBinary add (t1, t1)\n");

  Sketch u({3, 4});
  const Graph product = u.done(u.node(MatMul{}, {u.x, u.fill({4, 2}, 1)}));
  CHECK(nodes_of(fold_constants(test::must(convert_matmul(product)))) ==
        "FullyConnected (t0, c0:2x4)\n");
}

}  // namespace linnet
