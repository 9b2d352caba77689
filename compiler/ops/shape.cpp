// Operators that only move elements; see shape.h.
#include "compiler/ops/shape.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "compiler/ops/copy_mapped.h"
#include "compiler/ops/quantize_ops.h"

namespace linnet {
namespace {

// Where padded index `at` (0 is the first real element) reads from in [0, length).
std::int64_t pad_source(Pad::Mode mode, std::int64_t at, std::int64_t length) {
  if (at >= 0 && at < length) return at;
  if (mode == Pad::Mode::constant) return kOutside;
  if (mode == Pad::Mode::edge) return at < 0 ? 0 : length - 1;
  return at < 0 ? -at : 2 * (length - 1) - at;
}

}  // namespace

Result<Shape> infer_shape(const Concat& op, const Shapes& inputs) {
  if (inputs.empty()) return shape_fault("there is nothing to concatenate");
  if (auto fits = require_axis(op.axis, inputs[0]); !fits) return fits.diagnostics();
  const auto axis = static_cast<std::size_t>(op.axis);
  Shape shape = inputs[0];
  shape[axis] = 0;
  for (const Shape& input : inputs) {
    bool fits = input.size() == shape.size();
    for (std::size_t d = 0; fits && d < shape.size(); ++d) {
      fits = d == axis || input[d] == shape[d];
    }
    if (!fits) {
      return shape_fault(fmt::format("shapes {} and {} cannot be concatenated along axis {}",
                                     to_string(inputs[0]), to_string(input), axis));
    }
    shape[axis] += input[axis];
  }
  return checked_shape(std::move(shape));
}

Result<Shape> infer_shape(const Slice& op, const Shapes& inputs) {
  if (auto fits = require_inputs(inputs, 1, 1); !fits) return fits.diagnostics();
  const Shape& x = inputs[0];
  if (op.start.size() != x.size() || op.step.size() != x.size() || op.size.size() != x.size()) {
    return shape_fault(fmt::format("the slice has {} dimensions, the input {} has {}",
                                   op.start.size(), to_string(x), x.size()));
  }
  for (std::size_t d = 0; d < x.size(); ++d) {
    if (op.step[d] == 0) return shape_fault("slice step 0 is not allowed");
    if (op.size[d] < 0) return shape_fault(fmt::format("slice size {} is negative", op.size[d]));
    if (op.size[d] == 0) continue;
    std::int64_t last = 0;
    const bool overflows = __builtin_mul_overflow(op.size[d] - 1, op.step[d], &last) ||
                           __builtin_add_overflow(last, op.start[d], &last);
    if (overflows || std::min(op.start[d], last) < 0 || std::max(op.start[d], last) >= x[d]) {
      return shape_fault(fmt::format("the slice leaves dimension {} of {}", d, to_string(x)));
    }
  }
  return checked_shape(op.size);
}

Result<Shape> infer_shape(const Reshape& op, const Shapes& inputs) {
  if (auto fits = require_inputs(inputs, 1, 1); !fits) return fits.diagnostics();
  auto shape = checked_shape(op.shape);
  if (!shape) return shape;
  if (element_count(*shape) != element_count(inputs[0])) {
    return shape_fault(fmt::format("{} cannot be reshaped to {}: {} elements are not {}",
                                   to_string(inputs[0]), to_string(op.shape),
                                   element_count(inputs[0]), element_count(op.shape)));
  }
  return shape;
}

Result<Shape> infer_shape(const Transpose& op, const Shapes& inputs) {
  if (auto fits = require_inputs(inputs, 1, 1); !fits) return fits.diagnostics();
  std::vector<bool> seen(inputs[0].size(), false);
  Shape shape;
  for (const std::int32_t axis : op.permutation) {
    if (auto fits = require_axis(axis, inputs[0]); !fits) return fits.diagnostics();
    if (seen[static_cast<std::size_t>(axis)]) {
      return shape_fault(fmt::format("the permutation names axis {} twice", axis));
    }
    seen[static_cast<std::size_t>(axis)] = true;
    shape.push_back(inputs[0][static_cast<std::size_t>(axis)]);
  }
  if (shape.size() != inputs[0].size()) {
    return shape_fault(fmt::format("the permutation has {} axes, the input {} has {}", shape.size(),
                                   to_string(inputs[0]), inputs[0].size()));
  }
  return shape;
}

Result<Shape> infer_shape(const Expand& op, const Shapes& inputs) {
  if (auto fits = require_inputs(inputs, 1, 1); !fits) return fits.diagnostics();
  auto shape = broadcast_shapes(inputs[0], op.shape);
  if (shape && *shape != op.shape) {
    return shape_fault(
        fmt::format("{} cannot be broadcast to {}", to_string(inputs[0]), to_string(op.shape)));
  }
  return shape;
}

Result<Shape> infer_shape(const Gather& op, const Shapes& inputs) {
  if (auto fits = require_inputs(inputs, 2, 2); !fits) return fits.diagnostics();
  if (auto fits = require_axis(op.axis, inputs[0]); !fits) return fits.diagnostics();
  Shape shape(inputs[0].begin(), inputs[0].begin() + op.axis);
  shape.insert(shape.end(), inputs[1].begin(), inputs[1].end());
  shape.insert(shape.end(), inputs[0].begin() + op.axis + 1, inputs[0].end());
  return checked_shape(std::move(shape));
}

Result<Shape> infer_shape(const Pad& op, const Shapes& inputs) {
  if (auto fits = require_inputs(inputs, 1, 1); !fits) return fits.diagnostics();
  Shape shape = inputs[0];
  if (op.before.size() != shape.size() || op.after.size() != shape.size()) {
    return shape_fault(fmt::format("pads for {} dimensions, the input {} has {}", op.before.size(),
                                   to_string(shape), shape.size()));
  }
  constexpr std::int64_t kLimit = std::int64_t{1} << 31;
  for (std::size_t d = 0; d < shape.size(); ++d) {
    const std::int64_t most = std::max(op.before[d], op.after[d]);
    if (std::min(op.before[d], op.after[d]) < 0) {
      return shape_fault("negative pads are not supported", "slice the input instead");
    }
    if (op.mode == Pad::Mode::reflect && most > 0 && most >= shape[d]) {
      return shape_fault(fmt::format("a reflecting pad of {} does not fit dimension {} of {}", most,
                                     d, to_string(inputs[0])));
    }
    if (op.mode == Pad::Mode::edge && most > 0 && shape[d] == 0) {
      return shape_fault(fmt::format("dimension {} has no edge to repeat", d));
    }
    shape[d] = most >= kLimit ? kLimit : shape[d] + op.before[d] + op.after[d];
  }
  return checked_shape(std::move(shape));
}

TensorValue evaluate(const Concat& op, const Values& inputs, const TensorType& output) {
  const auto axis = static_cast<std::size_t>(op.axis);
  const std::int64_t outer = count_between(output.shape, 0, axis);
  OutputBuffer buffer(output);
  std::byte* to = buffer.bytes();
  for (std::int64_t o = 0; o < outer; ++o) {
    for (const TensorValue* input : inputs) {
      const std::int64_t bytes = input->type.bytes() / outer;
      if (bytes == 0) continue;
      std::memcpy(to, input->bytes().data() + o * bytes, static_cast<std::size_t>(bytes));
      to += bytes;
    }
  }
  return buffer.finish();
}

TensorValue evaluate(const Slice& op, const Values& inputs, const TensorType& output) {
  const auto strides = row_major_strides(inputs[0]->type.shape);
  std::vector<IndexMap> maps(output.shape.size());
  for (std::size_t d = 0; d < maps.size(); ++d) {
    for (std::int64_t i = 0; i < output.shape[d]; ++i) {
      maps[d].push_back((op.start[d] + i * op.step[d]) * strides[d]);
    }
  }
  return copy_mapped(*inputs[0], maps, {}, output);
}

TensorValue evaluate(const Reshape&, const Values& inputs, const TensorType& output) {
  const auto bytes = inputs[0]->bytes();
  return {output, {bytes.begin(), bytes.end()}};
}

TensorValue evaluate(const Transpose& op, const Values& inputs, const TensorType& output) {
  const auto strides = row_major_strides(inputs[0]->type.shape);
  std::vector<IndexMap> maps(output.shape.size());
  for (std::size_t d = 0; d < maps.size(); ++d) {
    const std::int64_t stride = strides[static_cast<std::size_t>(op.permutation[d])];
    for (std::int64_t i = 0; i < output.shape[d]; ++i) maps[d].push_back(i * stride);
  }
  return copy_mapped(*inputs[0], maps, {}, output);
}

TensorValue evaluate(const Expand&, const Values& inputs, const TensorType& output) {
  const auto strides = broadcast_strides(inputs[0]->type.shape, output.shape);
  std::vector<IndexMap> maps(output.shape.size());
  for (std::size_t d = 0; d < maps.size(); ++d) {
    for (std::int64_t i = 0; i < output.shape[d]; ++i) maps[d].push_back(i * strides[d]);
  }
  return copy_mapped(*inputs[0], maps, {}, output);
}

TensorValue evaluate(const Gather& op, const Values& inputs, const TensorType& output) {
  // Seen as [outer, axis, inner] -> [outer, indices, inner].
  const TensorValue& x = *inputs[0];
  const auto axis = static_cast<std::size_t>(op.axis);
  const std::int64_t length = x.type.shape[axis];
  const std::int64_t outer = count_between(x.type.shape, 0, axis);
  const std::int64_t inner = count_between(x.type.shape, axis + 1, x.type.shape.size());
  std::vector<IndexMap> maps(3);
  for (std::int64_t i = 0; i < outer; ++i) maps[0].push_back(i * length * inner);
  for (const std::int64_t index : inputs[1]->to_ints()) {
    // The importer makes indices non-negative and refuses those out of range.
    maps[1].push_back(std::clamp<std::int64_t>(index, 0, length - 1) * inner);
  }
  for (std::int64_t i = 0; i < inner; ++i) maps[2].push_back(i);
  TensorType flat = output;
  flat.shape = {outer, static_cast<std::int64_t>(maps[1].size()), inner};
  const TensorValue gathered = copy_mapped(x, maps, {}, flat);
  return {output, {gathered.bytes().begin(), gathered.bytes().end()}};
}

TensorValue pad_with(const Pad& op, const TensorValue& input, std::span<const std::byte> fill,
                     const TensorType& output) {
  const Shape& from = input.type.shape;
  const auto strides = row_major_strides(from);
  std::vector<IndexMap> maps(output.shape.size());
  for (std::size_t d = 0; d < maps.size(); ++d) {
    for (std::int64_t i = 0; i < output.shape[d]; ++i) {
      const std::int64_t source = pad_source(op.mode, i - op.before[d], from[d]);
      maps[d].push_back(source == kOutside ? kOutside : source * strides[d]);
    }
  }
  return copy_mapped(input, maps, fill, output);
}

TensorValue evaluate(const Pad& op, const Values& inputs, const TensorType& output) {
  TensorType one = output;
  one.shape = {};
  const TensorValue fill = output.dtype == DType::f32
                               ? TensorValue::of<float>(one, {op.value})
                               : narrowed({static_cast<std::int64_t>(op.value)}, one);
  return pad_with(op, *inputs[0], fill.bytes(), output);
}

}  // namespace linnet
