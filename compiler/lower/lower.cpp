// Lowering: walks the graph in order and lets each operator's family make its call; see lower.h.
//
//   Reshape, Cast            another name for the same bytes, no call
//   a constant graph output  a copy into a buffer, because an output lies in RAM
//   everything else          the family's own lower() (lower_ops.h)
#include "compiler/lower/lower.h"

#include <array>
#include <utility>

#include "compiler/lower/lower_ops.h"
#include "compiler/lower/select_kernel.h"
#include "linnet/kernels/copy_x8_nd.h"

namespace linnet {
namespace {

template <class T>
constexpr bool kIsView = std::is_same_v<T, Reshape> || std::is_same_v<T, Cast>;

Result<Nothing> lower_node(const Node& node, LowerContext& context) {
  return std::visit(
      [&](const auto& op) -> Result<Nothing> {
        using T = std::remove_cvref_t<decltype(op)>;
        if constexpr (kIsView<T>) {
          context.alias(node.output(), node.inputs.front());
          return ok();
        } else {
          return lower(op, node, context);
        }
      },
      node.op);
}

// An output that folded to a constant: its bytes are copied from flash into an output buffer by
// run().
RowsOperand copy_constant(const Graph& graph, TensorId id, LowerContext& context,
                          Program& program) {
  const Tensor& tensor = graph.tensors[id];
  const auto bytes = static_cast<std::int32_t>(tensor.type.bytes());
  const RowsOperand from = context.whole(id);

  Buffer buffer;
  buffer.name = tensor.name;
  buffer.row_bytes = bytes;
  RowsOperand to;
  to.source = program.buffers.push(std::move(buffer));
  to.row_bytes = bytes;

  CopyNd layer;
  layer.rank = 1;
  KernelCall call;
  const bool found =
      select_kernel<KernelList<copy_x8_nd>>(layer, call, [](const auto&) { /* nothing to pack */ });
  assert(found);
  static_cast<void>(found);
  const std::array<std::int32_t, 2> geometry{bytes, 1};
  bind(call, "geometry", context.add_table<std::int32_t>("copy", geometry));
  call.inputs = {from};
  call.windows = {RowWindow{}};
  call.output = to;
  call.origin = {tensor.name, "Constant"};
  call.op = "Copy";
  call.output_type = tensor.type;
  call.tensor = id;
  context.add_call(std::move(call));
  return to;
}

// Flash that only one call uses counts as that call's.
void count_weights(Program& program) {
  IdVector<ConstantId, std::size_t> users(program.constants.size());
  IdVector<ConstantId, std::size_t> last_user(program.constants.size());
  const auto use = [&](ConstantId id, std::size_t call) {
    if (users[id] == 0 || last_user[id] != call) ++users[id];
    last_user[id] = call;
  };
  for (std::size_t c = 0; c < program.calls.size(); ++c) {
    for (const Field& field : program.calls[c].fields) {
      if (const auto* id = std::get_if<ConstantId>(&field.value)) use(*id, c);
    }
    for (const RowsOperand& input : program.calls[c].inputs) {
      if (const auto* id = std::get_if<ConstantId>(&input.source)) use(*id, c);
    }
  }
  for (std::size_t i = 0; i < program.constants.size(); ++i) {
    const ConstantId id{i};
    if (users[id] != 1) continue;
    program.calls[last_user[id]].weights_bytes +=
        static_cast<std::int64_t>(program.constants[id].bytes.size());
  }
}

}  // namespace

Result<Program> lower(const Graph& graph, const KernelChoice& chosen) {
  Program program;
  LowerContext context(graph, program, chosen);
  Diagnostics diagnostics;
  for (const Node& node : graph.nodes) {
    const Result<Nothing> done = lower_node(node, context);
    if (done) continue;
    for (Diagnostic diagnostic : done.diagnostics()) {
      if (diagnostic.node.empty()) diagnostic.node = node.origin.name;
      if (diagnostic.op.empty()) diagnostic.op = node.origin.op;
      diagnostics.push_back(std::move(diagnostic));
    }
  }
  if (!diagnostics.empty()) return diagnostics;

  for (const Port& port : graph.outputs) {
    RowsOperand output = context.operand(port.tensor);
    if (std::holds_alternative<ConstantId>(output.source)) {
      output = copy_constant(graph, port.tensor, context, program);
    }
    Buffer& buffer = program.buffers[std::get<BufferId>(output.source)];
    buffer.is_output = true;
    buffer.alignment = 32;
    program.outputs.push_back(output);
  }
  count_weights(program);
  return program;
}

}  // namespace linnet
