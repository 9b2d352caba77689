// The table of `linnet bench kernels`; see cases.h. A line is an operator and its shape: rows, columns, channels.
//
// Odd shapes (23, 47, 61: widths and channels that are no multiple of 4) stand under their even neighbours. Every kernel
// of every list must be in the table (tests/size/speed_budget.cpp).
#include "compiler/bench/cases.h"

#include <iterator>

#include "compiler/bench/make_case.h"

namespace linnet {
namespace bench {
namespace {

using Cases = std::vector<BenchCase>;

Cases dense_convolutions() {
  return {
      conv(s8, {24, 24, 64}, 64, {.size = 1}),
      conv(s8, {23, 23, 61}, 63, {.size = 1}),
      conv(s8, {12, 12, 256}, 64, {.size = 1}),
      conv(s8, {24, 24, 16}, 64, {.size = 1}),
      conv(s8, {48, 48, 24}, 112, {.size = 1}),
      conv(s8, {3, 3, 256}, 64, {.size = 1}),
      by("conv2d_s8_1x1", conv(s8, {24, 24, 64}, 64, {.size = 1})),
      by("conv2d_s8_any", conv(s8, {24, 24, 64}, 64, {.size = 1})),
      conv(s8, {24, 24, 32}, 32, {.size = 3, .pad = 1}),
      by("conv2d_s8_3x3_winograd", conv(s8, {24, 24, 32}, 32, {.size = 3, .pad = 1})),
      by("conv2d_s8_3x3_winograd", conv(s8, {23, 23, 31}, 33, {.size = 3, .pad = 1})),
      by("conv2d_s8_3x3_winograd", conv(s8, {6, 6, 128}, 128, {.size = 3, .pad = 1})),
      conv(s8, {6, 6, 128}, 128, {.size = 3, .pad = 1}),
      conv(s8, {23, 23, 31}, 33, {.size = 3, .pad = 1}),
      by("conv2d_s8_any", conv(s8, {24, 24, 32}, 32, {.size = 3, .pad = 1})),
      conv(s8, {96, 96, 3}, 16, {.size = 3, .stride = 2, .pad = 1}),
      by("conv2d_s8_any", conv(s8, {96, 96, 3}, 16, {.size = 3, .stride = 2, .pad = 1})),
      conv(s8, {96, 96, 1}, 16, {.size = 3, .stride = 2, .pad = 1}),
      conv(s8, {95, 95, 1}, 15, {.size = 3, .stride = 2, .pad = 1}),
      conv(s8, {96, 96, 2}, 16, {.size = 3, .stride = 2, .pad = 1}),
      conv(s8, {96, 96, 1}, 16, {.size = 7, .stride = 2, .pad = 3}),
      conv(s8, {95, 95, 3}, 15, {.size = 3, .stride = 2, .pad = 1}),
      conv(s8, {23, 23, 65}, 63, {.size = 1}),
      conv(s8, {24, 24, 18}, 50, {.size = 1}),
      conv(s8, {23, 23, 64}, 64, {.size = 1, .stride = 3}),
      conv(s8, {24, 24, 7}, 9, {.size = 3, .pad = 1}),
      scaled(100000, conv(s8, {24, 24, 64}, 64, {.size = 1})),
      scaled(0.001F, conv(s8, {24, 24, 64}, 64, {.size = 1})),
      scaled(0.001F, conv(s8, {23, 23, 31}, 33, {.size = 3, .pad = 1})),
      conv(s8, {24, 24, 16}, 24, {.size = 5, .pad = 2}),
      conv(s8, {6, 6, 64}, 64, {.size = 3, .pad = 1}),
      conv(s8, {12, 12, 16}, 16, {.size = 3, .pad = 1}, 3),
      int4(conv(s8, {24, 24, 64}, 64, {.size = 1})),
      int4(conv(s8, {23, 23, 61}, 63, {.size = 1})),
      int4(conv(s8, {16, 4, 384}, 64, {.size = 1})),
      int4(conv(s8, {24, 24, 32}, 32, {.size = 3, .pad = 1})),
      int4(conv(s8, {6, 6, 128}, 128, {.size = 3, .pad = 1})),
      int4(fully_connected(s8, 1024, 256)),
      fully_connected(s8, 1024, 256),
      fully_connected(s8, 1021, 255),
      transposed(s8, {12, 12, 32}, 16, {.size = 3, .stride = 2, .pad = 1}),
      transposed(s8, {8, 8, 16}, 8, {.size = 3, .stride = 2, .pad = 1}, 3),
      matmul(s8, 64, 32, 64),
  };
}

Cases depthwise_convolutions() {
  return {
      depthwise(s8, {48, 48, 48}, 3, 1),
      depthwise(s8, {47, 47, 47}, 3, 1),
      by("dwconv2d_s8_any", depthwise(s8, {48, 48, 48}, 3, 1)),
      depthwise(s8, {48, 48, 48}, 3, 2),
      depthwise(s8, {47, 47, 47}, 3, 2),
      depthwise(s8, {24, 24, 48}, 5, 1),
      depthwise(s8, {23, 23, 47}, 5, 1),
      depthwise(s8, {24, 24, 48}, 5, 2),
      depthwise(s8, {12, 12, 96}, 3, 1),
      depthwise(s8, {6, 6, 96}, 3, 1),
      depthwise(s8, {24, 24, 48}, 7, 1),
      by("dwconv2d_s8_any", depthwise(s8, {24, 24, 48}, 7, 1)),
      depthwise(s8, {23, 23, 47}, 7, 1),
      depthwise(s8, {24, 24, 48}, 7, 2),
      depthwise(s8, {24, 24, 48}, {.dilation = 2}),
      depthwise(s8, {24, 24, 48}, {.height = 1, .width = 7}),
      depthwise(s8, {24, 24, 48}, {.height = 7, .width = 1}),
      depthwise(s8, {24, 24, 48}, {.height = 4, .width = 4}),
      depthwise(s8, {24, 24, 48}, {.height = 4, .width = 4, .stride = 2}),
  };
}

Cases elementwise() {
  const auto add = Binary::Fn::add;
  const auto mul = Binary::Fn::mul;
  return {
      binary(s8, "add", add, {24, 24, 64}, {24, 24, 64}),
      binary(s8, "add", add, {23, 23, 61}, {23, 23, 61}),
      binary(s8, "add by channel", add, {24, 24, 64}, {1, 1, 64}),
      binary(s8, "multiply", mul, {24, 24, 64}, {24, 24, 64}),
      binary(s8, "multiply", mul, {23, 23, 61}, {23, 23, 61}),
      binary(s8, "multiply to a small scale", mul, {24, 24, 64}, {24, 24, 64}, 0.005F),
      binary(s8, "multiply by channel", mul, {24, 24, 64}, {1, 1, 64}),
      binary(s8, "multiply by channel", mul, {23, 23, 61}, {1, 1, 61}),
      binary(s8, "max", Binary::Fn::max, {24, 24, 64}, {24, 24, 64}),
      prelu({24, 24, 64}),
      unary(s8, "hard swish", {Unary::Fn::hard_swish, 0, 0}, {24, 24, 64}),
      unary(s8, "hard swish", {Unary::Fn::hard_swish, 0, 0}, {23, 23, 61}),
      quantize({24, 24, 16}),
      dequantize({24, 24, 16}),
  };
}

Cases pools_and_reductions() {
  const auto max = Pool2d::Kind::max;
  const auto average = Pool2d::Kind::average;
  const auto mean = Reduce::Kind::mean;
  return {
      pool(s8, average, {24, 24, 64}, 3, 1),
      pool(s8, average, {23, 23, 61}, 3, 1),
      pool(s8, average, {12, 12, 64}, 7, 1),
      pool(s8, average, {12, 12, 64}, 13, 1),
      pool(s8, max, {24, 24, 64}, 3, 1),
      pool(s8, max, {23, 23, 61}, 3, 1),
      reduce(s8, "global average pool", mean, {12, 12, 64}, {1, 2}),
      reduce(s8, "global average pool", mean, {11, 11, 61}, {1, 2}),
      reduce(s8, "mean of channels", mean, {12, 12, 64}, {3}),
      softmax(s8, 16, 64),
      layer_norm(s8, 64, 64),
      pool(f32, average, {12, 12, 16}, 3, 1),
      pool(f32, max, {12, 12, 16}, 3, 1),
      reduce(f32, "global average pool", mean, {12, 12, 16}, {1, 2}),
      reduce(f32, "mean of channels", mean, {12, 12, 16}, {3}),
      softmax(f32, 16, 16),
      layer_norm(f32, 16, 64),
  };
}

Cases moved_elements() {
  Resize twice;
  twice.output = {24, 24};
  twice.scale = {2, 2};
  Resize smooth = twice;
  smooth.mode = Resize::Mode::linear;
  const Pad pad{Pad::Mode::constant, {0, 1, 1, 0}, {0, 1, 1, 0}, 0};
  const Transpose transpose{{0, 3, 1, 2}};
  std::vector<std::int64_t> every_third;
  for (std::int64_t i = 0; i < 24; i += 3) every_third.push_back(i);
  const TensorValue rows = TensorValue::of({DType::i64, {8}, {}}, every_third);
  return {
      moving(s8, "concat of 16 and 32", Concat{3}, {{24, 24, 16}, {24, 24, 32}}),
      moving(s8, "transpose", transpose, {{24, 24, 32}}),
      moving(s8, "gather of columns", Gather{2}, {{24, 24, 32}}, {rows}),
      moving(s8, "pad", pad, {{24, 24, 32}}),
      moving(s8, "resize nearest x2", twice, {{12, 12, 32}}),
      moving(s8, "resize linear x2", smooth, {{12, 12, 32}}),
      moving(f32, "transpose", transpose, {{12, 12, 16}}),
      moving(f32, "pad", pad, {{12, 12, 16}}),
      moving(f32, "resize linear x2", smooth, {{12, 12, 16}}),
  };
}

Cases float_products() {
  return {
      conv(f32, {24, 24, 32}, 32, {.size = 1}),
      conv(f32, {23, 23, 31}, 33, {.size = 1}),
      conv(f32, {24, 24, 16}, 16, {.size = 3, .pad = 1}),
      conv(f32, {23, 23, 15}, 17, {.size = 3, .pad = 1}),
      conv(f32, {48, 48, 3}, 16, {.size = 3, .stride = 2, .pad = 1}),
      depthwise(f32, {24, 24, 32}, 3, 1),
      fully_connected(f32, 512, 64),
      transposed(f32, {8, 8, 16}, 16, {.size = 3, .stride = 2, .pad = 1}),
      matmul(f32, 32, 32, 32),
  };
}

Cases float_elementwise() {
  const Shape in{12, 12, 16};
  const auto function = [&](const char* name, Unary::Fn fn, float alpha = 0, float lo = -3) {
    return unary(f32, name, {fn, alpha, 0}, in, lo);
  };
  using Fn = Unary::Fn;
  return {
      binary(f32, "add", Binary::Fn::add, in, in),
      binary(f32, "power of two tensors", Binary::Fn::pow, in, in),
      function("hard swish", Fn::hard_swish),
      function("sigmoid", Fn::sigmoid),
      function("silu", Fn::silu),
      function("tanh", Fn::tanh),
      function("elu", Fn::elu, 0.7F),
      function("gelu", Fn::gelu),
      function("gelu by tanh", Fn::gelu_tanh),
      function("erf", Fn::erf),
      function("exp", Fn::exp),
      function("log", Fn::log, 0, 0.1F),
      function("power 1.7", Fn::pow, 1.7F, 0.1F),
  };
}

}  // namespace
}  // namespace bench

std::vector<BenchCase> bench_cases() {
  std::vector<BenchCase> all;
  for (const auto& part :
       {bench::dense_convolutions(), bench::depthwise_convolutions(), bench::elementwise(),
        bench::pools_and_reductions(), bench::moved_elements(), bench::float_products(),
        bench::float_elementwise()})
    all.insert(all.end(), part.begin(), part.end());
  return all;
}

}  // namespace linnet
