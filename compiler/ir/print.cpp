// The graph as text, one node a line:
//
//   graph phinet_96
//   input  t0 f32[1x96x96x3] = 'image' 1x3x96x96 transposed 0,2,3,1
//     t1 f32[1x48x48x16] = Conv2d 3x3 s2 p1,1,1,1 relu6 (t0, c0:16x3x3x3, c1:16)   # 'Conv_3'
//     (Conv) t2 f32[1x48x48x16] = Unary affine 2 1 (t1)   # 'Mul_1' (Mul)
//   output 'logits' = t2
//
// Tensors are numbered by first appearance, not by id, so that the text does not depend on what
// passes left behind.
#include <fmt/format.h>
#include <map>

#include "compiler/ir/graph.h"
#include "compiler/ir/print_op.h"

namespace linnet {
namespace {

template <class Values>
std::string list(const Values& values) {
  std::string text;
  for (const auto& value : values) {
    if (!text.empty()) text += ',';
    text += fmt::format("{}", value);
  }
  return text;
}

std::string pair(const std::array<std::int32_t, 2>& values) {
  return values[0] == values[1] ? std::to_string(values[0])
                                : fmt::format("{}x{}", values[0], values[1]);
}

std::string describe(const Pads& pads) {
  return fmt::format("{},{},{},{}", pads.top, pads.left, pads.bottom, pads.right);
}

std::string describe(const Window& window) {
  std::string text = fmt::format(" {}x{}", window.kernel[0], window.kernel[1]);
  if (window.stride != std::array<std::int32_t, 2>{1, 1}) text += " s" + pair(window.stride);
  if (window.dilation != std::array<std::int32_t, 2>{1, 1}) text += " d" + pair(window.dilation);
  if (!(window.pads == Pads{})) text += " p" + describe(window.pads);
  return text;
}

std::string describe(const Clamp& clamp) {
  if (clamp.none()) return {};
  if (clamp == Clamp{0, Clamp{}.hi}) return " relu";
  if (clamp == Clamp{0, 6}) return " relu6";
  return fmt::format(" clamp {:.6g} {:.6g}", clamp.lo, clamp.hi);
}

const char* name(Reduce::Kind kind) {
  static constexpr const char* kNames[] = {"mean", "sum", "max", "min", "l2"};
  return kNames[static_cast<std::size_t>(kind)];
}

const char* name(Unary::Fn fn) {
  static constexpr const char* kNames[] = {
      "clamp", "leaky_relu", "sigmoid",   "hard_sigmoid", "hard_swish", "silu", "tanh",
      "elu",   "gelu",       "gelu_tanh", "erf",          "exp",        "log",  "sqrt",
      "pow",   "affine",     "abs",       "neg",          "reciprocal"};
  return kNames[static_cast<std::size_t>(fn)];
}

bool takes_alpha(Unary::Fn fn) {
  using Fn = Unary::Fn;
  return fn == Fn::leaky_relu || fn == Fn::elu || fn == Fn::pow || fn == Fn::hard_sigmoid ||
         fn == Fn::affine;
}

bool takes_beta(Unary::Fn fn) { return fn == Unary::Fn::hard_sigmoid || fn == Unary::Fn::affine; }

const char* name(Binary::Fn fn) {
  static constexpr const char* kNames[] = {"add", "sub", "mul", "div",
                                           "min", "max", "pow", "prelu"};
  return kNames[static_cast<std::size_t>(fn)];
}

// What follows the operator's name, one overload for each operator that has attributes.
struct Attributes {
  std::string operator()(const Conv2d& op) const {
    return describe(op.window) + groups(op.groups) + describe(op.clamp);
  }
  std::string operator()(const ConvTranspose2d& op) const {
    std::string text = describe(op.window) + groups(op.groups);
    if (op.output_padding != std::array<std::int32_t, 2>{0, 0})
      text += " extra " + pair(op.output_padding);
    return text + describe(op.clamp);
  }
  std::string operator()(const FullyConnected& op) const { return describe(op.clamp); }
  std::string operator()(const Pool2d& op) const {
    std::string text = (op.kind == Pool2d::Kind::max ? " max" : " average") + describe(op.window);
    if (op.count_include_pad) text += " include " + describe(op.include);
    return text;
  }
  std::string operator()(const Reduce& op) const {
    return fmt::format(" {} {}{}", name(op.kind), list(op.axes), op.keep_dims ? " keep" : "");
  }
  std::string operator()(const Unary& op) const {
    if (op.fn == Unary::Fn::clamp) {
      const std::string text = describe(Clamp{op.alpha, op.beta});
      return text.empty() ? " clamp" : text;
    }
    std::string text = std::string(" ") + name(op.fn);
    if (takes_alpha(op.fn)) text += fmt::format(" {:.6g}", op.alpha);
    if (takes_beta(op.fn)) text += fmt::format(" {:.6g}", op.beta);
    return text;
  }
  std::string operator()(const Binary& op) const {
    return std::string(" ") + name(op.fn) + describe(op.clamp);
  }
  std::string operator()(const Softmax& op) const { return fmt::format(" axis {}", op.axis); }
  std::string operator()(const LayerNorm& op) const {
    return fmt::format(" axis {} eps {:.6g}", op.axis, op.epsilon);
  }
  std::string operator()(const BatchNorm& op) const {
    return fmt::format(" eps {:.6g}", op.epsilon);
  }
  std::string operator()(const Concat& op) const { return fmt::format(" axis {}", op.axis); }
  std::string operator()(const Slice& op) const {
    return fmt::format(" start {} step {} size {}", list(op.start), list(op.step), list(op.size));
  }
  std::string operator()(const Transpose& op) const { return " " + list(op.permutation); }
  std::string operator()(const Gather& op) const { return fmt::format(" axis {}", op.axis); }
  std::string operator()(const Pad& op) const {
    static constexpr const char* kModes[] = {"constant", "reflect", "edge"};
    std::string text = fmt::format(" {} {} {}", kModes[static_cast<std::size_t>(op.mode)],
                                   list(op.before), list(op.after));
    if (op.mode == Pad::Mode::constant && op.value != 0)
      text += fmt::format(" value {:.6g}", op.value);
    return text;
  }
  std::string operator()(const Resize& op) const {
    static constexpr const char* kCoordinates[] = {"half_pixel", "pytorch_half_pixel",
                                                   "align_corners", "asymmetric", "crop"};
    static constexpr const char* kRoundings[] = {"round_prefer_floor", "round_prefer_ceil", "floor",
                                                 "ceil"};
    const bool nearest = op.mode == Resize::Mode::nearest;
    std::string text = fmt::format(" {} {} scale {:.6g},{:.6g}", nearest ? "nearest" : "linear",
                                   kCoordinates[static_cast<std::size_t>(op.coordinate)],
                                   op.scale[0], op.scale[1]);
    if (nearest) text += std::string(" ") + kRoundings[static_cast<std::size_t>(op.rounding)];
    if (op.coordinate == Resize::Coordinate::crop) {
      text += fmt::format(" roi {:.6g},{:.6g} {:.6g},{:.6g} else {:.6g}", op.roi_start[0],
                          op.roi_start[1], op.roi_end[0], op.roi_end[1], op.extrapolation);
    }
    return text;
  }
  // The rest is said by the types.
  template <class Plain>
  std::string operator()(const Plain&) const {
    return {};
  }

  static std::string groups(std::int32_t count) {
    return count == 1 ? std::string() : fmt::format(" g{}", count);
  }
};

// "detection boxes: 20 classes, 16 bins; 20x20 stride 8, 10x10 stride 16"
std::string describe(const DetectionHead& head) {
  std::string text = fmt::format("detection {}: {} classes, {} bins", to_string(head.kind),
                                 head.classes, head.bins);
  if (head.kind == DetectionHead::Kind::masks)
    text +=
        fmt::format(", {} masks of {}x{}", head.mask_count, head.proto_height, head.proto_width);
  if (head.kind == DetectionHead::Kind::keypoints)
    text += fmt::format(", {} keypoints of {} values", head.keypoints, head.keypoint_values);
  for (const DetectionLevel& level : head.levels)
    text += fmt::format("{} {}x{} stride {:g}", &level == head.levels.data() ? ";" : ",",
                        level.height, level.width, level.stride);
  return text + "\n";
}

class Printer {
 public:
  explicit Printer(const Graph& graph) : graph_(graph) {}

  std::string run() {
    std::string text = "graph " + graph_.name + "\n";
    for (const Port& port : graph_.inputs) {
      text += fmt::format("input  {} {} = {}\n", name_of(port.tensor),
                          to_string(graph_.type(port.tensor)), describe_port(port));
    }
    for (const Node& node : graph_.nodes) text += line(node);
    for (const Port& port : graph_.outputs) {
      text += fmt::format("output {} = {}\n", describe_port(port), operand(port.tensor));
    }
    if (graph_.detection) text += describe(*graph_.detection);
    return text;
  }

 private:
  std::string line(const Node& node) {
    std::string operands;
    for (const TensorId input : node.inputs) {
      if (!operands.empty()) operands += ", ";
      operands += operand(input);
    }
    return fmt::format("  {} {} = {} ({})   # '{}' ({})\n", name_of(node.output()),
                       to_string(graph_.type(node.output())), print_op(node.op), operands,
                       node.origin.name, node.origin.op);
  }

  static std::string describe_port(const Port& port) {
    std::string text = fmt::format("'{}' {}", port.name, to_string(port.model_shape));
    if (!port.permutation.empty()) text += " transposed " + list(port.permutation);
    if (port.columns) text += fmt::format(" columns of axis {} mapped", port.columns->axis);
    return text;
  }

  std::string operand(TensorId id) {
    if (!id.valid()) return "-";
    const Tensor& tensor = graph_.tensors[id];
    if (!tensor.is_constant()) return name_of(id);
    const bool scalar = tensor.type.elements() == 1 && !tensor.type.quantization;
    if (scalar) return fmt::format("{}={:.6g}", name_of(id), tensor.constant.to_floats().front());
    const bool int4 = tensor.type.quantization && tensor.type.quantization->int4;
    return fmt::format("{}:{}{}", name_of(id), to_string(tensor.type.shape), int4 ? " int4" : "");
  }

  std::string name_of(TensorId id) {
    const auto known = names_.find(id);
    if (known != names_.end()) return known->second;
    const bool constant = graph_.is_constant(id);
    std::string text =
        constant ? fmt::format("c{}", constants_++) : fmt::format("t{}", variables_++);
    return names_.emplace(id, std::move(text)).first->second;
  }

  const Graph& graph_;
  std::map<TensorId, std::string> names_;
  int constants_ = 0;
  int variables_ = 0;
};

}  // namespace

std::string print_op(const Op& op) { return op_name(op) + std::visit(Attributes{}, op); }

std::string print(const Graph& graph) { return Printer(graph).run(); }

}  // namespace linnet
