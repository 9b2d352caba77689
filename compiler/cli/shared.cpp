// What the subcommands share; see commands.h.
#include <fmt/format.h>
#include <unistd.h>

#include <cmath>
#include <cstdio>

#include "compiler/cli/commands.h"

namespace linnet {
namespace {

bool stderr_is_terminal() { return ::isatty(STDERR_FILENO) != 0; }

}  // namespace

int fail(const CommandLine& command, const Diagnostics& diagnostics) {
  end_progress();
  const std::string file = command.compile.model.string();
  const int code = exit_code(diagnostics);
  fmt::print(stderr, "{}", format(diagnostics, file));
  if (stderr_is_terminal() && !diagnostics.empty())
    fmt::print(stderr, "linnet explain {} says more\n", diagnostics.front().code);
  if (command.json) fmt::print("{}", to_json(diagnostics, file, code));
  return code;
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

namespace {

// Frameworks divide by the deviation; --scale multiplies. Pixels are 0 to 255, so nothing sensible makes them larger.
void note_large_scale(const Normalization& normalization) {
  for (const double scale : normalization.scale) {
    if (std::abs(scale) <= 1) continue;
    fmt::print(
        stderr,
        "note: --scale {:.6g} multiplies pixels of 0 to 255; to divide by it give --scale {:.6g}\n",
        scale, 1 / scale);
    return;
  }
}

}  // namespace

void note_picture_options(const CommandLine& command,
                          const std::vector<std::filesystem::path>& paths) {
  const SampleOptions& given = command.compile.samples;
  const SampleOptions unset;
  std::string options;
  const auto add = [&](bool is_given, const char* option) {
    if (is_given) options += (options.empty() ? "" : ", ") + std::string(option);
  };
  add(given.normalization.mean != unset.normalization.mean, "--mean");
  add(given.normalization.scale != unset.normalization.scale, "--scale");
  add(given.resize, "--resize");
  if (command.quiet) return;
  if (holds_pictures(paths)) {
    note_large_scale(given.normalization);
    return;
  }
  if (options.empty()) return;
  fmt::print(stderr, "note: {} not used: only pictures are changed, and none is given\n", options);
}

void end_progress() {
  if (!stderr_is_terminal()) return;
  fmt::print(stderr, "\r\033[K");
  std::fflush(stderr);
}

std::string cmake_subdirectory(const std::filesystem::path& output, const std::string& name) {
  std::filesystem::path folder = output.lexically_normal();
  if (!folder.has_filename()) folder = folder.parent_path();  // "out/"
  const bool below = folder.is_relative() && folder != "." && *folder.begin() != "..";
  if (!below) folder = std::filesystem::absolute(folder).lexically_normal();
  if (!folder.has_filename()) folder = folder.parent_path();
  std::string text = folder.string();
  if (text.find_first_of(" ()#\"\\;$") != std::string::npos) text = "\"" + text + "\"";
  return below ? text : text + " " + name;
}

}  // namespace linnet
