// Lowering of resizes: source rows and columns, or neighbours and weights, become tables.
#include <algorithm>
#include <bit>
#include <cmath>

#include "compiler/lower/lower_ops.h"
#include "compiler/lower/row_windows.h"
#include "compiler/lower/select_kernel.h"
#include "compiler/ops/lower_shared.h"
#include "compiler/ops/resize.h"
#include "compiler/quant/fixed_point.h"
#include "linnet/kernels/lists/other.h"

namespace linnet {
namespace {

// Per output index: the source index, -1 outside.
std::vector<std::int32_t> nearest_table(const Resize& op, std::size_t direction,
                                        std::int64_t length) {
  std::vector<std::int32_t> table;
  for (std::int64_t i = 0; i < op.output[direction]; ++i) {
    const float c = resize_coordinate(op, direction, length, i);
    table.push_back(resize_outside(op, c, length) ? -1 : int32(resize_nearest(op, c, length)));
  }
  return table;
}

// Per output index: two neighbours (-1 outside) and the second one's weight, in 1/1024 or as a float's bits.
std::vector<std::int32_t> linear_table(const Resize& op, std::size_t direction, std::int64_t length,
                                       bool int8) {
  std::vector<std::int32_t> table;
  for (std::int64_t i = 0; i < op.output[direction]; ++i) {
    const float c = resize_coordinate(op, direction, length, i);
    const LinearTap tap = linear_tap(c, int32(length));
    const float inside = std::clamp(c, 0.0f, static_cast<float>(length - 1));
    table.push_back(resize_outside(op, c, length) ? -1 : tap.first);
    table.push_back(tap.second);
    table.push_back(int8 ? tap.weight
                         : std::bit_cast<std::int32_t>(inside - static_cast<float>(tap.first)));
  }
  return table;
}

// The source rows of each output row: one, or two neighbours, or none outside.
RowWindow source_rows(const Resize& op, const Shape& in, bool nearest) {
  const auto table = nearest ? nearest_table(op, 0, in[1]) : linear_table(op, 0, in[1], true);
  const std::size_t stride = nearest ? 1 : 3;
  std::vector<RowRange> each;
  for (std::int64_t image = 0; image < in[0]; ++image) {
    const std::int32_t start = int32(image * in[1]);
    for (std::size_t i = 0; i < table.size(); i += stride) {
      const std::int32_t first = table[i], last = nearest ? first : table[i + 1];
      each.push_back(first < 0 ? RowRange{} : RowRange{start + first, start + last + 1});
    }
  }
  return window_of(std::move(each));
}

}  // namespace

Result<Nothing> lower(const Resize& op, const Node& node, LowerContext& context) {
  const TensorType& x = context.type(node.inputs[0]);
  const TensorType& y = context.type(node.output());
  const bool int8 = is_int8(y);
  KernelCall call = context.begin_call(node);
  ResizeLayer layer;
  layer.in_h = int32(x.shape[1]);
  layer.in_w = int32(x.shape[2]);
  layer.channels = int32(x.shape[3]);
  layer.out_h = int32(y.shape[1]);
  layer.out_w = int32(y.shape[2]);
  layer.element_bytes = size_bytes(y.dtype);
  layer.in_pixel_bytes = layer.out_pixel_bytes = layer.channels * layer.element_bytes;
  layer.outside_bits = int8 ? quantize_value(op.extrapolation, scale_of(y), zero_of(y))
                            : std::bit_cast<std::int32_t>(op.extrapolation);
  const bool nearest = op.mode == Resize::Mode::nearest;
  bool found = false;
  if (nearest) {
    found = select_kernel<ResizeNearestKernels>(layer, call, [](auto) {});
    if (int8) {
      set_pitches<ResizeNearestKernels>(layer, {&ResizeLayer::in_pixel_bytes, "in_pixel_bytes"},
                                        {&ResizeLayer::out_pixel_bytes, "out_pixel_bytes"}, call);
    }
  } else if (int8) {
    found = select_kernel<ResizeLinearS8Kernels>(layer, call, [](auto) {});
  } else {
    found = select_kernel<ResizeLinearF32Kernels>(layer, call, [](auto) {});
  }
  assert(found);
  (void)found;
  const char* const names[] = {"rows", "columns"};
  for (std::size_t direction = 0; direction < 2; ++direction) {
    const std::int64_t length = x.shape[1 + direction];
    const auto table =
        nearest ? nearest_table(op, direction, length) : linear_table(op, direction, length, int8);
    bind(call, names[direction],
         add_words(context, node.origin.name + "_" + names[direction], table));
  }
  call.inputs.push_back(context.operand(node.inputs[0]));
  call.windows.push_back(source_rows(op, x.shape, nearest));
  context.add_call(std::move(call));
  return ok();
}

}  // namespace linnet
