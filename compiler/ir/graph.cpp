// Building, rewriting and tidying a graph; see graph.h.
#include "compiler/ir/graph.h"

#include <algorithm>
#include <functional>
#include <iterator>

namespace linnet {
namespace {

// Takes `wanted`, or the first free name made of it and a number, and marks it as in use.
std::string take_name(Graph& graph, const std::string& wanted) {
  if (!wanted.empty() && graph.names.insert(wanted).second) return wanted;
  const std::string stem = wanted.empty() ? "t" : wanted;
  for (std::size_t suffix = 1;; ++suffix) {
    std::string name = stem + "_" + std::to_string(suffix);
    if (graph.names.insert(name).second) return name;
  }
}

}  // namespace

TensorId Graph::add_tensor(const std::string& tensor_name, TensorType type) {
  return tensors.push(Tensor{take_name(*this, tensor_name), std::move(type), {}});
}

TensorId Graph::add_constant(const std::string& tensor_name, TensorValue value) {
  TensorType type = value.type;
  return tensors.push(Tensor{take_name(*this, tensor_name), std::move(type), std::move(value)});
}

TensorId Graph::add_node(Op op, std::vector<TensorId> node_inputs, TensorType type, Origin origin,
                         const std::string& output_name) {
  const TensorId output =
      add_tensor(output_name.empty() ? origin.name : output_name, std::move(type));
  nodes.push_back(Node{std::move(op), std::move(node_inputs), {output}, std::move(origin)});
  return output;
}

Uses::Uses(const Graph& graph)
    : readers(graph.tensors.size()),
      producer(graph.tensors.size()),
      is_output(graph.tensors.size(), false) {
  for (std::size_t i = 0; i < graph.nodes.size(); ++i) {
    for (const TensorId input : graph.nodes[i].inputs) {
      if (input.valid()) readers[input].push_back(NodeId{i});
    }
    for (const TensorId output : graph.nodes[i].outputs) producer[output] = NodeId{i};
  }
  for (const Port& port : graph.outputs) is_output[port.tensor] = true;
}

void replace_uses(Graph& graph, TensorId from, TensorId to) {
  for (Node& node : graph.nodes) std::replace(node.inputs.begin(), node.inputs.end(), from, to);
  for (Port& port : graph.outputs) {
    if (port.tensor == from) port.tensor = to;
  }
}

namespace {

// Nodes that some graph output needs, producers first, in an order that keeps the given one where it can.
std::vector<NodeId> live_order(const Graph& graph) {
  IdVector<TensorId, NodeId> producer(graph.tensors.size());
  for (std::size_t i = 0; i < graph.nodes.size(); ++i) {
    for (const TensorId output : graph.nodes[i].outputs) producer[output] = NodeId{i};
  }
  std::vector<bool> live(graph.nodes.size(), false);
  std::vector<TensorId> pending;
  for (const Port& port : graph.outputs) pending.push_back(port.tensor);
  while (!pending.empty()) {
    const TensorId tensor = pending.back();
    pending.pop_back();
    const NodeId node = producer[tensor];
    if (!node.valid() || live[node.index()]) continue;
    live[node.index()] = true;
    for (const TensorId input : graph.nodes[node.index()].inputs) {
      if (input.valid()) pending.push_back(input);
    }
  }
  // Kahn's algorithm with the smallest original index first.
  std::vector<std::size_t> missing(graph.nodes.size(), 0);
  IdVector<TensorId, std::vector<NodeId>> readers(graph.tensors.size());
  std::vector<std::size_t> ready;
  for (std::size_t i = 0; i < graph.nodes.size(); ++i) {
    if (!live[i]) continue;
    for (const TensorId input : graph.nodes[i].inputs) {
      if (!input.valid() || !producer[input].valid()) continue;
      ++missing[i];
      readers[input].push_back(NodeId{i});
    }
    if (missing[i] == 0) ready.push_back(i);
  }
  std::vector<NodeId> order;
  std::make_heap(ready.begin(), ready.end(), std::greater<>{});
  while (!ready.empty()) {
    std::pop_heap(ready.begin(), ready.end(), std::greater<>{});
    const std::size_t node = ready.back();
    ready.pop_back();
    order.push_back(NodeId{node});
    for (const TensorId output : graph.nodes[node].outputs) {
      for (const NodeId reader : readers[output]) {
        if (--missing[reader.index()] > 0) continue;
        ready.push_back(reader.index());
        std::push_heap(ready.begin(), ready.end(), std::greater<>{});
      }
    }
  }
  return order;
}

}  // namespace

void compact(Graph& graph) {
  std::vector<Node> nodes;
  for (const NodeId node : live_order(graph)) nodes.push_back(std::move(graph.nodes[node.index()]));

  IdVector<TensorId, bool> named(graph.tensors.size(), false);
  for (const Node& node : nodes) {
    for (const TensorId id : node.inputs) {
      if (id.valid()) named[id] = true;
    }
    for (const TensorId id : node.outputs) named[id] = true;
  }
  for (const Port& port : graph.inputs) named[port.tensor] = true;
  for (const Port& port : graph.outputs) named[port.tensor] = true;

  IdVector<TensorId, TensorId> renumbered(graph.tensors.size());
  IdVector<TensorId, Tensor> tensors;
  for (std::size_t i = 0; i < graph.tensors.size(); ++i) {
    if (named[TensorId{i}])
      renumbered[TensorId{i}] = tensors.push(std::move(graph.tensors[TensorId{i}]));
  }
  const auto renumber = [&](TensorId& id) {
    if (id.valid()) id = renumbered[id];
  };
  for (Node& node : nodes) {
    for (TensorId& id : node.inputs) renumber(id);
    for (TensorId& id : node.outputs) renumber(id);
  }
  for (Port& port : graph.inputs) renumber(port.tensor);
  for (Port& port : graph.outputs) renumber(port.tensor);
  graph.nodes = std::move(nodes);
  graph.tensors = std::move(tensors);
  graph.names.clear();
  for (const Tensor& tensor : graph.tensors) graph.names.insert(tensor.name);
}

const char* op_name(const Op& op) {
  static constexpr const char* kNames[] = {
      "Conv2d", "ConvTranspose2d", "FullyConnected", "MatMul",     "Pool2d",    "Reduce",
      "Unary",  "Binary",          "Softmax",        "LayerNorm",  "BatchNorm", "Concat",
      "Slice",  "Reshape",         "Transpose",      "Expand",     "Gather",    "Pad",
      "Resize", "Quantize",        "Dequantize",     "Requantize", "Cast"};
  static_assert(std::size(kNames) == std::variant_size_v<Op>);
  return kNames[op.index()];
}

}  // namespace linnet
