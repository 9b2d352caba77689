// What must hold of a graph between stages; see graph.h. A failure here is a defect of ours, so a
// stage that breaks the graph is caught where it happened and not three stages later.
#include <fmt/format.h>
#include <algorithm>
#include <cmath>

#include "compiler/ir/graph.h"
#include "compiler/ops/ops.h"
#include "compiler/quant/int4.h"

namespace linnet {
namespace {

class Verifier {
 public:
  Verifier(const Graph& graph, const char* after_stage)
      : graph_(graph), after_stage_(after_stage) {}

  Diagnostics run() {
    check_tensors();
    check_ports(graph_.inputs, "input");
    check_ports(graph_.outputs, "output");
    check_nodes();
    for (const Port& port : graph_.outputs) {
      if (graph_.tensors.contains(port.tensor) && !available_[port.tensor]) {
        fail({}, fmt::format("graph output '{}' is made by no node", port.name));
      }
    }
    return std::move(diagnostics_);
  }

 private:
  void fail(const Origin& origin, const std::string& what) {
    // E900: the graph is inconsistent after a stage.
    diagnostics_.push_back({"E900", origin.name, origin.op,
                            fmt::format("after {}: {}", after_stage_, what),
                            "this is a defect of linnet; please report it with the model"});
  }

  void check_tensors() {
    available_ = IdVector<TensorId, bool>(graph_.tensors.size(), false);
    std::unordered_set<std::string> names;
    for (std::size_t i = 0; i < graph_.tensors.size(); ++i) {
      const Tensor& tensor = graph_.tensors[TensorId{i}];
      const Origin origin{tensor.name, "tensor"};
      if (!names.insert(tensor.name).second) fail(origin, "the tensor's name is not unique");
      check_type(tensor.type, origin, tensor.is_constant());
      if (!tensor.is_constant()) continue;
      available_[TensorId{i}] = true;
      if (!(tensor.constant.type == tensor.type))
        fail(origin, "a constant's value has another type than its tensor");
      check_int4(tensor, origin);
    }
  }

  // What Quantization::int4 promises.
  void check_int4(const Tensor& tensor, const Origin& origin) {
    if (tensor.type.quantization && tensor.type.quantization->int4 && !fits_int4(tensor.constant))
      fail(origin, "weights of 4 bits are no integer times [-7, 7] in each group");
  }

  void check_type(const TensorType& type, const Origin& origin, bool constant) {
    const auto smallest = std::min_element(type.shape.begin(), type.shape.end());
    if (smallest != type.shape.end() && *smallest < (constant ? 0 : 1)) {
      fail(origin, fmt::format("dimension {} in {}", *smallest, to_string(type.shape)));
    }
    if (type.dtype == DType::i8 && !type.quantization) fail(origin, "an int8 tensor has no scale");
    if (!type.quantization) return;
    if (type.dtype == DType::f32) fail(origin, "a float tensor has a scale");
    const Quantization& q = *type.quantization;
    const auto rank = static_cast<int>(type.shape.size());
    if (q.axis < -1 || q.axis >= rank) {
      fail(origin, fmt::format("quantization axis {} of rank {}", q.axis, rank));
      return;
    }
    const std::size_t count =
        q.per_tensor() ? 1 : static_cast<std::size_t>(type.shape[static_cast<std::size_t>(q.axis)]);
    if (q.scale.size() != count || q.zero_point.size() != count) {
      fail(origin, fmt::format("{} scales and {} zero points where {} are needed", q.scale.size(),
                               q.zero_point.size(), count));
    }
    const auto usable = [](float scale) { return std::isfinite(scale) && scale > 0; };
    if (!std::all_of(q.scale.begin(), q.scale.end(), usable))
      fail(origin, "a scale is not positive and finite");
    const auto [lo, hi] = code_range(type.dtype);
    for (const std::int32_t zero_point : q.zero_point) {
      if (zero_point < lo || zero_point > hi)
        fail(origin, fmt::format("zero point {} is out of range", zero_point));
    }
  }

  static std::pair<std::int32_t, std::int32_t> code_range(DType dtype) {
    if (dtype == DType::i8) return {-128, 127};
    if (dtype == DType::u8) return {0, 255};
    return {INT32_MIN, INT32_MAX};
  }

  void check_columns(const Port& port, bool is_input) {
    const ColumnMap& columns = *port.columns;
    const Origin origin{port.name, "port"};
    const auto axis = static_cast<std::size_t>(columns.axis);
    const auto fits = [&](const std::vector<float>& values) {
      return static_cast<std::int64_t>(values.size()) == port.model_shape[axis];
    };
    if (!is_input || port.model_dtype != DType::f32)
      fail(origin, "a map by column belongs to a float input");
    if (columns.axis < 0 || axis >= port.model_shape.size() || !fits(columns.scale) ||
        !fits(columns.offset))
      fail(origin, "the port's map does not fit its columns");
  }

  void check_ports(const std::vector<Port>& ports, const char* what) {
    for (const Port& port : ports) {
      const Origin origin{port.name, what};
      if (!graph_.tensors.contains(port.tensor)) {
        fail(origin, "the port names no tensor");
        continue;
      }
      Shape expected = port.model_shape;
      if (!port.permutation.empty()) {
        std::vector<std::int32_t> sorted = port.permutation;
        std::sort(sorted.begin(), sorted.end());
        bool valid = sorted.size() == expected.size();
        for (std::size_t i = 0; valid && i < sorted.size(); ++i)
          valid = sorted[i] == static_cast<std::int32_t>(i);
        if (!valid) {
          fail(origin, "the port's permutation is none");
          continue;
        }
        for (std::size_t i = 0; i < expected.size(); ++i) {
          expected[i] = port.model_shape[static_cast<std::size_t>(port.permutation[i])];
        }
      }
      if (expected != graph_.type(port.tensor).shape) {
        fail(origin, fmt::format("the port is {} where its tensor is {}", to_string(expected),
                                 to_string(graph_.type(port.tensor).shape)));
      }
      if (port.columns) check_columns(port, &ports == &graph_.inputs);
      if (&ports == &graph_.inputs) {
        if (available_[port.tensor])
          fail(origin, "a graph input is a constant or another input too");
        available_[port.tensor] = true;
      }
    }
  }

  void check_nodes() {
    for (const Node& node : graph_.nodes) {
      if (node.outputs.size() != 1 || !graph_.tensors.contains(node.output())) {
        fail(node.origin, "a node has not exactly one output");
        continue;
      }
      bool inputs_available = true;
      for (const TensorId input : node.inputs) {
        if (!input.valid()) continue;
        if (graph_.tensors.contains(input) && available_[input]) continue;
        inputs_available = false;
        fail(node.origin,
             graph_.tensors.contains(input)
                 ? fmt::format("'{}' is read before it is made", graph_.tensors[input].name)
                 : std::string("an input names no tensor"));
      }
      if (available_[node.output()]) {
        fail(node.origin, fmt::format("'{}' is made twice", graph_.tensors[node.output()].name));
      }
      available_[node.output()] = true;
      if (inputs_available) check_types(node);
    }
  }

  void check_types(const Node& node) {
    std::vector<Shape> shapes;
    for (const TensorId input : node.inputs)
      shapes.push_back(input.valid() ? graph_.type(input).shape : Shape{});
    const TensorType& output = graph_.type(node.output());
    const Result<Shape> inferred = infer_shape(node.op, shapes);
    if (!inferred) {
      fail(node.origin, inferred.diagnostics().front().message);
    } else if (*inferred != output.shape) {
      fail(node.origin, fmt::format("{} gives {}, its tensor says {}", op_name(node.op),
                                    to_string(*inferred), to_string(output.shape)));
    }
    check_element_types(node, output);
  }

  void check_element_types(const Node& node, const TensorType& output) {
    if (node.inputs.empty() || !node.inputs.front().valid()) {
      fail(node.origin, "the first input is absent");
      return;
    }
    const TensorType& input = graph_.type(node.inputs.front());
    if (std::holds_alternative<Quantize>(node.op)) {
      if (input.dtype != DType::f32 || !output.quantization)
        fail(node.origin, "Quantize is not from float to int8");
    } else if (std::holds_alternative<Dequantize>(node.op)) {
      if (output.dtype != DType::f32 || !input.quantization)
        fail(node.origin, "Dequantize is not from int8 to float");
    } else if (!std::holds_alternative<Cast>(node.op) &&
               !std::holds_alternative<Requantize>(node.op)) {
      if (input.dtype != output.dtype) {
        fail(node.origin, fmt::format("{} turns {} into {}", op_name(node.op),
                                      to_string(input.dtype), to_string(output.dtype)));
      }
    }
    if (std::holds_alternative<Requantize>(node.op) && node.inputs.size() == 2) {
      const TensorId table = node.inputs[1];
      if (!graph_.is_constant(table) || graph_.type(table).dtype != DType::i8 ||
          graph_.type(table).elements() != 256 || input.dtype != DType::i8)
        fail(node.origin, "Requantize by a table that is not 256 codes");
    }
    if (moves_codes(node.op) && output.dtype == DType::i8) check_same_scale(node, output);
  }

  // Operators that copy or compare codes: input and output share scale and zero point
  // (docs/quantization.md 5, 6).
  static bool moves_codes(const Op& op) {
    if (const auto* pool = std::get_if<Pool2d>(&op)) return pool->kind == Pool2d::Kind::max;
    return std::holds_alternative<Concat>(op) || std::holds_alternative<Slice>(op) ||
           std::holds_alternative<Reshape>(op) || std::holds_alternative<Transpose>(op) ||
           std::holds_alternative<Expand>(op) || std::holds_alternative<Gather>(op) ||
           std::holds_alternative<Pad>(op) || std::holds_alternative<Resize>(op);
  }

  void check_same_scale(const Node& node, const TensorType& output) {
    const std::size_t count = std::holds_alternative<Concat>(node.op) ? node.inputs.size() : 1;
    for (std::size_t i = 0; i < count; ++i) {
      const TensorType& input = graph_.type(node.inputs[i]);
      if (!input.quantization || !output.quantization || !input.quantization->per_tensor())
        continue;
      if (!(*input.quantization == *output.quantization)) {
        fail(node.origin, fmt::format("{} changes the scale from {} to {}", op_name(node.op),
                                      to_string(input), to_string(output)));
      }
    }
  }

  const Graph& graph_;
  const char* after_stage_;
  IdVector<TensorId, bool> available_;
  Diagnostics diagnostics_;
};

}  // namespace

Result<Nothing> verify(const Graph& graph, const char* after_stage) {
  Diagnostics diagnostics = Verifier(graph, after_stage).run();
  if (!diagnostics.empty()) return diagnostics;
  return ok();
}

}  // namespace linnet
