// Elementwise operators in int8: docs/quantization.md section 4.
#include <array>
#include <cmath>
#include <span>

#include "compiler/ops/elementwise.h"
#include "compiler/reference/fixed_point.h"
#include "compiler/reference/int8.h"

namespace linnet::reference {
namespace {

// y = table[x] for any function of the real value; the input may be u8.
template <class Function>
TensorValue by_table(const TensorValue& x, const TensorType& output, Function function) {
  const Quantization& qx = parameters(x);
  const Quantization& qy = parameters(output);
  const bool is_unsigned = x.type.dtype == DType::u8;
  const int first = is_unsigned ? 0 : -128;
  std::array<std::int8_t, 256> table{};
  for (int i = 0; i < 256; ++i) {
    const double real = double{qx.scale[0]} * static_cast<double>(first + i - qx.zero_point[0]);
    table[static_cast<std::size_t>(i)] = quantize_real(function(real), qy);
  }
  OutputBuffer buffer(output);
  auto* y = buffer.data<std::int8_t>();
  for (const std::int64_t code : x.to_ints()) {
    *y++ = table[static_cast<std::size_t>(code - first)];
  }
  return buffer.finish();
}

template <class Combine>
TensorValue by_pairs(const Values& inputs, const TensorType& output, Combine combine) {
  const auto a = inputs[0]->as<std::int8_t>();
  const auto b = inputs[1]->as<std::int8_t>();
  OutputBuffer buffer(output);
  auto* y = buffer.data<std::int8_t>();
  for_each_broadcast(inputs[0]->type.shape, inputs[1]->type.shape, output.shape,
                     [&](std::int64_t i, std::int64_t ia, std::int64_t ib) {
                       y[i] = combine(std::int64_t{a[to_index(ia)]}, std::int64_t{b[to_index(ib)]});
                     });
  return buffer.finish();
}

TensorValue multiplied(const Binary& op, const Values& inputs, const TensorType& output) {
  const Quantization& qa = parameters(*inputs[0]);
  const Quantization& qb = parameters(*inputs[1]);
  const Quantization& qy = parameters(output);
  const Requant requant({double{qa.scale[0]} * double{qb.scale[0]} / double{qy.scale[0]}},
                        qy.zero_point[0], codes_of(op.clamp, qy));
  return by_pairs(inputs, output, [&](std::int64_t a, std::int64_t b) {
    return requant((a - qa.zero_point[0]) * (b - qb.zero_point[0]));
  });
}

// Slopes as float32: int8 ones are dequantized.
std::vector<float> real_slopes(const TensorValue& slope) {
  std::vector<float> real = slope.to_floats();
  if (slope.type.dtype == DType::f32) return real;
  const Quantization& q = parameters(slope);
  const std::size_t inner =
      q.per_tensor()
          ? real.size()
          : static_cast<std::size_t>(count_between(
                slope.type.shape, static_cast<std::size_t>(q.axis) + 1, slope.type.shape.size()));
  for (std::size_t i = 0; i < real.size(); ++i) {
    const std::size_t entry = q.per_tensor() ? 0 : i / inner % q.scale.size();
    real[i] = q.scale[entry] * (real[i] - static_cast<float>(q.zero_point[entry]));
  }
  return real;
}

TensorValue prelu(const Binary& op, const Values& inputs, const TensorType& output) {
  const Quantization& qx = parameters(*inputs[0]);
  const Quantization& qy = parameters(output);
  // Entry 0 is M0, entry 1 + i belongs to slope i.
  std::vector<double> multipliers{double{qx.scale[0]} / double{qy.scale[0]}};
  for (const float slope : real_slopes(*inputs[1])) {
    multipliers.push_back(double{qx.scale[0]} * double{slope} / double{qy.scale[0]});
  }
  const Requant requant(multipliers, qy.zero_point[0], codes_of(op.clamp, qy));
  const auto x = inputs[0]->as<std::int8_t>();
  OutputBuffer buffer(output);
  auto* y = buffer.data<std::int8_t>();
  for_each_broadcast(inputs[0]->type.shape, inputs[1]->type.shape, output.shape,
                     [&](std::int64_t i, std::int64_t ix, std::int64_t is) {
                       const std::int64_t centred =
                           std::int64_t{x[to_index(ix)]} - qx.zero_point[0];
                       y[i] = requant(centred, centred >= 0 ? 0 : 1 + is);
                     });
  return buffer.finish();
}

}  // namespace

TensorValue int8(const Unary& op, const Values& inputs, const TensorType& output) {
  return by_table(*inputs[0], output, [&](double real) { return apply_in_double(op, real); });
}

TensorValue int8(const Requantize&, const Values& inputs, const TensorType& output) {
  if (inputs.size() == 2) {
    const std::span<const std::int8_t> table = inputs[1]->as<std::int8_t>();
    OutputBuffer buffer(output);
    auto* y = buffer.data<std::int8_t>();
    for (const std::int8_t code : inputs[0]->as<std::int8_t>())
      *y++ = table[static_cast<std::uint8_t>(code)];
    return buffer.finish();
  }
  return by_table(*inputs[0], output, [](double real) { return real; });
}

TensorValue int8(const Binary& op, const Values& inputs, const TensorType& output) {
  const Quantization& qy = parameters(output);
  const Codes codes = codes_of(op.clamp, qy);
  switch (op.fn) {
    case Binary::Fn::add:
    case Binary::Fn::sub: {
      const AddRequant requant(parameters(*inputs[0]), parameters(*inputs[1]), qy,
                               op.fn == Binary::Fn::sub, codes);
      return by_pairs(inputs, output, requant);
    }
    case Binary::Fn::mul: return multiplied(op, inputs, output);
    case Binary::Fn::prelu: return prelu(op, inputs, output);
    case Binary::Fn::min:
      return by_pairs(inputs, output,
                      [&](std::int64_t a, std::int64_t b) { return codes.clamp(std::min(a, b)); });
    case Binary::Fn::max:
      return by_pairs(inputs, output,
                      [&](std::int64_t a, std::int64_t b) { return codes.clamp(std::max(a, b)); });
    case Binary::Fn::div:
    case Binary::Fn::pow: break;
  }
  assert(false && "division and powers have no int8 form");
  return {};
}

}  // namespace linnet::reference
