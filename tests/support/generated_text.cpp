// See generated_text.h.
#include "tests/support/generated_text.h"

#include <catch2/catch.hpp>

#include "compiler/emit/network_data.h"
#include "compiler/emit/render.h"
#include "compiler/pipeline.h"

namespace linnet::testing {
namespace {

struct Made {
  ModelInfo model;
  PlannedProgram planned;
  TestVector no_vector;
};

Made planned(const Graph& graph, const Target& target, const PlanOptions& options,
             const std::string& name) {
  Result<PlannedProgram> planned = lower_and_plan(graph, target, options);
  if (!planned) FAIL(format(planned.diagnostics()));
  Made made{{}, *std::move(planned), {}};
  made.planned.program.name = name;
  return made;
}

Network network_of(const Graph& graph, const Target& target, const Made& made) {
  return {made.model, graph, made.planned.program, made.planned.plan, target, made.no_vector, 0};
}

}  // namespace

GeneratedText generated_text(const Graph& graph, const Target& target, const PlanOptions& options,
                             const std::string& name) {
  const Made made = planned(graph, target, options, name);
  const TemplateData data =
      network_data(network_of(graph, target, made), {name, false, WeightsFormat::cpp});
  return {render("network.cpp", data), render("network.hpp", data)};
}

Files generated_files(const Graph& graph, const Target& target, const PlanOptions& options,
                      const std::string& name) {
  const Made made = planned(graph, target, options, name);
  return emit(network_of(graph, target, made), {name, true, WeightsFormat::cpp});
}

}  // namespace linnet::testing
