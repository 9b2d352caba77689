// See fuse_operator.h.
#include "compiler/quant/fuse_operator.h"

#include <algorithm>
#include <cmath>

#include "compiler/quant/fixed_point.h"
#include "compiler/quant/forms.h"
#include "compiler/quant/scales.h"
#include "compiler/quant/weights.h"

namespace linnet {
namespace {

const Node* dequantize_of(const Graph& graph, const Uses& uses, TensorId tensor) {
  if (!tensor.valid() || !uses.producer[tensor].valid()) return nullptr;
  const Node& node = graph.nodes[uses.producer[tensor].index()];
  return std::holds_alternative<Dequantize>(node.op) ? &node : nullptr;
}

const TensorValue* constant_codes(const Graph& graph, const Uses& uses, TensorId tensor) {
  const Node* dequantize = dequantize_of(graph, uses, tensor);
  if (!dequantize || !graph.is_constant(dequantize->inputs[0])) return nullptr;
  return &graph.tensors[dequantize->inputs[0]].constant;
}

bool present(const Node& node, std::size_t input) {
  return node.inputs.size() > input && node.inputs[input].valid();
}

// Doubles the scale of channels whose sums could leave int32 (a dead channel's bias can be huge in its tiny scale),
// until they fit. Afterwards such channels have zero point 0.
TensorValue fit_accumulators(const TensorValue& weights, std::span<const float> bias,
                             const Quantization& input) {
  const auto channels = static_cast<std::size_t>(weights.type.shape.front());
  const std::span<const std::int8_t> given = weights.as<std::int8_t>();
  const std::size_t length = channels == 0 ? 0 : given.size() / channels;
  const Quantization& old = *weights.type.quantization;
  std::vector<std::int8_t> codes(given.begin(), given.end());
  Quantization q{{}, {}, 0};
  bool changed = false;
  for (std::size_t o = 0; o < channels; ++o) {
    const std::size_t s = old.per_tensor() ? 0 : o;
    float scale = old.scale[s];
    std::int32_t zero_point = old.zero_point[s];
    const std::span<std::int8_t> channel(codes.data() + o * length, length);
    const auto bound = [&] {
      const std::int32_t b =
          bias.empty()
              ? 0
              : quantize_bias(bias.subspan(o, 1), input.scale.front(), {&scale, 1}).front();
      return accumulator_bound(channel, zero_point, input.zero_point.front(), b);
    };
    while (bound() > kAccumulatorLimit) {
      changed = true;
      scale *= 2;
      for (std::int8_t& code : channel) {
        code = static_cast<std::int8_t>(std::min(round_even((code - zero_point) / 2.0), 127.0));
      }
      zero_point = 0;
    }
    q.scale.push_back(scale);
    q.zero_point.push_back(zero_point);
  }
  if (!changed) return weights;
  return TensorValue::of({DType::i8, weights.type.shape, std::move(q)}, codes);
}

class Fuser {
 public:
  Fuser(Graph& graph, const Uses& uses, const Node& node, const Quantization& output)
      : graph_(graph), uses_(uses), node_(node), output_(output) {}

  std::optional<Int8Operator> run() {
    const Op& op = node_.op;
    if (std::holds_alternative<Conv2d>(op) || std::holds_alternative<ConvTranspose2d>(op) ||
        std::holds_alternative<FullyConnected>(op)) {
      return weighted();
    }
    if (const auto* binary = std::get_if<Binary>(&op)) return elementwise(*binary);
    if (std::holds_alternative<LayerNorm>(op)) return layer_norm();
    if (std::holds_alternative<MatMul>(op)) return of_codes(2);
    if (const auto* resize = std::get_if<Resize>(&op)) {
      const TensorId x = codes_behind(graph_, uses_, node_.inputs[0]);
      if (!x.valid() || *graph_.type(x).quantization != output_) return std::nullopt;
      return Int8Operator{*resize, {x}};
    }
    const auto* pool = std::get_if<Pool2d>(&op);
    const auto* reduce = std::get_if<Reduce>(&op);
    const bool averages =
        (pool && pool->kind == Pool2d::Kind::average) ||
        (reduce && (reduce->kind == Reduce::Kind::mean || reduce->kind == Reduce::Kind::sum));
    const bool table = std::holds_alternative<Unary>(op) || std::holds_alternative<Softmax>(op);
    if (!averages && !table) return std::nullopt;
    if (!has_int8_form(graph_, node_)) return std::nullopt;
    return of_codes(1);
  }

 private:
  // The operator on the codes of its first `count` inputs.
  std::optional<Int8Operator> of_codes(std::size_t count) const {
    Int8Operator result{node_.op, {}};
    for (std::size_t i = 0; i < count; ++i) {
      result.inputs.push_back(codes_behind(graph_, uses_, node_.inputs[i]));
      if (!result.inputs.back().valid()) return std::nullopt;
    }
    return result;
  }

  std::optional<Int8Operator> weighted() {
    const TensorId x = codes_behind(graph_, uses_, node_.inputs[0]);
    if (!x.valid() || graph_.is_constant(x)) return std::nullopt;
    const Quantization& input = *graph_.type(x).quantization;
    std::optional<TensorValue> bias;
    if (present(node_, 2)) {
      bias = float_constant(graph_, uses_, node_.inputs[2]);
      if (!bias) return std::nullopt;
    }
    const std::string name = graph_.tensors[node_.inputs[1]].name;
    Int8Operator result{node_.op, {x}};
    const Tensor& given = graph_.tensors[node_.inputs[1]];
    if (given.is_constant()) {  // the model left the weights in float
      QuantizedWeights own =
          quantize_weights(given.constant, bias ? &*bias : nullptr, input, output_);
      result.inputs.push_back(graph_.add_constant(name + "_codes", std::move(own.weights)));
      if (own.bias)
        result.inputs.push_back(graph_.add_constant(name + "_bias", std::move(*own.bias)));
      return result;
    }
    const TensorValue* codes = constant_codes(graph_, uses_, node_.inputs[1]);
    if (!codes || codes->type.dtype != DType::i8 || codes->type.quantization->axis > 0)
      return std::nullopt;
    const std::span<const float> bias_values = bias ? bias->as<float>() : std::span<const float>{};
    TensorValue weights = fit_accumulators(*codes, bias_values, input);
    if (bias) {
      TensorValue integers = quantize_bias_for(bias_values, input, *weights.type.quantization);
      result.inputs.push_back(graph_.add_constant(name + "_codes", std::move(weights)));
      result.inputs.push_back(graph_.add_constant(name + "_bias", std::move(integers)));
    } else {
      result.inputs.push_back(graph_.add_constant(name + "_codes", std::move(weights)));
    }
    return result;
  }

  std::optional<Int8Operator> elementwise(const Binary& op) {
    if (const std::optional<Unary> unary = as_unary(graph_, node_)) {
      const auto x = static_cast<std::size_t>(1 - scalar_operand(graph_, node_));
      const TensorId codes = codes_behind(graph_, uses_, node_.inputs[x]);
      if (!codes.valid()) return std::nullopt;
      return Int8Operator{*unary, {codes}};
    }
    if (op.fn == Binary::Fn::prelu) {
      const TensorId x = codes_behind(graph_, uses_, node_.inputs[0]);
      std::optional<TensorValue> slope = float_constant(graph_, uses_, node_.inputs[1]);
      if (!x.valid() || !slope) return std::nullopt;
      return Int8Operator{
          op, {x, graph_.add_constant(node_.origin.name + "_slope", std::move(*slope))}};
    }
    if (op.fn != Binary::Fn::add && op.fn != Binary::Fn::sub && op.fn != Binary::Fn::mul)
      return std::nullopt;
    Int8Operator result{op, {}};
    for (const TensorId input : node_.inputs) {
      TensorId codes = codes_behind(graph_, uses_, input);
      if (!codes.valid() && graph_.is_constant(input)) {
        const TensorValue value = graph_.tensors[input].constant;
        codes = graph_.add_constant(graph_.tensors[input].name + "_codes",
                                    quantize_constant_to(value, quantization_of(range_of(value))));
      }
      if (!codes.valid()) return std::nullopt;
      result.inputs.push_back(codes);
    }
    if (std::all_of(result.inputs.begin(), result.inputs.end(),
                    [&](TensorId input) { return graph_.is_constant(input); })) {
      return std::nullopt;
    }
    return result;
  }

  std::optional<Int8Operator> layer_norm() {
    const TensorId x = codes_behind(graph_, uses_, node_.inputs[0]);
    const Shape& shape = graph_.type(node_.output()).shape;
    if (!x.valid() || !layer_norm_fits(std::get<LayerNorm>(node_.op), shape)) return std::nullopt;
    Int8Operator result{node_.op, {x}};
    for (std::size_t i = 1; i < node_.inputs.size(); ++i) {
      if (!node_.inputs[i].valid()) {
        result.inputs.push_back({});
        continue;
      }
      std::optional<TensorValue> value = float_constant(graph_, uses_, node_.inputs[i]);
      if (!value) return std::nullopt;
      result.inputs.push_back(
          graph_.add_constant(graph_.tensors[node_.inputs[i]].name, std::move(*value)));
    }
    return result;
  }

  Graph& graph_;
  const Uses& uses_;
  const Node& node_;
  const Quantization& output_;
};

}  // namespace

TensorId codes_behind(const Graph& graph, const Uses& uses, TensorId tensor) {
  const Node* dequantize = dequantize_of(graph, uses, tensor);
  if (!dequantize) return {};
  const TensorType& type = graph.type(dequantize->inputs[0]);
  const bool usable =
      type.dtype == DType::i8 && type.quantization && type.quantization->per_tensor();
  return usable ? dequantize->inputs[0] : TensorId{};
}

std::optional<TensorValue> float_constant(const Graph& graph, const Uses& uses, TensorId tensor) {
  if (graph.is_constant(tensor)) return graph.tensors[tensor].constant;
  const TensorValue* codes = constant_codes(graph, uses, tensor);
  if (!codes) return std::nullopt;
  return TensorValue::of({DType::f32, codes->type.shape, {}}, dequantize_constant(*codes));
}

std::optional<Int8Operator> int8_operator(Graph& graph, const Uses& uses, const Node& node,
                                          const Quantization& output) {
  return Fuser(graph, uses, node, output).run();
}

}  // namespace linnet
