// See int4_layers.h.
#include "compiler/quant/int4_layers.h"

#include <algorithm>
#include <cassert>
#include <cmath>

#include "compiler/ops/ops.h"
#include "compiler/ops/shapes.h"
#include "compiler/quant/scales.h"
#include "compiler/reference/interpreter.h"

namespace linnet {
namespace {

// Elementwise work beside multiply-accumulates, in their unit.
constexpr double kWorkOfElement = 8;

double work_of(const Graph& graph, const Node& node) {
  std::vector<Shape> shapes;
  for (const TensorId input : node.inputs)
    shapes.push_back(input.valid() ? graph.type(input).shape : Shape{});
  const TensorType& output = graph.type(node.output());
  return static_cast<double>(macs(node.op, shapes, output.shape)) +
         kWorkOfElement * static_cast<double>(output.elements());
}

// The nodes behind `changed` that depend on it, in order, itself first.
std::vector<std::size_t> dependents(const Graph& graph, std::size_t changed) {
  IdVector<TensorId, bool> dirty(graph.tensors.size(), false);
  dirty[graph.nodes[changed].output()] = true;
  std::vector<std::size_t> nodes{changed};
  for (std::size_t i = changed + 1; i < graph.nodes.size(); ++i) {
    const Node& node = graph.nodes[i];
    const bool reads = std::any_of(node.inputs.begin(), node.inputs.end(),
                                   [&](TensorId input) { return input.valid() && dirty[input]; });
    if (!reads) continue;
    dirty[node.output()] = true;
    nodes.push_back(i);
  }
  return nodes;
}

// A layer with its weights rounded, as float constants.
struct Rounded {
  TensorValue weights, bias;
};

TensorValue as_floats(const TensorValue& codes) {
  return TensorValue::of({DType::f32, codes.type.shape, {}}, dequantize_constant(codes));
}

// All values of one sample's run of the float graph, and what a changed layer makes of its outputs.
class FloatRun {
 public:
  FloatRun(const Graph& graph, const std::vector<TensorValue>& sample)
      : graph_(graph), values_(graph.tensors.size()) {
    for (std::size_t i = 0; i < graph.inputs.size(); ++i)
      values_[graph.inputs[i].tensor] = sample[i];
    interpret(graph, sample,
              [&](const Node& node, const TensorValue& value) { values_[node.output()] = value; });
  }

  double error_of(const std::vector<std::size_t>& nodes, const Rounded& rounded) const {
    IdVector<TensorId, TensorValue> changed(graph_.tensors.size());
    for (const std::size_t i : nodes) {
      const Node& node = graph_.nodes[i];
      Values operands;
      for (const TensorId input : node.inputs) operands.push_back(find(changed, input));
      if (i == nodes.front()) {
        operands.resize(2);
        operands[1] = &rounded.weights;
        if (!rounded.bias.empty()) operands.push_back(&rounded.bias);
      }
      changed[node.output()] = evaluate(node.op, operands, graph_.type(node.output()));
    }
    double error = 0;
    for (const Port& port : graph_.outputs) {
      if (changed[port.tensor].empty()) continue;
      error += relative_error(values_[port.tensor], changed[port.tensor]);
    }
    return error;
  }

 private:
  const TensorValue* find(const IdVector<TensorId, TensorValue>& changed, TensorId id) const {
    if (!id.valid()) return nullptr;
    if (graph_.is_constant(id)) return &graph_.tensors[id].constant;
    return changed[id].empty() ? &values_[id] : &changed[id];
  }

  static double relative_error(const TensorValue& right, const TensorValue& wrong) {
    const std::vector<float> a = right.to_floats(), b = wrong.to_floats();
    double difference = 0, power = 1e-30;
    for (std::size_t i = 0; i < a.size(); ++i) {
      const double e = static_cast<double>(b[i]) - static_cast<double>(a[i]);
      if (!std::isfinite(e)) continue;
      difference += e * e;
      power += static_cast<double>(a[i]) * static_cast<double>(a[i]);
    }
    return difference / power;
  }

  const Graph& graph_;
  IdVector<TensorId, TensorValue> values_;
};

}  // namespace

std::vector<bool> int4_candidates(const Graph& graph) {
  std::vector<bool> candidates;
  for (const Node& node : graph.nodes) {
    const auto* conv = std::get_if<Conv2d>(&node.op);
    const bool dense = conv ? conv->groups == 1 : std::holds_alternative<FullyConnected>(node.op);
    candidates.push_back(dense && graph.is_constant(node.inputs[1]) &&
                         graph.type(node.inputs[1]).dtype == DType::f32 &&
                         graph.type(node.inputs[1]).elements() > 0);
  }
  return candidates;
}

Int4Costs measure_int4(const Graph& graph, const Ranges& ranges,
                       const std::vector<std::vector<TensorValue>>& samples,
                       const std::vector<InputMoments>& moments, double work) {
  const Scales scales = choose_scales(graph, ranges);
  const std::vector<bool> candidates = int4_candidates(graph);
  Int4Costs costs;
  std::vector<std::vector<std::size_t>> behind;
  std::vector<Rounded> rounded;
  double of_a_sample = 0;
  for (std::size_t i = 0; i < graph.nodes.size(); ++i) {
    if (!candidates[i] || !scales.int8[i]) continue;
    const Node& node = graph.nodes[i];
    const TensorValue& weights = graph.tensors[node.inputs[1]].constant;
    const bool has_bias = node.inputs.size() > 2 && node.inputs[2].valid();
    const QuantizedWeights quantized =
        quantize_weights_int4(weights, has_bias ? &graph.tensors[node.inputs[2]].constant : nullptr,
                              scales.of[node.inputs[0]], scales.of[node.output()], moments[i]);
    rounded.push_back({as_floats(quantized.weights),
                       quantized.bias ? as_floats(*quantized.bias) : TensorValue{}});
    behind.push_back(dependents(graph, i));
    costs.layers.push_back({i, int4_saved_bytes(weights.type.shape), 0});
    for (const std::size_t n : behind.back()) of_a_sample += work_of(graph, graph.nodes[n]);
  }
  const double affordable = of_a_sample > 0 ? work / of_a_sample : 1;
  costs.samples = static_cast<std::size_t>(
      std::clamp(affordable, 1.0, static_cast<double>(std::min(samples.size(), kMomentSamples))));
  for (std::size_t s = 0; s < costs.samples; ++s) {
    const FloatRun run(graph, samples[s]);
    for (std::size_t l = 0; l < costs.layers.size(); ++l)
      costs.layers[l].error += run.error_of(behind[l], rounded[l]);
  }
  return costs;
}

std::vector<bool> choose_int4(const Int4Costs& costs, std::size_t nodes, std::int64_t bytes) {
  std::vector<Int4Cost> order = costs.layers;
  order.erase(std::remove_if(order.begin(), order.end(),
                             [](const Int4Cost& cost) { return cost.saved_bytes <= 0; }),
              order.end());
  std::stable_sort(order.begin(), order.end(), [](const Int4Cost& a, const Int4Cost& b) {
    return a.error * static_cast<double>(b.saved_bytes) <
           b.error * static_cast<double>(a.saved_bytes);
  });
  std::vector<bool> chosen(nodes, false);
  std::int64_t saved = 0;
  std::size_t taken = 0;
  for (; taken < order.size() && saved < bytes; ++taken) {
    chosen[order[taken].node] = true;
    saved += order[taken].saved_bytes;
  }
  order.resize(taken);
  std::stable_sort(order.begin(), order.end(),
                   [](const Int4Cost& a, const Int4Cost& b) { return a.error > b.error; });
  for (const Int4Cost& cost : order) {
    if (saved - cost.saved_bytes < bytes) continue;
    chosen[cost.node] = false;
    saved -= cost.saved_bytes;
  }
  return chosen;
}

}  // namespace linnet
