// What the operator families share about shapes: faults, overflow-safe checks, NumPy broadcasting, strides.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "compiler/ir/op.h"
#include "compiler/ir/tensor_type.h"
#include "compiler/support/result.h"

namespace linnet {

using Shapes = std::vector<Shape>;
using Values = std::vector<const TensorValue*>;  // nullptr: an absent optional input

// The fault of shapes and attributes that do not fit (E120); the caller adds the node.
Diagnostic shape_fault(std::string message, std::string hint = {});

// The shape itself when every dimension is in [0, 2^31) and there are fewer than 2^31 elements, else E121.
Result<Shape> checked_shape(Shape shape);

// `name`'s shape has `rank` dimensions and none is 0.
Result<Nothing> require_rank(const Shape& shape, std::size_t rank, const char* name);
// There are between `least` and `most` inputs.
Result<Nothing> require_inputs(const Shapes& inputs, std::size_t least, std::size_t most);
Result<Nothing> require_axis(std::int32_t axis, const Shape& shape);

Result<Shape> broadcast_shapes(const Shape& a, const Shape& b);

// Distance in elements from index to index, row-major.
std::vector<std::int64_t> row_major_strides(const Shape& shape);
// Strides of `from` seen as `to`: 0 along dimensions that repeat.
std::vector<std::int64_t> broadcast_strides(const Shape& from, const Shape& to);

// A non-negative offset as a container's index.
inline std::size_t to_index(std::int64_t offset) { return static_cast<std::size_t>(offset); }

// Product of dimensions [first, last).
std::int64_t count_between(const Shape& shape, std::size_t first, std::size_t last);

// Bounds of an optional input list.
inline const TensorValue* input_or_null(const Values& inputs, std::size_t index) {
  return index < inputs.size() ? inputs[index] : nullptr;
}
inline bool has_shape(const Shapes& inputs, std::size_t index) {
  return index < inputs.size() && !inputs[index].empty();
}

inline float apply(const Clamp& clamp, float value) {
  if (value < clamp.lo) return clamp.lo;
  return value > clamp.hi ? clamp.hi : value;
}

// The elements of a tensor under construction.
class OutputBuffer {
 public:
  explicit OutputBuffer(const TensorType& type)
      : type_(type), bytes_(static_cast<std::size_t>(type.bytes())) {}
  template <class T>
  T* data() {
    return reinterpret_cast<T*>(bytes_.data());
  }
  std::byte* bytes() { return bytes_.data(); }
  TensorValue finish() { return {type_, std::move(bytes_)}; }

 private:
  TensorType type_;
  std::vector<std::byte> bytes_;
};

}  // namespace linnet
