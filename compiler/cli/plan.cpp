// linnet plan: the trade of RAM against kernel calls as a table, and the chosen plan as a picture.
#include "compiler/plan/plan.h"

#include <fmt/format.h>

#include "compiler/cli/commands.h"
#include "compiler/emit/text.h"
#include "compiler/plan/draw.h"
#include "compiler/support/json.h"
#include "compiler/support/write_files.h"

namespace linnet {
namespace {

// What a kernel call costs besides its rows: call, loop and the kernel's own beginning. Instructions on a Cortex-M7, measured
// with `linnet profile` on plans of the reference networks by rows and by whole tensors.
constexpr std::int64_t kInstructionsOfCall = 80;

std::int64_t overhead_instructions(const Plan& plan) {
  return kInstructionsOfCall * static_cast<std::int64_t>(plan.kernel_calls());
}

Json point_of(const Plan& plan) {
  return Json::object({{"arena_bytes", plan.arena_bytes},
                       {"lower_bound_bytes", plan.lower_bound_bytes},
                       {"segments", plan.segments.size()},
                       {"kernel_calls", plan.kernel_calls()},
                       {"overhead_instructions_model", overhead_instructions(plan)}});
}

bool same_plan(const Plan& a, const Plan& b) {
  return a.arena_bytes == b.arena_bytes && a.kernel_calls() == b.kernel_calls();
}

void print_table(const Compiled& made, const std::vector<Plan>& front) {
  fmt::print("{} for {}: what RAM buys\n\n", made.report.name, made.report.target);
  fmt::print("  {:>10}  {:>11}  {:>8}  {:>12}  {:>20}\n", "arenas", "lower bound", "segments",
             "kernel calls", "overhead of calls");
  bool marked = false;
  for (const Plan& plan : front) {
    const bool chosen = !marked && same_plan(plan, made.plan);
    marked = marked || chosen;
    fmt::print("  {:>10}  {:>11}  {:>8}  {:>12}  {:>7} instructions{}\n",
               readable_bytes(plan.arena_bytes), readable_bytes(plan.lower_bound_bytes),
               plan.segments.size(), plan.kernel_calls(), overhead_instructions(plan),
               chosen ? "  <- compile takes this" : "");
  }
  if (!marked) {
    fmt::print("\n  compile takes {} in {} segments, {} kernel calls\n",
               readable_bytes(made.plan.arena_bytes), made.plan.segments.size(),
               made.plan.kernel_calls());
  }
  fmt::print("\nstack {} B more. --ram BYTES takes the fewest calls within a budget.\n",
             made.report.stack_bytes);
}

}  // namespace

int run_plan(const CommandLine& command) {
  bool dumped = false;
  const Result<Compiled> made = compile_network(command.compile, make_hooks(command, dumped));
  end_progress();
  if (!made) return fail(command, made.diagnostics());
  note_missing_dump(command, dumped);
  if (!command.output.empty()) {
    const Result<Nothing> written =
        replace_file(command.output, draw_svg(made->program, made->plan, made->target));
    if (!written) return fail(command, written.diagnostics());
  }
  if (command.quiet && !command.json) return 0;
  const PlanOptions options = complete_plan_options(command.compile.plan, *made);
  const std::vector<Plan> front = pareto_front(made->program, made->target, options);
  if (command.json) {
    Json::Array list;
    for (const Plan& plan : front) list.push_back(point_of(plan));
    fmt::print("{}", to_text(Json::object({{"name", made->report.name},
                                           {"target", made->report.target},
                                           {"chosen", point_of(made->plan)},
                                           {"front", std::move(list)}})));
    return 0;
  }
  print_table(*made, front);
  if (!command.output.empty()) fmt::print("drew the plan: {}\n", command.output.string());
  return 0;
}

}  // namespace linnet
