// Element type, static shape and quantization of a tensor, and a tensor's value.
//
// Layout: spatial operators are channels-last. An image tensor is [N, H, W, C], an ONNX [N, C, L] signal is
// [N, 1, L, C]. The importer puts transposes around spatial operators and passes remove them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace linnet {

enum class DType : std::uint8_t { f32, i8, u8, i16, i32, i64, boolean };

int size_bytes(DType dtype);         // bytes of one element
const char* to_string(DType dtype);  // "f32", "i8", ...
template <class T>
constexpr DType dtype_of();

// Static dimensions, outermost first. All are >= 1 except in constants, where a dimension may be 0.
using Shape = std::vector<std::int64_t>;
std::int64_t element_count(const Shape& shape);  // 1 for a scalar
std::string to_string(const Shape& shape);       // "1x96x96x3", "scalar"

// real = scale * (q - zero_point). One entry per tensor, or one per index of `axis`.
struct Quantization {
  std::vector<float> scale;              // > 0, finite
  std::vector<std::int32_t> zero_point;  // as many as scales; within the element type's range
  int axis = -1;                         // -1: per tensor
  // Constant int8 weights that a device may store in 4 bits: each group of 32 is an integer times numbers in [-7, 7]
  // (compiler/quant/int4.h). Their values are those of any int8 tensor.
  bool int4 = false;

  bool per_tensor() const { return axis < 0; }
  bool operator==(const Quantization&) const = default;
};

struct TensorType {
  DType dtype = DType::f32;
  Shape shape;
  std::optional<Quantization>
      quantization;  // set exactly when dtype is i8 (or u8 at an imported edge, i32 for a bias)

  std::int64_t elements() const { return element_count(shape); }
  std::int64_t bytes() const { return elements() * size_bytes(dtype); }
  bool operator==(const TensorType&) const = default;
};
std::string to_string(const TensorType& type);  // "i8[1x96x96x3] s=0.0078 z=-1"

// A tensor's elements, row-major, immutable and shared: copying a Graph copies no weights.
class TensorValue {
 public:
  TensorType type;

  TensorValue() = default;
  // `bytes.size()` must be `type.bytes()`.
  TensorValue(TensorType type, std::vector<std::byte> bytes);
  template <class T>
  static TensorValue of(TensorType type, const std::vector<T>& elements) {
    std::vector<std::byte> bytes(elements.size() * sizeof(T));
    if (!bytes.empty()) std::memcpy(bytes.data(), elements.data(), bytes.size());
    return TensorValue(std::move(type), std::move(bytes));
  }

  // Elements as T; T must match type.dtype.
  template <class T>
  std::span<const T> as() const {
    return {reinterpret_cast<const T*>(bytes_->data()), bytes_->size() / sizeof(T)};
  }
  std::span<const std::byte> bytes() const { return *bytes_; }
  bool empty() const { return !bytes_; }

  // Elements converted to T whatever the element type (no dequantization).
  std::vector<float> to_floats() const;
  std::vector<std::int64_t> to_ints() const;

 private:
  std::shared_ptr<const std::vector<std::byte>> bytes_;
};

template <>
constexpr DType dtype_of<float>() {
  return DType::f32;
}
template <>
constexpr DType dtype_of<std::int8_t>() {
  return DType::i8;
}
template <>
constexpr DType dtype_of<std::uint8_t>() {
  return DType::u8;
}
template <>
constexpr DType dtype_of<std::int16_t>() {
  return DType::i16;
}
template <>
constexpr DType dtype_of<std::int32_t>() {
  return DType::i32;
}
template <>
constexpr DType dtype_of<std::int64_t>() {
  return DType::i64;
}
template <>
constexpr DType dtype_of<bool>() {
  return DType::boolean;
}

}  // namespace linnet
