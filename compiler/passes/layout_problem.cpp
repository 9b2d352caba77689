// Choosing layouts; see layout_problem.h and push_transposes.cpp.
#include "compiler/passes/layout_problem.h"

#include <algorithm>

#include "compiler/passes/min_cut.h"

namespace linnet {
namespace {

constexpr std::size_t kNone = LayoutEdge::kNone;

}  // namespace

LayoutProblem::LayoutProblem(Graph graph) : graph_(std::move(graph)) {
  made_ =
      IdVector<TensorId, std::pair<std::size_t, Permutation>>(graph_.tensors.size(), {kNone, {}});
  for (std::size_t i = 0; i < graph_.inputs.size(); ++i) {
    const TensorId tensor = graph_.inputs[i].tensor;
    const Permutation identity = identity_permutation(graph_.type(tensor).shape.size());
    made_[tensor] = {
        add_vertex(
            {Vertex::Kind::input, i, {}, graph_.type(tensor).shape, tensor, identity, {}, {}}),
        identity};
  }
  for (std::size_t i = 0; i < graph_.nodes.size(); ++i) {
    const Node& node = graph_.nodes[i];
    const Shape& shape = graph_.type(node.output()).shape;
    const auto* transpose = std::get_if<Transpose>(&node.op);
    if (transpose) {
      const auto& [source, permutation] = made_[node.inputs[0]];
      made_[node.output()] = {source, compose(permutation, transpose->permutation)};
      continue;
    }
    Vertex vertex{Vertex::Kind::node,
                  i,
                  node.op,
                  shape,
                  node.output(),
                  identity_permutation(shape.size()),
                  {},
                  {}};
    const bool broadcasts = std::holds_alternative<Binary>(node.op);
    for (const TensorId input : node.inputs)
      vertex.edges.push_back(edge_to(input, broadcasts ? shape.size() : 0));
    made_[node.output()] = {add_vertex(std::move(vertex)), identity_permutation(shape.size())};
  }
  for (std::size_t i = 0; i < graph_.outputs.size(); ++i) {
    const TensorId tensor = graph_.outputs[i].tensor;
    const Shape& shape = graph_.type(tensor).shape;
    add_vertex({Vertex::Kind::output,
                i,
                {},
                shape,
                tensor,
                identity_permutation(shape.size()),
                {edge_to(tensor, 0)},
                {}});
  }
  mark_absorbing();
}

std::size_t LayoutProblem::add_vertex(Vertex vertex) {
  for (std::size_t slot = 0; slot < vertex.edges.size(); ++slot) {
    const std::size_t source = vertex.edges[slot].source;
    if (source != kNone) vertices_[source].readers.push_back({vertices_.size(), slot});
  }
  vertices_.push_back(std::move(vertex));
  return vertices_.size() - 1;
}

LayoutEdge LayoutProblem::edge_to(TensorId tensor, std::size_t rank) const {
  if (!tensor.valid()) return {};
  if (!graph_.is_constant(tensor)) return {made_[tensor].first, {}, {}, made_[tensor].second};
  Shape shape = graph_.type(tensor).shape;
  if (shape.size() < rank) shape.insert(shape.begin(), rank - shape.size(), 1);
  const std::size_t own_rank = shape.size();
  return {kNone, tensor, std::move(shape), identity_permutation(own_rank)};
}

// A Reshape to [batch, all the rest] that only fully connected layers read, elementwise operators
// apart.
void LayoutProblem::mark_absorbing() {
  const auto permutable_weights = [&](const Edge& edge) {
    if (edge.constant.valid()) return true;
    const Vertex& source = vertices_[edge.source];
    return is_identity(edge.permutation) && std::holds_alternative<Dequantize>(source.op) &&
           source.kind == Vertex::Kind::node && source.edges[0].constant.valid() &&
           source.edges[0].permutation == identity_permutation(2);
  };
  const auto absorbs = [&](const auto& self, std::size_t vertex) -> bool {
    if (vertices_[vertex].readers.empty()) return false;
    for (const Reader& reader : vertices_[vertex].readers) {
      const Vertex& v = vertices_[reader.vertex];
      if (v.kind != Vertex::Kind::node || !is_identity(v.edges[reader.slot].permutation))
        return false;
      if (std::holds_alternative<FullyConnected>(v.op) && reader.slot == 0) {
        if (!permutable_weights(v.edges[1])) return false;
        continue;
      }
      const bool elementwise = std::holds_alternative<Unary>(v.op) ||
                               std::holds_alternative<Quantize>(v.op) ||
                               std::holds_alternative<Dequantize>(v.op);
      if (!elementwise || !self(self, reader.vertex)) return false;
    }
    return true;
  };
  for (std::size_t i = 0; i < vertices_.size(); ++i) {
    Vertex& vertex = vertices_[i];
    if (vertex.kind != Vertex::Kind::node || !std::holds_alternative<Reshape>(vertex.op)) continue;
    if (vertex.edges[0].source == kNone) continue;
    const Shape from = edge_shape(vertex.edges[0]);
    if (from.size() < 2 || vertex.shape.empty() ||
        vertex.shape.back() * from[0] != element_count(from))
      continue;
    vertex.absorbs_order = absorbs(absorbs, i);
  }
}

Shape LayoutProblem::edge_shape(const Edge& edge) const {
  if (edge.source == kNone)
    return edge.constant.valid() ? permuted(edge.constant_shape, edge.permutation) : Shape{};
  return permuted(vertices_[edge.source].shape, edge.permutation);
}

std::optional<Relayout> LayoutProblem::flip_input(std::size_t vertex, std::size_t slot,
                                                  const Permutation& permutation) const {
  const Vertex& v = vertices_[vertex];
  if (v.kind == Vertex::Kind::output) return Relayout{{}, permutation, {permutation}};
  std::vector<Shape> shapes;
  for (const Edge& edge : v.edges) shapes.push_back(edge_shape(edge));
  return relayout_by_input(v.op, shapes, v.shape, slot, permutation);
}

std::optional<Relayout> LayoutProblem::flip_output(std::size_t vertex,
                                                   const Permutation& permutation) const {
  const Vertex& v = vertices_[vertex];
  if (v.kind == Vertex::Kind::input) return Relayout{{}, permutation, {}};
  std::vector<Shape> shapes;
  for (const Edge& edge : v.edges) shapes.push_back(edge_shape(edge));
  return relayout_by_output(v.op, shapes, v.shape, permutation);
}

// The layouts that would leave no permutation on the edges between flipped vertices.
LayoutProblem::Flips LayoutProblem::propagate(std::size_t seed, Relayout relayout) const {
  Flips flips;
  flips.emplace(seed, std::move(relayout));
  std::vector<std::size_t> queue{seed};
  const auto add = [&](std::size_t vertex, std::optional<Relayout> flip) {
    if (!flip) return;
    flips.emplace(vertex, std::move(*flip));
    queue.push_back(vertex);
  };
  for (std::size_t head = 0; head < queue.size(); ++head) {
    const Vertex& vertex = vertices_[queue[head]];
    const Relayout flip = flips.at(queue[head]);
    for (std::size_t slot = 0; slot < flip.inputs.size(); ++slot) {
      const Edge& edge = vertex.edges[slot];
      if (edge.source == kNone || flip.inputs[slot].empty() || flips.count(edge.source)) continue;
      const Permutation wanted = compose(edge.permutation, flip.inputs[slot]);
      if (!is_identity(wanted)) add(edge.source, flip_output(edge.source, wanted));
    }
    for (const Reader& reader : vertex.readers) {
      if (flips.count(reader.vertex)) continue;
      const Permutation& permutation = vertices_[reader.vertex].edges[reader.slot].permutation;
      const Permutation wanted = compose(inverse(permutation), flip.output);
      if (!is_identity(wanted)) add(reader.vertex, flip_input(reader.vertex, reader.slot, wanted));
    }
  }
  return flips;
}

std::int64_t LayoutProblem::cost(const Shape& shape, const Permutation& permutation,
                                 const Vertex& reader) const {
  if (is_identity(permutation)) return 0;
  const bool into_reshape =
      reader.kind == Vertex::Kind::node && std::holds_alternative<Reshape>(reader.op);
  if (keeps_element_order(shape, permutation)) return into_reshape ? 0 : 1;
  if (reader.absorbs_order && permutation[0] == 0) return 2;
  return 1024 * (1 + element_count(shape));
}

std::int64_t LayoutProblem::total_cost() const {
  // Readers that want the same permutation share one Transpose.
  std::map<std::pair<std::size_t, Permutation>, std::int64_t> costs;
  for (const Vertex& vertex : vertices_) {
    for (const Edge& edge : vertex.edges) {
      if (edge.source == kNone || is_identity(edge.permutation)) continue;
      std::int64_t& shared = costs[{edge.source, edge.permutation}];
      shared = std::max(shared, cost(vertices_[edge.source].shape, edge.permutation, vertex));
    }
  }
  std::int64_t total = 0;
  for (const auto& [key, value] : costs) total += value;
  return total;
}

// The part of `flips` that, applied together, costs least.
LayoutProblem::Flips LayoutProblem::cheapest(const Flips& flips) const {
  // Uses of one tensor that look alike before and after are one group: they share a Transpose.
  struct Group {
    std::size_t source;
    Permutation before, reader_flip;  // reader_flip empty: readers do not move
    std::vector<std::size_t> readers;
  };
  std::map<std::tuple<std::size_t, Permutation, Permutation, std::size_t>, Group> groups;
  for (std::size_t i = 0; i < vertices_.size(); ++i) {
    const Vertex& vertex = vertices_[i];
    const auto flip = flips.find(i);
    for (std::size_t slot = 0; slot < vertex.edges.size(); ++slot) {
      const Edge& edge = vertex.edges[slot];
      if (edge.source == kNone || (flip == flips.end() && !flips.count(edge.source))) continue;
      const Permutation moved = flip == flips.end() ? Permutation{} : flip->second.inputs[slot];
      const bool special =
          vertex.kind == Vertex::Kind::node && std::holds_alternative<Reshape>(vertex.op);
      Group& group = groups[{edge.source, edge.permutation, moved, special}];
      group.source = edge.source;
      group.before = edge.permutation;
      group.reader_flip = moved;
      group.readers.push_back(i);
    }
  }

  std::map<std::size_t, std::size_t> variable;
  for (const auto& [vertex, flip] : flips) variable.emplace(vertex, variable.size());
  BinaryMinimum problem(variable.size());
  for (const auto& keyed : groups) {
    const Group& group =
        keyed.second;  // a structured binding cannot be captured before C++20's later revisions
    const Vertex& source = vertices_[group.source];
    const auto source_flip = flips.find(group.source);
    const Permutation undo = source_flip == flips.end() ? identity_permutation(source.shape.size())
                                                        : inverse(source_flip->second.output);
    const auto price = [&](bool source_flipped, bool reader_flipped) {
      Permutation permutation = group.before;
      Shape shape = source.shape;
      if (source_flipped) {
        permutation = compose(undo, permutation);
        shape = permuted(shape, inverse(undo));
      }
      if (reader_flipped) permutation = compose(permutation, group.reader_flip);
      return cost(shape, permutation, vertices_[group.readers.front()]);
    };
    const bool source_moves = source_flip != flips.end();
    if (group.reader_flip.empty()) {
      if (source_moves)
        problem.add(variable.at(group.source), {price(false, false), price(true, false)});
      continue;
    }
    // One variable says that some reader is flipped, one that all are.
    const std::size_t some = problem.add_variable();
    const std::size_t all = problem.add_variable();
    constexpr std::int64_t kNever = std::int64_t{1} << 50;
    for (const std::size_t reader : group.readers) {
      problem.add(variable.at(reader), some, {{{0, 0}, {kNever, 0}}});
      problem.add(variable.at(reader), all, {{{0, kNever}, {0, 0}}});
    }
    if (source_moves) {
      const std::size_t s = variable.at(group.source);
      problem.add(s, some, {{{0, price(false, true)}, {0, price(true, true)}}});
      problem.add(s, all, {{{price(false, false), 0}, {price(true, false), 0}}});
    } else {
      problem.add(some, {0, price(false, true)});
      problem.add(all, {price(false, false), 0});
    }
  }
  const std::vector<bool> chosen = problem.solve();
  Flips result;
  for (const auto& [vertex, flip] : flips) {
    if (chosen[variable.at(vertex)]) result.emplace(vertex, flip);
  }
  return result;
}

void LayoutProblem::apply(const Flips& flips) {
  for (const auto& [index, flip] : flips) {
    Vertex& vertex = vertices_[index];
    vertex.op = flip.op;
    vertex.shape = permuted(vertex.shape, flip.output);
    vertex.layout = compose(vertex.layout, flip.output);
    for (std::size_t slot = 0; slot < flip.inputs.size(); ++slot) {
      Permutation& permutation = vertex.edges[slot].permutation;
      if (!flip.inputs[slot].empty()) permutation = compose(permutation, flip.inputs[slot]);
    }
    for (const Reader& reader : vertex.readers) {
      Permutation& permutation = vertices_[reader.vertex].edges[reader.slot].permutation;
      permutation = compose(inverse(flip.output), permutation);
    }
  }
}

bool LayoutProblem::try_seed(std::size_t seed, std::optional<Relayout> relayout) {
  if (!relayout) return false;
  const Flips flips = cheapest(propagate(seed, std::move(*relayout)));
  if (flips.empty()) return false;
  std::map<std::size_t, Vertex> saved;
  for (const auto& [index, flip] : flips) {
    saved.emplace(index, vertices_[index]);
    for (const Reader& reader : vertices_[index].readers) {
      saved.emplace(reader.vertex, vertices_[reader.vertex]);
    }
  }
  const std::int64_t before = total_cost();
  apply(flips);
  if (total_cost() < before) return true;
  for (auto& [index, vertex] : saved) vertices_[index] = std::move(vertex);
  return false;
}

bool LayoutProblem::improve() {
  bool improved = false;
  bool changed = true;
  while (changed) {
    changed = false;
    for (std::size_t i = 0; i < vertices_.size(); ++i) {
      for (std::size_t slot = 0; slot < vertices_[i].edges.size(); ++slot) {
        const Edge edge = vertices_[i].edges[slot];
        if (edge.source == kNone || is_identity(edge.permutation)) continue;
        changed |= try_seed(i, flip_input(i, slot, inverse(edge.permutation))) ||
                   try_seed(edge.source, flip_output(edge.source, edge.permutation));
      }
    }
    improved |= changed;
  }
  return improved;
}

TensorId LayoutProblem::constant_operand(const Edge& edge) {
  if (!edge.constant.valid() || is_identity(edge.permutation)) return edge.constant;
  const Tensor& tensor = graph_.tensors[edge.constant];
  TensorValue value = tensor.constant;
  if (value.type.shape != edge.constant_shape) value = reshaped(value, edge.constant_shape);
  value = permuted(value, edge.permutation);
  return graph_.add_constant(tensor.name, std::move(value));
}

TensorId LayoutProblem::operand(const Vertex& reader, const Edge& edge, std::vector<Node>& nodes) {
  if (edge.source == kNone) return constant_operand(edge);
  const Vertex& source = vertices_[edge.source];
  const bool free = keeps_element_order(source.shape, edge.permutation);
  const bool into_reshape =
      reader.kind == Vertex::Kind::node && std::holds_alternative<Reshape>(reader.op);
  if (is_identity(edge.permutation) || (free && into_reshape)) return source.tensor;
  TensorId& result = transposed_[{edge.source, edge.permutation}];
  if (result.valid()) return result;
  Origin origin{graph_.tensors[source.tensor].name, "Transpose"};
  if (source.kind == Vertex::Kind::node) origin = graph_.nodes[source.index].origin;
  const TensorType type = permuted(graph_.type(source.tensor), edge.permutation);
  Op op = free ? Op{Reshape{type.shape}} : Op{Transpose{edge.permutation}};
  result = graph_.add_tensor(graph_.tensors[source.tensor].name, type);
  made_reshapes_ |= free;
  nodes.push_back(Node{std::move(op), {source.tensor}, {result}, std::move(origin)});
  return result;
}

Graph LayoutProblem::materialise() {
  const auto update = [](Port& port, const Permutation& layout) {
    if (is_identity(layout)) return;
    port.permutation = port.permutation.empty() ? layout : compose(port.permutation, layout);
    if (is_identity(port.permutation)) port.permutation.clear();
  };
  for (const Vertex& vertex : vertices_) {
    if (vertex.kind == Vertex::Kind::output) continue;
    TensorType& type = graph_.tensors[vertex.tensor].type;
    type = permuted(type, vertex.layout);
  }
  std::vector<Node> nodes;
  for (const Vertex& vertex : vertices_) {
    if (vertex.kind == Vertex::Kind::input) {
      update(graph_.inputs[vertex.index], vertex.layout);
      continue;
    }
    std::vector<TensorId> inputs;
    for (const Edge& edge : vertex.edges) inputs.push_back(operand(vertex, edge, nodes));
    if (vertex.kind == Vertex::Kind::output) {
      graph_.outputs[vertex.index].tensor = inputs.front();
      update(graph_.outputs[vertex.index], vertex.layout);
      continue;
    }
    // A copy: the origin is still asked for when later transposes of this output are made.
    Node node = graph_.nodes[vertex.index];
    node.op = vertex.op;
    node.inputs = std::move(inputs);
    nodes.push_back(std::move(node));
  }
  graph_.nodes = std::move(nodes);
  return std::move(graph_);
}

}  // namespace linnet
