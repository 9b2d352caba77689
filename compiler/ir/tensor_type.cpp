// Names, sizes and conversions of tensor types and values; see tensor_type.h.
#include "compiler/ir/tensor_type.h"

#include <fmt/format.h>
#include <cassert>

namespace linnet {

int size_bytes(DType dtype) {
  switch (dtype) {
    case DType::i8:
    case DType::u8:
    case DType::boolean: return 1;
    case DType::i16: return 2;
    case DType::f32:
    case DType::i32: return 4;
    case DType::i64: return 8;
  }
  return 0;
}

const char* to_string(DType dtype) {
  switch (dtype) {
    case DType::f32: return "f32";
    case DType::i8: return "i8";
    case DType::u8: return "u8";
    case DType::i16: return "i16";
    case DType::i32: return "i32";
    case DType::i64: return "i64";
    case DType::boolean: return "bool";
  }
  return "?";
}

std::int64_t element_count(const Shape& shape) {
  std::int64_t count = 1;
  for (const std::int64_t dimension : shape) count *= dimension;
  return count;
}

std::string to_string(const Shape& shape) {
  if (shape.empty()) return "scalar";
  std::string text;
  for (const std::int64_t dimension : shape) {
    if (!text.empty()) text += 'x';
    text += std::to_string(dimension);
  }
  return text;
}

std::string to_string(const TensorType& type) {
  std::string text = fmt::format("{}[{}]", to_string(type.dtype), to_string(type.shape));
  if (type.quantization) {
    const Quantization& q = *type.quantization;
    if (q.per_tensor()) {
      text += fmt::format(" s={:.6g} z={}", q.scale.front(), q.zero_point.front());
    } else {
      text +=
          fmt::format(" s={:.6g}.. z={}.. axis={}", q.scale.front(), q.zero_point.front(), q.axis);
    }
    if (q.int4) text += " int4";
  }
  return text;
}

TensorValue::TensorValue(TensorType value_type, std::vector<std::byte> bytes)
    : type(std::move(value_type)),
      bytes_(std::make_shared<const std::vector<std::byte>>(std::move(bytes))) {
  assert(static_cast<std::int64_t>(bytes_->size()) == type.bytes());
}

namespace {

template <class To, class From>
std::vector<To> convert(std::span<const From> from) {
  std::vector<To> to(from.size());
  for (std::size_t i = 0; i < from.size(); ++i) to[i] = static_cast<To>(from[i]);
  return to;
}

template <class To>
std::vector<To> converted(const TensorValue& value) {
  switch (value.type.dtype) {
    case DType::f32: return convert<To>(value.as<float>());
    case DType::i8: return convert<To>(value.as<std::int8_t>());
    case DType::u8: return convert<To>(value.as<std::uint8_t>());
    case DType::i16: return convert<To>(value.as<std::int16_t>());
    case DType::i32: return convert<To>(value.as<std::int32_t>());
    case DType::i64: return convert<To>(value.as<std::int64_t>());
    case DType::boolean: return convert<To>(value.as<bool>());
  }
  return {};
}

}  // namespace

std::vector<float> TensorValue::to_floats() const { return converted<float>(*this); }
std::vector<std::int64_t> TensorValue::to_ints() const { return converted<std::int64_t>(*this); }

}  // namespace linnet
