// Shared by all passes; see rewrite.h.
#include "compiler/passes/rewrite.h"

#include <algorithm>
#include <numeric>

#include "compiler/ops/ops.h"

namespace linnet {

namespace {

// Uses by live nodes only: what a dead node reads is forgotten, so that single_use means what it says.
Uses live_uses(Graph& graph) {
  Uses uses(graph);
  const auto dead = [&](TensorId output) {
    return uses.readers[output].empty() && !uses.is_output[output];
  };
  std::vector<std::size_t> pending;
  for (std::size_t i = 0; i < graph.nodes.size(); ++i) {
    if (dead(graph.nodes[i].output())) pending.push_back(i);
  }
  while (!pending.empty()) {
    const std::size_t node = pending.back();
    pending.pop_back();
    for (const TensorId input : std::exchange(graph.nodes[node].inputs, {})) {
      if (!input.valid()) continue;
      std::vector<NodeId>& readers = uses.readers[input];
      readers.erase(std::find(readers.begin(), readers.end(), NodeId{node}));
      const NodeId maker = uses.producer[input];
      if (maker.valid() && dead(input)) pending.push_back(maker.index());
    }
  }
  return uses;
}

}  // namespace

void rewrite_nodes(Graph& graph, const std::function<bool(Graph&, const Uses&, NodeId)>& rewrite) {
  Uses uses = live_uses(graph);
  bool changed = true;
  while (changed) {
    changed = false;
    for (std::size_t i = 0; i < graph.nodes.size(); ++i) {
      const auto live = [&] {
        const TensorId output = graph.nodes[i].output();
        return !uses.readers[output].empty() || uses.is_output[output];
      };
      while (live() && rewrite(graph, uses, NodeId{i})) {
        changed = true;
        uses = live_uses(graph);
      }
    }
  }
}

Graph settle(Graph graph) {
  IdVector<TensorId, NodeId> producer(graph.tensors.size());
  for (std::size_t i = 0; i < graph.nodes.size(); ++i)
    producer[graph.nodes[i].output()] = NodeId{i};

  // Depth first from each node in the present order: a producer that comes late is pulled before
  // its reader.
  std::vector<Node> ordered;
  ordered.reserve(graph.nodes.size());
  enum class State : char { unseen, open, done };
  std::vector<State> state(graph.nodes.size(), State::unseen);
  std::vector<std::size_t> stack;
  for (std::size_t root = 0; root < graph.nodes.size(); ++root) {
    stack.push_back(root);
    while (!stack.empty()) {
      const std::size_t top = stack.back();
      if (state[top] == State::unseen) {
        state[top] = State::open;
        const std::vector<TensorId>& inputs = graph.nodes[top].inputs;
        for (auto input = inputs.rbegin(); input != inputs.rend(); ++input) {
          if (!input->valid() || !producer[*input].valid()) continue;
          const std::size_t maker = producer[*input].index();
          assert(state[maker] != State::open && "a pass made a cycle");
          if (state[maker] == State::unseen) stack.push_back(maker);
        }
        continue;
      }
      stack.pop_back();
      if (state[top] == State::done) continue;
      state[top] = State::done;
      ordered.push_back(std::move(graph.nodes[top]));
    }
  }
  graph.nodes = std::move(ordered);
  compact(graph);
  return graph;
}

Shape inferred_shape(const Graph& graph, const Op& op, const std::vector<TensorId>& inputs) {
  std::vector<Shape> shapes;
  for (const TensorId input : inputs)
    shapes.push_back(input.valid() ? graph.type(input).shape : Shape{});
  Result<Shape> shape = infer_shape(op, shapes);
  assert(shape && "a pass made an operator that does not fit its inputs");
  return *std::move(shape);
}

TensorId append_node(Graph& graph, Op op, std::vector<TensorId> inputs, const Origin& origin) {
  TensorType type = graph.type(inputs.front());
  type.shape = inferred_shape(graph, op, inputs);
  return graph.add_node(std::move(op), std::move(inputs), std::move(type), origin);
}

Node* producer_of(Graph& graph, const Uses& uses, TensorId tensor) {
  const NodeId node = uses.producer[tensor];
  return node.valid() ? &graph.nodes[node.index()] : nullptr;
}

const Node* producer_of(const Graph& graph, const Uses& uses, TensorId tensor) {
  const NodeId node = uses.producer[tensor];
  return node.valid() ? &graph.nodes[node.index()] : nullptr;
}

bool is_unary(const Graph& graph, const Node* node, Unary::Fn fn) {
  const auto* op = float_op<Unary>(graph, node);
  return op && op->fn == fn;
}

bool is_binary(const Graph& graph, const Node* node, Binary::Fn fn) {
  const auto* op = float_op<Binary>(graph, node);
  return op && op->fn == fn && op->clamp.none();
}

std::optional<float> scalar_of(const Graph& graph, TensorId tensor) {
  if (!graph.is_constant(tensor)) return std::nullopt;
  const Tensor& constant = graph.tensors[tensor];
  if (constant.type.dtype != DType::f32 || constant.type.elements() != 1) return std::nullopt;
  return constant.constant.as<float>().front();
}

TensorId add_floats(Graph& graph, const std::string& name, Shape shape,
                    const std::vector<float>& elements) {
  return graph.add_constant(
      name, TensorValue::of(TensorType{DType::f32, std::move(shape), {}}, elements));
}

std::optional<std::vector<float>> values_along(const Graph& graph, TensorId tensor,
                                               const Shape& shape, std::size_t axis) {
  if (!graph.is_constant(tensor) || graph.type(tensor).dtype != DType::f32) return std::nullopt;
  const Shape& own = graph.type(tensor).shape;
  if (own.size() > shape.size()) return std::nullopt;
  const std::size_t offset = shape.size() - own.size();
  for (std::size_t i = 0; i < own.size(); ++i) {
    const bool along = i + offset == axis && own[i] == shape[axis];
    if (own[i] != 1 && !along) return std::nullopt;
  }
  const std::vector<float> elements = graph.tensors[tensor].constant.to_floats();
  const auto count = static_cast<std::size_t>(shape[axis]);
  if (elements.size() == 1) return std::vector<float>(count, elements.front());
  return elements;
}

Permutation identity_permutation(std::size_t rank) {
  Permutation identity(rank);
  std::iota(identity.begin(), identity.end(), 0);
  return identity;
}

bool is_identity(const Permutation& permutation) {
  return permutation == identity_permutation(permutation.size());
}

Permutation inverse(const Permutation& permutation) {
  Permutation result(permutation.size());
  for (std::size_t i = 0; i < permutation.size(); ++i) {
    result[static_cast<std::size_t>(permutation[i])] = static_cast<std::int32_t>(i);
  }
  return result;
}

Permutation compose(const Permutation& first, const Permutation& then) {
  assert(first.size() == then.size());
  Permutation result(first.size());
  for (std::size_t i = 0; i < first.size(); ++i)
    result[i] = first[static_cast<std::size_t>(then[i])];
  return result;
}

Shape permuted(const Shape& shape, const Permutation& permutation) {
  assert(shape.size() == permutation.size());
  Shape result(shape.size());
  for (std::size_t i = 0; i < shape.size(); ++i)
    result[i] = shape[static_cast<std::size_t>(permutation[i])];
  return result;
}

TensorType permuted(const TensorType& type, const Permutation& permutation) {
  TensorType result = type;
  result.shape = permuted(type.shape, permutation);
  if (result.quantization && !result.quantization->per_tensor()) {
    result.quantization->axis =
        inverse(permutation)[static_cast<std::size_t>(result.quantization->axis)];
  }
  return result;
}

TensorValue permuted(const TensorValue& value, const Permutation& permutation) {
  const TensorType type = permuted(value.type, permutation);
  const std::size_t rank = permutation.size();
  const auto size = static_cast<std::size_t>(size_bytes(type.dtype));
  std::vector<std::int64_t> stride(rank, 1);  // of the input, in elements
  for (std::size_t i = rank; i-- > 1;) stride[i - 1] = stride[i] * value.type.shape[i];

  std::vector<std::byte> bytes(value.bytes().size());
  std::vector<std::int64_t> index(rank, 0);  // of the output
  std::int64_t source = 0;
  for (std::size_t at = 0; at < bytes.size(); at += size) {
    std::memcpy(&bytes[at], &value.bytes()[static_cast<std::size_t>(source) * size], size);
    for (std::size_t i = rank; i-- > 0;) {
      const std::int64_t step = stride[static_cast<std::size_t>(permutation[i])];
      source += step;
      if (++index[i] < type.shape[i]) break;
      source -= step * index[i];
      index[i] = 0;
    }
  }
  return TensorValue(type, std::move(bytes));
}

bool keeps_element_order(const Shape& shape, const Permutation& permutation) {
  std::int32_t last = -1;
  for (const std::int32_t from : permutation) {
    if (shape[static_cast<std::size_t>(from)] == 1) continue;
    if (from < last) return false;
    last = from;
  }
  return true;
}

TensorValue reshaped(const TensorValue& value, Shape shape) {
  assert(!value.type.quantization || value.type.quantization->per_tensor());
  TensorType type = value.type;
  type.shape = std::move(shape);
  return TensorValue(std::move(type), {value.bytes().begin(), value.bytes().end()});
}

}  // namespace linnet
