// Random valid graphs; see random_graph.h.
#include "tests/support/random_graph.h"

#include <algorithm>
#include <cmath>
#include <random>

#include "compiler/ops/ops.h"

namespace linnet {
namespace {

class Builder {
 public:
  Builder(std::uint32_t seed, const RandomGraphOptions& options)
      : options_(options), random_(seed) {}

  Graph run();

 private:
  using Step = TensorId (Builder::*)(TensorId);
  struct Choice {
    bool allowed;
    int weight;
    Step step;
  };

  // ---- chance ----
  // Not std::uniform_int_distribution: its values differ between standard libraries.
  std::int64_t below(std::int64_t count) {
    return static_cast<std::int64_t>(random_() % static_cast<std::uint64_t>(count));
  }
  std::int32_t between(std::int32_t lo, std::int32_t hi) {
    return lo + static_cast<std::int32_t>(below(hi - lo + 1));
  }
  bool chance(int percent) { return below(100) < percent; }
  float real(float lo, float hi) {
    return lo + (hi - lo) * static_cast<float>(below(1 << 20)) / static_cast<float>(1 << 20);
  }

  // ---- building ----
  TensorId node(Op op, std::vector<TensorId> inputs);
  TensorId constant(Shape shape, float lo, float hi);
  TensorId scalar(float value) {
    return graph_.add_constant(
        "c", TensorValue::of(TensorType{DType::f32, {}, {}}, std::vector<float>{value}));
  }
  TensorId unary(Unary::Fn fn, TensorId x, float alpha = 0, float beta = 0) {
    return node(Unary{fn, alpha, beta}, {x});
  }
  TensorId binary(Binary::Fn fn, TensorId a, TensorId b) { return node(Binary{fn, {}}, {a, b}); }
  const Shape& shape(TensorId id) const { return graph_.type(id).shape; }
  // Spatial operators want NHWC; tensors between operators are NCHW in exporter style.
  TensorId to_nhwc(TensorId x) {
    return options_.exporter_style ? node(Transpose{{0, 2, 3, 1}}, {x}) : x;
  }
  TensorId from_nhwc(TensorId x) {
    return options_.exporter_style ? node(Transpose{{0, 3, 1, 2}}, {x}) : x;
  }
  std::size_t channel_axis() const { return options_.exporter_style ? 1 : 3; }
  std::int64_t channels(TensorId x) const { return shape(x)[channel_axis()]; }
  Shape per_channel(TensorId x) const {
    Shape result(4, 1);
    result[channel_axis()] = channels(x);
    return result;
  }
  std::vector<std::int32_t> spatial_axes() const {
    return options_.exporter_style ? std::vector<std::int32_t>{2, 3}
                                   : std::vector<std::int32_t>{1, 2};
  }
  Window window(const Shape& nhwc, std::int32_t largest_kernel);
  TensorId convolution(TensorId nhwc, std::int64_t outputs, const Window& window,
                       std::int32_t groups);
  TensorId dense(TensorId x, std::int64_t outputs);
  TensorId pick();
  TensorId partner(TensorId x);

  // ---- steps: each takes a rank 4 tensor and gives one ----
  TensorId conv(TensorId x);
  TensorId grouped(TensorId x);
  TensorId conv_transpose(TensorId x);
  TensorId pool(TensorId x);
  TensorId function(TensorId x);
  TensorId composite(TensorId x);
  TensorId arithmetic(TensorId x);
  TensorId residual(TensorId x);
  TensorId batch_norm(TensorId x);
  TensorId concat(TensorId x);
  TensorId gate(TensorId x);
  TensorId reduce(TensorId x);
  TensorId resize(TensorId x);
  TensorId pad(TensorId x);
  TensorId reshape(TensorId x);
  TensorId transpose(TensorId x);
  TensorId softmax(TensorId x);
  TensorId attention(TensorId x);
  TensorId layer_norm_parts(TensorId x);
  TensorId softmax_parts(TensorId x);
  TensorId head(TensorId x);

  RandomGraphOptions options_;
  std::mt19937 random_;
  Graph graph_;
  std::vector<TensorId> live_;  // rank 4, to build on
  int made_ = 0;
};

TensorId Builder::node(Op op, std::vector<TensorId> inputs) {
  std::vector<Shape> shapes;
  for (const TensorId input : inputs) shapes.push_back(input.valid() ? shape(input) : Shape{});
  const Result<Shape> inferred = infer_shape(op, shapes);
  assert(inferred && "the generator made an operator that does not fit");
  const Origin origin{"n" + std::to_string(made_++), op_name(op)};
  return graph_.add_node(std::move(op), std::move(inputs), TensorType{DType::f32, *inferred, {}},
                         origin);
}

TensorId Builder::constant(Shape dimensions, float lo, float hi) {
  std::vector<float> elements(static_cast<std::size_t>(element_count(dimensions)));
  for (float& element : elements) element = real(lo, hi);
  return graph_.add_constant(
      "c", TensorValue::of(TensorType{DType::f32, std::move(dimensions), {}}, elements));
}

Window Builder::window(const Shape& nhwc, std::int32_t largest_kernel) {
  Window result;
  for (std::size_t i = 0; i < 2; ++i) {
    const auto length = static_cast<std::int32_t>(nhwc[i + 1]);
    result.kernel[i] = std::min(between(1, largest_kernel), length);
    result.dilation[i] =
        result.kernel[i] > 1 && (result.kernel[i] - 1) * 2 + 1 <= length && chance(15) ? 2 : 1;
    result.stride[i] = length > 3 && chance(30) ? 2 : 1;
  }
  const auto reach = [&](std::size_t i) { return result.dilation[i] * (result.kernel[i] - 1); };
  if (chance(60)) {
    result.pads = {between(0, reach(0) / 2), between(0, reach(1) / 2), between(0, reach(0) / 2),
                   between(0, reach(1) / 2)};
  }
  return result;
}

TensorId Builder::convolution(TensorId nhwc, std::int64_t outputs, const Window& taps,
                              std::int32_t groups) {
  const std::int64_t inputs = shape(nhwc)[3] / groups;
  const float limit =
      1.5f / std::sqrt(static_cast<float>(taps.kernel[0] * taps.kernel[1] * inputs));
  std::vector<TensorId> operands{
      nhwc, constant({outputs, taps.kernel[0], taps.kernel[1], inputs}, -limit, limit)};
  if (chance(70)) operands.push_back(constant({outputs}, -0.3f, 0.3f));
  return node(Conv2d{taps, groups, {}}, std::move(operands));
}

TensorId Builder::dense(TensorId x, std::int64_t outputs) {
  const std::int64_t inputs = shape(x).back();
  const float limit = 1.5f / std::sqrt(static_cast<float>(inputs));
  std::vector<TensorId> operands{x, constant({outputs, inputs}, -limit, limit)};
  if (chance(70)) operands.push_back(constant({outputs}, -0.3f, 0.3f));
  return node(FullyConnected{}, std::move(operands));
}

// A tensor to go on from, mostly the newest.
TensorId Builder::pick() {
  if (chance(70)) return live_.back();
  return live_[static_cast<std::size_t>(below(static_cast<std::int64_t>(live_.size())))];
}

// Another tensor of the same shape, or x itself.
TensorId Builder::partner(TensorId x) {
  std::vector<TensorId> same;
  for (const TensorId id : live_) {
    if (id != x && shape(id) == shape(x)) same.push_back(id);
  }
  return same.empty()
             ? x
             : same[static_cast<std::size_t>(below(static_cast<std::int64_t>(same.size())))];
}

TensorId Builder::conv(TensorId x) {
  const TensorId nhwc = to_nhwc(x);
  const Window taps = chance(40) ? Window{} : window(shape(nhwc), 4);
  return from_nhwc(convolution(nhwc, between(1, 12), taps, 1));
}

TensorId Builder::grouped(TensorId x) {
  const TensorId nhwc = to_nhwc(x);
  const auto count = static_cast<std::int32_t>(shape(nhwc)[3]);
  const std::int32_t groups = count % 2 == 0 && chance(30) ? count / 2 : count;
  return from_nhwc(convolution(nhwc, groups * between(1, 2), window(shape(nhwc), 5), groups));
}

TensorId Builder::conv_transpose(TensorId x) {
  const TensorId nhwc = to_nhwc(x);
  if (shape(nhwc)[1] > 16 || shape(nhwc)[2] > 16) return conv(x);
  ConvTranspose2d op;
  op.window.kernel = {between(2, 3), between(2, 3)};
  op.window.stride = {between(1, 2), between(1, 2)};
  if (chance(40)) op.window.pads = {0, 0, 1, 1};
  const std::int64_t outputs = between(1, 8);
  const TensorId w =
      constant({outputs, op.window.kernel[0], op.window.kernel[1], shape(nhwc)[3]}, -0.3f, 0.3f);
  return from_nhwc(node(op, {nhwc, w, constant({outputs}, -0.3f, 0.3f)}));
}

TensorId Builder::pool(TensorId x) {
  const TensorId nhwc = to_nhwc(x);
  Pool2d op;
  op.kind = chance(50) ? Pool2d::Kind::max : Pool2d::Kind::average;
  op.window = window(shape(nhwc), 3);
  op.window.dilation = {1, 1};
  if (op.window.kernel[0] < 3 || op.window.kernel[1] < 3) op.window.pads = {};
  op.window.pads.top = std::min(op.window.pads.top, 1);
  op.window.pads.left = std::min(op.window.pads.left, 1);
  op.window.pads.bottom = std::min(op.window.pads.bottom, 1);
  op.window.pads.right = std::min(op.window.pads.right, 1);
  if (op.kind == Pool2d::Kind::average && chance(40)) {
    op.count_include_pad = true;
    op.include = op.window.pads;
  }
  return from_nhwc(node(op, {nhwc}));
}

TensorId Builder::function(TensorId x) {
  using Fn = Unary::Fn;
  switch (below(12)) {
    case 0:
    case 1: return unary(Fn::clamp, x, 0, std::numeric_limits<float>::infinity());
    case 2: return unary(Fn::clamp, x, 0, 6);
    case 3: return unary(Fn::clamp, x, real(-1, 0), real(0, 1));
    case 4: return unary(Fn::sigmoid, x);
    case 5: return unary(Fn::silu, x);
    case 6: return unary(Fn::hard_swish, x);
    case 7: return unary(Fn::leaky_relu, x, 0.1f);
    case 8: return unary(Fn::tanh, x);
    case 9: return unary(Fn::hard_sigmoid, x, 0.2f, 0.5f);
    case 10: return unary(Fn::affine, x, real(-1, 1), real(-1, 1));
    default: return unary(Fn::gelu, x);
  }
}

TensorId Builder::layer_norm_parts(TensorId x) {
  using B = Binary::Fn;
  const TensorId mean = node(Reduce{Reduce::Kind::mean, {3}, true}, {x});
  const TensorId d = binary(B::sub, x, mean);
  const TensorId variance =
      node(Reduce{Reduce::Kind::mean, {3}, true},
           {chance(50) ? binary(B::pow, d, scalar(2)) : binary(B::mul, d, d)});
  const TensorId root = unary(Unary::Fn::sqrt, binary(B::add, variance, scalar(0.01f)));
  const TensorId y = binary(B::div, d, root);
  return binary(B::add, binary(B::mul, y, constant({shape(x)[3]}, 0.5f, 1.5f)),
                constant({shape(x)[3]}, -1, 1));
}

TensorId Builder::softmax_parts(TensorId x) {
  const std::int32_t axis = between(1, 3);
  const TensorId shifted =
      binary(Binary::Fn::sub, x, node(Reduce{Reduce::Kind::max, {axis}, true}, {x}));
  const TensorId e = unary(Unary::Fn::exp, shifted);
  return binary(Binary::Fn::div, e, node(Reduce{Reduce::Kind::sum, {axis}, true}, {e}));
}

TensorId Builder::composite(TensorId x) {
  using Fn = Unary::Fn;
  using B = Binary::Fn;
  switch (below(7)) {
    case 0: return binary(B::mul, x, unary(Fn::sigmoid, x));
    case 1: return binary(B::mul, unary(Fn::hard_sigmoid, x, 1.0f / 6, 0.5f), x);
    case 2: {
      const TensorId gate = unary(Fn::clamp, binary(B::add, x, scalar(3)), 0, 6);
      return binary(B::div, binary(B::mul, x, gate), scalar(6));
    }
    case 3: {
      const TensorId e = unary(Fn::erf, binary(B::div, x, scalar(1.41421356f)));
      const TensorId gate = binary(B::add, e, scalar(1));
      if (chance(50)) return binary(B::mul, binary(B::mul, x, gate), scalar(0.5f));
      return binary(B::mul, binary(B::mul, x, scalar(0.5f)), gate);
    }
    case 4: {
      const TensorId cube = binary(B::mul, binary(B::pow, x, scalar(3)), scalar(0.044715f));
      const TensorId t =
          unary(Fn::tanh, binary(B::mul, binary(B::add, x, cube), scalar(0.797884561f)));
      return binary(B::mul, binary(B::mul, x, scalar(0.5f)), binary(B::add, t, scalar(1)));
    }
    case 5: return layer_norm_parts(x);
    default: return softmax_parts(x);
  }
}

TensorId Builder::arithmetic(TensorId x) {
  using B = Binary::Fn;
  static constexpr B kFunctions[] = {B::add, B::sub, B::mul, B::max, B::min, B::div, B::prelu};
  const B fn = kFunctions[below(7)];
  const TensorId other =
      chance(40) ? scalar(real(0.3f, 1.3f)) : constant(per_channel(x), 0.3f, 1.3f);
  const bool ordered = fn == B::div || fn == B::prelu;
  return ordered || chance(70) ? binary(fn, x, other) : binary(fn, other, x);
}

TensorId Builder::residual(TensorId x) {
  const TensorId other = partner(x);
  const TensorId sum = binary(chance(80) ? Binary::Fn::add : Binary::Fn::sub, x, other);
  return chance(50) ? unary(Unary::Fn::clamp, sum, 0, std::numeric_limits<float>::infinity()) : sum;
}

TensorId Builder::batch_norm(TensorId x) {
  const Shape c{channels(x)};
  const TensorId scale = constant(c, 0.5f, 1.5f);
  const TensorId bias = constant(c, -0.5f, 0.5f);
  const TensorId mean = constant(c, -0.5f, 0.5f);
  const TensorId variance = constant(c, 0.3f, 2);
  return from_nhwc(node(BatchNorm{}, {to_nhwc(x), scale, bias, mean, variance}));
}

TensorId Builder::concat(TensorId x) {
  const auto axis = static_cast<std::int32_t>(chance(70) ? static_cast<std::int64_t>(channel_axis())
                                                         : between(1, 3));
  const auto index = static_cast<std::size_t>(axis);
  TensorId other = partner(x);
  if (other == x || chance(30)) {
    Slice slice{{0, 0, 0, 0}, {1, 1, 1, 1}, shape(x)};
    slice.size[index] = 1 + below(shape(x)[index]);
    slice.start[index] = below(shape(x)[index] - slice.size[index] + 1);
    other = node(slice, {x});
  }
  const TensorId joined =
      chance(50) ? node(Concat{axis}, {x, other}) : node(Concat{axis}, {other, x});
  if (shape(joined)[index] <= 24) return joined;
  Slice half{{0, 0, 0, 0}, {1, 1, 1, 1}, shape(joined)};  // else shapes would grow without end
  half.step[index] = 2;
  half.size[index] = (shape(joined)[index] + 1) / 2;
  return node(half, {joined});
}

TensorId Builder::gate(TensorId x) {
  TensorId pooled{};
  if (chance(50)) {
    pooled = node(Reduce{Reduce::Kind::mean, spatial_axes(), true}, {x});
  } else {
    pooled = node(Reduce{Reduce::Kind::mean, spatial_axes(), false}, {x});
    Shape unsqueezed = per_channel(x);
    unsqueezed[0] = shape(x)[0];
    pooled = node(Reshape{unsqueezed}, {pooled});
  }
  TensorId y = convolution(to_nhwc(pooled), 3, Window{}, 1);
  if (chance(50)) y = from_nhwc(y);
  const bool model_layout = options_.exporter_style && shape(y)[1] == 3;
  y = unary(Unary::Fn::clamp, y, 0, std::numeric_limits<float>::infinity());
  y = convolution(model_layout ? to_nhwc(y) : y, channels(x), Window{}, 1);
  y = unary(chance(50) ? Unary::Fn::sigmoid : Unary::Fn::hard_sigmoid, from_nhwc(y), 0.2f, 0.5f);
  return binary(Binary::Fn::mul, x, y);
}

TensorId Builder::reduce(TensorId x) {
  static constexpr Reduce::Kind kKinds[] = {Reduce::Kind::mean, Reduce::Kind::max,
                                            Reduce::Kind::min, Reduce::Kind::l2};
  const Reduce::Kind kind = kKinds[below(4)];
  const std::int32_t axis = between(1, 3);
  const TensorId kept = node(Reduce{kind, {axis}, true}, {x});
  return binary(Binary::Fn::add, x, kept);
}

TensorId Builder::resize(TensorId x) {
  const TensorId nhwc = to_nhwc(x);
  if (shape(nhwc)[1] > 12 || shape(nhwc)[2] > 12) return pool(x);
  Resize op;
  op.mode = chance(60) ? Resize::Mode::nearest : Resize::Mode::linear;
  op.coordinate = chance(50) ? Resize::Coordinate::asymmetric : Resize::Coordinate::half_pixel;
  op.rounding = Resize::Rounding::floor;
  op.scale = {2, 2};
  op.output = {static_cast<std::int32_t>(shape(nhwc)[1] * 2),
               static_cast<std::int32_t>(shape(nhwc)[2] * 2)};
  return from_nhwc(node(op, {nhwc}));
}

TensorId Builder::pad(TensorId x) {
  if (shape(x)[1] + shape(x)[2] + shape(x)[3] > 64) return function(x);
  Pad op;
  op.before.assign(4, 0);
  op.after.assign(4, 0);
  if (chance(20)) {
    op.after[static_cast<std::size_t>(between(1, 3))] = 1;
  } else {
    for (const std::int32_t axis : spatial_axes()) {
      op.before[static_cast<std::size_t>(axis)] = below(2);
      op.after[static_cast<std::size_t>(axis)] = below(3);
    }
  }
  if (chance(15)) op.value = 0.5f;
  return node(op, {x});
}

// To another rank, a function, and back.
TensorId Builder::reshape(TensorId x) {
  const Shape& s = shape(x);
  Shape other = chance(50) ? Shape{s[0], s[1] * s[2], s[3]} : Shape{s[0], s[1], s[2] * s[3]};
  if (chance(30)) other = {s[0] * s[1], 1, s[2], s[3], 1};
  const Shape original = s;
  TensorId y = node(Reshape{other}, {x});
  if (other.size() == 3 && chance(50)) {
    y = node(Transpose{{0, 2, 1}}, {y});
    y = function(y);
    y = node(Transpose{{0, 2, 1}}, {y});
  } else {
    y = function(y);
  }
  return node(Reshape{original}, {y});
}

TensorId Builder::transpose(TensorId x) {
  std::vector<std::int32_t> permutation{0, 1, 2, 3};
  for (std::size_t i = 3; i > 1; --i)
    std::swap(permutation[i],
              permutation[static_cast<std::size_t>(between(1, static_cast<std::int32_t>(i)))]);
  std::vector<std::int32_t> back(4);
  for (std::size_t i = 0; i < 4; ++i)
    back[static_cast<std::size_t>(permutation[i])] = static_cast<std::int32_t>(i);
  TensorId y = function(node(Transpose{permutation}, {x}));
  return chance(80) ? node(Transpose{back}, {y}) : y;
}

TensorId Builder::softmax(TensorId x) { return node(Softmax{between(1, 3)}, {x}); }

TensorId Builder::attention(TensorId x) {
  const Shape s = shape(x);
  if (s[1] * s[2] > 200) return pool(x);
  const TensorId tokens = node(Reshape{{s[0], s[1] * s[2], s[3]}}, {x});
  const TensorId keys = node(Transpose{{0, 2, 1}}, {tokens});
  TensorId scores = node(MatMul{}, {tokens, keys});
  scores = binary(Binary::Fn::mul, scores, scalar(1 / std::sqrt(static_cast<float>(s[3]))));
  const TensorId mixed = node(MatMul{}, {node(Softmax{2}, {scores}), tokens});
  const float limit = 1.5f / std::sqrt(static_cast<float>(s[3]));
  return node(Reshape{s}, {node(MatMul{}, {mixed, constant({s[3], s[3]}, -limit, limit)})});
}

TensorId Builder::head(TensorId x) {
  const Shape s = shape(x);
  TensorId flat{};
  if (chance(50)) {
    flat = node(Reduce{Reduce::Kind::mean, spatial_axes(), false}, {x});
  } else {
    flat = node(Reshape{{s[0], s[1] * s[2] * s[3]}}, {x});
  }
  if (chance(30)) flat = unary(Unary::Fn::clamp, flat, 0, std::numeric_limits<float>::infinity());
  TensorId y = dense(flat, between(2, 10));
  if (chance(50)) y = dense(chance(50) ? function(y) : y, between(2, 10));
  return chance(40) ? node(Softmax{1}, {y}) : y;
}

Graph Builder::run() {
  graph_.name = "random";
  const Shape input =
      options_.exporter_style
          ? Shape{options_.batch, options_.channels, options_.height, options_.width}
          : Shape{options_.batch, options_.height, options_.width, options_.channels};
  const TensorId x = graph_.add_tensor("input", TensorType{DType::f32, input, {}});
  graph_.inputs.push_back(Port{x, "input", input, DType::f32, {}, {}});
  live_.push_back(x);

  const RandomGraphOptions& o = options_;
  const std::vector<Choice> choices{{o.conv, 4, &Builder::conv},
                                    {o.depthwise, 3, &Builder::grouped},
                                    {o.conv_transpose, 1, &Builder::conv_transpose},
                                    {o.pool, 2, &Builder::pool},
                                    {o.unary, 4, &Builder::function},
                                    {o.composites, 4, &Builder::composite},
                                    {o.binary, 3, &Builder::arithmetic},
                                    {o.binary, 2, &Builder::residual},
                                    {o.batch_norm, 3, &Builder::batch_norm},
                                    {o.concat, 2, &Builder::concat},
                                    {o.gate, 2, &Builder::gate},
                                    {o.reduce, 1, &Builder::reduce},
                                    {o.resize, 1, &Builder::resize},
                                    {o.pad, 2, &Builder::pad},
                                    {o.reshape, 1, &Builder::reshape},
                                    {o.transpose, 1, &Builder::transpose},
                                    {o.softmax, 1, &Builder::softmax},
                                    {o.matmul, 1, &Builder::attention}};
  std::vector<Step> weighted;
  for (const Choice& choice : choices) {
    if (choice.allowed)
      weighted.insert(weighted.end(), static_cast<std::size_t>(choice.weight), choice.step);
  }
  for (int i = 0; i < o.nodes && !weighted.empty(); ++i) {
    const Step step =
        weighted[static_cast<std::size_t>(below(static_cast<std::int64_t>(weighted.size())))];
    live_.push_back((this->*step)(pick()));
  }
  if (o.fully_connected && chance(60)) head(live_.back());

  const Uses uses(graph_);
  for (const Node& n : graph_.nodes) {
    const TensorId output = n.output();
    if (!uses.readers[output].empty()) continue;
    const std::string name = "output" + std::to_string(graph_.outputs.size());
    graph_.outputs.push_back(Port{output, name, shape(output), DType::f32, {}, {}});
  }
  return std::move(graph_);
}

}  // namespace

Graph random_graph(std::uint32_t seed, const RandomGraphOptions& options) {
  return Builder(seed, options).run();
}

}  // namespace linnet
