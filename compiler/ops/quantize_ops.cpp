// Quantize, Dequantize, Requantize and Cast; see quantize_ops.h.
#include "compiler/ops/quantize_ops.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <limits>
#include <utility>

#include "compiler/reference/exact_math.h"

namespace linnet {
namespace {

struct CodeRange {
  std::int64_t lo, hi;
};
CodeRange code_range(DType dtype) {
  switch (dtype) {
    case DType::i8: return {-128, 127};
    case DType::u8: return {0, 255};
    case DType::i16: return {-32768, 32767};
    case DType::boolean: return {0, 1};
    case DType::i32:
      return {std::numeric_limits<std::int32_t>::min(), std::numeric_limits<std::int32_t>::max()};
    default:
      return {std::numeric_limits<std::int64_t>::min(), std::numeric_limits<std::int64_t>::max()};
  }
}

template <class To>
TensorValue stored(const std::vector<std::int64_t>& elements, const TensorType& output) {
  OutputBuffer buffer(output);
  std::transform(elements.begin(), elements.end(), buffer.data<To>(),
                 [](std::int64_t v) { return static_cast<To>(v); });
  return buffer.finish();
}

// Truncation; what does not fit saturates and NaN becomes 0.
std::int64_t truncated(float value, DType dtype) {
  if (std::isnan(value)) return 0;
  const CodeRange range = code_range(dtype);
  if (value >= static_cast<float>(range.hi)) return range.hi;
  if (value <= static_cast<float>(range.lo)) return range.lo;
  return static_cast<std::int64_t>(value);
}

Result<Shape> same_shape(const Shapes& inputs) {
  if (auto fits = require_inputs(inputs, 1, 1); !fits) return fits.diagnostics();
  return inputs[0];
}

}  // namespace

Result<Shape> infer_shape(const Quantize&, const Shapes& inputs) { return same_shape(inputs); }
Result<Shape> infer_shape(const Dequantize&, const Shapes& inputs) { return same_shape(inputs); }
Result<Shape> infer_shape(const Requantize&, const Shapes& inputs) {
  if (auto fits = require_inputs(inputs, 1, 2); !fits) return fits.diagnostics();
  return inputs[0];
}
Result<Shape> infer_shape(const Cast&, const Shapes& inputs) { return same_shape(inputs); }

TensorValue narrowed(const std::vector<std::int64_t>& elements, const TensorType& output) {
  switch (output.dtype) {
    case DType::f32: return stored<float>(elements, output);
    case DType::i8: return stored<std::int8_t>(elements, output);
    case DType::u8: return stored<std::uint8_t>(elements, output);
    case DType::i16: return stored<std::int16_t>(elements, output);
    case DType::i32: return stored<std::int32_t>(elements, output);
    case DType::i64: return stored<std::int64_t>(elements, output);
    case DType::boolean: return stored<bool>(elements, output);
  }
  return {};
}

TensorValue evaluate(const Quantize&, const Values& inputs, const TensorType& output) {
  assert(output.quantization && "Quantize needs the output's parameters");
  const Quantization& q = *output.quantization;
  const auto x = inputs[0]->as<float>();
  const CodeRange range = code_range(output.dtype);
  const bool narrow = size_bytes(output.dtype) == 1;
  std::vector<std::int64_t> codes(x.size());
  for_each_quantized(output, [&](std::size_t i, std::size_t entry) {
    float v = x[i] / q.scale[entry];
    if (std::isnan(v)) v = 0;
    // Section 8 bounds an 8-bit code here; wider ones stay inside int64.
    const float bound = narrow ? 512.0F : 4294967296.0F;
    v = std::min(std::max(v, -bound), narrow ? 511.0F : bound);
    const std::int64_t code = static_cast<std::int64_t>(exact::round_even(v)) + q.zero_point[entry];
    codes[i] = std::clamp(code, range.lo, range.hi);
  });
  return narrowed(codes, output);
}

TensorValue evaluate(const Dequantize&, const Values& inputs, const TensorType& output) {
  const TensorValue& x = *inputs[0];
  assert(x.type.quantization && "Dequantize needs the input's parameters");
  const Quantization& q = *x.type.quantization;
  const std::vector<std::int64_t> codes = x.to_ints();
  OutputBuffer buffer(output);
  float* y = buffer.data<float>();
  for_each_quantized(x.type, [&](std::size_t i, std::size_t entry) {
    y[i] = q.scale[entry] * static_cast<float>(codes[i] - q.zero_point[entry]);
  });
  return buffer.finish();
}

TensorValue evaluate(const Requantize&, const Values& inputs, const TensorType& output) {
  assert(inputs.size() == 1 && "tables are made after constants are folded");
  // Section 4's table, element by element; per axis where constants of imported graphs are.
  const TensorValue& x = *inputs[0];
  const Quantization& from = *x.type.quantization;
  const Quantization& to = *output.quantization;
  assert(to.per_tensor() && "an activation has one scale");
  const CodeRange range = code_range(output.dtype);
  std::vector<std::int64_t> codes = x.to_ints();
  for_each_quantized(x.type, [&](std::size_t i, std::size_t entry) {
    const double real =
        double{from.scale[entry]} * static_cast<double>(codes[i] - from.zero_point[entry]);
    const double steps = std::nearbyint(real / double{to.scale[0]});
    codes[i] = static_cast<std::int64_t>(std::clamp(
        steps + to.zero_point[0], static_cast<double>(range.lo), static_cast<double>(range.hi)));
  });
  return narrowed(codes, output);
}

TensorValue evaluate(const Cast&, const Values& inputs, const TensorType& output) {
  const TensorValue& x = *inputs[0];
  if (x.type.dtype == output.dtype) return {output, {x.bytes().begin(), x.bytes().end()}};
  if (x.type.dtype != DType::f32) {
    std::vector<std::int64_t> elements = x.to_ints();
    if (output.dtype == DType::boolean) {
      for (std::int64_t& element : elements) element = element != 0 ? 1 : 0;
    }
    return narrowed(elements, output);
  }
  const auto from = x.as<float>();
  std::vector<std::int64_t> elements(from.size());
  for (std::size_t i = 0; i < from.size(); ++i) {
    const bool is_bool = output.dtype == DType::boolean;
    elements[i] = is_bool ? (from[i] != 0 ? 1 : 0) : truncated(from[i], output.dtype);
  }
  return narrowed(elements, output);
}

}  // namespace linnet
