// What each element of a tensor is, traced back through everything that only moves, scales, adds and counts:
//
//   boxes[0,0,7] = 60 - 4 * E(conv_a[0,0,7,0..15]) + 4 * E(conv_a[0,0,7,32..47])       with E the softmax expectation
//   boxes[0,4,7] = sigmoid(conv_b[0,0,7,0])
//
// so that the decoding of a detection head is found by what it computes, in whatever order and layout an exporter
// wrote it. Elements of a tensor that something else makes (a convolution) are the atoms.
#pragma once

#include <cstdint>
#include <unordered_map>
#include <vector>

#include "compiler/ir/graph.h"
#include "compiler/passes/rewrite.h"

namespace linnet {

// Elements first, first + step, ... of a tensor.
struct ElementRun {
  TensorId tensor;
  std::int64_t first = 0, step = 1, count = 1;
  bool operator==(const ElementRun&) const = default;
};

struct Atom {
  enum class Kind : std::uint8_t {
    none,
    element,      // of a tensor
    sigmoid,      // of an element
    bin,          // one value of the softmax over a run
    expectation,  // sum of i * softmax over a run at i
  } kind = Kind::none;
  std::uint32_t of = 0;     // element, sigmoid: the tensor's id; else the run's index
  std::uint32_t index = 0;  // element, sigmoid: which; bin: which
  bool operator==(const Atom&) const = default;
};

// constant + sum of factor * atom; `known` is false for everything that is not of this form.
struct Traced {
  bool known = true;
  double constant = 0;
  Atom atom[2];
  double factor[2] = {0, 0};

  int terms() const {
    return (atom[0].kind != Atom::Kind::none ? 1 : 0) + (atom[1].kind != Atom::Kind::none ? 1 : 0);
  }
  // The atom itself.
  bool is(Atom::Kind kind) const {
    return known && terms() == 1 && atom[0].kind == kind && constant == 0 && factor[0] == 1;
  }
};

Traced scaled(Traced value, double factor, double offset = 0);
Traced sum(const Traced& a, const Traced& b);  // unknown when more than two atoms remain

class ElementTracer {
 public:
  explicit ElementTracer(const Graph& graph) : graph_(graph), uses_(graph) {}

  // One for each element, row-major. The reference lives as long as the tracer.
  const std::vector<Traced>& trace(TensorId tensor);
  const ElementRun& run(std::uint32_t index) const { return runs_[index]; }

 private:
  using Values = std::vector<Traced>;
  Values make(TensorId tensor);
  Values atoms_of(TensorId tensor) const;
  Values constants_of(TensorId tensor) const;
  // Empty: the operator is none that can be traced.
  Values through(const Node& node);
  Values through(const Reshape& op, const Node& node);
  Values through(const Transpose& op, const Node& node);
  Values through(const Slice& op, const Node& node);
  Values through(const Gather& op, const Node& node);
  Values through(const Concat& op, const Node& node);
  Values through(const Unary& op, const Node& node);
  Values through(const Binary& op, const Node& node);
  Values through(const Softmax& op, const Node& node);
  Values through(const Conv2d& op, const Node& node);
  Values through(const FullyConnected& op, const Node& node);
  Values through(const MatMul& op, const Node& node);
  Values expectations(TensorId x, TensorId weights, TensorId bias);
  bool counts_up(TensorId weights) const;  // its elements are 0, 1, 2, ...

  const Graph& graph_;
  Uses uses_;
  std::vector<ElementRun> runs_;
  std::unordered_map<std::uint32_t, Values> known_;
};

}  // namespace linnet
