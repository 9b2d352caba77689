// The int8 oracle against float evaluation of the same operator on dequantized operands: never more than one step off.
// And the oracle's own house rules.
#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "tests/kernels/values.h"

namespace linnet {
namespace {

using namespace testing;

TensorValue dequantized(const TensorValue& value) {
  if (value.type.dtype == DType::f32) return value;
  TensorType type = f32(value.type.shape);
  return evaluate(Op{Dequantize{}}, {&value}, type);
}

// Runs both; gives the largest distance in steps from the exact code, which saturates as the int8 one does.
double worst_steps(const Op& op, const std::vector<TensorValue>& inputs, float scale,
                   std::int32_t zero_point) {
  std::vector<TensorValue> real;
  for (const TensorValue& input : inputs) real.push_back(dequantized(input));
  const std::vector<float> expected = run_float(op, real);
  const std::vector<int> actual = run_int8(op, inputs, scale, zero_point);
  REQUIRE(expected.size() == actual.size());
  double worst = 0;
  for (std::size_t i = 0; i < actual.size(); ++i) {
    const double exact =
        std::clamp(double{expected[i]} / double{scale} + zero_point, -128.0, 127.0);
    worst = std::max(worst, std::fabs(exact - actual[i]));
  }
  return worst;
}

TensorValue activation(Random& random, Shape shape) {
  return random.codes(i8(std::move(shape), random.real(0.01F, 0.1F), random.integer(-128, 127)));
}

// Weights with a scale and a zero point for each output, and a bias in the scale that belongs to them.
struct Weights {
  TensorValue weights, bias;
};
Weights weights(Random& random, const Shape& shape, float input_scale, bool symmetric) {
  TensorType type{DType::i8, shape, Quantization{{}, {}, 0}};
  TensorType bias_type{DType::i32, {shape[0]}, Quantization{{}, {}, 0}};
  std::vector<std::int32_t> bias;
  for (std::int64_t o = 0; o < shape[0]; ++o) {
    const float scale = random.real(0.005F, 0.02F);
    type.quantization->scale.push_back(scale);
    type.quantization->zero_point.push_back(symmetric ? 0 : random.integer(-20, 20));
    bias_type.quantization->scale.push_back(input_scale * scale);
    bias_type.quantization->zero_point.push_back(0);
    bias.push_back(random.integer(-3000, 3000));
  }
  return {random.codes(type), TensorValue::of(bias_type, bias)};
}

TEST_CASE("oracle property: convolutions agree with float") {
  Random random(1);
  for (int trial = 0; trial < 60; ++trial) {
    const int groups = random.integer(1, 3);
    const int group_in = random.integer(1, 4);
    const int group_out = random.integer(1, 4);
    Window window{
        {random.integer(1, 3), random.integer(1, 3)},
        {random.integer(1, 2), random.integer(1, 2)},
        {random.integer(1, 2), random.integer(1, 2)},
        {random.integer(0, 2), random.integer(0, 2), random.integer(0, 2), random.integer(0, 2)}};
    const TensorValue x = activation(random, {random.integer(1, 2), random.integer(5, 8),
                                              random.integer(5, 8), groups * group_in});
    const Shape shape{groups * group_out, window.kernel[0], window.kernel[1], group_in};
    const Weights w =
        weights(random, shape, x.type.quantization->scale[0], random.integer(0, 1) != 0);
    const Clamp clamp = random.integer(0, 1) != 0 ? Clamp{0, 6} : Clamp{};
    CAPTURE(trial);
    const float scale = random.real(0.05F, 0.3F);
    const int zero_point = random.integer(-100, 100);
    CHECK(worst_steps(Conv2d{window, groups, clamp}, {x, w.weights, w.bias}, scale, zero_point) <=
          1.0);
    window.pads = {};
    CHECK(worst_steps(ConvTranspose2d{window, {1, 0}, groups, clamp}, {x, w.weights, w.bias}, scale,
                      zero_point) <= 1.0);
  }
}

TEST_CASE("oracle property: products agree with float") {
  Random random(2);
  for (int trial = 0; trial < 30; ++trial) {
    const int depth = random.integer(1, 40);
    const TensorValue x = activation(random, {2, 3, depth});
    const Weights w = weights(random, {random.integer(1, 20), depth}, x.type.quantization->scale[0],
                              random.integer(0, 1) != 0);
    CAPTURE(trial);
    CHECK(worst_steps(FullyConnected{}, {x, w.weights, w.bias}, 0.2F, 11) <= 1.0);
    const TensorValue b = activation(random, {random.integer(1, 2), depth, random.integer(1, 9)});
    CHECK(worst_steps(MatMul{}, {x, b}, 0.5F, -7) <= 1.0);
  }
}

TEST_CASE("oracle property: elementwise operators agree with float") {
  Random random(3);
  using Fn = Binary::Fn;
  for (int trial = 0; trial < 60; ++trial) {
    const TensorValue a = activation(random, {2, random.integer(1, 4), 5});
    const TensorValue b = activation(random, {random.integer(0, 1) != 0 ? 2 : 1, 1, 5});
    const float scale = random.real(0.02F, 0.1F);
    const int zero_point = random.integer(-128, 127);
    CAPTURE(trial);
    for (const Fn fn : {Fn::add, Fn::sub, Fn::mul}) {
      CHECK(worst_steps(Binary{fn, {}}, {a, b}, scale, zero_point) <= 1.0);
      CHECK(worst_steps(Binary{fn, {-1, 2}}, {b, a}, scale, zero_point) <= 1.0);
    }
    CHECK(worst_steps(Binary{Fn::prelu, {}}, {a, random.floats({5}, -1, 1)}, scale, zero_point) <=
          1.0);
  }
}

TEST_CASE("oracle property: functions of one input agree with float") {
  Random random(4);
  const std::vector<Unary> functions = {
      {Unary::Fn::clamp, -1, 2},     {Unary::Fn::leaky_relu, 0.1F, 0},
      {Unary::Fn::sigmoid, 0, 0},    {Unary::Fn::hard_sigmoid, 0.2F, 0.5F},
      {Unary::Fn::hard_swish, 0, 0}, {Unary::Fn::silu, 0, 0},
      {Unary::Fn::tanh, 0, 0},       {Unary::Fn::elu, 0.5F, 0},
      {Unary::Fn::gelu, 0, 0},       {Unary::Fn::gelu_tanh, 0, 0},
      {Unary::Fn::erf, 0, 0},        {Unary::Fn::exp, 0, 0},
      {Unary::Fn::sqrt, 0, 0},       {Unary::Fn::pow, 3, 0},
      {Unary::Fn::affine, -0.5F, 2}, {Unary::Fn::abs, 0, 0},
      {Unary::Fn::neg, 0, 0},        {Unary::Fn::reciprocal, 0, 0}};
  for (const Unary& function : functions) {
    CAPTURE(static_cast<int>(function.fn));
    for (int trial = 0; trial < 5; ++trial) {
      // Square roots and reciprocals want positive inputs.
      const bool positive = function.fn == Unary::Fn::sqrt || function.fn == Unary::Fn::reciprocal;
      const int zero_point = positive ? -128 : random.integer(-128, 127);
      const TensorValue x =
          random.codes(i8({300}, random.real(0.02F, 0.06F), zero_point), positive ? -127 : -128);
      CHECK(worst_steps(function, {x}, 0.05F, random.integer(-50, 50)) <= 0.51);
    }
  }
}

TEST_CASE("oracle property: pooling and reductions agree with float") {
  Random random(5);
  for (int trial = 0; trial < 40; ++trial) {
    const TensorValue x = activation(random, {2, random.integer(3, 9), random.integer(3, 9), 3});
    Pool2d pool{Pool2d::Kind::average,
                {{2, 3}, {random.integer(1, 2), 1}, {1, 1}, {0, 1, 1, 1}},
                random.integer(0, 1) != 0,
                {0, 1, 1, 1}};
    const float scale = random.real(0.02F, 0.1F);
    CAPTURE(trial);
    CHECK(worst_steps(pool, {x}, scale, 3) <= 0.51);
    CHECK(worst_steps(Reduce{Reduce::Kind::mean, {1, 2}, true}, {x}, scale, 3) <= 0.51);
    CHECK(worst_steps(Reduce{Reduce::Kind::sum, {1, 3}, false}, {x}, scale * 9, 3) <= 0.51);
    const Quantization& q = *x.type.quantization;
    pool.kind = Pool2d::Kind::max;
    CHECK(worst_steps(pool, {x}, q.scale[0], q.zero_point[0]) <= 0.01);
    CHECK(worst_steps(Reduce{Reduce::Kind::min, {2}, true}, {x}, q.scale[0], q.zero_point[0]) <=
          0.01);
  }
}

TEST_CASE("oracle property: softmax and layer normalization agree with float") {
  Random random(6);
  for (int trial = 0; trial < 40; ++trial) {
    const int count = random.integer(2, 50);
    const TensorValue x = activation(random, {3, count});
    CAPTURE(trial);
    CHECK(worst_steps(Softmax{1}, {x}, 1.0F / 256, -128) <= 1.0);
    CHECK(worst_steps(Softmax{0}, {x}, 1.0F / 256, -128) <= 1.0);
    CHECK(worst_steps(LayerNorm{1, 1e-5F}, {x, random.floats({count}), random.floats({count})},
                      0.02F, 4) <= 0.51);
  }
}

TEST_CASE("oracle property: linear resize agrees with float") {
  Random random(7);
  using Coordinate = Resize::Coordinate;
  for (const Coordinate coordinate :
       {Coordinate::half_pixel, Coordinate::pytorch_half_pixel, Coordinate::align_corners,
        Coordinate::asymmetric, Coordinate::crop}) {
    const TensorValue x = activation(random, {2, 5, 4, 3});
    Resize op;
    op.mode = Resize::Mode::linear;
    op.coordinate = coordinate;
    op.output = {7, 3};
    op.scale = {7.0F / 5, 3.0F / 4};
    op.roi_start = {0.2F, 0};
    op.roi_end = {0.9F, 1.1F};
    const Quantization& q = *x.type.quantization;
    CAPTURE(static_cast<int>(coordinate));
    CHECK(worst_steps(op, {x}, q.scale[0], q.zero_point[0]) <= 0.7);
  }
}

TEST_CASE("oracle property: one wrong rounding would be seen") {
  // The comparison above must be able to fail: half a step more than the bound is outside of it.
  Random random(8);
  const TensorValue x = activation(random, {1, 100});
  const float scale = x.type.quantization->scale[0];
  CHECK(worst_steps(Unary{Unary::Fn::affine, 1, 0}, {x}, scale,
                    x.type.quantization->zero_point[0]) <= 0.01);
  CHECK(worst_steps(Unary{Unary::Fn::affine, 1, 2 * scale}, {x}, scale, 0) <= 0.51);
  const std::vector<TensorValue> real{dequantized(x)};
  const std::vector<float> shifted = run_float(Unary{Unary::Fn::affine, 1, 2 * scale}, real);
  const std::vector<float> plain = run_float(Unary{Unary::Fn::affine, 1, 0}, real);
  CHECK(std::fabs(double{shifted[0] - plain[0]} / double{scale}) > 1.0);
}

TEST_CASE("oracle: nothing of the runtime, of lowering or of quantization is included") {
  const std::filesystem::path folder =
      std::filesystem::path(LINNET_SOURCE_DIR) / "compiler" / "reference";
  std::size_t files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    ++files;
    std::ifstream stream(entry.path());
    std::string line;
    while (std::getline(stream, line)) {
      if (line.rfind("#include", 0) != 0) continue;
      CAPTURE(entry.path().string(), line);
      for (const char* forbidden : {"linnet/", "runtime/", "compiler/quant/", "compiler/lower/",
                                    "compiler/plan/", "compiler/passes/", "_lower"}) {
        CHECK(line.find(forbidden) == std::string::npos);
      }
    }
  }
  CHECK(files > 8);
}

}  // namespace
}  // namespace linnet
