// See collect.h.
#include "compiler/report/collect.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <variant>

#include "compiler/plan/target.h"
#include "compiler/profile/count_image.h"
#include "compiler/profile/generated.h"
#include "compiler/reference/interpreter.h"
#include "compiler/report/graph_story.h"
#include "compiler/verify/layers.h"
#include "compiler/verify/test_data.h"

namespace linnet {
namespace {

namespace fs = std::filesystem;

std::vector<Values> inputs_on_device(const Graph& graph, const std::vector<TestSample>& samples) {
  std::vector<Values> inputs(samples.size());
  for (std::size_t s = 0; s < samples.size(); ++s)
    for (std::size_t i = 0; i < graph.inputs.size(); ++i)
      inputs[s].push_back(
          to_device(graph.inputs[i], graph.type(graph.inputs[i].tensor), samples[s].inputs[i]));
  return inputs;
}

// Whether all that reads the tensor is an activation other than a clamp.
bool only_activations_read(const Uses& uses, const Graph& graph, TensorId tensor) {
  const std::vector<NodeId>& readers = uses.readers[tensor];
  return !readers.empty() && !uses.is_output[tensor] &&
         std::all_of(readers.begin(), readers.end(), [&](NodeId reader) {
           const auto* unary = std::get_if<Unary>(&graph.nodes[reader.index()].op);
           return unary != nullptr && unary->fn != Unary::Fn::clamp &&
                  unary->fn != Unary::Fn::affine;
         });
}

// int8 against float, layer by layer.
Result<Nothing> add_quality(const Compiled& made, const CompileOptions& compile,
                            const ReportOptions& options, ReportPage& page) {
  // The float graph of a quantized model only imitates its integers.
  if (!made.int8 || is_quantized_model(made.float_graph)) return ok();
  VerifyOptions verify;
  verify.data = options.data;
  Result<TestData> data =
      load_test_data(made.whole_graph ? *made.whole_graph : made.float_graph, compile, verify);
  if (!data) return data.diagnostics();
  std::vector<TestSample>& samples = data->samples;
  const std::size_t all = samples.size();
  if (samples.size() > options.samples) samples.resize(options.samples);
  page.quality_data = samples.size() == all ? data->description
                                            : fmt::format("the first {} samples ({})",
                                                          samples.size(), data->description);
  page.quality.resize(page.report.layers.size());
  const Uses uses(made.graph);
  for (const LayerReport& layer : compare_layers(made.float_graph, made.graph, made.program,
                                                 inputs_on_device(made.float_graph, samples),
                                                 inputs_on_device(made.graph, samples))) {
    if (!layer.compared) continue;
    const TensorId tensor = made.program.calls[layer.layer].tensor;
    page.quality.at(layer.layer) = LayerQuality{layer.sqnr_db, layer.saturated,
                                                only_activations_read(uses, made.graph, tensor)};
  }
  return ok();
}

// What the arenas would take with the input given by rows, where the network and the call allow it.
std::optional<std::int64_t> arena_by_input_rows(const Compiled& made,
                                                const CompileOptions& compile) {
  const bool possible = !compile.plan.input_rows && !made.front_end && !compile.camera &&
                        made.program.inputs.size() == 1 && made.program.inputs.front().rows > 1;
  if (!possible) return std::nullopt;
  PlanOptions options = compile.plan;
  options.input_rows = true;
  const Budgets budgets{compile.ram_bytes, compile.flash_bytes};
  const Result<PlannedProgram> planned =
      lower_and_plan(made.graph, made.target, options, {}, budgets);
  if (!planned) return std::nullopt;
  return planned->plan.arena_bytes;
}

Result<Nothing> add_profile(GeneratedNetwork generated, const PipelineHooks& hooks,
                            ReportPage& page) {
  ProfileOptions options;
  options.any_memory = !page.missed.empty();
  Result<ProfileReport> profiled = profile(std::move(generated), options, hooks);
  if (!profiled) return profiled.diagnostics();
  page.profile = *std::move(profiled);
  return ok();
}

Result<ReportPage> page_of_folder(const fs::path& folder, const ReportOptions& options,
                                  const PipelineHooks& hooks) {
  Result<Report> report = read_report(folder);
  if (!report) return report.diagnostics();
  ReportPage page;
  page.report = *std::move(report);
  if (const Result<Target> target = find_target(page.report.target))
    page.flash_limit = target->flash_bytes;
  if (options.profile) {
    Result<GeneratedNetwork> generated = read_generated_network(folder);
    if (!generated) return generated.diagnostics();
    if (const Result<Nothing> added = add_profile(*std::move(generated), hooks, page); !added)
      return added.diagnostics();
  }
  return page;
}

Result<ReportPage> page_of_model(const CompileOptions& compile, const ReportOptions& options,
                                 const PipelineHooks& hooks) {
  CompileOptions complete = compile;  // the build needs everything in one folder
  complete.bundle_runtime = true;
  complete.weights_format = WeightsFormat::cpp;
  complete.allow_missed_budgets = true;
  GraphWatcher watcher;
  PipelineHooks watching = hooks;
  watching.observe = [&](const char* pass, const Graph& graph) { watcher.observe(pass, graph); };
  Result<Compiled> made = compile_network(complete, watching);
  if (!made) return made.diagnostics();

  ReportPage page;
  page.report = made->report;
  page.ram_limit = compile.ram_bytes;
  page.flash_limit = compile.flash_bytes ? compile.flash_bytes : made->target.flash_bytes;
  page.missed = made->missed;
  page.graphs = watcher.story(made->float_graph);
  page.arena_with_input_rows = arena_by_input_rows(*made, compile);
  if (hooks.progress) hooks.progress("compare layer by layer");
  if (const Result<Nothing> added = add_quality(*made, complete, options, page); !added)
    return added.diagnostics();
  if (options.profile) {
    Result<GeneratedNetwork> generated =
        generated_network(std::move(made->report), std::move(made->files));
    if (!generated) return generated.diagnostics();
    if (const Result<Nothing> added = add_profile(*std::move(generated), hooks, page); !added)
      return added.diagnostics();
  }
  return page;
}

}  // namespace

Result<ReportPage> collect_page(const CompileOptions& compile, const ReportOptions& options,
                                const PipelineHooks& hooks) {
  if (options.profile) {  // before the work
    if (const Result<ProfileTools> tools = find_profile_tools(); !tools) {
      Diagnostics missing = tools.diagnostics();
      for (Diagnostic& diagnostic : missing)
        diagnostic.hint += "; or leave instructions out: --no-profile";
      return missing;
    }
  }
  std::error_code ignored;
  const bool folder = fs::is_directory(compile.model, ignored);
  Result<ReportPage> page = folder ? page_of_folder(compile.model, options, hooks)
                                   : page_of_model(compile, options, hooks);
  if (page) add_findings(*page);
  return page;
}

}  // namespace linnet
