// The pipeline: from an ONNX file to the texts of a generated network, one value in and one value out at a time.
//
//   import -> passes -> calibrate -> quantize -> lower -> plan -> emit
//
// compile_network() runs it all. The stages are here one by one too, because `inspect` and `verify` stop half-way. After
// every stage the value is verified; a dump of it can be had.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "compiler/data/samples.h"
#include "compiler/emit/emit.h"
#include "compiler/emit/report.h"
#include "compiler/front_end/log_mel.h"
#include "compiler/ir/graph.h"
#include "compiler/lower/program.h"
#include "compiler/onnx/importer.h"
#include "compiler/passes/passes.h"
#include "compiler/plan/plan.h"
#include "compiler/quant/ranges.h"

namespace linnet {

// What weights are stored in; fit_weights.h.
enum class Weights : std::uint8_t { int8, int4, automatic };

// Which layers have weights of 4 bits because of Weights::automatic.
struct WeightsChoice {
  std::size_t layers = 0;   // in 4 bits
  std::size_t samples = 0;  // on which their costs were measured; 0: they were not
  double seconds = 0;       // of measuring
};

// What a model with a detection head gives: boxes by detect(), or its own outputs, exactly. `automatic` gives boxes where there
// is such a head; `detections` wants one.
enum class OutputsForm : std::uint8_t { automatic, detections, tensor };

// What every subcommand that takes a model takes; see compiler/cli/options.cpp for the spelling.
struct CompileOptions {
  std::filesystem::path model;
  std::string name;  // empty: made from the file's name
  std::string target = "cortex-m7";
  std::map<std::string, Shape> input_shapes;
  std::map<std::string, TensorValue> input_values;
  std::vector<std::filesystem::path> calibrate;
  CalibrationOptions calibration;
  SampleOptions samples;
  std::optional<std::int64_t> ram_bytes, flash_bytes;
  PlanOptions plan;
  std::map<std::string, std::int64_t> kept_bytes;  // of the target's banks, for the application
  bool bundle_runtime = true;
  WeightsFormat weights_format = WeightsFormat::cpp;
  PackageOptions package;        // the layout of what is written
  bool camera = false;           // --front-end camera
  std::filesystem::path labels;  // of a zero-shot classifier (.json); empty: none
  Weights weights = Weights::int8;
  OutputsForm outputs = OutputsForm::automatic;
  bool allow_missed_budgets = false;  // a missed budget is in Compiled::missed, and no failure
};

// The stages that dump() is called for, in order.
inline constexpr std::string_view kStages[] = {"import", "passes", "calibrate", "quantize",
                                               "lower",  "plan",   "emit"};

// How a run shows itself; both may be empty.
struct PipelineHooks {
  std::string dump_after;                               // one of kStages, or empty
  std::function<void(const std::string& text)> dump;    // gets that stage's listing
  std::function<void(std::string_view what)> progress;  // what begins now
  PassObserver observe;  // gets the graph after "import" and after each pass
};

// Everything that a compilation made.
struct Compiled {
  ModelInfo model;
  Graph float_graph;  // after passes; for a quantized model the imported arithmetic
  std::optional<Graph>
      whole_graph;  // the same with the decoding of boxes, which float_graph has not
  Graph graph;      // what was lowered: int8, or the float graph
  bool int8 = false;
  std::vector<Sample> samples;
  WeightsChoice weights;
  Program program;
  Plan plan;
  Target target;
  std::optional<LogMelFrontEnd> front_end;
  TestVector test_vector;
  Report report;
  Files files;         // report.json included
  Diagnostics missed;  // budgets, with CompileOptions::allow_missed_budgets
};

// ---- stages ----
Result<ImportedModel> import_and_simplify(const CompileOptions& options,
                                          const PipelineHooks& hooks = {});
Result<std::vector<Sample>> load_calibration(const Graph& graph, const CompileOptions& options);
bool is_quantized_model(const Graph& graph);  // it has Quantize or Dequantize nodes
// Calibrates and quantizes, or fuses what the model itself quantizes, or leaves a float model without samples alone.
// `observed`, when given, gets the ranges that calibration found.
Result<Graph> make_device_graph(const Graph& graph, const std::vector<Sample>& samples,
                                const CompileOptions& options, const PipelineHooks& hooks = {},
                                Ranges* observed = nullptr);

// A float graph in int8 by ranges, with weights of 4 bits where `int4` says so.
struct Int4Layers;
Result<Graph> make_int8_graph(const Graph& graph, const Ranges& ranges, const Int4Layers& int4,
                              const PipelineHooks& hooks = {});

struct PlannedProgram {
  Program program;
  Plan plan;
};
// What --ram and --flash allow; aimed at, not enforced.
struct Budgets {
  std::optional<std::int64_t> ram_bytes =
      {};  // arenas and stack in all; replaces the plan options' own limit
  // Weights, tables, schedule and code. With Optimize::speed, what is left of it buys faster forms of weights.
  std::optional<std::int64_t> flash_bytes = {};
};
Result<PlannedProgram> lower_and_plan(const Graph& graph, const Target& target,
                                      PlanOptions options = {}, const PipelineHooks& hooks = {},
                                      const Budgets& budgets = {});

// With what the front end holds while the network runs, and what detect() takes after it.
PlanOptions complete_plan_options(PlanOptions options, const Compiled& made);

// The first sample (or, without one, values that a generator gives) and what the oracle makes of it.
TestVector make_test_vector(const Graph& float_graph, const Graph& graph,
                            const std::vector<Sample>& samples);

// Fills test_vector, report and files of `made` from the rest; `options.name` is checked already.
void emit_network(Compiled& made, const EmitOptions& options, const PipelineHooks& hooks = {});

// ---- all of it ----
Result<Compiled> compile_network(const CompileOptions& options, const PipelineHooks& hooks = {});

// The graph in int8 with invented ranges: what int8 would cost, before there is data.
Result<Graph> guess_int8(const Graph& graph);

}  // namespace linnet
