// Lowering of operators that move elements: concat, slice, transpose, expand, gather, pad. Reshape and Cast are views
// and never reach a kernel (lower.cpp).
#include <bit>
#include <optional>

#include "compiler/lower/lower_ops.h"
#include "compiler/lower/row_windows.h"
#include "compiler/lower/select_kernel.h"
#include "compiler/ops/lower_shared.h"
#include "compiler/ops/shapes.h"
#include "compiler/quant/fixed_point.h"
#include "linnet/kernels/lists/other.h"

namespace linnet {
namespace {

struct Dimension {
  std::int64_t size, stride;
};

// Leaves out dimensions of one element and merges neighbours that lie one after the other.
std::vector<Dimension> merged(const std::vector<Dimension>& dimensions) {
  std::vector<Dimension> result;
  for (const Dimension& d : dimensions) {
    if (d.size == 1) continue;
    if (!result.empty() && result.back().stride == d.stride * d.size) {
      result.back() = {result.back().size * d.size, d.stride};
    } else {
      result.push_back(d);
    }
  }
  return result;
}

Diagnostic too_many_dimensions(const Node& node) {
  return lowering_error(
      "E153", node,
      "tensors of more than " + std::to_string(kMaxRank) + " dimensions are not supported",
      "merge dimensions with Reshape");
}

// Output element (i0, i1, ..) = input element offset + sum i_k * stride_k.
struct Copy {
  std::vector<Dimension> dimensions;
  std::int64_t offset = 0;
};

// A copy of which each output row is made of one input row, first_row + r * row_step.
struct RowCopy {
  Copy within;
  std::int64_t first_row = 0, row_step = 0;
};

// The copy row by row, when no output row takes from two input rows and they come in order.
std::optional<RowCopy> by_rows(const Copy& copy, const Shape& in, const Shape& out) {
  const auto rows_end = copy.dimensions.begin() + static_cast<std::ptrdiff_t>(row_dimensions(out));
  const std::vector<Dimension> rows = merged({copy.dimensions.begin(), rows_end});
  const std::int64_t in_row = row_shape(in).row_elements();
  if (rows.size() != 1 || rows[0].stride < 0 || rows[0].stride % in_row != 0) return std::nullopt;
  RowCopy result;
  result.within = {{rows_end, copy.dimensions.end()}, copy.offset % in_row};
  result.first_row = copy.offset / in_row;
  result.row_step = rows[0].stride / in_row;
  std::int64_t least = result.within.offset, most = least;  // elements of the input row
  for (const Dimension& d : result.within.dimensions)
    (d.stride < 0 ? least : most) += (d.size - 1) * d.stride;
  if (least < 0 || most >= in_row) return std::nullopt;
  return result;
}

// From -pad_top at `stride`, one row each.
void add_strided_input(KernelCall& call, RowsOperand operand, std::int64_t first_row,
                       std::int64_t stride) {
  call.inputs.push_back(operand);
  call.windows.push_back({false, int32(stride), int32(-first_row), 1});
}

Result<Nothing> lower_copy(const Copy& copy, const Node& node, LowerContext& context,
                           SliceFields slices = {}) {
  KernelCall call = context.begin_call(node);
  call.slices = std::move(slices);
  const std::optional<RowCopy> rows =
      by_rows(copy, context.type(node.inputs[0]).shape, call.output_type.shape);
  if (!rows) make_whole(call);
  const std::vector<Dimension> walk = merged(rows ? rows->within.dimensions : copy.dimensions);
  if (walk.size() > static_cast<std::size_t>(kMaxRank)) return too_many_dimensions(node);
  CopyNd layer;
  layer.rank = int32(static_cast<std::int64_t>(walk.size()));
  layer.offset = int32(rows ? rows->within.offset : copy.offset);
  layer.first_row = rows ? int32(rows->first_row) : 0;
  layer.row_step = rows ? int32(rows->row_step) : 0;
  [[maybe_unused]] const bool found = size_bytes(call.output_type.dtype) == 1
                                          ? select_kernel<CopyX8Kernels>(layer, call, [](auto) {})
                                          : select_kernel<CopyX32Kernels>(layer, call, [](auto) {});
  assert(found);
  std::vector<std::int32_t> words;
  for (const Dimension& d : walk) {
    words.push_back(int32(d.size));
    words.push_back(int32(d.stride));
  }
  if (words.empty()) words.push_back(0);  // a table is never empty
  bind(call, "geometry", add_words(context, node.origin.name + "_strides", words));
  if (rows) {
    add_strided_input(call, context.operand(node.inputs[0]), rows->first_row, rows->row_step);
  } else {
    add_whole_input(call, context.whole(node.inputs[0]));
  }
  context.add_call(std::move(call));
  return ok();
}

// What is to know of a slice that takes neighbouring channels of all pixels of an int8 tensor, and nothing else.
SliceFields channels_taken(const Slice& op, const Node& node, const LowerContext& context) {
  const TensorType& x = context.type(node.inputs[0]);
  SliceFields slices;
  if (!is_int8(x) || x.shape.size() < 2) return slices;
  const std::size_t last = x.shape.size() - 1;
  for (std::size_t d = 0; d < last; ++d) {
    if (op.start[d] != 0 || op.step[d] != 1 || op.size[d] != x.shape[d]) return slices;
  }
  if (op.step[last] != 1) return slices;
  slices.copies = SliceFields::Copies::part;
  slices.width = row_shape(x.shape).width;
  slices.pixel_bytes = {op.size[last]};
  slices.first_byte = op.start[last];
  return slices;
}

}  // namespace

Result<Nothing> lower(const Transpose& op, const Node& node, LowerContext& context) {
  const Shape& in = context.type(node.inputs[0]).shape;
  const std::vector<std::int64_t> strides = row_major_strides(in);
  std::vector<Dimension> dimensions;
  for (const std::int32_t axis : op.permutation) {
    const auto d = static_cast<std::size_t>(axis);
    dimensions.push_back({in[d], strides[d]});
  }
  return lower_copy({dimensions, 0}, node, context);
}

Result<Nothing> lower(const Slice& op, const Node& node, LowerContext& context) {
  const std::vector<std::int64_t> strides = row_major_strides(context.type(node.inputs[0]).shape);
  std::vector<Dimension> dimensions;
  std::int64_t offset = 0;
  for (std::size_t d = 0; d < strides.size(); ++d) {
    dimensions.push_back({op.size[d], strides[d] * op.step[d]});
    offset += strides[d] * op.start[d];
  }
  return lower_copy({dimensions, offset}, node, context, channels_taken(op, node, context));
}

Result<Nothing> lower(const Expand&, const Node& node, LowerContext& context) {
  const Shape& out = context.type(node.output()).shape;
  const std::vector<std::int64_t> strides =
      broadcast_strides(context.type(node.inputs[0]).shape, out);
  std::vector<Dimension> dimensions;
  for (std::size_t d = 0; d < out.size(); ++d) dimensions.push_back({out[d], strides[d]});
  return lower_copy({dimensions, 0}, node, context);
}

Result<Nothing> lower(const Concat& op, const Node& node, LowerContext& context) {
  const TensorType& y = context.type(node.output());
  const auto axis = static_cast<std::size_t>(op.axis);
  KernelCall call = context.begin_call(node);
  // Along channels, or along columns of an image, every output row is made of the inputs' rows of the same number.
  const bool by_rows =
      axis + 1 == y.shape.size() ? y.shape.size() > 1 : y.shape.size() == 4 && axis == 2;
  if (!by_rows) make_whole(call);
  ConcatLayer layer;
  layer.inputs = int32(static_cast<std::int64_t>(node.inputs.size()));
  layer.outer = int32(by_rows ? (axis + 1 == y.shape.size() ? row_shape(y.shape).width : 1)
                              : count_between(y.shape, 0, axis));
  std::vector<std::int32_t> chunks;
  for (const TensorId id : node.inputs) {
    const Shape& shape = context.type(id).shape;
    chunks.push_back(int32(count_between(shape, axis, shape.size()) * size_bytes(y.dtype)));
    if (by_rows) {
      add_row_input(call, context.operand(id));
    } else {
      add_whole_input(call, context.whole(id));
    }
  }
  [[maybe_unused]] const bool found = select_kernel<ConcatKernels>(layer, call, [](auto) {});
  assert(found);
  if (is_int8(y) && by_rows && axis + 1 == y.shape.size()) {
    call.slices.copies = SliceFields::Copies::join;
    call.slices.width = row_shape(y.shape).width;
    call.slices.pixel_bytes.assign(chunks.begin(), chunks.end());
  }
  bind(call, "chunk_bytes", add_words(context, node.origin.name + "_chunks", chunks));
  context.add_call(std::move(call));
  return ok();
}

Result<Nothing> lower(const Gather& op, const Node& node, LowerContext& context) {
  const TensorType& x = context.type(node.inputs[0]);
  const auto axis = static_cast<std::size_t>(op.axis);
  std::vector<std::int32_t> indices;
  for (const std::int64_t index : context.constant(node.inputs[1]).to_ints())
    indices.push_back(int32(index));
  KernelCall call = context.begin_call(node);
  const bool by_rows = axis >= row_dimensions(x.shape) &&
                       row_dimensions(x.shape) == row_dimensions(call.output_type.shape);
  if (!by_rows) make_whole(call);
  GatherLayer layer;
  layer.outer = int32(count_between(x.shape, by_rows ? row_dimensions(x.shape) : 0, axis));
  layer.axis = int32(x.shape[axis]);
  layer.count = int32(static_cast<std::int64_t>(indices.size()));
  layer.inner_bytes = int32(count_between(x.shape, axis + 1, x.shape.size()) * size_bytes(x.dtype));
  [[maybe_unused]] const bool found = select_kernel<GatherKernels>(layer, call, [](auto) {});
  assert(found);
  bind(call, "indices", add_words(context, node.origin.name + "_indices", indices));
  if (by_rows) {
    add_row_input(call, context.operand(node.inputs[0]));
  } else {
    add_whole_input(call, context.whole(node.inputs[0]));
  }
  context.add_call(std::move(call));
  return ok();
}

namespace {

// Rows that padding puts before the first one; none when it does not go by rows: several of the dimensions that count
// rows are there and some are padded.
std::optional<std::int32_t> padded_rows(const Pad& op, const Shape& in, const Shape& out) {
  std::int64_t before = 0;
  std::size_t longer = 0, padded = 0;
  for (std::size_t d = 0; d < row_dimensions(in); ++d) {
    longer += in[d] != 1 || out[d] != 1 ? 1 : 0;
    padded += in[d] != out[d] || op.before[d] != 0 ? 1 : 0;
    before += op.before[d];
  }
  if (in.empty() || (longer > 1 && padded > 0)) return std::nullopt;
  return int32(before);
}

RowWindow padded_window(const PadNd& layer) {
  std::vector<RowRange> each;
  const detail::PadDimension rows{layer.in_rows, layer.out_rows, layer.rows_before};
  for (std::int32_t r = 0; r < layer.out_rows; ++r) {
    const std::int32_t source = detail::pad_source(rows, layer.mode, r);
    each.push_back(source < 0 ? RowRange{} : RowRange{source, source + 1});
  }
  return window_of(std::move(each));
}

}  // namespace

Result<Nothing> lower(const Pad& op, const Node& node, LowerContext& context) {
  const TensorType& x = context.type(node.inputs[0]);
  const TensorType& y = context.type(node.output());
  if (x.shape.size() > static_cast<std::size_t>(kMaxRank)) return too_many_dimensions(node);
  KernelCall call = context.begin_call(node);
  PadNd layer;
  layer.mode = static_cast<std::int32_t>(op.mode);
  const std::optional<std::int32_t> rows_before = padded_rows(op, x.shape, y.shape);
  RowsOperand input = context.operand(node.inputs[0]);
  if (rows_before) {
    layer.in_rows = int32(input.rows);
    layer.out_rows = int32(call.run_rows);
    layer.rows_before = *rows_before;
  } else {
    make_whole(call);
    input = context.whole(node.inputs[0]);
  }
  const std::size_t first_within = rows_before ? row_dimensions(x.shape) : 0;
  layer.rank = int32(static_cast<std::int64_t>(x.shape.size() - first_within));
  std::vector<std::int32_t> words;
  for (std::size_t d = first_within; d < x.shape.size(); ++d) {
    words.push_back(int32(x.shape[d]));
    words.push_back(int32(y.shape[d]));
    words.push_back(int32(op.before[d]));
  }
  bool found = false;
  if (is_int8(y)) {
    layer.value_bits = static_cast<std::uint8_t>(quantize_value(op.value, scale_of(y), zero_of(y)));
    found = select_kernel<PadX8Kernels>(layer, call, [](auto) {});
  } else {
    layer.value_bits = std::bit_cast<std::int32_t>(op.value);
    found = select_kernel<PadX32Kernels>(layer, call, [](auto) {});
  }
  assert(found);
  (void)found;
  bind(call, "geometry", add_words(context, node.origin.name + "_padding", words));
  call.inputs.push_back(input);
  call.windows.push_back(rows_before ? padded_window(layer) : RowWindow{});
  context.add_call(std::move(call));
  return ok();
}

}  // namespace linnet
