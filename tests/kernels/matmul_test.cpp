// Matrix products of activations against the oracle, byte for byte: ranks 2 to 5, broadcasting, guarded memory.
#include <fmt/format.h>

#include <catch2/catch.hpp>

#include "compiler/lower/lower.h"
#include "compiler/ops/ops.h"
#include "compiler/reference/interpreter.h"
#include "linnet/kernels/lists/conv.h"
#include "tests/kernels/kernel_harness.h"

using namespace linnet;
using namespace linnet::testing;

namespace {

struct Operands {
  Shape a, b;
};

// Leading dimensions of up to three, each present in both, or 1 or missing in one.
Operands random_operands(Random& random) {
  const std::int64_t m = random.integer(1, 7), k = random.integer(1, 19), n = random.integer(1, 11);
  Operands shapes;
  const std::int64_t leading = random.integer(0, 3);
  const std::int64_t a_leading = random.chance(70) ? leading : random.integer(0, leading);
  const std::int64_t b_leading = a_leading < leading ? leading : random.integer(0, leading);
  for (std::int64_t i = leading; i > 0; --i) {
    const std::int64_t size = random.integer(1, 3);
    if (i <= a_leading) shapes.a.push_back(random.chance(75) || i > b_leading ? size : 1);
    if (i <= b_leading) shapes.b.push_back(random.chance(75) ? size : 1);
  }
  shapes.a.insert(shapes.a.end(), {m, k});
  shapes.b.insert(shapes.b.end(), {k, n});
  return shapes;
}

JobInput rows_of(const TensorValue& value, bool ring) {
  const RowShape shape = row_shape(value.type.shape);
  JobInput input{value.bytes(),
                 static_cast<std::int32_t>(shape.rows),
                 static_cast<std::int32_t>(shape.row_elements()) * size_bytes(value.type.dtype),
                 {}};
  if (ring) {
    input.needs = [](std::int32_t first, std::int32_t count) {
      return RowRange{first, first + count};
    };
  }
  return input;
}

template <class List>
void check_matmul(bool int8, std::uint64_t seed) {
  Random random(seed);
  int ran = 0;
  for (int i = 0; i < 400; ++i) {
    const Operands shapes = random_operands(random);
    const Result<Shape> out = infer_shape(Op{MatMul{}}, {shapes.a, shapes.b});
    if (!out) continue;
    SingleOp single;
    single.op = MatMul{};
    single.inputs = {int8 ? random_int8(random, shapes.a) : float_type(shapes.a),
                     int8 ? random_int8(random, shapes.b) : float_type(shapes.b)};
    single.output = float_type(*out);
    if (int8) {
      const float product =
          single.inputs[0].quantization->scale[0] * single.inputs[1].quantization->scale[0];
      single.output = int8_type(*out, product * random.real(0.5f, 400.0f),
                                static_cast<std::int32_t>(random.integer(-128, 127)));
    }
    const TensorValue a = random_value(random, single.inputs[0]);
    const TensorValue b = random_value(random, single.inputs[1]);
    const TensorValue expected = int8 ? evaluate_int8(single.op, {&a, &b}, single.output)
                                      : evaluate(single.op, {&a, &b}, single.output);
    const Result<Program> program = lower(graph_of(single));
    REQUIRE(program);
    const KernelCall& call = program->calls.front();
    const RowShape rows = row_shape(*out);
    const auto element = static_cast<std::int32_t>(size_bytes(single.output.dtype));
    const std::int32_t pixel_bytes = static_cast<std::int32_t>(rows.channels) * element;
    Job job;
    job.alignment = element;
    job.inputs = {rows_of(a, !call.windows[0].whole), rows_of(b, false)};
    job.output = {expected.bytes(), static_cast<std::int32_t>(rows.rows),
                  static_cast<std::int32_t>(rows.width), pixel_bytes, pixel_bytes};
    const auto layer = layer_of<MatMulLayer>(call);
    List::for_each([&](auto kernel) {
      using Kernel = decltype(kernel);
      if (!Kernel::supports(layer)) return;
      ++ran;
      INFO(Kernel::name << ' ' << to_string(shapes.a) << " x " << to_string(shapes.b));
      CHECK(run_kernel<Kernel>(layer, job, random).empty());
    });
  }
  CHECK(ran > 200);
}

}  // namespace

TEST_CASE("int8 matrix products equal the oracle") { check_matmul<MatMulS8Kernels>(true, 201); }
TEST_CASE("float matrix products equal the oracle to the bit") {
  check_matmul<MatMulF32Kernels>(false, 202);
}

TEST_CASE("a product by a constant matrix is a 1x1 convolution") {
  Random random(203);
  for (int i = 0; i < 60; ++i) {
    const std::int64_t k = random.integer(1, 20), n = random.integer(1, 12);
    const Shape a{random.integer(1, 3), random.integer(1, 4), k}, y{a[0], a[1], n};
    SingleOp real{MatMul{}, {float_type(a)}, {}, float_type(y)};
    real.constants = {random_value(random, float_type({k, n}))};
    check_against_oracle(real, random, "float");

    SingleOp int8{MatMul{}, {random_int8(random, a)}, {}, random_int8(random, y, 3.0f)};
    TensorType b = int8_type({k, n}, 0.02f, static_cast<std::int32_t>(random.integer(-3, 3)));
    if (random.chance(50)) {
      b.quantization = Quantization{};
      b.quantization->axis = 1;
      for (std::int64_t o = 0; o < n; ++o) {
        b.quantization->scale.push_back(random.real(0.01f, 0.05f));
        b.quantization->zero_point.push_back(0);
      }
    }
    int8.constants = {random_value(random, b)};
    check_against_oracle(int8, random, "int8");
  }
}
