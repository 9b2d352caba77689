// The integers that lowering computes (compiler/quant/fixed_point.h): by hand, and against the oracle's own.
#include <catch2/catch.hpp>
#include <cmath>
#include <limits>
#include <random>

#include "compiler/quant/fixed_point.h"
#include "compiler/reference/fixed_point.h"
#include "compiler/reference/interpreter.h"

namespace linnet {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();

TensorType int8_type(float scale, std::int32_t zero_point, Shape shape = {1, 256}) {
  return {DType::i8, std::move(shape), Quantization{{scale}, {zero_point}, -1}};
}

TensorValue all_codes(const TensorType& type) {
  std::vector<std::int8_t> codes;
  for (int bits = 0; bits < 256; ++bits)
    codes.push_back(static_cast<std::int8_t>(static_cast<std::uint8_t>(bits)));
  return TensorValue::of(type, codes);
}

TEST_CASE("fixed point: the largest multiplier fills 31 bits") {
  const double ratios[] = {0.5, 0.125, -0.25};
  const Multipliers m = requant_multipliers(ratios);
  CHECK(m.shift == 31);
  CHECK(m.multiplier == std::vector<std::int32_t>{1 << 30, 1 << 28, -(1 << 29)});
  const double one[] = {1.0};
  CHECK(requant_multipliers(one).shift == 30);
  const double nothing[] = {0.0};
  CHECK(requant_multipliers(nothing).shift == 54);
  CHECK(requant_multipliers(nothing).multiplier.front() == 0);
  const double tiny[] = {1e-30};
  CHECK(requant_multipliers(tiny).shift == 54);
  const double huge[] = {3e9, -3e9};
  CHECK(requant_multipliers(huge).shift == 1);
  CHECK(requant_multipliers(huge).multiplier == std::vector<std::int32_t>{2147483647, -2147483647});
}

TEST_CASE("fixed point: multipliers are the oracle's") {
  std::mt19937_64 random(1);
  for (int round = 0; round < 500; ++round) {
    std::vector<double> ratios;
    for (int i = 0; i < 5; ++i) {
      const double magnitude = std::exp2(static_cast<double>(random() % 600) / 10 - 40);
      ratios.push_back(random() % 2 == 0 ? magnitude : -magnitude);
    }
    const Multipliers mine = requant_multipliers(ratios);
    const reference::Requant oracle(ratios, 0, {});
    REQUIRE(mine.shift == oracle.shift());
    for (std::size_t i = 0; i < ratios.size(); ++i)
      REQUIRE(mine.multiplier[i] == oracle.multiplier(i));
  }
}

TEST_CASE("fixed point: clamps become codes") {
  CHECK(clamp_bounds({0, 6}, 0.1f, -20) == CodeBounds{-20, 40});
  CHECK(clamp_bounds({-kInfinity, kInfinity}, 0.1f, 7) == CodeBounds{-128, 127});
  CHECK(clamp_bounds({0, kInfinity}, 0.1f, -128) == CodeBounds{-128, 127});
  CHECK(clamp_bounds({100, 200}, 0.1f, 0) == CodeBounds{127, 127});
  // 0.25 / 0.1 is 2.5 in real numbers, a little less with the float32 nearest to 0.1; 0.125 / 0.25 is a true tie.
  CHECK(clamp_bounds({-0.125f, 0.375f}, 0.25f, 0) == CodeBounds{0, 2});
}

TEST_CASE("fixed point: bias saturates and rounds to even") {
  const float scales[] = {0.5f, 1e-12f, 1e-12f, 0.5f};
  const float bias[] = {0.25f, 1.0f, -1.0f, 0.75f};
  CHECK(quantize_bias(bias, 1.0f, scales) ==
        std::vector<std::int32_t>{0, 2147483647, std::numeric_limits<std::int32_t>::min(), 2});
}

TEST_CASE("fixed point: the accumulator bound holds for the worst inputs and not much more") {
  const std::vector<std::int8_t> weights{127, -127, 5};
  CHECK(accumulator_bound(weights, 0, 0, -10) == 10 + 259 * 128);
  CHECK(accumulator_bound(weights, 0, -128, 0) == 259 * 256);
  CHECK(accumulator_bound(weights, 5, 0, 0) == (122 + 132) * 128);
  const std::vector<std::int8_t> many(100000, 127);
  CHECK(accumulator_bound(many, 0, -128, 0) > kAccumulatorLimit);
}

TEST_CASE("fixed point: add multipliers") {
  const AddMultipliers same = add_multipliers(0.5f, 0.25f, 0.5f, false);
  CHECK(same.shift == 14);
  CHECK(same.a == 16384);
  CHECK(same.b == 8192);
  CHECK(same.rounding == 8192);
  CHECK(add_multipliers(0.5f, 0.25f, 0.5f, true).b == -8192);
  CHECK(add_multipliers(1e-6f, 1e-6f, 1.0f, false).shift == 22);
  const AddMultipliers huge = add_multipliers(1e6f, 1.0f, 1.0f, false);
  CHECK(huge.shift == 0);
  CHECK(huge.rounding == 0);
  CHECK(huge.a == 32767);
}

TEST_CASE("fixed point: tables of every function are the oracle's") {
  using Fn = Unary::Fn;
  const Unary functions[] = {{Fn::clamp, -1, 2},     {Fn::leaky_relu, 0.1f, 0},
                             {Fn::sigmoid, 0, 0},    {Fn::hard_sigmoid, 0.2f, 0.5f},
                             {Fn::hard_swish, 0, 0}, {Fn::silu, 0, 0},
                             {Fn::tanh, 0, 0},       {Fn::elu, 1, 0},
                             {Fn::gelu, 0, 0},       {Fn::gelu_tanh, 0, 0},
                             {Fn::erf, 0, 0},        {Fn::exp, 0, 0},
                             {Fn::log, 0, 0},        {Fn::sqrt, 0, 0},
                             {Fn::pow, 3, 0},        {Fn::pow, 0.5f, 0},
                             {Fn::affine, -2, 1},    {Fn::abs, 0, 0},
                             {Fn::neg, 0, 0},        {Fn::reciprocal, 0, 0}};
  for (const Unary& op : functions) {
    for (const std::int32_t zero_point : {-128, -7, 100}) {
      const TensorType input = int8_type(0.037f, zero_point);
      const TensorType output = int8_type(0.021f, -11);
      const Table256 table = unary_table(op, input, output);
      const TensorValue codes = all_codes(input);
      const TensorValue expected = evaluate_int8(op, {&codes}, output);
      for (std::size_t i = 0; i < 256; ++i) {
        INFO("function " << static_cast<int>(op.fn) << ", code "
                         << static_cast<int>(codes.as<std::int8_t>()[i]));
        REQUIRE(static_cast<int>(table[i]) == static_cast<int>(expected.as<std::int8_t>()[i]));
      }
    }
  }
}

TEST_CASE("fixed point: what is not a number becomes the zero point") {
  const Table256 log = unary_table({Unary::Fn::log, 0, 0}, int8_type(0.1f, 0), int8_type(0.1f, 5));
  CHECK(static_cast<int>(log[0xff]) == 5);     // log(-0.1)
  CHECK(static_cast<int>(log[0x00]) == -128);  // log(0)
}

TEST_CASE("fixed point: requantization tables, from int8 and from uint8") {
  const Table256 halved = requantize_table(int8_type(0.5f, 0), int8_type(1.0f, 10));
  CHECK(static_cast<int>(halved[3]) == 12);     // 1.5 -> 2
  CHECK(static_cast<int>(halved[1]) == 10);     // 0.5 -> 0
  CHECK(static_cast<int>(halved[0xff]) == 10);  // -0.5 -> 0
  const TensorType unsigned_type{DType::u8, {1, 256}, Quantization{{0.5f}, {128}, -1}};
  const Table256 shifted = requantize_table(unsigned_type, int8_type(0.5f, 0));
  for (int code = 0; code < 256; ++code)
    CHECK(static_cast<int>(shifted[static_cast<std::size_t>(code)]) == code - 128);
}

TEST_CASE("fixed point: averages, slopes, products") {
  const std::int64_t divisors[] = {4, 9};
  const Multipliers average = average_multipliers(0.5f, 0.25f, divisors);
  CHECK(average.shift == 31);
  CHECK(average.multiplier == std::vector<std::int32_t>{1 << 30, 477218588});
  const float slopes[] = {-0.5f, 0.25f};
  const Multipliers prelu = prelu_multipliers(1.0f, slopes, 2.0f);
  CHECK(prelu.shift == 31);
  CHECK(prelu.multiplier == std::vector<std::int32_t>{1 << 30, -(1 << 29), 1 << 28});
  const Multipliers product = mul_multipliers(0.5f, 0.5f, 0.5f);
  CHECK(product.shift == 31);
  CHECK(product.multiplier == std::vector<std::int32_t>{1 << 30});
}

TEST_CASE("fixed point: softmax and layer normalization constants") {
  const SoftmaxConstants softmax = softmax_constants(0.5f, 1.0f / 256);
  CHECK(softmax.k == 65536);
  CHECK(softmax.exp[0] == 65536);
  CHECK(softmax.exp[1] == 39750);  // 65536 / sqrt(e)
  CHECK(softmax.exp[255] == 0);
  CHECK(softmax_constants(0.5f, 1e-9f).k == 1 << 24);
  const LayerNormConstants norm = layer_norm_constants(0.5f, 4);
  CHECK(norm.a == 0.015625f);
  CHECK(norm.b == 0.125f);
}

TEST_CASE("fixed point: linear resize taps stay inside") {
  const LinearTap before = linear_tap(-0.25f, 5);
  CHECK(before.first == 0);
  CHECK(before.weight == 0);
  const LinearTap between = linear_tap(1.75f, 5);
  CHECK(between.first == 1);
  CHECK(between.second == 2);
  CHECK(between.weight == 768);
  const LinearTap last = linear_tap(9.0f, 5);
  CHECK(last.first == 4);
  CHECK(last.second == 4);
  CHECK(last.weight == 0);
}

}  // namespace
}  // namespace linnet
