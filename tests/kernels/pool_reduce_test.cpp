// Pools, reductions, softmax and layer normalization against the oracle, byte for byte.
#include <fmt/format.h>

#include <catch2/catch.hpp>

#include "compiler/ops/ops.h"
#include "tests/support/single_op.h"

using namespace linnet;
using namespace linnet::testing;

namespace {

Pool2d random_pool(Random& random) {
  Pool2d op;
  op.kind = random.chance(50) ? Pool2d::Kind::max : Pool2d::Kind::average;
  for (std::size_t d = 0; d < 2; ++d) {
    op.window.kernel[d] = static_cast<std::int32_t>(random.integer(1, 4));
    op.window.stride[d] = static_cast<std::int32_t>(random.integer(1, 3));
    op.window.dilation[d] = static_cast<std::int32_t>(random.chance(20) ? 2 : 1);
  }
  const auto pad = [&](std::size_t d) {
    return static_cast<std::int32_t>(random.integer(0, op.window.kernel[d] - 1));
  };
  op.window.pads = {pad(0), pad(1), pad(0), pad(1)};
  op.include = op.window.pads;
  op.count_include_pad = random.chance(50);
  if (random.chance(30)) op.window.pads.bottom += 1;  // what ceil_mode adds
  return op;
}

}  // namespace

TEST_CASE("pools") {
  Random random(11);
  int done = 0;
  for (int i = 0; i < 300; ++i) {
    const Pool2d op = random_pool(random);
    const Shape in{random.integer(1, 2), random.integer(1, 9), random.integer(1, 9),
                   random.integer(1, 13)};
    const Result<Shape> out = infer_shape(op, {in});
    if (!out) continue;
    ++done;
    check_against_oracle({op, {float_type(in)}, {}, float_type(*out)}, random, "float");
    const TensorType x = random_int8(random, in);
    TensorType y = op.kind == Pool2d::Kind::max ? x : random_int8(random, *out);
    y.shape = *out;
    check_against_oracle({op, {x}, {}, y}, random, "int8");
  }
  CHECK(done > 100);
}

TEST_CASE("reductions") {
  Random random(12);
  for (int i = 0; i < 200; ++i) {
    const auto rank = static_cast<int>(random.integer(1, 5));
    Shape in;
    for (int d = 0; d < rank; ++d) in.push_back(random.integer(1, 6));
    Reduce op;
    op.kind = static_cast<Reduce::Kind>(random.integer(0, 4));
    op.keep_dims = random.chance(50);
    for (int d = 0; d < rank; ++d) {
      if (random.chance(50)) op.axes.push_back(d);
    }
    if (rank == 4 && random.chance(50)) op.axes = {1, 2};
    if (op.axes.empty()) op.axes.push_back(0);
    const Result<Shape> out = infer_shape(op, {in});
    REQUIRE(out);
    check_against_oracle({op, {float_type(in)}, {}, float_type(*out)}, random, "float");
    if (op.kind == Reduce::Kind::l2) continue;
    const TensorType x = random_int8(random, in);
    TensorType y = op.kind == Reduce::Kind::max || op.kind == Reduce::Kind::min
                       ? x
                       : random_int8(random, *out);
    y.shape = *out;
    check_against_oracle({op, {x}, {}, y}, random, "int8");
  }
}

TEST_CASE("softmax") {
  Random random(13);
  for (int i = 0; i < 60; ++i) {
    const Shape shape{random.integer(1, 3), random.integer(1, 4), random.integer(1, 5),
                      random.integer(1, 40)};
    const auto axis = static_cast<std::int32_t>(random.integer(0, 3));
    check_against_oracle({Softmax{axis}, {float_type(shape)}, {}, float_type(shape)}, random,
                         "float");
    const TensorType y =
        random.chance(70) ? int8_type(shape, 1.0f / 256, -128) : random_int8(random, shape, 0.002f);
    check_against_oracle({Softmax{3}, {random_int8(random, shape)}, {}, y}, random, "int8");
  }
}

TEST_CASE("layer normalization") {
  Random random(14);
  for (int i = 0; i < 60; ++i) {
    const Shape shape{random.integer(1, 2), random.integer(1, 3), random.integer(1, 4),
                      random.integer(2, 40)};
    const auto axis = static_cast<std::int32_t>(random.integer(1, 3));
    Shape tail(shape.begin() + axis, shape.end());
    SingleOp single{LayerNorm{axis, 1e-5f}, {float_type(shape)}, {}, float_type(shape)};
    if (random.chance(70)) {
      single.constants.push_back(random_value(random, float_type(tail)));
      if (random.chance(70)) single.constants.push_back(random_value(random, float_type(tail)));
    }
    check_against_oracle(single, random, "float");
    single.inputs = {random_int8(random, shape)};
    single.output = random_int8(random, shape, 0.02f);
    check_against_oracle(single, random, "int8");
  }
}

TEST_CASE("mutations of pools and reductions are noticed") {
  Random random(15);
  Pool2d average;
  average.kind = Pool2d::Kind::average;
  average.window.kernel = {3, 3};
  average.window.pads = {1, 1, 1, 1};
  const Shape shape{1, 6, 7, 5};
  const SingleOp pool{average, {int8_type(shape, 0.05f, 3)}, {}, int8_type(shape, 0.03f, -7)};
  for (const char* field :
       {"pad_top", "pad_left", "in_zero", "out_zero", "shift", "stride_h", "dilation_w"}) {
    INFO(field);
    CHECK(notices(pool, random, {0, Mutation::Kind::field, field, 1, 0}));
  }
  CHECK_FALSE(notices(pool, random, {}));
}
