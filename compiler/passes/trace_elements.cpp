// See trace_elements.h. One through() for each operator that a decoding is made of.
#include "compiler/passes/trace_elements.h"

#include <algorithm>
#include <cmath>

namespace linnet {
namespace {

constexpr double kNothing = 1e-7;  // of a factor: what cancels up to rounding

// Row-major strides, in elements.
std::vector<std::int64_t> strides_of(const Shape& shape) {
  std::vector<std::int64_t> strides(shape.size(), 1);
  for (std::size_t i = shape.size(); i-- > 1;) strides[i - 1] = strides[i] * shape[i];
  return strides;
}

// Calls visit(index of the element in the source) for each element of `shape` in order, where one step along dimension d
// is `steps[d]` in the source.
template <class Visit>
void walk(const Shape& shape, std::int64_t first, const std::vector<std::int64_t>& steps,
          Visit&& visit) {
  std::vector<std::int64_t> index(shape.size(), 0);
  std::int64_t at = first;
  const std::int64_t count = element_count(shape);
  for (std::int64_t i = 0; i < count; ++i) {
    visit(static_cast<std::size_t>(at));
    for (std::size_t d = shape.size(); d-- > 0;) {
      at += steps[d];
      if (++index[d] < shape[d]) break;
      at -= steps[d] * index[d];
      index[d] = 0;
    }
  }
}

// Steps through an operand that is broadcast to `shape`.
std::vector<std::int64_t> broadcast_steps(const Shape& operand, const Shape& shape) {
  std::vector<std::int64_t> steps(shape.size(), 0);
  const std::vector<std::int64_t> own = strides_of(operand);
  const std::size_t before = shape.size() - operand.size();
  for (std::size_t d = 0; d < operand.size(); ++d)
    if (operand[d] != 1) steps[before + d] = own[d];
  return steps;
}

}  // namespace

Traced scaled(Traced value, double factor, double offset) {
  value.constant = value.constant * factor + offset;
  for (double& f : value.factor) f *= factor;
  return value;
}

Traced sum(const Traced& a, const Traced& b) {
  Traced result = a;
  result.known = a.known && b.known;
  result.constant += b.constant;
  for (int i = 0; i < 2; ++i) {
    if (b.atom[i].kind == Atom::Kind::none) continue;
    int to = 0;
    while (to < 2 && !(result.atom[to] == b.atom[i])) ++to;
    if (to == 2) {
      to = 0;
      while (to < 2 && result.atom[to].kind != Atom::Kind::none) ++to;
    }
    if (to == 2) {
      result.known = false;
      return result;
    }
    result.atom[to] = b.atom[i];
    result.factor[to] += b.factor[i];
  }
  const double largest = std::max(std::abs(result.factor[0]), std::abs(result.factor[1]));
  for (int i = 0; i < 2; ++i) {
    if (std::abs(result.factor[i]) > kNothing * largest) continue;
    result.atom[i] = {};
    result.factor[i] = 0;
  }
  if (result.atom[0].kind == Atom::Kind::none) {
    std::swap(result.atom[0], result.atom[1]);
    std::swap(result.factor[0], result.factor[1]);
  }
  return result;
}

const std::vector<Traced>& ElementTracer::trace(TensorId tensor) {
  const auto found = known_.find(tensor.value);
  if (found != known_.end()) return found->second;
  Values values = make(tensor);
  return known_.emplace(tensor.value, std::move(values)).first->second;
}

ElementTracer::Values ElementTracer::make(TensorId tensor) {
  if (graph_.is_constant(tensor)) return constants_of(tensor);
  const Node* node = producer_of(graph_, uses_, tensor);
  if (node == nullptr || graph_.type(tensor).dtype != DType::f32) return atoms_of(tensor);
  Values values = through(*node);
  if (values.empty()) return atoms_of(tensor);
  assert(static_cast<std::int64_t>(values.size()) == graph_.type(tensor).elements());
  return values;
}

ElementTracer::Values ElementTracer::atoms_of(TensorId tensor) const {
  Values values(static_cast<std::size_t>(graph_.type(tensor).elements()));
  for (std::size_t i = 0; i < values.size(); ++i) {
    values[i].atom[0] = {Atom::Kind::element, tensor.value, static_cast<std::uint32_t>(i)};
    values[i].factor[0] = 1;
  }
  return values;
}

ElementTracer::Values ElementTracer::constants_of(TensorId tensor) const {
  Values values;
  for (const float element : graph_.tensors[tensor].constant.to_floats()) {
    Traced value;
    value.constant = static_cast<double>(element);
    values.push_back(value);
  }
  return values;
}

ElementTracer::Values ElementTracer::through(const Node& node) {
  return std::visit(
      [&](const auto& op) -> Values {
        if constexpr (requires { this->through(op, node); }) {
          return through(op, node);
        } else {
          return {};
        }
      },
      node.op);
}

ElementTracer::Values ElementTracer::through(const Reshape&, const Node& node) {
  return trace(node.inputs[0]);
}

ElementTracer::Values ElementTracer::through(const Transpose& op, const Node& node) {
  const Values& from = trace(node.inputs[0]);
  const std::vector<std::int64_t> own = strides_of(graph_.type(node.inputs[0]).shape);
  std::vector<std::int64_t> steps;
  for (const std::int32_t d : op.permutation) steps.push_back(own[static_cast<std::size_t>(d)]);
  Values values;
  walk(graph_.type(node.output()).shape, 0, steps,
       [&](std::size_t at) { values.push_back(from[at]); });
  return values;
}

ElementTracer::Values ElementTracer::through(const Slice& op, const Node& node) {
  const Values& from = trace(node.inputs[0]);
  std::vector<std::int64_t> steps = strides_of(graph_.type(node.inputs[0]).shape);
  std::int64_t first = 0;
  for (std::size_t d = 0; d < steps.size(); ++d) {
    first += op.start[d] * steps[d];
    steps[d] *= op.step[d];
  }
  Values values;
  walk(graph_.type(node.output()).shape, first, steps,
       [&](std::size_t at) { values.push_back(from[at]); });
  return values;
}

ElementTracer::Values ElementTracer::through(const Gather& op, const Node& node) {
  if (!graph_.is_constant(node.inputs[1])) return {};
  const Values& from = trace(node.inputs[0]);
  const Shape& shape = graph_.type(node.inputs[0]).shape;
  const auto axis = static_cast<std::size_t>(op.axis);
  std::int64_t inner = 1;
  for (std::size_t d = axis + 1; d < shape.size(); ++d) inner *= shape[d];
  const std::int64_t outer = element_count(shape) / (inner * shape[axis]);
  const std::vector<std::int64_t> indices = graph_.tensors[node.inputs[1]].constant.to_ints();
  Values values;
  for (std::int64_t o = 0; o < outer; ++o)
    for (const std::int64_t index : indices)
      for (std::int64_t i = 0; i < inner; ++i)
        values.push_back(from[static_cast<std::size_t>((o * shape[axis] + index) * inner + i)]);
  return values;
}

ElementTracer::Values ElementTracer::through(const Concat& op, const Node& node) {
  const Shape& shape = graph_.type(node.output()).shape;
  std::int64_t outer = 1;
  for (std::int32_t d = 0; d < op.axis; ++d) outer *= shape[static_cast<std::size_t>(d)];
  Values values;
  for (const TensorId input : node.inputs) trace(input);
  for (std::int64_t o = 0; o < outer; ++o) {
    for (const TensorId input : node.inputs) {
      const Values& from = trace(input);
      const std::int64_t part = static_cast<std::int64_t>(from.size()) / outer;
      values.insert(values.end(), from.begin() + o * part, from.begin() + (o + 1) * part);
    }
  }
  return values;
}

ElementTracer::Values ElementTracer::through(const Unary& op, const Node& node) {
  if (op.fn != Unary::Fn::affine && op.fn != Unary::Fn::neg && op.fn != Unary::Fn::sigmoid)
    return {};
  Values values = trace(node.inputs[0]);
  for (Traced& value : values) {
    if (op.fn == Unary::Fn::affine) {
      value = scaled(value, static_cast<double>(op.alpha), static_cast<double>(op.beta));
    } else if (op.fn == Unary::Fn::neg) {
      value = scaled(value, -1);
    } else {
      value.known = value.is(Atom::Kind::element);
      value.atom[0].kind = Atom::Kind::sigmoid;
    }
  }
  return values;
}

ElementTracer::Values ElementTracer::through(const Binary& op, const Node& node) {
  const bool linear = op.fn == Binary::Fn::add || op.fn == Binary::Fn::sub ||
                      op.fn == Binary::Fn::mul || op.fn == Binary::Fn::div;
  if (!linear || !op.clamp.none()) return {};
  const Shape& shape = graph_.type(node.output()).shape;
  const Values& a = trace(node.inputs[0]);
  const Values& b = trace(node.inputs[1]);
  std::vector<std::size_t> of_b;
  walk(shape, 0, broadcast_steps(graph_.type(node.inputs[1]).shape, shape),
       [&](std::size_t at) { of_b.push_back(at); });
  Values values;
  walk(shape, 0, broadcast_steps(graph_.type(node.inputs[0]).shape, shape), [&](std::size_t at) {
    const Traced& x = a[at];
    const Traced& y = b[of_b[values.size()]];
    Traced value;
    if (op.fn == Binary::Fn::add) {
      value = sum(x, y);
    } else if (op.fn == Binary::Fn::sub) {
      value = sum(x, scaled(y, -1));
    } else if (y.terms() == 0) {
      value = scaled(x, op.fn == Binary::Fn::mul ? y.constant : 1 / y.constant);
    } else if (op.fn == Binary::Fn::mul && x.terms() == 0) {
      value = scaled(y, x.constant);
    } else {
      value.known = false;
    }
    value.known = value.known && x.known && y.known;
    values.push_back(value);
  });
  return values;
}

// Its elements must be atoms at even distances, as a tensor's own are.
ElementTracer::Values ElementTracer::through(const Softmax& op, const Node& node) {
  const Values& from = trace(node.inputs[0]);
  const Shape& shape = graph_.type(node.inputs[0]).shape;
  const auto axis = static_cast<std::size_t>(op.axis);
  const auto count = static_cast<std::size_t>(shape[axis]);
  const auto inner = static_cast<std::size_t>(strides_of(shape)[axis]);
  Values values(from.size());
  for (std::size_t start = 0; start < from.size(); ++start) {
    if (start / inner % count != 0) continue;
    const Traced& first = from[start];
    const Traced& second = from[start + (count > 1 ? inner : 0)];
    const ElementRun run{TensorId{first.atom[0].of}, first.atom[0].index,
                         std::int64_t{second.atom[0].index} - first.atom[0].index,
                         static_cast<std::int64_t>(count)};
    bool even = true;
    for (std::size_t i = 0; i < count; ++i) {
      const Traced& value = from[start + i * inner];
      even = even && value.is(Atom::Kind::element) && value.atom[0].of == first.atom[0].of &&
             value.atom[0].index == run.first + static_cast<std::int64_t>(i) * run.step;
    }
    for (std::size_t i = 0; i < count; ++i) {
      Traced& value = values[start + i * inner];
      value.known = even;
      value.atom[0] = {Atom::Kind::bin, static_cast<std::uint32_t>(runs_.size()),
                       static_cast<std::uint32_t>(i)};
      value.factor[0] = 1;
    }
    runs_.push_back(run);
  }
  return values;
}

bool ElementTracer::counts_up(TensorId weights) const {
  if (!graph_.is_constant(weights) || graph_.type(weights).dtype != DType::f32) return false;
  const std::vector<float> elements = graph_.tensors[weights].constant.to_floats();
  for (std::size_t i = 0; i < elements.size(); ++i)
    if (elements[i] != static_cast<float>(i)) return false;
  return elements.size() > 1;
}

// Sums of 0 * x[..,0] + 1 * x[..,1] + ... along the last dimension, of the bins of one softmax each.
ElementTracer::Values ElementTracer::expectations(TensorId x, TensorId weights, TensorId bias) {
  if (!counts_up(weights)) return {};
  const auto count = static_cast<std::size_t>(graph_.type(weights).elements());
  if (static_cast<std::int64_t>(count) != graph_.type(x).shape.back()) return {};
  if (bias.valid() && scalar_of(graph_, bias) != 0.0F) return {};
  const Values& from = trace(x);
  Values values(from.size() / count);
  for (std::size_t v = 0; v < values.size(); ++v) {
    const Traced* bins = &from[v * count];
    Traced& value = values[v];
    for (std::size_t i = 0; i < count; ++i) {
      value.known = value.known && bins[i].is(Atom::Kind::bin) &&
                    bins[i].atom[0].of == bins[0].atom[0].of && bins[i].atom[0].index == i;
    }
    value.known = value.known && run(bins[0].atom[0].of).count == static_cast<std::int64_t>(count);
    value.atom[0] = {Atom::Kind::expectation, bins[0].atom[0].of, 0};
    value.factor[0] = 1;
  }
  return values;
}

ElementTracer::Values ElementTracer::through(const Conv2d& op, const Node& node) {
  const bool pointwise = op.window == Window{} && op.groups == 1 && op.clamp.none();
  if (!pointwise || graph_.type(node.output()).shape.back() != 1) return {};
  return expectations(node.inputs[0], node.inputs[1],
                      node.inputs.size() > 2 ? node.inputs[2] : TensorId{});
}

ElementTracer::Values ElementTracer::through(const FullyConnected& op, const Node& node) {
  if (!op.clamp.none() || graph_.type(node.output()).shape.back() != 1) return {};
  return expectations(node.inputs[0], node.inputs[1],
                      node.inputs.size() > 2 ? node.inputs[2] : TensorId{});
}

ElementTracer::Values ElementTracer::through(const MatMul&, const Node& node) {
  if (!graph_.is_constant(node.inputs[1]) || graph_.type(node.output()).shape.back() != 1)
    return {};
  return expectations(node.inputs[0], node.inputs[1], TensorId{});
}

}  // namespace linnet
