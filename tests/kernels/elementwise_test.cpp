// Elementwise kernels against the oracle, byte for byte: tables, two operands under every kind of broadcasting, PReLU,
// quantization, and the float functions.
#include <fmt/format.h>

#include <catch2/catch.hpp>

#include "compiler/ops/ops.h"
#include "tests/support/single_op.h"

using namespace linnet;
using namespace linnet::testing;

namespace {

Shape random_shape(Random& random, int rank) {
  Shape shape;
  for (int d = 0; d < rank; ++d) shape.push_back(random.integer(1, d + 1 == rank ? 19 : 5));
  return shape;
}

// The shape with some dimensions 1 and perhaps fewer of them. Of five dimensions the last two are treated alike: more
// than four runs that alternate between own and repeated have no kernel (E151).
Shape broadcastable(Random& random, Shape shape) {
  for (auto& dimension : shape) {
    if (random.chance(40)) dimension = 1;
  }
  if (shape.size() == 5 && (shape[3] == 1) != (shape[4] == 1)) shape[3] = shape[4] = 1;
  while (!shape.empty() && shape.front() == 1 && random.chance(50)) shape.erase(shape.begin());
  return shape;
}

constexpr int kUnaryFunctions = static_cast<int>(Unary::Fn::reciprocal) + 1;

Unary random_unary(Random& random, int fn) {
  Unary op{static_cast<Unary::Fn>(fn), 0, 0};
  switch (op.fn) {
    case Unary::Fn::clamp: op.alpha = -0.5f, op.beta = 1.25f; break;
    case Unary::Fn::leaky_relu:
    case Unary::Fn::elu: op.alpha = 0.1f; break;
    case Unary::Fn::hard_sigmoid: op.alpha = 0.2f, op.beta = 0.5f; break;
    case Unary::Fn::pow: op.alpha = random.pick<float>({0.5f, 2.0f, 3.0f, 1.7f, -1.0f}); break;
    case Unary::Fn::affine: op.alpha = 1.3f, op.beta = -0.4f; break;
    default: break;
  }
  return op;
}

}  // namespace

TEST_CASE("unary functions") {
  Random random(1);
  for (int fn = 0; fn < kUnaryFunctions; ++fn) {
    for (int i = 0; i < 4; ++i) {
      const Shape shape = random_shape(random, static_cast<int>(random.integer(1, 5)));
      const Unary op = random_unary(random, fn);
      check_against_oracle({op, {float_type(shape)}, {}, float_type(shape)}, random,
                           fmt::format("float fn {}", fn));
      check_against_oracle({op, {random_int8(random, shape)}, {}, random_int8(random, shape)},
                           random, fmt::format("int8 fn {}", fn));
    }
  }
}

TEST_CASE("requantize") {
  Random random(2);
  for (int i = 0; i < 30; ++i) {
    const Shape shape = random_shape(random, 4);
    check_against_oracle(
        {Requantize{}, {random_int8(random, shape)}, {}, random_int8(random, shape)}, random, "");
  }
}

TEST_CASE("two operands in float") {
  Random random(3);
  for (int fn = 0; fn <= static_cast<int>(Binary::Fn::prelu); ++fn) {
    for (int i = 0; i < 40; ++i) {
      const Shape shape = random_shape(random, static_cast<int>(random.integer(1, 4)));
      const Shape small = broadcastable(random, shape);
      Binary op{static_cast<Binary::Fn>(fn), {}};
      if (random.chance(30)) op.clamp = {-1.0f, 1.5f};
      SingleOp single{op, {float_type(shape)}, {}, float_type(shape)};
      if (random.chance(50)) {
        single.inputs.push_back(float_type(small));
      } else {
        single.constants.push_back(random_value(random, float_type(small)));
      }
      check_against_oracle(single, random,
                           fmt::format("fn {} {} with {}", fn, to_string(shape), to_string(small)));
    }
  }
}

TEST_CASE("two operands in int8") {
  Random random(4);
  for (const auto fn : {Binary::Fn::add, Binary::Fn::sub, Binary::Fn::mul}) {
    for (int i = 0; i < 80; ++i) {
      const Shape shape = random_shape(random, static_cast<int>(random.integer(1, 5)));
      Shape a = shape, b = shape;
      (random.chance(50) ? a : b) = broadcastable(random, shape);
      const float scale = random.pick<float>({0.05f, 0.0004f, 3.0f});
      Binary op{fn, {}};
      if (random.chance(30)) op.clamp = {0.0f, 6.0f};
      SingleOp single{op,
                      {random_int8(random, a, scale), random_int8(random, b, scale)},
                      {},
                      random_int8(random, shape, random.chance(70) ? scale : 0.05f)};
      if (random.chance(30)) {
        single.constants.push_back(random_value(random, single.inputs.back()));
        single.inputs.pop_back();
      }
      const auto what = fmt::format("{} with {}", to_string(a), to_string(b));
      if (infer_shape(op, {a, b})) check_against_oracle(single, random, what);
    }
  }
}

TEST_CASE("min and max in int8") {
  Random random(5);
  for (const auto fn : {Binary::Fn::min, Binary::Fn::max}) {
    for (int i = 0; i < 20; ++i) {
      const Shape shape = random_shape(random, 4);
      const TensorType type = random_int8(random, shape);
      TensorType other = type;
      other.shape = broadcastable(random, shape);
      check_against_oracle({Binary{fn, {}}, {type, other}, {}, type}, random, "");
    }
  }
}

TEST_CASE("prelu in int8") {
  Random random(6);
  for (int i = 0; i < 40; ++i) {
    const Shape shape = random_shape(random, static_cast<int>(random.integer(2, 4)));
    const TensorValue slope = random_value(random, float_type(broadcastable(random, shape)));
    check_against_oracle({Binary{Binary::Fn::prelu, {}},
                          {random_int8(random, shape)},
                          {slope},
                          random_int8(random, shape)},
                         random, to_string(slope.type.shape));
  }
}

TEST_CASE("quantize and dequantize") {
  Random random(7);
  for (int i = 0; i < 30; ++i) {
    const Shape shape = random_shape(random, 4);
    check_against_oracle({Quantize{}, {float_type(shape)}, {}, random_int8(random, shape)}, random,
                         "quantize");
    check_against_oracle({Dequantize{}, {random_int8(random, shape)}, {}, float_type(shape)},
                         random, "dequantize");
  }
}

TEST_CASE("mutations of elementwise layers are noticed") {
  Random random(8);
  const Shape shape{1, 4, 5, 6};
  const SingleOp add{Binary{},
                     {int8_type(shape, 0.05f, 3), int8_type(shape, 0.04f, -7)},
                     {},
                     int8_type(shape, 0.1f, 5)};
  for (const char* field : {"multiplier_a", "multiplier_b"}) {
    CHECK(notices(add, random, {0, Mutation::Kind::field, field, 800, 0}));
  }
  for (const char* field : {"a_zero", "out_zero", "shift"}) {
    CHECK(notices(add, random, {0, Mutation::Kind::field, field, 1, 0}));
  }
  const SingleOp table{Unary{Unary::Fn::silu, 0, 0},
                       {int8_type(shape, 0.05f, 3)},
                       {},
                       int8_type(shape, 0.05f, -100)};
  CHECK(notices(table, random, {0, Mutation::Kind::constant_byte, "table", 1, 7}, 20));
  CHECK_FALSE(notices(add, random, {}));
}
