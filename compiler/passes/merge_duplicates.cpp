// Equal constants become one, then equal operators on equal inputs (in topological order, so that whole equal
// subgraphs collapse). Also the pass that only drops dead code.
#include <algorithm>
#include <functional>
#include <map>
#include <string_view>

#include "compiler/passes/passes.h"
#include "compiler/passes/rewrite.h"

namespace linnet {
namespace {

void merge_constants(Graph& graph) {
  std::map<std::pair<std::string, std::size_t>, std::vector<TensorId>>
      seen;  // by type and hash of the bytes
  IdVector<TensorId, TensorId> same(graph.tensors.size());
  for (std::size_t i = 0; i < graph.tensors.size(); ++i) {
    const TensorId id{i};
    same[id] = id;
    if (!graph.is_constant(id)) continue;
    const TensorValue& value = graph.tensors[id].constant;
    const std::string_view bytes(reinterpret_cast<const char*>(value.bytes().data()),
                                 value.bytes().size());
    std::vector<TensorId>& candidates =
        seen[{to_string(value.type), std::hash<std::string_view>{}(bytes)}];
    for (const TensorId candidate : candidates) {
      const TensorValue& other = graph.tensors[candidate].constant;
      if (other.type == value.type && std::ranges::equal(other.bytes(), value.bytes())) {
        same[id] = candidate;
        break;
      }
    }
    if (same[id] == id) candidates.push_back(id);
  }
  for (Node& node : graph.nodes) {
    for (TensorId& input : node.inputs) {
      if (input.valid()) input = same[input];
    }
  }
}

void merge_nodes(Graph& graph) {
  std::map<std::pair<std::size_t, std::vector<TensorId>>, std::vector<std::size_t>>
      seen;  // by operator and inputs
  for (std::size_t i = 0; i < graph.nodes.size(); ++i) {
    const Node& node = graph.nodes[i];
    std::vector<std::size_t>& candidates = seen[{node.op.index(), node.inputs}];
    bool merged = false;
    for (const std::size_t candidate : candidates) {
      const Node& other = graph.nodes[candidate];
      if (!(other.op == node.op) || !(graph.type(other.output()) == graph.type(node.output())))
        continue;
      replace_uses(graph, node.output(), other.output());
      merged = true;
      break;
    }
    if (!merged) candidates.push_back(i);
  }
}

}  // namespace

Result<Graph> merge_duplicates(Graph graph) {
  graph = settle(std::move(graph));
  merge_constants(graph);
  merge_nodes(graph);
  return settle(std::move(graph));
}

Result<Graph> remove_dead_code(Graph graph) { return settle(std::move(graph)); }

}  // namespace linnet
