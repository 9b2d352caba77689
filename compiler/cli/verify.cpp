// linnet verify: compile, build, run, compare; the work is in compiler/verify/verify.cpp.
#include "compiler/verify/verify.h"

#include <fmt/format.h>

#include "compiler/cli/commands.h"
#include "compiler/support/write_files.h"

namespace linnet {

int run_verify(const CommandLine& command) {
  bool dumped = false;
  const Result<VerifyReport> report =
      verify(command.compile, command.verify, make_hooks(command, dumped));
  end_progress();
  if (!report) return fail(command, report.diagnostics());
  note_missing_dump(command, dumped);
  std::vector<std::filesystem::path> paths = command.compile.calibrate;
  paths.push_back(command.verify.data);
  note_picture_options(command, paths);
  if (!command.verify.draw.empty()) {
    const Result<WrittenFiles> written = write_files(command.verify.draw, report->drawings);
    if (!written) return fail(command, written.diagnostics());
  }
  if (command.json) {
    fmt::print("{}", to_json(*report));
  } else if (!command.quiet) {
    fmt::print("{}", to_text(*report));
  }
  std::fflush(stdout);
  return report->failures.empty() ? 0 : fail(command, report->failures);
}

}  // namespace linnet
