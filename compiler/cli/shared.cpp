// What the subcommands share; see commands.h.
#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>

#include "compiler/cli/commands.h"

namespace linnet {
namespace {

bool stderr_is_terminal() { return ::isatty(STDERR_FILENO) != 0; }

}  // namespace

int fail(const CommandLine& command, const Diagnostics& diagnostics) {
  end_progress();
  fmt::print(stderr, "{}", format(diagnostics, command.compile.model.filename().string()));
  return exit_code(diagnostics);
}

PipelineHooks make_hooks(const CommandLine& command) {
  PipelineHooks hooks;
  hooks.dump_after = command.dump_after;
  hooks.dump = [](const std::string& text) { fmt::print("{}", text); };
  if (!command.quiet && stderr_is_terminal()) {
    hooks.progress = [](std::string_view what) {
      fmt::print(stderr, "\r\033[K{} ...", what);
      std::fflush(stderr);
    };
  }
  return hooks;
}

void end_progress() {
  if (!stderr_is_terminal()) return;
  fmt::print(stderr, "\r\033[K");
  std::fflush(stderr);
}

}  // namespace linnet
