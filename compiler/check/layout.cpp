// See layout.h.
#include "compiler/check/layout.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <type_traits>
#include <utility>

#include "compiler/check/needs.h"
#include "compiler/emit/text.h"

namespace linnet {
namespace {

struct Runs {
  std::int64_t run, step, runs;
};

// The pixels of a row of input `operand`, or of the output when it is negative, by the layer's fields; runs = 0 when the
// layer says nothing of them: a row is one run. Elements have `size` bytes.
Runs pixels_of(const CallText& call, int operand, std::int64_t size) {
  const std::string& layer = call.layer_type;
  const auto field = [&](const char* name) { return call.field(name, 0); };
  // Field NAME of BinaryS8 is a_NAME for the first operand.
  const auto of_operand = [&](const char* name) {
    return call.field((operand == 0 ? "a_" : "b_") + std::string(name), 0);
  };
  const bool is_output = operand < 0;
  if (layer == "Conv2dS8" && operand <= 0) {
    return is_output ? Runs{field("out_c"), field("out_pixel_bytes"), field("out_w")}
                     : Runs{field("in_c"), field("in_pixel_bytes"), field("in_w")};
  }
  if (layer == "Conv2dF32" && is_output)
    return {size * field("out_c"), size * field("out_pixel_elements"), field("out_w")};
  if (layer == "Pool2dLayer") {
    return {size * field("channels"), size * field(is_output ? "out_pixel_step" : "in_pixel_step"),
            field(is_output ? "out_w" : "in_w")};
  }
  if (layer == "TableS8")
    return {field("run_elements"), field(is_output ? "out_run_step" : "in_run_step"),
            field("runs")};
  if (layer == "ResizeLayer") {
    return {field("channels") * field("element_bytes"),
            field(is_output ? "out_pixel_bytes" : "in_pixel_bytes"),
            field(is_output ? "out_w" : "in_w")};
  }
  if (layer == "ReduceSpatial" && !is_output) {
    return {size * field("channels"), size * field("in_pixel_step"), field("width")};
  }
  if (layer == "BinaryS8" || layer == "BinaryF32") {
    if (is_output) {
      const std::int64_t pixel = call.field("out_pixel_step", field("channels"));
      return {size * field("channels"), size * pixel, field("width")};
    }
    const std::int64_t pixel = of_operand("pixel_step");
    const std::int64_t run = of_operand("channel_step") == 0 ? 1 : field("channels");
    return pixel == 0 ? Runs{size * run, size * run, 1}
                      : Runs{size * run, size * pixel, field("width")};
  }
  return {0, 0, 0};
}

// The layer structs that calls for an operator have.
std::vector<const char*> layers_of(const Op& op) {
  return std::visit(
      [](const auto& o) -> std::vector<const char*> {
        using T = std::remove_cvref_t<decltype(o)>;
        if constexpr (std::is_same_v<T, Conv2d> || std::is_same_v<T, ConvTranspose2d> ||
                      std::is_same_v<T, FullyConnected>)
          return {"Conv2dS8", "Conv2dF32"};
        if constexpr (std::is_same_v<T, MatMul>) return {"Conv2dS8", "Conv2dF32", "MatMulLayer"};
        if constexpr (std::is_same_v<T, Pool2d>) return {"Pool2dLayer"};
        if constexpr (std::is_same_v<T, Reduce>) return {"ReduceSpatial", "ReduceNd"};
        if constexpr (std::is_same_v<T, Unary>) return {"TableS8", "UnaryF32"};
        if constexpr (std::is_same_v<T, Requantize>) return {"TableS8"};
        if constexpr (std::is_same_v<T, Binary>) return {"BinaryS8", "BinaryF32", "PreluS8"};
        if constexpr (std::is_same_v<T, Softmax>) return {"SoftmaxS8", "SoftmaxF32"};
        if constexpr (std::is_same_v<T, LayerNorm>) return {"LayerNormS8", "LayerNormF32"};
        if constexpr (std::is_same_v<T, Concat>) return {"ConcatLayer"};
        if constexpr (std::is_same_v<T, Slice> || std::is_same_v<T, Transpose> ||
                      std::is_same_v<T, Expand>)
          return {"CopyNd"};
        if constexpr (std::is_same_v<T, Gather>) return {"GatherLayer"};
        if constexpr (std::is_same_v<T, Pad>) return {"PadNd"};
        if constexpr (std::is_same_v<T, Resize>) return {"ResizeLayer"};
        if constexpr (std::is_same_v<T, Quantize> || std::is_same_v<T, Dequantize>)
          return {"QuantizeLayer"};
        return {};
      },
      op);
}

class Binder {
 public:
  Binder(const Graph& graph, const ScheduleText& text) : graph_(graph), text_(text) {
    bound_.views.resize(graph.tensors.size());
  }

  Result<BoundSchedule> run() {
    for (const auto& [name, bytes] : text_.arena_bytes) bound_.banks.push_back({name, bytes});
    for (const Node& node : graph_.nodes) bind_node(node);
    bind_copies();
    if (error_.empty() && next_ != text_.calls.size())
      fail("there are calls that no node asks for");
    if (!error_.empty()) return Diagnostic{"E903", "", "", error_, "please report this"};
    return std::move(bound_);
  }

 private:
  void fail(const std::string& message) {
    if (error_.empty()) error_ = message;
  }
  void fail_call(const CallText& call, const std::string& message) {
    fail(fmt::format("call {} ({} '{}', line {}): {}", &call - text_.calls.data(), call.kernel,
                     call.node, call.line, message));
  }

  // ---- nodes ----

  bool is_for(const Node& node) const {
    if (next_ >= text_.calls.size()) return false;
    const std::string& layer = text_.calls[next_].layer_type;
    const std::vector<const char*> layers = layers_of(node.op);
    const auto* slice = std::get_if<Slice>(&node.op);
    return text_.calls[next_].node == harmless(node.origin.name) &&
           std::any_of(layers.begin(), layers.end(), [&](const char* l) { return layer == l; }) &&
           (slice == nullptr || begins_there(*slice, node));
  }

  // The next call copies from where the slice begins. (An ONNX Split is several slices, all of its name, of which some may
  // have a call.)
  bool begins_there(const Slice& slice, const Node& node) const {
    const TensorType& x = graph_.type(node.inputs[0]);
    std::int64_t first = 0;  // element
    for (std::size_t d = 0; d < x.shape.size(); ++d) first = first * x.shape[d] + slice.start[d];
    const std::int64_t in_row = first % (natural_row_bytes(x) / size_bytes(x.dtype));
    const std::int64_t offset = text_.calls[next_].field("offset", -1);
    return offset == first || offset == in_row;
  }

  void bind_node(const Node& node) {
    if (!error_.empty()) return;
    if (std::holds_alternative<Reshape>(node.op) || std::holds_alternative<Cast>(node.op)) {
      const std::int64_t bytes = graph_.type(node.output()).bytes();
      return lie_in(node.output(), {node.inputs[0], bytes, bytes, 0});
    }
    if (is_for(node)) return bind_call(node);
    if (const auto* concat = std::get_if<Concat>(&node.op)) return bind_concat(*concat, node);
    if (const auto* slice = std::get_if<Slice>(&node.op)) return bind_slice(*slice, node);
    fail(fmt::format("no call makes '{}'{}", graph_.tensors[node.output()].name,
                     next_ < text_.calls.size() ? fmt::format(": the next one is call {} for '{}'",
                                                              next_, text_.calls[next_].node)
                                                : std::string()));
  }

  std::int64_t pixel_bytes(TensorId tensor) const {
    const TensorType& type = graph_.type(tensor);
    return (type.shape.empty() ? 1 : type.shape.back()) * size_bytes(type.dtype);
  }

  void lie_in(TensorId tensor, ByteView view) {
    if (bound_.views[tensor].of.valid())
      return fail(fmt::format("'{}' would lie in two places", graph_.tensors[tensor].name));
    bound_.views[tensor] = view;
  }

  // The inputs of a Concat without a call lie in its output; so do the tensors that they are other names for.
  void bind_concat(const Concat& op, const Node& node) {
    const TensorId wide = node.output();
    if (static_cast<std::size_t>(op.axis) + 1 != graph_.type(wide).shape.size())
      return fail(fmt::format("no call makes '{}'", graph_.tensors[wide].name));
    ++bound_.joins_and_parts;
    std::int64_t offset = 0;
    for (const TensorId input : node.inputs) {
      TensorId narrow = input;
      while (bound_.views[narrow].of.valid()) {
        const ByteView& view = bound_.views[narrow];
        if (view.run != view.step || graph_.type(narrow).bytes() != graph_.type(view.of).bytes())
          return fail(fmt::format("'{}' would lie in two places", graph_.tensors[input].name));
        narrow = view.of;
      }
      lie_in(narrow, {wide, pixel_bytes(input), pixel_bytes(wide), offset});
      offset += pixel_bytes(input);
    }
  }

  void bind_slice(const Slice& op, const Node& node) {
    const TensorId wide = node.inputs[0];
    const Shape& shape = graph_.type(wide).shape;
    const std::size_t last = shape.size() - 1;
    bool along_channels = op.step[last] == 1;
    for (std::size_t d = 0; d < last; ++d)
      along_channels = along_channels && op.start[d] == 0 && op.size[d] == shape[d];
    if (!along_channels)
      return fail(fmt::format("no call makes '{}'", graph_.tensors[node.output()].name));
    ++bound_.joins_and_parts;
    const std::int64_t size = size_bytes(graph_.type(wide).dtype);
    lie_in(node.output(),
           {wide, pixel_bytes(node.output()), pixel_bytes(wide), op.start[last] * size});
  }

  // Outputs that are constants are copied into RAM by calls after all others.
  void bind_copies() {
    for (const Port& port : graph_.outputs) {
      if (!error_.empty() || !is_constant(port.tensor)) continue;
      if (next_ >= text_.calls.size()) return fail("no call copies a constant output");
      BoundCall call;
      call.text = &text_.calls[next_++];
      call.output = layout_of(*call.text, call.text->output, -1, port.tensor);
      bound_.calls.push_back(std::move(call));
    }
  }

  bool is_constant(TensorId tensor) const { return graph_.is_constant(bound_.root(tensor)); }

  // ---- operands ----

  std::size_t bank_of(const CallText& call, const AddressText& address) {
    for (std::size_t b = 0; b < bound_.banks.size(); ++b)
      if (bound_.banks[b].name == address.bank) return b;
    fail_call(call, fmt::format("there is no arena '{}'", address.bank));
    return 0;
  }

  OperandLayout layout_of(const CallText& call, const OperandText& operand, int index,
                          TensorId tensor) {
    OperandLayout layout;
    layout.bank = bank_of(call, operand.base);
    layout.offset = operand.base.offset;
    layout.pitch = operand.pitch;
    layout.capacity = operand.capacity;
    layout.tensor = tensor;
    const Runs pixels = pixels_of(call, index, size_bytes(graph_.type(tensor).dtype));
    const bool dense = pixels.runs == 0 || pixels.run == pixels.step;
    layout.runs = dense ? 1 : pixels.runs;
    layout.run = pixels.runs == 0 ? operand.pitch : dense ? pixels.run * pixels.runs : pixels.run;
    layout.step = dense ? layout.run : pixels.step;
    const std::int64_t bytes = graph_.type(tensor).bytes();
    const std::string& name = graph_.tensors[tensor].name;
    if (layout.run < 1 || layout.runs < 1 || layout.step < layout.run ||
        bytes % layout.row_bytes() != 0) {
      fail_call(call, fmt::format("rows of {} bytes do not make '{}', which has {}",
                                  layout.row_bytes(), name, bytes));
      layout.run = std::max<std::int64_t>(1, bytes);
      layout.runs = 1;
    }
    if ((layout.runs - 1) * layout.step + layout.run > layout.pitch && layout.capacity > 1)
      fail_call(call, fmt::format("rows of '{}' are longer than {} bytes", name, layout.pitch));
    if (layout.offset % size_bytes(graph_.type(tensor).dtype) != 0)
      fail_call(call, fmt::format("'{}' is not aligned", name));
    return layout;
  }

  void bind_call(const Node& node) {
    const CallText& text = text_.calls[next_++];
    BoundCall call;
    call.text = &text;
    call.node = &node;
    std::vector<std::size_t> in_ram;  // inputs of the node
    for (std::size_t i = 0; i < node.inputs.size(); ++i)
      if (node.inputs[i].valid() && !is_constant(node.inputs[i])) in_ram.push_back(i);
    std::size_t taken = 0;
    for (std::size_t i = 0; i < text.inputs.size(); ++i) {
      if (text.inputs[i].in_flash) continue;
      if (taken >= in_ram.size()) return fail_call(text, "it reads more than its node does");
      const std::size_t input = in_ram[taken++];
      call.inputs.push_back(
          layout_of(text, text.inputs[i], static_cast<int>(i), node.inputs[input]));
      call.inputs.back().node_input = input;
    }
    if (taken != in_ram.size()) fail_call(text, "it does not read all that its node does");
    call.output = layout_of(text, text.output, -1, node.output());
    if (text.scratch) call.scratch_bank = bank_of(text, *text.scratch);
    if (text.scratch_bytes > 0 && !text.scratch) fail_call(text, "it has no scratch");
    if (text.scratch && text.scratch->offset % 8 != 0)
      fail_call(text, "its scratch is not aligned");
    bound_.calls.push_back(std::move(call));
  }

  const Graph& graph_;
  const ScheduleText& text_;
  BoundSchedule bound_;
  std::size_t next_ = 0;  // call
  std::string error_;
};

}  // namespace

TensorId BoundSchedule::root(TensorId tensor) const {
  while (views[tensor].of.valid()) tensor = views[tensor].of;
  return tensor;
}

std::int64_t BoundSchedule::root_position(TensorId tensor, std::int64_t position,
                                          std::int64_t& count) const {
  for (; views[tensor].of.valid(); tensor = views[tensor].of) {
    const ByteView& view = views[tensor];
    count = std::min(count, view.run - position % view.run);
    position = position / view.run * view.step + position % view.run + view.offset;
  }
  return position;
}

Result<BoundSchedule> bind_schedule(const Graph& graph, const ScheduleText& text) {
  return Binder(graph, text).run();
}

}  // namespace linnet
