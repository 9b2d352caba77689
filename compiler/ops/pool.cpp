// Max and average pooling; see pool.h.
#include "compiler/ops/pool.h"

#include <limits>

#include "compiler/ops/conv.h"

namespace linnet {
namespace {

// Coordinates of the taps in [lo, hi).
std::vector<std::int64_t> coordinates(std::int64_t start, std::int64_t dilation,
                                      std::int64_t kernel, std::int64_t lo, std::int64_t hi) {
  std::vector<std::int64_t> inside;
  for (std::int64_t tap = 0; tap < kernel; ++tap) {
    const std::int64_t at = start + tap * dilation;
    if (at >= lo && at < hi) inside.push_back(at);
  }
  return inside;
}

// Folds the taps of every window, row by row, into `empty` or the first tap.
template <class Element, class Combine, class Finish>
TensorValue pooled(const Pool2d& op, const TensorValue& x, const TensorType& output, Element empty,
                   Combine combine, Finish finish) {
  const Shape& in = x.type.shape;
  const std::int64_t channels = in[3];
  OutputBuffer buffer(output);
  auto* y = buffer.data<Element>();
  for (std::int64_t n = 0; n < in[0]; ++n) {
    const Element* image = x.as<Element>().data() + n * in[1] * in[2] * channels;
    for (std::int64_t oy = 0; oy < output.shape[1]; ++oy) {
      for (std::int64_t ox = 0; ox < output.shape[2]; ++ox, y += channels) {
        const PoolTaps taps = pool_taps(op, in, oy, ox);
        bool first = true;
        for (std::int64_t c = 0; c < channels; ++c) y[c] = empty;
        for (const std::int64_t row : taps.rows) {
          for (const std::int64_t column : taps.columns) {
            const Element* pixel = image + (row * in[2] + column) * channels;
            for (std::int64_t c = 0; c < channels; ++c) {
              y[c] = first ? pixel[c] : combine(y[c], pixel[c]);
            }
            first = false;
          }
        }
        for (std::int64_t c = 0; c < channels; ++c) y[c] = finish(y[c], taps.divisor);
      }
    }
  }
  return buffer.finish();
}

template <class Element>
TensorValue max_pooled(const Pool2d& op, const TensorValue& x, const TensorType& output) {
  return pooled<Element>(
      op, x, output, std::numeric_limits<Element>::lowest(),
      [](Element y, Element v) { return v > y ? v : y; },
      [](Element y, std::int64_t) { return y; });
}

}  // namespace

PoolTaps pool_taps(const Pool2d& op, const Shape& input, std::int64_t out_y, std::int64_t out_x) {
  const Window& w = op.window;
  const std::int64_t y0 = out_y * w.stride[0] - w.pads.top;
  const std::int64_t x0 = out_x * w.stride[1] - w.pads.left;
  PoolTaps taps{coordinates(y0, w.dilation[0], w.kernel[0], 0, input[1]),
                coordinates(x0, w.dilation[1], w.kernel[1], 0, input[2]), 0};
  if (op.count_include_pad) {
    const auto rows =
        coordinates(y0, w.dilation[0], w.kernel[0], -op.include.top, input[1] + op.include.bottom);
    const auto columns =
        coordinates(x0, w.dilation[1], w.kernel[1], -op.include.left, input[2] + op.include.right);
    taps.divisor = static_cast<std::int64_t>(rows.size() * columns.size());
  } else {
    taps.divisor = static_cast<std::int64_t>(taps.rows.size() * taps.columns.size());
  }
  return taps;
}

Result<Shape> infer_shape(const Pool2d& op, const Shapes& inputs) {
  if (auto fits = require_inputs(inputs, 1, 1); !fits) return fits.diagnostics();
  if (auto fits = require_rank(inputs[0], 4, "the input"); !fits) return fits.diagnostics();
  if (auto fits = require_window(op.window); !fits) return fits.diagnostics();
  const auto height = window_output(op.window, 0, inputs[0][1]);
  if (!height) return height.diagnostics();
  const auto width = window_output(op.window, 1, inputs[0][2]);
  if (!width) return width.diagnostics();
  return checked_shape({inputs[0][0], *height, *width, inputs[0][3]});
}

TensorValue evaluate(const Pool2d& op, const Values& inputs, const TensorType& output) {
  const TensorValue& x = *inputs[0];
  if (op.kind == Pool2d::Kind::average) {
    return pooled<float>(
        op, x, output, 0.0F, [](float y, float v) { return y + v; },
        [](float sum, std::int64_t divisor) {
          return divisor > 0 ? sum / static_cast<float>(divisor) : 0.0F;
        });
  }
  switch (output.dtype) {
    case DType::i8: return max_pooled<std::int8_t>(op, x, output);
    case DType::u8: return max_pooled<std::uint8_t>(op, x, output);
    default: return max_pooled<float>(op, x, output);
  }
}

}  // namespace linnet
