// See prepare.h.
#include "tests/onnx_conformance/prepare.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <set>
#include <string_view>
#include <utility>

#include "compiler/onnx/importer.h"
#include "compiler/passes/passes.h"
#include "compiler/pipeline.h"
#include "compiler/reference/interpreter.h"

namespace linnet::conformance {

namespace fs = std::filesystem;

namespace {

// What Linnet claims to import. An operator of this list that the importer does not know is a failure.
const std::set<std::string, std::less<>>& claimed_operators() {
  static const std::set<std::string, std::less<>> names{"Conv",
                                                        "ConvTranspose",
                                                        "BatchNormalization",
                                                        "Gemm",
                                                        "MatMul",
                                                        "Relu",
                                                        "LeakyRelu",
                                                        "PRelu",
                                                        "Clip",
                                                        "Sigmoid",
                                                        "HardSigmoid",
                                                        "HardSwish",
                                                        "Tanh",
                                                        "Elu",
                                                        "Gelu",
                                                        "Erf",
                                                        "Exp",
                                                        "Log",
                                                        "Sqrt",
                                                        "Pow",
                                                        "Neg",
                                                        "Abs",
                                                        "Reciprocal",
                                                        "Softmax",
                                                        "Add",
                                                        "Sub",
                                                        "Mul",
                                                        "Div",
                                                        "Min",
                                                        "Max",
                                                        "MaxPool",
                                                        "AveragePool",
                                                        "GlobalAveragePool",
                                                        "GlobalMaxPool",
                                                        "ReduceMean",
                                                        "ReduceSum",
                                                        "ReduceMax",
                                                        "ReduceMin",
                                                        "ReduceL2",
                                                        "Pad",
                                                        "Concat",
                                                        "Split",
                                                        "Slice",
                                                        "Reshape",
                                                        "Flatten",
                                                        "Squeeze",
                                                        "Unsqueeze",
                                                        "Transpose",
                                                        "Expand",
                                                        "Gather",
                                                        "Resize",
                                                        "Upsample",
                                                        "Identity",
                                                        "Dropout",
                                                        "Cast",
                                                        "Constant",
                                                        "ConstantOfShape",
                                                        "Shape",
                                                        "QuantizeLinear",
                                                        "DequantizeLinear",
                                                        "LayerNormalization"};
  return names;
}

// Variants of claimed operators that are not claimed themselves, as the importer names them.
constexpr std::string_view kUnclaimedVariants[] = {
    "training_mode",            // BatchNormalization, Dropout: networks are compiled for inference
    "mode cubic",               // Resize: nearest and linear are claimed
    "kernel_shape has 3 axes",  // convolutions and pools: of signals and pictures
};

// E101 and E102 name an operator or a domain, E103 an attribute or a variant of an operator. E105 is about an operator
// that Linnet folds away where exporters leave it in shape arithmetic, and does not claim to run.
bool names_what_is_not_claimed(const Diagnostic& diagnostic) {
  if (diagnostic.code == "E102") return true;
  if (diagnostic.code == "E101" || diagnostic.code == "E105")
    return !claimed_operators().contains(diagnostic.op);
  return diagnostic.code == "E103" &&
         std::any_of(std::begin(kUnclaimedVariants), std::end(kUnclaimedVariants),
                     [&](std::string_view variant) {
                       return diagnostic.message.find(variant) != std::string::npos;
                     });
}

// A tensor without elements. Linnet refuses dimensions of 0 as a fault of the model.
bool is_empty(const TensorValue& value) { return value.type.elements() == 0; }

std::string one_line(const Diagnostics& diagnostics) {
  std::string text = format(diagnostics.front());
  if (diagnostics.size() > 1) text += fmt::format(" (and {} more)", diagnostics.size() - 1);
  std::replace(text.begin(), text.end(), '\n', ' ');
  return text;
}

// The model with what the suite gives as parameters made constant. First all inputs but the float ones; when the
// importer then asks for a constant (E105: a network on a device has fixed weights), all but the first float one.
struct Prepared {
  CompileOptions options;
  ImportedModel imported;
  std::string fixed;  // float inputs that were made constant
};

bool asks_for_constant(const Diagnostics& diagnostics) {
  return std::any_of(diagnostics.begin(), diagnostics.end(),
                     [](const Diagnostic& d) { return d.code == "E105" || d.code == "E106"; });
}

Result<Prepared> import_with_parameters(const Case& test, const OnnxModel& model,
                                        const DataSet& data) {
  for (const bool float_parameters : {false, true}) {
    Prepared prepared;
    prepared.options.model = test.folder / "model.onnx";
    prepared.options.name = test.identifier;
    bool data_input_seen = false;
    for (std::size_t i = 0; i < std::min(model.inputs.size(), data.inputs.size()); ++i) {
      const OnnxPort& port = model.inputs[i];
      const bool is_float = port.dtype == DType::f32;
      const bool is_parameter = !is_float || (float_parameters && data_input_seen);
      data_input_seen = data_input_seen || is_float;
      if (is_parameter) {
        prepared.options.input_values[port.name] = data.inputs[i];
        if (is_float) prepared.fixed += " " + port.name;
      } else {
        prepared.options.input_shapes[port.name] = data.inputs[i].type.shape;
      }
    }
    Result<ImportedModel> imported = import_model(
        prepared.options.model, {prepared.options.input_shapes, prepared.options.input_values});
    if (imported) {
      prepared.imported = *std::move(imported);
      return prepared;
    }
    if (float_parameters || !asks_for_constant(imported.diagnostics()))
      return imported.diagnostics();
  }
  return Diagnostic{"E999", "", "", "not reached", ""};
}

// Values of a data set on the device's side of the graph's ports.
struct DeviceData {
  std::vector<TensorValue> inputs, outputs;
};

// Empty, or what does not fit.
std::string make_device_data(const Graph& graph, const OnnxModel& model, const DataSet& data,
                             DeviceData& made) {
  std::map<std::string, const TensorValue*, std::less<>> by_name;
  for (std::size_t i = 0; i < std::min(model.inputs.size(), data.inputs.size()); ++i) {
    by_name[model.inputs[i].name] = &data.inputs[i];
  }
  for (const Port& port : graph.inputs) {
    const auto found = by_name.find(port.name);
    if (found == by_name.end()) return fmt::format("the suite has no input '{}'", port.name);
    if (found->second->type.shape != port.model_shape) {
      return fmt::format("input '{}' has the shape {} instead of {}", port.name,
                         to_string(port.model_shape), to_string(found->second->type.shape));
    }
    made.inputs.push_back(to_device(port, graph.type(port.tensor), *found->second));
  }
  if (graph.outputs.size() != data.outputs.size()) {
    return fmt::format("{} outputs instead of {}", graph.outputs.size(), data.outputs.size());
  }
  for (std::size_t i = 0; i < data.outputs.size(); ++i) {
    const Port& port = graph.outputs[i];
    if (data.outputs[i].type.shape != port.model_shape) {
      return fmt::format("output '{}' has the shape {} instead of {}", port.name,
                         to_string(port.model_shape), to_string(data.outputs[i].type.shape));
    }
    made.outputs.push_back(to_device(port, graph.type(port.tensor), data.outputs[i]));
  }
  return {};
}

// Empty, or where the oracle's outputs differ from the suite's.
std::string oracle_difference(const Graph& graph, const OnnxModel& model,
                              const std::vector<DataSet>& sets) {
  for (const DataSet& data : sets) {
    DeviceData device;
    if (std::string why = make_device_data(graph, model, data, device); !why.empty()) return why;
    const std::vector<TensorValue> outputs = interpret(graph, device.inputs);
    for (std::size_t i = 0; i < outputs.size(); ++i) {
      std::string why = difference(outputs[i].to_floats(), device.outputs[i].to_floats());
      if (!why.empty()) return fmt::format("output {}{}", i, why);
    }
  }
  return {};
}

bool is_all_constant(const Graph& graph) {
  return std::all_of(graph.outputs.begin(), graph.outputs.end(),
                     [&](const Port& port) { return graph.is_constant(port.tensor); });
}

void write_value(const fs::path& file, const TensorValue& value) {
  const std::span<const std::byte> bytes = value.bytes();
  write_text(file, {reinterpret_cast<const char*>(bytes.data()), bytes.size()});
}

void write_network(const Compiled& compiled, const OnnxModel& model,
                   const std::vector<DataSet>& sets, const fs::path& folder) {
  for (const auto& [path, text] : compiled.files) {
    write_text(folder / (path.starts_with("linnet/") ? "include/" + path : path), text);
  }
  for (std::size_t set = 0; set < sets.size(); ++set) {
    DeviceData device;
    make_device_data(compiled.graph, model, sets[set], device);
    for (std::size_t i = 0; i < device.inputs.size(); ++i)
      write_value(folder / fmt::format("set_{}_input_{}.bin", set, i), device.inputs[i]);
    for (std::size_t i = 0; i < device.outputs.size(); ++i)
      write_value(folder / fmt::format("set_{}_expected_{}.bin", set, i), device.outputs[i]);
  }
  std::string arenas, sizes;
  for (std::size_t bank = 0; bank < compiled.plan.banks.size(); ++bank) {
    if (compiled.plan.banks[bank].used_bytes == 0) continue;
    arenas = "arena";  // the target has one bank
    sizes = compiled.target.banks[bank].name;
  }
  const std::string& name = compiled.program.name;
  write_text(folder / "network.inc",
             fmt::format("LINNET_NETWORK({}, {}, {})\n", name, sizes, sets.size()));
}

Outcome run_case(const Case& test, const fs::path& folder, const PrepareOptions& options) {
  const Result<OnnxModel> model = read_model(test.folder / "model.onnx");
  if (!model) return judge(model.diagnostics());
  if (std::string why = why_not_float(*model); !why.empty()) return {Verdict::not_float, why};
  const Result<std::vector<DataSet>> sets = read_data_sets(test);
  if (!sets) return {Verdict::failed, "data: " + one_line(sets.diagnostics())};
  if (sets->empty()) return {Verdict::failed, "no test_data_set_0"};

  const std::vector<TensorValue>& outputs = sets->front().outputs;
  if (!outputs.empty() && std::all_of(outputs.begin(), outputs.end(), is_empty))
    return {Verdict::constant, "the outputs have no elements"};

  Result<Prepared> prepared = import_with_parameters(test, *model, sets->front());
  if (!prepared) return judge(prepared.diagnostics());
  const Graph& imported = prepared->imported.graph;
  if (const Result<Nothing> sound = verify(imported, "import"); !sound)
    return {Verdict::failed, "import: " + one_line(sound.diagnostics())};
  if (std::string why = oracle_difference(imported, *model, *sets); !why.empty())
    return {Verdict::failed, "import: " + why};
  if (is_all_constant(imported)) return {Verdict::constant, "the outputs are constants"};

  const Result<Graph> simplified = run_passes(imported);
  if (!simplified) return {Verdict::failed, "passes: " + one_line(simplified.diagnostics())};
  if (const Result<Nothing> sound = verify(*simplified, "passes"); !sound)
    return {Verdict::failed, "passes: " + one_line(sound.diagnostics())};
  if (std::string why = oracle_difference(*simplified, *model, *sets); !why.empty())
    return {Verdict::failed, "passes: " + why};
  if (is_all_constant(*simplified)) return {Verdict::constant, "the outputs are constants"};
  const std::string fixed = prepared->fixed.empty() ? "" : "constant:" + prepared->fixed;
  if (!options.emit) return {Verdict::passed, fixed};

  const Result<Compiled> compiled = compile_network(prepared->options);
  if (!compiled) return {Verdict::failed, "compile: " + one_line(compiled.diagnostics())};
  write_network(*compiled, *model, *sets, folder);
  return {Verdict::passed, fixed};
}

}  // namespace

Outcome judge(const Diagnostics& diagnostics) {
  // One refusal that names something not claimed is the reason, and goes first; others may follow from it.
  Diagnostics sorted = diagnostics;
  const auto others =
      std::stable_partition(sorted.begin(), sorted.end(), names_what_is_not_claimed);
  const bool unsupported = others != sorted.begin();
  return {unsupported ? Verdict::unsupported : Verdict::failed,
          (unsupported ? "" : "import: ") + one_line(sorted)};
}

void prepare(const Case& test, const fs::path& folder, const PrepareOptions& options) {
  write_outcome(folder / "outcome", run_case(test, folder, options));
}

}  // namespace linnet::conformance
