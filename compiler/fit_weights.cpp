// See fit_weights.h.
#include "compiler/fit_weights.h"

#include <algorithm>
#include <ctime>

#include "compiler/emit/code_costs.h"

namespace linnet {
namespace {

// Multiply-accumulates that measuring may take: less than a minute on one core (docs/calibration.md).
constexpr double kMostWork = 6e10;

std::int64_t flash_of(const PlannedProgram& made) {
  return flash_bytes(made.program, code_costs(made.program, made.plan));
}

// Of this thread's processor.
double seconds_now() { return static_cast<double>(std::clock()) / CLOCKS_PER_SEC; }

const char* spelling(Weights weights) { return weights == Weights::int4 ? "int4" : "auto"; }

}  // namespace

Result<Nothing> check_weights_option(const Graph& graph, const CompileOptions& options) {
  if (options.weights == Weights::int8) return ok();
  if (is_quantized_model(graph)) {
    // E221: the model's own integers are not rounded again.
    return Diagnostic{"E221", "", "",
                      std::string("--weights ") + spelling(options.weights) +
                          ": the model is quantized already, to 8 bits",
                      "give the float model it was made from, or leave --weights out"};
  }
  if (options.calibrate.empty()) {
    // E220: 4 bits without data.
    return Diagnostic{"E220", "", "",
                      std::string("--weights ") + spelling(options.weights) +
                          " needs calibration data: without it the network stays in float32",
                      "give some typical inputs: --calibrate FOLDER"};
  }
  return ok();
}

Result<FittedWeights> fit_weights(const Compiled& made, const Ranges& ranges,
                                  PlannedProgram int8_planned, const PlanOptions& plan,
                                  const Budgets& budgets, std::int64_t flash_bytes,
                                  const PipelineHooks& hooks) {
  FittedWeights fitted{made.graph, std::move(int8_planned), {}};
  const std::int64_t excess = flash_of(fitted.planned) - flash_bytes;
  if (excess <= 0) return fitted;

  if (hooks.progress) hooks.progress("measure weights of 4 bits");
  const double begun = seconds_now();
  Int4Layers int4;
  int4.moments = input_moments(made.float_graph, made.samples, int4_candidates(made.float_graph));
  const Int4Costs costs =
      measure_int4(made.float_graph, ranges, made.samples, int4.moments, kMostWork);
  fitted.choice.samples = costs.samples;
  fitted.choice.seconds = seconds_now() - begun;
  std::int64_t most = 0;
  for (const Int4Cost& cost : costs.layers) most += std::max<std::int64_t>(cost.saved_bytes, 0);

  // What the weights save is known, what the kernels' own code takes shows only afterwards.
  constexpr int kMostRounds = 8;
  std::int64_t bytes = excess;
  for (int round = 1;; ++round) {
    // In the end all, those too that save nothing by themselves: without int8 their kernel may go.
    const bool all = bytes > most || round == kMostRounds;
    int4.nodes = choose_int4(costs, made.float_graph.nodes.size(), bytes);
    for (const Int4Cost& cost : costs.layers)
      if (all) int4.nodes[cost.node] = true;
    Result<Graph> graph = make_int8_graph(made.float_graph, ranges, int4, {});
    if (!graph) return graph.diagnostics();
    Result<PlannedProgram> planned = lower_and_plan(*graph, made.target, plan, {}, budgets);
    if (!planned) return planned.diagnostics();
    const std::int64_t still = flash_of(*planned) - flash_bytes;
    if (still > 0 && !all) {
      bytes += still;
      continue;
    }
    fitted.graph = *std::move(graph);
    fitted.planned = *std::move(planned);
    fitted.choice.layers =
        static_cast<std::size_t>(std::count(int4.nodes.begin(), int4.nodes.end(), true));
    return fitted;
  }
}

}  // namespace linnet
