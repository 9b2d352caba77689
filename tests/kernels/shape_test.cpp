// Operators that move elements, and resizes, against the oracle, byte for byte.
#include <fmt/format.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <numeric>

#include "compiler/ops/ops.h"
#include "tests/support/single_op.h"

using namespace linnet;
using namespace linnet::testing;

namespace {

Shape random_shape(Random& random, int rank) {
  Shape shape;
  for (int d = 0; d < rank; ++d) shape.push_back(random.integer(1, 6));
  return shape;
}

// In float and in int8; the output shares the inputs' parameters.
void check_both(const Op& op, const std::vector<Shape>& inputs,
                const std::vector<TensorValue>& constants, Random& random,
                const std::string& what) {
  std::vector<Shape> shapes = inputs;
  for (const TensorValue& constant : constants) shapes.push_back(constant.type.shape);
  const Result<Shape> out = infer_shape(op, shapes);
  INFO(what);
  REQUIRE(out);
  const TensorType codes = random_int8(random, {});
  SingleOp in_float{op, {}, constants, float_type(*out)};
  SingleOp in_int8{op, {}, constants, codes};
  in_int8.output.shape = *out;
  for (const Shape& shape : inputs) {
    in_float.inputs.push_back(float_type(shape));
    in_int8.inputs.push_back(codes);
    in_int8.inputs.back().shape = shape;
  }
  check_against_oracle(in_float, random, what + " float");
  check_against_oracle(in_int8, random, what + " int8");
}

}  // namespace

TEST_CASE("transpose, slice, expand") {
  Random random(21);
  for (int i = 0; i < 60; ++i) {
    const auto rank = static_cast<int>(random.integer(1, 6));
    const Shape shape = random_shape(random, rank);
    Transpose transpose;
    transpose.permutation.resize(shape.size());
    std::iota(transpose.permutation.begin(), transpose.permutation.end(), 0);
    for (std::size_t d = shape.size(); d-- > 1;) {
      std::swap(transpose.permutation[d], transpose.permutation[static_cast<std::size_t>(
                                              random.integer(0, static_cast<std::int64_t>(d)))]);
    }
    check_both(transpose, {shape}, {}, random, "transpose");

    Slice slice;
    for (const std::int64_t size : shape) {
      const std::int64_t start = random.integer(0, size - 1);
      const std::int64_t step = random.pick<std::int64_t>({1, 1, 2, -1, -2});
      const std::int64_t room = step > 0 ? (size - 1 - start) / step : start / -step;
      slice.start.push_back(start);
      slice.step.push_back(step);
      slice.size.push_back(random.integer(1, room + 1));
    }
    check_both(slice, {shape}, {}, random, "slice");

    Shape small = shape;
    for (auto& dimension : small) {
      if (random.chance(50)) dimension = 1;
    }
    check_both(Expand{shape}, {small}, {}, random, "expand");
  }
}

TEST_CASE("concat") {
  Random random(22);
  for (int i = 0; i < 60; ++i) {
    const auto rank = static_cast<int>(random.integer(1, 5));
    const Shape shape = random_shape(random, rank);
    const auto axis = static_cast<std::size_t>(random.integer(0, rank - 1));
    std::vector<Shape> inputs(static_cast<std::size_t>(random.integer(1, 4)), shape);
    for (Shape& input : inputs) input[axis] = random.integer(1, 5);
    check_both(Concat{static_cast<std::int32_t>(axis)}, inputs, {}, random,
               fmt::format("axis {}", axis));
  }
}

TEST_CASE("gather") {
  Random random(23);
  for (int i = 0; i < 40; ++i) {
    const auto rank = static_cast<int>(random.integer(1, 4));
    const Shape shape = random_shape(random, rank);
    const auto axis = static_cast<std::size_t>(random.integer(0, rank - 1));
    std::vector<std::int64_t> indices;
    for (int k = 0; k < 6; ++k) indices.push_back(random.integer(0, shape[axis] - 1));
    const TensorValue constant = TensorValue::of({DType::i64, {2, 3}, {}}, indices);
    check_both(Gather{static_cast<std::int32_t>(axis)}, {shape}, {constant}, random, "gather");
  }
}

TEST_CASE("pad") {
  Random random(24);
  for (int i = 0; i < 60; ++i) {
    const auto rank = static_cast<int>(random.integer(1, 5));
    Shape shape = random_shape(random, rank);
    Pad op;
    op.mode = static_cast<Pad::Mode>(random.integer(0, 2));
    op.value = random.real(-2, 2);
    for (auto& size : shape) {
      const std::int64_t most = op.mode == Pad::Mode::reflect ? size - 1 : 3;
      op.before.push_back(random.integer(0, most));
      op.after.push_back(random.integer(0, most));
    }
    check_both(op, {shape}, {}, random, fmt::format("mode {}", static_cast<int>(op.mode)));
  }
}

TEST_CASE("resize") {
  Random random(25);
  for (int i = 0; i < 120; ++i) {
    Resize op;
    op.mode = random.chance(50) ? Resize::Mode::nearest : Resize::Mode::linear;
    op.coordinate = static_cast<Resize::Coordinate>(random.integer(0, 4));
    op.rounding = static_cast<Resize::Rounding>(random.integer(0, 3));
    const Shape in{random.integer(1, 2), random.integer(1, 7), random.integer(1, 7),
                   random.integer(1, 5)};
    for (std::size_t d = 0; d < 2; ++d) {
      op.output[d] = static_cast<std::int32_t>(random.integer(1, 15));
      op.scale[d] = static_cast<float>(op.output[d]) / static_cast<float>(in[1 + d]);
    }
    if (op.coordinate == Resize::Coordinate::crop) {
      op.roi_start = {-0.2f, 0.1f};
      op.roi_end = {0.8f, 1.3f};
      op.extrapolation = 0.7f;
    }
    check_both(op, {in}, {}, random,
               fmt::format("mode {} coordinate {}", static_cast<int>(op.mode),
                           static_cast<int>(op.coordinate)));
  }
}

TEST_CASE("mutations of shape operators are noticed") {
  Random random(26);
  const Shape in{1, 4, 5, 3}, out{1, 5, 4, 3};
  const SingleOp transpose{
      Transpose{{0, 2, 1, 3}}, {int8_type(in, 0.1f, 0)}, {}, int8_type(out, 0.1f, 0)};
  CHECK(notices(transpose, random, {0, Mutation::Kind::constant_byte, "geometry", 1, 4}));
  CHECK_FALSE(notices(transpose, random, {}));
}
