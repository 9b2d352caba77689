// Lowering of max and average pools.
#include <algorithm>
#include <set>

#include "compiler/lower/lower_ops.h"
#include "compiler/lower/row_windows.h"
#include "compiler/lower/select_kernel.h"
#include "compiler/ops/lower_shared.h"
#include "compiler/ops/pool.h"
#include "compiler/quant/fixed_point.h"
#include "linnet/kernels/lists/other.h"

namespace linnet {
namespace {

Pool2dLayer geometry(const Pool2d& op, const Shape& in, const Shape& out) {
  Pool2dLayer layer;
  layer.in_h = int32(in[1]);
  layer.in_w = int32(in[2]);
  layer.channels = layer.in_pixel_step = layer.out_pixel_step = int32(in[3]);
  layer.out_h = int32(out[1]);
  layer.out_w = int32(out[2]);
  layer.kernel_h = op.window.kernel[0];
  layer.kernel_w = op.window.kernel[1];
  layer.stride_h = op.window.stride[0];
  layer.stride_w = op.window.stride[1];
  layer.dilation_h = op.window.dilation[0];
  layer.dilation_w = op.window.dilation[1];
  layer.pad_top = op.window.pads.top;
  layer.pad_left = op.window.pads.left;
  if (op.count_include_pad) {
    layer.include_top = op.include.top;
    layer.include_left = op.include.left;
    layer.include_bottom = op.include.bottom;
    layer.include_right = op.include.right;
  }
  return layer;
}

// One multiplier for each divisor that occurs, at its own index; 0 elsewhere.
struct AverageTable {
  std::vector<std::int32_t> multipliers;
  std::int32_t shift;
};

AverageTable average_table(const Pool2d& op, const TensorType& x, const TensorType& y) {
  std::set<std::int64_t> divisors;
  for (std::int64_t oy = 0; oy < y.shape[1]; ++oy) {
    for (std::int64_t ox = 0; ox < y.shape[2]; ++ox)
      divisors.insert(pool_taps(op, x.shape, oy, ox).divisor);
  }
  divisors.erase(0);  // a window outside the input: its sum is 0, whatever the multiplier
  const std::vector<std::int64_t> present(divisors.begin(), divisors.end());
  AverageTable table{std::vector<std::int32_t>(1, 0), 1};
  if (present.empty()) return table;
  const Multipliers m = average_multipliers(scale_of(x), scale_of(y), present);
  table.shift = m.shift;
  table.multipliers.resize(static_cast<std::size_t>(present.back()) + 1, 0);
  for (std::size_t i = 0; i < present.size(); ++i) {
    table.multipliers[static_cast<std::size_t>(present[i])] = m.multiplier[i];
  }
  return table;
}

}  // namespace

Result<Nothing> lower(const Pool2d& op, const Node& node, LowerContext& context) {
  const TensorType& x = context.type(node.inputs[0]);
  const TensorType& y = context.type(node.output());
  KernelCall call = context.begin_call(node);
  Pool2dLayer layer = geometry(op, x.shape, y.shape);
  bool found = false;
  if (op.kind == Pool2d::Kind::max) {
    found = is_int8(y) ? select_kernel<MaxPoolS8Kernels>(layer, call, [](auto) {})
                       : select_kernel<MaxPoolF32Kernels>(layer, call, [](auto) {});
  } else if (is_int8(y)) {
    const AverageTable table = average_table(op, x, y);
    layer.in_zero = zero_of(x);
    layer.out_zero = zero_of(y);
    layer.shift = table.shift;
    found = select_kernel<AveragePoolS8Kernels>(layer, call, [](auto) {});
    bind(call, "multipliers",
         add_words(context, node.origin.name + "_multipliers", table.multipliers));
  } else {
    found = select_kernel<AveragePoolF32Kernels>(layer, call, [](auto) {});
  }
  assert(found);
  (void)found;
  if (is_int8(y)) {
    const PitchMember<Pool2dLayer> in{&Pool2dLayer::in_pixel_step, "in_pixel_step"};
    const PitchMember<Pool2dLayer> out{&Pool2dLayer::out_pixel_step, "out_pixel_step"};
    op.kind == Pool2d::Kind::max ? set_pitches<MaxPoolS8Kernels>(layer, in, out, call)
                                 : set_pitches<AveragePoolS8Kernels>(layer, in, out, call);
  }
  call.inputs.push_back(context.operand(node.inputs[0]));
  call.windows.push_back(
      sliding_window({x.shape[0], layer.in_h, layer.out_h, layer.stride_h, layer.pad_top,
                      layer.dilation_h * (layer.kernel_h - 1) + 1}));
  context.add_call(std::move(call));
  return ok();
}

}  // namespace linnet
