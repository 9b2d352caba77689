// Elementwise operators that together are a function of one int8 tensor become one table of 256 codes.
//
//   x ─► Unary hard_sigmoid:i8 ─► Binary mul:i8        x ─► Requantize [table]
//   └─────────────────────────────▲
//
// The table is made by running the operators on all 256 codes, roundings in between included, so the bytes are the same.
// Quantized models hold hard-swish and silu this way; float islands (Dequantize, division, Quantize) go as well.
#include <algorithm>
#include <numeric>
#include <unordered_map>

#include "compiler/ops/ops.h"
#include "compiler/passes/rewrite.h"
#include "compiler/quant/ranges.h"
#include "compiler/reference/interpreter.h"

namespace linnet {
namespace {

// How far back a function is looked for, so that long float graphs cost no time.
constexpr std::size_t kMostRoots = 32;

bool has_codes(const TensorType& type) {
  return type.dtype == DType::i8 && type.quantization && type.quantization->per_tensor();
}

// The inputs of which the operator is an elementwise function, all of the output's shape; empty when it is none.
std::vector<TensorId> arguments_of(const Graph& graph, const Node& node) {
  const bool elementwise =
      std::holds_alternative<Unary>(node.op) || std::holds_alternative<Binary>(node.op) ||
      std::holds_alternative<Quantize>(node.op) || std::holds_alternative<Dequantize>(node.op) ||
      std::holds_alternative<Requantize>(node.op);
  const TensorType& output = graph.type(node.output());
  if (!elementwise || (output.dtype != DType::f32 && !has_codes(output))) return {};
  std::vector<TensorId> arguments;
  const bool by_table = std::holds_alternative<Requantize>(node.op) && node.inputs.size() == 2;
  const std::size_t count = by_table ? 1 : node.inputs.size();
  for (std::size_t i = 0; i < count; ++i) {
    const TensorType& type = graph.type(node.inputs[i]);
    if (type.dtype != DType::f32 && !has_codes(type)) return {};
    if (graph.is_constant(node.inputs[i])) {
      if (type.elements() != 1) return {};
    } else if (type.shape == output.shape) {
      arguments.push_back(node.inputs[i]);
    } else {
      return {};
    }
  }
  return arguments;
}

// The function of one tensor that a node computes, for the tensors that it could be taken of.
class Chain {
 public:
  Chain(const Graph& graph, const Uses& uses, const Node& last)
      : graph_(graph), uses_(uses), last_(last) {}

  // The earliest int8 tensor that the node is a table of; none when that would gain nothing.
  TensorId find_root() {
    const std::vector<TensorId> candidates = common_roots(last_);
    for (auto root = candidates.rbegin(); root != candidates.rend(); ++root) {
      if (has_codes(graph_.type(*root)) && !graph_.is_constant(*root) && gains(*root)) return *root;
    }
    return {};
  }

  TensorValue table(TensorId root) {
    std::vector<std::int8_t> codes(256);
    for (std::size_t bits = 0; bits < codes.size(); ++bits)
      codes[bits] = static_cast<std::int8_t>(static_cast<std::uint8_t>(bits));
    values_.clear();
    values_[root.value] =
        TensorValue::of({DType::i8, {256}, graph_.type(root).quantization}, codes);
    return run(last_);
  }

 private:
  const Node* maker(TensorId tensor) const { return producer_of(graph_, uses_, tensor); }

  // Tensors that `tensor` is a function of, from itself backwards.
  const std::vector<TensorId>& roots(TensorId tensor) {
    const auto known = roots_.find(tensor.value);
    if (known != roots_.end()) return known->second;
    std::vector<TensorId> found{tensor};
    if (const Node* node = maker(tensor)) {
      for (const TensorId root : common_roots(*node)) {
        if (found.size() < kMostRoots) found.push_back(root);
      }
    }
    return roots_[tensor.value] = std::move(found);
  }

  // Those of all the node's arguments.
  std::vector<TensorId> common_roots(const Node& node) {
    const std::vector<TensorId> arguments = arguments_of(graph_, node);
    if (arguments.empty() || depth_ >= kMostRoots) return {};
    ++depth_;
    std::vector<TensorId> common = roots(arguments.front());
    for (const TensorId argument : arguments) {
      const std::vector<TensorId>& others = roots(argument);
      std::erase_if(common, [&](TensorId root) {
        return std::find(others.begin(), others.end(), root) == others.end();
      });
    }
    --depth_;
    return common;
  }

  // The nodes between `root` and the last one.
  std::vector<const Node*> nodes_from(TensorId root) const {
    std::vector<const Node*> nodes{&last_};
    for (std::size_t i = 0; i < nodes.size(); ++i) {
      for (const TensorId argument : arguments_of(graph_, *nodes[i])) {
        const Node* node = argument == root ? nullptr : maker(argument);
        if (node && std::find(nodes.begin(), nodes.end(), node) == nodes.end())
          nodes.push_back(node);
      }
    }
    return nodes;
  }

  // A table instead of several operators, or of one on two tensors, that keeps nothing alive for longer.
  bool gains(TensorId root) const {
    const std::vector<const Node*> nodes = nodes_from(root);
    if (nodes.size() == 1 && !std::holds_alternative<Binary>(last_.op)) return false;
    const std::vector<TensorId> arguments = arguments_of(graph_, last_);
    if (std::find(arguments.begin(), arguments.end(), root) != arguments.end()) return true;
    return std::all_of(nodes.begin() + 1, nodes.end(), [&](const Node* node) {
      const std::vector<NodeId>& readers = uses_.readers[node->output()];
      return !uses_.is_output[node->output()] &&
             std::all_of(readers.begin(), readers.end(), [&](NodeId reader) {
               const Node* reading = &graph_.nodes[reader.index()];
               return std::find(nodes.begin(), nodes.end(), reading) != nodes.end();
             });
    });
  }

  // The node's output for all codes of the root.
  TensorValue run(const Node& node) {
    std::vector<TensorValue> operands;
    for (const TensorId input : node.inputs) {
      const Tensor& tensor = graph_.tensors[input];
      if (!tensor.is_constant()) {
        operands.push_back(value_of(input));
      } else {
        const bool scalar = tensor.type.elements() == 1;
        operands.push_back(scalar ? reshaped(tensor.constant, {1}) : tensor.constant);
      }
    }
    std::vector<const TensorValue*> inputs;
    for (const TensorValue& operand : operands) inputs.push_back(&operand);
    TensorType type = graph_.type(node.output());
    type.shape = {256};
    const bool integers = type.dtype == DType::i8 || std::holds_alternative<Dequantize>(node.op);
    return integers ? evaluate_int8(node.op, inputs, type) : evaluate(node.op, inputs, type);
  }

  TensorValue value_of(TensorId tensor) {
    const auto known = values_.find(tensor.value);
    if (known != values_.end()) return known->second;
    return values_[tensor.value] = run(*maker(tensor));
  }

  const Graph& graph_;
  const Uses& uses_;
  const Node& last_;
  std::size_t depth_ = 0;
  std::unordered_map<std::uint32_t, std::vector<TensorId>> roots_;
  std::unordered_map<std::uint32_t, TensorValue> values_;
};

bool become_table(Graph& graph, const Uses& uses, NodeId id) {
  const Node& node = graph.nodes[id.index()];
  if (!has_codes(graph.type(node.output()))) return false;
  Chain chain(graph, uses, node);
  const TensorId root = chain.find_root();
  if (!root.valid()) return false;
  const TensorValue values = chain.table(root);
  const TensorId table = graph.add_constant(graph.tensors[node.output()].name + "_table", values);
  Node& replaced = graph.nodes[id.index()];
  replaced.op = Requantize{};
  replaced.inputs = {root, table};
  return true;
}

}  // namespace

Graph compose_tables(Graph graph) {
  rewrite_nodes(graph, become_table);
  graph = settle(std::move(graph));
  compact(graph);
  return graph;
}

}  // namespace linnet
