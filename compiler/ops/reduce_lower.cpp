// Lowering of reductions, softmax and layer normalization.
#include <algorithm>

#include "compiler/lower/lower_ops.h"
#include "compiler/lower/select_kernel.h"
#include "compiler/ops/lower_shared.h"
#include "compiler/ops/shapes.h"
#include "compiler/quant/fixed_point.h"
#include "linnet/kernels/lists/other.h"

namespace linnet {
namespace {

// Multiplier, shift and zero points of a mean or sum over `count` elements; untouched for max and min.
template <class Layer>
void set_average(Layer& layer, const Reduce& op, const TensorType& x, const TensorType& y,
                 std::int64_t count) {
  layer.in_zero = zero_of(x);
  layer.out_zero = zero_of(y);
  layer.shift = 1;
  if (op.kind != Reduce::Kind::mean && op.kind != Reduce::Kind::sum) return;
  const std::int64_t divisor = op.kind == Reduce::Kind::mean ? count : 1;
  const Multipliers m = average_multipliers(scale_of(x), scale_of(y), std::span(&divisor, 1));
  layer.multiplier = m.multiplier.front();
  layer.shift = m.shift;
}

void lower_spatial(const Reduce& op, const Node& node, LowerContext& context) {
  const TensorType& x = context.type(node.inputs[0]);
  const TensorType& y = context.type(node.output());
  KernelCall call = context.begin_call(node);
  ReduceSpatial layer;
  layer.height = int32(x.shape[1]);
  layer.width = int32(x.shape[2]);
  layer.channels = layer.in_pixel_step = int32(x.shape[3]);
  layer.kind = static_cast<std::int32_t>(op.kind);
  bool found = false;
  if (is_int8(y)) {
    set_average(layer, op, x, y, x.shape[1] * x.shape[2]);
    found = select_kernel<ReduceSpatialS8Kernels>(layer, call, [](auto) {});
    call.slices.inputs = {pitch_field<ReduceSpatialS8Kernels>(
        layer, {&ReduceSpatial::in_pixel_step, "in_pixel_step"}, call)};
  } else {
    found = select_kernel<ReduceSpatialF32Kernels>(layer, call, [](auto) {});
  }
  assert(found);
  (void)found;
  // One output row an image, whatever the rank of the output.
  call.output.row_bytes = x.shape[3] * size_bytes(y.dtype);
  call.output.rows = x.shape[0];
  call.run_rows = x.shape[0] * x.shape[1];
  call.consumes = true;
  add_row_input(call, context.operand(node.inputs[0]));
  context.add_call(std::move(call));
}

void lower_nd(const Reduce& op, const Node& node, LowerContext& context) {
  const TensorType& x = context.type(node.inputs[0]);
  const TensorType& y = context.type(node.output());
  const std::vector<std::int64_t> strides = row_major_strides(x.shape);
  std::vector<std::int32_t> kept, reduced;
  std::int64_t count = 1;
  for (std::size_t d = 0; d < x.shape.size(); ++d) {
    const bool is_reduced =
        std::find(op.axes.begin(), op.axes.end(), static_cast<std::int32_t>(d)) != op.axes.end();
    auto& dimensions = is_reduced ? reduced : kept;
    if (is_reduced) count *= x.shape[d];
    if (x.shape[d] == 1) continue;
    dimensions.push_back(int32(x.shape[d]));
    dimensions.push_back(int32(strides[d]));
  }
  KernelCall call = context.begin_call(node);
  make_whole(call);
  ReduceNd layer;
  layer.kept_rank = int32(static_cast<std::int64_t>(kept.size() / 2));
  layer.reduced_rank = int32(static_cast<std::int64_t>(reduced.size() / 2));
  layer.count = int32(count);
  layer.kind = static_cast<std::int32_t>(op.kind);
  bool found = false;
  if (is_int8(y)) {
    set_average(layer, op, x, y, count);
    found = select_kernel<ReduceNdS8Kernels>(layer, call, [](auto) {});
  } else {
    found = select_kernel<ReduceNdF32Kernels>(layer, call, [](auto) {});
  }
  assert(found);
  (void)found;
  kept.insert(kept.end(), reduced.begin(), reduced.end());
  if (kept.empty()) kept.push_back(0);  // a table is never empty
  bind(call, "geometry", add_words(context, node.origin.name + "_axes", kept));
  add_whole_input(call, context.whole(node.inputs[0]));
  context.add_call(std::move(call));
}

}  // namespace

Result<Nothing> lower(const Reduce& op, const Node& node, LowerContext& context) {
  const TensorType& x = context.type(node.inputs[0]);
  if (x.shape.size() > static_cast<std::size_t>(kMaxRank)) {
    return lowering_error(
        "E153", node,
        "tensors of " + std::to_string(x.shape.size()) + " dimensions are not supported",
        "use at most " + std::to_string(kMaxRank));
  }
  if (x.shape.size() == 4 && op.axes == std::vector<std::int32_t>{1, 2}) {
    lower_spatial(op, node, context);
  } else {
    lower_nd(op, node, context);
  }
  return ok();
}

Result<Nothing> lower(const Softmax& op, const Node& node, LowerContext& context) {
  const TensorType& x = context.type(node.inputs[0]);
  const TensorType& y = context.type(node.output());
  const auto axis = static_cast<std::size_t>(op.axis);
  KernelCall call = context.begin_call(node);
  bool found = false;
  if (is_int8(y)) {
    const RowShape rows = row_shape(y.shape);
    const SoftmaxConstants constants = softmax_constants(scale_of(x), scale_of(y));
    SoftmaxS8 layer;
    layer.pixels = int32(rows.width);
    layer.count = int32(rows.channels);
    layer.inverse_scale = constants.k;
    layer.out_zero = zero_of(y);
    found = axis + 1 == y.shape.size() && select_kernel<SoftmaxS8Kernels>(layer, call, [](auto) {});
    if (!found) {
      return lowering_error("E150", node,
                            "int8 softmax over axis " + std::to_string(axis) + " has no kernel",
                            "move the axis last, or leave the node in float");
    }
    bind(call, "exponentials",
         context.add_table(node.origin.name + "_exponentials",
                           std::span<const std::uint32_t>(constants.exp)));
    add_row_input(call, context.operand(node.inputs[0]));
  } else {
    const bool in_rows = !y.shape.empty() && axis >= row_dimensions(y.shape);
    if (!in_rows) make_whole(call);
    SoftmaxF32 layer;
    layer.outer = int32(count_between(y.shape, in_rows ? row_dimensions(y.shape) : 0, axis));
    layer.count = y.shape.empty() ? 1 : int32(y.shape[axis]);
    layer.inner = y.shape.empty() ? 1 : int32(count_between(y.shape, axis + 1, y.shape.size()));
    found = select_kernel<SoftmaxF32Kernels>(layer, call, [](auto) {});
    assert(found);
    if (in_rows) {
      add_row_input(call, context.operand(node.inputs[0]));
    } else {
      add_whole_input(call, context.whole(node.inputs[0]));
    }
  }
  call.may_overwrite = 0;
  context.add_call(std::move(call));
  return ok();
}

Result<Nothing> lower(const LayerNorm& op, const Node& node, LowerContext& context) {
  const TensorType& x = context.type(node.inputs[0]);
  const TensorType& y = context.type(node.output());
  const std::int64_t count =
      count_between(y.shape, static_cast<std::size_t>(op.axis), y.shape.size());
  const RowShape rows = row_shape(y.shape);
  KernelCall call = context.begin_call(node);
  const bool in_rows = rows.row_elements() % count == 0;  // vectors do not cross rows
  if (!in_rows) make_whole(call);
  const std::int64_t vectors = (in_rows ? rows.row_elements() : y.elements()) / count;

  const auto select = [&](auto layer, auto kernels) {
    layer.vectors = int32(vectors);
    layer.count = int32(count);
    layer.epsilon = op.epsilon;
    return select_kernel<decltype(kernels)>(layer, call, [](auto) {});
  };
  bool found = false;
  if (is_int8(y)) {
    const LayerNormConstants constants = layer_norm_constants(scale_of(x), count);
    LayerNormS8 layer;
    layer.in_zero = zero_of(x);
    layer.out_zero = zero_of(y);
    layer.variance_scale = constants.a;
    layer.element_scale = constants.b;
    layer.out_scale = scale_of(y);
    found = select(layer, LayerNormS8Kernels{});
  } else {
    found = select(LayerNormF32{}, LayerNormF32Kernels{});
  }
  if (!found) {
    return lowering_error(
        "E150", node,
        "int8 layer normalization over " + std::to_string(count) + " elements has no kernel",
        "normalize at most 32768 elements");
  }
  const char* const names[] = {"gamma", "beta"};
  for (std::size_t i = 1; i < node.inputs.size(); ++i) {
    const TensorId id = node.inputs[i];
    if (!id.valid()) continue;
    if (!context.is_constant(id)) {
      return lowering_error("E154", node, "scale and bias must be constant",
                            "store them as initializers");
    }
    const std::vector<float> values = context.constant(id).to_floats();
    bind(call, names[i - 1],
         context.add_constant(node.origin.name + "_" + names[i - 1],
                              std::as_bytes(std::span(values)), Constant::Role::weights));
  }
  if (in_rows) {
    add_row_input(call, context.operand(node.inputs[0]));
  } else {
    add_whole_input(call, context.whole(node.inputs[0]));
  }
  call.may_overwrite = 0;
  context.add_call(std::move(call));
  return ok();
}

}  // namespace linnet
