// Import of Conv and ConvTranspose, over one or two spatial axes, and the window attributes that pools share.
#include <fmt/format.h>

#include <algorithm>

#include "compiler/ops/import_families.h"
#include "compiler/ops/operator_table.h"

namespace linnet {
namespace {

// [H, W] out of an attribute over the spatial axes; 1-D models have W only.
std::array<std::int64_t, 2> pair(const ImportNode& node, const char* name,
                                 std::vector<std::int64_t> values, std::size_t spatial,
                                 std::int64_t fallback) {
  if (values.empty()) return {fallback, fallback};
  if (values.size() != spatial) {
    import_fault("E107", fmt::format("attribute {} has {} entries for {} spatial axes of {}", name,
                                     values.size(), spatial, node.onnx.op_type));
  }
  if (spatial == 1) values.insert(values.begin(), fallback);
  return {values[0], values[1]};
}

// The weights of a spatial operator: [O,I,K] and [O,I,KH,KW]; other ranks are refused by their kernel_shape.
void require_spatial(const ImportNode& node, TensorId x, TensorId w) {
  if (node.rank(x) > 4) {
    import_fault(
        "E103",
        fmt::format("kernel_shape has {} axes; one and two are supported", node.rank(x) - 2),
        "use a one- or two-dimensional operator");
  }
  node.require_rank(x, {3, 4});
  if (node.rank(w) != node.rank(x)) {
    import_fault("E104", fmt::format("the weights have the shape {}, of rank {} instead of {}",
                                     to_string(node.shape(w)), node.rank(w), node.rank(x)));
  }
}

void require_float_or_constant(const ImportNode& node, TensorId w) {
  if (node.type(w).dtype != DType::f32) {
    import_fault("E106", fmt::format("the weights are of type {}", to_string(node.type(w).dtype)),
                 "quantized weights are read by QLinearConv or DequantizeLinear");
  }
}

void check_kernel(const ImportNode& node, const Shape& weights) {
  const std::vector<std::int64_t> kernel = node.onnx.integers("kernel_shape");
  if (!kernel.empty() &&
      !std::equal(kernel.begin(), kernel.end(), weights.begin() + 2, weights.end())) {
    import_fault("E107", fmt::format("kernel_shape is {}, the weights have the shape {}",
                                     to_string(Shape(kernel)), to_string(weights)));
  }
}

// [C, O/g, KH, KW] -> [O, KH, KW, C/g]
TensorId transposed_weights(ImportNode& node, TensorId w, std::int64_t groups) {
  const Shape shape = node.shape(w);
  const std::int64_t kernel_h = shape.size() == 4 ? shape[2] : 1;
  const std::int64_t kernel_w = shape.back();
  if (groups == 1) {
    w = node.reshape_weight(w, {shape[0], shape[1], kernel_h, kernel_w});
    return node.transpose_weight(w, {1, 2, 3, 0});
  }
  // A scale for each output channel of a group cannot stay an axis of its own through this.
  if (const Node* source = node.context().dequantized_constant(w)) {
    const Quantization& q = *node.type(source->inputs[0]).quantization;
    if (!q.per_tensor()) {
      import_fault("E109", "grouped transposed convolution with weights quantized per channel",
                   "quantize its weights per tensor");
    }
  }
  w = node.reshape_weight(w, {groups, shape[0] / groups, shape[1], kernel_h, kernel_w});
  w = node.transpose_weight(w, {0, 2, 3, 4, 1});
  return node.reshape_weight(w, {groups * shape[1], kernel_h, kernel_w, shape[0] / groups});
}

}  // namespace

TensorId to_channels_last(ImportNode& node, TensorId x) {
  if (node.rank(x) == 4) return node.transpose(x, {0, 2, 3, 1});
  const TensorId moved = node.transpose(x, {0, 2, 1});
  const Shape shape = node.shape(moved);
  return node.reshape(moved, {shape[0], 1, shape[1], shape[2]});
}

TensorId to_channels_first(ImportNode& node, TensorId x, int rank) {
  if (rank == 4) return node.transpose(x, {0, 3, 1, 2});
  const Shape shape = node.shape(x);
  return node.transpose(node.reshape(x, {shape[0], shape[2], shape[3]}), {0, 2, 1});
}

Window import_window(const ImportNode& node, const Shape& input,
                     const std::vector<std::int64_t>& kernel) {
  const OnnxNode& onnx = node.onnx;
  const std::size_t spatial = kernel.size();
  const auto kernel2 = pair(node, "kernel_shape", kernel, spatial, 1);
  const auto stride = pair(node, "strides", onnx.integers("strides"), spatial, 1);
  const auto dilation = pair(node, "dilations", onnx.integers("dilations"), spatial, 1);
  Window window;
  for (const std::size_t i : {std::size_t{0}, std::size_t{1}}) {
    window.kernel[i] = small_int(kernel2[i], "kernel_shape", 1);
    window.stride[i] = small_int(stride[i], "strides", 1);
    window.dilation[i] = small_int(dilation[i], "dilations", 1);
  }
  std::vector<std::int64_t> pads = onnx.integers("pads");
  const std::string auto_pad = onnx.text("auto_pad", "NOTSET");
  if (auto_pad == "SAME_UPPER" || auto_pad == "SAME_LOWER") {
    std::array<std::int64_t, 2> before{};
    std::array<std::int64_t, 2> after{};
    for (const std::size_t i : {std::size_t{0}, std::size_t{1}}) {
      const std::int64_t length = input[i + 1];
      const std::int64_t out = (length + stride[i] - 1) / stride[i];
      const std::int64_t extent = dilation[i] * (kernel2[i] - 1) + 1;
      const std::int64_t total = std::max<std::int64_t>(0, (out - 1) * stride[i] + extent - length);
      before[i] = auto_pad == "SAME_UPPER" ? total / 2 : total - total / 2;
      after[i] = total - before[i];
    }
    pads = {before[0], before[1], after[0], after[1]};
  } else if (auto_pad == "VALID" || pads.empty()) {
    pads = {0, 0, 0, 0};
  } else if (auto_pad != "NOTSET") {
    import_fault("E107", fmt::format("auto_pad is '{}'", auto_pad));
  } else if (pads.size() != 2 * spatial) {
    import_fault("E107", fmt::format("attribute pads has {} entries for {} spatial axes",
                                     pads.size(), spatial));
  } else if (spatial == 1) {
    pads = {0, pads[0], 0, pads[1]};
  }
  window.pads = {small_int(pads[0], "pads", 0), small_int(pads[1], "pads", 0),
                 small_int(pads[2], "pads", 0), small_int(pads[3], "pads", 0)};
  return window;
}

void import_conv(ImportNode& node) {
  const TensorId x = node.input(0);
  TensorId w = node.input(1);
  const int rank = node.rank(x);
  require_spatial(node, x, w);
  require_float_or_constant(node, w);
  const Shape weights = node.shape(w);
  check_kernel(node, weights);
  const std::int64_t groups = small_int(node.onnx.integer("group", 1), "group", 1);
  if (weights[1] * groups != node.shape(x)[1] || weights[0] % groups != 0) {
    import_fault("E104",
                 fmt::format("weights of shape {} in {} groups do not fit an input of {} channels",
                             to_string(weights), groups, node.shape(x)[1]));
  }
  const TensorId nhwc = to_channels_last(node, x);
  if (rank == 3) w = node.reshape_weight(w, {weights[0], weights[1], 1, weights[2]});
  w = node.transpose_weight(w, {0, 2, 3, 1});

  Conv2d op;
  op.window = import_window(node, node.shape(nhwc), {weights.begin() + 2, weights.end()});
  op.groups = static_cast<std::int32_t>(groups);
  std::vector<TensorId> inputs{nhwc, w};
  if (node.has_input(2)) inputs.push_back(node.input(2));
  node.set_output(0, to_channels_first(node, node.emit(op, inputs), rank));
}

void import_conv_transpose(ImportNode& node) {
  const TensorId x = node.input(0);
  TensorId w = node.input(1);
  const int rank = node.rank(x);
  require_spatial(node, x, w);
  require_float_or_constant(node, w);
  const Shape weights = node.shape(w);
  check_kernel(node, weights);
  const std::int64_t groups = small_int(node.onnx.integer("group", 1), "group", 1);
  if (weights[0] != node.shape(x)[1] || weights[0] % groups != 0) {
    import_fault("E104",
                 fmt::format("weights of shape {} in {} groups do not fit an input of {} channels",
                             to_string(weights), groups, node.shape(x)[1]));
  }
  const TensorId nhwc = to_channels_last(node, x);
  const Shape in = node.shape(nhwc);
  const std::size_t spatial = weights.size() - 2;

  ConvTranspose2d op;
  op.groups = static_cast<std::int32_t>(groups);
  op.window = import_window(node, in, {weights.begin() + 2, weights.end()});
  const auto padding =
      pair(node, "output_padding", node.onnx.integers("output_padding"), spatial, 0);
  const std::string auto_pad = node.onnx.text("auto_pad", "NOTSET");
  const bool same = auto_pad == "SAME_UPPER" || auto_pad == "SAME_LOWER";
  std::vector<std::int64_t> wanted = node.onnx.integers("output_shape");
  // Old files give the whole shape.
  if (wanted.size() == spatial + 2) wanted.erase(wanted.begin(), wanted.begin() + 2);
  const auto output_shape = pair(node, "output_shape", wanted, spatial, 1);
  std::array<std::int64_t, 2> before{op.window.pads.top, op.window.pads.left};
  std::array<std::int64_t, 2> after{op.window.pads.bottom, op.window.pads.right};
  for (const std::size_t i : {std::size_t{0}, std::size_t{1}}) {
    std::int64_t extra = small_int(padding[i], "output_padding", 0);
    if (same || !wanted.empty()) {
      const std::int64_t target = wanted.empty() ? in[i + 1] * op.window.stride[i]
                                                 : small_int(output_shape[i], "output_shape", 1);
      std::int64_t total = op.window.stride[i] * (in[i + 1] - 1) + extra +
                           op.window.dilation[i] * (op.window.kernel[i] - 1) + 1 - target;
      if (total < 0) {  // the output is larger than what the taps reach
        extra -= total;
        total = 0;
      }
      before[i] = auto_pad == "SAME_UPPER" ? total / 2 : total - total / 2;
      after[i] = total - before[i];
    }
    op.output_padding[i] = small_int(extra, "output_padding", 0);
  }
  op.window.pads = {small_int(before[0], "pads", 0), small_int(before[1], "pads", 0),
                    small_int(after[0], "pads", 0), small_int(after[1], "pads", 0)};
  std::vector<TensorId> inputs{nhwc, transposed_weights(node, w, groups)};
  if (node.has_input(2)) inputs.push_back(node.input(2));
  node.set_output(0, to_channels_first(node, node.emit(op, inputs), rank));
}

namespace {

constexpr OperatorEntry kConvOperators[] = {
    {"Conv",
     import_conv,
     1,
     Leaves::kernels,
     {Form::conv},
     "One or two spatial axes; any groups; kernels, strides, dilations and pads up to 32767; "
     "auto_pad. int8 with constant weights and bias; weights of 4 bits with groups 1."},
    {"ConvTranspose",
     import_conv_transpose,
     1,
     Leaves::kernels,
     {Form::conv_transpose},
     "One or two spatial axes; output_padding, output_shape, groups. int8 with constant weights "
     "and bias; with groups their scale is one for the tensor."},
};

}  // namespace

std::span<const OperatorEntry> conv_operators() { return kConvOperators; }

}  // namespace linnet
