// Arithmetic with scalars becomes one-input functions, and chains of them become one:
//
//   mul x 0.5 ─► add 1           ->  Unary affine 0.5 1
//   pow x 2, mul x x             ->  Unary pow 2
//   max x 0                      ->  Unary clamp 0 inf
//   max x (mul x 0.1)            ->  Unary leaky_relu 0.1
//
// In int8 a one-input function is a single table look-up whatever it computes.
#include <algorithm>
#include <cmath>

#include "compiler/passes/passes.h"
#include "compiler/passes/rewrite.h"

namespace linnet {
namespace {

using UnaryFn = Unary::Fn;
using BinaryFn = Binary::Fn;
constexpr float kInfinity = std::numeric_limits<float>::infinity();

// The one value that all elements of a float constant have.
std::optional<float> uniform_value(const Graph& graph, TensorId tensor) {
  if (!graph.is_constant(tensor) || graph.type(tensor).dtype != DType::f32) return std::nullopt;
  const std::span<const float> elements = graph.tensors[tensor].constant.as<float>();
  if (elements.empty()) return std::nullopt;
  const auto differs = [&](float v) { return !(v == elements.front()); };
  if (std::any_of(elements.begin(), elements.end(), differs)) return std::nullopt;
  return elements.front();
}

// `fn` of x with the constant on the right.
std::optional<Unary> with_right(BinaryFn fn, float c) {
  switch (fn) {
    case BinaryFn::add: return Unary{UnaryFn::affine, 1, c};
    case BinaryFn::sub: return Unary{UnaryFn::affine, 1, -c};
    case BinaryFn::mul: return Unary{UnaryFn::affine, c, 0};
    case BinaryFn::div:
      return c == 0 ? std::nullopt : std::optional(Unary{UnaryFn::affine, 1 / c, 0});
    case BinaryFn::min: return Unary{UnaryFn::clamp, -kInfinity, c};
    case BinaryFn::max: return Unary{UnaryFn::clamp, c, kInfinity};
    case BinaryFn::pow: return Unary{UnaryFn::pow, c, 0};
    case BinaryFn::prelu: return Unary{UnaryFn::leaky_relu, c, 0};
  }
  return std::nullopt;
}

std::optional<Unary> with_left(BinaryFn fn, float c) {
  switch (fn) {
    case BinaryFn::add:
    case BinaryFn::mul:
    case BinaryFn::min:
    case BinaryFn::max: return with_right(fn, c);
    case BinaryFn::sub: return Unary{UnaryFn::affine, -1, c};
    case BinaryFn::div: return Unary{UnaryFn::reciprocal, 0, 0};  // then times c
    case BinaryFn::pow:
    case BinaryFn::prelu: return std::nullopt;
  }
  return std::nullopt;
}

// Overwrites node `id` with a chain of one-input functions of x.
void replace_by_chain(Graph& graph, NodeId id, TensorId x, const std::vector<Unary>& chain) {
  const Origin origin = graph.nodes[id.index()].origin;
  for (std::size_t i = 0; i + 1 < chain.size(); ++i) x = append_node(graph, chain[i], {x}, origin);
  graph.nodes[id.index()].op = chain.back();
  graph.nodes[id.index()].inputs = {x};
}

bool binary_with_scalar(Graph& graph, NodeId id) {
  const Node node = graph.nodes[id.index()];
  const auto* binary = float_op<Binary>(graph, &node);
  if (!binary) return false;
  for (std::size_t slot = 0; slot < 2; ++slot) {
    const TensorId x = node.inputs[slot];
    const std::optional<float> c = uniform_value(graph, node.inputs[1 - slot]);
    if (!c || !std::isfinite(*c) || graph.is_constant(x) ||
        graph.type(x).shape != graph.type(node.output()).shape)
      continue;
    const std::optional<Unary> unary =
        slot == 0 ? with_right(binary->fn, *c) : with_left(binary->fn, *c);
    if (!unary) continue;
    std::vector<Unary> chain{*unary};
    if (unary->fn == UnaryFn::reciprocal && *c != 1) chain.push_back({UnaryFn::affine, *c, 0});
    if (!binary->clamp.none())
      chain.push_back({UnaryFn::clamp, binary->clamp.lo, binary->clamp.hi});
    replace_by_chain(graph, id, x, chain);
    return true;
  }
  return false;
}

// Both operands are x, or x and a multiple of it.
bool binary_of_itself(Graph& graph, const Uses& uses, NodeId id) {
  const Node node = graph.nodes[id.index()];
  const auto* binary = float_op<Binary>(graph, &node);
  if (!binary || !binary->clamp.none()) return false;
  const TensorId x = node.inputs[0];
  if (x == node.inputs[1]) {
    if (binary->fn == BinaryFn::mul) {
      replace_by_chain(graph, id, x, {{UnaryFn::pow, 2, 0}});
    } else if (binary->fn == BinaryFn::add) {
      replace_by_chain(graph, id, x, {{UnaryFn::affine, 2, 0}});
    } else {
      return false;
    }
    return true;
  }
  if (binary->fn != BinaryFn::max) return false;
  for (std::size_t slot = 0; slot < 2; ++slot) {
    const auto* scaled = made_by<Unary>(graph, uses, node.inputs[slot]);
    if (!scaled || scaled->fn != UnaryFn::affine || scaled->beta != 0) continue;
    const bool same =
        producer_of(graph, uses, node.inputs[slot])->inputs[0] == node.inputs[1 - slot];
    if (!same || scaled->alpha < 0 || scaled->alpha > 1) continue;
    replace_by_chain(graph, id, node.inputs[1 - slot], {{UnaryFn::leaky_relu, scaled->alpha, 0}});
    return true;
  }
  return false;
}

bool plain_unary(Graph& graph, NodeId id) {
  Node& node = graph.nodes[id.index()];
  const auto* unary = float_op<Unary>(graph, &node);
  if (!unary) return false;
  if (unary->fn == UnaryFn::neg) {
    node.op = Unary{UnaryFn::affine, -1, 0};
  } else if (unary->fn == UnaryFn::pow && unary->alpha == 0.5f) {
    node.op = Unary{UnaryFn::sqrt, 0, 0};
  } else if (unary->fn == UnaryFn::pow && unary->alpha == -1) {
    node.op = Unary{UnaryFn::reciprocal, 0, 0};
  } else {
    return false;
  }
  return true;
}

// Two functions in a row that are one.
bool merge_chain(Graph& graph, const Uses& uses, NodeId id) {
  Node& node = graph.nodes[id.index()];
  const auto* second = float_op<Unary>(graph, &node);
  if (!second || !uses.single_use(node.inputs[0])) return false;
  const auto* first = made_by<Unary>(graph, uses, node.inputs[0]);
  if (!first || first->fn != UnaryFn::affine || second->fn != UnaryFn::affine) return false;
  const double alpha = static_cast<double>(second->alpha) * first->alpha;
  const double beta = static_cast<double>(second->alpha) * first->beta + second->beta;
  const TensorId x = producer_of(graph, uses, node.inputs[0])->inputs[0];
  // Scalings that undo each other (times 6, times 1/6) are meant to be exact.
  const bool unity = std::abs(alpha - 1) < 1e-6;
  node.op =
      Unary{UnaryFn::affine, unity ? 1.0f : static_cast<float>(alpha), static_cast<float>(beta)};
  node.inputs = {x};
  return true;
}

}  // namespace

Result<Graph> simplify_elementwise(Graph graph) {
  rewrite_nodes(graph, [](Graph& g, const Uses& uses, NodeId id) {
    return binary_with_scalar(g, id) || binary_of_itself(g, uses, id) || plain_unary(g, id) ||
           merge_chain(g, uses, id);
  });
  return settle(std::move(graph));
}

}  // namespace linnet
