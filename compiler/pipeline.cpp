// See pipeline.h.
#include "compiler/pipeline.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "compiler/emit/camera.h"
#include "compiler/emit/text.h"
#include "compiler/fit_weights.h"
#include "compiler/front_end/fit.h"
#include "compiler/limits.h"
#include "compiler/lower/choose_forms.h"
#include "compiler/lower/lower.h"
#include "compiler/passes/passes.h"
#include "compiler/plan/target.h"
#include "compiler/reference/interpreter.h"

namespace linnet {
namespace {

void begin(const PipelineHooks& hooks, std::string_view what) {
  if (hooks.progress) hooks.progress(what);
}

template <class MakeText>
void dump(const PipelineHooks& hooks, std::string_view stage, MakeText&& make_text) {
  if (hooks.dump && hooks.dump_after == stage) hooks.dump(make_text());
}

// The value, when it holds what must hold of a graph; else the defect.
Result<Graph> verified(Result<Graph> graph, const char* stage) {
  if (!graph) return graph;
  const Result<Nothing> sound = verify(*graph, stage);
  if (!sound) return sound.diagnostics();
  return graph;
}

std::string print(const Graph& graph, const Ranges& ranges) {
  std::string text = "ranges\n";
  for (std::size_t i = 0; i < ranges.of.size(); ++i) {
    const Range& range = ranges.of[TensorId{i}];
    if (graph.is_constant(TensorId{i})) continue;
    fmt::format_to(std::back_inserter(text), "{} {} {}\n", graph.tensors[TensorId{i}].name,
                   range.lo, range.hi);
  }
  return text;
}

// The int8 graph: by ranges, or by what the model itself quantizes.
Result<Graph> to_int8(const Graph& graph, const Ranges& ranges, const Int4Layers& int4 = {}) {
  Result<Graph> quantized = quantize(graph, ranges, int4);
  if (!quantized) return quantized;
  return verified(compose_tables(*std::move(quantized)), "quantize");
}

Result<Graph> to_int8(const Graph& graph) {
  Result<Graph> fused = fuse_qdq(graph);
  if (!fused) return fused;
  return verified(compose_tables(*std::move(fused)), "quantize");
}

// Such elements have no part in the ranges; int8 saturates where they occur.
void note_non_finite(const Graph& graph, const Ranges& ranges, std::vector<std::string>& notes) {
  const std::size_t count = ranges.non_finite.size();
  if (count == 0) return;
  notes.push_back(fmt::format("{} tensor{} held infinities or NaN during calibration, first: '{}'",
                              count, count == 1 ? "" : "s",
                              harmless(graph.tensors[ranges.non_finite.front()].name)));
}

std::string print(const Files& files) {
  std::string text;
  for (const auto& [path, content] : files) {
    fmt::format_to(std::back_inserter(text), "{} {}\n", content.size(), path);
  }
  return text;
}

// Deterministic stand-in for data: codes all over int8, floats in [-1, 1].
TensorValue invented(const TensorType& type, std::uint32_t seed) {
  std::uint32_t state = seed * 2654435761u + 1;
  std::vector<std::byte> bytes(static_cast<std::size_t>(type.bytes()));
  const auto next = [&] {
    state = state * 1664525u + 1013904223u;
    return state >> 8;
  };
  if (type.dtype == DType::f32) {
    for (std::size_t i = 0; i + 4 <= bytes.size(); i += 4) {
      const float value = static_cast<float>(next()) / 8388608.0F - 1.0F;
      std::memcpy(bytes.data() + i, &value, 4);
    }
  } else if (size_bytes(type.dtype) == 1 && type.dtype != DType::boolean) {
    for (std::byte& byte : bytes) byte = static_cast<std::byte>(next() >> 8);
  }
  return TensorValue(type, std::move(bytes));
}

// A device-layout float value as the lowered graph's port wants it. Layout is the same in both graphs.
TensorValue as_port(const TensorValue& value, const TensorType& type) {
  if (value.type.dtype == type.dtype)
    return TensorValue(type, {value.bytes().begin(), value.bytes().end()});
  Port same_layout;
  same_layout.model_shape = type.shape;
  return to_device(same_layout, type, value);
}

// Flash of what is no part of the planned network: front ends and labels.
std::int64_t reserved_flash_bytes(const Compiled& made, const EmitOptions& options) {
  std::int64_t bytes = options.labels ? flash_bytes(*options.labels) : 0;
  if (made.front_end) {
    CodeCosts costs;
    add_front_end(costs);
    bytes += made.front_end->constant_bytes() + costs.code_bytes;
  }
  if (options.camera) {
    CodeCosts costs;
    add_camera(costs);
    bytes += pixel_table_bytes(made.graph, *options.camera) + costs.code_bytes;
  }
  return bytes;
}

// Stack that the camera front end takes around the network, of what --ram allows.
std::optional<std::int64_t> less_camera_stack(std::optional<std::int64_t> ram_bytes,
                                              const Compiled& made, const EmitOptions& options) {
  if (!ram_bytes || !options.camera) return ram_bytes;
  CodeCosts costs;
  costs.stack_bytes = made.target.stack_bytes;
  add_camera(costs);
  return *ram_bytes - (costs.stack_bytes - made.target.stack_bytes);
}

Network network_of(const Compiled& made, const CodeCosts& costs) {
  return {made.model,        made.graph,
          made.program,      made.plan,
          made.target,       made.test_vector,
          costs.stack_bytes, made.front_end ? &*made.front_end : nullptr};
}

CodeCosts costs_of(const Compiled& made, const EmitOptions& options) {
  CodeCosts costs = code_costs(made.program, made.plan);
  if (made.front_end) add_front_end(costs);
  if (options.camera) add_camera(costs);
  return costs;
}

Report report_of(const Compiled& made, const CodeCosts& costs, const EmitOptions& options) {
  Report report = make_report(network_of(made, costs), costs);
  report.package = options.package.kind;
  add_labels(report, options.labels);
  if (options.camera) add_camera(report, pixel_table_bytes(made.graph, *options.camera));
  return report;
}

}  // namespace

Result<ImportedModel> import_and_simplify(const CompileOptions& options,
                                          const PipelineHooks& hooks) {
  begin(hooks, "import");
  Result<ImportedModel> imported =
      import_model(options.model, {options.input_shapes, options.input_values});
  if (!imported) return imported;
  if (const Result<Nothing> sound = verify(imported->graph, "import"); !sound)
    return sound.diagnostics();
  dump(hooks, "import", [&] { return print(imported->graph); });
  if (hooks.observe) hooks.observe("import", imported->graph);

  begin(hooks, "passes");
  Result<Graph> simplified =
      verified(run_passes(std::move(imported->graph), hooks.observe), "passes");
  if (!simplified) return simplified.diagnostics();
  imported->graph = *simplified;
  const bool quantized = is_quantized_model(*simplified);
  if (options.outputs != OutputsForm::tensor && !quantized) {
    Result<Graph> split = verified(split_detection_head(*simplified), "passes");
    if (!split) return split.diagnostics();
    if (split->detection) imported->whole = *std::move(simplified);
    imported->graph = *std::move(split);
    if (hooks.observe) hooks.observe("split_detection_head", imported->graph);
  }
  if (options.outputs == OutputsForm::detections && !imported->graph.detection) {
    // E132: boxes were asked for in so many words.
    return Diagnostic{
        "E132", "", "",
        quantized ? "--outputs detections: the model is quantized already, and its scales reach "
                    "into the decoding of boxes"
                  : "--outputs detections: the model does not end in a YOLOv8 head that is known",
        quantized ? "give the float model and --calibrate"
                  : "leave --outputs out: the model's own outputs are kept"};
  }
  dump(hooks, "passes", [&] { return print(imported->graph); });
  return imported;
}

bool is_quantized_model(const Graph& graph) {
  return std::any_of(graph.nodes.begin(), graph.nodes.end(), [](const Node& node) {
    return std::holds_alternative<Quantize>(node.op) || std::holds_alternative<Dequantize>(node.op);
  });
}

Result<std::vector<Sample>> load_calibration(const Graph& graph, const CompileOptions& options) {
  if (options.calibrate.empty()) return std::vector<Sample>{};
  return load_samples(graph, options.calibrate, options.samples);
}

Result<Graph> make_int8_graph(const Graph& graph, const Ranges& ranges, const Int4Layers& int4,
                              const PipelineHooks& hooks) {
  begin(hooks, "quantize");
  Result<Graph> quantized = to_int8(graph, ranges, int4);
  if (!quantized) return quantized;
  note_non_finite(graph, ranges, quantized->notes);
  dump(hooks, "quantize", [&] { return print(*quantized); });
  return quantized;
}

Result<Graph> make_device_graph(const Graph& graph, const std::vector<Sample>& samples,
                                const CompileOptions& options, const PipelineHooks& hooks,
                                Ranges* observed) {
  if (is_quantized_model(graph)) {
    begin(hooks, "quantize");
    Result<Graph> fused = to_int8(graph);
    if (fused) dump(hooks, "quantize", [&] { return print(*fused); });
    return fused;
  }
  if (samples.empty()) return graph;

  begin(hooks, "calibrate");
  const Result<Ranges> ranges = calibrate(graph, samples, options.calibration);
  if (!ranges) return ranges.diagnostics();
  dump(hooks, "calibrate", [&] { return print(graph, *ranges); });
  if (observed) *observed = *ranges;
  Int4Layers int4;
  if (options.weights == Weights::int4) {
    int4.nodes = int4_candidates(graph);
    int4.moments = input_moments(graph, samples, int4.nodes);
  }
  return make_int8_graph(graph, *ranges, int4, hooks);
}

Result<Graph> guess_int8(const Graph& graph) {
  if (is_quantized_model(graph)) return to_int8(graph);
  Ranges ranges;
  ranges.of = IdVector<TensorId, Range>(graph.tensors.size(), Range{-1, 1});
  return to_int8(graph, ranges);
}

namespace {

Result<Program> lowered(const Graph& graph, const KernelChoice& choice = {}) {
  Result<Program> program = lower(graph, choice);
  if (!program) return program;
  if (const Result<Nothing> sound = verify(*program); !sound) return sound.diagnostics();
  return program;
}

// What --ram leaves for arenas.
std::optional<std::int64_t> arena_limit(const Program& program,
                                        std::optional<std::int64_t> ram_bytes) {
  if (!ram_bytes) return std::nullopt;
  return *ram_bytes - code_costs(program, Plan{}).stack_bytes;
}

Result<PlannedProgram> planned(Program program, const Target& target, const PlanOptions& options) {
  program = remove_copies(std::move(program), options);
  if (const Result<Nothing> sound = verify(program); !sound) return sound.diagnostics();
  Result<Plan> plan = make_plan(program, target, options);
  if (!plan) return plan.diagnostics();
  if (const Result<Nothing> sound = check(program, *plan, target); !sound)
    return sound.diagnostics();
  return PlannedProgram{std::move(program), *std::move(plan)};
}

std::int64_t flash_bytes_of(const PlannedProgram& made) {
  return flash_bytes(made.program, code_costs(made.program, made.plan));
}

// The same with faster forms of weights, for the flash that is left; as it was where that buys nothing, or would break a
// limit that held before.
Result<PlannedProgram> with_forms_for_speed(const Graph& graph, PlannedProgram made,
                                            const Target& target, PlanOptions options,
                                            const Budgets& budgets) {
  if (options.optimize != Optimize::speed || !budgets.flash_bytes) return made;
  const KernelChoice forms =
      choose_forms(graph, made.program, *budgets.flash_bytes - flash_bytes_of(made),
                   kernel_code_bytes("conv2d_s8_3x3_winograd"));
  if (forms.empty()) return made;
  Result<Program> program = lowered(graph, forms);
  if (!program) return program.diagnostics();
  options.arena_limit_bytes = arena_limit(*program, budgets.ram_bytes);
  Result<PlannedProgram> faster = planned(*std::move(program), target, options);
  const bool keeps_limits =
      faster && flash_bytes_of(*faster) <= *budgets.flash_bytes &&
      (!options.arena_limit_bytes || faster->plan.arena_bytes <= *options.arena_limit_bytes ||
       faster->plan.arena_bytes <= made.plan.arena_bytes);
  return keeps_limits ? std::move(faster) : made;
}

}  // namespace

Result<PlannedProgram> lower_and_plan(const Graph& graph, const Target& target, PlanOptions options,
                                      const PipelineHooks& hooks, const Budgets& budgets) {
  begin(hooks, "lower");
  Result<Program> program = lowered(graph);
  if (!program) return program.diagnostics();
  if (const Result<Nothing> good = check_input_rows(*program, options); !good)
    return good.diagnostics();
  dump(hooks, "lower", [&] { return print(*program); });
  begin(hooks, "plan");
  if (graph.detection) options.after_run_bytes = graph.detection->candidate_bytes();
  if (budgets.ram_bytes) options.arena_limit_bytes = arena_limit(*program, budgets.ram_bytes);
  Result<PlannedProgram> result = planned(*std::move(program), target, options);
  if (!result) return result.diagnostics();
  result = with_forms_for_speed(graph, *std::move(result), target, options, budgets);
  if (!result) return result.diagnostics();
  dump(hooks, "plan", [&] { return print(result->program, result->plan); });
  return result;
}

TestVector make_test_vector(const Graph& float_graph, const Graph& graph,
                            const std::vector<Sample>& samples) {
  TestVector vector;
  for (std::size_t i = 0; i < graph.inputs.size(); ++i) {
    const TensorType& type = graph.type(graph.inputs[i].tensor);
    if (!samples.empty() && float_graph.inputs.size() == graph.inputs.size()) {
      vector.inputs.push_back(as_port(samples.front()[i], type));
    } else {
      vector.inputs.push_back(invented(type, static_cast<std::uint32_t>(i)));
    }
  }
  vector.outputs = interpret(graph, vector.inputs);
  return vector;
}

PlanOptions complete_plan_options(PlanOptions options, const Compiled& made) {
  if (made.front_end) options.front_end_bytes = made.front_end->memory_bytes();
  if (made.graph.detection) options.after_run_bytes = made.graph.detection->candidate_bytes();
  return options;
}

void emit_network(Compiled& made, const EmitOptions& options, const PipelineHooks& hooks) {
  begin(hooks, "emit");
  made.test_vector = make_test_vector(made.float_graph, made.graph, made.samples);
  made.program.name = options.name;
  const CodeCosts costs = costs_of(made, options);
  made.report = report_of(made, costs, options);
  made.int8 = made.report.dtype == "int8";
  made.files = emit(network_of(made, costs), options);
  made.files["report.json"] = to_json(made.report);
  made.files.merge(package_archive(options.package, options.name, made.files));
  dump(hooks, "emit", [&] { return print(made.files); });
}

namespace {

// Whether the compilation goes on after this; `made` keeps what was missed.
bool goes_on(const Diagnostics& why, const CompileOptions& options, Compiled& made) {
  if (!options.allow_missed_budgets || exit_code(why) != 3) return false;
  made.missed.insert(made.missed.end(), why.begin(), why.end());
  return true;
}

}  // namespace

Result<Compiled> compile_network(const CompileOptions& options, const PipelineHooks& hooks) {
  EmitOptions emission{options.name, options.bundle_runtime, options.weights_format, {},
                       {},           options.package};
  if (options.camera) emission.camera = options.samples.normalization;
  if (!options.labels.empty()) {
    Result<LabelSet> labels = read_label_set(options.labels);
    if (!labels) return labels.diagnostics();
    emission.labels = *std::move(labels);
  }
  if (emission.name.empty()) emission.name = make_identifier(options.model.stem().string());
  if (const Result<Nothing> good = check_identifier(emission.name); !good)
    return good.diagnostics();
  if (const Result<Nothing> good =
          check_package(options.package, emission.name, emission.bundle_runtime,
                        emission.weights_format == WeightsFormat::incbin);
      !good)
    return good.diagnostics();
  Result<Target> target = find_target(options.target);
  if (!target) return target.diagnostics();

  Compiled made;
  made.target = *std::move(target);
  if (const Result<Nothing> good = apply_banks(options, made.target); !good)
    return good.diagnostics();
  Result<ImportedModel> imported = import_and_simplify(options, hooks);
  if (!imported) return imported.diagnostics();
  if (const Result<Nothing> sound = check_ports(imported->graph); !sound)
    return sound.diagnostics();
  made.model = std::move(imported->info);
  made.float_graph = std::move(imported->graph);
  Result<std::optional<LogMelFrontEnd>> front_end =
      front_end_for(made.float_graph, options.samples, options.plan);
  if (!front_end) return front_end.diagnostics();
  made.front_end = *std::move(front_end);
  if (options.camera) {
    if (const Result<Nothing> good = check_camera_input(made.float_graph); !good)
      return good.diagnostics();
  }
  made.whole_graph = std::move(imported->whole);

  Result<std::vector<Sample>> samples = load_calibration(made.float_graph, options);
  if (!samples) return samples.diagnostics();
  made.samples = *std::move(samples);
  if (const Result<Nothing> good = check_weights_option(made.float_graph, options); !good)
    return good.diagnostics();
  const bool automatic = options.weights == Weights::automatic;
  PipelineHooks first = hooks;  // what is dumped is the network that is taken in the end
  if (automatic && hooks.dump_after != "calibrate") first.dump = nullptr;
  Ranges ranges;
  Result<Graph> graph = make_device_graph(made.float_graph, made.samples, options, first, &ranges);
  if (!graph) return graph.diagnostics();
  made.graph = *std::move(graph);
  if (options.camera) {
    if (const Result<Nothing> good = check_camera_values(made.graph); !good)
      return good.diagnostics();
  }

  const PlanOptions plan_options = complete_plan_options(options.plan, made);
  const std::int64_t reserved = reserved_flash_bytes(made, emission);
  const auto less_reserved = [&](std::optional<std::int64_t> bytes) {
    if (bytes) *bytes -= reserved;
    return bytes;
  };
  const Budgets budgets{less_camera_stack(options.ram_bytes, made, emission),
                        less_reserved(options.flash_bytes)};
  Result<PlannedProgram> planned =
      lower_and_plan(made.graph, made.target, plan_options, first, budgets);
  if (!planned && goes_on(planned.diagnostics(), options, made)) {
    planned =
        lower_and_plan(made.graph, with_endless_bank(made.target), plan_options, first, budgets);
  }
  if (!planned) return planned.diagnostics();
  const std::optional<std::int64_t> flash = less_reserved(flash_limit(options, made.target));
  if (automatic && flash && made.missed.empty()) {
    Result<FittedWeights> fitted =
        fit_weights(made, ranges, *std::move(planned), plan_options, budgets, *flash, hooks);
    if (!fitted) return fitted.diagnostics();
    made.graph = std::move(fitted->graph);
    made.weights = fitted->choice;
    planned = std::move(fitted->planned);
  }
  made.program = std::move(planned->program);
  made.plan = std::move(planned->plan);
  if (const Result<Nothing> good = check_front_end(made.front_end, made.graph, made.program); !good)
    return good.diagnostics();
  if (automatic) {
    dump(hooks, "quantize", [&] { return print(made.graph); });
    dump(hooks, "lower", [&] { return print(made.program); });
    dump(hooks, "plan", [&] { return print(made.program, made.plan); });
  }

  if (emission.labels) {
    if (const Result<Nothing> fits = check_labels(*emission.labels, made.graph); !fits)
      return fits.diagnostics();
  }

  const Report report = report_of(made, costs_of(made, emission), emission);
  if (const Result<Nothing> within =
          check_budgets(report, made.plan, made.program, options, made.target,
                        options.weights == Weights::int8 && !is_quantized_model(made.float_graph));
      !within && !goes_on(within.diagnostics(), options, made)) {
    return within.diagnostics();
  }
  emit_network(made, emission, hooks);
  return made;
}

}  // namespace linnet
