// A scale and a shift for each column of the input leave the graph and become part of the port (compiler/ir/columns.h):
//
//   input [1,1,640,64] ─► mul s[64] ─► add t[64] ─► pad ─► reshape ─► conv       a batch norm over mel bins
//   input (columns * s + t)  ───────────────────► pad ─► reshape ─► conv
//
// Only where the convolution's weights could not take it up: the map varies along the columns of a picture of one channel,
// the network has no other input, and nothing else reads it. Reshapes on the way that only move dimensions of 1 become transposes again, so
// that push_transposes can make them part of the port's layout, which nothing prevents any more.
#include <algorithm>
#include <cmath>

#include "compiler/passes/passes.h"
#include "compiler/passes/rewrite.h"

namespace linnet {
namespace {

struct Affine {
  std::vector<float> scale, offset;
};

// The axis of the columns in a tensor of rows and columns (all other dimensions 1).
std::optional<std::size_t> column_axis(const Shape& shape) {
  std::vector<std::size_t> wide;
  for (std::size_t d = 0; d < shape.size(); ++d) {
    if (shape[d] != 1) wide.push_back(d);
  }
  if (wide.size() != 2) return std::nullopt;
  return wide.back();
}

// The node as a map of the columns of the tensor `x`, which it reads.
std::optional<Affine> column_affine(const Graph& graph, const Node& node, TensorId x,
                                    std::size_t axis) {
  using Fn = Binary::Fn;
  const Shape& shape = graph.type(x).shape;
  const auto count = static_cast<std::size_t>(shape[axis]);
  Affine affine{std::vector<float>(count, 1.0F), std::vector<float>(count, 0.0F)};
  if (const auto* unary = float_op<Unary>(graph, &node)) {
    if (unary->fn == Unary::Fn::neg) {
      affine.scale.assign(count, -1.0F);
    } else if (unary->fn == Unary::Fn::affine) {
      affine.scale.assign(count, unary->alpha);
      affine.offset.assign(count, unary->beta);
    } else {
      return std::nullopt;
    }
    return affine;
  }
  const auto* binary = float_op<Binary>(graph, &node);
  if (!binary || !binary->clamp.none() || graph.type(node.output()).shape != shape)
    return std::nullopt;
  const std::size_t slot = node.inputs[0] == x ? 0 : 1;
  const auto values = values_along(graph, node.inputs[1 - slot], shape, axis);
  if (!values) return std::nullopt;
  if (binary->fn == Fn::add) {
    affine.offset = *values;
  } else if (binary->fn == Fn::mul) {
    affine.scale = *values;
  } else if (binary->fn == Fn::sub && slot == 0) {
    std::transform(values->begin(), values->end(), affine.offset.begin(), std::negate<>{});
  } else if (binary->fn == Fn::sub) {
    affine.scale.assign(count, -1.0F);
    affine.offset = *values;
  } else if (binary->fn == Fn::div && slot == 0 &&
             std::find(values->begin(), values->end(), 0.0F) == values->end()) {
    std::transform(values->begin(), values->end(), affine.scale.begin(),
                   [](float v) { return 1.0F / v; });
  } else {
    return std::nullopt;
  }
  return affine;
}

bool is_uniform(const std::vector<float>& values) {
  return std::all_of(values.begin(), values.end(), [&](float v) { return v == values.front(); });
}

ColumnMap then(ColumnMap columns, const Affine& next) {
  for (std::size_t m = 0; m < next.scale.size(); ++m) {
    columns.scale[m] *= next.scale[m];
    columns.offset[m] = columns.offset[m] * next.scale[m] + next.offset[m];
  }
  return columns;
}

// The only node that reads the tensor.
std::optional<NodeId> only_reader(const Uses& uses, TensorId tensor) {
  if (!uses.single_use(tensor)) return std::nullopt;
  return uses.readers[tensor].front();
}

// The permutation that a reshape of dimensions of 1 amounts to, when it moves nothing else.
std::optional<Permutation> moved_units(const Shape& from, const Shape& to) {
  if (from.size() != to.size() || from == to) return std::nullopt;
  Permutation permutation;
  std::vector<bool> taken(from.size(), false);
  for (const std::int64_t size : to) {
    std::size_t d = 0;
    while (d < from.size() && (taken[d] || from[d] != size)) ++d;
    if (d == from.size()) return std::nullopt;
    taken[d] = true;
    permutation.push_back(static_cast<std::int32_t>(d));
  }
  if (!keeps_element_order(from, permutation)) return std::nullopt;
  return permutation;
}

// What lies between the map and the first convolution: paddings and reshapes of dimensions of 1.
struct Way {
  std::vector<std::pair<NodeId, Permutation>> reshapes;
};

std::optional<Way> way_to_convolution(const Graph& graph, const Uses& uses, TensorId tensor) {
  Way way;
  while (const std::optional<NodeId> reader = only_reader(uses, tensor)) {
    const Node& node = graph.nodes[reader->index()];
    if (float_op<Conv2d>(graph, &node)) return way;
    if (float_op<Reshape>(graph, &node)) {
      const Shape& from = graph.type(tensor).shape;
      const auto moved = moved_units(from, graph.type(node.output()).shape);
      if (!moved) return std::nullopt;
      way.reshapes.emplace_back(*reader, *moved);
    } else if (!float_op<Pad>(graph, &node) && !float_op<Transpose>(graph, &node)) {
      return std::nullopt;
    }
    tensor = node.output();
  }
  return std::nullopt;
}

bool fold_port(Graph& graph, const Uses& uses, Port& port) {
  if (port.model_dtype != DType::f32 || graph.type(port.tensor).dtype != DType::f32) return false;
  const Shape& shape = graph.type(port.tensor).shape;
  const std::optional<std::size_t> axis = column_axis(shape);
  if (!axis) return false;
  const auto model_axis =
      port.permutation.empty() ? static_cast<std::int32_t>(*axis) : port.permutation[*axis];
  if (port.columns && port.columns->axis != model_axis) return false;
  const auto count = static_cast<std::size_t>(shape[*axis]);
  ColumnMap columns = port.columns.value_or(
      ColumnMap{model_axis, std::vector<float>(count, 1.0F), std::vector<float>(count, 0.0F)});

  TensorId tensor = port.tensor;
  bool varies = port.columns.has_value();
  while (const std::optional<NodeId> reader = only_reader(uses, tensor)) {
    const Node& node = graph.nodes[reader->index()];
    const std::optional<Affine> next = column_affine(graph, node, tensor, *axis);
    if (!next) break;
    columns = then(std::move(columns), *next);
    varies = varies || !is_uniform(next->scale) || !is_uniform(next->offset);
    tensor = node.output();
  }
  const auto finite = [](float v) { return std::isfinite(v); };
  if (tensor == port.tensor || !varies || uses.is_output[tensor] ||
      !std::all_of(columns.scale.begin(), columns.scale.end(), finite) ||
      !std::all_of(columns.offset.begin(), columns.offset.end(), finite))
    return false;
  const std::optional<Way> way = way_to_convolution(graph, uses, tensor);
  if (!way) return false;

  for (const auto& [reshape, permutation] : way->reshapes)
    graph.nodes[reshape.index()].op = Transpose{permutation};
  replace_uses(graph, tensor, port.tensor);
  port.columns = std::move(columns);
  return true;
}

}  // namespace

Result<Graph> fold_input_columns(Graph graph) {
  if (graph.inputs.size() == 1) fold_port(graph, Uses(graph), graph.inputs.front());
  return settle(std::move(graph));
}

}  // namespace linnet
