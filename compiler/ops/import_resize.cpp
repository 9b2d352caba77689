// Import of Resize (opsets 10 to 19) and Upsample: H and W of [N,C,H,W], of [N,H,W,C], or L of [N,C,L].
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <string_view>

#include "compiler/ops/import_families.h"
#include "compiler/ops/operator_table.h"

namespace linnet {
namespace {

// What the node asks for, one entry for each axis of the input.
struct Request {
  std::vector<float> scale;
  Shape output;
  std::vector<float> roi_start, roi_end;
};

std::vector<float> reals_input(const ImportNode& node, std::size_t index, const char* what) {
  const TensorValue value = node.constant_input(index, what);
  if (value.type.shape.size() != 1) {
    import_fault("E107", fmt::format("input {} ({}) is not a list", index, what));
  }
  return value.to_floats();
}

// Spreads values for `axes` over all axes.
template <class T>
std::vector<T> spread(const std::vector<T>& values, const std::vector<std::int64_t>& axes,
                      std::vector<T> fallback, const char* what) {
  if (values.size() != axes.size()) {
    import_fault("E107",
                 fmt::format("{} has {} entries for {} axes", what, values.size(), axes.size()));
  }
  for (std::size_t i = 0; i < axes.size(); ++i)
    fallback[static_cast<std::size_t>(axes[i])] = values[i];
  return fallback;
}

void scale_to_output(Request& request, const Shape& in) {
  for (std::size_t i = 0; i < in.size(); ++i) {
    const float scale = request.scale[i];
    const float length = std::floor(static_cast<float>(in[i]) * scale);
    if (!(scale > 0.0f) || !(length >= 1.0f) || length > 32767.0f) {
      import_fault("E104", fmt::format("a scale of {} for an axis of {} elements", scale, in[i]));
    }
    request.output[i] = static_cast<std::int64_t>(length);
  }
}

void output_to_scale(Request& request, const Shape& in) {
  for (std::size_t i = 0; i < in.size(); ++i) {
    request.output[i] = small_int(request.output[i], "sizes", 1);
    request.scale[i] = static_cast<float>(request.output[i]) / static_cast<float>(in[i]);
  }
}

// Inputs of Resize: opset 10 has scales; 11 on roi, scales, sizes.
Request read_request(const ImportNode& node, const Shape& in, bool crops) {
  const std::size_t rank = in.size();
  Request request{std::vector<float>(rank, 1.0f), in, std::vector<float>(rank, 0.0f),
                  std::vector<float>(rank, 1.0f)};
  std::vector<std::int64_t> axes(rank);
  for (std::size_t i = 0; i < rank; ++i) axes[i] = static_cast<std::int64_t>(i);
  if (node.onnx.has("axes")) {
    axes = node.onnx.integers("axes");
    for (std::int64_t& axis : axes) axis = node.normal_axis(axis, static_cast<int>(rank));
  }
  const bool before_11 = node.opset() < 11;
  const std::size_t scales_at = before_11 ? 1 : 2;
  const auto is_given = [&](std::size_t at) {
    return node.has_input(at) && checked_elements(node.shape(node.input(at))) > 0;
  };
  if (!before_11 && is_given(3)) {
    request.output = spread(node.integers_input(3, "sizes"), axes, request.output, "sizes");
    output_to_scale(request, in);
  } else {
    request.scale = spread(reals_input(node, scales_at, "scales"), axes, request.scale, "scales");
    scale_to_output(request, in);
  }
  if (crops) {
    const std::vector<float> roi = reals_input(node, 1, "roi");
    const auto half = static_cast<std::ptrdiff_t>(roi.size() / 2);
    request.roi_start = spread({roi.begin(), roi.begin() + half}, axes, request.roi_start, "roi");
    request.roi_end = spread({roi.begin() + half, roi.end()}, axes, request.roi_end, "roi");
  }
  return request;
}

[[noreturn]] void refuse(const char* attribute, const std::string& value, const char* use) {
  import_fault("E103", fmt::format("{} {} is not supported", attribute, value),
               fmt::format("use {}", use));
}

Resize::Mode resize_mode(const ImportNode& node) {
  const std::string mode = node.onnx.text("mode", "nearest");
  if (mode == "nearest") return Resize::Mode::nearest;
  if (mode == "linear" || mode == "bilinear") return Resize::Mode::linear;
  refuse("mode", mode, "nearest or linear");
}

// Modes that the IR has no word for; see emit_affine.
bool is_affine_mode(std::string_view mode) {
  return mode == "tf_half_pixel_for_nn" || mode == "half_pixel_symmetric";
}

std::string coordinate_text(const ImportNode& node) {
  return node.onnx.text("coordinate_transformation_mode", "half_pixel");
}

Resize::Coordinate coordinate_mode(const ImportNode& node) {
  using Coordinate = Resize::Coordinate;
  const std::string mode = coordinate_text(node);
  if (is_affine_mode(mode)) return Coordinate::half_pixel;
  if (mode == "half_pixel") return Coordinate::half_pixel;
  if (mode == "pytorch_half_pixel") return Coordinate::pytorch_half_pixel;
  if (mode == "align_corners") return Coordinate::align_corners;
  if (mode == "asymmetric") return Coordinate::asymmetric;
  if (mode == "tf_crop_and_resize") return Coordinate::crop;
  refuse("coordinate_transformation_mode", mode, "one that ONNX defines");
}

Resize::Rounding nearest_mode(const ImportNode& node) {
  using Rounding = Resize::Rounding;
  const std::string mode = node.onnx.text("nearest_mode", "round_prefer_floor");
  if (mode == "round_prefer_floor") return Rounding::round_prefer_floor;
  if (mode == "round_prefer_ceil") return Rounding::round_prefer_ceil;
  if (mode == "floor") return Rounding::floor;
  if (mode == "ceil") return Rounding::ceil;
  refuse("nearest_mode", mode, "round_prefer_floor, round_prefer_ceil, floor or ceil");
}

float rounded(Resize::Rounding rounding, float coordinate) {
  switch (rounding) {
    case Resize::Rounding::round_prefer_floor: return std::ceil(coordinate - 0.5f);
    case Resize::Rounding::round_prefer_ceil: return std::floor(coordinate + 0.5f);
    case Resize::Rounding::floor: return std::floor(coordinate);
    case Resize::Rounding::ceil: return std::ceil(coordinate);
  }
  return coordinate;
}

// The source coordinate of output index 0, and its step; x is [N,H,W,C], `direction` 0 is H.
struct Affine {
  float first, step;
};
Affine affine_coordinates(std::string_view mode, const Resize& op, std::int64_t input,
                          std::size_t direction) {
  const float step = 1.0f / op.scale[direction];
  if (step == 1.0f)
    return {0.0f, 1.0f};  // as ONNX Runtime: an axis that keeps its size is left alone
  if (mode == "tf_half_pixel_for_nn") return {0.5f * step, step};
  // half_pixel_symmetric: what rounding the output's length cut off is shared between both ends.
  const float length = static_cast<float>(input) * op.scale[direction];
  const float offset =
      0.5f * static_cast<float>(input) * (1.0f - static_cast<float>(op.output[direction]) / length);
  return {offset + 0.5f * step - 0.5f, step};
}

// A resize of [N,H,W,C] at first + i * step: nearest as Gather, linear as a crop of the picture with one more pixel
// around it, so that no coordinate is outside.
TensorId emit_affine(ImportNode& node, TensorId x, Resize op, std::string_view mode) {
  const Shape in = node.shape(x);
  if (op.mode == Resize::Mode::linear) {
    op.coordinate = Resize::Coordinate::crop;
    for (std::size_t d = 0; d < 2; ++d) {
      const Affine at = affine_coordinates(mode, op, in[d + 1], d);
      const auto last = static_cast<float>(in[d + 1] + 1);
      op.roi_start[d] = (at.first + 1.0f) / last;
      op.roi_end[d] = (at.first + static_cast<float>(op.output[d] - 1) * at.step + 1.0f) / last;
    }
    return node.emit(op, {node.emit(Pad{Pad::Mode::edge, {0, 1, 1, 0}, {0, 1, 1, 0}, 0}, {x})});
  }
  for (std::size_t d = 0; d < 2; ++d) {
    const Affine at = affine_coordinates(mode, op, in[d + 1], d);
    std::vector<std::int64_t> indices;
    for (std::int32_t i = 0; i < op.output[d]; ++i) {
      const float source = rounded(op.rounding, at.first + static_cast<float>(i) * at.step);
      indices.push_back(
          std::clamp<std::int64_t>(static_cast<std::int64_t>(source), 0, in[d + 1] - 1));
    }
    const TensorType type{DType::i64, {static_cast<std::int64_t>(indices.size())}, {}};
    const TensorId taken = node.emit_constant(TensorValue::of(type, indices));
    x = node.emit(Gather{static_cast<std::int32_t>(d) + 1}, {x, taken});
  }
  return x;
}

// Emits `op` on two axes of x: the last two, or 1 and 2 of [N,H,W,C].
void emit_resize(ImportNode& node, TensorId x, Resize op, const Request& request) {
  const Shape in = node.shape(x);
  const std::string mode = coordinate_text(node);
  const auto resized = [&](TensorId picture) {
    return is_affine_mode(mode) ? emit_affine(node, picture, op, mode) : node.emit(op, {picture});
  };
  // Whether the axis is one that this form of the operator leaves alone.
  const auto kept = [&](std::size_t axis) {
    return request.output[axis] == in[axis] && request.scale[axis] == 1.0f;
  };
  bool all_kept = true;
  for (std::size_t axis = 0; axis < in.size(); ++axis) all_kept = all_kept && kept(axis);
  const bool whole_roi = op.coordinate != Resize::Coordinate::crop;
  const auto take = [&](std::size_t at, std::size_t axis) {
    op.output[at] = static_cast<std::int32_t>(request.output[axis]);
    op.scale[at] = request.scale[axis];
    op.roi_start[at] = request.roi_start[axis];
    op.roi_end[at] = request.roi_end[axis];
  };
  if (whole_roi && all_kept) {
    return node.set_output(0, ImportedValue{x, node.model_dtype(0)});
  }
  if (in.size() == 4 && kept(0) && kept(1)) {
    take(0, 2);
    take(1, 3);
    return node.set_output(0, to_channels_first(node, resized(to_channels_last(node, x)), 4));
  }
  if (in.size() == 4 && kept(0) && kept(3)) {
    take(0, 1);
    take(1, 2);
    return node.set_output(0, resized(x));
  }
  if (in.size() == 3 && kept(0) && kept(1)) {
    op.output[0] = 1;
    take(1, 2);
    return node.set_output(0, to_channels_first(node, resized(to_channels_last(node, x)), 3));
  }
  if (in.size() == 2 || in.size() == 1) {  // one picture without batch and channels
    const std::size_t last = in.size() - 1;
    const std::int64_t rows = in.size() == 2 ? in[0] : 1;
    op.output[0] = 1;
    if (in.size() == 2) take(0, 0);
    take(1, last);
    const TensorId y = resized(node.reshape(x, {1, rows, in[last], 1}));
    return node.set_output(0, node.reshape(y, request.output));
  }
  import_fault("E103",
               fmt::format("a shape {} is resized to {}", to_string(in), to_string(request.output)),
               "resize height and width only");
}

// With align_corners, ONNX takes the length of the result for input length times scale, unrounded: a source step of
// (in - 1) / (in * scale - 1). Where that is no integer the operator of the IR, which knows the real lengths, would
// give something else; the same step as an asymmetric scale does not.
void align_unrounded_corners(Resize& op, Request& request, const Shape& in) {
  if (op.coordinate != Resize::Coordinate::align_corners) return;
  bool exact = true;
  for (std::size_t i = 0; i < in.size(); ++i) {
    const float length = static_cast<float>(in[i]) * request.scale[i];
    exact = exact && std::abs(length - static_cast<float>(request.output[i])) < 1e-3f;
  }
  if (exact) return;
  op.coordinate = Resize::Coordinate::asymmetric;
  for (std::size_t i = 0; i < in.size(); ++i) {
    const float step = static_cast<float>(in[i]) * request.scale[i] - 1.0f;
    const bool has_step = in[i] > 1 && request.output[i] > 1;
    request.scale[i] = has_step ? step / static_cast<float>(in[i] - 1) : 1.0f;
  }
}

}  // namespace

void import_resize(ImportNode& node) {
  const TensorId x = node.input(0);
  Resize op;
  op.mode = resize_mode(node);
  if (node.onnx.integer("antialias", 0) != 0) refuse("antialias", "1", "0");
  if (node.onnx.integer("exclude_outside", 0) != 0) refuse("exclude_outside", "1", "0");
  const std::string policy = node.onnx.text("keep_aspect_ratio_policy", "stretch");
  if (policy != "stretch") refuse("keep_aspect_ratio_policy", policy, "stretch");
  if (node.opset() < 11) {
    op.coordinate = Resize::Coordinate::asymmetric;
    op.rounding = Resize::Rounding::floor;
  } else {
    op.coordinate = coordinate_mode(node);
    op.rounding = nearest_mode(node);
  }
  op.extrapolation = node.onnx.real("extrapolation_value", 0.0f);
  const bool crops = op.coordinate == Resize::Coordinate::crop;
  Request request = read_request(node, node.shape(x), crops);
  align_unrounded_corners(op, request, node.shape(x));
  emit_resize(node, x, op, request);
}

void import_upsample(ImportNode& node) {
  const TensorId x = node.input(0);
  const Shape in = node.shape(x);
  Resize op;
  op.mode = resize_mode(node);
  op.coordinate = Resize::Coordinate::asymmetric;
  op.rounding = Resize::Rounding::floor;
  std::vector<float> scales =
      node.opset() >= 9 ? reals_input(node, 1, "scales") : node.onnx.reals("scales");
  if (scales.empty()) {
    scales = {1.0f, 1.0f, node.onnx.real("height_scale", 1.0f),
              node.onnx.real("width_scale", 1.0f)};
  }
  if (scales.size() != in.size()) {
    import_fault("E104", fmt::format("{} scales for a shape {}", scales.size(), to_string(in)));
  }
  Request request{scales, in, std::vector<float>(in.size(), 0.0f),
                  std::vector<float>(in.size(), 1.0f)};
  scale_to_output(request, in);
  emit_resize(node, x, op, request);
}

namespace {

constexpr OperatorEntry kResizeOperators[] = {
    {"Resize",
     import_resize,
     10,
     Leaves::kernels,
     {Form::resize, Form::gather},
     "Height and width of three- or four-dimensional tensors, or all of one or two dimensions; "
     "nearest and linear, every coordinate mode and rounding; constant sizes or scales. No cubic, "
     "antialias, exclude_outside, or keep_aspect_ratio_policy."},
    {"Upsample",
     import_upsample,
     1,
     Leaves::kernels,
     {Form::resize},
     "As Resize with asymmetric coordinates; constant scales.",
     9},
};

}  // namespace

std::span<const OperatorEntry> resize_operators() { return kResizeOperators; }

}  // namespace linnet
