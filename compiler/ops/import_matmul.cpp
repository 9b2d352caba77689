// Import of Gemm and MatMul: FullyConnected where the second factor is a constant matrix.
#include <fmt/format.h>

#include "compiler/ops/import_families.h"
#include "compiler/ops/operator_table.h"

namespace linnet {
namespace {

// A matrix that the model carries, as floats or as dequantized codes.
bool is_weight(const ImportNode& node, ImportContext& context, TensorId id) {
  return node.constant(id) || context.dequantized_constant(id);
}

TensorId scaled(ImportNode& node, TensorId x, float factor) {
  return factor == 1.0f ? x : node.emit(Unary{Unary::Fn::affine, factor, 0}, {x});
}

// C of a Gemm as the bias of a FullyConnected: [O], or nothing when it is not one number for each column.
std::optional<TensorId> as_bias(ImportNode& node, TensorId c, std::int64_t columns) {
  const Shape& shape = node.shape(c);
  const std::int64_t elements = checked_elements(shape);
  const bool row = elements == columns && (shape.empty() || shape.back() == columns);
  if (row) return node.reshape_weight(c, {columns});
  if (elements == 1 && node.constant(c))
    return node.emit(Expand{{columns}}, {node.reshape(c, {1})});
  return {};
}

}  // namespace

// alpha * A' * B' + beta * C
void import_gemm(ImportNode& node) {
  const OnnxNode& onnx = node.onnx;
  TensorId a = node.input(0);
  TensorId b = node.input(1);
  node.require_rank(a, {2});
  node.require_rank(b, {2});
  if (onnx.integer("transA", 0) != 0) a = node.transpose(a, {1, 0});
  const bool transposed = onnx.integer("transB", 0) != 0;
  const float alpha = onnx.real("alpha", 1.0f);
  const float beta = onnx.real("beta", 1.0f);
  std::optional<TensorId> c;
  if (node.has_input(2) && beta != 0.0f) c = node.input(2);

  TensorId y;
  if (is_weight(node, node.context(), b)) {
    const TensorId w = scaled(node, transposed ? b : node.transpose_weight(b, {1, 0}), alpha);
    std::vector<TensorId> inputs{a, w};
    if (c) {
      c = scaled(node, *c, beta);
      if (const auto bias = as_bias(node, *c, node.shape(w)[0])) {
        inputs.push_back(*bias);
        c.reset();
      }
    }
    y = node.emit(FullyConnected{}, inputs);
  } else {
    if (transposed) b = node.transpose(b, {1, 0});
    y = scaled(node, node.emit(MatMul{}, {a, b}), alpha);
    if (c) c = scaled(node, *c, beta);
  }
  if (c) y = node.emit(Binary{Binary::Fn::add, {}}, {y, *c});
  node.set_output(0, y);
}

// NumPy's matmul: a vector on the left is a row, on the right a column, and the axis is dropped again.
void import_matmul(ImportNode& node) {
  TensorId a = node.input(0);
  TensorId b = node.input(1);
  if (node.rank(a) < 1 || node.rank(b) < 1)
    import_fault("E104", "a scalar is multiplied as a matrix");
  if (node.rank(b) == 2 && is_weight(node, node.context(), b) && !node.constant(a)) {
    const TensorId w = node.transpose_weight(b, {1, 0});
    return node.set_output(0, node.emit(FullyConnected{}, {a, w}));
  }
  const bool row = node.rank(a) == 1;
  const bool column = node.rank(b) == 1;
  if (row) a = node.reshape_weight(a, {1, node.shape(a)[0]});
  if (column) b = node.reshape_weight(b, {node.shape(b)[0], 1});
  TensorId y = node.emit(MatMul{}, {a, b});
  Shape shape = node.shape(y);
  if (column) shape.pop_back();
  if (row) shape.erase(shape.end() - (column ? 1 : 2));
  node.set_output(0, node.reshape(y, std::move(shape)));
}

namespace {

constexpr OperatorEntry kMatmulOperators[] = {
    {"Gemm",
     import_gemm,
     1,
     Leaves::kernels,
     {Form::conv, Form::matmul, Form::arithmetic, Form::simple},
     "Two matrices; a constant B is a fully connected layer, which the kernels of convolutions "
     "compute. A C that is no bias is added after."},
    {"MatMul",
     import_matmul,
     1,
     Leaves::kernels,
     {Form::conv, Form::matmul},
     "A constant matrix on the right is a fully connected layer. Else NumPy's product, with up to "
     "three leading dimensions that broadcast; int8 with one scale for each operand."},
};

}  // namespace

std::span<const OperatorEntry> matmul_operators() { return kMatmulOperators; }

}  // namespace linnet
