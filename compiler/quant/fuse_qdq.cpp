// Imported quantized graphs: operators between Dequantize and Quantize become int8 operators.
//
//   q ─► Dequantize ─► Conv2d ─► Transpose ─► Quantize        q ─► Conv2d:i8 ─► Transpose:i8
//
// Rules are applied until none fits:
//   1. what only moves or compares elements changes places with the Dequantize before it or the Quantize behind it,
//   2. Dequantize then Quantize is nothing, or a Requantize,
//   3. an operator with a Quantize behind it and codes before it becomes an int8 operator (fuse_operator.h),
//   4. a port next to a Quantize or Dequantize becomes int8.
// What no rule reaches was not quantized in the model and stays in float.
#include <algorithm>
#include <cmath>

#include "compiler/passes/passes.h"
#include "compiler/passes/rewrite.h"
#include "compiler/quant/forms.h"
#include "compiler/quant/fuse_operator.h"
#include "compiler/quant/ranges.h"
#include "compiler/quant/weights.h"

namespace linnet {
namespace {

bool is_quantize(const Node& node) { return std::holds_alternative<Quantize>(node.op); }

const Quantization& quantization(const Graph& graph, TensorId id) {
  return *graph.type(id).quantization;
}

// Quantizing before the operator gives the same codes as after it: it copies elements, or takes the largest.
bool commutes(const Op& op) {
  if (moves_elements(op)) return true;
  if (const auto* pool = std::get_if<Pool2d>(&op)) return pool->kind == Pool2d::Kind::max;
  if (const auto* resize = std::get_if<Resize>(&op)) return resize->mode == Resize::Mode::nearest;
  if (const auto* reduce = std::get_if<Reduce>(&op)) {
    return reduce->kind == Reduce::Kind::max || reduce->kind == Reduce::Kind::min;
  }
  const auto* binary = std::get_if<Binary>(&op);
  return binary && binary->clamp.none() &&
         (binary->fn == Binary::Fn::min || binary->fn == Binary::Fn::max);
}

// The constant that the operator puts into its output is a code's real value, so that dequantizing later changes
// nothing.
bool inserts_exactly(const Op& op, const Quantization& q) {
  float value = 0;
  if (const auto* pad = std::get_if<Pad>(&op)) {
    if (pad->mode != Pad::Mode::constant) return true;
    value = pad->value;
  } else if (const auto* resize = std::get_if<Resize>(&op)) {
    if (resize->coordinate != Resize::Coordinate::crop) return true;
    value = resize->extrapolation;
  } else {
    return true;
  }
  const double steps = static_cast<double>(value) / static_cast<double>(q.scale.front());
  const double code = std::nearbyint(steps) + q.zero_point.front();
  return std::fabs(steps - std::nearbyint(steps)) < 1e-3 && code >= -128 && code <= 127;
}

// Nodes that no output needs stop being readers, so that "read once" means what it says.
void retire_dead(Graph& graph) {
  IdVector<TensorId, bool> needed(graph.tensors.size(), false);
  for (const Port& port : graph.outputs) needed[port.tensor] = true;
  const Uses uses(graph);
  std::vector<TensorId> pending;
  for (const Port& port : graph.outputs) pending.push_back(port.tensor);
  while (!pending.empty()) {
    const NodeId maker = uses.producer[pending.back()];
    pending.pop_back();
    if (!maker.valid()) continue;
    for (const TensorId input : graph.nodes[maker.index()].inputs) {
      if (!input.valid() || needed[input]) continue;
      needed[input] = true;
      pending.push_back(input);
    }
  }
  for (Node& node : graph.nodes) {
    if (!needed[node.output()]) node.inputs.clear();
  }
}

// Rule 1, forwards: op(Dequantize(x)) -> Dequantize(op(x)).
bool sink_dequantize(Graph& graph, const Uses& uses, NodeId id) {
  const Node node = graph.nodes[id.index()];
  if (!commutes(node.op) || graph.type(node.output()).dtype != DType::f32) return false;
  std::vector<TensorId> inputs = node.inputs;
  const std::size_t data = inputs_sharing_scale(node);
  bool all_constant = true;
  for (std::size_t i = 0; i < data; ++i) {
    inputs[i] = codes_behind(graph, uses, node.inputs[i]);
    if (!inputs[i].valid() || quantization(graph, inputs[i]) != quantization(graph, inputs[0]))
      return false;
    all_constant = all_constant && graph.is_constant(inputs[i]);
  }
  const Quantization q = quantization(graph, inputs[0]);
  if (all_constant || !inserts_exactly(node.op, q)) return false;
  const Tensor& output = graph.tensors[node.output()];
  const TensorId codes =
      graph.add_node(node.op, std::move(inputs), {DType::i8, output.type.shape, q}, node.origin,
                     output.name + "_codes");
  graph.nodes[id.index()].op = Dequantize{};
  graph.nodes[id.index()].inputs = {codes};
  return true;
}

// Rule 1, backwards: Quantize(op(x)) -> op(Quantize(x)), where no one else wants op(x).
bool raise_quantize(Graph& graph, const Uses& uses, NodeId id) {
  const Node node = graph.nodes[id.index()];
  if (!is_quantize(node) || !uses.single_use(node.inputs[0]) ||
      !uses.producer[node.inputs[0]].valid())
    return false;
  const Node moving = graph.nodes[uses.producer[node.inputs[0]].index()];
  if (!commutes(moving.op)) return false;
  const std::size_t data = inputs_sharing_scale(moving);
  const auto movable = [&](TensorId x) {
    return graph.is_constant(x) || uses.single_use(x) || codes_behind(graph, uses, x).valid();
  };
  const bool concat = std::holds_alternative<Concat>(moving.op);
  for (std::size_t i = 0; i < data; ++i) {
    if (!concat && !movable(moving.inputs[i])) return false;
  }
  const Quantization q = quantization(graph, node.output());
  std::vector<TensorId> inputs = moving.inputs;
  for (std::size_t i = 0; i < data; ++i) {
    const Tensor& x = graph.tensors[inputs[i]];
    if (x.is_constant()) {
      const TensorValue codes = quantize_constant_to(x.constant, q);
      inputs[i] = graph.add_constant(x.name + "_codes", codes);
    } else {
      inputs[i] = graph.add_node(Quantize{}, {inputs[i]}, {DType::i8, x.type.shape, q}, node.origin,
                                 x.name + "_codes");
    }
  }
  graph.nodes[id.index()].op = moving.op;
  graph.nodes[id.index()].inputs = std::move(inputs);
  graph.nodes[id.index()].origin = moving.origin;
  return true;
}

// Rule 2, and equal Quantizes of one tensor become one.
bool join_quantize(Graph& graph, const Uses& uses, NodeId id) {
  Node& node = graph.nodes[id.index()];
  if (!is_quantize(node)) return false;
  const TensorId x = codes_behind(graph, uses, node.inputs[0]);
  if (x.valid() && graph.is_constant(x)) return false;
  if (x.valid() && quantization(graph, x) != quantization(graph, node.output())) {
    node.op = Requantize{};
    node.inputs = {x};
    return true;
  }
  TensorId same = x;
  if (!x.valid()) {
    for (const NodeId reader : uses.readers[node.inputs[0]]) {
      const Node& other = graph.nodes[reader.index()];
      if (reader < id && is_quantize(other) &&
          quantization(graph, other.output()) == quantization(graph, node.output())) {
        same = other.output();
      }
    }
  }
  if (!same.valid()) return false;
  if (uses.is_output[node.output()] &&
      !uses.producer[same].valid()) {  // a graph input that is an output too
    node.op = Requantize{};
    node.inputs = {same};
    return true;
  }
  if (uses.readers[node.output()].empty() && !uses.is_output[node.output()]) return false;
  replace_uses(graph, node.output(), same);
  return true;
}

// Rule 3.
bool fuse_operator(Graph& graph, const Uses& uses, NodeId id) {
  const Node node = graph.nodes[id.index()];
  if (!is_quantize(node) || !uses.single_use(node.inputs[0]) ||
      !uses.producer[node.inputs[0]].valid())
    return false;
  const Node operation = graph.nodes[uses.producer[node.inputs[0]].index()];
  const Quantization q = quantization(graph, node.output());
  std::optional<Int8Operator> fused = int8_operator(graph, uses, operation, q);
  if (!fused) return false;
  Node& replaced = graph.nodes[id.index()];
  replaced.op = std::move(fused->op);
  replaced.inputs = std::move(fused->inputs);
  replaced.origin = operation.origin;
  return true;
}

// Rule 4. The port keeps the model's element type; only the device's tensor becomes codes.
bool quantize_inputs(Graph& graph) {
  const Uses uses(graph);
  bool changed = false;
  for (const Port& port : graph.inputs) {
    Tensor& tensor = graph.tensors[port.tensor];
    const std::vector<NodeId>& readers = uses.readers[port.tensor];
    if (tensor.type.dtype != DType::f32 || readers.empty() || uses.is_output[port.tensor]) continue;
    const Node& first = graph.nodes[readers.front().index()];
    const bool agree = std::all_of(readers.begin(), readers.end(), [&](NodeId reader) {
      const Node& node = graph.nodes[reader.index()];
      return is_quantize(node) &&
             quantization(graph, node.output()) == quantization(graph, first.output());
    });
    if (!agree) continue;
    const TensorType codes{DType::i8, tensor.type.shape, quantization(graph, first.output())};
    for (const NodeId reader : readers)
      replace_uses(graph, graph.nodes[reader.index()].output(), port.tensor);
    tensor.type = codes;
    changed = true;
  }
  if (changed) compact(graph);
  return changed;
}

bool quantize_outputs(Graph& graph) {
  const Uses uses(graph);
  bool changed = false;
  for (Port& port : graph.outputs) {
    const TensorId codes = codes_behind(graph, uses, port.tensor);
    // A copy of an input, or a constant, is left to a Dequantize.
    if (!codes.valid() || !uses.producer[codes].valid()) continue;
    port.tensor = codes;
    changed = true;
  }
  if (changed) compact(graph);
  return changed;
}

// Codes that only float operators read.
bool fold_dequantized_constant(Graph& graph, const Uses& uses, NodeId id) {
  const Node& node = graph.nodes[id.index()];
  if (!std::holds_alternative<Dequantize>(node.op) || !graph.is_constant(node.inputs[0]))
    return false;
  const TensorId output = node.output();
  std::optional<TensorValue> value = float_constant(graph, uses, output);
  if (!value || uses.readers[output].empty()) return false;
  const TensorId constant =
      graph.add_constant(graph.tensors[output].name + "_real", std::move(*value));
  replace_uses(graph, output, constant);
  return true;
}

}  // namespace

Result<Graph> fuse_qdq(Graph graph) {
  rewrite_nodes(graph, [](Graph& g, const Uses& uses, NodeId id) {
    const bool changed = sink_dequantize(g, uses, id) || join_quantize(g, uses, id) ||
                         fuse_operator(g, uses, id) || raise_quantize(g, uses, id);
    if (changed) retire_dead(g);
    return changed;
  });
  graph = settle(std::move(graph));
  quantize_inputs(graph);
  quantize_outputs(graph);
  rewrite_nodes(graph, fold_dequantized_constant);
  return fold_constants(std::move(graph));
}

}  // namespace linnet
