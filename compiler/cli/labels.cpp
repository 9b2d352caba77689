// linnet labels: other labels for a network that is compiled already.
#include <fmt/format.h>

#include <fstream>
#include <iterator>

#include "compiler/cli/commands.h"
#include "compiler/emit/labels.h"
#include "compiler/emit/package.h"
#include "compiler/emit/report.h"
#include "compiler/support/write_files.h"
#include "compiler/support/zip.h"

namespace linnet {
namespace {

// E286: a folder whose network has no labels to replace.
Result<Nothing> check_folder(const Report& report, const std::filesystem::path& folder) {
  if (report.labels > 0) return ok();
  return Diagnostic{"E286", "", "",
                    fmt::format("the network in '{}' was compiled without labels", folder.string()),
                    "compile it with --labels first"};
}

// The archive of a package holds the labels too: made anew of what is in the folder and the new `files`.
Result<Nothing> add_archive(const std::filesystem::path& folder, Files& files) {
  std::string archive;
  Files content;
  for (const std::string& name : written_before(folder)) {
    if (name.ends_with(kArchiveSuffix)) {
      archive = name;
      continue;
    }
    std::ifstream file(folder / name, std::ios::binary);
    if (!file)  // E505: as where the folder's sources are read
      return Diagnostic{"E505", "", "", fmt::format("'{}' is missing", name),
                        "compile the model again"};
    content[name] = std::string(std::istreambuf_iterator<char>(file), {});
  }
  if (archive.empty()) return ok();
  for (const auto& [name, text] : files) content[name] = text;
  files[archive] = zip_archive(content);
  return ok();
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
  Files files =
      placed_sources(report->package, report->name, emit_labels(report->name, banks, *labels));
  files["report.json"] = to_json(*report);
  if (const Result<Nothing> good = add_archive(command.output, files); !good)
    return good.diagnostics();
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
