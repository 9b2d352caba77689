// Node by node from an ONNX model to the graph; see importer.h. What a node becomes is decided in
// compiler/ops/import_*.cpp; here are order, names, graph inputs and outputs, and the collection of what went wrong.
#include "compiler/onnx/importer.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <new>
#include <unordered_map>
#include <unordered_set>

#include "compiler/onnx/fault.h"
#include "compiler/onnx/import_ports.h"
#include "compiler/onnx/model.h"
#include "compiler/onnx/order_nodes.h"
#include "compiler/ops/import.h"

namespace linnet {
namespace {

class Importer {
 public:
  Importer(const OnnxModel& model, const ImportOptions& options)
      : model_(model), options_(options) {}

  void run();

  Graph& graph() { return context_.graph; }
  const Diagnostics& faults() const { return faults_; }
  std::vector<OperatorUse> operators() const;
  std::int64_t parameters() const;

 private:
  void check_options();
  void import_inputs();
  void import_input(const OnnxPort& port);
  void import_node(const OnnxNode& node);
  std::vector<ImportedValue> import_arguments(const OnnxNode& node);
  ImportedValue import_initializer(const std::string& name);
  void import_outputs();
  void check_ports();
  void name_outputs(const OnnxNode& node, const std::vector<ImportedValue>& outputs);
  void add_fault(Diagnostic diagnostic, const OnnxNode& node);
  void add_missing_file(const ImportFault& fault, const OnnxNode& node);
  void take_name(TensorId id, const std::string& name);
  const TensorType* fixed_type(const std::string& name) const;

  const OnnxModel& model_;
  const ImportOptions& options_;
  ImportContext context_;
  Diagnostics faults_;
  std::unordered_map<std::string, ImportedValue>
      values_;                               // an invalid id: not known, after a fault
  std::unordered_set<std::uint32_t> named_;  // tensors that have their final name
  std::unordered_map<std::string, TensorType> constant_nodes_;  // what Constant nodes give
  std::unordered_set<std::string> missing_files_;               // that were told of
  std::vector<std::size_t> order_;
  std::map<std::pair<std::string, std::string>, OperatorUse> uses_;
};

// ---- what the whole model must have -----------------------------------------------------------------------------

void Importer::check_options() {
  for (const auto& given : options_.input_shapes) {
    const std::string& name = given.first;
    const bool known = std::any_of(model_.inputs.begin(), model_.inputs.end(),
                                   [&](const OnnxPort& port) { return port.name == name; });
    if (known) continue;
    std::string names;
    for (const OnnxPort& port : model_.inputs) names += (names.empty() ? "" : ", ") + port.name;
    // E116: a slip of the pen in --input-shape.
    faults_.push_back({"E116",
                       {},
                       {},
                       fmt::format("--input-shape names '{}', which is no input", name),
                       fmt::format("the inputs are: {}", names)});
  }
}

void Importer::run() {
  context_.graph.name = model_.graph_name;
  if (model_.outputs.empty()) {
    faults_.push_back({"E003", {}, {}, "the graph has no outputs", "export the model again"});
    return;
  }
  Result<std::vector<std::size_t>> order = order_nodes(model_);
  if (!order) {
    faults_ = order.diagnostics();
    return;
  }
  order_ = std::move(*order);
  const auto opset = model_.opsets.find("");
  if (opset != model_.opsets.end() && opset->second > kNewestOpset) {
    graph().notes.push_back(fmt::format("opset {} is newer than {}, the newest that Linnet knows",
                                        opset->second, kNewestOpset));
  }
  check_options();
  import_inputs();
  for (const std::size_t index : order_) import_node(model_.nodes[index]);
  import_outputs();
  if (faults_.empty()) check_ports();
  if (faults_.empty()) compact(graph());
}

// ---- graph inputs and outputs -----------------------------------------------------------------------------------

void Importer::import_inputs() {
  for (const OnnxPort& port : model_.inputs) {
    values_[port.name] = {};
    try {
      import_input(port);
    } catch (const ImportFault& fault) {
      faults_.push_back(fault.diagnostic);
    }
  }
}

void Importer::import_input(const OnnxPort& port) {
  const auto given = options_.input_values.find(port.name);
  if (given != options_.input_values.end()) {
    const TensorId id = graph().add_constant(port.name, given->second);
    named_.insert(id.value);
    values_[port.name] = {id, given->second.type.dtype};
    return;
  }
  if (!port.dtype) {
    // E117: what is no tensor of numbers.
    const bool vowel = std::string_view("aeiou").find(port.dtype_name.front()) != std::string::npos;
    import_fault("E117",
                 fmt::format("input '{}' is {} {}, which is not supported", port.name,
                             vowel ? "an" : "a", port.dtype_name),
                 "only float and 8-bit tensors are; export the model without this input");
  }
  Port result;
  result.name = port.name;
  result.model_shape = input_shape(port, options_, graph().notes);
  result.model_dtype = *port.dtype;
  TensorType type{*port.dtype, result.model_shape, {}};
  if (type.dtype == DType::u8 || type.dtype == DType::i8) {
    result.model_quantization = input_quantization(model_, port.name);
    type.quantization = result.model_quantization;
    if (type.dtype == DType::u8) type.quantization->zero_point[0] -= 128;
    type.dtype = DType::i8;
  }
  result.tensor = graph().add_tensor(port.name, std::move(type));
  named_.insert(result.tensor.value);
  values_[port.name] = {result.tensor, *port.dtype};
  graph().inputs.push_back(std::move(result));
}

void Importer::import_outputs() {
  for (const OnnxPort& port : model_.outputs) {
    ImportedValue value;
    try {
      const auto known = values_.find(port.name);
      value = known != values_.end() ? known->second : import_initializer(port.name);
    } catch (const ImportFault& fault) {
      faults_.push_back(fault.diagnostic);
    }
    if (!value.id.valid()) continue;
    const TensorType& type = graph().type(value.id);
    Port result;
    result.tensor = value.id;
    result.name = port.name;
    result.model_shape = type.shape;
    result.model_dtype = type.quantization ? value.model_dtype : type.dtype;
    result.model_quantization = type.quantization;
    if (type.quantization && value.model_dtype == DType::u8) {
      for (std::int32_t& zero_point : result.model_quantization->zero_point) zero_point += 128;
    }
    graph().outputs.push_back(std::move(result));
  }
}

void Importer::check_ports() {
  for (const Port& port : graph().inputs) {
    const TensorType& type = graph().type(port.tensor);
    if (type.dtype == DType::f32 || type.quantization) continue;
    faults_.push_back({"E117",
                       {},
                       {},
                       fmt::format("input '{}' is of type {}", port.name, to_string(type.dtype)),
                       "only float and 8-bit inputs are supported; make it an initializer"});
  }
}

// ---- nodes ------------------------------------------------------------------------------------------------------

void Importer::add_fault(Diagnostic diagnostic, const OnnxNode& node) {
  diagnostic.node = node.label();
  diagnostic.op = node.op_type;
  OperatorUse& use = uses_[{node.domain, node.op_type}];
  if (use.supported) use.reason = diagnostic.message;
  use.supported = false;
  faults_.push_back(std::move(diagnostic));
}

// One line for a file, however many tensors are in it. The operators are not to blame.
void Importer::add_missing_file(const ImportFault& fault, const OnnxNode& node) {
  if (!missing_files_.insert(fault.missing_file).second) return;
  const auto tensors = std::count_if(
      model_.unreadable.begin(), model_.unreadable.end(),
      [&](const auto& entry) { return entry.second.missing_file == fault.missing_file; });
  Diagnostic diagnostic = fault.diagnostic;
  if (tensors > 1) {
    diagnostic.message = fmt::format("external data file '{}' ({} tensors) cannot be read",
                                     fault.missing_file, tensors);
  } else {
    diagnostic.node = node.label();
    diagnostic.op = node.op_type;
  }
  faults_.push_back(std::move(diagnostic));
}

// Why an operator is not in the table.
Diagnostic unknown_operator(const OnnxModel& model, const OnnxNode& node) {
  const auto& functions = model.local_functions;
  if (std::find(functions.begin(), functions.end(), node.op_type) != functions.end()) {
    // E101: operators that Linnet does not know.
    return {"E101",
            {},
            {},
            "the operator is a function of the model itself, which is not supported",
            "inline it: onnx.inliner.inline_local_functions"};
  }
  if (!node.domain.empty() && node.domain != "com.microsoft") {
    // E102: other people's operators.
    return {"E102",
            {},
            {},
            fmt::format("the operator set '{}' is not supported", node.domain),
            "export the model with operators of ai.onnx only"};
  }
  if (node.op_type.starts_with("DynamicQuantize") || node.op_type == "ConvInteger" ||
      node.op_type.starts_with("MatMulInteger")) {
    return {"E101",
            {},
            {},
            "dynamic quantization is not supported: scales are computed when the model runs",
            "quantize statically (onnxruntime.quantization.quantize_static), or compile the float "
            "model with --calibrate"};
  }
  if (node.op_type == "If" || node.op_type == "Loop" || node.op_type == "Scan") {
    return {"E101",
            {},
            {},
            "operators with subgraphs are not supported",
            "run the model through onnxsim, or export it without control flow"};
  }
  return {
      "E101", {}, {}, "the operator is not supported", "replace it, or cut the model before it"};
}

ImportedValue Importer::import_initializer(const std::string& name) {
  const auto unreadable = model_.unreadable.find(name);
  if (unreadable != model_.unreadable.end())
    throw ImportFault{unreadable->second.why, unreadable->second.missing_file};
  const TensorValue& value = model_.initializers.at(name);
  if (value.type.dtype == DType::f32) {
    for (const float element : value.as<float>()) {
      // A lone infinity is a bound; in weights it is a fault like NaN.
      if (!std::isnan(element) && (!std::isinf(element) || value.type.elements() == 1)) continue;
      // E010: nothing computed from it would be a number.
      import_fault(
          "E010",
          fmt::format("tensor '{}' holds {}", name, std::isnan(element) ? "NaN" : "an infinity"),
          "train or export the model again");
    }
  }
  const TensorId id = graph().add_constant(name, value);
  named_.insert(id.value);
  return values_[name] = {id, value.type.dtype};
}

std::vector<ImportedValue> Importer::import_arguments(const OnnxNode& node) {
  std::vector<ImportedValue> arguments;
  for (const std::string& name : node.inputs) {
    const auto known = values_.find(name);
    if (name.empty()) {
      arguments.push_back({});
    } else {
      arguments.push_back(known != values_.end() ? known->second : import_initializer(name));
    }
  }
  // Trailing inputs that are absent are as if not listed.
  while (!arguments.empty() && node.inputs[arguments.size() - 1].empty()) arguments.pop_back();
  return arguments;
}

void Importer::take_name(TensorId id, const std::string& name) {
  if (!named_.insert(id.value).second) return;
  std::string& current = graph().tensors[id].name;
  std::string unique = name;
  for (int suffix = 1; graph().names.count(unique) > 0 && unique != current; ++suffix) {
    unique = fmt::format("{}_{}", name, suffix);
  }
  graph().names.erase(current);
  graph().names.insert(unique);
  current = unique;
}

void Importer::name_outputs(const OnnxNode& node, const std::vector<ImportedValue>& outputs) {
  for (std::size_t i = 0; i < node.outputs.size(); ++i) {
    const std::string& name = node.outputs[i];
    if (name.empty()) continue;
    if (!outputs[i].id.valid()) {
      import_fault("E103", fmt::format("output {} ('{}') is not supported", i, name),
                   "remove what reads it from the model");
    }
    values_[name] = outputs[i];
    take_name(outputs[i].id, name);
  }
}

void Importer::import_node(const OnnxNode& node) {
  OperatorUse& use = uses_[{node.domain, node.op_type}];
  use.op_type = node.op_type;
  use.domain = node.domain;
  ++use.count;
  for (const std::string& name : node.outputs) values_[name] = {};
  const ImportFunction function = find_import_function(node.domain, node.op_type);
  if (!function) return add_fault(unknown_operator(model_, node), node);
  if (node.opset == 0) {
    // E004: without a version nothing says what the operator means.
    return add_fault({"E004",
                      {},
                      {},
                      fmt::format("the model names no version of the operator set '{}'",
                                  node.domain.empty() ? "ai.onnx" : node.domain),
                      "export the model again"},
                     node);
  }
  const bool never_changed = node.op_type == "GlobalAveragePool" || node.op_type == "GlobalMaxPool";
  if (node.domain.empty() && node.opset < 6 && !never_changed) {
    // E108: operators meant other things then.
    return add_fault({"E108",
                      {},
                      {},
                      fmt::format("opset {} is too old", node.opset),
                      "convert the model to opset 7 or later"},
                     node);
  }
  try {
    std::vector<ImportedValue> arguments = import_arguments(node);
    for (std::size_t i = 0; i < arguments.size(); ++i) {
      if (!node.inputs[i].empty() && !arguments[i].id.valid()) return;  // told where it began
    }
    ImportNode import(context_, node, std::move(arguments), {node.label(), node.op_type});
    function(import);
    name_outputs(node, import.outputs());
    if (node.op_type == "Constant") {
      constant_nodes_.emplace(node.outputs.at(0), graph().type(import.outputs().at(0).id));
    }
  } catch (const ImportFault& fault) {
    if (fault.missing_file.empty()) {
      add_fault(fault.diagnostic, node);
    } else {
      add_missing_file(fault, node);
    }
  } catch (const std::bad_alloc&) {
    add_fault({"E104",
               {},
               {},
               "its constants do not fit in memory",
               "it is too large for a microcontroller"},
              node);
  }
}

// ---- for reports ------------------------------------------------------------------------------------------------

std::vector<OperatorUse> Importer::operators() const {
  std::vector<OperatorUse> result;
  for (const auto& [key, use] : uses_) result.push_back(use);
  return result;
}

// The type of a tensor that the model fixes, in an initializer or a Constant node; else null.
const TensorType* Importer::fixed_type(const std::string& name) const {
  const auto initializer = model_.initializers.find(name);
  if (initializer != model_.initializers.end()) return &initializer->second.type;
  const auto constant = constant_nodes_.find(name);
  return constant != constant_nodes_.end() ? &constant->second : nullptr;
}

// Elements of the tensors that live nodes read as weights: scales and zero points are none, nor are numbers in
// formulas (tensors without dimensions) or shape arithmetic.
std::int64_t Importer::parameters() const {
  std::unordered_map<std::string, std::int64_t> elements;
  for (const std::size_t index : order_) {
    const OnnxNode& node = model_.nodes[index];
    const bool dequantizes = node.op_type == "DequantizeLinear" || node.op_type == "QuantizeLinear";
    const std::size_t count =
        dequantizes ? std::min<std::size_t>(node.inputs.size(), 1) : node.inputs.size();
    for (std::size_t i = 0; i < count; ++i) {
      const TensorType* type = fixed_type(node.inputs[i]);
      if (!type || type->shape.empty()) continue;
      const bool is_bias =
          type->dtype == DType::i32 &&
          (dequantizes || node.op_type == "QLinearConv" || node.op_type == "QGemm");
      const bool is_codes = type->dtype == DType::i8 || type->dtype == DType::u8;
      // In QLinear operators scales and zero points are single elements, or as many as channels, which weights are not.
      const bool parameter = node.op_type.starts_with("QLinear") || node.op_type == "QGemm"
                                 ? is_bias || (is_codes && type->shape.size() > 1)
                                 : is_bias || is_codes || type->dtype == DType::f32;
      if (parameter) elements[node.inputs[i]] = type->elements();
    }
  }
  std::int64_t sum = 0;
  for (const auto& [name, own] : elements) sum += own;
  return sum;
}

struct Outcome {
  Graph graph;
  ModelInfo info;
  Diagnostics faults;
  bool readable = false;  // the graph could be walked, so that `info` is complete
};

Outcome import_file(const std::filesystem::path& path, const ImportOptions& options) {
  Outcome outcome;
  Result<OnnxModel> model = read_model(path);
  if (!model) {
    outcome.faults = model.diagnostics();
    return outcome;
  }
  Importer importer(*model, options);
  importer.run();
  outcome.faults = importer.faults();
  outcome.info.path = path.string();
  outcome.info.producer = model->producer;
  outcome.info.producer_version = model->producer_version;
  outcome.info.ir_version = model->ir_version;
  outcome.info.opsets = model->opsets;
  outcome.info.sha256 = model->sha256;
  outcome.info.external_files = model->external_files;
  outcome.info.operators = importer.operators();
  outcome.info.parameters = importer.parameters();
  outcome.graph = std::move(importer.graph());
  outcome.readable = !outcome.info.operators.empty() || outcome.faults.empty();
  return outcome;
}

}  // namespace

Result<ImportedModel> import_model(const std::filesystem::path& path,
                                   const ImportOptions& options) {
  Outcome outcome = import_file(path, options);
  if (!outcome.faults.empty()) return outcome.faults;
  return ImportedModel{std::move(outcome.graph), std::move(outcome.info)};
}

Result<ModelInfo> inspect_model(const std::filesystem::path& path, const ImportOptions& options) {
  Outcome outcome = import_file(path, options);
  if (!outcome.readable) return outcome.faults;
  return std::move(outcome.info);
}

}  // namespace linnet
