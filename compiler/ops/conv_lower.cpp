// Lowering of convolutions to kernel calls, int8 and float: multipliers, folded biases, packed weights.
#include "compiler/ops/conv_lower.h"

#include <algorithm>
#include <array>
#include <vector>

#include "compiler/lower/lower_ops.h"
#include "compiler/lower/row_windows.h"
#include "compiler/lower/select_kernel.h"
#include "compiler/quant/fixed_point.h"
#include "linnet/kernels/conv_constants.h"
#include "linnet/kernels/lists/conv.h"

namespace linnet {
namespace {

// Sums of the odd channel of a pair lie in [-kPairedLimit, kPairedLimit).
constexpr std::int64_t kPairedLimit = std::int64_t{1} << 23;
constexpr std::int64_t kDoubledLimit = std::int64_t{1} << 30;

template <class Layer>
Layer geometry(const Convolution& c) {
  Layer layer;
  layer.in_h = c.in_h;
  layer.in_w = c.in_w;
  layer.in_c = c.in_c;
  layer.out_h = c.out_h;
  layer.out_w = c.out_w;
  layer.out_c = c.out_c;
  layer.kernel_h = c.window.kernel[0];
  layer.kernel_w = c.window.kernel[1];
  layer.stride_h = c.window.stride[0];
  layer.stride_w = c.window.stride[1];
  layer.dilation_h = c.window.dilation[0];
  layer.dilation_w = c.window.dilation[1];
  layer.pad_top = c.window.pads.top;
  layer.pad_left = c.window.pads.left;
  layer.groups = c.groups;
  return layer;
}

// E150: no kernel of the list takes the layer.
Diagnostic no_kernel(const Node& node) {
  return {"E150", node.origin.name, node.origin.op, "there is no kernel for this convolution",
          "please report the model; meanwhile split it before this node"};
}

// One scale or zero point of a channel, whether there is one in all or one for each.
template <class T>
T of_channel(const std::vector<T>& values, std::size_t channel) {
  return values.size() == 1 ? values[0] : values[channel];
}

// An int8 convolution's constants before a kernel has packed them.
struct Int8Constants {
  std::vector<std::int16_t> weights;  // less their zero point
  std::vector<std::int32_t> bias;
  Multipliers multipliers;
};

Result<Int8Constants> int8_constants(const Convolution& c, const Node& node,
                                     const LowerContext& context) {
  const Quantization& x = *context.type(c.x).quantization;
  const Quantization& w = *c.weight_values.type.quantization;
  const Quantization& y = *context.type(node.output()).quantization;
  const auto channels = static_cast<std::size_t>(c.out_c);

  Int8Constants constants;
  constants.bias.assign(channels, 0);
  if (c.bias.valid()) {
    const auto bias = context.constant(c.bias).as<std::int32_t>();
    constants.bias.assign(bias.begin(), bias.end());
  }
  const auto codes = c.weight_values.as<std::int8_t>();
  const std::size_t depth = codes.size() / channels;
  constants.weights.reserve(codes.size());
  for (std::size_t o = 0; o < channels; ++o) {
    const std::int32_t zero = of_channel(w.zero_point, o);
    const auto channel = codes.subspan(o * depth, depth);
    const std::int64_t bound = accumulator_bound(channel, zero, x.zero_point[0], constants.bias[o]);
    if (bound > kAccumulatorLimit) {
      // E131: the sum of an int8 convolution may not fit 32 bits.
      return Diagnostic{"E131", node.origin.name, node.origin.op,
                        "the sums of output channel " + std::to_string(o) + " may reach " +
                            std::to_string(bound) + ", which 32 bits do not hold",
                        "scale the weights or the bias of this channel down"};
    }
    for (const std::int8_t code : channel) {
      constants.weights.push_back(static_cast<std::int16_t>(code - zero));
    }
  }
  constants.multipliers = conv_multipliers(x.scale[0], w.scale, y.scale[0]);
  if (constants.multipliers.multiplier.size() == 1) {
    constants.multipliers.multiplier.assign(channels, constants.multipliers.multiplier[0]);
  }
  return constants;
}

// Bounds of a sum, for every input.
struct Bounds {
  std::int64_t least = 0, most = 0;

  void add(std::int64_t x_least, std::int64_t x_most, std::int64_t weight) {
    least += std::min(x_least * weight, x_most * weight);
    most += std::max(x_least * weight, x_most * weight);
  }
  bool fit_pair() const { return least >= -kPairedLimit && most < kPairedLimit; }
};

// Layer.paired of a channel's weights: 1 when the whole sum fits. What counts is the finished sum, of x - in_zero, where a
// tap in the padding adds nothing: that lies between what it may add. In parts, each sum of codes counts (the taps in the
// padding are those of the zero point), and the first has the folded bias.
std::int32_t parts_of(const Conv2dS8& layer, std::span<const std::int16_t> weights,
                      std::int32_t bias) {
  Bounds whole{bias, bias};
  std::int64_t folded = bias;
  for (const std::int16_t w : weights) {
    whole.add(-128 - layer.in_zero, 127 - layer.in_zero, w);
    folded -= std::int64_t{layer.in_zero} * w;
  }
  if (whole.fit_pair()) return 1;
  const paired::Runs runs = paired::runs(layer);
  for (std::int32_t parts = 2; parts <= paired::kMostParts; ++parts) {
    const std::int32_t part = paired::part_steps(runs.steps(), parts);
    bool fit = true;
    for (std::int32_t first = 0; first < runs.steps(); first += part) {
      Bounds sum;
      if (first == 0) sum = {folded, folded};
      for (std::int32_t step = first; step < std::min(first + part, runs.steps()); ++step) {
        for (std::int32_t half = 0; half < 2; ++half) {
          const std::int32_t k = paired::weight_of(runs, step, half);
          if (k >= 0) sum.add(-128, 127, weights[static_cast<std::size_t>(k)]);
        }
      }
      fit = fit && sum.fit_pair();
    }
    if (fit) return parts;
  }
  return 0;
}

// Whether the channels may be summed in pairs, and in how many parts: the weights fit the halves of a word, and the sums of the
// second channels fit 24 bits for every input. With an odd number of channels every neighbour may be the second one:
// conv2d_s8_fc_paired has other pairs than paired::first_channel() says.
std::int32_t paired_parts(const Conv2dS8& layer, const Int8Constants& constants) {
  const auto channels = static_cast<std::size_t>(layer.out_c);
  const std::size_t depth = constants.weights.size() / channels;
  const std::span<const std::int16_t> all(constants.weights);
  for (const std::int16_t w : all.last(depth))
    if (!paired::lanes_fit(w, 0)) return 0;
  std::int32_t parts = 1;
  for (std::size_t o = 1; o < channels; o += channels % 2 == 0 ? 2 : 1) {
    const auto a = all.subspan((o - 1) * depth, depth), b = all.subspan(o * depth, depth);
    for (std::size_t k = 0; k < depth; ++k)
      if (!paired::lanes_fit(a[k], b[k])) return 0;
    const std::int32_t needed = parts_of(layer, b, constants.bias[o]);
    if (needed == 0) return 0;
    parts = std::max(parts, needed);
  }
  return parts;
}

// Twice the sums must fit 32 bits, as conv2d_s8_3x3_winograd has them.
bool doubled_sums_fit(const Conv2dS8& layer, const Int8Constants& constants) {
  const std::size_t depth = constants.weights.size() / static_cast<std::size_t>(layer.out_c);
  for (std::size_t o = 0; o < static_cast<std::size_t>(layer.out_c); ++o) {
    Bounds sum{constants.bias[o], constants.bias[o]};
    for (std::size_t k = 0; k < depth; ++k)
      sum.add(-128 - layer.in_zero, 127 - layer.in_zero, constants.weights[o * depth + k]);
    if (sum.least < -kDoubledLimit || sum.most >= kDoubledLimit) return false;
  }
  return true;
}

// Whether each group of 32 weights, as the kernels read them, is an integer times numbers in [-7, 7].
bool fits_four_bit(const Conv2dS8& layer, const Int8Constants& constants) {
  const std::size_t depth = constants.weights.size() / static_cast<std::size_t>(layer.out_c);
  for (std::size_t o = 0; o < static_cast<std::size_t>(layer.out_c); ++o) {
    if (!w4::fits(paired::runs(layer), constants.weights.data() + o * depth)) return false;
  }
  return true;
}

Result<Nothing> lower_int8(const Convolution& c, const Node& node, LowerContext& context) {
  if (c.weight_values.empty() || (c.bias.valid() && !context.is_constant(c.bias))) {
    // E151: an int8 convolution with computed weights.
    return Diagnostic{"E151", node.origin.name, node.origin.op,
                      "int8 weights and biases must be constants",
                      "leave this node in float: take its QuantizeLinear nodes out"};
  }
  Result<Int8Constants> constants = int8_constants(c, node, context);
  if (!constants) return constants.diagnostics();

  const Quantization& y = *context.type(node.output()).quantization;
  const CodeBounds bounds = clamp_bounds(c.clamp, y.scale[0], y.zero_point[0]);
  auto layer = geometry<Conv2dS8>(c);
  layer.in_zero = context.type(c.x).quantization->zero_point[0];
  layer.out_zero = y.zero_point[0];
  layer.lo = bounds.lo;
  layer.hi = bounds.hi;
  layer.shift = constants->multipliers.shift;
  layer.in_pixel_bytes = c.in_c;
  layer.out_pixel_bytes = c.out_c;
  layer.wide_weights = std::any_of(constants->weights.begin(), constants->weights.end(),
                                   [](std::int16_t w) { return w < -128 || w > 127; })
                           ? 1
                           : 0;

  if (!c.transposed && c.groups == 1 && layer.wide_weights == 0)
    layer.paired = paired_parts(layer, *constants);
  if (!c.transposed && c.groups == 1 && c.weight_values.type.quantization->int4)
    layer.four_bit = fits_four_bit(layer, *constants) ? 1 : 0;

  KernelCall call = context.begin_call(node);
  call.inputs = {context.operand(c.x)};
  call.windows = {c.rows};
  if (call.kernel == conv2d_s8_3x3_winograd::name) {
    layer.winograd = layer.wide_weights == 0 && doubled_sums_fit(layer, *constants) ? 1 : 0;
    if (layer.winograd == 0) call.kernel.clear();  // what is taken else
  }
  std::vector<std::byte> packed;
  bool all_packed = false;
  const auto pack = [&](auto kernel) {
    using Kernel = decltype(kernel);
    prepare_constants<Kernel>(layer, constants->weights.data(), constants->bias.data(),
                              constants->multipliers.multiplier.data());
    packed.resize(static_cast<std::size_t>(Kernel::packed_bytes(layer)));
    pack_layer<Kernel>(layer, constants->weights.data(), constants->bias.data(),
                       constants->multipliers.multiplier.data(), packed.data());
    all_packed = packs_channels<Kernel>;
  };
  const bool found = c.transposed ? select_kernel<ConvTranspose2dS8Kernels>(layer, call, pack)
                                  : select_kernel<Conv2dS8Kernels>(layer, call, pack);
  if (!found) return no_kernel(node);
  const PitchMember<Conv2dS8> in{&Conv2dS8::in_pixel_bytes, "in_pixel_bytes"};
  const PitchMember<Conv2dS8> out{&Conv2dS8::out_pixel_bytes, "out_pixel_bytes"};
  c.transposed ? set_pitches<ConvTranspose2dS8Kernels>(layer, in, out, call)
               : set_pitches<Conv2dS8Kernels>(layer, in, out, call);

  const std::string& stem = node.origin.name;
  bind(call, "weights", context.add_constant(stem, packed, Constant::Role::weights));
  if (!all_packed) {
    bind(call, "bias",
         context.add_constant(stem + "_bias", std::as_bytes(std::span(constants->bias)),
                              Constant::Role::weights));
    bind(call, "multiplier",
         context.add_table<std::int32_t>(stem + "_multiplier", constants->multipliers.multiplier));
  }
  context.add_call(std::move(call));
  return ok();
}

Result<Nothing> lower_float(const Convolution& c, const Node& node, LowerContext& context) {
  auto layer = geometry<Conv2dF32>(c);
  layer.out_pixel_elements = c.out_c;
  layer.lo = c.clamp.lo;
  layer.hi = c.clamp.hi;

  KernelCall call = context.begin_call(node);
  call.inputs = {context.operand(c.x)};
  call.windows = {c.rows};
  const auto add_operand = [&](TensorId id) {
    call.inputs.push_back(context.whole(id));
    call.windows.push_back(RowWindow{});
    return static_cast<std::int32_t>(call.inputs.size()) - 1;
  };
  if (c.weight_values.empty()) layer.weights_operand = add_operand(c.weights);
  const bool constant_bias = c.bias.valid() && context.is_constant(c.bias);
  if (c.bias.valid() && !constant_bias) layer.bias_operand = add_operand(c.bias);

  const auto nothing_to_pack = [](auto) {};
  const bool found = c.transposed
                         ? select_kernel<ConvTranspose2dF32Kernels>(layer, call, nothing_to_pack)
                         : select_kernel<Conv2dF32Kernels>(layer, call, nothing_to_pack);
  if (!found) return no_kernel(node);

  const std::string& stem = node.origin.name;
  if (!c.weight_values.empty()) {
    bind(call, "weights",
         context.add_constant(stem, c.weight_values.bytes(), Constant::Role::weights));
  }
  if (constant_bias) {
    bind(call, "bias",
         context.add_constant(stem + "_bias", context.constant(c.bias).bytes(),
                              Constant::Role::weights));
  }
  context.add_call(std::move(call));
  return ok();
}

// Fills what Conv2d and ConvTranspose2d have in common.
template <class Op>
Convolution spatial(const Op& op, const Node& node, const LowerContext& context) {
  const Shape& x = context.type(node.inputs[0]).shape;
  const Shape& y = context.type(node.output()).shape;
  Convolution c;
  c.in_h = static_cast<std::int32_t>(x[1]);
  c.in_w = static_cast<std::int32_t>(x[2]);
  c.in_c = static_cast<std::int32_t>(x[3]);
  c.out_h = static_cast<std::int32_t>(y[1]);
  c.out_w = static_cast<std::int32_t>(y[2]);
  c.out_c = static_cast<std::int32_t>(y[3]);
  c.window = op.window;
  c.groups = op.groups;
  c.clamp = op.clamp;
  c.x = node.inputs[0];
  c.weights = node.inputs[1];
  if (node.inputs.size() > 2) c.bias = node.inputs[2];
  if (context.is_constant(c.weights)) c.weight_values = constant_value(c.weights, context);
  return c;
}

SlidingRows sliding_rows(const Convolution& c, const LowerContext& context) {
  return {context.type(c.x).shape[0],
          c.in_h,
          c.out_h,
          c.window.stride[0],
          c.window.pads.top,
          c.window.dilation[0] * (c.window.kernel[0] - 1) + 1};
}

}  // namespace

TensorValue constant_value(TensorId id, const LowerContext& context) {
  TensorValue value = context.constant(id);
  value.type = context.type(id);
  return value;
}

Convolution pointwise(const Node& node, const LowerContext& context) {
  const Shape& x = context.type(node.inputs[0]).shape;
  const RowShape rows = row_shape(x);
  Convolution c;
  c.in_h = c.out_h = static_cast<std::int32_t>(rows.rows);
  c.in_w = c.out_w = static_cast<std::int32_t>(rows.width);
  c.in_c = static_cast<std::int32_t>(x.back());
  c.out_c = static_cast<std::int32_t>(context.type(node.output()).shape.back());
  c.rows = RowWindow{.whole = false};
  c.x = node.inputs[0];
  return c;
}

Result<Nothing> lower_convolution(const Convolution& convolution, const Node& node,
                                  LowerContext& context) {
  return context.type(node.output()).dtype == DType::i8 ? lower_int8(convolution, node, context)
                                                        : lower_float(convolution, node, context);
}

bool winograd_possible(const Node& node, const Graph& graph) {
  const auto* conv = std::get_if<Conv2d>(&node.op);
  const auto is = [](const std::array<std::int32_t, 2>& values, std::int32_t value) {
    return values[0] == value && values[1] == value;
  };
  return conv != nullptr && graph.type(node.output()).dtype == DType::i8 && conv->groups == 1 &&
         !(graph.type(node.inputs[1]).quantization &&
           graph.type(node.inputs[1]).quantization->int4) &&
         is(conv->window.kernel, 3) && is(conv->window.stride, 1) && is(conv->window.dilation, 1);
}

Result<Nothing> lower(const Conv2d& op, const Node& node, LowerContext& context) {
  Convolution c = spatial(op, node, context);
  c.rows = sliding_window(sliding_rows(c, context));
  return lower_convolution(c, node, context);
}

Result<Nothing> lower(const ConvTranspose2d& op, const Node& node, LowerContext& context) {
  Convolution c = spatial(op, node, context);
  c.transposed = true;
  c.rows = transposed_window(sliding_rows(c, context));
  return lower_convolution(c, node, context);
}

}  // namespace linnet
