// BatchNorm is a scale and a shift per channel: Binary mul and add, which fold_scales then takes into the linear operator
// before or after where it may. What stays are the two Binary operators.
#include <cmath>

#include "compiler/passes/passes.h"
#include "compiler/passes/rewrite.h"

namespace linnet {
namespace {

bool expand_batch_norm(Graph& graph, const Uses&, NodeId id) {
  const Node node = graph.nodes[id.index()];
  const auto* norm = float_op<BatchNorm>(graph, &node);
  if (!norm) return false;
  std::array<std::vector<float>, 4> parameters;  // scale, bias, mean, variance
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    if (!graph.is_constant(node.inputs[i + 1])) return false;
    parameters[i] = graph.tensors[node.inputs[i + 1]].constant.to_floats();
  }
  const auto& [scale, bias, mean, variance] = parameters;
  std::vector<float> factor(scale.size());
  std::vector<float> offset(scale.size());
  for (std::size_t c = 0; c < scale.size(); ++c) {
    const double s = scale[c] / std::sqrt(static_cast<double>(variance[c]) + norm->epsilon);
    factor[c] = static_cast<float>(s);
    offset[c] = static_cast<float>(bias[c] - mean[c] * s);
  }
  const Shape shape{static_cast<std::int64_t>(scale.size())};
  const std::string stem = graph.tensors[node.output()].name;
  const TensorId s = add_floats(graph, stem + "_scale", shape, factor);
  const TensorId t = add_floats(graph, stem + "_shift", shape, offset);
  const TensorId scaled =
      append_node(graph, Binary{Binary::Fn::mul, {}}, {node.inputs[0], s}, node.origin);
  graph.nodes[id.index()].op = Binary{Binary::Fn::add, {}};
  graph.nodes[id.index()].inputs = {scaled, t};
  return true;
}

}  // namespace

Result<Graph> fold_batch_norm(Graph graph) {
  rewrite_nodes(graph, expand_batch_norm);
  return fold_scales(settle(std::move(graph)));
}

}  // namespace linnet
