// See report.h.
#include "compiler/emit/report.h"

#include <algorithm>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "compiler/emit/text.h"
#include "compiler/support/version.h"

namespace linnet {
namespace {

using Json = nlohmann::ordered_json;

ReportPort make_port(const Graph& graph, const Port& port) {
  const TensorType& type = graph.type(port.tensor);
  ReportPort made{port.name, to_string(type.dtype), type.shape, 1, 0};
  if (type.quantization && type.quantization->per_tensor()) {
    made.scale = type.quantization->scale.front();
    made.zero_point = type.quantization->zero_point.front();
  }
  return made;
}

std::vector<ReportLayer> make_layers(const Network& network) {
  std::vector<ReportLayer> layers;
  for (const KernelCall& call : network.program.calls) {
    ReportLayer layer;
    layer.name = call.origin.name;
    layer.op = call.op;
    layer.kernel = call.kernel;
    layer.output_shape = call.output_type.shape;
    layer.dtype = to_string(call.output_type.dtype);
    layer.macs = call.macs;
    layer.weights_bytes = call.weights_bytes;
    layer.output_bytes = call.output_type.bytes();
    layer.scratch_bytes = call.scratch_bytes;
    layer.first_step = -1;
    layers.push_back(std::move(layer));
  }
  for (std::size_t s = 0; s < network.plan.steps.size(); ++s) {
    ReportLayer& layer = layers[network.plan.steps[s].call.index()];
    if (layer.first_step < 0) layer.first_step = static_cast<std::int64_t>(s);
    layer.last_step = static_cast<std::int64_t>(s);
  }
  return layers;
}

Json port_json(const ReportPort& port) {
  return {{"name", port.name},
          {"dtype", port.dtype},
          {"shape", port.shape},
          {"scale", port.scale},
          {"zero_point", port.zero_point}};
}

ReportPort port_from(const nlohmann::json& json) {
  return {json.at("name"), json.at("dtype"), json.at("shape").get<Shape>(), json.at("scale"),
          json.at("zero_point")};
}

Report from_json(const nlohmann::json& json) {
  Report report;
  report.tool_version = json.at("tool").at("version");
  const nlohmann::json& model = json.at("model");
  report.name = model.at("name");
  report.sha256 = model.at("sha256");
  report.producer = model.at("producer");
  report.dtype = model.at("dtype");
  report.opset = model.at("opset");
  report.parameters = model.at("parameters");
  report.macs = model.at("macs");
  report.target = json.at("target");
  const nlohmann::json& memory = json.at("memory");
  report.arena_bytes = memory.at("arena_bytes");
  report.lower_bound_bytes = memory.at("lower_bound_bytes");
  report.whole_tensor_bytes = memory.at("whole_tensor_bytes");
  report.stack_bytes = memory.at("stack_bytes");
  report.peak_layer = memory.at("peak_layer");
  for (const nlohmann::json& entry : memory.at("banks")) {
    ReportBank bank{entry.at("name"), entry.at("used_bytes"), {}};
    if (!entry.at("size_bytes").is_null())
      bank.size_bytes = entry.at("size_bytes").get<std::int64_t>();
    report.banks.push_back(std::move(bank));
  }
  const nlohmann::json& flash = json.at("flash");
  report.weights_bytes = flash.at("weights_bytes");
  report.tables_bytes = flash.at("tables_bytes");
  report.schedule_bytes = flash.at("schedule_bytes");
  report.code_bytes = flash.at("code_bytes");
  report.unmeasured_kernels = flash.at("unmeasured_kernels").get<std::vector<std::string>>();
  for (const nlohmann::json& port : json.at("inputs")) report.inputs.push_back(port_from(port));
  for (const nlohmann::json& port : json.at("outputs")) report.outputs.push_back(port_from(port));
  for (const nlohmann::json& entry : json.at("layers")) {
    ReportLayer layer;
    layer.name = entry.at("name");
    layer.op = entry.at("op");
    layer.kernel = entry.at("kernel");
    layer.output_shape = entry.at("output_shape").get<Shape>();
    layer.dtype = entry.at("dtype");
    layer.macs = entry.at("macs");
    layer.weights_bytes = entry.at("weights_bytes");
    layer.output_bytes = entry.at("output_bytes");
    layer.scratch_bytes = entry.at("scratch_bytes");
    layer.first_step = entry.at("first_step");
    layer.last_step = entry.at("last_step");
    report.layers.push_back(std::move(layer));
  }
  report.notes = json.at("notes").get<std::vector<std::string>>();
  return report;
}

}  // namespace

Report make_report(const Network& network, const CodeCosts& costs) {
  Report report;
  report.tool_version = kVersion;
  report.name = network.program.name;
  report.target = network.target.name;
  report.sha256 = network.model.sha256;
  report.producer = network.model.producer;
  const auto opset = network.model.opsets.find("");
  report.opset = opset == network.model.opsets.end() ? 0 : opset->second;
  report.parameters = network.model.parameters;
  report.dtype = "float32";
  for (const KernelCall& call : network.program.calls) {
    report.macs += call.macs;
    if (call.output_type.dtype == DType::i8) report.dtype = "int8";
  }
  report.arena_bytes = network.plan.arena_bytes;
  report.lower_bound_bytes = network.plan.lower_bound_bytes;
  report.whole_tensor_bytes = network.plan.whole_tensor_bytes;
  report.stack_bytes = costs.stack_bytes;
  if (!network.plan.steps.empty()) {
    const Step& step = network.plan.steps[static_cast<std::size_t>(network.plan.peak_step)];
    report.peak_layer = network.program.calls[step.call.index()].origin.name;
  }
  for (std::size_t b = 0; b < network.plan.banks.size(); ++b) {
    const MemoryBank& bank = network.target.banks[b];
    report.banks.push_back({bank.name, network.plan.banks[b].used_bytes, bank.size_bytes});
  }
  for (const Constant& constant : network.program.constants) {
    const bool weights = constant.role == Constant::Role::weights;
    (weights ? report.weights_bytes : report.tables_bytes) += 8 * word_count(constant.bytes);
  }
  report.schedule_bytes = costs.schedule_bytes;
  report.code_bytes = costs.code_bytes;
  report.unmeasured_kernels.assign(costs.unmeasured.begin(), costs.unmeasured.end());
  for (const Port& port : network.graph.inputs)
    report.inputs.push_back(make_port(network.graph, port));
  for (const Port& port : network.graph.outputs)
    report.outputs.push_back(make_port(network.graph, port));
  report.layers = make_layers(network);
  report.notes = network.graph.notes;
  return report;
}

std::string to_json(const Report& report) {
  Json json;
  json["tool"] = {{"name", "linnet"}, {"version", report.tool_version}};
  json["model"] = {{"name", report.name},         {"sha256", report.sha256},
                   {"producer", report.producer}, {"opset", report.opset},
                   {"dtype", report.dtype},       {"parameters", report.parameters},
                   {"macs", report.macs}};
  json["target"] = report.target;
  Json banks = Json::array();
  for (const ReportBank& bank : report.banks) {
    Json size = nullptr;
    if (bank.size_bytes) size = *bank.size_bytes;
    banks.push_back({{"name", bank.name}, {"used_bytes", bank.used_bytes}, {"size_bytes", size}});
  }
  json["memory"] = {{"arena_bytes", report.arena_bytes},
                    {"lower_bound_bytes", report.lower_bound_bytes},
                    {"whole_tensor_bytes", report.whole_tensor_bytes},
                    {"stack_bytes", report.stack_bytes},
                    {"total_bytes", report.ram_bytes()},
                    {"peak_layer", report.peak_layer},
                    {"banks", banks}};
  json["flash"] = {
      {"weights_bytes", report.weights_bytes},   {"tables_bytes", report.tables_bytes},
      {"schedule_bytes", report.schedule_bytes}, {"code_bytes", report.code_bytes},
      {"total_bytes", report.flash_bytes()},     {"unmeasured_kernels", report.unmeasured_kernels}};
  json["inputs"] = Json::array();
  for (const ReportPort& port : report.inputs) json["inputs"].push_back(port_json(port));
  json["outputs"] = Json::array();
  for (const ReportPort& port : report.outputs) json["outputs"].push_back(port_json(port));
  json["layers"] = Json::array();
  for (const ReportLayer& layer : report.layers) {
    json["layers"].push_back({{"name", layer.name},
                              {"op", layer.op},
                              {"kernel", layer.kernel},
                              {"output_shape", layer.output_shape},
                              {"dtype", layer.dtype},
                              {"macs", layer.macs},
                              {"weights_bytes", layer.weights_bytes},
                              {"output_bytes", layer.output_bytes},
                              {"scratch_bytes", layer.scratch_bytes},
                              {"first_step", layer.first_step},
                              {"last_step", layer.last_step}});
  }
  json["notes"] = report.notes;
  // Names come from the model and may hold any bytes.
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

Result<Report> read_report(const std::filesystem::path& folder) {
  const std::filesystem::path path = folder / "report.json";
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    // E503: a folder was given that holds no report of ours.
    return Diagnostic{"E503", "", "", "there is no report.json in '" + folder.string() + "'",
                      "give an ONNX model, or a folder that `linnet compile -o` wrote"};
  }
  std::stringstream text;
  text << file.rdbuf();
  try {
    return from_json(nlohmann::json::parse(text.str()));
  } catch (const nlohmann::json::exception& error) {
    return Diagnostic{"E503", "", "",
                      "'" + path.string() + "' is not a report of this version: " + error.what(),
                      "compile the model again"};
  }
}

}  // namespace linnet
