// See verify.h. One function for each arrow of its picture.
#include "compiler/verify/verify.h"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <future>

#include "compiler/check/replay.h"
#include "compiler/emit/code_costs.h"
#include "compiler/emit/text.h"
#include "compiler/plan/target.h"
#include "compiler/reference/interpreter.h"
#include "compiler/verify/best_classes.h"
#include "compiler/verify/build.h"
#include "compiler/verify/detections.h"
#include "compiler/verify/draw_detections.h"
#include "compiler/verify/temporary_folder.h"
#include "compiler/verify/test_data.h"

namespace linnet {
namespace {

void begin(const PipelineHooks& hooks, std::string_view what) {
  if (hooks.progress) hooks.progress(what);
}

// One of the codes that are made from a model.
struct Candidate {
  std::string dtype;
  const Graph* graph = nullptr;
  const Program* program = nullptr;
  NetworkUnderTest network;
  LinkerScript script = LinkerScript::open;
  std::int64_t stack_bound_bytes = 0;
  std::int64_t macs = 0;
  const Graph* split =
      nullptr;  // the float graph, and with a detection head the one before it was split off
  const Graph* whole = nullptr;
};

std::vector<std::string> banks_of(const Plan& plan, const Target& target) {
  std::vector<std::string> banks;
  for (std::size_t b = 0; b < plan.banks.size(); ++b)
    if (plan.banks[b].used_bytes > 0) banks.push_back(target.banks[b].name);
  return banks;
}

std::vector<TensorType> types_of(const Graph& graph, const std::vector<Port>& ports) {
  std::vector<TensorType> types;
  for (const Port& port : ports) types.push_back(graph.type(port.tensor));
  return types;
}

Candidate candidate_of(const Compiled& made, const VerifyOptions& options) {
  Candidate candidate;
  candidate.split = &made.float_graph;
  candidate.whole = made.whole_graph ? &*made.whole_graph : nullptr;
  candidate.dtype = made.report.dtype;
  candidate.graph = &made.graph;
  candidate.program = &made.program;
  candidate.network = {made.report.name,
                       made.files,
                       banks_of(made.plan, made.target),
                       types_of(made.graph, made.graph.inputs),
                       types_of(made.graph, made.graph.outputs),
                       made.plan.input_rows,
                       detection_under_test(made.graph, options)};
  candidate.script = linker_script_for(made.target.name);
  candidate.stack_bound_bytes = made.report.stack_bytes;
  candidate.macs = made.report.macs;
  return candidate;
}

// The float code of a model that was compiled to int8: for any Cortex-M7, since it is only compared.
struct FloatCode {
  Target target;
  PlannedProgram planned;
  Files files;
  std::int64_t stack_bytes = 0;
};

Result<FloatCode> make_float_code(const Compiled& made, const std::string& name) {
  Result<Target> target = find_target("cortex-m7");
  if (!target) return target.diagnostics();
  FloatCode code{*std::move(target), {}, {}, 0};
  Result<PlannedProgram> planned = lower_and_plan(made.float_graph, code.target);
  if (!planned) return planned.diagnostics();
  code.planned = *std::move(planned);
  code.planned.program.name = name;
  const TestVector no_vector;
  code.stack_bytes = code_costs(code.planned.program, code.planned.plan).stack_bytes;
  const Network network{made.model,  made.float_graph, code.planned.program, code.planned.plan,
                        code.target, no_vector,        code.stack_bytes};
  code.files = emit(network, {name, true, WeightsFormat::cpp});
  return code;
}

Candidate candidate_of(const Compiled& made, const FloatCode& code, const std::string& name,
                       const VerifyOptions& options) {
  Candidate candidate;
  candidate.split = &made.float_graph;
  candidate.whole = made.whole_graph ? &*made.whole_graph : nullptr;
  candidate.dtype = "float32";
  candidate.graph = &made.float_graph;
  candidate.program = &code.planned.program;
  candidate.network = {name,
                       code.files,
                       banks_of(code.planned.plan, code.target),
                       types_of(made.float_graph, made.float_graph.inputs),
                       types_of(made.float_graph, made.float_graph.outputs),
                       false,
                       detection_under_test(made.float_graph, options)};
  candidate.stack_bound_bytes = code.stack_bytes;
  candidate.macs = made.report.macs;
  return candidate;
}

std::vector<Values> device_inputs(const Graph& graph, const TestData& data, std::size_t count) {
  std::vector<Values> inputs(count);
  for (std::size_t s = 0; s < count; ++s)
    for (std::size_t i = 0; i < graph.inputs.size(); ++i)
      inputs[s].push_back(to_device(graph.inputs[i], graph.type(graph.inputs[i].tensor),
                                    data.samples[s].inputs[i]));
  return inputs;
}

// The oracle on all samples, on two threads.
std::vector<Values> oracle_outputs(const Graph& graph, const std::vector<Values>& inputs) {
  std::vector<Values> outputs(inputs.size());
  const auto half = [&](std::size_t first) {
    for (std::size_t s = first; s < inputs.size(); s += 2) outputs[s] = interpret(graph, inputs[s]);
  };
  std::future<void> other = std::async(std::launch::async, half, 1);
  half(0);
  other.get();
  return outputs;
}

Reals reals_of(const Graph& graph, const std::vector<Values>& outputs) {
  Reals reals(outputs.size());
  for (std::size_t s = 0; s < outputs.size(); ++s)
    for (std::size_t i = 0; i < graph.outputs.size(); ++i)
      reals[s].push_back(real_values(graph.outputs[i], outputs[s][i]));
  return reals;
}

std::optional<StoredComparison> compare_stored(const Candidate& candidate, const TestData& data,
                                               const std::vector<Values>& outputs) {
  const Graph& graph = *candidate.graph;
  const std::vector<Port>& ports = candidate.whole ? candidate.whole->outputs : graph.outputs;
  std::vector<Values> with_stored;
  Reals expected;
  for (std::size_t s = 0; s < outputs.size(); ++s) {
    if (data.samples[s].outputs.empty()) continue;
    with_stored.push_back(outputs[s]);
    expected.emplace_back();
    for (std::size_t i = 0; i < ports.size(); ++i)
      expected.back().push_back(stored_values(ports[i], data.samples[s].outputs[i]));
  }
  if (expected.empty()) return std::nullopt;
  const Reals values = candidate.whole
                           ? decoded_outputs(*candidate.whole, *candidate.split, graph, with_stored)
                           : reals_of(graph, with_stored);
  const Similarity similarity = compare_similarity(values, expected);
  StoredComparison stored{expected.size(), compare_floats(values, expected), similarity.sqnr_db,
                          similarity.rms, 0};
  const TensorType& type = graph.type(graph.outputs.front().tensor);
  if (!candidate.whole && type.quantization && type.quantization->per_tensor())
    stored.step = type.quantization->scale.front();
  return stored;
}

// The emulator runs some hundred million instructions a second, and float on it some ten million operations: few
// samples are enough there, because the host runs all.
std::size_t samples_for(const Candidate& candidate, std::size_t available, Machine machine) {
  if (machine == Machine::host || candidate.macs == 0) return available;
  const std::int64_t most_macs = candidate.dtype == "int8" ? 600'000'000 : 30'000'000;
  const auto affordable =
      static_cast<std::size_t>(std::max<std::int64_t>(1, most_macs / candidate.macs));
  return std::min(available, affordable);
}

struct Ran {
  CodeReport report;
  std::vector<Values> outputs, expected;
};

// Builds with the trace hook, runs the first sample that differs and looks for the layer where it begins.
Result<std::optional<FirstDifference>> locate(const Candidate& candidate, const Toolchain& tools,
                                              const Values& sample) {
  const TemporaryFolder folder;
  BuildOptions options;
  options.trace = true;
  options.script = candidate.script;
  const std::vector<NetworkUnderTest> networks{candidate.network};
  const Result<Image> image = build(networks, folder.path(), tools, options);
  if (!image) return image.diagnostics();
  const Result<std::vector<NetworkRun>> runs = run(*image, tools, networks, {{{sample}}}, true);
  if (!runs) return runs.diagnostics();
  return find_first_difference(*candidate.graph, *candidate.program, sample, runs->front());
}

// Reads the schedule back from the generated text and replays it.
void replay_schedule(const Candidate& candidate, CodeReport& report) {
  const std::string& name = candidate.network.name;
  const Files& files = candidate.network.files;
  const Result<ReplayReport> replayed =
      replay(*candidate.graph, files.at(name + ".cpp"), files.at(name + ".hpp"));
  if (replayed) {
    report.steps = replayed->steps;
  } else {
    report.misplaced = replayed.diagnostics();
  }
}

Result<Ran> build_and_run(const Candidate& candidate, const Toolchain& tools, const TestData& data,
                          const PipelineHooks& hooks) {
  const TemporaryFolder folder;
  if (folder.path().empty())
    return Diagnostic{"E590", {}, {}, "no temporary folder can be made", "set TMPDIR"};
  const Graph& graph = *candidate.graph;
  Ran ran;
  ran.report.dtype = candidate.dtype;
  ran.report.samples = samples_for(candidate, data.samples.size(), tools.machine);
  begin(hooks, fmt::format("replay {} schedule", candidate.dtype));
  replay_schedule(candidate, ran.report);
  const std::vector<Values> inputs = device_inputs(graph, data, ran.report.samples);

  begin(hooks, fmt::format("build {} code", candidate.dtype));
  const std::vector<NetworkUnderTest> networks{candidate.network};
  BuildOptions options;
  options.script = candidate.script;
  const Result<Image> image = build(networks, folder.path(), tools, options);
  if (!image) return image.diagnostics();

  begin(hooks, fmt::format("run {} code", candidate.dtype));
  Result<std::vector<NetworkRun>> runs = run(*image, tools, networks, {inputs}, false);
  if (!runs) return runs.diagnostics();
  ran.outputs = runs->front().outputs;

  begin(hooks, fmt::format("run {} oracle", candidate.dtype));
  ran.expected = oracle_outputs(graph, inputs);
  ran.report.bytes = compare_bytes(ran.outputs, ran.expected);
  ran.report.oracle = compare_floats(reals_of(graph, ran.outputs), reals_of(graph, ran.expected));
  ran.report.stored = compare_stored(candidate, data, ran.outputs);
  if (candidate.network.detection) {
    begin(hooks, fmt::format("compare {} boxes", candidate.dtype));
    const bool is_float = candidate.graph == candidate.split;
    ran.report.detection = compare_detections(
        *candidate.whole, *candidate.split, graph, runs->front(),
        is_float ? ran.expected
                 : oracle_outputs(*candidate.split,
                                  device_inputs(*candidate.split, data, ran.report.samples)),
        *candidate.network.detection);
  }
  if (tools.machine == Machine::qemu) {
    ran.report.linker_script = file_name(candidate.script);
    ran.report.stack_bytes = runs->front().stack_bytes;
    ran.report.stack_bound_bytes = candidate.stack_bound_bytes;
    ran.report.flash = image->flash;
  }
  if (candidate.dtype == "int8" && ran.report.bytes.differing > 0) {
    begin(hooks, "look for the first layer that differs");
    for (std::size_t s = 0; s < inputs.size(); ++s) {
      if (compare_bytes({ran.outputs[s]}, {ran.expected[s]}).differing == 0) continue;
      Result<std::optional<FirstDifference>> found = locate(candidate, tools, inputs[s]);
      if (found) ran.report.first_difference = *found;
      break;
    }
  }
  return ran;
}

// What must hold of one code.
void judge(const CodeReport& code, double tolerance, const std::string& machine,
           Diagnostics& failures) {
  if (code.dtype == "int8" && code.bytes.differing > 0) {
    std::string node;
    std::string where;
    if (code.first_difference) {
      const FirstDifference& first = *code.first_difference;
      node = first.node;
      where = fmt::format(
          "; layer {} ({}, {}) is the first: row {}, column {}, channel {} is {}, not {}",
          first.layer, first.op, first.kernel, first.row, first.x, first.channel, first.value,
          first.expected);
    }
    // E912: generated int8 code does not give the oracle's bytes
    failures.push_back(
        {"E912",
         node,
         {},
         fmt::format("{} of {} output bytes of the int8 code differ from the oracle on {}{}",
                     code.bytes.differing, code.bytes.total, machine, where),
         "this is a defect of Linnet; please report it"});
  }
  if (code.detection && code.detection->differing > 0) {
    // E916: detect() does not give the boxes that its maps say
    failures.push_back(
        {"E916",
         {},
         {},
         fmt::format("the boxes of the {} code are not what its maps say, in {} of {} "
                     "samples on {}",
                     code.dtype, code.detection->differing, code.samples, machine),
         "this is a defect of Linnet; please report it"});
  }
  // E913: generated float code is further from the oracle or from stored outputs than --float-tolerance
  const auto judge_float = [&](const FloatError& error, const char* against) {
    if (error.relative <= tolerance) return;
    failures.push_back(
        {"E913",
         {},
         {},
         fmt::format("the float code is {:.2g} of the output's range from {}, more than {:.2g}",
                     error.relative, against, tolerance),
         "if these are the right outputs this is a defect of Linnet; please report it"});
  };
  if (code.dtype != "int8") {
    judge_float(code.oracle, "the float oracle");
    if (code.stored) judge_float(code.stored->error, "the stored outputs");
  }
  if (code.stack_bytes > code.stack_bound_bytes)  // E914: the stack is deeper than its bound
    failures.push_back(
        {"E914",
         {},
         {},
         fmt::format("the {} code takes {} bytes of stack where memory.stack_bytes is {}",
                     code.dtype, code.stack_bytes, code.stack_bound_bytes),
         "this is a defect of Linnet; please report it"});
  failures.insert(failures.end(), code.misplaced.begin(), code.misplaced.end());
}

void judge_similarity(VerifyReport& report) {
  if (!report.min_sqnr_db) return;
  if (!report.int8_to_float) {
    report.failures.push_back({"E290",
                               {},
                               {},
                               "--min-sqnr needs an int8 and a float network",
                               "give a float model and calibration data"});
    return;
  }
  if (report.int8_to_float->sqnr_db >= *report.min_sqnr_db) return;
  // E290: int8 is further from float than --min-sqnr allows
  report.failures.push_back(
      {"E290",
       {},
       {},
       fmt::format("int8 against float is {:.2f} dB, less than --min-sqnr {:g}",
                   report.int8_to_float->sqnr_db, *report.min_sqnr_db),
       "use calibration data like the real inputs; --layers shows which layer loses most"});
}

// int8 outputs of the generated code against the float oracle on the same samples.
Similarity similarity_of(const Compiled& made, const TestData& data,
                         const std::vector<Values>& outputs,
                         const std::optional<LabelSet>& labels) {
  const std::vector<Values> inputs = device_inputs(made.float_graph, data, outputs.size());
  const std::vector<Values> reference = oracle_outputs(made.float_graph, inputs);
  const Reals expected = reals_of(made.float_graph, reference);
  Similarity similarity = compare_similarity(reals_of(made.graph, outputs), expected);
  if (labels) {
    similarity.top1 = label_agreement(made, *labels, outputs, reference);
    return similarity;
  }
  const Shape& shape = made.graph.outputs.front().model_shape;
  if (shape.size() > 2) similarity.top1.reset();  // no vector of classes
  return similarity;
}

}  // namespace

Result<VerifyReport> verify(const CompileOptions& compile, const VerifyOptions& options,
                            const PipelineHooks& hooks) {
  const Result<Toolchain> tools = find_toolchain(options.on);
  if (!tools) return tools.diagnostics();
  std::vector<std::string> labels;
  std::optional<LabelSet> zero_shot;
  if (options.labels.extension() == ".json") {
    Result<LabelSet> read = read_label_set(options.labels);
    if (!read) return read.diagnostics();
    zero_shot = *std::move(read);
  } else if (!options.labels.empty()) {
    Result<std::vector<std::string>> read = read_class_names(options.labels);
    if (!read) return read.diagnostics();
    labels = *std::move(read);
  }
  CompileOptions complete = compile;  // the build needs everything in one folder
  complete.bundle_runtime = true;
  complete.weights_format = WeightsFormat::cpp;
  if (zero_shot) complete.labels = options.labels;
  Result<Compiled> made = compile_network(complete, hooks);
  if (!made) return made.diagnostics();
  if (options.alter) options.alter(made->files);
  const Result<TestData> data =
      load_test_data(made->whole_graph ? *made->whole_graph : made->float_graph, complete, options);
  if (!data) return data.diagnostics();

  VerifyReport report;
  report.name = made->report.name;
  report.target = made->target.name;
  report.machine = tools->description;
  report.data = data->description;
  report.float_tolerance = options.float_tolerance;
  report.min_sqnr_db = options.min_sqnr_db;
  report.notes = made->graph.notes;

  // A quantized model has no float code: its float graph only imitates the integers.
  const bool has_float = made->int8 && !is_quantized_model(made->float_graph);
  if (has_float) {
    const std::string name = report.name + "_float";
    const Result<FloatCode> code = make_float_code(*made, name);
    if (!code) return code.diagnostics();
    const Result<Ran> ran =
        build_and_run(candidate_of(*made, *code, name, options), *tools, *data, hooks);
    if (!ran) return ran.diagnostics();
    report.codes.push_back(ran->report);
  }
  const Result<Ran> ran = build_and_run(candidate_of(*made, options), *tools, *data, hooks);
  if (!ran) return ran.diagnostics();
  report.codes.push_back(ran->report);

  if (!options.draw.empty()) {
    Result<Files> drawings = draw_detections(*made, *data, report, compile.samples, labels);
    if (!drawings) return drawings.diagnostics();
    report.drawings = *std::move(drawings);
  }
  if (!labels.empty() && !made->graph.detection)
    report.top_classes = top_classes(reals_of(made->graph, ran->outputs), labels);
  if (zero_shot) report.top_classes = top_labels(made->graph, ran->outputs, *zero_shot);
  for (const TestSample& sample : data->samples) report.sample_names.push_back(sample.name);
  if (has_float) report.int8_to_float = similarity_of(*made, *data, ran->outputs, zero_shot);
  report.asked_for_layers = options.layers;
  if (options.layers) {
    begin(hooks, "compare layer by layer");
    report.layers = compare_layers(made->float_graph, made->graph, made->program,
                                   device_inputs(made->float_graph, *data, ran->outputs.size()),
                                   device_inputs(made->graph, *data, ran->outputs.size()));
  }
  for (const CodeReport& code : report.codes) {
    if (code.samples < data->samples.size())
      report.notes.push_back(fmt::format(
          "the emulator ran the {} code on {} of {} samples, to save time; the host runs all",
          code.dtype, code.samples, data->samples.size()));
  }
  for (const CodeReport& code : report.codes)
    judge(code, options.float_tolerance, report.machine, report.failures);
  judge_similarity(report);
  return report;
}

}  // namespace linnet
