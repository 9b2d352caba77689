// A graph without its Transpose nodes: every use of a tensor carries a permutation instead, and layouts of operators
// can be changed to make those permutations cheap. Used by push_transposes, which explains the idea.
#pragma once

#include <map>
#include <optional>
#include <vector>

#include "compiler/passes/layout.h"

namespace linnet {

// A use of a tensor: the value is transpose(source, permutation).
struct LayoutEdge {
  static constexpr std::size_t kNone = static_cast<std::size_t>(-1);
  std::size_t source = kNone;  // vertex; none: `constant`, or an absent input
  TensorId constant;
  Shape constant_shape;  // with leading ones, where the operator broadcasts
  Permutation permutation;
};

struct LayoutReader {
  std::size_t vertex, slot;
};

// A graph input, an operator other than Transpose, or a graph output.
struct LayoutVertex {
  enum class Kind { input, node, output } kind = Kind::node;
  std::size_t index = 0;  // of the port or node
  Op op;
  Shape shape;         // of what it makes, now
  TensorId tensor;     // likewise; for an output what it reads
  Permutation layout;  // how that differs from the graph's tensor
  std::vector<LayoutEdge> edges;
  std::vector<LayoutReader> readers;
  bool absorbs_order = false;  // a flatten whose order fully connected weights take up
};

class LayoutProblem {
 public:
  explicit LayoutProblem(Graph graph);
  bool improve();  // whether anything changed
  Graph materialise();
  bool made_reshapes() const { return made_reshapes_; }

 private:
  using Edge = LayoutEdge;
  using Reader = LayoutReader;
  using Vertex = LayoutVertex;
  using Flips = std::map<std::size_t, Relayout>;

  std::size_t add_vertex(Vertex vertex);
  Edge edge_to(TensorId tensor, std::size_t rank) const;
  void mark_absorbing();
  Shape edge_shape(const Edge& edge) const;
  std::optional<Relayout> flip_input(std::size_t vertex, std::size_t slot,
                                     const Permutation& permutation) const;
  std::optional<Relayout> flip_output(std::size_t vertex, const Permutation& permutation) const;
  Flips propagate(std::size_t seed, Relayout relayout) const;
  std::int64_t cost(const Shape& shape, const Permutation& permutation, const Vertex& reader) const;
  std::int64_t total_cost() const;
  Flips cheapest(const Flips& flips) const;
  void apply(const Flips& flips);
  bool try_seed(std::size_t seed, std::optional<Relayout> relayout);
  TensorId operand(const Vertex& reader, const Edge& edge, std::vector<Node>& nodes);
  TensorId constant_operand(const Edge& edge);

  Graph graph_;
  std::vector<Vertex> vertices_;
  IdVector<TensorId, std::pair<std::size_t, Permutation>>
      made_;  // vertex and what lies between it and the tensor
  std::map<std::pair<std::size_t, Permutation>, TensorId> transposed_;
  bool made_reshapes_ = false;
};

}  // namespace linnet
