// linnet bench kernels: the work is in compiler/bench/bench.cpp.
#include "compiler/bench/bench.h"

#include <fmt/format.h>

#include "compiler/cli/commands.h"

namespace linnet {

int run_bench(const CommandLine& command) {
  bool dumped = false;
  const Result<BenchReport> report =
      bench_kernels(command.bench, make_hooks(command, dumped).progress);
  end_progress();
  if (!report) return fail(command, report.diagnostics());
  if (command.json) {
    fmt::print("{}", to_json(*report));
  } else if (!command.quiet) {
    fmt::print("{}", to_text(*report));
  }
  for (const KernelResult& result : report->results)
    if (!result.difference.empty())
      fmt::print(stderr, "linnet: {} on {} ({}): {}\n", result.kernel, result.name, result.shapes,
                 result.difference);
  return report->bit_exact() ? 0 : 1;
}

}  // namespace linnet
