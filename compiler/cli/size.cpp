// linnet size: measure, compare with the baseline or adopt; the work is in compiler/size.
#include "compiler/size/size.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <fstream>

#include "compiler/cli/commands.h"
#include "compiler/cli/parse_values.h"
#include "compiler/size/size_report.h"
#include "compiler/support/write_files.h"

namespace linnet {
namespace {

namespace fs = std::filesystem;

int fail_size(const CommandLine& command, const Diagnostics& diagnostics,
              const std::string& file = {}) {
  end_progress();
  const int code = exit_code(diagnostics);
  fmt::print(stderr, "{}", format(diagnostics, file));
  if (command.json) fmt::print("{}", to_json(diagnostics, file, code));
  return code;
}

bool is_project(const fs::path& path) {
  std::error_code ignored;
  if (!fs::is_directory(path, ignored))
    return path.extension() == ".toml" || path.extension() == ".json";
  return fs::exists(path / "linnet.toml", ignored) || fs::exists(path / "linnet.json", ignored);
}

// Without an argument a project was looked for; who has none may not know of projects.
Diagnostics with_arguments_named(const CommandLine& command, Diagnostics diagnostics) {
  for (Diagnostic& why : diagnostics) {
    if (command.size.networks.empty() && why.code == "E521")
      why.hint = "give a model, or a folder that `linnet compile -o` wrote";
  }
  return diagnostics;
}

// Builds what is out of date in a project; its models' folders.
std::variant<std::vector<fs::path>, int> folders_of_project(const CommandLine& command,
                                                            const fs::path& path) {
  ProjectOptions options;
  options.project = path;
  options.keys = project_keys();
  const BuildResult result = build_project(options);
  if (const auto* failures = std::get_if<std::vector<BuildFailure>>(&result)) {
    int code = 0;
    for (const BuildFailure& failure : *failures)
      code = std::max(code, fail_size(command, with_arguments_named(command, failure.diagnostics),
                                      failure.file));
    return code;
  }
  const Project& project = std::get<BuiltProject>(result).project;
  std::vector<fs::path> folders;
  for (const ProjectModel& model : project.models)
    folders.push_back((project.folder / project.output / model.name).lexically_normal());
  return folders;
}

// The networks of the command line, with the options that its models share.
std::variant<std::vector<CompileOptions>, int> networks_of(const CommandLine& command) {
  std::vector<fs::path> given = command.size.networks;
  if (given.empty() && !command.compile.calibrate.empty()) {
    fmt::print(stderr,
               "MODEL is required; put it before --calibrate, which takes every path behind it\n");
    return 2;
  }
  if (given.empty()) given.emplace_back(".");
  const bool project_here = command.size.networks.empty();
  std::vector<CompileOptions> networks;
  bool models = false;
  for (const fs::path& path : given) {
    std::error_code ignored;
    std::vector<fs::path> paths{path};
    if (project_here || is_project(path)) {
      auto folders = folders_of_project(command, path);
      if (const int* code = std::get_if<int>(&folders)) return *code;
      paths = std::get<0>(std::move(folders));
    } else if (!fs::is_directory(path, ignored)) {
      models = true;
    }
    for (const fs::path& network : paths) {
      networks.push_back(command.compile);
      networks.back().model = network;
    }
  }
  if (!models && !command.quiet)
    for (const std::string& option : command.size.compile_options)
      fmt::print(stderr, "note: {} not used: it is for models, and none is given\n", option);
  return networks;
}

// An absent baseline is empty where it is about to be written.
Result<Baseline> baseline_for(const SizeOptions& options) {
  std::error_code ignored;
  if (options.update && !fs::exists(options.baseline, ignored)) return Baseline();
  return read_baseline(options.baseline);
}

// Entries of networks that are not there any more: they can be told where the command line names a project.
std::vector<std::string> stale_entries(const CommandLine& command, const SizeComparison& comparison,
                                       const Baseline& baseline) {
  const std::vector<fs::path>& given = command.size.networks;
  if (given.size() > 1 || (given.size() == 1 && !is_project(given.front()))) return {};
  std::vector<std::string> stale;
  for (const auto& entry : baseline) {
    const std::string& name = entry.first;
    const bool measured =
        std::any_of(comparison.networks.begin(), comparison.networks.end(),
                    [&](const NetworkComparison& network) { return network.now.name == name; });
    if (!measured) stale.push_back(name);
  }
  return stale;
}

void print_adopted(const SizeComparison& comparison, const std::vector<std::string>& removed) {
  for (const NetworkComparison& network : comparison.networks) {
    const NetworkSize& now = network.now;
    if (!network.before) {
      fmt::print("{}: new, flash {} bytes, RAM {} bytes\n", now.name,
                 readable_count(now.flash_bytes()), readable_count(now.ram_bytes()));
    } else if (network.verdict != SizeVerdict::unchanged) {
      const NetworkSize& old = *network.before;
      fmt::print("{}: flash {} -> {} bytes, RAM {} -> {} bytes\n", now.name,
                 readable_count(old.flash_bytes()), readable_count(now.flash_bytes()),
                 readable_count(old.ram_bytes()), readable_count(now.ram_bytes()));
    }
  }
  for (const std::string& name : removed) fmt::print("{}: removed\n", one_line(name, 80));
}

int adopt(const CommandLine& command, const SizeComparison& comparison, Baseline baseline) {
  const std::vector<std::string> removed = stale_entries(command, comparison, baseline);
  bool changed = !removed.empty();
  for (const std::string& name : removed) baseline.erase(name);
  for (const NetworkComparison& network : comparison.networks) {
    if (network.before && same_entry(*network.before, network.now)) continue;
    baseline[network.now.name] = network.now;
    changed = true;
  }
  if (changed)
    if (const Result<Nothing> written =
            replace_file(command.size.baseline, baseline_text(baseline));
        !written)
      return fail_size(command, written.diagnostics());
  if (command.quiet) return 0;
  print_adopted(comparison, removed);
  const std::string path = command.size.baseline.string();
  fmt::print("{}{}\n", changed ? "wrote " + path : path + " is as it was",
             changed ? ": " + counted(baseline.size(), "network") : "");
  return 0;
}

void note_stale_entries(const CommandLine& command, const SizeComparison& comparison,
                        const Baseline& baseline) {
  if (command.quiet) return;
  for (const std::string& name : stale_entries(command, comparison, baseline))
    fmt::print(stderr, "note: {} also has '{}', which the project has not; --update removes it\n",
               command.size.baseline.string(), one_line(name, 80));
}

// Baselines by another compiler: what they say is hardly comparable.
void note_other_toolchains(const CommandLine& command, const SizeComparison& comparison) {
  if (command.quiet) return;
  std::map<std::string, std::size_t> others;
  for (const NetworkComparison& network : comparison.networks)
    if (network.before && network.before->toolchain != network.now.toolchain)
      ++others[network.before->toolchain];
  for (const auto& [toolchain, count] : others)
    fmt::print(stderr, "note: the baseline of {} was made with {}, here is {}\n",
               counted(count, "network"), one_line(toolchain, 80),
               comparison.networks.front().now.toolchain);
}

// What this job's page at GitHub shows; there is none outside of a workflow.
Result<Nothing> add_to_step_summary(const std::string& markdown) {
  const char* path = std::getenv("GITHUB_STEP_SUMMARY");  // NOLINT(concurrency-mt-unsafe)
  if (path == nullptr || *path == '\0') return ok();
  std::ofstream file(path, std::ios::binary | std::ios::app);
  file << markdown;
  if (file.flush()) return ok();
  return Diagnostic{"E501",
                    {},
                    {},
                    fmt::format("cannot write to '{}'", path),
                    "it is what $GITHUB_STEP_SUMMARY names"};
}

Result<Nothing> show(const CommandLine& command, const SizeComparison& comparison) {
  const SizeOptions& options = command.size;
  if (!options.comment.empty())
    if (Result<Nothing> written = replace_file(options.comment, size_markdown(comparison));
        !written)
      return written;
  if (command.json || options.format == SizeFormat::json) {
    fmt::print("{}", size_json(comparison));
    return ok();
  }
  if (options.format == SizeFormat::github)
    if (Result<Nothing> added = add_to_step_summary(size_markdown(comparison)); !added)
      return added;
  if (command.quiet) return ok();
  switch (options.format) {
    case SizeFormat::markdown: fmt::print("{}", size_markdown(comparison)); return ok();
    case SizeFormat::github: fmt::print("{}", size_annotations(comparison)); break;
    default: fmt::print("{}", size_table(comparison));
  }
  fmt::print("{}", size_summary(comparison));
  return ok();
}

// What the exit code is for; said on stderr where the annotations do not say it.
Diagnostics faults_of(const SizeComparison& comparison) {
  Diagnostics faults;
  if (!comparison.has_baseline) return faults;
  for (const NetworkComparison& network : comparison.networks) {
    if (network.verdict == SizeVerdict::too_large)
      faults.push_back(too_large(network, comparison.tolerance));
    if (network.verdict == SizeVerdict::unknown)
      faults.push_back(not_in_baseline(network.now.name));
  }
  return faults;
}

}  // namespace

int run_size(const CommandLine& command) {
  const SizeOptions& options = command.size;
  const bool has_baseline = !options.baseline.empty();
  Baseline baseline;
  if (has_baseline) {  // first: measuring takes longer than to see that there is none
    Result<Baseline> read = baseline_for(options);
    if (!read) return fail_size(command, read.diagnostics());
    baseline = *std::move(read);
  }
  const auto networks = networks_of(command);
  if (const int* code = std::get_if<int>(&networks)) return *code;
  bool dumped = false;
  const Result<std::vector<NetworkSize>> sizes =
      measure_sizes(std::get<0>(networks), make_hooks(command, dumped));
  end_progress();
  if (!sizes) return fail_size(command, sizes.diagnostics());
  note_missing_dump(command, dumped);
  const SizeComparison comparison =
      compare_sizes(*sizes, has_baseline ? &baseline : nullptr, options.tolerance);
  if (options.update) return adopt(command, comparison, std::move(baseline));
  note_other_toolchains(command, comparison);
  note_stale_entries(command, comparison, baseline);
  if (const Result<Nothing> shown = show(command, comparison); !shown)
    return fail_size(command, shown.diagnostics());
  std::fflush(stdout);
  const Diagnostics faults = faults_of(comparison);
  if (options.format != SizeFormat::github)
    fmt::print(stderr, "{}", format(faults, options.baseline.string()));
  return exit_code(faults);
}

}  // namespace linnet
