// A matrix product with a constant matrix on the right is a fully connected layer, which has the better kernels:
//
//   MatMul a[...,M,K] b[K,N]  ->  FullyConnected a[...,M,K] w[N,K]
//
// Dequantized constants count as well; the Transpose that this leaves on them is pushed into their codes.
#include <algorithm>

#include "compiler/passes/passes.h"
#include "compiler/passes/rewrite.h"

namespace linnet {
namespace {

bool is_weights(const Graph& graph, const Uses& uses, TensorId tensor) {
  if (graph.type(tensor).shape.size() < 2) return false;
  if (graph.is_constant(tensor)) return true;
  const Node* node = producer_of(graph, uses, tensor);
  return node && std::holds_alternative<Dequantize>(node->op) && graph.is_constant(node->inputs[0]);
}

bool convert(Graph& graph, const Uses& uses, NodeId id) {
  const Node node = graph.nodes[id.index()];
  if (!float_op<MatMul>(graph, &node)) return false;
  TensorId matrix = node.inputs[1];
  if (!is_weights(graph, uses, matrix) || graph.is_constant(node.inputs[0])) return false;
  const Shape& shape = graph.type(matrix).shape;
  if (shape.size() > graph.type(node.inputs[0]).shape.size()) return false;
  if (std::any_of(shape.begin(), shape.end() - 2, [](std::int64_t d) { return d != 1; }))
    return false;
  if (shape.size() > 2) {
    if (!graph.is_constant(matrix)) return false;
    matrix = append_node(graph, Reshape{{shape.end() - 2, shape.end()}}, {matrix}, node.origin);
  }
  const TensorId weights = append_node(graph, Transpose{{1, 0}}, {matrix}, node.origin);
  graph.nodes[id.index()].op = FullyConnected{};
  graph.nodes[id.index()].inputs = {node.inputs[0], weights};
  return true;
}

}  // namespace

Result<Graph> convert_matmul(Graph graph) {
  rewrite_nodes(graph, convert);
  return settle(std::move(graph));
}

}  // namespace linnet
