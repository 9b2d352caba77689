// Lowering: one operator at a time from the graph to kernel calls. Each family in compiler/ops has
// `Result<Nothing> lower(const ItsOp&, const Node&, LowerContext&)`; lower.cpp walks the graph and dispatches.
#pragma once

#include <map>
#include <span>
#include <string>

#include "compiler/ir/graph.h"
#include "compiler/lower/program.h"

namespace linnet {

// Rows of a tensor: [N,H,W,C] has N*H rows of W pixels; other ranks have one pixel a row (all but the last dimension
// are rows); a scalar is one row of one element.
struct RowShape {
  std::int64_t rows = 1;
  std::int64_t width = 1;     // pixels in a row
  std::int64_t channels = 1;  // elements in a pixel
  std::int64_t row_elements() const { return width * channels; }
};
RowShape row_shape(const Shape& shape);
// How many leading dimensions count rows; the others lie in a row.
std::size_t row_dimensions(const Shape& shape);

// Kernels by name for the tensors that they make, where another one than the first that supports the layer is wanted
// (`linnet bench kernels` compares them, choose_forms.h takes faster ones). One that does not support its layer is the
// caller's defect, but for conv2d_s8_3x3_winograd: where the sums or weights do not allow it, the list decides.
using KernelChoice = std::map<TensorId, std::string>;

class LowerContext {
 public:
  LowerContext(const Graph& graph, Program& program, KernelChoice chosen = {});

  const Graph& graph() const { return graph_; }
  const TensorType& type(TensorId id) const { return graph_.type(id); }
  bool is_constant(TensorId id) const { return graph_.is_constant(id); }
  const TensorValue& constant(TensorId id) const { return graph_.tensors[id].constant; }

  // The tensor as rows: its buffer, or its bytes as a constant of the program (added on first use).
  RowsOperand operand(TensorId id);
  // The same bytes seen as one row (for kernels that index a whole tensor).
  RowsOperand whole(TensorId id);
  // Makes `view` another name for the bytes of `source` (Reshape).
  void alias(TensorId view, TensorId source);

  // Adds data to flash; `stem` becomes part of a unique identifier. Equal bytes are stored once.
  ConstantId add_constant(const std::string& stem, std::span<const std::byte> bytes,
                          Constant::Role role);
  template <class T>
  ConstantId add_table(const std::string& stem, std::span<const T> elements) {
    return add_constant(stem, std::as_bytes(elements), Constant::Role::table);
  }

  // A call for `node` with its output operand, rows, origin, type, tensor and MACs filled in; the family adds kernel, fields,
  // inputs and windows and gives it to add_call.
  KernelCall begin_call(const Node& node);
  void add_call(KernelCall call);

 private:
  BufferId buffer(TensorId id);

  const Graph& graph_;
  Program& program_;
  KernelChoice chosen_;
  IdVector<TensorId, RowsOperand> operands_;
  IdVector<TensorId, bool> placed_;
  std::map<std::string, ConstantId> by_content_;
};

Result<Program> lower(const Graph& graph, const KernelChoice& chosen = {});
// True when the node is a convolution that may take the kernel conv2d_s8_3x3_winograd (KernelChoice): 3x3 of stride 1 in
// int8. Fewer instructions for 24 bytes of weights in the place of 9.
bool winograd_possible(const Node& node, const Graph& graph);

// All that must hold of a program (our defects, E901): ids in range, operands inside their buffers, outputs made
// before they are read, kernels known.
Result<Nothing> verify(const Program& program);
std::string print(const Program& program);

}  // namespace linnet
