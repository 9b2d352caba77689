// Which operators have an int8 form; see int8_forms.h.
#include "compiler/ops/int8_forms.h"

#include <type_traits>

namespace linnet {
namespace {

using Inputs = std::vector<OperandFacts>;

bool constant_or_absent(const Inputs& inputs, std::size_t index) {
  return index >= inputs.size() || inputs[index].shape.empty() || inputs[index].constant;
}

// Weights and bias are quantized when the model is compiled.
bool constant_weights(const Inputs& inputs) {
  return inputs.size() > 1 && inputs[1].constant && constant_or_absent(inputs, 2);
}

bool int8_form(const Conv2d&, const Inputs& inputs) { return constant_weights(inputs); }
bool int8_form(const ConvTranspose2d&, const Inputs& inputs) { return constant_weights(inputs); }
bool int8_form(const FullyConnected&, const Inputs& inputs) { return constant_weights(inputs); }
bool int8_form(const MatMul&, const Inputs&) { return true; }
bool int8_form(const Pool2d&, const Inputs&) { return true; }
bool int8_form(const Reduce& op, const Inputs&) { return op.kind != Reduce::Kind::l2; }
bool int8_form(const Unary&, const Inputs&) { return true; }

bool int8_form(const Binary& op, const Inputs& inputs) {
  switch (op.fn) {
    case Binary::Fn::div:
    case Binary::Fn::pow: return false;
    case Binary::Fn::prelu: return inputs.size() == 2 && !inputs[0].constant && inputs[1].constant;
    default: return true;
  }
}

bool int8_form(const Softmax& op, const Inputs& inputs) {
  const Shape& shape = inputs[0].shape;
  return static_cast<std::size_t>(op.axis) + 1 == shape.size() && shape.back() <= 65536;
}

bool int8_form(const LayerNorm&, const Inputs& inputs) {
  return constant_or_absent(inputs, 1) && constant_or_absent(inputs, 2);
}

bool int8_form(const BatchNorm&, const Inputs&) { return false; }
bool int8_form(const Concat&, const Inputs&) { return true; }
bool int8_form(const Slice&, const Inputs&) { return true; }
bool int8_form(const Reshape&, const Inputs&) { return true; }
bool int8_form(const Transpose&, const Inputs&) { return true; }
bool int8_form(const Expand&, const Inputs&) { return true; }
bool int8_form(const Gather&, const Inputs& inputs) {
  return inputs.size() > 1 && inputs[1].constant;
}
bool int8_form(const Pad&, const Inputs&) { return true; }
bool int8_form(const Resize&, const Inputs&) { return true; }
bool int8_form(const Quantize&, const Inputs&) { return true; }
bool int8_form(const Dequantize&, const Inputs&) { return true; }
bool int8_form(const Requantize&, const Inputs&) { return true; }
bool int8_form(const Cast&, const Inputs&) { return false; }

}  // namespace

bool has_int8_form(const Op& op, const std::vector<OperandFacts>& inputs) {
  return std::visit([&](const auto& kind) { return int8_form(kind, inputs); }, op);
}

bool keeps_parameters(const Op& op) {
  if (const auto* pool = std::get_if<Pool2d>(&op)) return pool->kind == Pool2d::Kind::max;
  if (const auto* reduce = std::get_if<Reduce>(&op)) {
    return reduce->kind == Reduce::Kind::max || reduce->kind == Reduce::Kind::min;
  }
  if (const auto* binary = std::get_if<Binary>(&op)) {
    return binary->fn == Binary::Fn::min || binary->fn == Binary::Fn::max;
  }
  return std::visit(
      [](const auto& kind) {
        using Kind = std::remove_cvref_t<decltype(kind)>;
        return std::is_same_v<Kind, Concat> || std::is_same_v<Kind, Slice> ||
               std::is_same_v<Kind, Reshape> || std::is_same_v<Kind, Transpose> ||
               std::is_same_v<Kind, Expand> || std::is_same_v<Kind, Gather> ||
               std::is_same_v<Kind, Pad> || std::is_same_v<Kind, Resize>;
      },
      op);
}

}  // namespace linnet
