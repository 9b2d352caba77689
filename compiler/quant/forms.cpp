// See forms.h.
#include "compiler/quant/forms.h"

#include <limits>
#include <variant>

namespace linnet {
namespace {

template <class... Cases>
struct Overloaded : Cases... {
  using Cases::operator()...;
};
template <class... Cases>
Overloaded(Cases...) -> Overloaded<Cases...>;

// The element's exponentials sum to a uint32 only up to this many (docs/quantization.md section 7).
constexpr std::int64_t kLongestSoftmax = 65536;
// n * (x - zx) fits the int32 of section 7.
constexpr std::int64_t kLongestLayerNorm = 32768;
constexpr float kInfinity = std::numeric_limits<float>::infinity();

bool absent_or_constant(const Graph& graph, const Node& node, std::size_t input) {
  return node.inputs.size() <= input || !node.inputs[input].valid() ||
         graph.is_constant(node.inputs[input]);
}

bool binary_has_int8_form(const Graph& graph, const Node& node, const Binary& op) {
  switch (op.fn) {
    case Binary::Fn::add:
    case Binary::Fn::sub:
    case Binary::Fn::mul:
    case Binary::Fn::min:
    case Binary::Fn::max: return true;
    case Binary::Fn::prelu:
      return graph.is_constant(node.inputs[1]) && !graph.is_constant(node.inputs[0]);
    case Binary::Fn::div:
    case Binary::Fn::pow: return false;
  }
  return false;
}

}  // namespace

bool layer_norm_fits(const LayerNorm& op, const Shape& shape) {
  std::int64_t elements = 1;
  for (auto i = static_cast<std::size_t>(op.axis); i < shape.size(); ++i) elements *= shape[i];
  return elements <= kLongestLayerNorm;
}

bool has_int8_form(const Graph& graph, const Node& node) {
  const auto weighted = [&](const auto&) {
    return !graph.is_constant(node.inputs[0]) && graph.is_constant(node.inputs[1]) &&
           absent_or_constant(graph, node, 2);
  };
  const auto always = [](const auto&) { return true; };
  return std::visit(
      Overloaded{
          [&](const Conv2d& op) { return weighted(op); },
          [&](const ConvTranspose2d& op) { return weighted(op); },
          [&](const FullyConnected& op) { return weighted(op); },
          [&](const Reduce& op) { return op.kind != Reduce::Kind::l2; },
          [&](const Binary& op) {
            return as_unary(graph, node).has_value() || binary_has_int8_form(graph, node, op);
          },
          [&](const Softmax& op) {
            const Shape& shape = graph.type(node.output()).shape;
            return static_cast<std::size_t>(op.axis) + 1 == shape.size() &&
                   shape.back() <= kLongestSoftmax;
          },
          [&](const LayerNorm& op) {
            return layer_norm_fits(op, graph.type(node.output()).shape) &&
                   absent_or_constant(graph, node, 1) && absent_or_constant(graph, node, 2);
          },
          [&](const BatchNorm&) { return false; },
          [&](const Quantize&) { return false; },
          [&](const Dequantize&) { return false; },
          [&](const Requantize&) { return false; },
          [&](const Cast&) { return false; },
          always,
      },
      node.op);
}

std::size_t inputs_sharing_scale(const Node& node) {
  if (std::holds_alternative<Concat>(node.op)) return node.inputs.size();
  if (moves_elements(node.op) || std::holds_alternative<Pool2d>(node.op) ||
      std::holds_alternative<Resize>(node.op)) {
    return 1;
  }
  if (const auto* reduce = std::get_if<Reduce>(&node.op)) {
    return reduce->kind == Reduce::Kind::max || reduce->kind == Reduce::Kind::min ? 1 : 0;
  }
  if (const auto* binary = std::get_if<Binary>(&node.op)) {
    return binary->fn == Binary::Fn::min || binary->fn == Binary::Fn::max ? 2 : 0;
  }
  return 0;
}

bool moves_elements(const Op& op) {
  return std::holds_alternative<Concat>(op) || std::holds_alternative<Slice>(op) ||
         std::holds_alternative<Reshape>(op) || std::holds_alternative<Transpose>(op) ||
         std::holds_alternative<Expand>(op) || std::holds_alternative<Gather>(op) ||
         std::holds_alternative<Pad>(op);
}

int scalar_operand(const Graph& graph, const Node& node) {
  if (!std::holds_alternative<Binary>(node.op)) return -1;
  for (int i = 1; i >= 0; --i) {
    const TensorId scalar = node.inputs[static_cast<std::size_t>(i)];
    const TensorId other = node.inputs[static_cast<std::size_t>(1 - i)];
    if (graph.is_constant(scalar) && graph.type(scalar).dtype == DType::f32 &&
        graph.type(scalar).elements() == 1 && !graph.is_constant(other) &&
        graph.type(other).shape == graph.type(node.output()).shape) {
      return i;
    }
  }
  return -1;
}

std::optional<Unary> as_unary(const Graph& graph, const Node& node) {
  const int index = scalar_operand(graph, node);
  if (index < 0) return std::nullopt;
  const auto& binary = std::get<Binary>(node.op);
  if (!binary.clamp.none()) return std::nullopt;
  const float c =
      graph.tensors[node.inputs[static_cast<std::size_t>(index)]].constant.as<float>()[0];
  switch (binary.fn) {
    case Binary::Fn::add: return Unary{Unary::Fn::affine, 1, c};
    case Binary::Fn::sub:
      return index == 1 ? Unary{Unary::Fn::affine, 1, -c} : Unary{Unary::Fn::affine, -1, c};
    case Binary::Fn::mul: return Unary{Unary::Fn::affine, c, 0};
    case Binary::Fn::div:
      if (index == 1 && c != 0) return Unary{Unary::Fn::affine, 1 / c, 0};
      return std::nullopt;
    case Binary::Fn::min: return Unary{Unary::Fn::clamp, -kInfinity, c};
    case Binary::Fn::max: return Unary{Unary::Fn::clamp, c, kInfinity};
    case Binary::Fn::pow:
      if (index == 1) return Unary{Unary::Fn::pow, c, 0};
      return std::nullopt;
    case Binary::Fn::prelu:
      if (index == 1) return Unary{Unary::Fn::leaky_relu, c, 0};
      return std::nullopt;
  }
  return std::nullopt;
}

Range useful_input(const Unary& op) {
  switch (op.fn) {
    case Unary::Fn::clamp: return {op.alpha, op.beta};
    case Unary::Fn::hard_sigmoid:
      if (op.alpha > 0) return {-op.beta / op.alpha, (1 - op.beta) / op.alpha};
      break;
    case Unary::Fn::hard_swish: return {-3, kInfinity};
    case Unary::Fn::sigmoid: return {-7, 7};
    case Unary::Fn::silu: return {-9, kInfinity};
    case Unary::Fn::tanh: return {-5, 5};
    case Unary::Fn::gelu:
    case Unary::Fn::gelu_tanh: return {-4, kInfinity};
    case Unary::Fn::elu: return {-7, kInfinity};
    case Unary::Fn::erf: return {-3, 3};
    default: break;
  }
  return {-kInfinity, kInfinity};
}

}  // namespace linnet
