// linnet size: measure, compare with the baseline or adopt; the work is in compiler/size.
#include "compiler/size/size.h"

#include <fmt/format.h>

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

// The networks of the command line, with the options that all of them share.
std::vector<CompileOptions> networks_of(const CommandLine& command) {
  std::vector<CompileOptions> networks;
  for (const fs::path& path : command.size.networks) {
    networks.push_back(command.compile);
    networks.back().model = path;
  }
  return networks;
}

int fail_size(const Diagnostics& diagnostics) {
  end_progress();
  fmt::print(stderr, "{}", format(diagnostics));
  return exit_code(diagnostics);
}

// An absent baseline is empty where it is about to be written.
Result<Baseline> baseline_for(const SizeOptions& options) {
  std::error_code ignored;
  if (options.update && !fs::exists(options.baseline, ignored)) return Baseline();
  return read_baseline(options.baseline);
}

int adopt(const CommandLine& command, const SizeComparison& comparison, Baseline baseline) {
  const std::string path = command.size.baseline.string();
  const std::string before = baseline_text(baseline);
  const bool is_new = baseline.empty();
  for (const NetworkComparison& network : comparison.networks)
    baseline[network.now.name] = network.now;
  const std::string after = baseline_text(baseline);
  if (is_new || before != after)
    if (const Result<Nothing> written = replace_file(command.size.baseline, after); !written)
      return fail_size(written.diagnostics());
  if (command.quiet) return 0;
  for (const NetworkComparison& network : comparison.networks) {
    if (network.verdict == SizeVerdict::unchanged) continue;
    const NetworkSize& now = network.now;
    if (!network.before) {
      fmt::print("{}: new, flash {} bytes, RAM {} bytes\n", now.name,
                 readable_count(now.flash_bytes()), readable_count(now.ram_bytes()));
      continue;
    }
    const NetworkSize& old = *network.before;
    fmt::print("{}: flash {} -> {} bytes, RAM {} -> {} bytes\n", now.name,
               readable_count(old.flash_bytes()), readable_count(now.flash_bytes()),
               readable_count(old.ram_bytes()), readable_count(now.ram_bytes()));
  }
  if (is_new || before != after)
    fmt::print("wrote {}: {}", path, size_summary(comparison));
  else
    fmt::print("{} has nothing to adopt: {}", path, size_summary(comparison));
  return 0;
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
    if (!read) return fail_size(read.diagnostics());
    baseline = *std::move(read);
  }
  bool dumped = false;
  const Result<std::vector<NetworkSize>> sizes =
      measure_sizes(networks_of(command), make_hooks(command, dumped));
  end_progress();
  if (!sizes) return fail_size(sizes.diagnostics());
  note_missing_dump(command, dumped);
  const SizeComparison comparison =
      compare_sizes(*sizes, has_baseline ? &baseline : nullptr, options.tolerance);
  if (options.update) return adopt(command, comparison, std::move(baseline));
  note_other_toolchains(command, comparison);
  if (const Result<Nothing> shown = show(command, comparison); !shown)
    return fail_size(shown.diagnostics());
  std::fflush(stdout);
  const Diagnostics faults = faults_of(comparison);
  if (options.format != SizeFormat::github)
    fmt::print(stderr, "{}", format(faults, options.baseline.string()));
  return exit_code(faults);
}

}  // namespace linnet
