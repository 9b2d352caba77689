// The graph: tensors, and nodes that make tensors from tensors. The whole compiler works on this one value.
//
//        input x ──► n0 Conv2d ──► t2 ──► n1 Unary sigmoid ──► t3 ──► n2 Binary mul ──► output
//                      ▲  ▲                └──────────────────────────▲
//                 w (constant), b (constant)
//
// Passes are `Result<Graph> verb_noun(Graph)`. Nodes are kept in topological order; every node remembers the ONNX
// node that it came from, so every message can point. Tensors and nodes that a pass makes dead are removed by
// `compact`, which renumbers ids; ids are stable within a pass otherwise.
#pragma once

#include <optional>
#include <string>
#include <unordered_set>
#include <vector>

#include "compiler/ir/columns.h"
#include "compiler/ir/detection.h"
#include "compiler/ir/op.h"
#include "compiler/ir/tensor_type.h"
#include "compiler/support/result.h"
#include "compiler/support/strong_id.h"

namespace linnet {

using TensorId = Id<struct TensorTag>;
using NodeId = Id<struct NodeTag>;

struct Tensor {
  std::string name;  // unique within the graph
  TensorType type;
  TensorValue constant;  // empty() unless the tensor is a constant
  bool is_constant() const { return !constant.empty(); }
};

// Where a node came from, for messages and reports.
struct Origin {
  std::string name;  // ONNX node name, or its first output's name
  std::string op;    // ONNX operator type
};

struct Node {
  Op op;
  std::vector<TensorId> inputs;   // an invalid id marks an absent optional input
  std::vector<TensorId> outputs;  // one each, for all operators of the IR
  Origin origin;

  TensorId output() const { return outputs.front(); }
};

// A graph input or output. The device's layout may differ from the model's:
//   device tensor = transpose(model tensor, permutation), then mapped by column (inputs that have such a map), then (when
//   dtypes differ) quantized.
struct Port {
  TensorId tensor;   // on the device's side
  std::string name;  // the model's name
  Shape model_shape;
  DType model_dtype = DType::f32;
  std::vector<std::int32_t> permutation;           // empty: the same layout
  std::optional<Quantization> model_quantization;  // when the model's own port is int8/uint8
  std::optional<ColumnMap> columns{};              // of a float input
};

struct Graph {
  std::string name;
  IdVector<TensorId, Tensor> tensors;
  std::vector<Node> nodes;  // topological order; NodeId is the index
  std::vector<Port> inputs;
  std::vector<Port> outputs;
  std::optional<DetectionHead> detection;  // the outputs are a detection head's maps
  // Names in use, so that adding a tensor stays constant-time; kept by add_* and compact.
  std::unordered_set<std::string> names;
  std::vector<std::string>
      notes;  // what import or a pass wants the user to know ("dynamic batch taken as 1")

  TensorId add_tensor(const std::string& name,
                      TensorType type);  // makes the name unique by a suffix
  TensorId add_constant(const std::string& name, TensorValue value);
  // Appends a node with one output of `type`; returns the output. Does not keep topological order for you.
  TensorId add_node(Op op, std::vector<TensorId> inputs, TensorType type, Origin origin,
                    const std::string& output_name = {});
  const TensorType& type(TensorId id) const { return tensors[id].type; }
  bool is_constant(TensorId id) const { return id.valid() && tensors[id].is_constant(); }
};

// Derived facts, valid until the graph changes.
struct Uses {
  IdVector<TensorId, std::vector<NodeId>>
      readers;                          // nodes that read the tensor, in order, once per use
  IdVector<TensorId, NodeId> producer;  // none for inputs and constants
  IdVector<TensorId, bool> is_output;
  explicit Uses(const Graph& graph);
  // The tensor is read once and is no graph output.
  bool single_use(TensorId id) const { return readers[id].size() == 1 && !is_output[id]; }
};

void replace_uses(Graph& graph, TensorId from, TensorId to);  // in nodes and graph outputs
// Removes nodes whose outputs reach no graph output, tensors that nothing names, and sorts nodes topologically.
void compact(Graph& graph);

// All that must hold of a graph between stages: ids in range, topological order, one producer for each tensor, types as
// inference gives them, quantization present where it must be. Failures are our defects (code E900).
Result<Nothing> verify(const Graph& graph, const char* after_stage);

// Readable listing, one node a line, stable for golden tests.
std::string print(const Graph& graph);

}  // namespace linnet
