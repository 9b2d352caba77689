// Convolution, transposed convolution, fully connected, matrix product in int8: docs/quantization.md section 3.
//
//   acc = bias[to_index(o)] + sum over taps inside the input of (x - zx) * (w - zw[o])
//
// For each output pixel the centred inputs x - zx under the window are laid out as the weights are, [ky][kx][c], with 0
// where a tap lies outside (it adds nothing); then every output channel is one dot product.
#include <algorithm>
#include <numeric>

#include "compiler/ops/matmul.h"
#include "compiler/reference/fixed_point.h"
#include "compiler/reference/int8.h"

namespace linnet::reference {
namespace {

using Centred = std::vector<std::int16_t>;  // codes less their zero point: in [-255, 255]

// Products are at most 255 * 255, so 32768 of them fit into an int32; the chunks add up in int64.
std::int64_t dot(const std::int16_t* a, const std::int16_t* b, std::int64_t count) {
  constexpr std::int64_t kChunk = 32768;
  std::int64_t sum = 0;
  for (std::int64_t first = 0; first < count; first += kChunk) {
    const std::int64_t length = std::min(kChunk, count - first);
    std::int32_t part = 0;
    for (std::int64_t i = 0; i < length; ++i) {
      part += std::int32_t{a[first + i]} * std::int32_t{b[first + i]};
    }
    sum += part;
  }
  return sum;
}

// Which entry of a tensor's parameters holds for index `i` of its quantized axis.
std::size_t entry(const Quantization& q, std::int64_t i) {
  return q.per_tensor() ? 0 : static_cast<std::size_t>(i);
}

// Imported constants may be uint8; activations and our own weights are int8.
Centred centred_weights(const TensorValue& weights, std::int64_t outputs) {
  const Quantization& q = parameters(weights);
  assert(q.per_tensor() || q.axis == 0);
  const std::vector<std::int64_t> codes = weights.to_ints();
  const std::int64_t depth = static_cast<std::int64_t>(codes.size()) / outputs;
  Centred centred(codes.size());
  for (std::size_t i = 0; i < codes.size(); ++i) {
    const std::int64_t o = static_cast<std::int64_t>(i) / depth;
    centred[i] = static_cast<std::int16_t>(codes[i] - q.zero_point[entry(q, o)]);
  }
  return centred;
}

Centred centred_activation(const TensorValue& x) {
  const std::int32_t zero_point = parameters(x).zero_point[0];
  const std::vector<std::int64_t> codes = x.to_ints();
  Centred centred(codes.size());
  std::transform(codes.begin(), codes.end(), centred.begin(),
                 [&](std::int64_t code) { return static_cast<std::int16_t>(code - zero_point); });
  return centred;
}

std::vector<std::int64_t> bias_or_zeros(const TensorValue* bias, std::int64_t outputs) {
  if (bias != nullptr) {
    assert(bias->type.dtype == DType::i32);
    return bias->to_ints();
  }
  return std::vector<std::int64_t>(static_cast<std::size_t>(outputs), 0);
}

// M[o] = (double(sx) * double(sw[o])) / double(sy)
Requant requant_of(const TensorValue& x, const TensorValue& w, std::int64_t outputs,
                   const TensorType& output, const Clamp& clamp) {
  const Quantization& qx = parameters(x);
  const Quantization& qw = parameters(w);
  const Quantization& qy = parameters(output);
  std::vector<double> multipliers;
  for (std::int64_t o = 0; o < outputs; ++o) {
    multipliers.push_back(double{qx.scale[0]} * double{qw.scale[entry(qw, o)]} /
                          double{qy.scale[0]});
  }
  return {multipliers, qy.zero_point[0], codes_of(clamp, qy)};
}

// For each output index and tap along one direction: the input index, or -1 outside.
using TapTable = std::vector<std::vector<std::int64_t>>;

TapTable conv_table(const Window& window, std::size_t direction, std::int64_t input,
                    std::int64_t output) {
  const std::int64_t pad = direction == 0 ? window.pads.top : window.pads.left;
  TapTable table(static_cast<std::size_t>(output));
  for (std::int64_t out = 0; out < output; ++out) {
    for (std::int64_t tap = 0; tap < window.kernel[direction]; ++tap) {
      const std::int64_t at =
          out * window.stride[direction] - pad + tap * window.dilation[direction];
      table[to_index(out)].push_back(at >= 0 && at < input ? at : -1);
    }
  }
  return table;
}

// Input index i and tap k meet output i * stride - pad + k * dilation.
TapTable transposed_table(const Window& window, std::size_t direction, std::int64_t input,
                          std::int64_t output) {
  const std::int64_t pad = direction == 0 ? window.pads.top : window.pads.left;
  TapTable table(static_cast<std::size_t>(output),
                 std::vector<std::int64_t>(static_cast<std::size_t>(window.kernel[direction]), -1));
  for (std::int64_t i = 0; i < input; ++i) {
    for (std::int64_t tap = 0; tap < window.kernel[direction]; ++tap) {
      const std::int64_t out =
          i * window.stride[direction] - pad + tap * window.dilation[direction];
      if (out >= 0 && out < output) table[to_index(out)][to_index(tap)] = i;
    }
  }
  return table;
}

// Both convolutions, once it is known which input pixel lies under which tap.
TensorValue convolved(const Values& inputs, std::int64_t groups, const Clamp& clamp,
                      const TapTable& rows, const TapTable& columns, const TensorType& output) {
  const Shape& in = inputs[0]->type.shape;
  const std::int64_t outputs = output.shape[3];
  const std::int64_t group_in = in[3] / groups;
  const std::int64_t group_out = outputs / groups;
  const auto taps = static_cast<std::int64_t>(rows[0].size() * columns[0].size());
  const std::int64_t depth = taps * group_in;
  const Centred x = centred_activation(*inputs[0]);
  const Centred w = centred_weights(*inputs[1], outputs);
  const std::vector<std::int64_t> bias = bias_or_zeros(input_or_null(inputs, 2), outputs);
  const Requant requant = requant_of(*inputs[0], *inputs[1], outputs, output, clamp);
  OutputBuffer buffer(output);
  auto* y = buffer.data<std::int8_t>();
  Centred patch(static_cast<std::size_t>(groups * depth));  // [group][ky][kx][c]
  for (std::int64_t n = 0; n < in[0]; ++n) {
    const std::int16_t* image = x.data() + n * in[1] * in[2] * in[3];
    for (const auto& row : rows) {
      for (const auto& column : columns) {
        std::fill(patch.begin(), patch.end(), std::int16_t{0});
        std::int64_t tap = 0;
        for (const std::int64_t iy : row) {
          for (const std::int64_t ix : column) {
            if (iy >= 0 && ix >= 0) {
              const std::int16_t* pixel = image + (iy * in[2] + ix) * in[3];
              std::int16_t* to = patch.data() + tap * group_in;
              if (group_in ==
                  1) {  // depthwise: a call for each element would take most of the time
                for (std::int64_t g = 0; g < groups; ++g) to[g * depth] = pixel[g];
              } else {
                for (std::int64_t g = 0; g < groups; ++g) {
                  std::copy_n(pixel + g * group_in, group_in, to + g * depth);
                }
              }
            }
            ++tap;
          }
        }
        for (std::int64_t o = 0; o < outputs; ++o) {
          const std::int16_t* under = patch.data() + o / group_out * depth;
          *y++ = requant(bias[to_index(o)] + dot(under, w.data() + o * depth, depth), o);
        }
      }
    }
  }
  return buffer.finish();
}

}  // namespace

TensorValue int8(const Conv2d& op, const Values& inputs, const TensorType& output) {
  const Shape& in = inputs[0]->type.shape;
  return convolved(inputs, op.groups, op.clamp, conv_table(op.window, 0, in[1], output.shape[1]),
                   conv_table(op.window, 1, in[2], output.shape[2]), output);
}

TensorValue int8(const ConvTranspose2d& op, const Values& inputs, const TensorType& output) {
  const Shape& in = inputs[0]->type.shape;
  return convolved(inputs, op.groups, op.clamp,
                   transposed_table(op.window, 0, in[1], output.shape[1]),
                   transposed_table(op.window, 1, in[2], output.shape[2]), output);
}

TensorValue int8(const FullyConnected& op, const Values& inputs, const TensorType& output) {
  const std::int64_t outputs = inputs[1]->type.shape[0];
  const std::int64_t depth = inputs[1]->type.shape[1];
  const Centred x = centred_activation(*inputs[0]);
  const Centred w = centred_weights(*inputs[1], outputs);
  const std::vector<std::int64_t> bias = bias_or_zeros(input_or_null(inputs, 2), outputs);
  const Requant requant = requant_of(*inputs[0], *inputs[1], outputs, output, op.clamp);
  OutputBuffer buffer(output);
  auto* y = buffer.data<std::int8_t>();
  for (std::int64_t row = 0; row < output.elements() / outputs; ++row) {
    for (std::int64_t o = 0; o < outputs; ++o) {
      *y++ =
          requant(bias[to_index(o)] + dot(x.data() + row * depth, w.data() + o * depth, depth), o);
    }
  }
  return buffer.finish();
}

TensorValue int8(const MatMul&, const Values& inputs, const TensorType& output) {
  const Shape& a = inputs[0]->type.shape;
  const Shape& b = inputs[1]->type.shape;
  const std::int64_t rows = a[a.size() - 2];
  const std::int64_t depth = a.back();
  const std::int64_t columns = b.back();
  const Centred left = centred_activation(*inputs[0]);
  // Columns become rows, so that each output is a dot product of two stretches. A constant b may have a scale for
  // each column.
  const Quantization& qb = parameters(*inputs[1]);
  const std::vector<std::int64_t> codes = inputs[1]->to_ints();
  Centred right(codes.size());
  for (std::int64_t i = 0; i < static_cast<std::int64_t>(codes.size()); ++i) {
    const std::int64_t column = i % columns;
    const std::int64_t k = i / columns % depth;
    const std::int64_t matrix = i / columns / depth;
    right[to_index((matrix * columns + column) * depth + k)] =
        static_cast<std::int16_t>(codes[to_index(i)] - qb.zero_point[entry(qb, column)]);
  }
  const Requant requant = requant_of(*inputs[0], *inputs[1], columns, output, Clamp{});
  OutputBuffer buffer(output);
  auto* y = buffer.data<std::int8_t>();
  for (const MatrixPair& pair : matrix_pairs(a, b, output.shape)) {
    for (std::int64_t row = 0; row < rows; ++row) {
      for (std::int64_t column = 0; column < columns; ++column) {
        *y++ = requant(dot(left.data() + (pair.a * rows + row) * depth,
                           right.data() + (pair.b * columns + column) * depth, depth),
                       column);
      }
    }
  }
  return buffer.finish();
}

}  // namespace linnet::reference
