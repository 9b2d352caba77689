// Import of pools, global pools and reductions.
#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "compiler/ops/import_families.h"
#include "compiler/ops/operator_table.h"

namespace linnet {
namespace {

// Output length with ceil_mode: a last window that would start in the right padding is dropped.
std::int64_t ceil_length(std::int64_t in, std::int64_t before, std::int64_t after,
                         std::int64_t extent, std::int64_t stride) {
  const std::int64_t room = in + before + after - extent;
  if (room < 0)
    import_fault("E104", fmt::format("a window of {} is larger than the padded input", extent));
  std::int64_t out = (room + stride - 1) / stride + 1;
  if ((out - 1) * stride >= in + before) --out;
  return out;
}

// Grows (or trims) the padding at the end so that plain floor arithmetic gives ceil_mode's length.
std::int32_t ceil_padding(std::int64_t in, std::int32_t before, std::int32_t after,
                          const Window& window, std::size_t axis) {
  const std::int64_t extent = window.dilation[axis] * (window.kernel[axis] - 1) + 1;
  const std::int64_t out = ceil_length(in, before, after, extent, window.stride[axis]);
  const std::int64_t needed = (out - 1) * window.stride[axis] + extent - in - before;
  return small_int(std::max<std::int64_t>(needed, 0), "pads", 0);
}

bool is_spatial_mean(const std::vector<std::int32_t>& axes, int rank) {
  return rank == 4 && axes == std::vector<std::int32_t>{2, 3};
}

// A reduction over H and W of [N,C,H,W] is made channels-last, so that its transpose meets the one before it.
TensorId reduce(ImportNode& node, TensorId x, Reduce op) {
  if (!is_spatial_mean(op.axes, node.rank(x))) return node.emit(std::move(op), {x});
  op.axes = {1, 2};
  const bool keep = op.keep_dims;
  const TensorId y = node.emit(std::move(op), {node.transpose(x, {0, 2, 3, 1})});
  return keep ? node.transpose(y, {0, 3, 1, 2}) : y;
}

Reduce::Kind reduce_kind(std::string_view op_type) {
  if (op_type.ends_with("Mean")) return Reduce::Kind::mean;
  if (op_type.ends_with("Sum")) return Reduce::Kind::sum;
  if (op_type.ends_with("Max")) return Reduce::Kind::max;
  if (op_type.ends_with("Min")) return Reduce::Kind::min;
  return Reduce::Kind::l2;
}

// From which opset on the axes are an input.
std::int64_t axes_input_opset(std::string_view op_type) { return op_type == "ReduceSum" ? 13 : 18; }

}  // namespace

void import_pool(ImportNode& node) {
  const TensorId x = node.input(0);
  const bool is_max = node.onnx.op_type == "MaxPool";
  if (is_max) node.refuse_output(1, "Indices");
  const std::vector<std::int64_t> kernel = node.onnx.integers("kernel_shape");
  if (kernel.empty()) import_fault("E107", "attribute kernel_shape is missing");
  if (kernel.size() > 2 || node.rank(x) > 4) {
    import_fault("E103",
                 fmt::format("kernel_shape has {} axes; one and two are supported", kernel.size()),
                 "use a one- or two-dimensional operator");
  }
  node.require_rank(x, {static_cast<int>(kernel.size()) + 2});
  const TensorId nhwc = to_channels_last(node, x);
  const Shape in = node.shape(nhwc);

  Pool2d op;
  op.kind = is_max ? Pool2d::Kind::max : Pool2d::Kind::average;
  op.window = import_window(node, in, kernel);
  op.count_include_pad = !is_max && node.onnx.integer("count_include_pad", 0) != 0;
  const std::string auto_pad = node.onnx.text("auto_pad", "NOTSET");
  const bool same = auto_pad == "SAME_UPPER" || auto_pad == "SAME_LOWER";
  Pads& pads = op.window.pads;
  if (op.count_include_pad) op.include = pads;
  if (!same && node.onnx.integer("ceil_mode", 0) != 0) {
    pads.bottom = ceil_padding(in[1], pads.top, pads.bottom, op.window, 0);
    pads.right = ceil_padding(in[2], pads.left, pads.right, op.window, 1);
  }
  node.set_output(0, to_channels_first(node, node.emit(op, {nhwc}), node.rank(x)));
}

// GlobalAveragePool and GlobalMaxPool: over all axes but the first two.
void import_global_pool(ImportNode& node) {
  const TensorId x = node.input(0);
  if (node.rank(x) < 2) node.require_rank(x, {3, 4});
  Reduce op;
  op.kind = node.onnx.op_type == "GlobalMaxPool" ? Reduce::Kind::max : Reduce::Kind::mean;
  op.axes.resize(static_cast<std::size_t>(node.rank(x) - 2));
  std::iota(op.axes.begin(), op.axes.end(), 2);
  if (op.axes.empty()) return import_identity(node);
  node.set_output(0, reduce(node, x, std::move(op)));
}

// ReduceMean, Sum, Max, Min and L2. Without axes: over all of them, or over none with noop_with_empty_axes.
void import_reduce(ImportNode& node) {
  const TensorId x = node.input(0);
  Reduce op;
  const std::string& op_type = node.onnx.op_type;
  op.kind = reduce_kind(op_type);
  op.keep_dims = node.onnx.integer("keepdims", 1) != 0;
  std::vector<std::int64_t> axes = node.onnx.integers("axes");
  if (node.opset() >= axes_input_opset(op_type) && node.has_input(1)) {
    axes = node.integers_input(1, "axes");
  }
  if (axes.empty() && node.onnx.integer("noop_with_empty_axes", 0) != 0) {
    if (op.kind == Reduce::Kind::l2)
      return node.set_output(0, node.emit(Unary{Unary::Fn::abs}, {x}));
    return import_identity(node);
  }
  if (axes.empty()) {
    axes.resize(node.shape(x).size());
    std::iota(axes.begin(), axes.end(), 0);
  }
  op.axes = node.normal_axes(axes, node.rank(x));
  if (op.axes.empty()) {  // of a scalar
    if (op.kind == Reduce::Kind::l2)
      return node.set_output(0, node.emit(Unary{Unary::Fn::abs}, {x}));
    return import_identity(node);
  }
  node.set_output(0, reduce(node, x, std::move(op)));
}

namespace {

constexpr OperatorEntry kPoolOperators[] = {
    {"AveragePool",
     import_pool,
     1,
     Leaves::kernels,
     {Form::average_pool},
     "One or two spatial axes; ceil_mode, count_include_pad, auto_pad."},
    {"GlobalAveragePool",
     import_global_pool,
     1,
     Leaves::kernels,
     {Form::reduce},
     "Any number of spatial axes, up to eight dimensions in all."},
    {"GlobalMaxPool",
     import_global_pool,
     1,
     Leaves::kernels,
     {Form::reduce},
     "Any number of spatial axes, up to eight dimensions in all."},
    {"MaxPool",
     import_pool,
     1,
     Leaves::kernels,
     {Form::max_pool},
     "One or two spatial axes; ceil_mode, dilations, auto_pad; without Indices."},
    {"ReduceL2",
     import_reduce,
     1,
     Leaves::kernels,
     {Form::reduce_l2, Form::simple},
     "Constant axes; up to eight dimensions. Float."},
    {"ReduceMax",
     import_reduce,
     1,
     Leaves::kernels,
     {Form::reduce},
     "Constant axes; up to eight dimensions."},
    {"ReduceMean",
     import_reduce,
     1,
     Leaves::kernels,
     {Form::reduce},
     "Constant axes; up to eight dimensions."},
    {"ReduceMin",
     import_reduce,
     1,
     Leaves::kernels,
     {Form::reduce},
     "Constant axes; up to eight dimensions."},
    {"ReduceSum",
     import_reduce,
     1,
     Leaves::kernels,
     {Form::reduce},
     "Constant axes; up to eight dimensions."},
};

}  // namespace

std::span<const OperatorEntry> pool_operators() { return kPoolOperators; }

}  // namespace linnet
