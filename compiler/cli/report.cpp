// linnet report: one page of what a network costs and why; the work is in compiler/report.
#include <fmt/format.h>

#include <cstdio>

#include "compiler/cli/commands.h"
#include "compiler/cli/parse_values.h"
#include "compiler/emit/text.h"
#include "compiler/report/collect.h"
#include "compiler/support/write_files.h"

namespace linnet {
namespace {

bool wants_markdown(const CommandLine& command) {
  if (!command.page_format.empty()) return command.page_format == "md";
  return command.output.extension() == ".md";
}

void print_written(const CommandLine& command, const ReportPage& page) {
  const Report& report = page.report;
  fmt::print("{}: RAM {}, flash {}", report.name, readable_bytes(report.ram_bytes()),
             readable_bytes(report.flash_bytes()));
  if (page.profile) fmt::print(", {} instructions", readable_count(page.profile->instructions));
  fmt::print("\nwrote {}\n", command.output.string());
}

}  // namespace

int run_report(const CommandLine& command) {
  const bool markdown = wants_markdown(command);
  bool dumped = false;
  ReportOptions options;
  options.profile = command.page_profile;
  options.data = command.verify.data;
  const Result<ReportPage> page =
      collect_page(command.compile, options, make_hooks(command, dumped));
  end_progress();
  if (!page) return fail(command, page.diagnostics());
  note_missing_dump(command, dumped);
  std::vector<std::filesystem::path> paths = command.compile.calibrate;
  paths.push_back(command.verify.data);
  note_picture_options(command, paths);
  if (!command.output.empty()) {
    const Result<Nothing> written =
        replace_file(command.output, markdown ? to_markdown(*page) : to_html(*page));
    if (!written) return fail(command, written.diagnostics());
  }
  if (command.json) {
    fmt::print("{}", to_json(*page));
  } else if (command.output.empty()) {
    fmt::print("{}", to_markdown(*page));
  } else if (!command.quiet) {
    print_written(command, *page);
  }
  std::fflush(stdout);
  if (page->missed.empty()) return 0;
  fmt::print(stderr, "{}", format(page->missed, command.compile.model.string()));
  return exit_code(page->missed);
}

}  // namespace linnet
