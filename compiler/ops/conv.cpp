// Convolution and transposed convolution; see conv.h.
//
// Evaluation turns each output pixel into runs (float_kernels.h): stretches of input that lie side by side in memory
// and meet weights that do so too. Pixels whose window lies inside the input are made four at a time.
#include "compiler/ops/conv.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "compiler/ops/float_kernels.h"

namespace linnet {
namespace {

std::int64_t pad_before(const Pads& pads, std::size_t direction) {
  return direction == 0 ? pads.top : pads.left;
}
std::int64_t pad_after(const Pads& pads, std::size_t direction) {
  return direction == 0 ? pads.bottom : pads.right;
}
const char* direction_name(std::size_t direction) { return direction == 0 ? "height" : "width"; }

// What both convolutions ask of x, w, bias and groups.
Result<Nothing> require_operands(const Window& window, std::int32_t groups, const Shapes& inputs) {
  if (auto fits = require_inputs(inputs, 2, 3); !fits) return fits;
  if (auto fits = require_window(window); !fits) return fits;
  const Shape& x = inputs[0];
  const Shape& w = inputs[1];
  if (auto fits = require_rank(x, 4, "the input"); !fits) return fits;
  if (auto fits = require_rank(w, 4, "the weights"); !fits) return fits;
  if (groups < 1) return shape_fault(fmt::format("groups = {}, expected at least 1", groups));
  if (w[1] != window.kernel[0] || w[2] != window.kernel[1]) {
    return shape_fault(fmt::format("the kernel is {}x{} but the weights are {}x{}",
                                   window.kernel[0], window.kernel[1], w[1], w[2]));
  }
  if (x[3] % groups != 0 || w[3] != x[3] / groups) {
    return shape_fault(
        fmt::format("the weights take {} input channels a group in {} groups, the input has {}",
                    w[3], groups, x[3]));
  }
  if (w[0] % groups != 0) {
    return shape_fault(
        fmt::format("{} output channels cannot be divided into {} groups", w[0], groups));
  }
  if (has_shape(inputs, 2) && inputs[2] != Shape{w[0]}) {
    return shape_fault(fmt::format("the bias has shape {}, expected {}", to_string(inputs[2]),
                                   to_string(Shape{w[0]})));
  }
  return ok();
}

struct Geometry {
  std::int64_t batch, in_h, in_w, in_c, out_h, out_w, out_c, groups, in_group, out_group;
};

Geometry geometry(const Shape& x, const Shape& y, std::int64_t groups) {
  return {x[0], x[1], x[2], x[3], y[1], y[2], y[3], groups, x[3] / groups, y[3] / groups};
}

// Indices of the taps [first, last) whose input coordinate start + tap * dilation is in [0, input).
struct TapRange {
  std::int64_t first, last;
  bool operator==(const TapRange&) const = default;
};
TapRange taps_inside(std::int64_t start, std::int64_t dilation, std::int64_t kernel,
                     std::int64_t input) {
  std::int64_t first = 0;
  while (first < kernel && start + first * dilation < 0) ++first;
  std::int64_t last = kernel;
  while (last > first && start + (last - 1) * dilation >= input) --last;
  return {first, last};
}

std::vector<PackedWeights> pack_groups(const TensorValue& weights, const Geometry& g) {
  const std::int64_t depth = weights.type.elements() / g.out_c;
  std::vector<PackedWeights> packed;
  for (std::int64_t group = 0; group < g.groups; ++group) {
    packed.emplace_back(weights.as<float>().data() + group * g.out_group * depth, g.out_group,
                        depth, depth, 1);
  }
  return packed;
}

const float* data_or_null(const TensorValue* value) {
  return value == nullptr ? nullptr : value->as<float>().data();
}

// The runs of one output pixel of a convolution.
void conv_runs(const Window& window, const Geometry& g, const float* image, TapRange rows,
               TapRange columns, std::int64_t y0, std::int64_t x0, std::int64_t group,
               std::vector<Run>& runs) {
  runs.clear();
  const bool merge = window.dilation[1] == 1 && g.groups == 1;
  for (std::int64_t ky = rows.first; ky < rows.last; ++ky) {
    const float* row = image + (y0 + ky * window.dilation[0]) * g.in_w * g.in_c;
    for (std::int64_t kx = columns.first; kx < columns.last; ++kx) {
      const float* pixel = row + (x0 + kx * window.dilation[1]) * g.in_c + group * g.in_group;
      const std::int64_t tap = ky * window.kernel[1] + kx;
      const std::int64_t taps = merge ? columns.last - columns.first : 1;
      runs.push_back({pixel, tap * g.in_group, taps * g.in_group});
      if (merge) break;
    }
  }
}

void conv_row(const Conv2d& op, const Geometry& g, const std::vector<PackedWeights>& weights,
              const float* bias, const float* image, std::int64_t oy, float* y_row) {
  const Window& window = op.window;
  const std::int64_t y0 = oy * window.stride[0] - window.pads.top;
  const TapRange rows = taps_inside(y0, window.dilation[0], window.kernel[0], g.in_h);
  std::vector<TapRange> all_columns(to_index(g.out_w));
  TapRange* columns = all_columns.data();
  for (std::int64_t ox = 0; ox < g.out_w; ++ox) {
    columns[ox] = taps_inside(ox * window.stride[1] - window.pads.left, window.dilation[1],
                              window.kernel[1], g.in_w);
  }
  std::vector<Run> runs;
  for (std::int64_t ox = 0; ox < g.out_w;) {
    std::int64_t pixels = 1;  // neighbours that see the same taps
    while (ox + pixels < g.out_w && columns[ox + pixels] == columns[ox]) ++pixels;
    const std::int64_t x0 = ox * window.stride[1] - window.pads.left;
    for (std::int64_t group = 0; group < g.groups; ++group) {
      conv_runs(window, g, image, rows, columns[ox], y0, x0, group, runs);
      const std::int64_t first_output = group * g.out_group;
      multiply_runs(weights[to_index(group)], runs, bias == nullptr ? nullptr : bias + first_output,
                    op.clamp, pixels, window.stride[1] * g.in_c,
                    y_row + ox * g.out_c + first_output, g.out_c);
    }
    ox += pixels;
  }
}

// One weight a channel and tap: [C,KH,KW,1] becomes [KH*KW][C].
std::vector<float> transpose_depthwise(const TensorValue& weights) {
  const std::int64_t channels = weights.type.shape[0];
  const std::int64_t taps = weights.type.elements() / channels;
  std::vector<float> packed(weights.as<float>().size());
  const float* from = weights.as<float>().data();
  for (std::int64_t c = 0; c < channels; ++c) {
    for (std::int64_t tap = 0; tap < taps; ++tap) {
      packed[to_index(tap * channels + c)] = from[c * taps + tap];
    }
  }
  return packed;
}

void depthwise_row(const Conv2d& op, const Geometry& g, const std::vector<float>& weights,
                   const float* bias, const float* image, std::int64_t oy, float* y_row) {
  const Window& window = op.window;
  const std::int64_t y0 = oy * window.stride[0] - window.pads.top;
  const TapRange rows = taps_inside(y0, window.dilation[0], window.kernel[0], g.in_h);
  std::vector<DepthwiseTap> taps;
  for (std::int64_t ox = 0; ox < g.out_w; ++ox) {
    const std::int64_t x0 = ox * window.stride[1] - window.pads.left;
    const TapRange columns = taps_inside(x0, window.dilation[1], window.kernel[1], g.in_w);
    taps.clear();
    for (std::int64_t ky = rows.first; ky < rows.last; ++ky) {
      const float* row = image + (y0 + ky * window.dilation[0]) * g.in_w * g.in_c;
      for (std::int64_t kx = columns.first; kx < columns.last; ++kx) {
        taps.push_back({row + (x0 + kx * window.dilation[1]) * g.in_c,
                        weights.data() + (ky * window.kernel[1] + kx) * g.in_c});
      }
    }
    multiply_depthwise(taps, bias, op.clamp, g.out_c, y_row + ox * g.out_c);
  }
}

// Along one direction: which taps meet output index `out`, and at which input index.
struct TransposedTap {
  std::int64_t tap, input;
};
std::vector<TransposedTap> transposed_taps(const Window& window, std::size_t direction,
                                           std::int64_t out, std::int64_t input) {
  std::vector<TransposedTap> taps;
  for (std::int64_t tap = 0; tap < window.kernel[direction]; ++tap) {
    const std::int64_t position =
        out + pad_before(window.pads, direction) - tap * window.dilation[direction];
    if (position < 0 || position % window.stride[direction] != 0) continue;
    const std::int64_t index = position / window.stride[direction];
    if (index < input) taps.push_back({tap, index});
  }
  return taps;
}

}  // namespace

Result<Nothing> require_window(const Window& window) {
  for (std::size_t direction = 0; direction < 2; ++direction) {
    if (window.kernel[direction] < 1) {
      return shape_fault(fmt::format("kernel {} is {}, expected at least 1",
                                     direction_name(direction), window.kernel[direction]));
    }
    if (window.stride[direction] < 1) {
      return shape_fault(
          fmt::format("stride {} is not supported, expected at least 1", window.stride[direction]));
    }
    if (window.dilation[direction] < 1) {
      return shape_fault(fmt::format("dilation {} is not supported, expected at least 1",
                                     window.dilation[direction]));
    }
    if (pad_before(window.pads, direction) < 0 || pad_after(window.pads, direction) < 0) {
      return shape_fault("negative pads are not supported", "slice the input instead");
    }
  }
  return ok();
}

Result<std::int64_t> window_output(const Window& window, std::size_t direction,
                                   std::int64_t input) {
  const std::int64_t extent =
      std::int64_t{window.dilation[direction]} * (window.kernel[direction] - 1) + 1;
  const std::int64_t padded =
      input + pad_before(window.pads, direction) + pad_after(window.pads, direction);
  if (extent > padded) {
    return shape_fault(fmt::format("the kernel covers {} in {} but the padded input has {}", extent,
                                   direction_name(direction), padded));
  }
  return (padded - extent) / window.stride[direction] + 1;
}

Result<Shape> infer_shape(const Conv2d& op, const Shapes& inputs) {
  if (auto fits = require_operands(op.window, op.groups, inputs); !fits) return fits.diagnostics();
  const auto height = window_output(op.window, 0, inputs[0][1]);
  if (!height) return height.diagnostics();
  const auto width = window_output(op.window, 1, inputs[0][2]);
  if (!width) return width.diagnostics();
  return checked_shape({inputs[0][0], *height, *width, inputs[1][0]});
}

Result<Shape> infer_shape(const ConvTranspose2d& op, const Shapes& inputs) {
  if (auto fits = require_operands(op.window, op.groups, inputs); !fits) return fits.diagnostics();
  Shape shape{inputs[0][0], 0, 0, inputs[1][0]};
  for (std::size_t direction = 0; direction < 2; ++direction) {
    const Window& window = op.window;
    if (op.output_padding[direction] < 0) return shape_fault("output_padding is negative");
    const std::int64_t length =
        (inputs[0][1 + direction] - 1) * window.stride[direction] +
        std::int64_t{window.dilation[direction]} * (window.kernel[direction] - 1) + 1 -
        pad_before(window.pads, direction) - pad_after(window.pads, direction) +
        op.output_padding[direction];
    if (length < 1) {
      return shape_fault(
          fmt::format("the pads leave an output {} of {}", direction_name(direction), length));
    }
    shape[1 + direction] = length;
  }
  return checked_shape(std::move(shape));
}

std::int64_t macs(const Conv2d&, const Shapes& inputs, const Shape& output) {
  return element_count(output) * count_between(inputs[1], 1, 4);
}

std::int64_t macs(const ConvTranspose2d&, const Shapes& inputs, const Shape&) {
  // Every input element meets each of its group's weights once.
  return count_between(inputs[0], 0, 3) * element_count(inputs[1]);
}

TensorValue evaluate(const Conv2d& op, const Values& inputs, const TensorType& output) {
  const TensorValue& x = *inputs[0];
  const TensorValue& w = *inputs[1];
  const float* bias = data_or_null(input_or_null(inputs, 2));
  const Geometry g = geometry(x.type.shape, output.shape, op.groups);
  const bool depthwise = g.in_group == 1 && g.out_group == 1;
  std::vector<PackedWeights> packed;
  std::vector<float> by_tap;
  if (depthwise) {
    by_tap = transpose_depthwise(w);
  } else {
    packed = pack_groups(w, g);
  }
  OutputBuffer buffer(output);
  for (std::int64_t n = 0; n < g.batch; ++n) {
    const float* image = x.as<float>().data() + n * g.in_h * g.in_w * g.in_c;
    for (std::int64_t oy = 0; oy < g.out_h; ++oy) {
      float* y_row = buffer.data<float>() + (n * g.out_h + oy) * g.out_w * g.out_c;
      if (depthwise) {
        depthwise_row(op, g, by_tap, bias, image, oy, y_row);
      } else {
        conv_row(op, g, packed, bias, image, oy, y_row);
      }
    }
  }
  return buffer.finish();
}

TensorValue evaluate(const ConvTranspose2d& op, const Values& inputs, const TensorType& output) {
  const TensorValue& x = *inputs[0];
  const float* bias = data_or_null(input_or_null(inputs, 2));
  const Geometry g = geometry(x.type.shape, output.shape, op.groups);
  const std::vector<PackedWeights> packed = pack_groups(*inputs[1], g);
  OutputBuffer buffer(output);
  std::vector<Run> runs;
  for (std::int64_t n = 0; n < g.batch; ++n) {
    const float* image = x.as<float>().data() + n * g.in_h * g.in_w * g.in_c;
    for (std::int64_t oy = 0; oy < g.out_h; ++oy) {
      const auto rows = transposed_taps(op.window, 0, oy, g.in_h);
      for (std::int64_t ox = 0; ox < g.out_w; ++ox) {
        const auto columns = transposed_taps(op.window, 1, ox, g.in_w);
        float* y = buffer.data<float>() + ((n * g.out_h + oy) * g.out_w + ox) * g.out_c;
        for (std::int64_t group = 0; group < g.groups; ++group) {
          runs.clear();
          for (const TransposedTap& row : rows) {
            for (const TransposedTap& column : columns) {
              runs.push_back(
                  {image + (row.input * g.in_w + column.input) * g.in_c + group * g.in_group,
                   (row.tap * op.window.kernel[1] + column.tap) * g.in_group, g.in_group});
            }
          }
          const std::int64_t first = group * g.out_group;
          multiply_runs(packed[to_index(group)], runs, bias == nullptr ? nullptr : bias + first,
                        op.clamp, 1, 0, y + first, g.out_c);
        }
      }
    }
  }
  return buffer.finish();
}

}  // namespace linnet
