// See make_case.h. Scales are chosen so that outputs spread over int8 and seldom saturate.
#include "compiler/bench/make_case.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cassert>
#include <cmath>

#include "compiler/ops/ops.h"
#include "compiler/quant/int4.h"

namespace linnet {

TensorValue seeded_value(const TensorType& type, std::uint32_t seed, float lo, float hi) {
  std::uint32_t state = seed * 2654435761U + 1;
  const auto next = [&state] {
    state = state * 1664525U + 1013904223U;
    return state >> 8;
  };
  const auto count = static_cast<std::size_t>(type.elements());
  if (type.dtype == DType::f32) {
    std::vector<float> values(count);
    for (float& value : values) value = lo + (hi - lo) * (static_cast<float>(next()) / 16777216.0F);
    return TensorValue::of(type, values);
  }
  assert(type.dtype == DType::i8);
  std::vector<std::int8_t> codes(count);
  for (std::int8_t& code : codes) code = static_cast<std::int8_t>(next() >> 16);
  return TensorValue::of(type, codes);
}

namespace bench {
namespace {

constexpr float kScale = 0.05F;
constexpr float kWeightScale = 0.01F;

TensorType type_of(Precision precision, Shape shape, float scale = kScale, std::int32_t zero = -5) {
  if (precision == f32) return {DType::f32, std::move(shape), std::nullopt};
  return {DType::i8, std::move(shape), Quantization{{scale}, {zero}, -1}};
}

Shape with_batch(const Shape& shape) {
  Shape batched{1};
  batched.insert(batched.end(), shape.begin(), shape.end());
  return batched;
}

std::string size_of(const Shape& shape) { return fmt::format("{}", fmt::join(shape, "x")); }

std::string named(Precision precision, const std::string& name) {
  return precision == f32 ? "float " + name : name;
}

// The output's type: its shape is what the operator gives.
void finish(BenchCase& made, TensorType output) {
  std::vector<Shape> shapes;
  for (const TensorType& input : made.inputs) shapes.push_back(input.shape);
  for (const TensorValue& constant : made.constants) shapes.push_back(constant.type.shape);
  const Result<Shape> shape = infer_shape(made.op, shapes);
  assert(shape && "a case of the table has sound shapes");
  output.shape = *shape;
  made.output = std::move(output);
}

// Weights with a scale for each of `channels` and a bias.
std::vector<TensorValue> weights_and_bias(Precision precision, const Shape& shape,
                                          std::size_t channel_axis, std::int64_t channels,
                                          std::int32_t weights_zero) {
  constexpr std::uint32_t weights_seed = 11;
  constexpr std::uint32_t bias_seed = 12;
  const TensorType floats{DType::f32, shape, std::nullopt};
  const TensorType float_bias{DType::f32, {channels}, std::nullopt};
  if (precision == f32)
    return {seeded_value(floats, weights_seed, -1, 1), seeded_value(float_bias, bias_seed, -1, 1)};
  Quantization quantization;
  quantization.axis = static_cast<int>(channel_axis);
  for (std::int64_t o = 0; o < channels; ++o) {
    quantization.scale.push_back(kWeightScale * (0.6F + 0.1F * static_cast<float>(o % 9)));
    quantization.zero_point.push_back(weights_zero);
  }
  const std::vector<float> values = seeded_value(floats, weights_seed, -127, 127).to_floats();
  std::vector<std::int8_t> codes;
  for (const float value : values) codes.push_back(static_cast<std::int8_t>(std::lround(value)));
  const std::vector<float> biases = seeded_value(float_bias, bias_seed, -9000, 9000).to_floats();
  std::vector<std::int32_t> bias(biases.begin(), biases.end());
  return {TensorValue::of({DType::i8, shape, quantization}, codes),
          TensorValue::of({DType::i32, {channels}, Quantization{{1.0F}, {0}, -1}}, bias)};
}

// Of a sum of `terms` products.
TensorType sum_type(Precision precision, std::int64_t terms) {
  const float scale = kScale * kWeightScale * 100 * std::sqrt(static_cast<float>(terms));
  return type_of(precision, {}, scale, 9);
}

Window window_of(const Kernel2d& kernel) {
  Window window;
  window.kernel = {kernel.size, kernel.size};
  window.stride = {kernel.stride, kernel.stride};
  window.pads = {kernel.pad, kernel.pad, kernel.pad, kernel.pad};
  return window;
}

std::string describe(const Kernel2d& kernel) {
  std::string text = fmt::format("{0}x{0}", kernel.size);
  if (kernel.stride != 1) text += fmt::format(" s{}", kernel.stride);
  if (kernel.pad != 0) text += fmt::format(" p{}", kernel.pad);
  return text;
}

}  // namespace

BenchCase conv(Precision precision, const Shape& in, std::int64_t out_channels, Kernel2d kernel,
               std::int32_t weights_zero) {
  BenchCase made;
  made.name = named(precision, fmt::format("{} {}->{}{}", describe(kernel), size_of(in),
                                           out_channels, weights_zero == 0 ? "" : " wide weights"));
  made.op = Conv2d{window_of(kernel), 1, {}};
  made.inputs = {type_of(precision, with_batch(in))};
  made.constants = weights_and_bias(precision, {out_channels, kernel.size, kernel.size, in.back()},
                                    0, out_channels, weights_zero);
  finish(made, sum_type(precision, in.back() * kernel.size * kernel.size));
  return made;
}

BenchCase depthwise(Precision precision, const Shape& in, std::int32_t size, std::int32_t stride) {
  return depthwise(precision, in, {size, size, stride, 1});
}

BenchCase depthwise(Precision precision, const Shape& in, DepthwiseWindow window) {
  BenchCase made;
  made.name = fmt::format("depthwise {}x{} s{}", window.height, window.width, window.stride);
  if (window.dilation != 1) made.name += fmt::format(" d{}", window.dilation);
  made.name = named(precision, fmt::format("{} {}", made.name, size_of(in)));
  Window w;
  w.kernel = {window.height, window.width};
  w.stride = {window.stride, window.stride};
  w.dilation = {window.dilation, window.dilation};
  const std::int32_t down = window.dilation * (window.height - 1);
  const std::int32_t right = window.dilation * (window.width - 1);
  w.pads = {down / 2, right / 2, down / 2, right / 2};
  const std::int64_t channels = in.back();
  made.op = Conv2d{w, static_cast<std::int32_t>(channels), {}};
  made.inputs = {type_of(precision, with_batch(in))};
  made.constants =
      weights_and_bias(precision, {channels, window.height, window.width, 1}, 0, channels, 0);
  finish(made, sum_type(precision, window.height * window.width));
  return made;
}

BenchCase transposed(Precision precision, const Shape& in, std::int64_t out_channels,
                     Kernel2d kernel, std::int32_t weights_zero) {
  BenchCase made;
  made.name = named(precision, fmt::format("transposed {} {}->{}{}", describe(kernel), size_of(in),
                                           out_channels, weights_zero == 0 ? "" : " wide weights"));
  made.op = ConvTranspose2d{window_of(kernel), {kernel.stride - 1, kernel.stride - 1}, 1, {}};
  made.inputs = {type_of(precision, with_batch(in))};
  made.constants = weights_and_bias(precision, {out_channels, kernel.size, kernel.size, in.back()},
                                    0, out_channels, weights_zero);
  finish(made, sum_type(precision, in.back() * kernel.size * kernel.size));
  return made;
}

BenchCase fully_connected(Precision precision, std::int64_t in, std::int64_t out) {
  BenchCase made;
  made.name = named(precision, fmt::format("fully connected {}->{}", in, out));
  made.op = FullyConnected{};
  made.inputs = {type_of(precision, {1, in})};
  made.constants = weights_and_bias(precision, {out, in}, 0, out, 0);
  finish(made, sum_type(precision, in));
  return made;
}

BenchCase matmul(Precision precision, std::int64_t m, std::int64_t k, std::int64_t n) {
  BenchCase made;
  made.name = named(precision, fmt::format("matrix product {}x{} {}x{}", m, k, k, n));
  made.op = MatMul{};
  made.inputs = {type_of(precision, {m, k}), type_of(precision, {k, n}, kWeightScale, 3)};
  finish(made, sum_type(precision, k));
  return made;
}

BenchCase pool(Precision precision, Pool2d::Kind kind, const Shape& in, std::int32_t size,
               std::int32_t stride) {
  BenchCase made;
  const bool max = kind == Pool2d::Kind::max;
  made.name = named(precision, fmt::format("{0} pool {1}x{1} s{2} {3}", max ? "max" : "average",
                                           size, stride, size_of(in)));
  Pool2d op;
  op.kind = kind;
  op.window = window_of({size, stride, size / 2});
  op.include = op.window.pads;
  made.op = op;
  made.inputs = {type_of(precision, with_batch(in))};
  finish(made, made.inputs.front());  // pools keep their input's scale (docs/quantization.md)
  return made;
}

BenchCase reduce(Precision precision, const std::string& name, Reduce::Kind kind, const Shape& in,
                 std::vector<std::int32_t> axes) {
  BenchCase made;
  made.name = named(precision, fmt::format("{} {}", name, size_of(in)));
  made.op = Reduce{kind, std::move(axes), true};
  made.inputs = {type_of(precision, with_batch(in))};
  const bool picks = kind == Reduce::Kind::max || kind == Reduce::Kind::min;
  finish(made, picks ? made.inputs.front() : type_of(precision, {}, kScale / 4, 2));
  return made;
}

BenchCase softmax(Precision precision, std::int64_t rows, std::int64_t elements) {
  BenchCase made;
  made.name = named(precision, fmt::format("softmax {}x{}", rows, elements));
  made.op = Softmax{1};
  made.inputs = {type_of(precision, {rows, elements})};
  finish(made, type_of(precision, {}, 1.0F / 256, -128));
  return made;
}

BenchCase layer_norm(Precision precision, std::int64_t rows, std::int64_t elements) {
  BenchCase made;
  made.name = named(precision, fmt::format("layer normalization {}x{}", rows, elements));
  made.op = LayerNorm{1, 1e-5F};
  made.inputs = {type_of(precision, {rows, elements})};
  const TensorType floats{DType::f32, {elements}, std::nullopt};
  made.constants = {seeded_value(floats, 21, 0.5F, 1.5F), seeded_value(floats, 22, -1, 1)};
  finish(made, type_of(precision, {}, 0.02F, 1));
  return made;
}

BenchCase binary(Precision precision, const std::string& name, Binary::Fn fn, const Shape& in,
                 const Shape& with, float product_scale) {
  BenchCase made;
  made.name = named(precision, fmt::format("{} {}", name, size_of(in)));
  made.op = Binary{fn, {}};
  const bool compares = fn == Binary::Fn::min || fn == Binary::Fn::max;  // in one scale
  made.inputs = {type_of(precision, with_batch(in)),
                 type_of(precision, with_batch(with), compares ? kScale : 0.03F, -5)};
  const float scale = fn == Binary::Fn::mul ? product_scale : 0.07F;
  finish(made, compares ? made.inputs.front() : type_of(precision, {}, scale, 3));
  if (fn == Binary::Fn::pow) made.lo = 0.1F;
  return made;
}

BenchCase prelu(const Shape& in) {
  BenchCase made;
  made.name = fmt::format("prelu {}", size_of(in));
  made.op = Binary{Binary::Fn::prelu, {}};
  made.inputs = {type_of(s8, with_batch(in))};
  made.constants = {seeded_value({DType::f32, {in.back()}, std::nullopt}, 31, 0.1F, 0.4F)};
  finish(made, type_of(s8, {}, 0.06F, -20));
  return made;
}

BenchCase unary(Precision precision, const std::string& name, Unary op, const Shape& in, float lo,
                float hi) {
  BenchCase made;
  made.name = named(precision, fmt::format("{} {}", name, size_of(in)));
  made.op = op;
  made.inputs = {type_of(precision, with_batch(in))};
  made.lo = lo;
  made.hi = hi;
  finish(made, type_of(precision, {}, kScale, -20));
  return made;
}

BenchCase quantize(const Shape& in) {
  BenchCase made;
  made.name = fmt::format("quantize {}", size_of(in));
  made.op = Quantize{};
  made.inputs = {type_of(f32, with_batch(in))};
  finish(made, type_of(s8, {}, 0.02F, 3));
  return made;
}

BenchCase dequantize(const Shape& in) {
  BenchCase made;
  made.name = fmt::format("dequantize {}", size_of(in));
  made.op = Dequantize{};
  made.inputs = {type_of(s8, with_batch(in))};
  finish(made, type_of(f32, {}));
  return made;
}

BenchCase moving(Precision precision, const std::string& name, Op op,
                 const std::vector<Shape>& inputs, std::vector<TensorValue> constants) {
  BenchCase made;
  made.name = named(precision, fmt::format("{} {}", name, size_of(inputs.front())));
  made.op = std::move(op);
  for (const Shape& shape : inputs) made.inputs.push_back(type_of(precision, with_batch(shape)));
  made.constants = std::move(constants);
  finish(made, made.inputs.front());
  return made;
}

BenchCase scaled(float factor, BenchCase which) {
  which.name += fmt::format(" scaled by {}", factor);
  which.output.quantization->scale[0] *= factor;
  return which;
}

BenchCase int4(BenchCase which) {
  TensorValue& weights = which.constants.front();
  const std::vector<std::size_t> groups = int4_groups(weights.type.shape);
  const std::vector<std::int64_t> codes = weights.to_ints();
  std::vector<std::int8_t> rounded;
  for (std::size_t i = 0; i < codes.size(); ++i) {
    const std::size_t channel = i / groups.size(), group = groups[i % groups.size()];
    const auto scale = static_cast<int>(9 + (channel + 3 * group) % 10);
    rounded.push_back(static_cast<std::int8_t>(scale * (static_cast<int>(codes[i]) / 18)));
  }
  TensorType type = weights.type;
  type.quantization->int4 = true;
  weights = TensorValue::of(std::move(type), rounded);
  which.name += " int4 weights";
  return which;
}

BenchCase by(const std::string& kernel, BenchCase which) {
  which.kernel = kernel;
  which.name += " by " + kernel;
  return which;
}

}  // namespace bench
}  // namespace linnet
