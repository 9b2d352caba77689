// Lowering of fully connected layers and matrix products. What multiplies by constants becomes a 1x1 convolution.
#include <array>
#include <vector>

#include "compiler/lower/lower_ops.h"
#include "compiler/lower/select_kernel.h"
#include "compiler/ops/conv_lower.h"
#include "compiler/quant/fixed_point.h"
#include "linnet/kernels/lists/conv.h"

namespace linnet {
namespace {

template <class T>
TensorValue transposed(const TensorValue& value, TensorType type) {
  const auto rows = static_cast<std::size_t>(value.type.shape[0]);
  const auto columns = static_cast<std::size_t>(value.type.shape[1]);
  const auto from = value.as<T>();
  std::vector<T> to(from.size());
  for (std::size_t r = 0; r < rows; ++r) {
    for (std::size_t c = 0; c < columns; ++c) to[c * rows + r] = from[r * columns + c];
  }
  return TensorValue::of(std::move(type), to);
}

// b [K,N] as weights [N,K].
TensorValue as_weights(const TensorValue& b) {
  TensorType type = b.type;
  std::swap(type.shape[0], type.shape[1]);
  if (type.quantization && !type.quantization->per_tensor()) {
    type.quantization->axis = 1 - type.quantization->axis;
  }
  return type.dtype == DType::i8 ? transposed<std::int8_t>(b, type) : transposed<float>(b, type);
}

// A constant b that is one matrix with (for int8) one scale in all or one for each column.
bool is_weights(TensorId b, const LowerContext& context) {
  const TensorType& type = context.type(b);
  return context.is_constant(b) && type.shape.size() == 2 &&
         (!type.quantization || type.quantization->axis != 0);
}

// One leading dimension of the output: its size and how many matrices an index moves in a and b.
struct BatchDimension {
  std::int32_t size = 1, a_step = 0, b_step = 0;
};

// Leading dimensions, outermost first, neighbours joined where both operands go on at one stride.
std::vector<BatchDimension> batch_dimensions(const Shape& a, const Shape& b, const Shape& y) {
  const auto size_from_end = [](const Shape& shape, std::size_t i) {
    return i < shape.size() ? shape[shape.size() - 1 - i] : 1;
  };
  std::vector<BatchDimension> reversed;
  std::int64_t a_matrices = 1, b_matrices = 1;
  for (std::size_t i = 2; i < y.size(); ++i) {
    const std::int64_t in_a = size_from_end(a, i), in_b = size_from_end(b, i);
    BatchDimension d;
    d.size = static_cast<std::int32_t>(size_from_end(y, i));
    d.a_step = in_a == 1 ? 0 : static_cast<std::int32_t>(a_matrices);
    d.b_step = in_b == 1 ? 0 : static_cast<std::int32_t>(b_matrices);
    a_matrices *= in_a;
    b_matrices *= in_b;
    if (d.size == 1) continue;
    if (!reversed.empty()) {
      BatchDimension& inner = reversed.back();
      if (d.a_step == inner.a_step * inner.size && d.b_step == inner.b_step * inner.size) {
        inner.size *= d.size;
        continue;
      }
    }
    reversed.push_back(d);
  }
  return {reversed.rbegin(), reversed.rend()};
}

void set_batch(MatMulLayer& layer, const std::vector<BatchDimension>& dimensions) {
  std::array<BatchDimension, 3> last;
  std::copy(dimensions.begin(), dimensions.end(),
            last.begin() + static_cast<std::ptrdiff_t>(3 - dimensions.size()));
  layer.batch_0 = last[0].size, layer.a_step_0 = last[0].a_step, layer.b_step_0 = last[0].b_step;
  layer.batch_1 = last[1].size, layer.a_step_1 = last[1].a_step, layer.b_step_1 = last[1].b_step;
  layer.batch_2 = last[2].size, layer.a_step_2 = last[2].a_step, layer.b_step_2 = last[2].b_step;
}

// Zero points, multiplier and the proof that sums fit; docs/quantization.md, section 3.
Result<Nothing> set_int8(MatMulLayer& layer, const Node& node, const LowerContext& context) {
  const Quantization& a = *context.type(node.inputs[0]).quantization;
  const Quantization& b = *context.type(node.inputs[1]).quantization;
  const Quantization& y = *context.type(node.output()).quantization;
  if (!b.per_tensor()) {
    // E152: an int8 matrix product whose second operand has several scales and is no single matrix.
    return Diagnostic{"E152", node.origin.name, node.origin.op,
                      "the second operand of an int8 matrix product has one scale a channel",
                      "quantize it with one scale for the tensor"};
  }
  const Multipliers multipliers = conv_multipliers(a.scale[0], b.scale, y.scale[0]);
  layer.a_zero = a.zero_point[0];
  layer.b_zero = b.zero_point[0];
  layer.out_zero = y.zero_point[0];
  layer.multiplier = multipliers.multiplier[0];
  layer.shift = multipliers.shift;
  const auto widest = [](std::int32_t zero) { return std::max(127 - zero, zero + 128); };
  const std::int64_t bound = std::int64_t{layer.k} * widest(layer.a_zero) * widest(layer.b_zero);
  if (bound > kAccumulatorLimit) {
    // E131: the sum of an int8 matrix product may not fit 32 bits.
    return Diagnostic{"E131", node.origin.name, node.origin.op,
                      "sums over " + std::to_string(layer.k) + " products may not fit 32 bits",
                      "split the matrix product along its inner dimension"};
  }
  return ok();
}

std::int32_t row_width(const Shape& shape) {
  return static_cast<std::int32_t>(row_shape(shape).width);
}

}  // namespace

Result<Nothing> lower(const FullyConnected& op, const Node& node, LowerContext& context) {
  Convolution c = pointwise(node, context);
  c.clamp = op.clamp;
  c.weights = node.inputs[1];
  if (node.inputs.size() > 2) c.bias = node.inputs[2];
  if (context.is_constant(c.weights)) c.weight_values = constant_value(c.weights, context);
  return lower_convolution(c, node, context);
}

Result<Nothing> lower(const MatMul&, const Node& node, LowerContext& context) {
  const TensorId a = node.inputs[0], b = node.inputs[1];
  if (is_weights(b, context)) {
    Convolution c = pointwise(node, context);
    c.weight_values = as_weights(constant_value(b, context));
    return lower_convolution(c, node, context);
  }

  const Shape& a_shape = context.type(a).shape;
  const Shape& b_shape = context.type(b).shape;
  const Shape& y_shape = context.type(node.output()).shape;
  const std::vector<BatchDimension> batch = batch_dimensions(a_shape, b_shape, y_shape);
  if (batch.size() > 3) {
    // E153: more leading dimensions than the kernels' layer holds.
    return Diagnostic{"E153", node.origin.name, node.origin.op,
                      "matrix products with more than three broadcast leading dimensions are not "
                      "supported",
                      "reshape the operands to at most five dimensions"};
  }
  MatMulLayer layer;
  layer.m = static_cast<std::int32_t>(a_shape[a_shape.size() - 2]);
  layer.k = static_cast<std::int32_t>(a_shape.back());
  layer.n = static_cast<std::int32_t>(b_shape.back());
  layer.a_width = row_width(a_shape);
  layer.b_width = row_width(b_shape);
  layer.out_width = row_width(y_shape);
  set_batch(layer, batch);

  const bool int8 = context.type(node.output()).dtype == DType::i8;
  if (int8) {
    if (auto set = set_int8(layer, node, context); !set) return set;
  }
  KernelCall call = context.begin_call(node);
  call.inputs = {context.operand(a), context.operand(b)};
  // Rows of a and y correspond one to one unless a is repeated.
  const bool one_to_one = element_count(a_shape) / layer.k == element_count(y_shape) / layer.n &&
                          layer.a_width == layer.out_width;
  call.windows = {RowWindow{.whole = !one_to_one}, RowWindow{}};
  const auto nothing_to_pack = [](auto) {};
  const bool found = int8 ? select_kernel<MatMulS8Kernels>(layer, call, nothing_to_pack)
                          : select_kernel<MatMulF32Kernels>(layer, call, nothing_to_pack);
  assert(found && "the matrix product kernels take every layer");
  static_cast<void>(found);
  context.add_call(std::move(call));
  return ok();
}

}  // namespace linnet
