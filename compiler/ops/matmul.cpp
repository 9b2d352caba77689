// Fully connected layers and matrix products; see matmul.h.
#include "compiler/ops/matmul.h"

#include <fmt/format.h>

#include "compiler/ops/float_kernels.h"

namespace linnet {

Result<Shape> infer_shape(const FullyConnected&, const Shapes& inputs) {
  if (auto fits = require_inputs(inputs, 2, 3); !fits) return fits.diagnostics();
  const Shape& x = inputs[0];
  const Shape& w = inputs[1];
  if (x.empty()) return shape_fault("the input is a scalar, expected at least one dimension");
  if (auto fits = require_rank(w, 2, "the weights"); !fits) return fits.diagnostics();
  if (x.back() != w[1]) {
    return shape_fault(
        fmt::format("the weights {} do not fit the input {}", to_string(w), to_string(x)));
  }
  if (has_shape(inputs, 2) && inputs[2] != Shape{w[0]}) {
    return shape_fault(fmt::format("the bias has shape {}, expected {}", to_string(inputs[2]),
                                   to_string(Shape{w[0]})));
  }
  Shape shape = x;
  shape.back() = w[0];
  return checked_shape(std::move(shape));
}

Result<Shape> infer_shape(const MatMul&, const Shapes& inputs) {
  if (auto fits = require_inputs(inputs, 2, 2); !fits) return fits.diagnostics();
  const Shape& a = inputs[0];
  const Shape& b = inputs[1];
  if (a.size() < 2 || b.size() < 2 || a.back() != b[b.size() - 2]) {
    return shape_fault(
        fmt::format("shapes {} and {} cannot be multiplied", to_string(a), to_string(b)));
  }
  auto leading = broadcast_shapes(Shape(a.begin(), a.end() - 2), Shape(b.begin(), b.end() - 2));
  if (!leading) return leading.diagnostics();
  Shape shape = *std::move(leading);
  shape.push_back(a[a.size() - 2]);
  shape.push_back(b.back());
  return checked_shape(std::move(shape));
}

std::int64_t macs(const FullyConnected&, const Shapes& inputs, const Shape& output) {
  return element_count(output) * inputs[1][1];
}

std::int64_t macs(const MatMul&, const Shapes& inputs, const Shape& output) {
  return element_count(output) * inputs[0].back();
}

TensorValue evaluate(const FullyConnected& op, const Values& inputs, const TensorType& output) {
  const TensorValue& w = *inputs[1];
  const TensorValue* bias = input_or_null(inputs, 2);
  const std::int64_t outputs = w.type.shape[0];
  const std::int64_t depth = w.type.shape[1];
  const PackedWeights packed(w.as<float>().data(), outputs, depth, depth, 1);
  OutputBuffer buffer(output);
  const Run run{inputs[0]->as<float>().data(), 0, depth};
  multiply_runs(packed, {&run, 1}, bias == nullptr ? nullptr : bias->as<float>().data(), op.clamp,
                output.elements() / outputs, depth, buffer.data<float>(), outputs);
  return buffer.finish();
}

std::vector<MatrixPair> matrix_pairs(const Shape& a, const Shape& b, const Shape& output) {
  const Shape leading(output.begin(), output.end() - 2);
  const auto steps_a = broadcast_strides(Shape(a.begin(), a.end() - 2), leading);
  const auto steps_b = broadcast_strides(Shape(b.begin(), b.end() - 2), leading);
  std::vector<MatrixPair> pairs(static_cast<std::size_t>(element_count(leading)));
  for (std::size_t i = 0; i < pairs.size(); ++i) {
    MatrixPair pair{0, 0};
    std::int64_t rest = static_cast<std::int64_t>(i);
    for (std::size_t d = leading.size(); d-- > 0;) {
      pair.a += rest % leading[d] * steps_a[d];
      pair.b += rest % leading[d] * steps_b[d];
      rest /= leading[d];
    }
    pairs[i] = pair;
  }
  return pairs;
}

TensorValue evaluate(const MatMul&, const Values& inputs, const TensorType& output) {
  const Shape& a = inputs[0]->type.shape;
  const Shape& b = inputs[1]->type.shape;
  const std::int64_t rows = a[a.size() - 2];
  const std::int64_t depth = a.back();
  const std::int64_t columns = b.back();
  OutputBuffer buffer(output);
  float* y = buffer.data<float>();
  for (const MatrixPair& pair : matrix_pairs(a, b, output.shape)) {
    const PackedWeights packed(inputs[1]->as<float>().data() + pair.b * depth * columns, columns,
                               depth, 1, columns);
    const Run run{inputs[0]->as<float>().data() + pair.a * rows * depth, 0, depth};
    multiply_runs(packed, {&run, 1}, nullptr, Clamp{}, rows, depth, y, columns);
    y += rows * columns;
  }
  return buffer.finish();
}

}  // namespace linnet
