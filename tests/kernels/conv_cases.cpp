// Random convolutions; see conv_cases.h.
#include "tests/kernels/conv_cases.h"

#include <fmt/format.h>

#include <algorithm>
#include <catch2/catch.hpp>

#include "compiler/lower/describe_op.h"
#include "compiler/lower/lower.h"
#include "compiler/ops/ops.h"
#include "compiler/quant/fixed_point.h"
#include "compiler/quant/int4.h"
#include "compiler/reference/interpreter.h"

namespace linnet::testing {
namespace {

// Every group of a channel an integer of its own times [-7, 7].
TensorValue random_int4(const Shape& shape, Quantization q, Random& random) {
  const std::vector<std::size_t> groups = int4_groups(shape);
  std::vector<std::int8_t> codes;
  for (std::int64_t o = 0; o < shape[0]; ++o) {
    std::vector<std::int64_t> scales(groups.size() + 1);
    for (auto& g : scales) g = random.chance(5) ? 1 : random.integer(1, kInt4MostScale);
    for (const std::size_t group : groups)
      codes.push_back(static_cast<std::int8_t>(scales[group] * random.integer(-7, 7)));
  }
  q.int4 = true;
  return TensorValue::of(TensorType{DType::i8, shape, std::move(q)}, codes);
}

TensorValue random_weights(const Shape& shape, const ConvOptions& options, Random& random) {
  if (!options.int8) return random_value(random, float_type(shape));
  const auto channels = static_cast<std::size_t>(shape[0]);
  Quantization q;
  const bool per_channel = random.chance(70);
  for (std::size_t o = 0; o < (per_channel ? channels : 1); ++o) {
    // Now and then a channel that hardly counts: its multiplier is small, its bias may be of any size.
    const float part = o > 0 && random.chance(5) ? 1e-6f : 1.0f;
    q.scale.push_back(part * 0.01f * static_cast<float>(random.real(0.2f, 4.0f)));
    q.zero_point.push_back(options.wide ? static_cast<std::int32_t>(random.integer(-128, 127)) : 0);
  }
  q.axis = per_channel ? 0 : -1;
  if (options.int4) return random_int4(shape, std::move(q), random);
  TensorValue weights = random_value(random, TensorType{DType::i8, shape, q});
  if (random.chance(20)) return weights;
  // As Linnet quantizes them: symmetric, without -128.
  auto codes =
      std::vector<std::int8_t>(weights.as<std::int8_t>().begin(), weights.as<std::int8_t>().end());
  std::replace(codes.begin(), codes.end(), std::int8_t{-128}, std::int8_t{-127});
  return TensorValue::of(weights.type, codes);
}

TensorValue random_bias(std::int64_t channels, const ConvOptions& options, Random& random) {
  if (!options.int8) return random_value(random, float_type({channels}));
  std::vector<std::int32_t> bias(static_cast<std::size_t>(channels));
  for (auto& b : bias) {
    b = static_cast<std::int32_t>(random.chance(4)    ? random.integer(-1000000000, 1000000000)
                                  : random.chance(10) ? random.integer(-2000000, 2000000)
                                                      : random.integer(-20000, 20000));
  }
  const TensorType type{DType::i32, {channels}, Quantization{{1.0f}, {0}, -1}};
  return TensorValue::of(type, bias);
}

// Scales so that outputs saturate sometimes, vary often, and every shift occurs, r < 33 included.
TensorType output_type(const Shape& shape, const TensorType& x, const TensorValue& w, bool int8,
                       Random& random) {
  if (!int8) return float_type(shape);
  const float product = x.quantization->scale[0] * w.type.quantization->scale[0];
  const auto depth = static_cast<float>(w.type.elements() / w.type.shape[0]);
  const float usual = product * 40.0f * std::sqrt(depth) * random.real(0.3f, 3.0f);
  const float scale = random.chance(8) ? product * random.real(0.2f, 2.0f) : usual;
  return int8_type(shape, random.chance(5) ? product : scale,
                   static_cast<std::int32_t>(random.integer(-128, 127)));
}

Clamp random_clamp(Random& random) {
  if (random.chance(60)) return {};
  if (random.chance(50)) return {0.0f, std::numeric_limits<float>::infinity()};
  return {0.0f, random.real(0.5f, 6.0f)};
}

Window random_window(const ConvOptions& options, Random& random) {
  Window window;
  if (!options.pointwise) {
    for (std::size_t d = 0; d < 2; ++d) {
      window.kernel[d] =
          options.square() > 0 ? options.square() : static_cast<std::int32_t>(random.integer(1, 5));
      window.dilation[d] =
          options.square() > 0 ? 1 : static_cast<std::int32_t>(random.chance(25) ? 2 : 1);
    }
  }
  window.stride = {static_cast<std::int32_t>(random.integer(1, 3)),
                   static_cast<std::int32_t>(random.integer(1, options.square() > 0 ? 2 : 3))};
  if (options.stride_one) window.stride = {1, 1};
  if (options.large) {
    window.kernel = {static_cast<std::int32_t>(random.integer(1, 7)),
                     static_cast<std::int32_t>(random.integer(1, 19))};
    window.dilation = {static_cast<std::int32_t>(random.integer(1, 2)),
                       static_cast<std::int32_t>(random.integer(1, 3))};
  }
  if (!options.pointwise) {
    const auto pad = [&](std::size_t d) {
      const std::int32_t reach = window.dilation[d] * (window.kernel[d] - 1);
      return static_cast<std::int32_t>(
          random.integer(0, std::min(reach + 1, options.large ? 40 : 4)));
    };
    window.pads = {pad(0), pad(1), pad(0), pad(1)};
  }
  return window;
}

struct Channels {
  std::int64_t in, out;
  std::int32_t groups;
};

Channels random_channels(const ConvOptions& options, Random& random) {
  if (options.depthwise) {
    const std::int64_t c = random.integer(2, 21);
    const std::int64_t m = random.chance(options.square() > 0 ? 0 : 25) ? random.integer(2, 3) : 1;
    return {c, c * m, static_cast<std::int32_t>(c)};
  }
  if (options.deep) {
    return {random.integer(200, 1400) / (options.three_by_three ? 9 : 1), random.integer(1, 20), 1};
  }
  const std::int64_t groups = random.chance(20) ? random.integer(2, 3) : 1;
  if (options.pointwise) return {random.integer(1, 33), random.integer(1, 20), 1};
  return {groups * random.integer(1, 9), groups * random.integer(1, 7),
          static_cast<std::int32_t>(groups)};
}

void finish(ConvCase& c, Random& random) {
  c.x = random_value(random, c.single.inputs[0]);
  finish_conv(c);
}

}  // namespace

void finish_conv(ConvCase& c) {
  std::vector<const TensorValue*> operands{&c.x};
  for (const TensorValue& constant : c.single.constants) operands.push_back(&constant);
  c.expected = c.single.output.dtype == DType::i8
                   ? evaluate_int8(c.single.op, operands, c.single.output)
                   : evaluate(c.single.op, operands, c.single.output);
  Result<Program> program = lower(graph_of(c.single));
  if (!program) FAIL(format(program.diagnostics()));
  c.program = std::move(*program);
  REQUIRE(c.program.calls.size() == 1);
  c.what = fmt::format("{} {} x {} -> {}, kernel {}", describe_op(c.single.op),
                       to_string(c.single.inputs[0]), to_string(c.weights().type.shape),
                       to_string(c.single.output), c.call().kernel);
}

ConvCase random_conv(const ConvOptions& options, Random& random) {
  const Window window = random_window(options, random);
  const Channels channels = random_channels(options, random);
  const Shape in{random.integer(1, 2), random.integer(1, 11),
                 random.integer(1, options.square() > 0 || options.large ? 23 : 11), channels.in};
  const Shape w_shape{channels.out, window.kernel[0], window.kernel[1],
                      channels.in / channels.groups};
  ConvCase c;
  if (options.transposed) {
    ConvTranspose2d op;
    op.window = window;
    op.groups = channels.groups;
    for (std::size_t d = 0; d < 2; ++d) {
      op.output_padding[d] = static_cast<std::int32_t>(random.integer(0, window.stride[d] - 1));
    }
    op.clamp = random_clamp(random);
    c.single.op = op;
  } else {
    c.single.op = Conv2d{window, channels.groups, random_clamp(random)};
  }
  const Result<Shape> out = infer_shape(c.single.op, {in, w_shape});
  if (!out) return {};
  c.single.inputs = {options.int8 ? random_int8(random, in) : float_type(in)};
  c.single.constants = {random_weights(w_shape, options, random)};
  if (random.chance(70)) c.single.constants.push_back(random_bias(channels.out, options, random));
  c.single.output = output_type(*out, c.single.inputs[0], c.weights(), options.int8, random);
  finish(c, random);
  return c;
}

ConvCase random_fully_connected(bool int8, Random& random, bool int4) {
  ConvOptions options;
  options.int8 = int8;
  options.int4 = int4;
  options.wide = !int4 && random.chance(20);
  Shape in;
  for (std::int64_t rank = random.integer(1, 4); rank > 1; --rank)
    in.push_back(random.integer(1, 4));
  in.push_back(random.integer(1, int4 ? 150 : 40));
  Shape out = in;
  out.back() = random.integer(1, 17);
  ConvCase c;
  c.single.op = FullyConnected{random_clamp(random)};
  c.single.inputs = {int8 ? random_int8(random, in) : float_type(in)};
  c.single.constants = {random_weights({out.back(), in.back()}, options, random)};
  if (random.chance(70)) c.single.constants.push_back(random_bias(out.back(), options, random));
  c.single.output = output_type(out, c.single.inputs[0], c.weights(), int8, random);
  finish(c, random);
  return c;
}

Job conv_job(const ConvCase& c, std::int32_t pixel_pitch) {
  const KernelCall& call = c.call();
  const auto element = static_cast<std::int32_t>(size_bytes(c.x.type.dtype));
  const RowShape in = row_shape(c.x.type.shape), out = row_shape(c.single.output.shape);
  const auto in_rows = static_cast<std::int32_t>(in.rows);
  Job job;
  job.alignment = element;
  JobInput x{c.x.bytes(), in_rows, static_cast<std::int32_t>(in.row_elements()) * element, {}};
  const RowWindow window = call.windows.front();
  if (!window.whole) {
    x.needs = [window, in_rows](std::int32_t first, std::int32_t count) -> RowRange {
      return rows_under(window, first, count, in_rows);
    };
  }
  job.inputs = {x};
  job.output = {c.expected.bytes(), static_cast<std::int32_t>(out.rows),
                static_cast<std::int32_t>(out.width),
                static_cast<std::int32_t>(out.channels) * element, pixel_pitch * element};
  return job;
}

std::vector<std::int16_t> plain_weights(const ConvCase& c) {
  const Quantization& q = *c.weights().type.quantization;
  const auto codes = c.weights().as<std::int8_t>();
  const std::size_t depth = codes.size() / static_cast<std::size_t>(c.weights().type.shape[0]);
  std::vector<std::int16_t> weights;
  for (std::size_t i = 0; i < codes.size(); ++i) {
    const std::int32_t zero = q.zero_point[q.per_tensor() ? 0 : i / depth];
    weights.push_back(static_cast<std::int16_t>(codes[i] - zero));
  }
  return weights;
}

std::vector<std::int32_t> plain_bias(const ConvCase& c) {
  std::vector<std::int32_t> bias(static_cast<std::size_t>(c.weights().type.shape[0]), 0);
  if (c.single.constants.size() > 1) {
    const auto given = c.single.constants[1].as<std::int32_t>();
    bias.assign(given.begin(), given.end());
  }
  return bias;
}

std::vector<std::int32_t> multipliers(const ConvCase& c) {
  const Quantization& x = *c.x.type.quantization;
  const Quantization& w = *c.weights().type.quantization;
  const Quantization& y = *c.single.output.quantization;
  std::vector<std::int32_t> values = conv_multipliers(x.scale[0], w.scale, y.scale[0]).multiplier;
  const auto channels = static_cast<std::size_t>(c.weights().type.shape[0]);
  if (values.size() == 1) values.assign(channels, values.front());
  return values;
}

}  // namespace linnet::testing
