// linnet build: the models of a project; see compiler/project/build.h.
#include "compiler/project/build.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "compiler/cli/commands.h"
#include "compiler/cli/describe.h"
#include "compiler/cli/parse_values.h"
#include "compiler/emit/text.h"

namespace linnet {
namespace {

// What concerns a single run, or all models of a project.
constexpr const char* kNotOfModels[] = {"output",         "depfile",    "help", "quiet",
                                        "json",           "dump-after", "name", "package",
                                        "package-vendor", "package-url"};

int fail_build(const CommandLine& command, const std::vector<BuildFailure>& failures) {
  int code = 0;
  for (const BuildFailure& failure : failures) {
    fmt::print(stderr, "{}", format(failure.diagnostics, failure.file));
    code = std::max(code, exit_code(failure.diagnostics));
  }
  if (command.json) fmt::print("{}", to_json(failures, code));
  return code;
}

std::string share(std::int64_t used, const std::optional<std::int64_t>& size) {
  return size ? fmt::format("{} of {}", readable_bytes(used), readable_bytes(*size))
              : readable_bytes(used);
}

void print_build(const BuiltProject& built) {
  fmt::print("{}: {}\n\n", built.project.file.string(), counted(built.models.size(), "model"));
  std::size_t widest = 0;
  for (const BuiltModel& model : built.models) widest = std::max(widest, model.name.size());
  for (const BuiltModel& model : built.models) {
    fmt::print("  {:<{}}  {:<10}  {}, RAM {}, flash {}\n", model.name, widest,
               model.compiled ? "compiled" : "up to date", model.report.dtype,
               readable_bytes(model.report.ram_bytes()),
               readable_bytes(model.report.flash_bytes()));
  }
  for (const TargetTotal& total : built.totals) {
    fmt::print("\n  together, on {}\n    RAM    ", total.target);
    for (const SharedBank& bank : total.banks)
      if (bank.used_bytes > 0)
        fmt::print("{} {}, ", bank.name, share(bank.used_bytes, bank.size_bytes));
    fmt::print("stack {} B\n", total.stack_bytes);
    if (total.saved_bytes > 0)
      fmt::print("           shared arenas save {}\n", readable_bytes(total.saved_bytes));
    fmt::print("    flash  {}\n", share(total.flash_bytes, total.flash_size_bytes));
  }
  const bool changed = std::any_of(built.models.begin(), built.models.end(),
                                   [](const BuiltModel& model) { return model.compiled; });
  if (!changed) return;
  const BuiltModel& first = built.models.front();
  fmt::print(
      "\nnext: add_subdirectory({}), link linnet_models, include linnet_arenas.hpp, and call\n",
      cmake_subdirectory(built.project.folder / built.project.output, "linnet_models"));
  fmt::print("{}::{}(linnet_arenas::{}()).\n", first.name,
             first.report.front_end    ? "push_samples"
             : first.report.input_rows ? "push_row"
                                       : "run",
             first.name);
}

}  // namespace

std::vector<ProjectKey> project_keys() {
  std::vector<ProjectKey> keys;
  for (const CommandText& command : describe_command_line().commands) {
    if (command.name != "compile") continue;
    for (const OptionText& option : command.options) {
      const std::string& name = option.names.back();
      if (option.positional || !name.starts_with("--")) continue;
      ProjectKey key{name.substr(2), option.form, option.many};
      const auto* end = std::end(kNotOfModels);
      if (std::find(std::begin(kNotOfModels), end, key.name) == end) keys.push_back(std::move(key));
    }
  }
  return keys;
}

int run_build(const CommandLine& command) {
  ProjectOptions options = command.build;
  options.keys = project_keys();
  const BuildResult result = build_project(options);
  if (const auto* failures = std::get_if<std::vector<BuildFailure>>(&result))
    return fail_build(command, *failures);
  const auto& built = std::get<BuiltProject>(result);
  if (command.json) {
    fmt::print("{}", to_json(built));
  } else if (!command.quiet) {
    print_build(built);
  }
  return 0;
}

}  // namespace linnet
