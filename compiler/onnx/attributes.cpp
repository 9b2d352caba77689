// Typed access to a node's attributes; see attributes.h.
#include "compiler/onnx/attributes.h"

#include <fmt/format.h>

#include "compiler/onnx/fault.h"

namespace linnet {
namespace {

template <class T>
const T& get(const OnnxAttribute& attribute, const char* wanted) {
  if (const T* value = std::get_if<T>(&attribute.value)) return *value;
  if (const auto* unread = std::get_if<UnreadAttribute>(&attribute.value)) {
    import_fault(
        "E103",
        fmt::format("attribute {} is a {}, which is not supported", attribute.name, unread->kind),
        "replace the operator, or run the model through onnxsim");
  }
  // E107: the node breaks ONNX's own rules.
  import_fault("E107", fmt::format("attribute {} is not {}", attribute.name, wanted));
}

}  // namespace

std::string OnnxNode::label() const {
  if (!name.empty()) return name;
  for (const std::string& output : outputs) {
    if (!output.empty()) return output;
  }
  return {};
}

const OnnxAttribute* OnnxNode::find(std::string_view attribute) const {
  for (const OnnxAttribute& candidate : attributes) {
    if (candidate.name == attribute) return &candidate;
  }
  return nullptr;
}

std::int64_t OnnxNode::integer(std::string_view attribute, std::int64_t fallback) const {
  const OnnxAttribute* found = find(attribute);
  return found ? get<std::int64_t>(*found, "an integer") : fallback;
}

float OnnxNode::real(std::string_view attribute, float fallback) const {
  const OnnxAttribute* found = find(attribute);
  return found ? get<float>(*found, "a number") : fallback;
}

std::string OnnxNode::text(std::string_view attribute, const std::string& fallback) const {
  const OnnxAttribute* found = find(attribute);
  return found ? get<std::string>(*found, "a string") : fallback;
}

std::vector<std::int64_t> OnnxNode::integers(std::string_view attribute) const {
  const OnnxAttribute* found = find(attribute);
  if (!found) return {};
  return get<std::vector<std::int64_t>>(*found, "a list of integers");
}

std::vector<float> OnnxNode::reals(std::string_view attribute) const {
  const OnnxAttribute* found = find(attribute);
  if (!found) return {};
  return get<std::vector<float>>(*found, "a list of numbers");
}

const TensorValue* OnnxNode::tensor(std::string_view attribute) const {
  const OnnxAttribute* found = find(attribute);
  return found ? &get<TensorValue>(*found, "a tensor") : nullptr;
}

}  // namespace linnet
