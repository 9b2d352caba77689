// Operators on permuted tensors; see layout.h.
#include "compiler/passes/layout.h"

#include <algorithm>

namespace linnet {
namespace {

using Axes = std::vector<std::int32_t>;

template <class Value>
std::vector<Value> permuted_list(const std::vector<Value>& values, const Permutation& permutation) {
  std::vector<Value> result(values.size());
  for (std::size_t i = 0; i < values.size(); ++i)
    result[i] = values[static_cast<std::size_t>(permutation[i])];
  return result;
}

bool fixes_from(const Permutation& permutation, std::size_t first) {
  for (std::size_t i = first; i < permutation.size(); ++i) {
    if (permutation[i] != static_cast<std::int32_t>(i)) return false;
  }
  return true;
}

std::int32_t moved_axis(std::int32_t axis, const Permutation& permutation) {
  return inverse(permutation)[static_cast<std::size_t>(axis)];
}

// The operator with attributes for permuted tensors, where input and output are permuted alike.
struct SameForAll {
  const std::vector<Shape>& inputs;
  const Permutation& permutation;

  std::optional<Op> operator()(const Unary& op) const { return Op{op}; }
  std::optional<Op> operator()(const Binary& op) const { return Op{op}; }
  std::optional<Op> operator()(const Quantize& op) const { return Op{op}; }
  std::optional<Op> operator()(const Dequantize& op) const { return Op{op}; }
  std::optional<Op> operator()(const Requantize& op) const { return Op{op}; }
  std::optional<Op> operator()(const Cast& op) const { return Op{op}; }
  std::optional<Op> operator()(Softmax op) const {
    op.axis = moved_axis(op.axis, permutation);
    return Op{op};
  }
  std::optional<Op> operator()(Concat op) const {
    op.axis = moved_axis(op.axis, permutation);
    return Op{op};
  }
  std::optional<Op> operator()(const Slice& op) const {
    return Op{Slice{permuted_list(op.start, permutation), permuted_list(op.step, permutation),
                    permuted_list(op.size, permutation)}};
  }
  std::optional<Op> operator()(Pad op) const {
    op.before = permuted_list(op.before, permutation);
    op.after = permuted_list(op.after, permutation);
    return Op{op};
  }
  std::optional<Op> operator()(const Expand& op) const {
    if (inputs[0].size() != op.shape.size()) return std::nullopt;
    return Op{Expand{permuted_list(op.shape, permutation)}};
  }
  std::optional<Op> operator()(const Gather& op) const {
    if (inputs[1].size() != 1) return std::nullopt;
    return Op{Gather{moved_axis(op.axis, permutation)}};
  }
  // Over the last dimensions, in their order.
  std::optional<Op> operator()(const LayerNorm& op) const {
    return fixes_from(permutation, static_cast<std::size_t>(op.axis)) ? std::optional<Op>{op}
                                                                      : std::nullopt;
  }
  std::optional<Op> operator()(const FullyConnected& op) const { return channels_last(op); }
  std::optional<Op> operator()(const BatchNorm& op) const { return channels_last(op); }
  template <class Fixed>
  std::optional<Op> operator()(const Fixed&) const {
    return std::nullopt;
  }

  template <class Operator>
  std::optional<Op> channels_last(const Operator& op) const {
    return fixes_from(permutation, permutation.size() - 1) ? std::optional<Op>{op} : std::nullopt;
  }
};

// Inputs that are tensors of the output's layout; the others (weights, indices, statistics) stay as
// they are.
std::size_t moving_inputs(const Op& op, std::size_t count) {
  return std::holds_alternative<Binary>(op) || std::holds_alternative<Concat>(op) ? count : 1;
}

// ---- Reduce ----

Axes kept_axes(const Reduce& op, std::size_t rank) {
  Axes kept;
  for (std::size_t i = 0; i < rank; ++i) {
    const auto axis = static_cast<std::int32_t>(i);
    if (std::find(op.axes.begin(), op.axes.end(), axis) == op.axes.end()) kept.push_back(axis);
  }
  return kept;
}

Relayout relayout_reduce(const Reduce& op, std::size_t rank, const Permutation& input) {
  Reduce moved = op;
  for (std::int32_t& axis : moved.axes) axis = moved_axis(axis, input);
  std::sort(moved.axes.begin(), moved.axes.end());
  if (op.keep_dims) return {moved, input, {input}};
  // Output dimension j is input dimension kept[j]; after the permutation they come in the order of
  // `input`.
  const Axes kept = kept_axes(op, rank);
  Permutation output;
  for (const std::int32_t axis : input) {
    const auto found = std::find(kept.begin(), kept.end(), axis);
    if (found != kept.end()) output.push_back(static_cast<std::int32_t>(found - kept.begin()));
  }
  return {moved, output, {input}};
}

Relayout relayout_reduce_by_output(const Reduce& op, std::size_t rank, const Permutation& output) {
  if (op.keep_dims) return relayout_reduce(op, rank, output);
  // Reduced dimensions stay where they are.
  const Axes kept = kept_axes(op, rank);
  Permutation input = identity_permutation(rank);
  for (std::size_t j = 0; j < kept.size(); ++j) {
    input[static_cast<std::size_t>(kept[j])] = kept[static_cast<std::size_t>(output[j])];
  }
  return relayout_reduce(op, rank, input);
}

// ---- Reshape ----

// The dimensions longer than 1.
Axes long_axes(const Shape& shape) {
  Axes axes;
  for (std::size_t i = 0; i < shape.size(); ++i) {
    if (shape[i] != 1) axes.push_back(static_cast<std::int32_t>(i));
  }
  return axes;
}

// A run of dimensions of one side that has the same elements as a run of the other.
struct Group {
  Axes from, to;
};

std::vector<Group> groups(const Shape& from, const Shape& to) {
  const Axes from_axes = long_axes(from);
  const Axes to_axes = long_axes(to);
  std::vector<Group> result;
  std::size_t i = 0;
  std::size_t j = 0;
  while (i < from_axes.size() && j < to_axes.size()) {
    Group group;
    std::int64_t from_count = 1;
    std::int64_t to_count = 1;
    do {
      if (from_count <= to_count && i < from_axes.size()) {
        group.from.push_back(from_axes[i]);
        from_count *= from[static_cast<std::size_t>(from_axes[i++])];
      } else {
        group.to.push_back(to_axes[j]);
        to_count *= to[static_cast<std::size_t>(to_axes[j++])];
      }
    } while (from_count != to_count || group.to.empty());
    result.push_back(std::move(group));
  }
  return result;
}

// The permutation behind a reshape of `from` to `to` when `permutation` comes before it: groups
// must move as a whole.
std::optional<Permutation> through_reshape(const Shape& from, const Shape& to,
                                           const Permutation& permutation) {
  Axes order;  // long dimensions of `from` in their new order
  for (const std::int32_t axis : permutation) {
    if (from[static_cast<std::size_t>(axis)] != 1) order.push_back(axis);
  }
  const std::vector<Group> all = groups(from, to);
  Axes moved;  // long dimensions of `to` in their new order
  for (std::size_t at = 0; at < order.size();) {
    const auto group = std::find_if(all.begin(), all.end(),
                                    [&](const Group& g) { return g.from.front() == order[at]; });
    if (group == all.end() || order.size() - at < group->from.size()) return std::nullopt;
    if (!std::equal(group->from.begin(), group->from.end(),
                    order.begin() + static_cast<std::ptrdiff_t>(at)))
      return std::nullopt;
    at += group->from.size();
    moved.insert(moved.end(), group->to.begin(), group->to.end());
  }
  Permutation result = identity_permutation(to.size());
  const Axes places = long_axes(to);
  assert(places.size() == moved.size());
  for (std::size_t i = 0; i < places.size(); ++i)
    result[static_cast<std::size_t>(places[i])] = moved[i];
  return result;
}

std::optional<Relayout> relayout_reshape(const Shape& from, const Shape& to,
                                         const Permutation& input, const Permutation& output) {
  if (element_count(from) == 0) return std::nullopt;
  const Shape shape = permuted(to, output);
  return Relayout{Reshape{shape}, output, {input}};
}

std::optional<Relayout> relayout_same(const Op& op, const std::vector<Shape>& inputs,
                                      const Permutation& permutation) {
  std::optional<Op> moved = std::visit(SameForAll{inputs, permutation}, op);
  if (!moved) return std::nullopt;
  Relayout result{std::move(*moved), permutation, std::vector<Permutation>(inputs.size())};
  const std::size_t moving = moving_inputs(op, inputs.size());
  for (std::size_t i = 0; i < moving; ++i) {
    if (inputs[i].size() != permutation.size()) return std::nullopt;
    result.inputs[i] = permutation;
  }
  return result;
}

}  // namespace

std::optional<Relayout> relayout_by_input(const Op& op, const std::vector<Shape>& inputs,
                                          const Shape& output, std::size_t slot,
                                          const Permutation& permutation) {
  if (slot >= moving_inputs(op, inputs.size())) return std::nullopt;
  if (const auto* reduce = std::get_if<Reduce>(&op))
    return relayout_reduce(*reduce, inputs[0].size(), permutation);
  if (std::holds_alternative<Reshape>(op)) {
    const std::optional<Permutation> behind = through_reshape(inputs[0], output, permutation);
    return behind ? relayout_reshape(inputs[0], output, permutation, *behind) : std::nullopt;
  }
  return relayout_same(op, inputs, permutation);
}

std::optional<Relayout> relayout_by_output(const Op& op, const std::vector<Shape>& inputs,
                                           const Shape& output, const Permutation& permutation) {
  if (const auto* reduce = std::get_if<Reduce>(&op))
    return relayout_reduce_by_output(*reduce, inputs[0].size(), permutation);
  if (std::holds_alternative<Reshape>(op)) {
    const std::optional<Permutation> before = through_reshape(output, inputs[0], permutation);
    return before ? relayout_reshape(inputs[0], output, *before, permutation) : std::nullopt;
  }
  return relayout_same(op, inputs, permutation);
}

}  // namespace linnet
