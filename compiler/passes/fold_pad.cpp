// Constant padding over H and W becomes the padding of the convolution or pool that reads it.
//
//   Pad 0,1,1,0 ─► Conv2d 3x3 p0   ->   Conv2d 3x3 p1
//
// A padded tap of Conv2d reads a real 0 (in int8: the zero point), so the value must be 0. Average pools then count the
// padding; max pools may take a value that no tap inside the input can be below. A quantize-dequantize pair between
// the two keeps 0 as it is.
#include <cmath>

#include "compiler/passes/passes.h"
#include "compiler/passes/rewrite.h"

namespace linnet {
namespace {

struct Padding {
  TensorId input;
  Pads pads;
  float value;
};

std::optional<Padding> padding_of(const Graph& graph, const Node* node) {
  const auto* pad = float_op<Pad>(graph, node);
  if (!pad || pad->mode != Pad::Mode::constant || pad->before.size() != 4) return std::nullopt;
  for (const std::size_t axis : {std::size_t{0}, std::size_t{3}}) {
    if (pad->before[axis] != 0 || pad->after[axis] != 0) return std::nullopt;
  }
  const auto narrow = [](std::int64_t count) { return static_cast<std::int32_t>(count); };
  return Padding{node->inputs[0],
                 {narrow(pad->before[1]), narrow(pad->before[2]), narrow(pad->after[1]),
                  narrow(pad->after[2])},
                 pad->value};
}

Pads sum(const Pads& a, const Pads& b) {
  return {a.top + b.top, a.left + b.left, a.bottom + b.bottom, a.right + b.right};
}

// No element of `tensor` is below this.
float lower_bound(const Graph& graph, const Uses& uses, TensorId tensor) {
  const Node* node = producer_of(graph, uses, tensor);
  constexpr float kUnknown = -std::numeric_limits<float>::infinity();
  if (!node) return kUnknown;
  if (const auto* unary = std::get_if<Unary>(&node->op)) {
    using Fn = Unary::Fn;
    if (unary->fn == Fn::clamp) return unary->alpha;
    const bool positive = unary->fn == Fn::sigmoid || unary->fn == Fn::hard_sigmoid ||
                          unary->fn == Fn::abs || unary->fn == Fn::exp || unary->fn == Fn::sqrt;
    return positive ? 0.0f : kUnknown;
  }
  if (const auto* conv = std::get_if<Conv2d>(&node->op)) return conv->clamp.lo;
  if (const auto* conv = std::get_if<ConvTranspose2d>(&node->op)) return conv->clamp.lo;
  if (const auto* binary = std::get_if<Binary>(&node->op)) return binary->clamp.lo;
  return kUnknown;
}

// Every window has a tap inside the unpadded input.
bool windows_reach_input(const Window& window, const Pads& pads) {
  const auto extent = [&](std::size_t i) {
    return window.dilation[i] * (window.kernel[i] - 1) + 1;
  };
  const bool dense = window.dilation[0] == 1 && window.dilation[1] == 1;
  return dense && pads.top < extent(0) && pads.bottom < extent(0) && pads.left < extent(1) &&
         pads.right < extent(1);
}

bool fold_into_pool(const Graph& graph, const Uses& uses, Pool2d& pool, const Padding& padding) {
  const Pads pads = sum(pool.window.pads, padding.pads);
  if (pool.kind == Pool2d::Kind::average) {
    if (padding.value != 0) return false;
    // The padding counts as input; the pool's own pads count as before.
    pool.include = pool.count_include_pad ? sum(pool.include, padding.pads) : padding.pads;
    pool.count_include_pad = true;
  } else {
    const bool lowest = padding.value == -std::numeric_limits<float>::infinity();
    const bool harmless = padding.value <= lower_bound(graph, uses, padding.input) &&
                          windows_reach_input(pool.window, pads);
    if (!lowest && !harmless) return false;
  }
  pool.window.pads = pads;
  return true;
}

bool fold(Graph& graph, const Uses& uses, NodeId id) {
  const Node node = graph.nodes[id.index()];
  const TensorId x = node.inputs.empty() ? TensorId{} : node.inputs[0];
  if (!x.valid() || graph.type(node.output()).dtype != DType::f32) return false;
  const Node* maker = producer_of(graph, uses, x);

  if (std::optional<Padding> padding = padding_of(graph, maker)) {
    Op op = node.op;
    if (auto* conv = std::get_if<Conv2d>(&op)) {
      if (padding->value != 0) return false;
      conv->window.pads = sum(conv->window.pads, padding->pads);
    } else if (auto* pool = std::get_if<Pool2d>(&op)) {
      if (!fold_into_pool(graph, uses, *pool, *padding)) return false;
    } else {
      return false;
    }
    graph.nodes[id.index()].op = op;
    graph.nodes[id.index()].inputs[0] = padding->input;
    return true;
  }

  // Pad ─► Quantize ─► Dequantize ─► Conv2d
  if (!std::holds_alternative<Conv2d>(node.op) || !maker ||
      !std::holds_alternative<Dequantize>(maker->op))
    return false;
  const Node* quantize = producer_of(graph, uses, maker->inputs[0]);
  if (!quantize || !std::holds_alternative<Quantize>(quantize->op)) return false;
  const Node* pad = producer_of(graph, uses, quantize->inputs[0]);
  const std::optional<Padding> padding = padding_of(graph, pad);
  if (!padding || padding->value != 0) return false;
  const auto resized = [&](TensorId tensor) {
    TensorType type = graph.type(tensor);
    type.shape = graph.type(padding->input).shape;
    return type;
  };
  const Node quantize_node = *quantize;
  const Node dequantize_node = *maker;
  const TensorId codes = graph.add_node(Quantize{}, {padding->input},
                                        resized(quantize_node.output()), quantize_node.origin);
  const TensorId reals = graph.add_node(Dequantize{}, {codes}, resized(dequantize_node.output()),
                                        dequantize_node.origin);
  Node& conv = graph.nodes[id.index()];
  std::get<Conv2d>(conv.op).window.pads = sum(std::get<Conv2d>(conv.op).window.pads, padding->pads);
  conv.inputs[0] = reals;
  return true;
}

}  // namespace

Result<Graph> fold_pad(Graph graph) {
  rewrite_nodes(graph, fold);
  return settle(std::move(graph));
}

}  // namespace linnet
