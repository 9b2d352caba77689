// Reductions, softmax and layer normalization; see reduce.h.
#include "compiler/ops/reduce.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "compiler/ops/quantize_ops.h"
#include "compiler/reference/exact_math.h"

namespace linnet {
namespace {

float value_without_elements(Reduce::Kind kind) {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  if (kind == Reduce::Kind::max) return -kInfinity;
  return kind == Reduce::Kind::min ? kInfinity : 0.0F;
}

float folded(Reduce::Kind kind, float sum, float x) {
  switch (kind) {
    case Reduce::Kind::max: return x > sum ? x : sum;
    case Reduce::Kind::min: return x < sum ? x : sum;
    case Reduce::Kind::l2: return sum + x * x;
    default: return sum + x;
  }
}

TensorValue reduce_integers(const Reduce& op, const TensorValue& x, const TensorType& output) {
  const std::vector<std::int64_t> from = x.to_ints();
  std::vector<std::int64_t> to(to_index(output.elements()), 0);
  for_each_reduced(op, x.type.shape, [&](std::int64_t i, std::int64_t o, bool first) {
    const std::int64_t value = from[to_index(i)];
    std::int64_t& sum = to[to_index(o)];
    if (first) {
      sum = value;
    } else if (op.kind == Reduce::Kind::max) {
      sum = std::max(sum, value);
    } else if (op.kind == Reduce::Kind::min) {
      sum = std::min(sum, value);
    } else {
      sum += value;
    }
  });
  const std::int64_t count = reduced_count(op, x.type.shape);
  if (op.kind == Reduce::Kind::mean && count > 0) {
    for (std::int64_t& value : to) value /= count;
  }
  return narrowed(to, output);
}

// The middle dimension of [outer, count, inner] that softmax runs along.
struct Rows {
  std::int64_t outer, count, inner;
};
Rows rows_along(const Shape& shape, std::int32_t axis) {
  const auto at = static_cast<std::size_t>(axis);
  return {count_between(shape, 0, at), shape[at], count_between(shape, at + 1, shape.size())};
}

Result<Nothing> require_vector(const Shapes& inputs, std::size_t index, std::int64_t elements,
                               const char* name) {
  if (!has_shape(inputs, index) || element_count(inputs[index]) == elements) return ok();
  return shape_fault(fmt::format("the {} has shape {}, expected {} elements", name,
                                 to_string(inputs[index]), elements));
}

}  // namespace

std::int64_t reduced_count(const Reduce& op, const Shape& input) {
  std::int64_t count = 1;
  for (const std::int32_t axis : op.axes) count *= input[static_cast<std::size_t>(axis)];
  return count;
}

Result<Shape> infer_shape(const Reduce& op, const Shapes& inputs) {
  if (auto fits = require_inputs(inputs, 1, 1); !fits) return fits.diagnostics();
  std::vector<bool> reduced(inputs[0].size(), false);
  for (const std::int32_t axis : op.axes) {
    if (auto fits = require_axis(axis, inputs[0]); !fits) return fits.diagnostics();
    if (reduced[static_cast<std::size_t>(axis)]) {
      return shape_fault(fmt::format("axis {} is named twice", axis));
    }
    reduced[static_cast<std::size_t>(axis)] = true;
  }
  Shape shape;
  for (std::size_t d = 0; d < inputs[0].size(); ++d) {
    if (!reduced[d]) {
      shape.push_back(inputs[0][d]);
    } else if (op.keep_dims) {
      shape.push_back(1);
    }
  }
  return shape;
}

Result<Shape> infer_shape(const Softmax& op, const Shapes& inputs) {
  if (auto fits = require_inputs(inputs, 1, 1); !fits) return fits.diagnostics();
  if (auto fits = require_axis(op.axis, inputs[0]); !fits) return fits.diagnostics();
  return inputs[0];
}

Result<Shape> infer_shape(const LayerNorm& op, const Shapes& inputs) {
  if (auto fits = require_inputs(inputs, 1, 3); !fits) return fits.diagnostics();
  if (auto fits = require_axis(op.axis, inputs[0]); !fits) return fits.diagnostics();
  const std::int64_t elements =
      count_between(inputs[0], static_cast<std::size_t>(op.axis), inputs[0].size());
  if (auto fits = require_vector(inputs, 1, elements, "scale"); !fits) return fits.diagnostics();
  if (auto fits = require_vector(inputs, 2, elements, "bias"); !fits) return fits.diagnostics();
  return inputs[0];
}

TensorValue evaluate(const Reduce& op, const Values& inputs, const TensorType& output) {
  const TensorValue& x = *inputs[0];
  if (output.dtype != DType::f32) return reduce_integers(op, x, output);
  OutputBuffer buffer(output);
  float* y = buffer.data<float>();
  const float* from = x.as<float>().data();
  std::fill_n(y, output.elements(), value_without_elements(op.kind));
  for_each_reduced(op, x.type.shape, [&](std::int64_t i, std::int64_t o, bool first) {
    const float start = op.kind == Reduce::Kind::l2 ? from[i] * from[i] : from[i];
    y[o] = first ? start : folded(op.kind, y[o], from[i]);
  });
  const auto count = static_cast<float>(reduced_count(op, x.type.shape));
  for (std::int64_t o = 0; o < output.elements(); ++o) {
    if (op.kind == Reduce::Kind::mean) y[o] = y[o] / count;
    if (op.kind == Reduce::Kind::l2) y[o] = exact::sqrt(y[o]);
  }
  return buffer.finish();
}

TensorValue evaluate(const Softmax& op, const Values& inputs, const TensorType& output) {
  const float* x = inputs[0]->as<float>().data();
  const Rows rows = rows_along(output.shape, op.axis);
  OutputBuffer buffer(output);
  float* y = buffer.data<float>();
  for (std::int64_t o = 0; o < rows.outer; ++o) {
    for (std::int64_t k = 0; k < rows.inner; ++k) {
      const std::int64_t first = o * rows.count * rows.inner + k;
      const auto at = [&](std::int64_t i) { return first + i * rows.inner; };
      float largest = x[first];
      for (std::int64_t i = 1; i < rows.count; ++i) {
        if (x[at(i)] > largest) largest = x[at(i)];
      }
      float sum = 0;
      for (std::int64_t i = 0; i < rows.count; ++i) {
        y[at(i)] = exact::exp(x[at(i)] - largest);
        sum = i == 0 ? y[at(i)] : sum + y[at(i)];
      }
      for (std::int64_t i = 0; i < rows.count; ++i) y[at(i)] = y[at(i)] / sum;
    }
  }
  return buffer.finish();
}

TensorValue evaluate(const LayerNorm& op, const Values& inputs, const TensorType& output) {
  const auto axis = static_cast<std::size_t>(op.axis);
  const std::int64_t n = count_between(output.shape, axis, output.shape.size());
  const auto count = static_cast<float>(n);
  const TensorValue* scale = input_or_null(inputs, 1);
  const TensorValue* bias = input_or_null(inputs, 2);
  OutputBuffer buffer(output);
  float* y = buffer.data<float>();
  const float* x = inputs[0]->as<float>().data();
  for (std::int64_t row = 0; row < output.elements() / n; ++row, x += n, y += n) {
    float sum = x[0];
    for (std::int64_t i = 1; i < n; ++i) sum = sum + x[i];
    const float mean = sum / count;
    float squares = (x[0] - mean) * (x[0] - mean);
    for (std::int64_t i = 1; i < n; ++i) squares = squares + (x[i] - mean) * (x[i] - mean);
    const float k = 1.0F / exact::sqrt(squares / count + op.epsilon);
    for (std::int64_t i = 0; i < n; ++i) {
      float value = (x[i] - mean) * k;
      if (scale != nullptr) value = value * scale->as<float>()[to_index(i)];
      if (bias != nullptr) value = value + bias->as<float>()[to_index(i)];
      y[i] = value;
    }
  }
  return buffer.finish();
}

}  // namespace linnet
