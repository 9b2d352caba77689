// linnet profile: compile, build, count in the emulator; the work is in compiler/profile/profile.cpp.
#include "compiler/profile/profile.h"

#include <fmt/format.h>

#include "compiler/cli/commands.h"

namespace linnet {

int run_profile(const CommandLine& command) {
  bool dumped = false;
  const Result<ProfileReport> report =
      profile(command.compile, command.profile, make_hooks(command, dumped));
  end_progress();
  if (!report) return fail(command, report.diagnostics());
  note_missing_dump(command, dumped);
  if (command.json) {
    fmt::print("{}", to_json(*report));
  } else if (!command.quiet) {
    fmt::print("{}", to_text(*report, command.all_layers));
  }
  return 0;
}

}  // namespace linnet
