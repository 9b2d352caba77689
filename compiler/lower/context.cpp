// LowerContext: what the operator families use to turn nodes into calls; see lower.h.
#include <algorithm>
#include <cctype>
#include <utility>

#include "compiler/lower/describe_op.h"
#include "compiler/lower/lower.h"
#include "compiler/ops/ops.h"

namespace linnet {
namespace {

// What the application exchanges with the network starts on a cache line, so that DMA and cache
// maintenance never touch a neighbour.
constexpr std::int32_t kPortAlignment = 32;

// A readable C++ identifier: letters and digits of `stem`, other runs as one '_', at most 40
// characters.
std::string identifier_part(const std::string& stem) {
  std::string part;
  for (const char c : stem) {
    if (std::isalnum(static_cast<unsigned char>(c)) != 0) {
      part += c;
    } else if (!part.empty() && part.back() != '_') {
      part += '_';
    }
    if (part.size() == 40) break;
  }
  while (!part.empty() && part.back() == '_') part.pop_back();
  return part.empty() ? "data" : part;
}

}  // namespace

std::size_t row_dimensions(const Shape& shape) {
  return shape.size() == 4 ? 2 : shape.empty() ? 0 : shape.size() - 1;
}

RowShape row_shape(const Shape& shape) {
  RowShape rows;
  if (shape.empty()) return rows;
  rows.channels = shape.back();
  if (shape.size() == 4) rows.width = shape[2];
  for (std::size_t i = 0; i < row_dimensions(shape); ++i) rows.rows *= shape[i];
  return rows;
}

LowerContext::LowerContext(const Graph& graph, Program& program, KernelChoice chosen)
    : graph_(graph),
      program_(program),
      chosen_(std::move(chosen)),
      operands_(graph.tensors.size()),
      placed_(graph.tensors.size(), false) {
  program_.name = graph.name;
  for (const Port& port : graph.inputs) {
    const RowsOperand input = operand(port.tensor);
    Buffer& buffer = program_.buffers[std::get<BufferId>(input.source)];
    buffer.is_input = true;
    buffer.alignment = kPortAlignment;
    program_.inputs.push_back(input);
  }
}

BufferId LowerContext::buffer(TensorId id) {
  const TensorType& tensor_type = type(id);
  const RowShape shape = row_shape(tensor_type.shape);
  Buffer made;
  made.name = graph_.tensors[id].name;
  made.rows = shape.rows;
  made.row_bytes = shape.row_elements() * size_bytes(tensor_type.dtype);
  return program_.buffers.push(std::move(made));
}

RowsOperand LowerContext::operand(TensorId id) {
  if (!placed_[id]) {
    const TensorType& tensor_type = type(id);
    const RowShape shape = row_shape(tensor_type.shape);
    RowsOperand rows;
    rows.rows = shape.rows;
    rows.row_bytes = shape.row_elements() * size_bytes(tensor_type.dtype);
    if (is_constant(id)) {
      rows.source =
          add_constant(graph_.tensors[id].name, constant(id).bytes(), Constant::Role::weights);
    } else {
      rows.source = buffer(id);
    }
    operands_[id] = rows;
    placed_[id] = true;
  }
  return operands_[id];
}

RowsOperand LowerContext::whole(TensorId id) {
  RowsOperand rows = operand(id);
  rows.row_bytes *= rows.rows;
  rows.rows = 1;
  return rows;
}

void LowerContext::alias(TensorId view, TensorId source) {
  assert(!placed_[view] && "a tensor is made once");
  assert(type(view).bytes() == type(source).bytes());
  const RowShape shape = row_shape(type(view).shape);
  RowsOperand rows = operand(source);
  rows.rows = shape.rows;
  rows.row_bytes = shape.row_elements() * size_bytes(type(view).dtype);
  operands_[view] = rows;
  placed_[view] = true;
}

ConstantId LowerContext::add_constant(const std::string& stem, std::span<const std::byte> bytes,
                                      Constant::Role role) {
  std::string key(1, role == Constant::Role::weights ? 'w' : 't');
  key.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  const auto known = by_content_.find(key);
  if (known != by_content_.end()) return known->second;

  Constant made;
  made.role = role;
  // The number at the end makes the name unique.
  made.name = key.substr(0, 1) + "_" + identifier_part(stem) + "_" +
              std::to_string(program_.constants.size());
  made.bytes.assign(bytes.begin(), bytes.end());
  const ConstantId id = program_.constants.push(std::move(made));
  by_content_.emplace(std::move(key), id);
  return id;
}

KernelCall LowerContext::begin_call(const Node& node) {
  KernelCall call;
  if (const auto wanted = chosen_.find(node.output()); wanted != chosen_.end())
    call.kernel = wanted->second;
  call.output = operand(node.output());
  assert(std::holds_alternative<BufferId>(call.output.source));
  call.run_rows = call.output.rows;
  call.origin = node.origin;
  call.op = describe_op(node.op);
  call.output_type = type(node.output());
  call.tensor = node.output();
  std::vector<Shape> shapes;
  for (const TensorId input : node.inputs)
    shapes.push_back(input.valid() ? type(input).shape : Shape{});
  call.macs = macs(node.op, shapes, call.output_type.shape);
  return call;
}

void LowerContext::add_call(KernelCall call) {
  assert(!call.kernel.empty() && "select_kernel comes before add_call");
  program_.calls.push_back(std::move(call));
}

}  // namespace linnet
