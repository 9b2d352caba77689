// Short ways to write tensors in tests of the oracle.
#pragma once

#include <cstdint>
#include <random>
#include <vector>

#include "compiler/ops/ops.h"
#include "compiler/reference/interpreter.h"

namespace linnet::testing {

inline TensorType f32(Shape shape) { return {DType::f32, std::move(shape), {}}; }
inline TensorType i8(Shape shape, float scale, std::int32_t zero_point) {
  return {DType::i8, std::move(shape), Quantization{{scale}, {zero_point}, -1}};
}
inline TensorValue floats(Shape shape, const std::vector<float>& elements) {
  return TensorValue::of(f32(std::move(shape)), elements);
}
inline TensorValue codes(const TensorType& type, const std::vector<int>& elements) {
  return TensorValue::of(type, std::vector<std::int8_t>(elements.begin(), elements.end()));
}
inline TensorValue bias(const std::vector<std::int32_t>& elements) {
  return TensorValue::of({DType::i32, {static_cast<std::int64_t>(elements.size())}, {}}, elements);
}
inline std::vector<int> codes_of(const TensorValue& value) {
  const auto codes = value.as<std::int8_t>();
  return {codes.begin(), codes.end()};
}
inline std::vector<float> floats_of(const TensorValue& value) { return value.to_floats(); }

inline Shape inferred(const Op& op, const std::vector<Shape>& inputs) {
  const Result<Shape> shape = infer_shape(op, inputs);
  return shape ? *shape : Shape{-1};
}
// What the fault says, "" when there is none.
inline std::string fault(const Op& op, const std::vector<Shape>& inputs) {
  const Result<Shape> shape = infer_shape(op, inputs);
  return shape ? "" : format(shape.diagnostics().front());
}

// Evaluates in float with the inferred shape.
inline std::vector<float> run_float(const Op& op, const std::vector<TensorValue>& inputs) {
  std::vector<Shape> shapes;
  std::vector<const TensorValue*> values;
  for (const TensorValue& input : inputs) {
    shapes.push_back(input.type.shape);
    values.push_back(&input);
  }
  return evaluate(op, values, f32(inferred(op, shapes))).to_floats();
}

// Evaluates in int8; the output's shape is inferred.
inline std::vector<int> run_int8(const Op& op, const std::vector<TensorValue>& inputs, float scale,
                                 std::int32_t zero_point) {
  std::vector<Shape> shapes;
  std::vector<const TensorValue*> values;
  for (const TensorValue& input : inputs) {
    shapes.push_back(input.type.shape);
    values.push_back(&input);
  }
  return codes_of(evaluate_int8(op, values, i8(inferred(op, shapes), scale, zero_point)));
}

class Random {
 public:
  explicit Random(std::uint32_t seed) : engine_(seed) {}
  int integer(int lo, int hi) { return std::uniform_int_distribution<int>(lo, hi)(engine_); }
  float real(float lo, float hi) { return std::uniform_real_distribution<float>(lo, hi)(engine_); }
  TensorValue codes(const TensorType& type, int lo = -128, int hi = 127) {
    std::vector<std::int8_t> elements(static_cast<std::size_t>(type.elements()));
    for (std::int8_t& element : elements) element = static_cast<std::int8_t>(integer(lo, hi));
    return TensorValue::of(type, elements);
  }
  TensorValue floats(Shape shape, float lo = -1, float hi = 1) {
    const TensorType type = f32(std::move(shape));
    std::vector<float> elements(static_cast<std::size_t>(type.elements()));
    for (float& element : elements) element = real(lo, hi);
    return TensorValue::of(type, elements);
  }

 private:
  std::mt19937 engine_;
};

}  // namespace linnet::testing
