// What passes share: adding nodes, looking at patterns, constants, permutations.
//
// The style of a pass: walk the nodes, overwrite a node in place (its output tensor keeps its id,
// so readers need no change), append helper nodes anywhere, and end with `settle`, which orders and
// compacts:
//
//   Result<Graph> fold_something(Graph graph) {
//     rewrite_nodes(graph, [](Graph& g, const Uses& uses, NodeId id) { ...; return true when
//     changed; }); return settle(std::move(graph));
//   }
#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "compiler/ir/graph.h"

namespace linnet {

// ---- graph ----

// Calls `rewrite` for each node, with fresh Uses after each change, until nothing changes any more.
// A node that a rewrite leaves unread must not match again (dead nodes are skipped).
void rewrite_nodes(Graph& graph, const std::function<bool(Graph&, const Uses&, NodeId)>& rewrite);

// Orders the nodes (appended ones right before their first reader, the others as they were), drops
// dead ones.
Graph settle(Graph graph);

// Appends a node; its shape is inferred, its element type and quantization are those of its first
// input (a per-axis quantization must not be moved by `op`).
TensorId append_node(Graph& graph, Op op, std::vector<TensorId> inputs, const Origin& origin);

// The node's type after its operator or inputs changed, by inference; element type and quantization
// stay.
Shape inferred_shape(const Graph& graph, const Op& op, const std::vector<TensorId>& inputs);

// The node that makes `tensor`, or nullptr.
Node* producer_of(Graph& graph, const Uses& uses, TensorId tensor);
const Node* producer_of(const Graph& graph, const Uses& uses, TensorId tensor);

// The node's operator when it is an `Operator` in float, else nullptr: what float passes may touch.
template <class Operator>
const Operator* float_op(const Graph& graph, const Node* node) {
  if (!node || graph.type(node->output()).dtype != DType::f32) return nullptr;
  return std::get_if<Operator>(&node->op);
}

// The float operator that makes `tensor`, when it is an `Operator`.
template <class Operator>
const Operator* made_by(const Graph& graph, const Uses& uses, TensorId tensor) {
  return tensor.valid() ? float_op<Operator>(graph, producer_of(graph, uses, tensor)) : nullptr;
}

// The node is the float Unary `fn`.
bool is_unary(const Graph& graph, const Node* node, Unary::Fn fn);
bool is_binary(const Graph& graph, const Node* node, Binary::Fn fn);  // and its clamp is none

// ---- constants ----

// The value of a float constant of one element.
std::optional<float> scalar_of(const Graph& graph, TensorId tensor);
TensorId add_floats(Graph& graph, const std::string& name, Shape shape,
                    const std::vector<float>& elements);

// A float constant that, broadcast against `shape`, varies at most along `axis`, as shape[axis]
// values.
std::optional<std::vector<float>> values_along(const Graph& graph, TensorId tensor,
                                               const Shape& shape, std::size_t axis);

// ---- permutations: out.shape[i] = in.shape[p[i]] ----

using Permutation = std::vector<std::int32_t>;
Permutation identity_permutation(std::size_t rank);
bool is_identity(const Permutation& permutation);
Permutation inverse(const Permutation& permutation);
Permutation compose(const Permutation& first, const Permutation& then);  // first, then `then`
Shape permuted(const Shape& shape, const Permutation& permutation);
TensorType permuted(const TensorType& type,
                    const Permutation& permutation);  // moves a quantization axis too
TensorValue permuted(const TensorValue& value, const Permutation& permutation);
// The permutation moves only dimensions of size 1: element order stays, a Reshape does the same.
bool keeps_element_order(const Shape& shape, const Permutation& permutation);
// The same bytes with another shape. No per-axis quantization.
TensorValue reshaped(const TensorValue& value, Shape shape);

}  // namespace linnet
