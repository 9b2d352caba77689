// Layer normalization and softmax that an exporter wrote out in parts become one operator again.
//
//   d = x - mean(x);  y = d / sqrt(mean(d^2) + eps) [* scale] [+ bias]     over the last dimensions
//   e = exp(x) or exp(x - max(x));  y = e / sum(e)                          over one dimension
//
// A division may also be a product with a reciprocal or a power of -1/2.
#include <algorithm>

#include "compiler/passes/passes.h"
#include "compiler/passes/rewrite.h"

namespace linnet {
namespace {

using Fn = Unary::Fn;

struct Quotient {
  TensorId numerator, denominator;
  bool inverse_root = false;  // the denominator is given before its square root
};

const Unary* unary_of(const Graph& graph, const Uses& uses, TensorId tensor, Fn fn) {
  const Unary* unary = made_by<Unary>(graph, uses, tensor);
  return unary && unary->fn == fn ? unary : nullptr;
}

TensorId input_of(const Graph& graph, const Uses& uses, TensorId tensor) {
  return producer_of(graph, uses, tensor)->inputs[0];
}

// All ways to read the node as a quotient.
std::vector<Quotient> quotients(const Graph& graph, const Uses& uses, const Node& node) {
  if (is_binary(graph, &node, Binary::Fn::div)) return {{node.inputs[0], node.inputs[1]}};
  std::vector<Quotient> result;
  if (!is_binary(graph, &node, Binary::Fn::mul)) return result;
  for (std::size_t slot = 0; slot < 2; ++slot) {
    const TensorId factor = node.inputs[slot];
    const TensorId rest = node.inputs[1 - slot];
    if (unary_of(graph, uses, factor, Fn::reciprocal))
      result.push_back({rest, input_of(graph, uses, factor)});
    const Unary* power = unary_of(graph, uses, factor, Fn::pow);
    if (power && power->alpha == -0.5f)
      result.push_back({rest, input_of(graph, uses, factor), true});
  }
  return result;
}

// tensor = reduce(x) with kept dimensions: what it reduces.
const Reduce* reduction(const Graph& graph, const Uses& uses, TensorId tensor, Reduce::Kind kind) {
  const Reduce* reduce = made_by<Reduce>(graph, uses, tensor);
  return reduce && reduce->kind == kind && reduce->keep_dims ? reduce : nullptr;
}

// The last dimensions from some axis on.
bool is_trailing(const std::vector<std::int32_t>& axes, std::size_t rank) {
  for (std::size_t i = 0; i < axes.size(); ++i) {
    if (axes[i] != static_cast<std::int32_t>(rank - axes.size() + i)) return false;
  }
  return !axes.empty();
}

std::optional<std::pair<LayerNorm, TensorId>> layer_norm_of(const Graph& graph, const Uses& uses,
                                                            Quotient q) {
  // numerator = x - mean(x)
  const Node* difference = producer_of(graph, uses, q.numerator);
  if (!is_binary(graph, difference, Binary::Fn::sub)) return std::nullopt;
  const TensorId x = difference->inputs[0];
  const Reduce* mean = reduction(graph, uses, difference->inputs[1], Reduce::Kind::mean);
  if (!mean || input_of(graph, uses, difference->inputs[1]) != x) return std::nullopt;
  if (!is_trailing(mean->axes, graph.type(x).shape.size())) return std::nullopt;
  // denominator = sqrt(mean(numerator^2) + epsilon)
  if (!q.inverse_root) {
    if (!unary_of(graph, uses, q.denominator, Fn::sqrt)) return std::nullopt;
    q.denominator = input_of(graph, uses, q.denominator);
  }
  float epsilon = 0;
  if (const Unary* affine = unary_of(graph, uses, q.denominator, Fn::affine)) {
    if (affine->alpha != 1) return std::nullopt;
    epsilon = affine->beta;
    q.denominator = input_of(graph, uses, q.denominator);
  }
  const Reduce* variance = reduction(graph, uses, q.denominator, Reduce::Kind::mean);
  if (!variance || variance->axes != mean->axes) return std::nullopt;
  const TensorId squares = input_of(graph, uses, q.denominator);
  const Unary* square = unary_of(graph, uses, squares, Fn::pow);
  if (!square || square->alpha != 2 || input_of(graph, uses, squares) != q.numerator)
    return std::nullopt;
  return std::pair{LayerNorm{mean->axes.front(), epsilon}, x};
}

std::optional<std::pair<Softmax, TensorId>> softmax_of(const Graph& graph, const Uses& uses,
                                                       const Quotient& q) {
  if (q.inverse_root || !unary_of(graph, uses, q.numerator, Fn::exp)) return std::nullopt;
  const Reduce* sum = reduction(graph, uses, q.denominator, Reduce::Kind::sum);
  if (!sum || sum->axes.size() != 1 || input_of(graph, uses, q.denominator) != q.numerator)
    return std::nullopt;
  TensorId x = input_of(graph, uses, q.numerator);
  const Node* difference = producer_of(graph, uses, x);
  if (is_binary(graph, difference, Binary::Fn::sub)) {
    const Reduce* max = reduction(graph, uses, difference->inputs[1], Reduce::Kind::max);
    const bool own = max && max->axes == sum->axes &&
                     input_of(graph, uses, difference->inputs[1]) == difference->inputs[0];
    if (own) x = difference->inputs[0];
  }
  return std::pair{Softmax{sum->axes.front()}, x};
}

bool recognise_quotient(Graph& graph, const Uses& uses, NodeId id) {
  const Node node = graph.nodes[id.index()];
  for (const Quotient& quotient : quotients(graph, uses, node)) {
    if (const auto norm = layer_norm_of(graph, uses, quotient)) {
      graph.nodes[id.index()].op = norm->first;
      graph.nodes[id.index()].inputs = {norm->second};
      return true;
    }
    if (const auto softmax = softmax_of(graph, uses, quotient)) {
      graph.nodes[id.index()].op = softmax->first;
      graph.nodes[id.index()].inputs = {softmax->second};
      return true;
    }
  }
  return false;
}

// The constant as one value for each element of the dimensions from `axis` on.
TensorId as_parameter(Graph& graph, TensorId constant, const Shape& shape, std::size_t axis) {
  if (!graph.is_constant(constant) || graph.type(constant).dtype != DType::f32) return {};
  const Shape normalised(shape.begin() + static_cast<std::ptrdiff_t>(axis), shape.end());
  Shape own = graph.type(constant).shape;
  while (own.size() > normalised.size() && own.front() == 1) own.erase(own.begin());
  if (own != normalised) return {};
  const TensorValue value = reshaped(graph.tensors[constant].constant, normalised);
  return graph.add_constant(graph.tensors[constant].name, value);
}

// LayerNorm ─► mul scale ─► add bias
bool take_parameters(Graph& graph, const Uses& uses, NodeId id) {
  const Node node = graph.nodes[id.index()];
  const bool scales = is_binary(graph, &node, Binary::Fn::mul);
  if (!scales && !is_binary(graph, &node, Binary::Fn::add)) return false;
  for (std::size_t slot = 0; slot < 2; ++slot) {
    const auto* norm = made_by<LayerNorm>(graph, uses, node.inputs[slot]);
    if (!norm || !uses.single_use(node.inputs[slot])) continue;
    const Node layer = *producer_of(graph, uses, node.inputs[slot]);
    const std::size_t given = layer.inputs.size();
    if (given > 2 || (scales && given > 1)) continue;
    const Shape& shape = graph.type(node.output()).shape;
    if (shape != graph.type(layer.output()).shape) continue;
    const TensorId parameter =
        as_parameter(graph, node.inputs[1 - slot], shape, static_cast<std::size_t>(norm->axis));
    if (!parameter.valid()) continue;
    std::vector<TensorId> inputs = layer.inputs;
    if (!scales && given == 1) inputs.push_back(TensorId{});
    inputs.push_back(parameter);
    graph.nodes[id.index()].op = layer.op;
    graph.nodes[id.index()].inputs = std::move(inputs);
    return true;
  }
  return false;
}

}  // namespace

Result<Graph> recognise_normalizations(Graph graph) {
  rewrite_nodes(graph, recognise_quotient);
  rewrite_nodes(graph, take_parameters);
  return settle(std::move(graph));
}

}  // namespace linnet
