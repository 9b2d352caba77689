// linnet inspect: what a model is and what it needs, before anything is generated.
#include <fmt/format.h>

#include <algorithm>
#include <cassert>
#include <cstdio>
#include <iterator>

#include "compiler/cli/commands.h"
#include "compiler/cli/parse_values.h"
#include "compiler/cli/summary.h"
#include "compiler/ops/ops.h"
#include "compiler/plan/target.h"
#include "compiler/support/json.h"

namespace linnet {
namespace {

// What is known of a model; the later parts only when all its operators are supported.
struct Inspection {
  ModelInfo info;
  std::vector<Port> inputs, outputs;
  std::int64_t macs = 0;
  bool imported = false;
  std::optional<std::int64_t> peak_int8, peak_float;
  std::string int8_reason, float_reason;  // why a peak is not known
  Diagnostics diagnostics;
  std::vector<std::string> notes;
  std::optional<Compiled> compiled;  // when the options ask for it
};

std::int64_t total_macs(const Graph& graph) {
  std::int64_t sum = 0;
  for (const Node& node : graph.nodes) {
    std::vector<Shape> shapes;
    for (const TensorId input : node.inputs)
      shapes.push_back(input.valid() ? graph.type(input).shape : Shape{});
    sum += macs(node.op, shapes, graph.type(node.output()).shape);
  }
  return sum;
}

// Peak of the whole-tensor plan on one bank without limits.
std::optional<std::int64_t> peak_of(const Result<Graph>& graph, std::string& reason) {
  if (!graph) {
    reason = graph.diagnostics().front().message;
    return std::nullopt;
  }
  const Target unlimited{"any", {MemoryBank{"ram", {}, 0, true}}, {}, 0};
  const Result<PlannedProgram> planned = lower_and_plan(*graph, unlimited, {PlanMode::whole});
  if (!planned) {
    reason = planned.diagnostics().front().message;
    return std::nullopt;
  }
  return planned->plan.arena_bytes;
}

Result<Inspection> inspect(const CommandLine& command) {
  Inspection found;
  const CompileOptions& options = command.compile;
  Result<ModelInfo> info =
      inspect_model(options.model, {options.input_shapes, options.input_values});
  if (!info) return info.diagnostics();
  found.info = *std::move(info);

  bool dumped = false;
  const PipelineHooks hooks = make_hooks(command, dumped);
  // A stage is dumped once, by the compilation when there is one.
  Result<ImportedModel> model =
      import_and_simplify(options, command.inspect_compiled ? PipelineHooks{} : hooks);
  end_progress();
  if (!model) {
    found.diagnostics = model.diagnostics();
    return found;
  }
  found.imported = true;
  found.info = std::move(model->info);
  const Graph& graph = model->graph;
  found.inputs = graph.inputs;
  found.outputs = graph.outputs;
  found.macs = total_macs(graph);
  found.notes = graph.notes;
  found.peak_int8 = peak_of(guess_int8(graph), found.int8_reason);
  if (is_quantized_model(graph)) {
    found.float_reason = "the model is quantized";
  } else {
    found.peak_float = peak_of(graph, found.float_reason);
  }
  if (command.inspect_compiled) {
    Result<Compiled> made = compile_network(options, hooks);
    end_progress();
    if (made) {
      found.compiled = *std::move(made);
    } else {
      found.diagnostics = made.diagnostics();
    }
  }
  if (found.diagnostics.empty()) note_missing_dump(command, dumped);
  return found;
}

void print_ports(const char* title, const std::vector<Port>& ports) {
  fmt::print("\n{}\n", title);
  for (const Port& port : ports) {
    fmt::print("  {:<24} {} {}\n", port.name, to_string(port.model_dtype),
               to_string(port.model_shape));
  }
}

std::string peak_text(const std::optional<std::int64_t>& peak, const std::string& reason) {
  return peak ? readable_bytes(*peak) + " by whole tensors" : "- (" + reason + ")";
}

// Whether it fits what the options or the target allow; where it does not, the diagnostics say so instead.
void print_verdict(const CompileOptions& options, const Compiled& made) {
  std::vector<std::string> limits;
  if (options.ram_bytes) limits.push_back("--ram " + readable_bytes(*options.ram_bytes));
  const std::optional<std::int64_t> flash =
      options.flash_bytes ? options.flash_bytes : made.target.flash_bytes;
  if (flash) {
    limits.push_back((options.flash_bytes ? "--flash " : "the target's flash of ") +
                     readable_bytes(*flash));
  }
  const bool sized =
      std::all_of(made.target.banks.begin(), made.target.banks.end(),
                  [](const MemoryBank& bank) { return bank.size_bytes.has_value(); });
  if (sized) limits.insert(limits.begin(), "the banks of " + made.target.name);
  if (!limits.empty()) fmt::print("  fits    {}\n", fmt::join(limits, ", "));
}

void print_text(const CommandLine& command, const Inspection& found) {
  std::string opsets;
  for (const auto& [domain, version] : found.info.opsets) {
    opsets += fmt::format("{}{}{}", opsets.empty() ? "opset " : ", ",
                          domain.empty() ? "" : domain + " ", version);
  }
  fmt::print("{}: {}, {}{}{}\n", command.compile.model.filename().string(), opsets,
             found.info.producer.empty() ? "producer unknown" : "made by " + found.info.producer,
             found.info.producer_version.empty() ? "" : " ", found.info.producer_version);
  if (found.imported) {
    print_ports("inputs", found.inputs);
    print_ports("outputs", found.outputs);
  }
  fmt::print("\noperators\n");
  for (const OperatorUse& use : found.info.operators) {
    const std::string name = use.domain.empty() || use.domain == "ai.onnx"
                                 ? use.op_type
                                 : use.domain + "." + use.op_type;
    fmt::print("  {:<24} {:>4}{}\n", name, use.count, use.supported ? "" : "   not supported");
  }
  // Of a model that cannot be imported, weights may not have been reached.
  const bool known = found.imported || found.info.parameters > 0;
  fmt::print("\nparameters         {}\n",
             known ? readable_count(found.info.parameters) : "unknown");
  if (!found.imported) return;
  fmt::print("MACs               {}\n", readable_count(found.macs));
  fmt::print("peak RAM, int8     {}\n", peak_text(found.peak_int8, found.int8_reason));
  fmt::print("peak RAM, float32  {}\n", peak_text(found.peak_float, found.float_reason));
  for (const std::string& note : found.notes) fmt::print("note: {}\n", note);
  if (!found.compiled) return;
  fmt::print("\n`linnet compile` with these options makes\n\n");
  print_summary(found.compiled->report);
  print_calibration(*found.compiled);
  print_verdict(command.compile, *found.compiled);
}

Json ports_json(const std::vector<Port>& ports) {
  Json::Array list;
  for (const Port& port : ports) {
    list.push_back(Json::object({{"name", port.name},
                                 {"dtype", std::string(to_string(port.model_dtype))},
                                 {"shape", port.model_shape}}));
  }
  return list;
}

Json operators_json(const std::vector<OperatorUse>& operators) {
  Json::Array list;
  for (const OperatorUse& use : operators) {
    list.push_back(Json::object({{"domain", use.domain},
                                 {"op", use.op_type},
                                 {"count", use.count},
                                 {"supported", use.supported},
                                 {"reason", use.reason}}));
  }
  return list;
}

void print_json(const Inspection& found) {
  Json opsets = Json::object();
  for (const auto& [domain, version] : found.info.opsets) opsets.set(domain, version);
  Json json =
      Json::object({{"model", Json::object({{"sha256", found.info.sha256},
                                            {"producer", found.info.producer},
                                            {"ir_version", found.info.ir_version},
                                            {"opsets", opsets},
                                            {"parameters", found.info.parameters},
                                            {"macs", found.imported ? Json(found.macs) : Json()}})},
                    {"supported", found.imported},
                    {"inputs", ports_json(found.inputs)},
                    {"outputs", ports_json(found.outputs)},
                    {"operators", operators_json(found.info.operators)},
                    {"memory", Json::object({{"whole_tensor_int8_bytes", found.peak_int8},
                                             {"whole_tensor_float32_bytes", found.peak_float}})},
                    {"notes", found.notes}});
  if (found.compiled) {
    Result<Json> report = parse_json(to_json(found.compiled->report));
    assert(report);
    json.set("compiled", *std::move(report));
  }
  fmt::print("{}\n", to_text(json));
}

}  // namespace

int run_inspect(const CommandLine& command) {
  std::error_code ignored;
  if (std::filesystem::is_directory(command.compile.model, ignored)) {
    const Result<Report> report = read_report(command.compile.model);
    if (!report) return fail(command, report.diagnostics());
    if (command.json) {
      fmt::print("{}", to_json(*report));
    } else if (!command.quiet) {
      print_summary(*report);
      print_layers(*report, command.all_layers);
    }
    return 0;
  }
  const Result<Inspection> found = inspect(command);
  if (!found) return fail(command, found.diagnostics());
  if (command.json) {
    print_json(*found);
  } else if (!command.quiet) {
    print_text(command, *found);
  }
  std::fflush(stdout);
  return found->diagnostics.empty() ? 0 : fail(command, found->diagnostics);
}

}  // namespace linnet
