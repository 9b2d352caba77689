// The integers of docs/quantization.md; see fixed_point.h. Expressions keep the order of the text,
// in double.
#include "compiler/quant/fixed_point.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <limits>

namespace linnet {
namespace {

constexpr double kInt32Max = 2147483647.0;

std::int32_t saturate_int32(double value) {
  if (std::isnan(value)) return 0;
  return static_cast<std::int32_t>(std::clamp(value, -2147483648.0, kInt32Max));
}

std::int32_t held(double ratio, int shift) {
  const double scaled = round_even(std::ldexp(ratio, shift));
  return static_cast<std::int32_t>(std::clamp(scaled, -kInt32Max, kInt32Max));
}

// Codes of a u8 tensor are 0..255, those of an i8 tensor -128..127; both index a table by their
// bits.
std::int32_t code_of_bits(int bits, DType dtype) {
  if (dtype == DType::u8) return bits;
  return static_cast<std::int8_t>(static_cast<std::uint8_t>(bits));
}

template <class Function>
Table256 make_table(const TensorType& input, const TensorType& output, Function&& function) {
  assert(input.quantization && input.quantization->per_tensor());
  assert(output.quantization && output.quantization->per_tensor() && output.dtype == DType::i8);
  const double sx = input.quantization->scale.front();
  const std::int32_t zx = input.quantization->zero_point.front();
  Table256 table{};
  for (int bits = 0; bits < 256; ++bits) {
    const double x = sx * (code_of_bits(bits, input.dtype) - zx);
    table[static_cast<std::size_t>(bits)] = quantize_value(
        function(x), output.quantization->scale.front(), output.quantization->zero_point.front());
  }
  return table;
}

}  // namespace

double round_even(double value) { return std::nearbyint(value); }

CodeBounds clamp_bounds(const Clamp& clamp, float scale, std::int32_t zero_point) {
  const auto code = [&](float real) {
    const double q =
        zero_point + round_even(static_cast<double>(real) / static_cast<double>(scale));
    return static_cast<std::int32_t>(std::clamp(q, -128.0, 127.0));
  };
  return {code(clamp.lo), code(clamp.hi)};
}

std::int8_t quantize_value(double real, float scale, std::int32_t zero_point) {
  const double q = round_even(real / static_cast<double>(scale)) + zero_point;
  if (std::isnan(q)) return static_cast<std::int8_t>(zero_point);
  return static_cast<std::int8_t>(std::clamp(q, -128.0, 127.0));
}

Multipliers requant_multipliers(std::span<const double> ratios) {
  double largest = 0;
  for (const double ratio : ratios) largest = std::max(largest, std::fabs(ratio));
  Multipliers result;
  result.shift = 54;
  while (result.shift > 1 && round_even(std::ldexp(largest, result.shift)) > kInt32Max)
    --result.shift;
  result.multiplier.reserve(ratios.size());
  for (const double ratio : ratios) result.multiplier.push_back(held(ratio, result.shift));
  return result;
}

Multipliers conv_multipliers(float sx, std::span<const float> sw, float sy) {
  std::vector<double> ratios;
  ratios.reserve(sw.size());
  for (const float scale : sw) {
    ratios.push_back((static_cast<double>(sx) * static_cast<double>(scale)) /
                     static_cast<double>(sy));
  }
  return requant_multipliers(ratios);
}

std::vector<std::int32_t> quantize_bias(std::span<const float> bias, float sx,
                                        std::span<const float> sw) {
  assert(sw.size() == 1 || sw.size() == bias.size());
  std::vector<std::int32_t> result;
  result.reserve(bias.size());
  for (std::size_t o = 0; o < bias.size(); ++o) {
    const double scale =
        static_cast<double>(sx) * static_cast<double>(sw.size() == 1 ? sw[0] : sw[o]);
    result.push_back(saturate_int32(round_even(static_cast<double>(bias[o]) / scale)));
  }
  return result;
}

std::int64_t accumulator_bound(std::span<const std::int8_t> weights, std::int32_t zw,
                               std::int32_t zx, std::int32_t bias) {
  std::int64_t sum = 0;
  for (const std::int8_t weight : weights) sum += std::abs(std::int64_t{weight} - zw);
  return std::abs(std::int64_t{bias}) + sum * (128 + std::abs(std::int64_t{zx}));
}

double unary_real(const Unary& op, double x) {
  const double alpha = static_cast<double>(op.alpha);
  const double beta = static_cast<double>(op.beta);
  switch (op.fn) {
    case Unary::Fn::clamp: return std::min(std::max(x, alpha), beta);
    case Unary::Fn::leaky_relu: return x < 0 ? alpha * x : x;
    case Unary::Fn::sigmoid: return 1.0 / (1.0 + std::exp(-x));
    case Unary::Fn::hard_sigmoid: return std::min(std::max(alpha * x + beta, 0.0), 1.0);
    case Unary::Fn::hard_swish: return x * std::min(std::max(x / 6.0 + 0.5, 0.0), 1.0);
    case Unary::Fn::silu: return x * (1.0 / (1.0 + std::exp(-x)));
    case Unary::Fn::tanh: return std::tanh(x);
    case Unary::Fn::elu: return x < 0 ? alpha * (std::exp(x) - 1.0) : x;
    case Unary::Fn::gelu: return x * 0.5 * (1.0 + std::erf(x / std::sqrt(2.0)));
    case Unary::Fn::gelu_tanh: {
      const double inner = std::sqrt(2.0 / 3.14159265358979323846) * (x + 0.044715 * x * x * x);
      return 0.5 * x * (1.0 + std::tanh(inner));
    }
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

Table256 unary_table(const Unary& op, const TensorType& input, const TensorType& output) {
  return make_table(input, output, [&](double x) { return unary_real(op, x); });
}

Table256 requantize_table(const TensorType& input, const TensorType& output) {
  return make_table(input, output, [](double x) { return x; });
}

AddMultipliers add_multipliers(float sa, float sb, float sy, bool subtract) {
  const double ratio_a = static_cast<double>(sa) / static_cast<double>(sy);
  const double ratio_b = static_cast<double>(sb) / static_cast<double>(sy);
  constexpr double kMax = 32767.0;
  AddMultipliers result;
  result.shift = 22;
  while (result.shift > 0 &&
         round_even(std::ldexp(std::max(ratio_a, ratio_b), result.shift)) > kMax)
    --result.shift;
  const auto hold = [&](double ratio) {
    return static_cast<std::int32_t>(std::min(round_even(std::ldexp(ratio, result.shift)), kMax));
  };
  result.a = hold(ratio_a);
  result.b = subtract ? -hold(ratio_b) : hold(ratio_b);
  result.rounding = result.shift == 0 ? 0 : 1 << (result.shift - 1);
  return result;
}

Multipliers mul_multipliers(float sa, float sb, float sy) {
  const double ratio =
      (static_cast<double>(sa) * static_cast<double>(sb)) / static_cast<double>(sy);
  return requant_multipliers({&ratio, 1});
}

Multipliers prelu_multipliers(float sx, std::span<const float> slope, float sy) {
  std::vector<double> ratios{static_cast<double>(sx) / static_cast<double>(sy)};
  for (const float factor : slope) {
    ratios.push_back(static_cast<double>(sx) * static_cast<double>(factor) /
                     static_cast<double>(sy));
  }
  return requant_multipliers(ratios);
}

Multipliers average_multipliers(float sx, float sy, std::span<const std::int64_t> divisors) {
  std::vector<double> ratios;
  ratios.reserve(divisors.size());
  for (const std::int64_t divisor : divisors) {
    assert(divisor >= 1);
    ratios.push_back(static_cast<double>(sx) /
                     (static_cast<double>(sy) * static_cast<double>(divisor)));
  }
  return requant_multipliers(ratios);
}

SoftmaxConstants softmax_constants(float sx, float sy) {
  SoftmaxConstants result{};
  for (int d = 0; d < 256; ++d) {
    result.exp[static_cast<std::size_t>(d)] =
        static_cast<std::uint32_t>(round_even(65536.0 * std::exp(-static_cast<double>(sx) * d)));
  }
  result.k =
      static_cast<std::int32_t>(std::min(round_even(256.0 / static_cast<double>(sy)), 16777216.0));
  return result;
}

LayerNormConstants layer_norm_constants(float sx, std::int64_t elements) {
  const double s = static_cast<double>(sx);
  const double n = static_cast<double>(elements);
  return {static_cast<float>(s * s / (n * n)), static_cast<float>(s / n)};
}

LinearTap linear_tap(float coordinate, std::int32_t length) {
  const float inside = std::min(std::max(coordinate, 0.0f), static_cast<float>(length - 1));
  const float floor = std::floor(inside);
  LinearTap tap;
  tap.first = static_cast<std::int32_t>(floor);
  tap.second = std::min(tap.first + 1, length - 1);
  tap.weight = static_cast<std::int32_t>(std::nearbyint((inside - floor) * 1024.0f));
  return tap;
}

}  // namespace linnet
