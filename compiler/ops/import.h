// ONNX node -> IR operators: what the import functions of the operator families are given.
//
//   void import_relu(ImportNode& node) {
//     node.set_output(0, node.emit(Unary{Unary::Fn::clamp, 0, kInfinity}, {node.input(0)}));
//   }
//
// Import functions see no protobuf. What they cannot import they refuse by import_fault
// (onnx/fault.h), naming the attribute or input at fault. `emit` infers the shape and folds
// operators on constants at once.
#pragma once

#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "compiler/ir/graph.h"
#include "compiler/onnx/attributes.h"
#include "compiler/onnx/fault.h"

namespace linnet {

// A tensor of the graph as the ONNX model knows it. uint8 tensors are i8 in the graph (codes and
// zero point less 128); constants stay as they are until an operator gives them a scale.
struct ImportedValue {
  TensorId id;
  DType model_dtype = DType::f32;
};

// The graph under construction.
struct ImportContext {
  Graph graph;
  std::unordered_map<std::uint32_t, std::size_t>
      producer;  // tensor -> index of the node that makes it

  // The node that makes `id` when it dequantizes a constant (a quantized weight), else null.
  const Node* dequantized_constant(TensorId id) const;
};

// Scale and zero point as an ONNX node gives them.
struct QuantParams {
  std::vector<float> scale;
  std::vector<std::int32_t> zero_point;  // in the model's element type
  DType dtype = DType::u8;               // of the quantized tensor
  int axis = -1;
};

class ImportNode {
 public:
  // `origin` is what messages and reports call the node.
  ImportNode(ImportContext& context, const OnnxNode& node, std::vector<ImportedValue> inputs,
             Origin origin);

  const OnnxNode& onnx;
  std::int64_t opset() const { return onnx.opset; }

  // ---- inputs ----
  std::size_t input_count() const { return inputs_.size(); }
  bool has_input(std::size_t index) const;
  TensorId input(std::size_t index) const;  // E107 when it is absent
  DType model_dtype(std::size_t index) const;
  const Shape& shape(TensorId id) const { return context_.graph.type(id).shape; }
  int rank(TensorId id) const { return static_cast<int>(shape(id).size()); }
  const TensorType& type(TensorId id) const { return context_.graph.type(id); }
  // Null unless the tensor is a constant.
  const TensorValue* constant(TensorId id) const;
  // The tensor's value when the model fixes it, as a constant or as dequantized codes of one.
  std::optional<TensorValue> known_value(TensorId id) const;
  // E105 unless the input's value is known; `what` names it in the message.
  TensorValue constant_input(std::size_t index, const char* what) const;
  std::vector<std::int64_t> integers_input(std::size_t index, const char* what) const;
  // E104 unless the tensor has one of these ranks.
  void require_rank(TensorId id, std::initializer_list<int> ranks) const;
  // `axis` of a tensor of `rank` as a non-negative index, or E104.
  int normal_axis(std::int64_t axis, int rank) const;
  std::vector<std::int32_t> normal_axes(const std::vector<std::int64_t>& axes, int rank) const;

  // ---- building ----
  TensorId emit(Op op, std::vector<TensorId> inputs);
  TensorId emit_constant(TensorValue value);
  TensorId emit_scalar(float value);
  TensorId dequantize(TensorId x, DType model_dtype, const QuantParams& params);
  TensorId quantize(TensorId x, const QuantParams& params);
  TensorId reshape(TensorId x, Shape shape);  // nothing when it has that shape
  TensorId transpose(TensorId x, std::vector<std::int32_t> order);  // nothing for the identity
  // Reshape and transposition of a weight reach through the Dequantize of a constant, so that it
  // stays one.
  TensorId transpose_weight(TensorId w, std::vector<std::int32_t> order);
  TensorId reshape_weight(TensorId w, Shape shape);

  // ---- outputs ----
  void set_output(std::size_t index, TensorId id);
  void set_output(std::size_t index, ImportedValue value);
  bool wants_output(std::size_t index) const;
  // E103 when the output is used.
  void refuse_output(std::size_t index, const char* what) const;
  const std::vector<ImportedValue>& outputs() const { return outputs_; }

  // Runs the import function of another operator with this node's attributes on `inputs`; gives its
  // first output. The QLinear operators are made of the float ones this way.
  // `opset` is the version of ai.onnx to read the attributes by; 0: this node's, or the newest for other domains.
  TensorId import_as(std::string op_type, const std::vector<TensorId>& inputs,
                     std::int64_t opset = 0);

  ImportContext& context() { return context_; }

 private:
  TensorType result_type(const Op& op, const std::vector<TensorId>& inputs) const;
  TensorId append(Op op, std::vector<TensorId> inputs, TensorType result);
  TensorId append_dequantize(TensorId codes);

  ImportContext& context_;
  Origin origin_;
  std::vector<ImportedValue> inputs_;
  std::vector<ImportedValue> outputs_;
};

// Attribute values are user data: everything that goes into an int32 field of the IR passes through
// here.
std::int32_t small_int(std::int64_t value, const char* what, std::int64_t least);

// Elements in a shape, or E104 when that is more than 2^31, or overflows.
std::int64_t checked_elements(const Shape& shape);

// E104 when folding would make a constant of more than 2^27 elements.
void check_constant_size(const Shape& shape);

// NumPy's; where the shapes do not fit, a shape that one of them does not fit to.
Shape broadcast(const Shape& a, const Shape& b);

// Copies only: what the operator gives are elements of its input, of whatever type.
bool is_data_movement(const Op& op);

// Folds the operator on constants; nothing when only OPS's evaluate can.
std::optional<TensorValue> fold_movement(const Op& op,
                                         const std::vector<const TensorValue*>& inputs);
TensorValue cast_to_integers(const TensorValue& value, DType dtype);
std::optional<TensorValue> fold_integers(const Op& op,
                                         const std::vector<const TensorValue*>& inputs);
TensorValue transpose_constant(const TensorValue& value, const std::vector<std::int32_t>& order);
TensorValue reshape_constant(const TensorValue& value, Shape shape);
// Round to nearest, halves to even; codes are saturated to i8 (docs/quantization.md section 8).
TensorValue quantize_constant(const TensorValue& value, const Quantization& quantization);
// u8 codes become i8 codes of the same real values.
TensorValue signed_codes(const TensorValue& value);

// Scale and zero point from inputs `scale` and `scale + 1` of the node. E105, E109.
QuantParams quant_params(const ImportNode& node, std::size_t scale, DType default_dtype, int axis);
// As the graph holds them: u8 zero points less 128.
Quantization signed_quantization(const QuantParams& params);

// The newest ai.onnx operator set that import functions were written for.
inline constexpr std::int64_t kNewestOpset = 21;

using ImportFunction = void (*)(ImportNode&);
// Null for operators that Linnet does not know.
ImportFunction find_import_function(std::string_view domain, std::string_view op_type);

inline constexpr float kInfinity = std::numeric_limits<float>::infinity();

}  // namespace linnet
