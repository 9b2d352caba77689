// Transpose, flatten, fully connected: the order of the flattened elements is the order of the weights' columns.
//
//   t[1,H,W,C] ─► Transpose ─► [1,C,H,W] ─► Reshape [1,C*H*W] ─► FullyConnected w[O, C*H*W]
//   t[1,H,W,C] ────────────────────────────► Reshape [1,H*W*C] ─► FullyConnected w'[O, H*W*C]
//
// Elementwise operators between the Reshape and the layer do not mind the order. Weights may be dequantized constants.
#include "compiler/passes/passes.h"
#include "compiler/passes/rewrite.h"

namespace linnet {
namespace {

// The constant behind the weights of a fully connected layer: itself, or what a Dequantize with no scale per column reads.
TensorId stored_weights(const Graph& graph, const Uses& uses, TensorId weights) {
  if (graph.is_constant(weights)) return weights;
  const Node* node = producer_of(graph, uses, weights);
  if (!node || !std::holds_alternative<Dequantize>(node->op) || !graph.is_constant(node->inputs[0]))
    return {};
  const auto& quantization = graph.type(node->inputs[0]).quantization;
  return quantization && quantization->axis != 1 ? node->inputs[0] : TensorId{};
}

// Collects the fully connected layers that `tensor` ends in; false when something else reads it.
bool collect_layers(const Graph& graph, const Uses& uses, TensorId tensor,
                    std::vector<NodeId>& layers) {
  if (uses.is_output[tensor]) return false;
  for (const NodeId reader : uses.readers[tensor]) {
    const Node& node = graph.nodes[reader.index()];
    if (node.inputs[0] != tensor) return false;
    if (std::holds_alternative<FullyConnected>(node.op)) {
      if (!stored_weights(graph, uses, node.inputs[1]).valid()) return false;
      layers.push_back(reader);
      continue;
    }
    const bool elementwise = std::holds_alternative<Unary>(node.op) ||
                             std::holds_alternative<Quantize>(node.op) ||
                             std::holds_alternative<Dequantize>(node.op);
    if (!elementwise || !collect_layers(graph, uses, node.output(), layers)) return false;
  }
  return true;
}

// The weights with columns in the order before the transpose.
TensorValue reordered(const TensorValue& weights, const Shape& transposed,
                      const Permutation& permutation) {
  Shape seen = transposed;
  seen[0] = weights.type.shape[0];
  TensorType type = weights.type;
  type.shape = seen;
  const TensorValue spread(type, {weights.bytes().begin(), weights.bytes().end()});
  const TensorValue moved = permuted(spread, inverse(permutation));
  return TensorValue(weights.type, {moved.bytes().begin(), moved.bytes().end()});
}

bool absorb(Graph& graph, const Uses& uses, NodeId id) {
  Node& reshape = graph.nodes[id.index()];
  if (!std::holds_alternative<Reshape>(reshape.op)) return false;
  const Node* transposing = producer_of(graph, uses, reshape.inputs[0]);
  const auto* transpose = transposing ? std::get_if<Transpose>(&transposing->op) : nullptr;
  if (!transpose || transpose->permutation.size() < 2 || transpose->permutation[0] != 0)
    return false;
  const Shape transposed = graph.type(transposing->output()).shape;
  const Shape& flat = graph.type(reshape.output()).shape;
  if (flat.empty() || flat.back() * transposed[0] != element_count(transposed)) return false;
  std::vector<NodeId> layers;
  if (!collect_layers(graph, uses, reshape.output(), layers)) return false;

  reshape.inputs[0] = transposing->inputs[0];
  const Permutation permutation = transpose->permutation;
  for (const NodeId layer : layers) {
    const TensorId weights = graph.nodes[layer.index()].inputs[1];
    const TensorId stored = stored_weights(graph, uses, weights);
    const TensorId moved =
        graph.add_constant(graph.tensors[stored].name,
                           reordered(graph.tensors[stored].constant, transposed, permutation));
    TensorId replacement = moved;
    if (stored != weights) {
      const Origin origin = producer_of(graph, uses, weights)->origin;
      replacement = graph.add_node(Dequantize{}, {moved}, graph.type(weights), origin);
    }
    graph.nodes[layer.index()].inputs[1] = replacement;
  }
  return true;
}

}  // namespace

Result<Graph> absorb_flatten(Graph graph) {
  rewrite_nodes(graph, absorb);
  return settle(std::move(graph));
}

}  // namespace linnet
