// See bench.h.
#include "compiler/bench/bench.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cassert>
#include <cmath>
#include <future>
#include <iterator>
#include <map>

#include "compiler/bench/cases.h"
#include "compiler/lower/lower.h"
#include "compiler/plan/target.h"
#include "compiler/profile/count_image.h"
#include "compiler/reference/interpreter.h"
#include "compiler/verify/temporary_folder.h"

namespace linnet {
namespace {

// Cases as one graph: each with inputs and an output of its own.
struct BenchGraph {
  Graph graph;
  KernelChoice chosen;
  std::vector<TensorId> outputs;  // by case
  std::vector<TensorValue> inputs;
};

void add_case(const BenchCase& added, BenchGraph& to) {
  Graph& graph = to.graph;
  std::vector<TensorId> operands;
  for (const TensorType& type : added.inputs) {
    const TensorId id = graph.add_tensor("x", type);
    operands.push_back(id);
    graph.inputs.push_back({id, graph.tensors[id].name, type.shape, type.dtype, {}, {}});
    to.inputs.push_back(
        seeded_value(type, static_cast<std::uint32_t>(operands.size()), added.lo, added.hi));
  }
  for (const TensorValue& constant : added.constants)
    operands.push_back(graph.add_constant("c", constant));
  const TensorId y =
      graph.add_node(added.op, operands, added.output, {added.name, op_name(added.op)}, "y");
  graph.outputs.push_back(
      {y, graph.tensors[y].name, added.output.shape, added.output.dtype, {}, {}});
  to.outputs.push_back(y);
  if (!added.kernel.empty()) to.chosen[y] = added.kernel;
}

BenchGraph graph_of(const std::vector<BenchCase>& cases) {
  BenchGraph made;
  made.graph.name = "bench";
  for (const BenchCase& one : cases) add_case(one, made);
  return made;
}

Result<Program> lowered(const BenchGraph& made) {
  if (const Result<Nothing> sound = verify(made.graph, "bench"); !sound) return sound.diagnostics();
  Result<Program> program = lower(made.graph, made.chosen);
  if (!program) return program;
  if (const Result<Nothing> sound = verify(*program); !sound) return sound.diagnostics();
  return program;
}

// The calls of the case whose output this is.
std::vector<std::size_t> calls_that_make(TensorId output, const Program& program) {
  std::vector<std::size_t> calls;
  for (std::size_t c = 0; c < program.calls.size(); ++c)
    if (program.calls[c].tensor == output) calls.push_back(c);
  return calls;
}

std::string shapes_text(const BenchCase& of) {
  std::string text;
  for (const TensorType& input : of.inputs)
    text += (text.empty() ? "" : ", ") + to_string(input.shape);
  return text + " -> " + to_string(of.output.shape);
}

void set_unit(const BenchCase& of, KernelResult& result) {
  if (result.macs > 0) {
    result.unit = "MAC";
    result.units = result.macs;
  } else if (std::holds_alternative<Reduce>(of.op)) {
    result.unit = "input";
    result.units = of.inputs.front().elements();
  } else {
    result.units = of.output.elements();
  }
}

// Results without counts: what would run.
Result<std::vector<KernelResult>> describe_cases(const std::vector<BenchCase>& cases) {
  const BenchGraph made = graph_of(cases);
  const Result<Program> program = lowered(made);
  if (!program) return program.diagnostics();
  std::vector<KernelResult> results;
  for (std::size_t i = 0; i < cases.size(); ++i) {
    KernelResult result;
    result.name = cases[i].name;
    result.shapes = shapes_text(cases[i]);
    result.dtype = to_string(cases[i].output.dtype);
    for (const std::size_t call : calls_that_make(made.outputs[i], *program)) {
      result.kernel += (result.kernel.empty() ? "" : ", ") + program->calls[call].kernel;
      result.macs += program->calls[call].macs;
    }
    set_unit(cases[i], result);
    results.push_back(std::move(result));
  }
  return results;
}

// A network with the cases as layers, whole tensors, one call each.
Result<NetworkUnderTest> network_of_cases(const std::string& name, const BenchGraph& made,
                                          Program& program) {
  const Result<Target> target = find_target("cortex-m7");
  if (!target) return target.diagnostics();
  PlanOptions whole;
  whole.mode = PlanMode::whole;
  program.name = name;
  const Result<Plan> plan = make_plan(program, *target, whole);
  if (!plan) return plan.diagnostics();
  if (const Result<Nothing> sound = check(program, *plan, *target); !sound)
    return sound.diagnostics();
  const ModelInfo model;
  const TestVector none;
  const Network network{model, made.graph, program, *plan, *target, none, 0};
  NetworkUnderTest under_test;
  under_test.name = name;
  under_test.files = emit(network, {name, true, WeightsFormat::cpp});
  for (std::size_t b = 0; b < plan->banks.size(); ++b)
    if (plan->banks[b].used_bytes > 0) under_test.banks.push_back(target->banks[b].name);
  for (const Port& port : made.graph.inputs)
    under_test.inputs.push_back(made.graph.type(port.tensor));
  for (const Port& port : made.graph.outputs)
    under_test.outputs.push_back(made.graph.type(port.tensor));
  return under_test;
}

bool same_bits(std::int8_t a, std::int8_t b) { return a == b; }
bool same_bits(float a, float b) {  // a NaN's payload is not defined
  return std::bit_cast<std::uint32_t>(a) == std::bit_cast<std::uint32_t>(b) ||
         (std::isnan(a) && std::isnan(b));
}

template <class T>
std::string first_difference(const TensorValue& made, const TensorValue& expected,
                             const char* unit) {
  const auto a = made.as<T>();
  const auto b = expected.as<T>();
  for (std::size_t i = 0; i < a.size(); ++i)
    if (!same_bits(a[i], b[i]))
      return fmt::format("{} {} of {} is {}, expected {}", unit, i, a.size(), a[i], b[i]);
  return {};
}

std::string first_difference(const TensorValue& made, const TensorValue& expected) {
  return made.type.dtype == DType::f32 ? first_difference<float>(made, expected, "float")
                                       : first_difference<std::int8_t>(made, expected, "byte");
}

// Cases that share an image.
struct BenchGroup {
  std::string name;  // of the network
  std::vector<BenchCase> cases;
  std::vector<std::size_t> places;  // of the cases in the report
};

// Few, for each costs an image; of about the same time to build and to run.
std::vector<BenchGroup> groups_of(const std::vector<BenchCase>& cases,
                                  const std::vector<KernelResult>& results) {
  std::vector<BenchGroup> groups{
      {"bench_products", {}, {}}, {"bench_others", {}, {}}, {"bench_float", {}, {}}};
  for (std::size_t i = 0; i < cases.size(); ++i) {
    const bool is_float = cases[i].output.dtype == DType::f32;
    BenchGroup& group = groups[is_float ? 2 : results[i].macs > 0 ? 0 : 1];
    group.cases.push_back(cases[i]);
    group.places.push_back(i);
  }
  std::erase_if(groups, [](const BenchGroup& group) { return group.cases.empty(); });
  return groups;
}

// Counts by case: cases and calls are few, blocks many.
void add_counts(const CountedImage& image, const std::vector<BlockCycles>& cycles,
                const std::map<std::size_t, std::size_t>& case_of_call,
                std::vector<KernelResult>& results) {
  const std::vector<BlockCount>& blocks = image.counted.blocks;
  for (std::size_t b = 0; b < blocks.size(); ++b) {
    if (blocks[b].layer < 0) continue;
    KernelResult& result = results[case_of_call.at(static_cast<std::size_t>(blocks[b].layer))];
    const auto executions = static_cast<std::int64_t>(blocks[b].executions);
    result.instructions += executions * blocks[b].instructions;
    result.cycles += static_cast<double>(executions) * cycles[b].cycles;
    result.unmodelled += executions * static_cast<std::int64_t>(cycles[b].unmodelled);
  }
}

// The group's cases with counts and comparison, in its order.
Result<std::vector<KernelResult>> run_group(const BenchGroup& group, const ProfileTools& tools,
                                            const BenchOptions& options) {
  Result<std::vector<KernelResult>> results = describe_cases(group.cases);
  if (!results) return results;
  const BenchGraph made = graph_of(group.cases);
  Result<Program> program = lowered(made);
  if (!program) return program.diagnostics();
  Result<NetworkUnderTest> network = network_of_cases(group.name, made, *program);
  if (!network) return network.diagnostics();
  if (options.alter) options.alter(network->files);

  const TemporaryFolder folder;
  if (folder.path().empty())
    return Diagnostic{"E590", {}, {}, "no temporary folder can be made", "set TMPDIR"};
  BuildOptions build_options;
  build_options.profile = true;
  const Result<Image> image = build({*network}, folder.path(), tools.toolchain, build_options);
  if (!image) return image.diagnostics();
  if (!options.keep.empty())
    if (const Result<Nothing> kept = keep_image(*image, options.keep, group.name); !kept)
      return kept.diagnostics();
  const Result<CountedImage> counted =
      count_image(*image, tools, *network, {made.inputs, made.inputs});
  if (!counted) return counted.diagnostics();

  std::map<std::size_t, std::size_t> case_of_call;
  for (std::size_t i = 0; i < group.cases.size(); ++i)
    for (const std::size_t call : calls_that_make(made.outputs[i], *program))
      case_of_call[call] = i;
  add_counts(*counted, cycles_of(*counted, tools, folder.path()), case_of_call, *results);
  const std::vector<TensorValue> expected = interpret(made.graph, made.inputs);
  for (const Values& outputs : counted->counted.run.outputs)  // of the warm-up too
    for (std::size_t i = 0; i < outputs.size(); ++i)
      if ((*results)[i].difference.empty())
        (*results)[i].difference = first_difference(outputs[i], expected[i]);
  return results;
}

// The cases that the filter leaves, and what is known of them.
Result<std::vector<BenchCase>> filtered_cases(const std::string& filter) {
  std::vector<BenchCase> cases = bench_cases();
  const Result<std::vector<KernelResult>> known = describe_cases(cases);
  if (!known) return known.diagnostics();
  std::vector<BenchCase> left;
  for (std::size_t i = 0; i < cases.size(); ++i) {
    const KernelResult& result = (*known)[i];
    if (result.name.find(filter) != std::string::npos ||
        result.kernel.find(filter) != std::string::npos)
      left.push_back(std::move(cases[i]));
  }
  if (left.empty())  // E507: --filter leaves nothing to do
    return Diagnostic{"E507",
                      {},
                      {},
                      fmt::format("no kernel and no shape has '{}' in its name", filter),
                      "linnet bench kernels without --filter shows them all"};
  return left;
}

}  // namespace

bool BenchReport::bit_exact() const {
  return std::all_of(results.begin(), results.end(),
                     [](const KernelResult& result) { return result.difference.empty(); });
}

Result<BenchReport> bench_kernels(const BenchOptions& options,
                                  const std::function<void(std::string_view what)>& progress) {
  const Result<std::vector<BenchCase>> cases = filtered_cases(options.filter);
  if (!cases) return cases.diagnostics();
  const Result<ProfileTools> tools = find_profile_tools(options.optimization);
  if (!tools) return tools.diagnostics();
  Result<std::vector<KernelResult>> results = describe_cases(*cases);
  if (!results) return results.diagnostics();
  if (progress) progress("build and run in the emulator");

  const std::vector<BenchGroup> groups = groups_of(*cases, *results);
  std::vector<std::future<Result<std::vector<KernelResult>>>> running;
  for (const BenchGroup& group : groups)
    running.push_back(
        std::async(std::launch::async, [&] { return run_group(group, *tools, options); }));
  Diagnostics diagnostics;
  for (std::size_t g = 0; g < groups.size(); ++g) {
    const Result<std::vector<KernelResult>> done = running[g].get();
    if (!done) {
      diagnostics.insert(diagnostics.end(), done.diagnostics().begin(), done.diagnostics().end());
      continue;
    }
    for (std::size_t i = 0; i < groups[g].places.size(); ++i)
      (*results)[groups[g].places[i]] = (*done)[i];
  }
  if (!diagnostics.empty()) return diagnostics;
  BenchReport report;
  report.machine = tools->toolchain.description;
  report.results = *std::move(results);
  return report;
}

}  // namespace linnet
