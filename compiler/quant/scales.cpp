// Scales of activations: union-find over the tensors that must share one. See scales.h.
#include "compiler/quant/scales.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "compiler/quant/fixed_point.h"
#include "compiler/quant/forms.h"

namespace linnet {
namespace {

// A tensor with other readers takes a concatenation's scale only when that is at most this much coarser.
constexpr double kCoarserForConcat = 1.25;
// Narrower ranges are taken for "always zero".
constexpr double kNarrowest = 1e-20;

Quantization unit_interval() { return {{1.0f / 256}, {-128}, -1}; }

bool has_unit_output(const Op& op) {
  if (const auto* unary = std::get_if<Unary>(&op)) return unary->fn == Unary::Fn::sigmoid;
  return std::holds_alternative<Softmax>(op);
}

const Clamp* clamp_of(const Op& op) {
  if (const auto* conv = std::get_if<Conv2d>(&op)) return &conv->clamp;
  if (const auto* conv = std::get_if<ConvTranspose2d>(&op)) return &conv->clamp;
  if (const auto* dense = std::get_if<FullyConnected>(&op)) return &dense->clamp;
  if (const auto* binary = std::get_if<Binary>(&op)) return &binary->clamp;
  return nullptr;
}

Range intersect(Range a, float lo, float hi) {
  return {std::min(std::max(a.lo, lo), 0.0f), std::max(std::min(a.hi, hi), 0.0f)};
}

Range unite(Range a, Range b) { return {std::min(a.lo, b.lo), std::max(a.hi, b.hi)}; }

double span(Range range) { return static_cast<double>(range.hi) - static_cast<double>(range.lo); }

// A few instructions an element in float as well.
bool is_cheap_in_float(const Op& op) {
  const auto* unary = std::get_if<Unary>(&op);
  return unary && (unary->fn == Unary::Fn::clamp || unary->fn == Unary::Fn::affine ||
                   unary->fn == Unary::Fn::neg || unary->fn == Unary::Fn::abs);
}

class Chooser {
 public:
  Chooser(const Graph& graph, const Ranges& ranges)
      : graph_(graph),
        uses_(graph),
        parent_(graph.tensors.size()),
        range_(graph.tensors.size()),
        unit_(graph.tensors.size(), 0),
        int8_(graph.nodes.size()) {
    for (std::size_t i = 0; i < graph.tensors.size(); ++i) {
      parent_[TensorId{i}] = TensorId{i};
      range_[TensorId{i}] = ranges.of.contains(TensorId{i}) ? ranges.of[TensorId{i}] : Range{0, 1};
    }
  }

  Scales run() {
    choose_nodes();
    for (std::size_t i = 0; i < graph_.nodes.size(); ++i) {
      const Node& node = graph_.nodes[i];
      if (const Clamp* clamp = clamp_of(node.op)) {
        range_[node.output()] = intersect(range_[node.output()], clamp->lo, clamp->hi);
      }
      if (int8_[i] && has_unit_output(node.op)) unit_[node.output()] = 1;
    }
    trim_for_tables();
    for (std::size_t i = 0; i < graph_.nodes.size(); ++i) {
      if (int8_[i] && !std::holds_alternative<Concat>(graph_.nodes[i].op))
        join_operator(graph_.nodes[i]);
    }
    for (std::size_t i = 0; i < graph_.nodes.size(); ++i) {
      if (int8_[i] && std::holds_alternative<Concat>(graph_.nodes[i].op))
        join_concat(graph_.nodes[i]);
    }
    Scales scales{IdVector<TensorId, Quantization>(graph_.tensors.size()), int8_};
    for (std::size_t i = 0; i < graph_.tensors.size(); ++i) {
      const TensorId root = find(TensorId{i});
      scales.of[TensorId{i}] = unit_[root] != 0 ? unit_interval() : quantization_of(range_[root]);
    }
    return scales;
  }

 private:
  // Operators that only move elements, or map them by a few instructions, stay in float between float operators; so do a
  // layer normalization before float operators, and a small addition there: nothing is gained by rounding. So the end of
  // an embedding network, addition ─► layer normalization ─► length ─► clamp ─► division, is all float.
  void choose_nodes() {
    for (std::size_t i = 0; i < graph_.nodes.size(); ++i) {
      const Node& node = graph_.nodes[i];
      int8_[i] = graph_.type(node.output()).dtype == DType::f32 && has_int8_form(graph_, node);
    }
    for (bool changed = true; changed;) {
      changed = false;
      for (std::size_t i = 0; i < graph_.nodes.size(); ++i) {
        const Node& node = graph_.nodes[i];
        const bool last_in_int8 = std::holds_alternative<LayerNorm>(node.op) || is_small_sum(node);
        const bool cheap = moves_elements(node.op) || is_cheap_in_float(node.op) || last_in_int8;
        if (!int8_[i] || !cheap || uses_.is_output[node.output()]) continue;
        const auto is_float = [&](NodeId id) { return id.valid() && !int8_[id.index()]; };
        const bool from_float =
            last_in_int8 ||
            std::all_of(node.inputs.begin(), node.inputs.end(), [&](TensorId input) {
              return !input.valid() || graph_.is_constant(input) || is_float(uses_.producer[input]);
            });
        const auto& readers = uses_.readers[node.output()];
        if (readers.empty() || !from_float ||
            !std::all_of(readers.begin(), readers.end(), is_float))
          continue;
        int8_[i] = false;
        changed = true;
      }
    }
  }

  // A sum of two vectors, whose dequantization costs nothing to speak of.
  bool is_small_sum(const Node& node) const {
    const auto* binary = std::get_if<Binary>(&node.op);
    constexpr std::int64_t kSmall = 4096;
    return binary && (binary->fn == Binary::Fn::add || binary->fn == Binary::Fn::sub) &&
           graph_.type(node.output()).elements() <= kSmall;
  }

  // What a table maps to the same code anyway needs no codes of its own before the table.
  void trim_for_tables() {
    for (std::size_t i = 0; i < graph_.tensors.size(); ++i) {
      const TensorId id{i};
      if (uses_.readers[id].empty() || uses_.is_output[id] || !uses_.producer[id].valid()) continue;
      if (inputs_sharing_scale(graph_.nodes[uses_.producer[id].index()]) > 0) continue;
      Range useful{0, 0};
      for (const NodeId reader : uses_.readers[id]) {
        const auto* unary = std::get_if<Unary>(&graph_.nodes[reader.index()].op);
        useful = unite(useful, unary ? useful_input(*unary) : Range{-INFINITY, INFINITY});
      }
      range_[id] = intersect(range_[id], useful.lo, useful.hi);
    }
  }

  void join_operator(const Node& node) {
    if (as_unary(graph_, node)) return;
    for (std::size_t i = 0; i < inputs_sharing_scale(node); ++i) {
      const TensorId input = node.inputs[i];
      if (graph_.is_constant(input)) {
        range_[find(node.output())] =
            unite(range_[find(node.output())], range_of(graph_.tensors[input].constant));
      } else if (i == 0 || unit_[find(input)] == unit_[find(node.output())]) {
        join(input, node.output());
      }
    }
  }

  void join_concat(const Node& node) {
    const TensorId output = node.output();
    const auto is_unit = [&](TensorId input) {
      return !graph_.is_constant(input) && unit_[find(input)] != 0;
    };
    if (std::all_of(node.inputs.begin(), node.inputs.end(), is_unit)) {
      for (const TensorId input : node.inputs) join(input, output);
      return;
    }
    Range all = range_[find(output)];
    for (const TensorId input : node.inputs) {
      if (graph_.is_constant(input)) {
        all = unite(all, range_of(graph_.tensors[input].constant));
      } else if (!is_unit(input) && only_for(input, output)) {
        all = unite(all, range_[find(input)]);
      }
    }
    range_[find(output)] = all;
    for (const TensorId input : node.inputs) {
      if (graph_.is_constant(input) || is_unit(input)) continue;
      if (only_for(input, output) || span(all) <= kCoarserForConcat * span(range_[find(input)]))
        join(input, output);
    }
  }

  // Nothing but the concatenation and members of its own class read the input's class.
  bool only_for(TensorId input, TensorId output) {
    const TensorId root = find(input);
    for (std::size_t i = 0; i < graph_.tensors.size(); ++i) {
      const TensorId member{i};
      if (find(member) != root || graph_.is_constant(member)) continue;
      if (!uses_.producer[member].valid()) return false;  // a graph input keeps its own scale
      if (uses_.is_output[member]) return false;
      for (const NodeId reader : uses_.readers[member]) {
        const TensorId read = graph_.nodes[reader.index()].output();
        if (read != output && find(read) != root && find(read) != find(output)) return false;
      }
    }
    return true;
  }

  TensorId find(TensorId id) {
    while (parent_[id] != id) {
      parent_[id] = parent_[parent_[id]];
      id = parent_[id];
    }
    return id;
  }

  void join(TensorId a, TensorId b) {
    const TensorId root_a = find(a), root_b = find(b);
    if (root_a == root_b) return;
    range_[root_a] = unite(range_[root_a], range_[root_b]);
    unit_[root_a] = static_cast<char>(unit_[root_a] | unit_[root_b]);
    parent_[root_b] = root_a;
  }

  const Graph& graph_;
  Uses uses_;
  IdVector<TensorId, TensorId> parent_;
  IdVector<TensorId, Range> range_;  // of a class, at its root
  IdVector<TensorId, char> unit_;    // the class has scale 1/256
  std::vector<bool> int8_;
};

}  // namespace

Scales choose_scales(const Graph& graph, const Ranges& ranges) {
  return Chooser(graph, ranges).run();
}

Quantization quantization_of(Range range) {
  double lo = std::min(static_cast<double>(range.lo), 0.0);
  double hi = std::max(static_cast<double>(range.hi), 0.0);
  if (!(hi - lo > kNarrowest)) {
    lo = 0;
    hi = 1;
  }
  const auto scale = static_cast<float>((hi - lo) / 255);
  const double zero_point =
      std::clamp(round_even(-128 - lo / static_cast<double>(scale)), -128.0, 127.0);
  return {{scale}, {static_cast<std::int32_t>(zero_point)}, -1};
}

Range range_of(const TensorValue& constant) {
  Range range{0, 0};
  for (const float value : constant.to_floats()) {
    if (std::isfinite(value)) range = unite(range, {value, value});
  }
  return range;
}

}  // namespace linnet
