// Operators that change nothing go, and what only changes shape becomes one Reshape:
//
//   Slice of everything, Expand to the same shape, Pad by nothing, Cast to the same type, Resize by 1, Concat of one, ...
//   Reshape of a Reshape; Reduce over dimensions of 1; Gather of consecutive indices (a Slice)
//   Reshape ─► Unary   ->   Unary ─► Reshape        (so that the function can join what is before the Reshape)
//   Expand ─► Binary   ->   Binary                  (which broadcasts by itself)
#include <algorithm>

#include "compiler/passes/passes.h"
#include "compiler/passes/rewrite.h"

namespace linnet {
namespace {

// Whether the operator gives its first input unchanged (types are compared by the caller).
struct IsIdentity {
  const Node& node;

  bool operator()(const Slice& op) const {
    return std::all_of(op.step.begin(), op.step.end(), [](std::int64_t step) { return step == 1; });
  }
  bool operator()(const Expand&) const { return true; }
  bool operator()(const Reshape&) const { return true; }
  bool operator()(const Pad&) const { return true; }
  bool operator()(const Cast&) const { return true; }
  bool operator()(const Requantize&) const { return node.inputs.size() == 1; }
  bool operator()(const Concat&) const { return node.inputs.size() == 1; }
  bool operator()(const Transpose& op) const { return is_identity(op.permutation); }
  bool operator()(const Resize& op) const {
    return op.scale == std::array<float, 2>{1, 1} && op.coordinate != Resize::Coordinate::crop;
  }
  bool operator()(const Pool2d& op) const {
    return op.window.kernel == std::array<std::int32_t, 2>{1, 1} && op.window.pads == Pads{};
  }
  bool operator()(const Reduce& op) const { return op.kind != Reduce::Kind::l2; }
  bool operator()(const Unary& op) const {
    if (op.fn == Unary::Fn::clamp) return Clamp{op.alpha, op.beta}.none();
    if (op.fn == Unary::Fn::affine) return op.alpha == 1 && op.beta == 0;
    return op.fn == Unary::Fn::pow && op.alpha == 1;
  }
  template <class Other>
  bool operator()(const Other&) const {
    return false;
  }
};

bool drop_identity(Graph& graph, NodeId id) {
  const Node& node = graph.nodes[id.index()];
  const TensorId input = node.inputs.front();
  if (!input.valid() || !(graph.type(input) == graph.type(node.output()))) return false;
  if (!std::visit(IsIdentity{node}, node.op)) return false;
  replace_uses(graph, node.output(), input);
  return true;
}

bool merge_reshapes(Graph& graph, const Uses& uses, NodeId id) {
  Node& node = graph.nodes[id.index()];
  if (!std::holds_alternative<Reshape>(node.op)) return false;
  const Node* before = producer_of(graph, uses, node.inputs[0]);
  if (!before || !std::holds_alternative<Reshape>(before->op)) return false;
  node.inputs[0] = before->inputs[0];
  return true;
}

// Reduce over dimensions of length 1 that drops them.
bool reduce_to_reshape(Graph& graph, NodeId id) {
  Node& node = graph.nodes[id.index()];
  const auto* reduce = std::get_if<Reduce>(&node.op);
  if (!reduce || reduce->keep_dims || reduce->kind == Reduce::Kind::l2) return false;
  const TensorType& from = graph.type(node.inputs[0]);
  const TensorType& to = graph.type(node.output());
  if (from.elements() != to.elements() || from.quantization != to.quantization) return false;
  node.op = Reshape{to.shape};
  return true;
}

// Gather of consecutive indices is a Slice (and a Reshape when a single index drops the dimension).
bool gather_to_slice(Graph& graph, NodeId id) {
  const Node node = graph.nodes[id.index()];
  const auto* gather = std::get_if<Gather>(&node.op);
  if (!gather || !graph.is_constant(node.inputs[1]) || graph.type(node.inputs[1]).shape.size() > 1)
    return false;
  const std::vector<std::int64_t> indices = graph.tensors[node.inputs[1]].constant.to_ints();
  const TensorType& type = graph.type(node.inputs[0]);
  if (indices.empty() || (type.quantization && !type.quantization->per_tensor())) return false;
  for (std::size_t i = 1; i < indices.size(); ++i) {
    if (indices[i] != indices[i - 1] + 1) return false;
  }
  Slice slice{std::vector<std::int64_t>(type.shape.size(), 0),
              std::vector<std::int64_t>(type.shape.size(), 1), type.shape};
  slice.start[static_cast<std::size_t>(gather->axis)] = indices.front();
  slice.size[static_cast<std::size_t>(gather->axis)] = static_cast<std::int64_t>(indices.size());
  const TensorId input = node.inputs[0];
  const Shape result = graph.type(node.output()).shape;
  if (graph.type(node.inputs[1]).shape.empty()) {
    const TensorId taken = append_node(graph, std::move(slice), {input}, node.origin);
    graph.nodes[id.index()].op = Reshape{result};
    graph.nodes[id.index()].inputs = {taken};
  } else {
    graph.nodes[id.index()].op = std::move(slice);
    graph.nodes[id.index()].inputs = {input};
  }
  return true;
}

bool move_reshape_behind_unary(Graph& graph, const Uses& uses, NodeId id) {
  const Node node = graph.nodes[id.index()];
  if (!float_op<Unary>(graph, &node) || !uses.single_use(node.inputs[0])) return false;
  const Node* before = producer_of(graph, uses, node.inputs[0]);
  if (!before || !std::holds_alternative<Reshape>(before->op)) return false;
  const TensorId source = before->inputs[0];
  if (graph.is_constant(source)) return false;
  const TensorId result = append_node(graph, node.op, {source}, node.origin);
  Node& reshape = graph.nodes[id.index()];
  reshape.op = Reshape{graph.type(node.output()).shape};
  reshape.inputs = {result};
  return true;
}

bool skip_expand(Graph& graph, const Uses& uses, NodeId id) {
  const Node node = graph.nodes[id.index()];
  if (!std::holds_alternative<Binary>(node.op)) return false;
  for (std::size_t slot = 0; slot < 2; ++slot) {
    const Node* expand = producer_of(graph, uses, node.inputs[slot]);
    if (!expand || !std::holds_alternative<Expand>(expand->op)) continue;
    std::vector<TensorId> inputs = node.inputs;
    inputs[slot] = expand->inputs[0];
    if (inferred_shape(graph, node.op, inputs) != graph.type(node.output()).shape) continue;
    graph.nodes[id.index()].inputs = std::move(inputs);
    return true;
  }
  return false;
}

}  // namespace

Result<Graph> remove_identities(Graph graph) {
  rewrite_nodes(graph, [](Graph& g, const Uses& uses, NodeId id) {
    return drop_identity(g, id) || merge_reshapes(g, uses, id) || reduce_to_reshape(g, id) ||
           gather_to_slice(g, id) || move_reshape_behind_unary(g, uses, id) ||
           skip_expand(g, uses, id);
  });
  return settle(std::move(graph));
}

}  // namespace linnet
