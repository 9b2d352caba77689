// What is known of each ONNX operator that Linnet imports: how it is imported, what is left of it on the device, and its
// limits. The entries stand beside the import functions they are about (import_*.cpp); the importer finds its functions here,
// and `linnet operators` and docs/operators.md print the same entries.
//
//   {"Conv", import_conv, 1, Forms{Form::conv}, "One or two spatial axes ..."}
#pragma once

#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "compiler/ops/import.h"

namespace linnet {

// What an operator becomes on the device. Each form has its kernels (operator_kernels.cpp).
enum class Form : std::uint8_t {
  conv,
  conv_transpose,
  matmul,
  max_pool,
  average_pool,
  reduce,
  reduce_l2,  // float only
  simple,     // functions of one tensor: a table in int8, by name in float
  sigmoid,
  silu,
  tanh,
  elu,
  gelu,
  gelu_tanh,
  erf,
  exp,
  log,
  pow,
  arithmetic,  // add, sub, mul of two tensors
  minmax,
  float_binary,  // add, mul, div ... of two tensors, in float only
  power,         // of two tensors, in float only
  prelu,
  softmax,
  layer_norm,
  copy,  // slices, transposes, expansions: where they are not joined with a neighbour
  concat,
  gather,
  pad,
  resize,
  table,  // int8 to int8 in another scale
  quantize,
  dequantize,
};

// A set of forms.
class Forms {
 public:
  constexpr Forms() = default;
  constexpr Forms(std::initializer_list<Form> forms) {
    for (const Form form : forms) bits_ |= std::uint64_t{1} << static_cast<unsigned>(form);
  }
  constexpr bool contains(Form form) const {
    return (bits_ >> static_cast<unsigned>(form) & 1) != 0;
  }
  constexpr bool empty() const { return bits_ == 0; }

 private:
  std::uint64_t bits_ = 0;
};
inline constexpr Form kLastForm = Form::dequantize;

// What remains of an operator in the generated code.
enum class Leaves : std::uint8_t {
  kernels,    // calls of the forms' kernels
  nothing,    // another name for the same bytes
  constants,  // it works on constants only, when the model is compiled
};

struct OperatorEntry {
  std::string_view op_type;
  ImportFunction function;
  int since;  // the operator set that brought it
  Leaves leaves;
  Forms forms;
  std::string_view limits;  // sentences; may be empty
  int until = 0;            // the last operator set that has it; 0: the newest
};

struct OperatorSet {
  std::string_view domain;  // "" is ai.onnx
  std::span<const OperatorEntry> entries;
};

// Every entry, by family.
std::vector<OperatorSet> operator_sets();
const OperatorEntry* find_operator(std::string_view domain, std::string_view op_type);

bool is_operator(std::string_view op_type);  // in any domain

// The oldest ai.onnx operator set that import functions were written for; older ones meant other things.
inline constexpr std::int64_t kOldestOpset = 6;

// Names of the kernels of an operator, best first. A form that only moves elements has the same kernels in both.
struct OperatorKernels {
  std::vector<std::string_view> int8, float32;
};
OperatorKernels kernels_of(const Forms& forms);

// The families, each in its own import_*.cpp.
std::span<const OperatorEntry> elementwise_operators();
std::span<const OperatorEntry> conv_operators();
std::span<const OperatorEntry> matmul_operators();
std::span<const OperatorEntry> pool_operators();
std::span<const OperatorEntry> norm_operators();
std::span<const OperatorEntry> shape_operators();
std::span<const OperatorEntry> slice_operators();
std::span<const OperatorEntry> resize_operators();
std::span<const OperatorEntry> constant_operators();
std::span<const OperatorEntry> quant_operators();
std::span<const OperatorEntry> microsoft_operators();

}  // namespace linnet
