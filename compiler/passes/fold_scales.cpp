// Scales and shifts per channel become part of a linear operator's weights and bias.
//
//   conv w, b ─► mul s ─► add t          ->  conv w*s, b*s + t                     (s, t per output channel)
//   mul s ─► add t ─► conv w, b          ->  conv w*s, b + sum of w*t              (s, t per input channel)
//
// The second needs a convolution that pads nothing unless t is 0: a padded tap reads 0, not t. A Unary affine counts as
// one scale and shift for all channels. New weights are copies, so other readers of the old ones do not change.
#include <algorithm>

#include "compiler/passes/passes.h"
#include "compiler/passes/rewrite.h"

namespace linnet {
namespace {

// y = x * scale + shift along the last dimension, then clamped.
struct ChannelAffine {
  TensorId x;
  std::vector<float> scale, shift;
  Clamp clamp;
};

std::optional<ChannelAffine> affine_of_binary(const Graph& graph, const Node& node,
                                              const Binary& binary) {
  using Fn = Binary::Fn;
  const Shape& shape = graph.type(node.output()).shape;
  if (shape.empty()) return std::nullopt;
  const std::size_t slot = graph.is_constant(node.inputs[0]) ? 1 : 0;  // of x
  const TensorId x = node.inputs[slot];
  const auto values = values_along(graph, node.inputs[1 - slot], shape, shape.size() - 1);
  if (!values || graph.type(x).shape != shape) return std::nullopt;
  const std::size_t channels = values->size();
  ChannelAffine affine{x, std::vector<float>(channels, 1.0f), std::vector<float>(channels, 0.0f),
                       binary.clamp};
  const bool constant_right = slot == 0;
  if (binary.fn == Fn::add) {
    affine.shift = *values;
  } else if (binary.fn == Fn::mul) {
    affine.scale = *values;
  } else if (binary.fn == Fn::sub && constant_right) {
    std::transform(values->begin(), values->end(), affine.shift.begin(), std::negate<>{});
  } else if (binary.fn == Fn::sub) {
    affine.scale.assign(channels, -1.0f);
    affine.shift = *values;
  } else if (binary.fn == Fn::div && constant_right) {
    if (std::find(values->begin(), values->end(), 0.0f) != values->end()) return std::nullopt;
    std::transform(values->begin(), values->end(), affine.scale.begin(),
                   [](float v) { return 1.0f / v; });
  } else {
    return std::nullopt;
  }
  return affine;
}

std::optional<ChannelAffine> affine_of(const Graph& graph, const Node& node) {
  if (const auto* binary = float_op<Binary>(graph, &node))
    return affine_of_binary(graph, node, *binary);
  const Shape& shape = graph.type(node.output()).shape;
  const auto* unary = float_op<Unary>(graph, &node);
  if (!unary || shape.empty() || (unary->fn != Unary::Fn::affine && unary->fn != Unary::Fn::neg))
    return std::nullopt;
  const auto channels = static_cast<std::size_t>(shape.back());
  const bool negates = unary->fn == Unary::Fn::neg;
  return ChannelAffine{node.inputs[0],
                       std::vector<float>(channels, negates ? -1.0f : unary->alpha),
                       std::vector<float>(channels, negates ? 0.0f : unary->beta),
                       {}};
}

// A linear operator with constant weights.
struct Linear {
  Clamp* clamp;
  std::int32_t groups;
  bool pads;  // some tap may read a padded 0
};

std::optional<Linear> linear_of(const Graph& graph, Node* node) {
  if (!node || graph.type(node->output()).dtype != DType::f32) return std::nullopt;
  const bool has_bias = node->inputs.size() > 2 && node->inputs[2].valid();
  if (node->inputs.size() < 2 || !graph.is_constant(node->inputs[1])) return std::nullopt;
  if (has_bias && !graph.is_constant(node->inputs[2])) return std::nullopt;
  if (auto* conv = std::get_if<Conv2d>(&node->op))
    return Linear{&conv->clamp, conv->groups, !(conv->window.pads == Pads{})};
  // Near its edges a transposed convolution sums fewer taps, as if the rest read 0.
  if (auto* conv = std::get_if<ConvTranspose2d>(&node->op))
    return Linear{&conv->clamp, conv->groups, true};
  if (auto* full = std::get_if<FullyConnected>(&node->op)) return Linear{&full->clamp, 1, false};
  return std::nullopt;
}

std::vector<float> bias_of(const Graph& graph, const Node& node, std::size_t outputs) {
  if (node.inputs.size() < 3 || !node.inputs[2].valid()) return std::vector<float>(outputs, 0.0f);
  return graph.tensors[node.inputs[2]].constant.to_floats();
}

void set_parameters(Graph& graph, Node& node, const std::vector<float>& weights,
                    const std::vector<float>& bias) {
  const Tensor& old = graph.tensors[node.inputs[1]];
  const std::string name = old.name;
  const TensorId w = add_floats(graph, name, old.type.shape, weights);
  const bool had_bias = node.inputs.size() > 2 && node.inputs[2].valid();
  const std::string bias_name = had_bias ? graph.tensors[node.inputs[2]].name : name + "_bias";
  const TensorId b = add_floats(graph, bias_name, {static_cast<std::int64_t>(bias.size())}, bias);
  node.inputs = {node.inputs[0], w, b};
}

// The producer behind Reshapes that only this chain reads and that keep the last dimension.
NodeId producer_behind_reshapes(const Graph& graph, const Uses& uses, TensorId tensor,
                                std::int64_t channels) {
  while (true) {
    const NodeId maker = uses.producer[tensor];
    if (!maker.valid() || !uses.single_use(tensor)) return {};
    const Node& node = graph.nodes[maker.index()];
    if (!std::holds_alternative<Reshape>(node.op)) return maker;
    const Shape& from = graph.type(node.inputs[0]).shape;
    if (from.empty() || from.back() != channels) return {};
    tensor = node.inputs[0];
  }
}

bool fold_into_producer(Graph& graph, const Uses& uses, NodeId id, const ChannelAffine& affine) {
  const NodeId maker = producer_behind_reshapes(graph, uses, affine.x,
                                                static_cast<std::int64_t>(affine.scale.size()));
  if (!maker.valid()) return false;
  Node node = graph.nodes[maker.index()];
  const std::optional<Linear> linear = linear_of(graph, &node);
  if (!linear || !linear->clamp->none()) return false;

  std::vector<float> weights = graph.tensors[node.inputs[1]].constant.to_floats();
  std::vector<float> bias = bias_of(graph, node, affine.scale.size());
  const std::size_t per_output = weights.size() / bias.size();
  for (std::size_t o = 0; o < bias.size(); ++o) {
    for (std::size_t k = 0; k < per_output; ++k) weights[o * per_output + k] *= affine.scale[o];
    bias[o] = bias[o] * affine.scale[o] + affine.shift[o];
  }
  *linear->clamp = affine.clamp;
  set_parameters(graph, node, weights, bias);
  if (node.output() == affine.x) {
    node.outputs = graph.nodes[id.index()].outputs;
    graph.nodes[id.index()] = node;
  } else {
    // Behind reshapes: the operator changes where it is, the affine becomes the last reshape.
    graph.nodes[maker.index()] = node;
    Node& last = graph.nodes[id.index()];
    last.op = Reshape{graph.type(last.output()).shape};
    last.inputs = {affine.x};
  }
  return true;
}

bool fold_into_reader(Graph& graph, const Uses& uses, NodeId id) {
  Node& node = graph.nodes[id.index()];
  const std::optional<Linear> linear = linear_of(graph, &node);
  if (!linear || !uses.single_use(node.inputs[0])) return false;
  const Node* maker = producer_of(graph, uses, node.inputs[0]);
  const std::optional<ChannelAffine> affine = maker ? affine_of(graph, *maker) : std::nullopt;
  if (!affine || !affine->clamp.none()) return false;
  const auto shifts = [](float shift) { return shift != 0; };
  if (linear->pads && std::any_of(affine->shift.begin(), affine->shift.end(), shifts)) return false;

  const Shape& shape = graph.type(node.inputs[1]).shape;
  const auto outputs = static_cast<std::size_t>(shape.front());
  const auto group_channels = static_cast<std::size_t>(shape.back());
  const std::size_t group_outputs = outputs / static_cast<std::size_t>(linear->groups);
  std::vector<float> weights = graph.tensors[node.inputs[1]].constant.to_floats();
  std::vector<float> bias = bias_of(graph, node, outputs);
  const std::size_t per_output = weights.size() / outputs;
  for (std::size_t o = 0; o < outputs; ++o) {
    double sum = 0;
    const std::size_t first_channel = o / group_outputs * group_channels;
    for (std::size_t k = 0; k < per_output; ++k) {
      float& w = weights[o * per_output + k];
      const std::size_t channel = first_channel + k % group_channels;
      sum += static_cast<double>(w) * affine->shift[channel];
      w *= affine->scale[channel];
    }
    bias[o] = static_cast<float>(bias[o] + sum);
  }
  node.inputs[0] = affine->x;
  set_parameters(graph, node, weights, bias);
  return true;
}

}  // namespace

Result<Graph> fold_scales(Graph graph) {
  rewrite_nodes(graph, [](Graph& g, const Uses& uses, NodeId id) {
    const std::optional<ChannelAffine> affine = affine_of(g, g.nodes[id.index()]);
    return affine && fold_into_producer(g, uses, id, *affine);
  });
  rewrite_nodes(graph, fold_into_reader);
  return settle(std::move(graph));
}

}  // namespace linnet
