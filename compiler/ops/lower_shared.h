// Small pieces that the families' lower() functions share.
#pragma once

#include <cassert>
#include <cstdint>
#include <string>
#include <vector>

#include "compiler/lower/lower.h"

namespace linnet {

inline Diagnostic lowering_error(const char* code, const Node& node, std::string message,
                                 std::string hint) {
  return {code, node.origin.name, node.origin.op, std::move(message), std::move(hint)};
}

// Adds an input that the call reads as rows, row r of the output needing row r of the input.
inline void add_row_input(KernelCall& call, RowsOperand operand) {
  call.inputs.push_back(operand);
  call.windows.push_back({false, 1, 0, 1});
}

// Adds an input of which the call needs all rows at once.
inline void add_whole_input(KernelCall& call, RowsOperand operand) {
  call.inputs.push_back(operand);
  call.windows.push_back({});
}

// The call makes its whole output as one row.
inline void make_whole(KernelCall& call) {
  call.output.row_bytes *= call.output.rows;
  call.output.rows = 1;
  call.run_rows = 1;
}

inline std::int32_t int32(std::int64_t value) {
  assert(value >= INT32_MIN && value <= INT32_MAX);
  return static_cast<std::int32_t>(value);
}

inline bool is_int8(const TensorType& type) { return type.dtype == DType::i8; }
inline float scale_of(const TensorType& type) { return type.quantization->scale.front(); }
inline std::int32_t zero_of(const TensorType& type) {
  return type.quantization->zero_point.front();
}

// int32 words for a layer's `const void*` table.
inline ConstantId add_words(LowerContext& context, const std::string& stem,
                            const std::vector<std::int32_t>& words) {
  return context.add_table(stem, std::span<const std::int32_t>(words));
}

}  // namespace linnet
