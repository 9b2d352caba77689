// linnet labels: other labels for a network that is compiled already.
#include <fmt/format.h>

#include "compiler/cli/commands.h"
#include "compiler/emit/labels.h"
#include "compiler/emit/report.h"
#include "compiler/support/write_files.h"

namespace linnet {
namespace {

// E286: a folder whose network has no labels to replace.
Result<Nothing> check_folder(const Report& report, const std::filesystem::path& folder) {
  if (report.labels > 0) return ok();
  return Diagnostic{"E286", "", "",
                    fmt::format("the network in '{}' was compiled without labels", folder.string()),
                    "compile it with --labels first"};
}

Result<Report> replace_labels(const CommandLine& command) {
  const Result<LabelSet> labels = read_label_set(command.compile.labels);
  if (!labels) return labels.diagnostics();
  Result<Report> report = read_report(command.output);
  if (!report) return report;
  if (const Result<Nothing> good = check_folder(*report, command.output); !good)
    return good.diagnostics();
  std::int64_t elements = 1;
  for (const std::int64_t size : report->outputs.front().shape) elements *= size;
  if (const Result<Nothing> fits = check_dimension(*labels, elements); !fits)
    return fits.diagnostics();

  std::vector<std::string> banks;
  for (const ReportBank& bank : report->banks) {
    if (bank.used_bytes > 0) banks.push_back(bank.name);
  }
  add_labels(*report, *labels);
  Files files = emit_labels(report->name, banks, *labels);
  files["report.json"] = to_json(*report);
  for (const auto& [name, text] : files) {
    if (const Result<Nothing> written = replace_file(command.output / name, text); !written)
      return written.diagnostics();
  }
  return report;
}

}  // namespace

int run_labels(const CommandLine& command) {
  CommandLine about_labels = command;
  about_labels.compile.model = command.compile.labels;  // what messages are about
  const Result<Report> report = replace_labels(command);
  if (!report) return fail(about_labels, report.diagnostics());
  if (!command.quiet)
    fmt::print("{} labels in {}_labels.cpp; compile that file again\n", report->labels,
               report->name);
  return 0;
}

}  // namespace linnet
