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

PipelineHooks make_hooks(const CommandLine& command, bool& dumped) {
  PipelineHooks hooks;
  hooks.dump_after = command.dump_after;
  std::FILE* stream = command.json ? stderr : stdout;
  hooks.dump = [stream, &dumped](const std::string& text) {
    fmt::print(stream, "{}", text);
    dumped = true;
  };
  if (!command.quiet && stderr_is_terminal()) {
    hooks.progress = [](std::string_view what) {
      fmt::print(stderr, "\r\033[K{} ...", what);
      std::fflush(stderr);
    };
  }
  return hooks;
}

void note_missing_dump(const CommandLine& command, bool dumped) {
  if (command.dump_after.empty() || dumped || command.quiet) return;
  fmt::print(stderr, "note: --dump-after {} shows nothing: this run has no such stage\n",
             command.dump_after);
}

void end_progress() {
  if (!stderr_is_terminal()) return;
  fmt::print(stderr, "\r\033[K");
  std::fflush(stderr);
}

}  // namespace linnet
