// Operators whose inputs are all constant are computed now.
//
// Dequantize of a constant stays: a quantized model's weights are kept as codes until fuse_qdq has read their scales.
// Quantize of a constant folds, so that weights which a model quantizes at run time become codes as well.
#include <algorithm>
#include <cmath>

#include "compiler/ops/ops.h"
#include "compiler/passes/passes.h"
#include "compiler/passes/rewrite.h"

namespace linnet {
namespace {

template <class Code>
TensorValue quantized(const TensorValue& value, const TensorType& type) {
  const Quantization& q = *type.quantization;
  std::int64_t inner = 1;  // elements that share one scale in a row
  std::int64_t channels = 1;
  if (!q.per_tensor()) {
    const auto axis = static_cast<std::size_t>(q.axis);
    channels = type.shape[axis];
    for (std::size_t i = axis + 1; i < type.shape.size(); ++i) inner *= type.shape[i];
  }
  const std::span<const float> elements = value.as<float>();
  std::vector<Code> codes(elements.size());
  for (std::size_t i = 0; i < elements.size(); ++i) {
    const auto channel = static_cast<std::size_t>(static_cast<std::int64_t>(i) / inner % channels);
    const float scaled = elements[i] / q.scale[channel];
    const float limited = std::isnan(scaled) ? 0.0f : std::clamp(scaled, -512.0f, 511.0f);
    const auto code = static_cast<std::int32_t>(std::nearbyint(limited)) + q.zero_point[channel];
    codes[i] = static_cast<Code>(std::clamp<std::int32_t>(code, std::numeric_limits<Code>::min(),
                                                          std::numeric_limits<Code>::max()));
  }
  return TensorValue::of(type, codes);
}

std::optional<TensorValue> folded(const Graph& graph, const Node& node) {
  std::vector<const TensorValue*> inputs;
  for (const TensorId input : node.inputs) {
    if (input.valid() && !graph.is_constant(input)) return std::nullopt;
    inputs.push_back(input.valid() ? &graph.tensors[input].constant : nullptr);
  }
  const TensorType& type = graph.type(node.output());
  const TensorValue& first = *inputs.front();
  if (const auto* transpose = std::get_if<Transpose>(&node.op))
    return permuted(first, transpose->permutation);
  if (std::holds_alternative<Reshape>(node.op)) {
    if (type.quantization && !type.quantization->per_tensor()) return std::nullopt;
    return reshaped(first, type.shape);
  }
  if (std::holds_alternative<Quantize>(node.op)) {
    if (type.dtype == DType::i8) return quantized<std::int8_t>(first, type);
    if (type.dtype == DType::u8) return quantized<std::uint8_t>(first, type);
    return std::nullopt;
  }
  const bool all_float = type.dtype == DType::f32 && first.type.dtype == DType::f32;
  if (!all_float || std::holds_alternative<Dequantize>(node.op)) return std::nullopt;
  return evaluate(node.op, inputs, type);
}

}  // namespace

Result<Graph> fold_constants(Graph graph) {
  graph = settle(std::move(graph));
  for (std::size_t i = 0; i < graph.nodes.size(); ++i) {
    std::optional<TensorValue> value = folded(graph, graph.nodes[i]);
    if (!value) continue;
    const TensorId output = graph.nodes[i].output();
    const TensorId constant = graph.add_constant(graph.tensors[output].name, std::move(*value));
    replace_uses(graph, output, constant);
  }
  return settle(std::move(graph));
}

}  // namespace linnet
