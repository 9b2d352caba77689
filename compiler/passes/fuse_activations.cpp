// A clamp (Relu, Relu6, Clip) becomes the clamp of the operator that it follows, or one with the clamp that it follows.
//
//   Conv2d ─► Unary clamp 0 6   ->   Conv2d relu6
#include <algorithm>

#include "compiler/passes/passes.h"
#include "compiler/passes/rewrite.h"

namespace linnet {
namespace {

Clamp then(const Clamp& first, float lo, float hi) {
  return {std::min(std::max(first.lo, lo), hi), std::min(std::max(first.hi, lo), hi)};
}

Clamp* clamp_of(Op& op) {
  if (auto* conv = std::get_if<Conv2d>(&op)) return &conv->clamp;
  if (auto* conv = std::get_if<ConvTranspose2d>(&op)) return &conv->clamp;
  if (auto* full = std::get_if<FullyConnected>(&op)) return &full->clamp;
  if (auto* binary = std::get_if<Binary>(&op)) return &binary->clamp;
  return nullptr;
}

bool fuse(Graph& graph, const Uses& uses, NodeId id) {
  const Node node = graph.nodes[id.index()];
  const auto* clamp = float_op<Unary>(graph, &node);
  if (!clamp || clamp->fn != Unary::Fn::clamp || !uses.single_use(node.inputs[0])) return false;
  const Node* maker = producer_of(graph, uses, node.inputs[0]);
  if (!maker) return false;
  Node fused = *maker;
  fused.outputs = node.outputs;
  if (auto* first = std::get_if<Unary>(&fused.op)) {
    if (first->fn != Unary::Fn::clamp) return false;
    const Clamp both = then({first->alpha, first->beta}, clamp->alpha, clamp->beta);
    first->alpha = both.lo;
    first->beta = both.hi;
  } else if (Clamp* field = clamp_of(fused.op)) {
    *field = then(*field, clamp->alpha, clamp->beta);
  } else {
    return false;
  }
  graph.nodes[id.index()] = std::move(fused);
  return true;
}

}  // namespace

Result<Graph> fuse_activations(Graph graph) {
  rewrite_nodes(graph, fuse);
  return settle(std::move(graph));
}

}  // namespace linnet
