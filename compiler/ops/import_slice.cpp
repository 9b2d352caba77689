// Import of operators that take parts of tensors, or put them together: Slice, Split, Concat, Gather, Pad.
#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "compiler/ops/import_families.h"
#include "compiler/ops/operator_table.h"

namespace linnet {
namespace {

// All of a tensor.
Slice whole(const Shape& shape) {
  return {std::vector<std::int64_t>(shape.size(), 0), std::vector<std::int64_t>(shape.size(), 1),
          shape};
}

// One axis of a Slice, as NumPy's start:end:step.
void slice_axis(Slice& op, std::size_t axis, std::int64_t length, std::int64_t start,
                std::int64_t end, std::int64_t step) {
  if (step == 0) import_fault("E107", "a step of a slice is 0");
  constexpr std::int64_t kLimit = std::int64_t{1} << 40;
  step = std::clamp(step, -kLimit, kLimit);
  if (start < 0) start += length;
  if (end < 0) end += length;
  if (step > 0) {
    start = std::clamp<std::int64_t>(start, 0, length);
    end = std::clamp<std::int64_t>(end, 0, length);
    op.size[axis] = end > start ? (end - start + step - 1) / step : 0;
  } else {
    start = std::clamp<std::int64_t>(start, -1, length - 1);
    end = std::clamp<std::int64_t>(end, -1, length - 1);
    op.size[axis] = start > end ? (start - end - step - 1) / -step : 0;
  }
  op.start[axis] = op.size[axis] > 0 ? start : 0;
  op.step[axis] = op.size[axis] > 1 ? step : 1;
}

bool takes_all(const Slice& op, const Shape& shape) {
  const Slice all = whole(shape);
  return op.size == all.size && op.start == all.start && op.step == all.step;
}

// The value that a constant Pad adds, as a real number.
float pad_value(const ImportNode& node, TensorId x) {
  if (node.opset() < 11) return node.onnx.real("value", 0.0f);
  if (!node.has_input(2)) return 0.0f;
  const TensorValue value = node.constant_input(2, "constant_value");
  if (value.type.elements() != 1) import_fault("E107", "input 2 (constant_value) is not a scalar");
  const float code = value.to_floats().front();
  const auto& quantization = node.type(x).quantization;
  if (!quantization) return code;
  // A code of a quantized tensor; zero points here are of signed codes.
  const float signed_code = value.type.dtype == DType::u8 ? code - 128.0f : code;
  return quantization->scale[0] * (signed_code - static_cast<float>(quantization->zero_point[0]));
}

}  // namespace

void import_slice(ImportNode& node) {
  const TensorId x = node.input(0);
  const Shape shape = node.shape(x);
  const bool inputs = node.opset() >= 10;
  const auto starts = inputs ? node.integers_input(1, "starts") : node.onnx.integers("starts");
  const auto ends = inputs ? node.integers_input(2, "ends") : node.onnx.integers("ends");
  std::vector<std::int64_t> axes =
      inputs ? std::vector<std::int64_t>{} : node.onnx.integers("axes");
  std::vector<std::int64_t> steps(starts.size(), 1);
  if (inputs && node.has_input(3)) axes = node.integers_input(3, "axes");
  if (inputs && node.has_input(4)) steps = node.integers_input(4, "steps");
  if (axes.empty()) {
    axes.resize(starts.size());
    std::iota(axes.begin(), axes.end(), 0);
  }
  if (starts.size() != ends.size() || axes.size() != starts.size() ||
      steps.size() != starts.size()) {
    import_fault("E107", "starts, ends, axes and steps have different lengths");
  }
  node.normal_axes(axes, node.rank(x));  // refuses axes that are given twice
  Slice op = whole(shape);
  for (std::size_t i = 0; i < starts.size(); ++i) {
    const auto axis = static_cast<std::size_t>(node.normal_axis(axes[i], node.rank(x)));
    slice_axis(op, axis, shape[axis], starts[i], ends[i], steps[i]);
  }
  if (takes_all(op, shape)) return import_identity(node);
  node.set_output(0, node.emit(std::move(op), {x}));
}

void import_split(ImportNode& node) {
  const TensorId x = node.input(0);
  const Shape shape = node.shape(x);
  const auto axis =
      static_cast<std::size_t>(node.normal_axis(node.onnx.integer("axis", 0), node.rank(x)));
  std::vector<std::int64_t> sizes = node.onnx.integers("split");
  if (node.opset() >= 13 && node.has_input(1)) sizes = node.integers_input(1, "split");
  if (sizes.empty()) {
    // Equal parts; the last is shorter when they do not fit (opset 18).
    const auto parts = static_cast<std::int64_t>(node.onnx.outputs.size());
    const std::int64_t part = (shape[axis] + parts - 1) / std::max<std::int64_t>(parts, 1);
    for (std::int64_t left = shape[axis]; left > 0; left -= part)
      sizes.push_back(std::min(part, left));
  }
  std::int64_t sum = 0;
  for (const std::int64_t size : sizes)
    sum = size < 0 || size > shape[axis] ? -1 : (sum < 0 ? sum : sum + size);
  if (sum != shape[axis] || sizes.size() != node.onnx.outputs.size()) {
    import_fault("E104", fmt::format("axis {} of a shape {} cannot be split so into {} parts", axis,
                                     to_string(shape), node.onnx.outputs.size()));
  }
  std::int64_t at = 0;
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    Slice op = whole(shape);
    op.start[axis] = at;
    op.size[axis] = sizes[i];
    at += sizes[i];
    if (!node.wants_output(i)) continue;
    if (takes_all(op, shape)) {
      node.set_output(i, ImportedValue{x, node.model_dtype(0)});
    } else {
      node.set_output(i, node.emit(std::move(op), {x}));
    }
  }
}

void import_concat(ImportNode& node) {
  std::vector<TensorId> inputs;
  const int rank = node.rank(node.input(0));
  const int axis = node.normal_axis(node.onnx.integer("axis", 1), rank);
  for (std::size_t i = 0; i < node.input_count(); ++i) {
    const TensorId id = node.input(i);
    // Empty constants, which shape arithmetic leaves, add nothing.
    if (node.constant(id) && checked_elements(node.shape(id)) == 0 && node.rank(id) == rank)
      continue;
    inputs.push_back(id);
  }
  if (inputs.size() <= 1) {
    return node.set_output(0, inputs.empty() ? node.input(0) : inputs[0]);
  }
  node.set_output(0, node.emit(Concat{axis}, std::move(inputs)));
}

void import_gather(ImportNode& node) {
  const TensorId x = node.input(0);
  const int axis = node.normal_axis(node.onnx.integer("axis", 0), node.rank(x));
  const TensorValue given = node.constant_input(1, "indices");
  if (given.type.dtype == DType::f32) import_fault("E107", "input 1 (indices) is not of integers");
  const std::int64_t length = node.shape(x)[static_cast<std::size_t>(axis)];
  std::vector<std::int64_t> indices = given.to_ints();
  for (std::int64_t& index : indices) {
    if (index < -length || index >= length) {
      import_fault("E104", fmt::format("index {} is outside axis {} of a shape {}", index, axis,
                                       to_string(node.shape(x))));
    }
    if (index < 0) index += length;
  }
  const Shape index_shape = given.type.shape;
  const TensorId ids =
      node.emit_constant(TensorValue::of<std::int64_t>({DType::i64, index_shape, {}}, indices));
  node.set_output(0, node.emit(Gather{axis}, {x, ids}));
}

// Pads are an attribute up to opset 10, an input after, with axes from 18 on. What is negative cuts away.
void import_pad(ImportNode& node) {
  TensorId x = node.input(0);
  const Shape shape = node.shape(x);
  const std::size_t rank = shape.size();
  std::vector<std::int64_t> pads =
      node.onnx.integers(node.onnx.has("paddings") ? "paddings" : "pads");
  if (node.opset() >= 11) pads = node.integers_input(1, "pads");
  std::vector<std::int64_t> axes(rank);
  std::iota(axes.begin(), axes.end(), 0);
  if (node.opset() >= 18 && node.has_input(3)) axes = node.integers_input(3, "axes");
  node.normal_axes(axes, node.rank(x));
  if (pads.size() != 2 * axes.size()) {
    import_fault("E107", fmt::format("{} pads for {} axes", pads.size(), axes.size()));
  }
  Pad op{Pad::Mode::constant, std::vector<std::int64_t>(rank, 0),
         std::vector<std::int64_t>(rank, 0), 0};
  const std::string mode = node.onnx.text("mode", "constant");
  if (mode == "reflect") op.mode = Pad::Mode::reflect;
  if (mode == "edge") op.mode = Pad::Mode::edge;
  if (mode != "constant" && mode != "reflect" && mode != "edge") {
    import_fault("E103", fmt::format("mode {} is not supported", mode),
                 "use constant, reflect or edge");
  }
  Slice cut = whole(shape);
  bool pads_any = false;
  for (std::size_t i = 0; i < axes.size(); ++i) {
    const auto axis = static_cast<std::size_t>(node.normal_axis(axes[i], node.rank(x)));
    const std::int64_t before = small_int(pads[i], "pads", -32767);
    const std::int64_t after = small_int(pads[i + axes.size()], "pads", -32767);
    cut.start[axis] = std::max<std::int64_t>(-before, 0);
    cut.size[axis] -= cut.start[axis] + std::max<std::int64_t>(-after, 0);
    op.before[axis] = std::max<std::int64_t>(before, 0);
    op.after[axis] = std::max<std::int64_t>(after, 0);
    pads_any = pads_any || op.before[axis] > 0 || op.after[axis] > 0;
    const std::int64_t longest = std::max(op.before[axis], op.after[axis]);
    if (cut.size[axis] < 1 || (op.mode == Pad::Mode::reflect && longest >= cut.size[axis])) {
      import_fault("E104", fmt::format("axis {} of a shape {} is too short for its pads", axis,
                                       to_string(shape)));
    }
  }
  if (!takes_all(cut, shape)) x = node.emit(std::move(cut), {x});
  if (op.mode == Pad::Mode::constant && pads_any) op.value = pad_value(node, x);
  if (!pads_any) return node.set_output(0, ImportedValue{x, node.model_dtype(0)});
  node.set_output(0, node.emit(std::move(op), {x}));
}

namespace {

constexpr OperatorEntry kSliceOperators[] = {
    {"Concat",
     import_concat,
     1,
     Leaves::kernels,
     {Form::concat},
     "int8 inputs share one scale. A copy only where it is not joined with a neighbour."},
    {"Gather", import_gather, 1, Leaves::kernels, {Form::gather}, "Constant indices."},
    {"Pad",
     import_pad,
     1,
     Leaves::kernels,
     {Form::pad},
     "Constant pads and value; constant, reflect and edge. Zero pads become those of the "
     "convolution or pool after it. Negative pads cut away."},
    {"Slice",
     import_slice,
     1,
     Leaves::kernels,
     {Form::copy},
     "Constant starts, ends, axes and steps; steps may be negative. A copy only where it is not "
     "joined with a neighbour."},
    {"Split",
     import_split,
     1,
     Leaves::kernels,
     {Form::copy},
     "Constant sizes. A copy only where it is not joined with a neighbour."},
};

}  // namespace

std::span<const OperatorEntry> slice_operators() { return kSliceOperators; }

}  // namespace linnet
