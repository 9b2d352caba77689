// linnet compile: the pipeline, then the files on disk, then a short summary.
#include <fmt/format.h>

#include "compiler/cli/commands.h"
#include "compiler/cli/parse_values.h"
#include "compiler/cli/summary.h"
#include "compiler/support/write_files.h"

namespace linnet {
namespace {

// What int8 would need, for the user who compiled float.
void print_int8_hint(const Compiled& made) {
  const Result<Graph> graph = guess_int8(made.float_graph);
  if (!graph) return;
  const Target unlimited{"any", {MemoryBank{"ram", {}, 0, true}}, {}, 0};
  const Result<PlannedProgram> planned = lower_and_plan(*graph, unlimited);
  if (!planned) return;
  std::int64_t weights = 0;
  for (const Constant& constant : planned->program.constants) {
    weights += static_cast<std::int64_t>(constant.bytes.size());
  }
  fmt::print(
      "\nThis is float32. In int8 the arenas would take about {} instead of {}, weights and tables "
      "{} instead\n"
      "of {}. For that, give some typical inputs: --calibrate FOLDER (pictures, .npy, "
      "test_data_set_*).\n",
      readable_bytes(planned->plan.arena_bytes), readable_bytes(made.report.arena_bytes),
      readable_bytes(weights),
      readable_bytes(made.report.weights_bytes + made.report.tables_bytes));
}

void print_next_step(const CommandLine& command, const Compiled& made) {
  const std::string& name = made.report.name;
  fmt::print("\nwrote {} files to {}; start reading at {}.hpp\n", made.files.size(),
             command.output.string(), name);
  fmt::print(
      "next: add_subdirectory({}), link {}, and call {}::run(). {}_test_vector.hpp checks a "
      "build.\n",
      command.output.string(), name, name, name);
}

}  // namespace

int run_compile(const CommandLine& command) {
  bool dumped = false;
  const Result<Compiled> made = compile_network(command.compile, make_hooks(command, dumped));
  end_progress();
  if (!made) return fail(command, made.diagnostics());
  note_missing_dump(command, dumped);
  const Result<Nothing> written = write_files(command.output, made->files);
  if (!written) return fail(command, written.diagnostics());
  if (command.json) {
    fmt::print("{}", made->files.at("report.json"));
  } else if (!command.quiet) {
    print_summary(made->report);
    if (!made->samples.empty() && made->int8) {
      fmt::print("  int8    ranges from {} samples\n", made->samples.size());
    }
    if (!made->int8) print_int8_hint(*made);
    print_next_step(command, *made);
  }
  return 0;
}

}  // namespace linnet
