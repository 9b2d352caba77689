// Shapes and scales of graph inputs; see import_ports.h.
#include "compiler/onnx/import_ports.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <unordered_set>

#include "compiler/onnx/fault.h"
#include "compiler/onnx/read_tensor.h"

namespace linnet {
namespace {

// "1x3x?x?", with what the user must still say as '?'.
std::string pattern(const OnnxPort& port) {
  std::string text;
  for (std::size_t i = 0; i < port.dimensions.size(); ++i) {
    if (i > 0) text += 'x';
    const auto& value = port.dimensions[i].value;
    text += value && *value > 0 ? std::to_string(*value) : (i == 0 ? "1" : "?");
  }
  return text;
}

void check_dimension(const OnnxPort& port, std::int64_t dimension, std::int64_t& elements) {
  if (dimension < 1) {
    // E115: a tensor without elements.
    import_fault("E115", fmt::format("input '{}' has the dimension {}", port.name, dimension),
                 "every dimension must be at least 1");
  }
  if (dimension > kMostElements || elements * dimension > kMostElements) {
    import_fault("E115", fmt::format("input '{}' has more than 2^31 elements", port.name),
                 "it is too large for a microcontroller");
  }
  elements *= dimension;
}

Shape given_shape(const OnnxPort& port, const Shape& given) {
  bool agrees = !port.has_shape || given.size() == port.dimensions.size();
  for (std::size_t i = 0; agrees && i < port.dimensions.size(); ++i) {
    const auto& value = port.dimensions[i].value;
    agrees = !value || *value == 0 || *value == given[i];
  }
  if (!agrees) {
    // E114: the model fixes another shape.
    import_fault("E114",
                 fmt::format("--input-shape gives '{}' the shape {}, the model has {}", port.name,
                             to_string(given), pattern(port)),
                 "only dimensions that the model leaves open can be given");
  }
  std::int64_t elements = 1;
  for (const std::int64_t dimension : given) check_dimension(port, dimension, elements);
  return given;
}

// Where an operator has an input whose scale and zero point are the next two inputs.
bool reads_codes(const OnnxNode& node, std::size_t index) {
  if (node.op_type == "DequantizeLinear") return index == 0;
  if (node.op_type == "QLinearConcat") return index >= 2 && index % 3 == 2;
  if (node.op_type == "QLinearWhere") return index == 1 || index == 4;
  if (node.op_type.starts_with("QLinear") || node.op_type == "QGemm")
    return index == 0 || index == 3;
  return false;
}

bool moves_elements(const OnnxNode& node) {
  static constexpr std::array<std::string_view, 14> kMoves{
      "Transpose", "Reshape", "Flatten", "Squeeze", "Unsqueeze", "Identity", "Slice",
      "Split",     "Pad",     "MaxPool", "Gather",  "Resize",    "Concat",   "Expand"};
  return std::find(kMoves.begin(), kMoves.end(), node.op_type) != kMoves.end();
}

const TensorValue* find_constant(const OnnxModel& model, const std::string& name) {
  const auto found = model.initializers.find(name);
  if (found != model.initializers.end()) return &found->second;
  for (const OnnxNode& node : model.nodes) {
    if (node.op_type != "Constant" || node.outputs.empty() || node.outputs[0] != name) continue;
    return node.has("value") ? node.tensor("value") : nullptr;
  }
  return nullptr;
}

std::optional<Quantization> scale_at(const OnnxModel& model, const OnnxNode& node,
                                     std::size_t index) {
  const TensorValue* scale =
      index < node.inputs.size() ? find_constant(model, node.inputs[index]) : nullptr;
  if (!scale || scale->type.dtype != DType::f32 || scale->type.elements() != 1) return {};
  Quantization quantization{scale->to_floats(), {0}, -1};
  if (!(quantization.scale[0] > 0.0f)) return {};
  if (index + 1 < node.inputs.size() && !node.inputs[index + 1].empty()) {
    const TensorValue* zero_point = find_constant(model, node.inputs[index + 1]);
    if (!zero_point || zero_point->type.elements() != 1) return {};
    quantization.zero_point[0] = static_cast<std::int32_t>(zero_point->to_ints()[0]);
  }
  return quantization;
}

}  // namespace

Shape input_shape(const OnnxPort& port, const ImportOptions& options,
                  std::vector<std::string>& notes) {
  const auto given = options.input_shapes.find(port.name);
  if (given != options.input_shapes.end()) return given_shape(port, given->second);
  if (!port.has_shape) {
    // E113: Linnet's shapes are static.
    import_fault("E113", fmt::format("the shape of input '{}' is not known", port.name),
                 fmt::format("give it with --input-shape {}=1x3x96x96 (for example)", port.name));
  }
  Shape shape;
  std::int64_t elements = 1;
  for (std::size_t i = 0; i < port.dimensions.size(); ++i) {
    const OnnxDimension& dimension = port.dimensions[i];
    const bool dynamic = !dimension.value || (i == 0 && *dimension.value == 0);
    if (dynamic && i > 0) {
      const std::string name =
          dimension.symbol.empty() ? std::to_string(i) : fmt::format("'{}'", dimension.symbol);
      import_fault("E113", fmt::format("dimension {} of input '{}' is not known", name, port.name),
                   fmt::format("give it with --input-shape {}={}", port.name, pattern(port)));
    }
    if (dynamic) notes.push_back(fmt::format("input '{}': dynamic batch taken as 1", port.name));
    shape.push_back(dynamic ? 1 : *dimension.value);
    check_dimension(port, shape.back(), elements);
  }
  return shape;
}

Quantization input_quantization(const OnnxModel& model, const std::string& name) {
  std::vector<std::string> pending{name};
  std::unordered_set<std::string> seen{name};
  while (!pending.empty()) {
    const std::string tensor = pending.back();
    pending.pop_back();
    for (const OnnxNode& node : model.nodes) {
      for (std::size_t i = 0; i < node.inputs.size(); ++i) {
        if (node.inputs[i] != tensor) continue;
        if (reads_codes(node, i)) {
          if (auto quantization = scale_at(model, node, i + 1)) return *std::move(quantization);
        }
        if (!moves_elements(node)) continue;
        for (const std::string& output : node.outputs) {
          if (!output.empty() && seen.insert(output).second) pending.push_back(output);
        }
      }
    }
  }
  // Codes that are only moved, or a picture of bytes that is cast to float: they stand for themselves.
  return {{1.0f}, {0}, -1};
}

}  // namespace linnet
