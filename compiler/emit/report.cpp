// See report.h.
#include "compiler/emit/report.h"

#include <algorithm>
#include <fstream>
#include <sstream>

#include "compiler/emit/text.h"
#include "compiler/support/json.h"
#include "compiler/support/version.h"

namespace linnet {
namespace {

ReportPort make_port(const Graph& graph, const Port& port) {
  const TensorType& type = graph.type(port.tensor);
  ReportPort made{port.name, to_string(type.dtype), type.shape, 1, 0, {}, {}};
  if (port.columns) {
    const ColumnMap columns = device_columns(*port.columns, type);
    made.column_scale = columns.scale;
    made.column_offset = columns.offset;
  }
  if (type.quantization && type.quantization->per_tensor()) {
    made.scale = type.quantization->scale.front();
    made.zero_point = type.quantization->zero_point.front();
  }
  return made;
}

// What the weights that only this call reads are stored in.
std::string weights_format_of(const KernelCall& call) {
  const auto is_set = [&](const char* name) {
    return std::any_of(call.fields.begin(), call.fields.end(), [&](const Field& field) {
      const auto* value = std::get_if<std::int64_t>(&field.value);
      return field.name == name && value != nullptr && *value != 0;
    });
  };
  const bool has_weights = std::any_of(call.fields.begin(), call.fields.end(), [](const auto& f) {
    return f.name == "weights" && std::holds_alternative<ConstantId>(f.value);
  });
  if (!has_weights) return {};
  if (call.layer_type != "Conv2dS8") return "float32";
  return is_set("four_bit") ? "int4" : is_set("wide_weights") ? "int16" : "int8";
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
    layer.weights_format = weights_format_of(call);
    layer.macs = call.macs;
    layer.weights_bytes = call.weights_bytes;
    layer.output_bytes = call.output_type.bytes();
    layer.scratch_bytes = call.scratch_bytes;
    layer.first_step = -1;
    const std::optional<Quantization>& quantization = call.output_type.quantization;
    if (quantization && quantization->per_tensor()) {
      layer.scale = quantization->scale.front();
      layer.zero_point = quantization->zero_point.front();
    }
    layers.push_back(std::move(layer));
  }
  for (std::size_t s = 0; s < network.plan.steps.size(); ++s) {
    if (!network.plan.steps[s].call.valid()) continue;
    ReportLayer& layer = layers[network.plan.steps[s].call.index()];
    if (layer.first_step < 0) layer.first_step = static_cast<std::int64_t>(s);
    layer.last_step = static_cast<std::int64_t>(s);
  }
  return layers;
}

ReportDetection make_detection(const Network& network) {
  const DetectionHead& head = *network.graph.detection;
  ReportDetection detection{to_string(head.kind),   head.classes,           {},
                            head.candidate_bytes(), head.detection_bytes(), head.mask_bytes()};
  for (const DetectionLevel& level : head.levels)
    detection.levels.push_back({level.width, level.height, static_cast<double>(level.stride)});
  return detection;
}

Json detection_json(const ReportDetection& detection) {
  Json::Array levels;
  for (const ReportDetection::Level& level : detection.levels)
    levels.push_back(
        Json::object({{"width", level.width}, {"height", level.height}, {"stride", level.stride}}));
  return Json::object({{"kind", detection.kind},
                       {"classes", detection.classes},
                       {"levels", std::move(levels)},
                       {"scratch_bytes", detection.scratch_bytes},
                       {"detection_bytes", detection.detection_bytes},
                       {"mask_bytes", detection.mask_bytes}});
}

Json port_json(const ReportPort& port) {
  Json json = Json::object({{"name", port.name},
                            {"dtype", port.dtype},
                            {"shape", port.shape},
                            {"scale", port.scale},
                            {"zero_point", port.zero_point}});
  if (!port.column_scale.empty()) {
    json.set("column_scale", port.column_scale);
    json.set("column_offset", port.column_offset);
  }
  return json;
}

Json bank_json(const ReportBank& bank) {
  return Json::object(
      {{"name", bank.name}, {"used_bytes", bank.used_bytes}, {"size_bytes", bank.size_bytes}});
}

Json layer_json(const ReportLayer& layer) {
  Json json = Json::object({{"name", layer.name},
                            {"op", layer.op},
                            {"kernel", layer.kernel},
                            {"output_shape", layer.output_shape},
                            {"dtype", layer.dtype},
                            {"weights_format", layer.weights_format},
                            {"macs", layer.macs},
                            {"weights_bytes", layer.weights_bytes},
                            {"output_bytes", layer.output_bytes},
                            {"scratch_bytes", layer.scratch_bytes},
                            {"first_step", layer.first_step},
                            {"last_step", layer.last_step}});
  if (layer.scale) {
    json.set("scale", *layer.scale);
    json.set("zero_point", layer.zero_point);
  }
  return json;
}

Json front_end_json(const std::optional<ReportFrontEnd>& front_end) {
  if (!front_end) return Json();
  return Json::object({{"kind", front_end->kind},
                       {"rate", front_end->rate},
                       {"n_fft", front_end->n_fft},
                       {"hop", front_end->hop},
                       {"mels", front_end->mels},
                       {"frames", front_end->frames},
                       {"clip_samples", front_end->clip_samples},
                       {"low_hz", front_end->low_hz},
                       {"high_hz", front_end->high_hz},
                       {"scale", front_end->scale},
                       {"offset", front_end->offset},
                       {"arena_bytes", front_end->arena_bytes},
                       {"tables_bytes", front_end->tables_bytes}});
}

std::optional<ReportFrontEnd> front_end_from(const Json& json) {
  if (json.is_null()) return std::nullopt;
  ReportFrontEnd made;
  made.kind = json.at("kind").text();
  made.rate = json.at("rate").integer();
  made.n_fft = json.at("n_fft").integer();
  made.hop = json.at("hop").integer();
  made.mels = json.at("mels").integer();
  made.frames = json.at("frames").integer();
  made.clip_samples = json.at("clip_samples").integer();
  made.low_hz = json.at("low_hz").real();
  made.high_hz = json.at("high_hz").real();
  made.scale = json.at("scale").real();
  made.offset = json.at("offset").real();
  made.arena_bytes = json.at("arena_bytes").integer();
  made.tables_bytes = json.at("tables_bytes").integer();
  return made;
}

ReportFrontEnd make_front_end(const LogMelFrontEnd& front_end) {
  const LogMelOptions& o = front_end.options();
  return {"log-mel",
          o.rate,
          o.n_fft,
          o.hop,
          o.mels,
          front_end.frames(),
          front_end.clip_samples(),
          o.low_hz,
          o.high_hz,
          o.scale,
          o.offset,
          front_end.memory_bytes(),
          front_end.constant_bytes()};
}

template <class T>
Json list_json(const std::vector<T>& items, Json (*convert)(const T&)) {
  Json::Array list;
  for (const T& item : items) list.push_back(convert(item));
  return list;
}

std::vector<float> reals_from(const Json* json) {
  std::vector<float> reals;
  if (!json) return reals;
  for (const Json& element : json->array()) reals.push_back(static_cast<float>(element.real()));
  return reals;
}

ReportDetection detection_from(const Json& json) {
  ReportDetection detection{json.at("kind").text(),
                            json.at("classes").integer(),
                            {},
                            json.at("scratch_bytes").integer(),
                            json.at("detection_bytes").integer(),
                            json.at("mask_bytes").integer()};
  for (const Json& level : json.at("levels").array())
    detection.levels.push_back(
        {level.at("width").integer(), level.at("height").integer(), level.at("stride").real()});
  return detection;
}

ReportPort port_from(const Json& json) {
  return {json.at("name").text(),
          json.at("dtype").text(),
          json.at("shape").integers(),
          static_cast<float>(json.at("scale").real()),
          static_cast<std::int32_t>(json.at("zero_point").integer()),
          reals_from(json.find("column_scale")),
          reals_from(json.find("column_offset"))};
}

ReportBank bank_from(const Json& json) {
  ReportBank bank{json.at("name").text(), json.at("used_bytes").integer(), {}};
  const Json& size = json.at("size_bytes");
  if (!size.is_null()) bank.size_bytes = size.integer();
  return bank;
}

ReportLayer layer_from(const Json& json) {
  ReportLayer layer;
  layer.name = json.at("name").text();
  layer.op = json.at("op").text();
  layer.kernel = json.at("kernel").text();
  layer.output_shape = json.at("output_shape").integers();
  layer.dtype = json.at("dtype").text();
  layer.weights_format = json.at("weights_format").text();
  layer.macs = json.at("macs").integer();
  layer.weights_bytes = json.at("weights_bytes").integer();
  layer.output_bytes = json.at("output_bytes").integer();
  layer.scratch_bytes = json.at("scratch_bytes").integer();
  layer.first_step = json.at("first_step").integer();
  layer.last_step = json.at("last_step").integer();
  if (const Json* scale = json.find("scale")) {
    layer.scale = static_cast<float>(scale->real());
    layer.zero_point = static_cast<std::int32_t>(json.at("zero_point").integer());
  }
  return layer;
}

template <class T>
std::vector<T> list_from(const Json& json, T (*convert)(const Json&)) {
  std::vector<T> items;
  for (const Json& element : json.array()) items.push_back(convert(element));
  return items;
}

// What a page draws must not point anywhere else.
void check_plan(const Report& report) {
  const auto steps = static_cast<std::int64_t>(report.plan.step_layers.size());
  const auto within = [](std::int64_t index, std::size_t size) {
    return index >= 0 && index < static_cast<std::int64_t>(size);
  };
  bool sound = steps == 0 || (report.plan.peak_step >= 0 && report.plan.peak_step < steps);
  for (const std::int64_t layer : report.plan.step_layers)
    sound = sound && (layer == -1 || within(layer, report.layers.size()));
  for (const ReportSegment& segment : report.plan.segments)
    sound = sound && within(segment.first_layer, report.layers.size()) &&
            within(segment.last_layer, report.layers.size());
  for (const ReportBuffer& buffer : report.plan.buffers)
    sound = sound && within(buffer.bank, report.banks.size());
  if (!sound) throw JsonError{"'plan' names what is not there"};
}

Report from_json(const Json& json) {
  Report report;
  report.tool_version = json.at("tool").at("version").text();
  const Json& model = json.at("model");
  report.name = model.at("name").text();
  report.sha256 = model.at("sha256").text();
  report.producer = model.at("producer").text();
  report.dtype = model.at("dtype").text();
  report.opset = model.at("opset").integer();
  report.parameters = model.at("parameters").integer();
  report.macs = model.at("macs").integer();
  report.target = json.at("target").text();
  if (const Json* kind = json.find("package")) {
    const std::optional<PackageKind> known = package_kind(kind->text());
    if (!known) throw JsonError{"there is no package kind '" + kind->text() + "'"};
    report.package = *known;
  }
  const Json& memory = json.at("memory");
  report.arena_bytes = memory.at("arena_bytes").integer();
  report.lower_bound_bytes = memory.at("lower_bound_bytes").integer();
  report.whole_tensor_bytes = memory.at("whole_tensor_bytes").integer();
  report.stack_bytes = memory.at("stack_bytes").integer();
  report.peak_layer = memory.at("peak_layer").text();
  report.banks = list_from(memory.at("banks"), bank_from);
  report.plan = plan_from(memory.at("plan"));
  const Json& flash = json.at("flash");
  report.weights_bytes = flash.at("weights_bytes").integer();
  report.tables_bytes = flash.at("tables_bytes").integer();
  report.schedule_bytes = flash.at("schedule_bytes").integer();
  report.code_bytes = flash.at("code_bytes").integer();
  report.labels = flash.integer_or("labels", 0);
  report.labels_bytes = flash.integer_or("labels_bytes", 0);
  report.unmeasured_kernels = flash.at("unmeasured_kernels").texts();
  report.inputs = list_from(json.at("inputs"), port_from);
  report.input_rows = json.at("input_rows").boolean();
  report.front_end = front_end_from(json.at("front_end"));
  report.outputs = list_from(json.at("outputs"), port_from);
  if (const Json* camera = json.find("camera"))
    report.camera_table_bytes = camera->at("tables_bytes").integer();
  if (const Json& detection = json.at("detection"); !detection.is_null())
    report.detection = detection_from(detection);
  report.layers = list_from(json.at("layers"), layer_from);
  report.notes = json.at("notes").texts();
  check_plan(report);
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
  report.plan = make_report_plan(network.program, network.plan);
  for (std::size_t b = 0; b < network.plan.banks.size(); ++b) {
    const MemoryBank& bank = network.target.banks[b];
    report.banks.push_back({bank.name, network.plan.banks[b].used_bytes, bank.size_bytes});
  }
  for (const Constant& constant : network.program.constants) {
    const bool weights = constant.role == Constant::Role::weights;
    (weights ? report.weights_bytes : report.tables_bytes) += 8 * word_count(constant.bytes);
  }
  report.input_rows = network.plan.input_rows;
  if (network.front_end != nullptr) {
    report.front_end = make_front_end(*network.front_end);
    report.tables_bytes += report.front_end->tables_bytes;
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
  if (network.graph.detection) report.detection = make_detection(network);
  return report;
}

void add_labels(Report& report, const std::optional<LabelSet>& labels) {
  if (!labels) return;
  report.labels = static_cast<std::int64_t>(labels->count());
  report.labels_bytes = flash_bytes(*labels);
}

void add_camera(Report& report, std::int64_t table_bytes) {
  report.camera_table_bytes = table_bytes;
  report.tables_bytes += table_bytes;
}

std::string to_json(const Report& report) {
  Json flash = Json::object({{"weights_bytes", report.weights_bytes},
                             {"tables_bytes", report.tables_bytes},
                             {"schedule_bytes", report.schedule_bytes},
                             {"code_bytes", report.code_bytes},
                             {"total_bytes", report.flash_bytes()},
                             {"unmeasured_kernels", report.unmeasured_kernels}});
  if (report.labels > 0) {
    flash.set("labels", report.labels);
    flash.set("labels_bytes", report.labels_bytes);
  }
  Json json =
      Json::object({{"tool", Json::object({{"name", "linnet"}, {"version", report.tool_version}})},
                    {"model", Json::object({{"name", report.name},
                                            {"sha256", report.sha256},
                                            {"producer", report.producer},
                                            {"opset", report.opset},
                                            {"dtype", report.dtype},
                                            {"parameters", report.parameters},
                                            {"macs", report.macs}})},
                    {"target", report.target},
                    {"package", std::string(to_string(report.package))},
                    {"memory", Json::object({{"arena_bytes", report.arena_bytes},
                                             {"lower_bound_bytes", report.lower_bound_bytes},
                                             {"whole_tensor_bytes", report.whole_tensor_bytes},
                                             {"stack_bytes", report.stack_bytes},
                                             {"total_bytes", report.ram_bytes()},
                                             {"peak_layer", report.peak_layer},
                                             {"banks", list_json(report.banks, bank_json)},
                                             {"plan", plan_json(report.plan)}})},
                    {"flash", flash},
                    {"inputs", list_json(report.inputs, port_json)},
                    {"input_rows", report.input_rows},
                    {"front_end", front_end_json(report.front_end)},
                    {"outputs", list_json(report.outputs, port_json)},
                    {"detection", report.detection ? detection_json(*report.detection) : Json()},
                    {"layers", list_json(report.layers, layer_json)},
                    {"notes", report.notes}});
  if (report.camera_table_bytes)
    json.set("camera", Json::object({{"tables_bytes", *report.camera_table_bytes}}));
  return to_wrapped_text(json) + "\n";
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
  const auto unusable = [&](const std::string& why) {
    return Diagnostic{"E503", "", "",
                      "'" + path.string() + "' is not a report of this version: " + why,
                      "compile the model again"};
  };
  const Result<Json> json = parse_json(text.str());
  if (!json) return unusable(json.diagnostics().front().message);
  try {
    return from_json(*json);
  } catch (const JsonError& error) {
    return unusable(error.message);
  }
}

}  // namespace linnet
