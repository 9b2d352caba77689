// Resize of H and W; see resize.h.
#include "compiler/ops/resize.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "compiler/ops/copy_mapped.h"

namespace linnet {
namespace {

// The two neighbours of a coordinate and the second one's weight.
struct RowTap {
  bool outside;
  std::int64_t i0, i1;
  float w1;
};

std::vector<RowTap> row_taps(const Resize& op, std::size_t direction, std::int64_t input) {
  std::vector<RowTap> taps;
  for (std::int64_t i = 0; i < op.output[direction]; ++i) {
    const float raw = resize_coordinate(op, direction, input, i);
    const float c = std::clamp(raw, 0.0F, static_cast<float>(input - 1));
    const auto i0 = static_cast<std::int64_t>(c);
    taps.push_back({resize_outside(op, raw, input), i0, std::min(i0 + 1, input - 1),
                    c - static_cast<float>(i0)});
  }
  return taps;
}

TensorValue resize_linear(const Resize& op, const TensorValue& x, const TensorType& output) {
  const Shape& in = x.type.shape;
  const std::int64_t channels = in[3];
  const auto rows = row_taps(op, 0, in[1]);
  const auto columns = row_taps(op, 1, in[2]);
  OutputBuffer buffer(output);
  float* y = buffer.data<float>();
  for (std::int64_t n = 0; n < in[0]; ++n) {
    const float* image = x.as<float>().data() + n * in[1] * in[2] * channels;
    for (const RowTap& v : rows) {
      const float* top = image + v.i0 * in[2] * channels;
      const float* bottom = image + v.i1 * in[2] * channels;
      for (const RowTap& h : columns) {
        const std::int64_t left = h.i0 * channels;
        const std::int64_t right = h.i1 * channels;
        for (std::int64_t c = 0; c < channels; ++c) {
          const float upper = (1.0F - h.w1) * top[left + c] + h.w1 * top[right + c];
          const float lower = (1.0F - h.w1) * bottom[left + c] + h.w1 * bottom[right + c];
          const float value = (1.0F - v.w1) * upper + v.w1 * lower;
          *y++ = v.outside || h.outside ? op.extrapolation : value;
        }
      }
    }
  }
  return buffer.finish();
}

}  // namespace

float resize_coordinate(const Resize& op, std::size_t direction, std::int64_t input,
                        std::int64_t i) {
  const auto x = static_cast<float>(i);
  const float scale = op.scale[direction];
  const std::int64_t length = op.output[direction];
  const auto last_in = static_cast<float>(input - 1);
  const auto last_out = static_cast<float>(length - 1);
  switch (op.coordinate) {
    case Resize::Coordinate::half_pixel: return (x + 0.5F) / scale - 0.5F;
    case Resize::Coordinate::pytorch_half_pixel:
      return length > 1 ? (x + 0.5F) / scale - 0.5F : 0.0F;
    case Resize::Coordinate::align_corners: return length > 1 ? x * last_in / last_out : 0.0F;
    case Resize::Coordinate::asymmetric: return x / scale;
    case Resize::Coordinate::crop: {
      const float start = op.roi_start[direction];
      const float end = op.roi_end[direction];
      if (length <= 1) return 0.5F * (start + end) * last_in;
      return start * last_in + x * (end - start) * last_in / last_out;
    }
  }
  return x;
}

bool resize_outside(const Resize& op, float coordinate, std::int64_t input) {
  return op.coordinate == Resize::Coordinate::crop &&
         (coordinate < 0.0F || coordinate > static_cast<float>(input - 1));
}

std::int64_t resize_nearest(const Resize& op, float coordinate, std::int64_t input) {
  const float below = std::floor(coordinate);
  const float fraction = coordinate - below;
  float chosen = below;
  switch (op.rounding) {
    case Resize::Rounding::round_prefer_floor: chosen = fraction > 0.5F ? below + 1 : below; break;
    case Resize::Rounding::round_prefer_ceil: chosen = fraction >= 0.5F ? below + 1 : below; break;
    case Resize::Rounding::floor: break;
    case Resize::Rounding::ceil: chosen = std::ceil(coordinate); break;
  }
  return static_cast<std::int64_t>(std::clamp(chosen, 0.0F, static_cast<float>(input - 1)));
}

Result<Shape> infer_shape(const Resize& op, const Shapes& inputs) {
  if (auto fits = require_inputs(inputs, 1, 1); !fits) return fits.diagnostics();
  if (auto fits = require_rank(inputs[0], 4, "the input"); !fits) return fits.diagnostics();
  for (std::size_t direction = 0; direction < 2; ++direction) {
    if (op.output[direction] < 1) {
      return shape_fault(fmt::format("the output size {}x{} is empty", op.output[0], op.output[1]));
    }
    if (!(op.scale[direction] > 0) || !std::isfinite(op.scale[direction])) {
      return shape_fault(fmt::format("scale {} is not positive", op.scale[direction]));
    }
  }
  return checked_shape({inputs[0][0], op.output[0], op.output[1], inputs[0][3]});
}

TensorValue resize_nearest_with(const Resize& op, const TensorValue& input,
                                std::span<const std::byte> fill, const TensorType& output) {
  const Shape& in = input.type.shape;
  const auto strides = row_major_strides(in);
  std::vector<IndexMap> maps(4);
  for (std::int64_t n = 0; n < in[0]; ++n) maps[0].push_back(n * strides[0]);
  for (std::size_t direction = 0; direction < 2; ++direction) {
    const std::int64_t length = in[1 + direction];
    for (std::int64_t i = 0; i < op.output[direction]; ++i) {
      const float c = resize_coordinate(op, direction, length, i);
      const bool outside = resize_outside(op, c, length);
      const std::int64_t source = resize_nearest(op, c, length) * strides[1 + direction];
      maps[1 + direction].push_back(outside ? kOutside : source);
    }
  }
  for (std::int64_t c = 0; c < in[3]; ++c) maps[3].push_back(c);
  return copy_mapped(input, maps, fill, output);
}

TensorValue evaluate(const Resize& op, const Values& inputs, const TensorType& output) {
  if (op.mode == Resize::Mode::linear) return resize_linear(op, *inputs[0], output);
  const std::span<const float> fill(&op.extrapolation, 1);
  const bool is_float = output.dtype == DType::f32;
  return resize_nearest_with(op, *inputs[0],
                             is_float ? std::as_bytes(fill) : std::span<const std::byte>{}, output);
}

}  // namespace linnet
