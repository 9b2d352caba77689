// The windows that lowering gives are as wide as they must be (the tests of single operators show a kernel nothing but the
// rows under its window) and no wider: here a window loses one row, and the output must change.
#include <catch2/catch.hpp>

#include "compiler/lower/lower.h"
#include "compiler/lower/row_windows.h"
#include "compiler/ops/ops.h"
#include "compiler/reference/interpreter.h"
#include "tests/support/single_op.h"

using namespace linnet;
using namespace linnet::testing;

namespace {

RowWindow as_table(const RowWindow& window, std::int64_t run_rows, std::int64_t input_rows) {
  RowWindow table;
  table.whole = false;
  for (std::int64_t r = 0; r < run_rows; ++r)
    table.each.push_back(rows_under(window, r, 1, input_rows));
  return table;
}

// Runs the program row by row with one row taken off the window of `row`, at its top or its end.
bool same_without(const Graph& graph, Program program, const Plan& plan,
                  const std::vector<TensorValue>& inputs, std::size_t row, bool top) {
  const TensorValue expected = interpret(graph, inputs).front();
  KernelCall& call = program.calls.front();
  call.windows[0] = as_table(call.windows[0], call.run_rows, call.inputs[0].rows);
  RowRange& rows = call.windows[0].each[row];
  if (rows.first == rows.end) return true;
  (top ? rows.first : rows.end) += top ? 1 : -1;
  ExecuteOptions options;
  options.rows_per_step = 1;
  options.only_rows_under = true;
  const TensorValue got =
      execute(graph, program, plan, unlimited_target(), inputs, options).front();
  return std::equal(got.bytes().begin(), got.bytes().end(), expected.bytes().begin());
}

// Every row of the call has a window, and some notice the loss of its first row, some that of its last.
void check_tight(const Op& op, const Shape& in, const std::vector<TensorValue>& constants) {
  std::vector<Shape> shapes{in};
  for (const TensorValue& constant : constants) shapes.push_back(constant.type.shape);
  const Result<Shape> out = infer_shape(op, shapes);
  REQUIRE(out);
  const SingleOp single{op, {float_type(in)}, constants, float_type(*out)};
  const Graph graph = graph_of(single);
  INFO(print(graph));
  const Result<Program> program = lower(graph);
  REQUIRE(program);
  REQUIRE(verify(*program));
  INFO(print(*program));
  REQUIRE_FALSE(program->calls.front().windows.front().whole);
  const Result<Plan> plan = make_plan(*program, unlimited_target());
  REQUIRE(plan);
  Random random(7);
  const std::vector<TensorValue> inputs{random_value(random, float_type(in))};
  const auto rows = static_cast<std::size_t>(program->calls.front().run_rows);
  for (const bool top : {true, false}) {
    std::size_t noticed = 0;
    for (std::size_t r = 0; r < rows; ++r)
      noticed += same_without(graph, *program, *plan, inputs, r, top) ? 0 : 1;
    CHECK(2 * noticed >= rows);
  }
}

TensorValue random_weights(const Shape& shape) {
  Random random(8);
  return random_value(random, float_type(shape));
}

Window window(std::int32_t kernel, std::int32_t stride, std::int32_t pad) {
  Window result;
  result.kernel = {kernel, kernel};
  result.stride = {stride, stride};
  result.pads = {pad, pad, pad, pad};
  return result;
}

}  // namespace

TEST_CASE("windows are tight: convolutions and pools") {
  for (const std::int64_t images : {1, 2}) {
    Conv2d conv;
    conv.window = window(3, 2, 1);
    check_tight(conv, {images, 9, 6, 3}, {random_weights({4, 3, 3, 3})});
    Pool2d pool;
    pool.kind = Pool2d::Kind::average;
    pool.window = window(3, 1, 1);
    check_tight(pool, {images, 7, 5, 2}, {});
    for (const std::int32_t kernel : {2, 3, 4}) {
      ConvTranspose2d transposed;
      transposed.window = window(kernel, 2, kernel > 2 ? 1 : 0);
      check_tight(transposed, {images, 5, 4, 3}, {random_weights({4, kernel, kernel, 3})});
    }
  }
}

TEST_CASE("windows are tight: resizes") {
  for (const std::int64_t images : {1, 2}) {
    for (const auto mode : {Resize::Mode::nearest, Resize::Mode::linear}) {
      for (const std::int32_t height : {4, 10, 13}) {
        Resize op;
        op.mode = mode;
        op.coordinate = Resize::Coordinate::half_pixel;
        op.output = {height, 8};
        op.scale = {static_cast<float>(height) / 5, 2};
        check_tight(op, {images, 5, 4, 3}, {});
      }
    }
  }
}

TEST_CASE("windows are tight: slices, pads, transposes within a row") {
  check_tight(Slice{{0, 2, 1, 1}, {1, 2, 1, 1}, {1, 4, 3, 2}}, {1, 11, 5, 4}, {});
  check_tight(Slice{{0, 0, 0, 3}, {1, 1, 1, 1}, {2, 6, 5, 2}}, {2, 6, 5, 8}, {});
  check_tight(Transpose{{0, 1, 3, 2}}, {1, 6, 5, 4}, {});
  Pad pad;
  pad.before = {0, 2, 1, 0};
  pad.after = {0, 1, 1, 0};
  check_tight(pad, {1, 9, 4, 3}, {});
}

TEST_CASE("ranges that go back become a barrier, empty ones repeat the row before") {
  CHECK(window_of({{0, 2}, {1, 3}, {0, 2}}).whole);
  CHECK(window_of({{0, 3}, {1, 2}}).whole);
  const RowWindow window = window_of({{0, 0}, {1, 3}, {5, 5}, {2, 4}});
  REQUIRE(window.each.size() == 4);
  CHECK(window.each[0].end == 0);
  CHECK(window.each[2].first == 1);
  CHECK(window.each[2].end == 3);
  CHECK(rows_under(window, 1, 3, 9).first == 1);
  CHECK(rows_under(window, 1, 3, 9).end == 4);
}
