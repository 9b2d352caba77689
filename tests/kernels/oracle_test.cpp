// The oracle on cases small enough to compute by hand, family by family.
#include <catch2/catch.hpp>
#include <limits>

#include "compiler/reference/fixed_point.h"
#include "tests/kernels/values.h"

namespace linnet {
namespace {

using namespace testing;
using reference::Codes;
using reference::Requant;

Window window(int kernel_h, int kernel_w, int stride = 1, int dilation = 1, Pads pads = {}) {
  return {{kernel_h, kernel_w}, {stride, stride}, {dilation, dilation}, pads};
}

TEST_CASE("oracle: requantization rounds halves up, once") {
  // M = 1/2: m = 2^30, r = 31.
  const Requant half({0.5}, 3, {});
  CHECK(half.shift() == 31);
  CHECK(half.multiplier(0) == 1 << 30);
  CHECK(half(1) == 4);   // 0.5 -> 1
  CHECK(half(-1) == 3);  // -0.5 -> 0
  CHECK(half(-3) == 2);  // -1.5 -> -1
  CHECK(half(5) == 6);   // 2.5 -> 3
  CHECK(half(1000) == 127);
  CHECK(half(-1000) == -128);
  // The largest multiplier chooses the shift for all.
  const Requant two({0.25, -0.75}, 0, {});
  CHECK(two.shift() == 31);
  CHECK(two.multiplier(1) == -(3 << 29));
  CHECK(two(2, 0) == 1);
  CHECK(two(2, 1) == -1);  // -1.5 -> -1
  // Out of any shift's reach.
  const Requant huge({3e9}, 0, {});
  CHECK(huge.shift() == 1);
  CHECK(huge.multiplier(0) == 2147483647);
}

TEST_CASE("oracle: a fused activation's bounds become codes") {
  const Quantization q{{0.1F}, {-20}, -1};
  const Codes relu6 = reference::codes_of({0, 6}, q);
  CHECK(relu6.lo == -20);
  CHECK(relu6.hi == 40);
  const Codes none = reference::codes_of({}, q);
  CHECK(none.lo == -128);
  CHECK(none.hi == 127);
}

TEST_CASE("oracle: convolution with padding, stride and zero points") {
  // x - zx = 1..9 as 3x3, weights all one: with pads 1 and stride 2 the corners' 2x2 sums.
  const TensorValue x = codes(i8({1, 3, 3, 1}, 0.5F, 10), {11, 12, 13, 14, 15, 16, 17, 18, 19});
  const TensorValue w = codes(i8({1, 3, 3, 1}, 1.0F, 2), std::vector<int>(9, 3));
  Conv2d op{window(3, 3, 2, 1, {1, 1, 1, 1}), 1, {}};
  CHECK(run_int8(op, {x, w, bias({0})}, 0.5F, 0) == std::vector<int>{12, 16, 24, 28});
  CHECK(run_int8(op, {x, w, bias({-20})}, 0.5F, 5) == std::vector<int>{-3, 1, 9, 13});
  op.clamp = {0, 2};  // real 0..2 is codes 0..4
  CHECK(run_int8(op, {x, w, bias({-20})}, 0.5F, 0) == std::vector<int>{0, 0, 4, 4});
}

TEST_CASE("oracle: dilated and grouped convolution") {
  const TensorValue x = floats({1, 3, 3, 1}, {1, 2, 3, 4, 5, 6, 7, 8, 9});
  const TensorValue w = floats({1, 2, 2, 1}, {1, 10, 100, 1000});
  CHECK(run_float(Conv2d{window(2, 2, 1, 2), 1, {}}, {x, w}) == std::vector<float>{9731});
  // Two groups of one channel, two outputs each.
  const TensorValue two = floats({1, 1, 2, 2}, {1, 2, 3, 4});
  const TensorValue grouped = floats({4, 1, 1, 1}, {1, 10, 100, 1000});
  CHECK(run_float(Conv2d{window(1, 1), 2, {}}, {two, grouped}) ==
        std::vector<float>{1, 10, 200, 2000, 3, 30, 400, 4000});
  const TensorValue q = codes(i8({1, 1, 2, 2}, 1, 0), {1, 2, 3, 4});
  const TensorValue qw = codes(i8({4, 1, 1, 1}, 1, 0), {1, 10, 5, -7});
  CHECK(run_int8(Conv2d{window(1, 1), 2, {}}, {q, qw}, 1, 0) ==
        std::vector<int>{1, 10, 10, -14, 3, 30, 20, -28});
}

TEST_CASE("oracle: depthwise convolution with a scale for each channel") {
  const TensorValue x = codes(i8({1, 2, 1, 2}, 1, 0), {1, 2, 3, 4});
  TensorType wt = i8({2, 2, 1, 1}, 1, 0);
  wt.quantization = Quantization{{1.0F, 0.25F}, {0, 1}, 0};
  const TensorValue w = codes(wt, {1, 2, 3, 4});
  // channel 0: 1*1 + 3*2 = 7; channel 1: (2*2 + 4*3) / 4 = 4
  CHECK(run_int8(Conv2d{window(2, 1), 2, {}}, {x, w}, 1, 0) == std::vector<int>{7, 4});
  CHECK(run_float(Conv2d{window(2, 1), 2, {}},
                  {floats({1, 2, 1, 2}, {1, 2, 3, 4}), floats({2, 2, 1, 1}, {1, 2, 3, 4}),
                   floats({2}, {100, 200})}) == std::vector<float>{107, 222});
}

TEST_CASE("oracle: transposed convolution") {
  ConvTranspose2d op{window(2, 2, 2), {0, 0}, 1, {}};
  const TensorValue x = floats({1, 1, 2, 1}, {1, 2});
  const TensorValue w = floats({1, 2, 2, 1}, {1, 2, 3, 4});
  CHECK(run_float(op, {x, w}) == std::vector<float>{1, 2, 2, 4, 3, 4, 6, 8});
  op.window.stride = {1, 1};  // now the two kernels overlap in the middle column
  CHECK(run_float(op, {x, w}) == std::vector<float>{1, 4, 4, 3, 10, 8});
  op.window.pads = {0, 1, 0, 0};
  op.output_padding = {0, 1};
  CHECK(run_float(op, {x, w}) == std::vector<float>{4, 4, 0, 10, 8, 0});
  const TensorValue q = codes(i8({1, 1, 2, 1}, 1, 1), {2, 3});
  const TensorValue qw = codes(i8({1, 2, 2, 1}, 1, 0), {1, 2, 3, 4});
  CHECK(run_int8(op, {q, qw}, 1, 0) == std::vector<int>{4, 4, 0, 10, 8, 0});
  CHECK(macs(op, {{1, 1, 2, 1}, {1, 2, 2, 1}}, {1, 2, 3, 1}) == 8);
}

TEST_CASE("oracle: fully connected and matrix product") {
  const TensorValue x = codes(i8({2, 2}, 0.5F, 0), {1, 2, 3, 4});
  const TensorValue w = codes(i8({3, 2}, 1, 0), {1, 0, 0, 1, 1, 1});
  CHECK(run_int8(FullyConnected{}, {x, w, bias({0, 0, 1})}, 0.5F, 0) ==
        std::vector<int>{1, 2, 4, 3, 4, 8});
  const TensorValue b = codes(i8({2, 2}, 0.5F, 1), {2, 1, 1, 3});  // real 0.5 0 0 1
  CHECK(run_int8(MatMul{}, {x, b}, 0.25F, 0) == std::vector<int>{1, 4, 3, 8});
  // A batch against one matrix.
  const TensorValue batch = floats({2, 1, 2}, {1, 2, 3, 4});
  CHECK(run_float(MatMul{}, {batch, floats({2, 1}, {10, 1})}) == std::vector<float>{12, 34});
}

TEST_CASE("oracle: average pool counts taps inside the input or inside the pads") {
  Pool2d op{Pool2d::Kind::average, window(2, 2, 1, 1, {1, 1, 0, 0}), false, {}};
  const TensorValue x = floats({1, 2, 2, 1}, {4, 8, 12, 16});
  CHECK(run_float(op, {x}) == std::vector<float>{4, 6, 8, 10});
  const TensorValue q = codes(i8({1, 2, 2, 1}, 1, -5), {-1, 3, 7, 11});
  CHECK(run_int8(op, {q}, 1, 0) == std::vector<int>{4, 6, 8, 10});
  op.count_include_pad = true;
  op.include = {1, 1, 0, 0};
  CHECK(run_float(op, {x}) == std::vector<float>{1, 3, 4, 10});
  CHECK(run_int8(op, {q}, 1, 0) == std::vector<int>{1, 3, 4, 10});
  op.include = {0, 1, 0, 0};  // the top pad is ceil_mode's own and does not count
  CHECK(run_float(op, {x}) == std::vector<float>{2, 6, 4, 10});
}

TEST_CASE("oracle: max pool, on floats and on codes") {
  const Pool2d op{Pool2d::Kind::max, window(2, 2, 2, 1, {0, 0, 1, 1}), false, {}};
  CHECK(run_float(op, {floats({1, 3, 3, 1}, {1, 2, 3, 4, 5, 6, 7, 8, -9})}) ==
        std::vector<float>{5, 6, 8, -9});
  const TensorValue q = codes(i8({1, 3, 3, 1}, 1, 0), {1, 2, 3, 4, 5, 6, 7, 8, -9});
  CHECK(run_int8(op, {q}, 1, 0) == std::vector<int>{5, 6, 8, -9});
}

TEST_CASE("oracle: reductions") {
  const TensorValue x = floats({1, 2, 2, 2}, {1, 2, 3, 4, 5, 6, 7, -8});
  using Kind = Reduce::Kind;
  CHECK(run_float(Reduce{Kind::mean, {1, 2}, true}, {x}) == std::vector<float>{4, 1});
  CHECK(run_float(Reduce{Kind::sum, {3}, false}, {x}) == std::vector<float>{3, 7, 11, -1});
  CHECK(run_float(Reduce{Kind::max, {1}, true}, {x}) == std::vector<float>{5, 6, 7, 4});
  CHECK(run_float(Reduce{Kind::min, {0, 1, 2, 3}, false}, {x}) == std::vector<float>{-8});
  CHECK(run_float(Reduce{Kind::l2, {1}, true}, {floats({1, 2}, {3, 4})}) == std::vector<float>{5});
  const TensorValue q = codes(i8({1, 2, 2, 2}, 1, 1), {2, 3, 4, 5, 6, 7, 8, -7});
  CHECK(run_int8(Reduce{Kind::mean, {1, 2}, true}, {q}, 1, 0) == std::vector<int>{4, 1});
  CHECK(run_int8(Reduce{Kind::sum, {3}, true}, {q}, 2, 0) == std::vector<int>{2, 4, 6, 0});
  CHECK(run_int8(Reduce{Kind::max, {1, 2}, true}, {q}, 1, 1) == std::vector<int>{8, 7});
  const TensorValue integers = TensorValue::of<std::int64_t>({DType::i64, {3}, {}}, {5, -2, 9});
  const TensorValue product =
      evaluate(Op{Reduce{Kind::sum, {0}, true}}, {&integers}, {DType::i64, {1}, {}});
  CHECK(product.to_ints() == std::vector<std::int64_t>{12});
}

TEST_CASE("oracle: add, subtract and multiply two scales") {
  const TensorValue a = codes(i8({4}, 0.5F, 0), {1, 2, -3, 127});
  const TensorValue b = codes(i8({1}, 0.25F, 1), {3});  // 0.5
  using Fn = Binary::Fn;
  // 0.5+0.5, 1+0.5, -1.5+0.5, 63.5+0.5 in steps of 0.5
  CHECK(run_int8(Binary{Fn::add, {}}, {a, b}, 0.5F, 0) == std::vector<int>{2, 3, -2, 127});
  CHECK(run_int8(Binary{Fn::sub, {}}, {a, b}, 0.5F, 0) == std::vector<int>{0, 1, -4, 126});
  CHECK(run_int8(Binary{Fn::sub, {}}, {b, a}, 0.5F, 0) == std::vector<int>{0, -1, 4, -126});
  CHECK(run_int8(Binary{Fn::add, {0, 1}}, {a, b}, 0.5F, 0) == std::vector<int>{2, 2, 0, 2});
  // Halves go up: 0.5 -> 1, -0.5 -> 0 in steps of 1.
  CHECK(run_int8(Binary{Fn::add, {}}, {codes(i8({2}, 0.5F, 0), {1, -1}), codes(i8({}, 1, 0), {0})},
                 1, 0) == std::vector<int>{1, 0});
  CHECK(run_int8(Binary{Fn::mul, {}}, {a, b}, 0.25F, 0) == std::vector<int>{1, 2, -3, 127});
  CHECK(run_int8(Binary{Fn::mul, {}}, {a, b}, 0.5F, 7) == std::vector<int>{8, 8, 6, 71});
  CHECK(run_int8(Binary{Fn::min, {}}, {a, codes(i8({}, 0.5F, 0), {0})}, 0.5F, 0) ==
        std::vector<int>{0, 0, -3, 0});
}

TEST_CASE("oracle: PReLU with a slope for each channel") {
  const TensorValue x = codes(i8({2, 2}, 1, 10), {6, 6, 12, 20});
  const Binary op{Binary::Fn::prelu, {}};
  CHECK(run_int8(op, {x, floats({2}, {0.25F, -0.5F})}, 1, 0) == std::vector<int>{-1, 2, 2, 10});
  const TensorValue slope = codes(i8({1}, 0.25F, 0), {1});
  CHECK(run_int8(op, {x, slope}, 1, 0) == std::vector<int>{-1, -1, 2, 10});
}

TEST_CASE("oracle: functions of one input are tables") {
  const TensorValue x = codes(i8({3}, 1, 0), {-128, 0, 127});
  CHECK(run_int8(Unary{Unary::Fn::sigmoid, 0, 0}, {x}, 1.0F / 256, -128) ==
        std::vector<int>{-128, 0, 127});
  CHECK(run_int8(Unary{Unary::Fn::log, 0, 0}, {x}, 1, 5) == std::vector<int>{5, -128, 10});
  CHECK(run_int8(Requantize{}, {codes(i8({3}, 0.5F, 2), {2, 3, 5})}, 1, 0) ==
        std::vector<int>{0, 0, 2});  // 0, 0.5 and 1.5: halves to even here
  const TensorValue u =
      TensorValue::of<std::uint8_t>({DType::u8, {3}, Quantization{{1}, {128}, -1}}, {0, 128, 255});
  CHECK(run_int8(Requantize{}, {u}, 1, 0) == std::vector<int>{-128, 0, 127});
}

TEST_CASE("oracle: softmax in integers") {
  // Equal elements share 256: 64 each. A distance of ln 2 halves.
  CHECK(run_int8(Softmax{1}, {codes(i8({1, 4}, 1, 0), {5, 5, 5, 5})}, 1.0F / 256, -128) ==
        std::vector<int>{-64, -64, -64, -64});
  CHECK(run_int8(Softmax{1}, {codes(i8({1, 2}, 0.693147181F, 0), {1, 0})}, 1.0F / 256, -128) ==
        std::vector<int>{43, -43});  // 2/3 and 1/3 of 256 are 171 and 85
  CHECK(run_int8(Softmax{1}, {codes(i8({1, 2}, 100, 0), {127, -128})}, 1.0F / 256, -128) ==
        std::vector<int>{127, -128});
}

TEST_CASE("oracle: layer normalization") {
  // 1 3 has mean 2 and deviation 1.
  LayerNorm op{1, 0};
  CHECK(run_float(op, {floats({1, 2}, {1, 3}), floats({2}, {2, 2}), floats({2}, {1, 1})}) ==
        std::vector<float>{-1, 3});
  CHECK(run_int8(op,
                 {codes(i8({1, 2}, 0.5F, 4), {6, 10}), floats({2}, {2, 2}), floats({2}, {1, 1})},
                 0.5F, 0) == std::vector<int>{-2, 6});
}

TEST_CASE("oracle: linear resize in every coordinate mode") {
  const TensorValue x = floats({1, 1, 2, 1}, {0, 4});
  Resize op;
  op.mode = Resize::Mode::linear;
  op.output = {1, 4};
  op.scale = {1, 2};
  using Coordinate = Resize::Coordinate;
  op.coordinate = Coordinate::half_pixel;
  CHECK(run_float(op, {x}) == std::vector<float>{0, 1, 3, 4});
  op.coordinate = Coordinate::asymmetric;
  CHECK(run_float(op, {x}) == std::vector<float>{0, 2, 4, 4});
  op.coordinate = Coordinate::crop;
  op.roi_start = {0, 0.25F};
  op.roi_end = {1, 1.75F};
  op.extrapolation = -1;
  CHECK(run_float(op, {x}) == std::vector<float>{1, 3, -1, -1});
  op.output = {1, 5};
  op.scale = {1, 2.5F};
  op.coordinate = Coordinate::align_corners;
  CHECK(run_float(op, {x}) == std::vector<float>{0, 1, 2, 3, 4});
  CHECK(run_int8(op, {codes(i8({1, 1, 2, 1}, 1, 0), {0, 4})}, 1, 0) ==
        std::vector<int>{0, 1, 2, 3, 4});
  CHECK(run_int8(op, {codes(i8({1, 1, 2, 1}, 1, 0), {0, 2})}, 1, 0) ==
        std::vector<int>{0, 1, 1, 2, 2});  // halves go up
  op.output = {1, 1};
  op.scale = {1, 0.5F};
  op.coordinate = Coordinate::half_pixel;
  CHECK(run_float(op, {x}) == std::vector<float>{2});
  op.coordinate = Coordinate::pytorch_half_pixel;
  CHECK(run_float(op, {x}) == std::vector<float>{0});
}

TEST_CASE("oracle: nearest resize in every rounding") {
  const TensorValue x = floats({1, 1, 2, 1}, {1, 2});
  Resize op;
  op.output = {1, 4};
  op.scale = {1, 2};
  op.coordinate = Resize::Coordinate::asymmetric;  // coordinates 0, 0.5, 1, 1.5
  using Rounding = Resize::Rounding;
  op.rounding = Rounding::round_prefer_floor;
  CHECK(run_float(op, {x}) == std::vector<float>{1, 1, 2, 2});
  op.rounding = Rounding::round_prefer_ceil;
  CHECK(run_float(op, {x}) == std::vector<float>{1, 2, 2, 2});
  op.rounding = Rounding::floor;
  CHECK(run_float(op, {x}) == std::vector<float>{1, 1, 2, 2});
  op.rounding = Rounding::ceil;
  CHECK(run_float(op, {x}) == std::vector<float>{1, 2, 2, 2});
  CHECK(run_int8(op, {codes(i8({1, 1, 2, 1}, 1, 0), {-128, 127})}, 1, 0) ==
        std::vector<int>{-128, 127, 127, 127});
}

TEST_CASE("oracle: operators that move elements") {
  const TensorValue x = floats({2, 3}, {1, 2, 3, 4, 5, 6});
  CHECK(run_float(Transpose{{1, 0}}, {x}) == std::vector<float>{1, 4, 2, 5, 3, 6});
  CHECK(run_float(Slice{{1, 2}, {-1, -2}, {2, 2}}, {x}) == std::vector<float>{6, 4, 3, 1});
  CHECK(run_float(Concat{1}, {x, floats({2, 1}, {7, 8})}) ==
        std::vector<float>{1, 2, 3, 7, 4, 5, 6, 8});
  CHECK(run_float(Expand{{2, 2, 3}}, {x}) ==
        std::vector<float>{1, 2, 3, 4, 5, 6, 1, 2, 3, 4, 5, 6});
  const TensorValue indices = TensorValue::of<std::int64_t>({DType::i64, {2}, {}}, {2, 0});
  CHECK(run_float(Gather{1}, {x, indices}) == std::vector<float>{3, 1, 6, 4});
  using Mode = Pad::Mode;
  const TensorValue row = floats({3}, {1, 2, 3});
  CHECK(run_float(Pad{Mode::constant, {1}, {2}, 9}, {row}) == std::vector<float>{9, 1, 2, 3, 9, 9});
  CHECK(run_float(Pad{Mode::reflect, {2}, {1}, 0}, {row}) == std::vector<float>{3, 2, 1, 2, 3, 2});
  CHECK(run_float(Pad{Mode::edge, {1}, {2}, 0}, {row}) == std::vector<float>{1, 1, 2, 3, 3, 3});
  CHECK(run_int8(Pad{Mode::constant, {1}, {0}, 1.5F}, {codes(i8({1}, 0.5F, -4), {7})}, 0.5F, -4) ==
        std::vector<int>{-1, 7});
}

TEST_CASE("oracle: quantize, dequantize and casts") {
  const TensorValue x =
      floats({7}, {0.25F, 0.75F, -0.25F, 1e9F, -1e9F, std::numeric_limits<float>::quiet_NaN(), 1});
  CHECK(run_int8(Quantize{}, {x}, 0.5F, 3) == std::vector<int>{3, 5, 3, 127, -128, 3, 5});
  CHECK(run_float(Dequantize{}, {codes(i8({2}, 0.5F, 3), {3, -128})}) ==
        std::vector<float>{0, -65.5F});
  TensorType per_axis = i8({2, 2}, 1, 0);
  per_axis.quantization = Quantization{{1, 10}, {0, 1}, 1};
  CHECK(run_float(Dequantize{}, {codes(per_axis, {1, 2, 3, 4})}) ==
        std::vector<float>{1, 10, 3, 30});
  const TensorValue real = floats({4}, {1.9F, -1.9F, 1e30F, 0});
  const auto cast = [&](DType dtype) {
    return evaluate(Op{Cast{}}, {&real}, {dtype, {4}, {}}).to_ints();
  };
  CHECK(cast(DType::i64) == std::vector<std::int64_t>{1, -1, INT64_MAX, 0});
  CHECK(cast(DType::i32) == std::vector<std::int64_t>{1, -1, INT32_MAX, 0});
  CHECK(cast(DType::boolean) == std::vector<std::int64_t>{1, 1, 1, 0});
}

TEST_CASE("oracle: integer arithmetic of shapes") {
  const TensorValue a = TensorValue::of<std::int64_t>({DType::i64, {3}, {}}, {7, -7, 2});
  const TensorValue b = TensorValue::of<std::int64_t>({DType::i64, {}, {}}, {2});
  const auto run = [&](Binary::Fn fn) {
    return evaluate(Op{Binary{fn, {}}}, {&a, &b}, {DType::i64, {3}, {}}).to_ints();
  };
  CHECK(run(Binary::Fn::div) == std::vector<std::int64_t>{3, -3, 1});
  CHECK(run(Binary::Fn::pow) == std::vector<std::int64_t>{49, 49, 4});
  CHECK(run(Binary::Fn::max) == std::vector<std::int64_t>{7, 2, 2});
}

TEST_CASE("oracle: shapes that do not fit are refused with a reason") {
  Conv2d conv{window(3, 3), 1, {}};
  CHECK(inferred(conv, {{1, 5, 6, 2}, {4, 3, 3, 2}, {4}}) == Shape{1, 3, 4, 4});
  CHECK(fault(conv, {{1, 2, 6, 2}, {4, 3, 3, 2}}) ==
        "E120 the kernel covers 3 in height but the padded input has 2");
  CHECK(fault(conv, {{1, 5, 6, 3}, {4, 3, 3, 2}}) ==
        "E120 the weights take 2 input channels a group in 1 groups, the input has 3");
  CHECK(fault(conv, {{5, 6, 2}, {4, 3, 3, 2}}) ==
        "E120 the input has shape 5x6x2, expected 4 dimensions");
  conv.window.stride = {0, 1};
  CHECK(fault(conv, {{1, 5, 6, 2}, {4, 3, 3, 2}}) ==
        "E120 stride 0 is not supported, expected at least 1");
  CHECK(fault(Binary{}, {{2, 3}, {4}}) == "E120 shapes 2x3 and 4 cannot be broadcast");
  CHECK(fault(MatMul{}, {{2, 3}, {4, 5}}) == "E120 shapes 2x3 and 4x5 cannot be multiplied");
  CHECK(fault(Reshape{{7}}, {{2, 3}}) == "E120 2x3 cannot be reshaped to 7: 6 elements are not 7");
  CHECK(fault(Softmax{2}, {{2, 3}}) == "E120 axis 2 is out of range for shape 2x3");
  CHECK(fault(Slice{{1}, {1}, {3}}, {{3}}) == "E120 the slice leaves dimension 0 of 3");
  CHECK(fault(Slice{{0}, {INT64_MAX}, {3}}, {{3}}) == "E120 the slice leaves dimension 0 of 3");
  CHECK(fault(Expand{{1 << 20, 1 << 20}}, {{1}}) ==
        "E121 the output 1048576x1048576 has more than 2^31 elements");
  CHECK(fault(Pad{Pad::Mode::constant, {INT64_MAX}, {INT64_MAX}, 0}, {{3}}) ==
        "E121 dimension 2147483648 is out of range");
}

}  // namespace
}  // namespace linnet
