// Import of BatchNormalization, LayerNormalization and Softmax.
#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <numeric>

#include "compiler/ops/import_families.h"
#include "compiler/ops/operator_table.h"

namespace linnet {
namespace {

const Binary kAdd{Binary::Fn::add, {}};
const Binary kSub{Binary::Fn::sub, {}};
const Binary kMul{Binary::Fn::mul, {}};

// 1 / sqrt(x + epsilon)
TensorId inverse_root(ImportNode& node, TensorId x, float epsilon) {
  const TensorId raised = node.emit(Unary{Unary::Fn::affine, 1, epsilon}, {x});
  const TensorId root = node.emit(Unary{Unary::Fn::sqrt}, {raised});
  return node.emit(Unary{Unary::Fn::reciprocal}, {root});
}

// Axes of a tensor of `rank` with the channel axis moved from 1 to the end, and back.
std::vector<std::int32_t> channels_to_end(int rank) {
  std::vector<std::int32_t> order{0};
  for (int axis = 2; axis < rank; ++axis) order.push_back(axis);
  if (rank > 1) order.push_back(1);
  return order;
}

std::vector<std::int32_t> channels_from_end(int rank) {
  std::vector<std::int32_t> order{0};
  if (rank > 1) order.push_back(rank - 1);
  for (int axis = 1; axis + 1 < rank; ++axis) order.push_back(axis);
  return order;
}

}  // namespace

void import_batch_norm(ImportNode& node) {
  const OnnxNode& onnx = node.onnx;
  // Before opset 7 files say that they are for inference; from 14 on, that they are not.
  if (onnx.integer("training_mode", 0) != 0) {
    import_fault("E103", "training_mode is 1", "export the model for inference");
  }
  if (node.opset() < 9 && onnx.integer("spatial", 1) == 0) {
    import_fault("E103", "spatial is 0", "normalise over the channels");
  }
  for (std::size_t i = 1; i < onnx.outputs.size(); ++i)
    node.refuse_output(i, "a statistic of training");
  const TensorId x = node.input(0);
  const int rank = node.rank(x);
  if (rank < 2) node.require_rank(x, {2, 3, 4});
  const std::int64_t channels = node.shape(x)[1];
  std::vector<TensorId> parameters;
  bool constant = true;
  for (std::size_t i = 1; i < 5; ++i) {
    const TensorId id = node.input(i);
    if (node.shape(id) != Shape{channels}) {
      import_fault("E104", fmt::format("input {} has the shape {} for {} channels", i,
                                       to_string(node.shape(id)), channels));
    }
    constant = constant && node.constant(id);
    parameters.push_back(id);
  }
  const float epsilon = onnx.real("epsilon", 1e-5f);
  const TensorId moved = node.transpose(x, channels_to_end(rank));
  TensorId y;
  if (constant) {
    y = node.emit(BatchNorm{epsilon},
                  {moved, parameters[0], parameters[1], parameters[2], parameters[3]});
  } else {
    const TensorId factor =
        node.emit(kMul, {inverse_root(node, parameters[3], epsilon), parameters[0]});
    y = node.emit(kSub, {moved, parameters[2]});
    y = node.emit(kAdd, {node.emit(kMul, {y, factor}), parameters[1]});
  }
  node.set_output(0, node.transpose(y, channels_from_end(rank)));
}

// Each channel of each picture by its own mean and variance: a layer normalization of [N,C,H*W] along the last axis.
void import_instance_norm(ImportNode& node) {
  const TensorId x = node.input(0);
  const Shape shape = node.shape(x);
  if (shape.size() < 3) node.require_rank(x, {3, 4});
  Shape spread(shape.size() - 1, 1);
  spread[0] = shape[1];
  const std::int64_t channel = checked_elements({shape.begin() + 2, shape.end()});
  const TensorId rows = node.reshape(x, {shape[0], shape[1], channel});
  const TensorId normal = node.emit(LayerNorm{2, node.onnx.real("epsilon", 1e-5f)}, {rows});
  const TensorId back = node.reshape(normal, shape);
  const TensorId scale = node.reshape_weight(node.input(1), spread);
  const TensorId bias = node.reshape_weight(node.input(2), spread);
  node.set_output(0, node.emit(kAdd, {node.emit(kMul, {back, scale}), bias}));
}

void import_layer_norm(ImportNode& node) {
  const TensorId x = node.input(0);
  const Shape shape = node.shape(x);
  LayerNorm op;
  op.axis = node.normal_axis(node.onnx.integer("axis", -1), node.rank(x));
  op.epsilon = node.onnx.real("epsilon", 1e-5f);
  const Shape normalised(shape.begin() + op.axis, shape.end());
  // Fixed parameters belong to the operator; a scale or bias that is computed is applied after it.
  const auto is_fixed = [&](std::size_t i) {
    const TensorId id = node.has_input(i) ? node.input(i) : TensorId{};
    return !id.valid() || node.constant(id) || node.context().dequantized_constant(id);
  };
  const bool fixed = is_fixed(1) && is_fixed(2);
  std::vector<TensorId> inputs{x};
  for (const std::size_t i : {std::size_t{1}, std::size_t{2}}) {
    if (!node.has_input(i) || !fixed) continue;
    TensorId parameter = node.input(i);
    if (node.shape(parameter) != normalised) {
      parameter = node.emit(Expand{normalised}, {parameter});
    }
    inputs.resize(i, TensorId{});
    inputs.push_back(parameter);
  }
  TensorId y = node.emit(op, inputs);
  if (!fixed) {
    if (node.has_input(1)) y = node.emit(kMul, {y, node.input(1)});
    if (node.has_input(2)) y = node.emit(kAdd, {y, node.input(2)});
  }
  if (node.wants_output(1) || node.wants_output(2)) {
    Reduce mean_of;
    mean_of.axes.resize(normalised.size());
    std::iota(mean_of.axes.begin(), mean_of.axes.end(), op.axis);
    const TensorId mean = node.emit(mean_of, {x});
    const TensorId centred = node.emit(kSub, {x, mean});
    const TensorId variance = node.emit(mean_of, {node.emit(kMul, {centred, centred})});
    node.set_output(1, mean);
    node.set_output(2, inverse_root(node, variance, op.epsilon));
  }
  node.set_output(0, y);
}

// Before opset 13 Softmax sees a matrix: the axes before `axis`, and all from it on.
void import_softmax(ImportNode& node) {
  const TensorId x = node.input(0);
  const Shape shape = node.shape(x);
  const int rank = node.rank(x);
  const bool matrix = node.opset() < 13;
  if (rank == 0) node.require_rank(x, {1, 2, 3, 4});
  std::int64_t given = node.onnx.integer("axis", matrix ? 1 : -1);
  if (matrix && given == rank) given = rank - 1;  // default axis of a vector
  const int axis = node.normal_axis(given, rank);
  if (!matrix || axis == rank - 1) {
    return node.set_output(0, node.emit(Softmax{axis}, {x}));
  }
  const auto middle = shape.begin() + axis;
  const auto product = [](auto begin, auto end) {
    return std::accumulate(begin, end, std::int64_t{1}, std::multiplies<>{});
  };
  const TensorId flat =
      node.reshape(x, {product(shape.begin(), middle), product(middle, shape.end())});
  node.set_output(0, node.reshape(node.emit(Softmax{1}, {flat}), shape));
}

namespace {

constexpr OperatorEntry kNormOperators[] = {
    {"BatchNormalization",
     import_batch_norm,
     1,
     Leaves::kernels,
     {Form::arithmetic, Form::simple},
     "Inference only. With constant parameters it becomes part of the convolution before or after "
     "it where there is one."},
    {"InstanceNormalization",
     import_instance_norm,
     1,
     Leaves::kernels,
     {Form::layer_norm, Form::arithmetic},
     "At least one spatial axis; int8 up to 32768 elements a channel."},
    {"LayerNormalization",
     import_layer_norm,
     17,
     Leaves::kernels,
     {Form::layer_norm, Form::arithmetic, Form::reduce, Form::simple},
     "int8 up to 32768 elements, with constant scale and bias; else float."},
    {"Softmax",
     import_softmax,
     1,
     Leaves::kernels,
     {Form::softmax},
     "int8 along the last axis as it lies on the device (channels last), up to 65536 elements; "
     "else float."},
};

}  // namespace

std::span<const OperatorEntry> norm_operators() { return kNormOperators; }

}  // namespace linnet
