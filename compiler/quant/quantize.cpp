// Float graph -> int8 graph: every operator with an int8 form becomes it, the rest stay in float between Dequantize and
// Quantize.
//
//     x ──► Conv2d ──► Div ──► Softmax        x:i8 ──► Conv2d:i8 ──► Dequantize ──► Div ──► Quantize ──► Softmax:i8
//
// The new graph is built node by node; a tensor of the old one has up to two versions in it, codes and float values,
// and the conversions between them are made when something asks for the version that is missing.
#include <algorithm>
#include <cassert>

#include "compiler/quant/fixed_point.h"
#include "compiler/quant/forms.h"
#include "compiler/quant/int4_layers.h"
#include "compiler/quant/ranges.h"
#include "compiler/quant/scales.h"
#include "compiler/quant/weights.h"

namespace linnet {
namespace {

class Quantizer {
 public:
  Quantizer(const Graph& graph, Scales scales, const Int4Layers& int4)
      : graph_(graph),
        scales_(std::move(scales)),
        int4_(int4),
        codes_(graph.tensors.size()),
        floats_(graph.tensors.size()),
        made_in_float_(graph.tensors.size(), false) {}

  Graph run() {
    out_.name = graph_.name;
    out_.notes = graph_.notes;
    out_.detection = graph_.detection;
    for (const Port& port : graph_.inputs) add_input(port);
    for (std::size_t i = 0; i < graph_.nodes.size(); ++i) {
      origin_ = graph_.nodes[i].origin;
      if (scales_.int8[i]) {
        add_int8(graph_.nodes[i], int4_.has(i) ? &int4_.moments[i] : nullptr);
      } else {
        add_float(graph_.nodes[i]);
      }
    }
    for (const Port& port : graph_.outputs) {
      Port quantized = port;
      origin_ = {port.name, "output"};
      // What a float operator makes stays as it is: codes of it would only be less exact.
      const bool stays =
          graph_.type(port.tensor).dtype != DType::f32 || made_in_float_[port.tensor];
      quantized.tensor = stays ? floats(port.tensor) : codes(port.tensor, scales_.of[port.tensor]);
      out_.outputs.push_back(std::move(quantized));
    }
    compact(out_);
    return std::move(out_);
  }

 private:
  TensorType int8_type(TensorId id, const Quantization& q) const {
    return {DType::i8, graph_.type(id).shape, q};
  }

  void add_input(const Port& port) {
    Port quantized = port;
    const Tensor& tensor = graph_.tensors[port.tensor];
    if (tensor.type.dtype == DType::f32) {
      quantized.tensor =
          out_.add_tensor(tensor.name, int8_type(port.tensor, scales_.of[port.tensor]));
      codes_[port.tensor] = quantized.tensor;
    } else {
      quantized.tensor = out_.add_tensor(tensor.name, tensor.type);
      floats_[port.tensor] = quantized.tensor;
    }
    out_.inputs.push_back(std::move(quantized));
  }

  // The tensor's codes in the scale asked for.
  TensorId codes(TensorId id, const Quantization& q) {
    if (graph_.is_constant(id)) return constant_codes(id, q);
    TensorId have = codes_[id];
    if (!have.valid()) {
      const Quantization& own = scales_.of[id];
      have = out_.add_node(Quantize{}, {floats_[id]}, int8_type(id, own), origin_,
                           graph_.tensors[id].name + "_q");
      codes_[id] = have;
    }
    if (*out_.type(have).quantization == q) return have;
    for (const auto& [from, to] : requantized_) {
      if (from == id && *out_.type(to).quantization == q) return to;
    }
    const TensorId to = out_.add_node(Requantize{}, {have}, int8_type(id, q), origin_,
                                      graph_.tensors[id].name + "_requantized");
    requantized_.emplace_back(id, to);
    return to;
  }

  TensorId constant_codes(TensorId id, const Quantization& q) {
    const Tensor& tensor = graph_.tensors[id];
    return out_.add_constant(tensor.name, quantize_constant_to(tensor.constant, q));
  }

  // The tensor as the float graph has it.
  TensorId floats(TensorId id) {
    if (!id.valid()) return id;
    if (floats_[id].valid()) return floats_[id];
    const Tensor& tensor = graph_.tensors[id];
    if (tensor.is_constant()) {
      floats_[id] = out_.add_constant(tensor.name, tensor.constant);
    } else {
      floats_[id] =
          out_.add_node(Dequantize{}, {codes_[id]}, tensor.type, origin_, tensor.name + "_real");
    }
    return floats_[id];
  }

  void add_float(const Node& node) {
    std::vector<TensorId> inputs;
    for (const TensorId input : node.inputs) inputs.push_back(floats(input));
    const Tensor& output = graph_.tensors[node.output()];
    made_in_float_[node.output()] = true;
    floats_[node.output()] =
        out_.add_node(node.op, std::move(inputs), output.type, node.origin, output.name);
  }

  // `four_bits`: weights of 4 bits, rounded by these moments.
  void add_int8(const Node& node, const InputMoments* four_bits) {
    const Quantization& q = scales_.of[node.output()];
    Op op = node.op;
    std::vector<TensorId> inputs;
    if (is_weighted(op)) {
      inputs = weighted_inputs(node, q, four_bits);
    } else if (const std::optional<Unary> unary = as_unary(graph_, node)) {
      op = *unary;
      const TensorId x = node.inputs[static_cast<std::size_t>(1 - scalar_operand(graph_, node))];
      inputs = {codes(x, scales_.of[x])};
    } else {
      inputs = plain_inputs(node, q);
    }
    codes_[node.output()] =
        out_.add_node(std::move(op), std::move(inputs), int8_type(node.output(), q), node.origin,
                      graph_.tensors[node.output()].name);
  }

  static bool is_weighted(const Op& op) {
    return std::holds_alternative<Conv2d>(op) || std::holds_alternative<ConvTranspose2d>(op) ||
           std::holds_alternative<FullyConnected>(op);
  }

  std::vector<TensorId> weighted_inputs(const Node& node, const Quantization& q,
                                        const InputMoments* four_bits) {
    const TensorId x = node.inputs[0];
    const bool has_bias = node.inputs.size() > 2 && node.inputs[2].valid();
    const Tensor& weights = graph_.tensors[node.inputs[1]];
    const TensorValue* bias = has_bias ? &graph_.tensors[node.inputs[2]].constant : nullptr;
    QuantizedWeights quantized =
        four_bits ? quantize_weights_int4(weights.constant, bias, scales_.of[x], q, *four_bits)
                  : quantize_weights(weights.constant, bias, scales_.of[x], q);
    std::vector<TensorId> inputs{codes(x, scales_.of[x]),
                                 out_.add_constant(weights.name, std::move(quantized.weights))};
    if (quantized.bias) {
      const std::string name = has_bias ? graph_.tensors[node.inputs[2]].name
                                        : graph_.tensors[node.output()].name + "_bias";
      inputs.push_back(out_.add_constant(name, std::move(*quantized.bias)));
    }
    return inputs;
  }

  std::vector<TensorId> plain_inputs(const Node& node, const Quantization& q) {
    const std::size_t sharing = inputs_sharing_scale(node);
    std::vector<TensorId> inputs;
    for (std::size_t i = 0; i < node.inputs.size(); ++i) {
      const TensorId input = node.inputs[i];
      if (!input.valid()) {
        inputs.push_back(input);
      } else if (i < sharing) {
        inputs.push_back(codes(input, q));
      } else if (!graph_.is_constant(input)) {
        inputs.push_back(codes(input, scales_.of[input]));
      } else if (keeps_floats(node, i)) {
        inputs.push_back(floats(input));
      } else {
        inputs.push_back(constant_codes(input, operand_quantization(node, input)));
      }
    }
    return inputs;
  }

  // Constants that an int8 operator reads as they are: indices, slopes, a normalization's scale and bias.
  bool keeps_floats(const Node& node, std::size_t input) const {
    if (graph_.type(node.inputs[input]).dtype != DType::f32) return true;
    if (std::holds_alternative<LayerNorm>(node.op)) return true;
    const auto* binary = std::get_if<Binary>(&node.op);
    return binary && binary->fn == Binary::Fn::prelu && input == 1;
  }

  // A matrix is symmetric like weights, other operands use all codes.
  Quantization operand_quantization(const Node& node, TensorId constant) const {
    const Range range = range_of(graph_.tensors[constant].constant);
    if (!std::holds_alternative<MatMul>(node.op)) return quantization_of(range);
    const float largest = std::max(-range.lo, range.hi);
    return {{largest > 1e-20f ? largest / 127 : 1.0f}, {0}, -1};
  }

  const Graph& graph_;
  Scales scales_;
  const Int4Layers& int4_;
  Graph out_;
  IdVector<TensorId, TensorId> codes_;   // by tensor of graph_, in its own scale
  IdVector<TensorId, TensorId> floats_;  // by tensor of graph_
  IdVector<TensorId, bool> made_in_float_;
  std::vector<std::pair<TensorId, TensorId>> requantized_;
  Origin origin_;  // of the node at work, for the conversions that it needs
};

}  // namespace

Result<Graph> quantize(const Graph& graph, const Ranges& ranges, const Int4Layers& int4) {
  assert(ranges.of.size() == graph.tensors.size());
  return Quantizer(graph, choose_scales(graph, ranges), int4).run();
}

Result<Graph> quantize(const Graph& graph, const Ranges& ranges) {
  return quantize(graph, ranges, Int4Layers{});
}

}  // namespace linnet
