// How an operator looks when its input or output comes transposed.
//
// `Relayout` is the same computation on permuted tensors: for Unary any permutation does, Concat
// moves its axis, a Reduce that drops dimensions has another permutation behind it than before it,
// a Reshape takes those that keep its groups of dimensions together, a convolution none
// (channels-last is what it is).
#pragma once

#include <optional>
#include <vector>

#include "compiler/passes/rewrite.h"

namespace linnet {

struct Relayout {
  Op op;                            // on the permuted tensors
  Permutation output;               // new output = transpose(output, this)
  std::vector<Permutation> inputs;  // likewise; empty: that input stays (weights, indices)
};

// The operator when input `slot` is transposed by `permutation`; nothing when it has no such form.
// Inputs that broadcast from a lower rank must be given with leading ones.
std::optional<Relayout> relayout_by_input(const Op& op, const std::vector<Shape>& inputs,
                                          const Shape& output, std::size_t slot,
                                          const Permutation& permutation);

// The operator when its output is transposed by `permutation`.
std::optional<Relayout> relayout_by_output(const Op& op, const std::vector<Shape>& inputs,
                                           const Shape& output, const Permutation& permutation);

}  // namespace linnet
