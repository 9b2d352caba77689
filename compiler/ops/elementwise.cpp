// Elementwise operators; see elementwise.h.
#include "compiler/ops/elementwise.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <limits>

#include "compiler/ops/quantize_ops.h"
#include "compiler/reference/exact_math.h"

namespace linnet {
namespace {

// Integer arithmetic wraps, as NumPy's does.
std::int64_t wrapping(std::uint64_t value) { return static_cast<std::int64_t>(value); }

std::int64_t integer_power(std::int64_t base, std::int64_t exponent) {
  if (exponent < 0) {
    if (base == 1) return 1;
    if (base == -1) return exponent % 2 == 0 ? 1 : -1;
    return 0;
  }
  auto result = std::uint64_t{1};
  auto factor = static_cast<std::uint64_t>(base);
  for (auto rest = static_cast<std::uint64_t>(exponent); rest > 0; rest >>= 1) {
    if ((rest & 1) != 0) result *= factor;
    factor *= factor;
  }
  return wrapping(result);
}

std::int64_t integer_quotient(std::int64_t a, std::int64_t b) {
  if (b == 0) return 0;  // undefined in ONNX
  if (b == -1) return wrapping(0 - static_cast<std::uint64_t>(a));
  return a / b;
}

std::int64_t apply_to_integers(Binary::Fn fn, std::int64_t a, std::int64_t b) {
  const auto ua = static_cast<std::uint64_t>(a);
  const auto ub = static_cast<std::uint64_t>(b);
  switch (fn) {
    case Binary::Fn::add: return wrapping(ua + ub);
    case Binary::Fn::sub: return wrapping(ua - ub);
    case Binary::Fn::mul: return wrapping(ua * ub);
    case Binary::Fn::div: return integer_quotient(a, b);
    case Binary::Fn::min: return std::min(a, b);
    case Binary::Fn::max: return std::max(a, b);
    case Binary::Fn::pow: return integer_power(a, b);
    case Binary::Fn::prelu: return a < 0 ? wrapping(ua * ub) : a;
  }
  return 0;
}

std::int64_t apply_to_integer(const Unary& op, std::int64_t x) {
  switch (op.fn) {
    case Unary::Fn::neg: return wrapping(0 - static_cast<std::uint64_t>(x));
    case Unary::Fn::abs: return x < 0 ? wrapping(0 - static_cast<std::uint64_t>(x)) : x;
    case Unary::Fn::clamp:
      if (static_cast<float>(x) < op.alpha) return static_cast<std::int64_t>(op.alpha);
      return static_cast<float>(x) > op.beta ? static_cast<std::int64_t>(op.beta) : x;
    default: return static_cast<std::int64_t>(apply(op, static_cast<float>(x)));
  }
}

// Function by function, so that the choice is made once and the loop vectorises where it can.
template <class Function>
TensorValue map_floats(const TensorValue& x, const TensorType& output, Function function) {
  OutputBuffer buffer(output);
  const auto from = x.as<float>();
  float* to = buffer.data<float>();
  for (std::size_t i = 0; i < from.size(); ++i) to[i] = function(from[i]);
  return buffer.finish();
}

template <class Function>
TensorValue map_pairs(const TensorValue& a, const TensorValue& b, const Clamp& clamp,
                      const TensorType& output, Function function) {
  OutputBuffer buffer(output);
  const float* from_a = a.as<float>().data();
  const float* from_b = b.as<float>().data();
  float* to = buffer.data<float>();
  const bool clamps = !clamp.none();
  for_each_broadcast(a.type.shape, b.type.shape, output.shape,
                     [&](std::int64_t i, std::int64_t ia, std::int64_t ib) {
                       const float value = function(from_a[ia], from_b[ib]);
                       to[i] = clamps ? apply(clamp, value) : value;
                     });
  return buffer.finish();
}

}  // namespace

Result<Shape> infer_shape(const Unary&, const Shapes& inputs) {
  if (auto fits = require_inputs(inputs, 1, 1); !fits) return fits.diagnostics();
  return inputs[0];
}

Result<Shape> infer_shape(const Binary&, const Shapes& inputs) {
  if (auto fits = require_inputs(inputs, 2, 2); !fits) return fits.diagnostics();
  return broadcast_shapes(inputs[0], inputs[1]);
}

float apply(const Unary& op, float x) {
  switch (op.fn) {
    case Unary::Fn::clamp: return x < op.alpha ? op.alpha : x > op.beta ? op.beta : x;
    case Unary::Fn::leaky_relu: return x < 0 ? op.alpha * x : x;
    case Unary::Fn::sigmoid: return exact::sigmoid(x);
    case Unary::Fn::hard_sigmoid: return exact::hard_sigmoid(x, op.alpha, op.beta);
    case Unary::Fn::hard_swish: return exact::hard_swish(x);
    case Unary::Fn::silu: return exact::silu(x);
    case Unary::Fn::tanh: return exact::tanh(x);
    case Unary::Fn::elu: return exact::elu(x, op.alpha);
    case Unary::Fn::gelu: return exact::gelu(x);
    case Unary::Fn::gelu_tanh: return exact::gelu_tanh(x);
    case Unary::Fn::erf: return exact::erf(x);
    case Unary::Fn::exp: return exact::exp(x);
    case Unary::Fn::log: return exact::log(x);
    case Unary::Fn::sqrt: return exact::sqrt(x);
    case Unary::Fn::pow: return exact::pow(x, op.alpha);
    case Unary::Fn::affine: return op.alpha * x + op.beta;
    case Unary::Fn::abs: return std::fabs(x);
    case Unary::Fn::neg: return -x;
    case Unary::Fn::reciprocal: return 1.0F / x;
  }
  return x;
}

float apply(const Binary& op, float a, float b) {
  switch (op.fn) {
    case Binary::Fn::add: return a + b;
    case Binary::Fn::sub: return a - b;
    case Binary::Fn::mul: return a * b;
    case Binary::Fn::div: return a / b;
    case Binary::Fn::min: return b < a ? b : a;
    case Binary::Fn::max: return b > a ? b : a;
    case Binary::Fn::pow: return exact::pow(a, b);
    case Binary::Fn::prelu: return a < 0 ? a * b : a;
  }
  return a;
}

double apply_in_double(const Unary& op, double x) {
  const double alpha = op.alpha;
  const double beta = op.beta;
  const auto unit = [](double v) { return std::min(std::max(v, 0.0), 1.0); };
  const auto sigmoid = [](double v) { return 1.0 / (1.0 + std::exp(-v)); };
  switch (op.fn) {
    case Unary::Fn::clamp: return x < alpha ? alpha : x > beta ? beta : x;
    case Unary::Fn::leaky_relu: return x < 0 ? alpha * x : x;
    case Unary::Fn::sigmoid: return sigmoid(x);
    case Unary::Fn::hard_sigmoid: return unit(alpha * x + beta);
    case Unary::Fn::hard_swish: return x * unit(x / 6.0 + 0.5);
    case Unary::Fn::silu: return x * sigmoid(x);
    case Unary::Fn::tanh: return std::tanh(x);
    case Unary::Fn::elu: return x < 0 ? alpha * (std::exp(x) - 1.0) : x;
    case Unary::Fn::gelu: return x * 0.5 * (1.0 + std::erf(x / std::sqrt(2.0)));
    case Unary::Fn::gelu_tanh:
      return 0.5 * x *
             (1.0 +
              std::tanh(std::sqrt(2.0 / 3.14159265358979323846) * (x + 0.044715 * (x * x * x))));
    case Unary::Fn::erf: return std::erf(x);
    case Unary::Fn::exp: return std::exp(x);
    case Unary::Fn::log: return std::log(x);
    case Unary::Fn::sqrt: return std::sqrt(x);
    case Unary::Fn::pow: return std::pow(x, alpha);
    case Unary::Fn::affine: return alpha * x + beta;
    case Unary::Fn::abs: return std::fabs(x);
    case Unary::Fn::neg: return -x;
    case Unary::Fn::reciprocal: return 1.0 / x;
  }
  return x;
}

TensorValue evaluate(const Unary& op, const Values& inputs, const TensorType& output) {
  const TensorValue& x = *inputs[0];
  if (output.dtype != DType::f32) {
    std::vector<std::int64_t> elements = x.to_ints();
    for (std::int64_t& element : elements) element = apply_to_integer(op, element);
    return narrowed(elements, output);
  }
  switch (op.fn) {
    case Unary::Fn::clamp:
      return map_floats(x, output, [&](float v) { return apply(Clamp{op.alpha, op.beta}, v); });
    case Unary::Fn::affine:
      return map_floats(x, output, [&](float v) { return op.alpha * v + op.beta; });
    case Unary::Fn::leaky_relu:
      return map_floats(x, output, [&](float v) { return v < 0 ? op.alpha * v : v; });
    default: return map_floats(x, output, [&](float v) { return apply(op, v); });
  }
}

TensorValue evaluate(const Binary& op, const Values& inputs, const TensorType& output) {
  const TensorValue& a = *inputs[0];
  const TensorValue& b = *inputs[1];
  if (output.dtype != DType::f32) {
    const std::vector<std::int64_t> from_a = a.to_ints();
    const std::vector<std::int64_t> from_b = b.to_ints();
    std::vector<std::int64_t> to(static_cast<std::size_t>(output.elements()));
    for_each_broadcast(a.type.shape, b.type.shape, output.shape,
                       [&](std::int64_t i, std::int64_t ia, std::int64_t ib) {
                         to[to_index(i)] =
                             apply_to_integers(op.fn, from_a[to_index(ia)], from_b[to_index(ib)]);
                       });
    return narrowed(to, output);
  }
  switch (op.fn) {
    case Binary::Fn::add:
      return map_pairs(a, b, op.clamp, output, [](float x, float y) { return x + y; });
    case Binary::Fn::mul:
      return map_pairs(a, b, op.clamp, output, [](float x, float y) { return x * y; });
    default:
      return map_pairs(a, b, op.clamp, output, [&](float x, float y) { return apply(op, x, y); });
  }
}

}  // namespace linnet
