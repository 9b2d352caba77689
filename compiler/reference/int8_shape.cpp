// Padding and resize in int8: docs/quantization.md section 6. The other shape operators copy codes as they copy anything.
#include <algorithm>
#include <span>

#include "compiler/ops/resize.h"
#include "compiler/ops/shape.h"
#include "compiler/reference/fixed_point.h"
#include "compiler/reference/int8.h"

namespace linnet::reference {
namespace {

struct Tap {
  bool outside;
  std::int64_t i0, i1, w0, w1;
};

std::vector<Tap> taps_along(const Resize& op, std::size_t direction, std::int64_t input) {
  std::vector<Tap> taps;
  for (std::int64_t i = 0; i < op.output[direction]; ++i) {
    const float raw = resize_coordinate(op, direction, input, i);
    const float c = std::min(std::max(raw, 0.0F), static_cast<float>(input - 1));
    const auto i0 = static_cast<std::int64_t>(c);
    const auto w1 = static_cast<std::int64_t>(
        round_even(static_cast<double>(c - static_cast<float>(i0)) * 1024.0));
    taps.push_back(
        {resize_outside(op, raw, input), i0, std::min(i0 + 1, input - 1), 1024 - w1, w1});
  }
  return taps;
}

}  // namespace

TensorValue int8(const Pad& op, const Values& inputs, const TensorType& output) {
  const std::int8_t fill = quantize_real(double{op.value}, parameters(output));
  return pad_with(op, *inputs[0], std::as_bytes(std::span(&fill, 1)), output);
}

TensorValue int8(const Resize& op, const Values& inputs, const TensorType& output) {
  const TensorValue& x = *inputs[0];
  const std::int8_t fill = quantize_real(double{op.extrapolation}, parameters(output));
  if (op.mode == Resize::Mode::nearest) {
    return resize_nearest_with(op, x, std::as_bytes(std::span(&fill, 1)), output);
  }
  const Shape& in = x.type.shape;
  const std::vector<Tap> rows = taps_along(op, 0, in[1]);
  const std::vector<Tap> columns = taps_along(op, 1, in[2]);
  OutputBuffer buffer(output);
  auto* y = buffer.data<std::int8_t>();
  for (std::int64_t n = 0; n < in[0]; ++n) {
    const std::int8_t* image = x.as<std::int8_t>().data() + n * in[1] * in[2] * in[3];
    for (const Tap& v : rows) {
      for (const Tap& h : columns) {
        for (std::int64_t c = 0; c < in[3]; ++c) {
          const auto code = [&](std::int64_t row, std::int64_t column) {
            return std::int64_t{image[(row * in[2] + column) * in[3] + c]};
          };
          const std::int64_t sum = v.w0 * h.w0 * code(v.i0, h.i0) + v.w0 * h.w1 * code(v.i0, h.i1) +
                                   v.w1 * h.w0 * code(v.i1, h.i0) + v.w1 * h.w1 * code(v.i1, h.i1);
          const std::int64_t rounded = (sum + (std::int64_t{1} << 19)) >> 20;
          *y++ = v.outside || h.outside ? fill : Codes{}.clamp(rounded);
        }
      }
    }
  }
  return buffer.finish();
}

}  // namespace linnet::reference
