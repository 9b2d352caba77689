// An ONNX node as plain data with typed access to its attributes, so that operator families see no
// protobuf.
//
//   const std::vector<std::int64_t> strides = node.integers("strides");   // empty when absent
//   const float alpha = node.real("alpha", 1.0f);
//
// An attribute of another type than asked for is the model's fault (ImportFault E107).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "compiler/ir/tensor_type.h"

namespace linnet {

// A value that Linnet does not read: a subgraph, a sparse tensor, a tensor of strings ...
struct UnreadAttribute {
  std::string kind;  // "graph"
};

struct OnnxAttribute {
  std::string name;
  std::variant<UnreadAttribute, std::int64_t, float, std::string, std::vector<std::int64_t>,
               std::vector<float>, std::vector<std::string>, TensorValue>
      value;
};

struct OnnxNode {
  std::string name;
  std::string op_type;
  std::string domain;                // "" is ai.onnx
  std::int64_t opset = 0;            // version of `domain` that the model imports
  std::vector<std::string> inputs;   // "" is an absent optional input
  std::vector<std::string> outputs;  // "" is an output that nothing wants
  std::vector<OnnxAttribute> attributes;

  // What messages call the node: its name, or its first output's.
  std::string label() const;

  bool has(std::string_view attribute) const { return find(attribute) != nullptr; }
  std::int64_t integer(std::string_view attribute, std::int64_t fallback) const;
  float real(std::string_view attribute, float fallback) const;
  std::string text(std::string_view attribute, const std::string& fallback) const;
  std::vector<std::int64_t> integers(std::string_view attribute) const;
  std::vector<float> reals(std::string_view attribute) const;
  const TensorValue* tensor(std::string_view attribute) const;

 private:
  const OnnxAttribute* find(std::string_view attribute) const;
};

}  // namespace linnet
