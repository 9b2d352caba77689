// Transposes cancel, merge and move to where they cost least.
//
// The exporters' layout is NCHW, convolutions here are NHWC, so the importer leaves transposes
// around each of them:
//
//   conv ─► T(0,3,1,2) ─► silu ─► add ─► T(0,2,3,1) ─► conv         NCHW between the transposes
//   conv ───────────────► silu ─► add ─────────────────► conv         the same, silu and add in
//   NHWC
//
// Instead of moving transposes step by step (which stops in local optima as soon as a branch
// disagrees), Transpose nodes are taken off first: every use of a tensor carries a permutation. A
// *flip* gives a set of operators other layouts, which changes the permutations on the edges at its
// border. For a seed (a use whose permutation is to go), layouts are propagated as far as operators
// take them, and a minimum cut picks the set that makes the permutations on all edges cheapest.
// Flips that lower the cost are applied until none does; then Transpose nodes are put back where a
// permutation is left. Graph inputs and outputs take any layout (Port::permutation), constants are
// permuted for free.
#include <algorithm>

#include "compiler/passes/layout_problem.h"
#include "compiler/passes/passes.h"

namespace linnet {
namespace {

void fold_transposed_constants(Graph& graph) {
  for (std::size_t i = 0; i < graph.nodes.size(); ++i) {
    const auto* transpose = std::get_if<Transpose>(&graph.nodes[i].op);
    if (!transpose || !graph.is_constant(graph.nodes[i].inputs[0])) continue;
    const Tensor& source = graph.tensors[graph.nodes[i].inputs[0]];
    const TensorId folded =
        graph.add_constant(source.name, permuted(source.constant, transpose->permutation));
    replace_uses(graph, graph.nodes[i].output(), folded);
  }
}

// Non-constant operands of a lower rank get leading ones, so that a permutation of the result is
// one of theirs too.
void align_ranks(Graph& graph) {
  for (std::size_t i = 0; i < graph.nodes.size(); ++i) {
    if (!std::holds_alternative<Binary>(graph.nodes[i].op)) continue;
    const std::size_t rank = graph.type(graph.nodes[i].output()).shape.size();
    for (std::size_t slot = 0; slot < 2; ++slot) {
      const TensorId input = graph.nodes[i].inputs[slot];
      if (graph.is_constant(input) || graph.type(input).shape.size() == rank) continue;
      Shape shape = graph.type(input).shape;
      shape.insert(shape.begin(), rank - shape.size(), 1);
      const TensorId aligned = append_node(graph, Reshape{shape}, {input}, graph.nodes[i].origin);
      graph.nodes[i].inputs[slot] = aligned;
    }
  }
}

}  // namespace

Result<Graph> push_transposes(Graph graph) {
  const auto is_transpose = [](const Node& node) {
    return std::holds_alternative<Transpose>(node.op);
  };
  const auto has_transpose = [&](const Graph& g) {
    return std::any_of(g.nodes.begin(), g.nodes.end(), is_transpose);
  };
  bool changed = true;
  while (changed && has_transpose(graph)) {
    fold_transposed_constants(graph);
    align_ranks(graph);
    LayoutProblem problem(settle(std::move(graph)));
    changed = problem.improve();
    graph = settle(problem.materialise());
    changed |= problem.made_reshapes();
  }
  return settle(std::move(graph));
}

}  // namespace linnet
