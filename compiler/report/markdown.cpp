// The report for a pull request: short tables that GitHub and GitLab render, long ones folded away. A comment there holds 65,536
// characters, so of a large network only the layers that cost most are listed.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <numeric>

#include "compiler/cli/parse_values.h"
#include "compiler/emit/text.h"
#include "compiler/report/page.h"
#include "compiler/report/page_text.h"
#include "compiler/support/markdown.h"

namespace linnet {
namespace {

using Out = std::back_insert_iterator<std::string>;

constexpr std::size_t kMostLayers = 40;
constexpr std::size_t kMostName = 80;

std::string short_code(const std::string& name) {
  std::string text = clean_name(name);
  if (text.size() <= kMostName) return markdown_code(text);
  std::size_t end = kMostName;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
  return markdown_code(text.substr(0, end) + "...");
}

std::string plain(const std::string& text) { return markdown_text(clean_name(text)); }

std::string limit_text(std::int64_t used, const std::optional<std::int64_t>& limit) {
  if (!limit) return "| - | - |";
  const bool over = used > *limit;
  return fmt::format("| {} | {}{}{} |", readable_bytes(*limit), over ? "**" : "",
                     share_text(static_cast<double>(used), static_cast<double>(*limit)),
                     over ? ", over**" : "");
}

void write_memory(Out out, const Report& report, const ReportPage& page) {
  fmt::format_to(out, "| memory | used | of | |\n|---|---:|---:|---:|\n");
  for (const ReportBank& bank : report.banks) {
    if (bank.used_bytes > 0)
      fmt::format_to(out, "| {} | {} {}\n", short_code(bank.name), readable_bytes(bank.used_bytes),
                     limit_text(bank.used_bytes, bank.size_bytes));
  }
  fmt::format_to(out, "| stack | {} | - | - |\n", readable_bytes(report.stack_bytes));
  fmt::format_to(out, "| **RAM** | **{}** {}\n", readable_bytes(report.ram_bytes()),
                 limit_text(report.ram_bytes(), page.ram_limit));
  fmt::format_to(out, "| **flash** | **{}** {}\n\n", readable_bytes(report.flash_bytes()),
                 limit_text(report.flash_bytes(), page.flash_limit));
  fmt::format_to(out, "Flash: weights {}, tables {}, schedule {}, code {}{}. ",
                 readable_bytes(report.weights_bytes), readable_bytes(report.tables_bytes),
                 readable_bytes(report.schedule_bytes), readable_bytes(report.code_bytes),
                 report.labels > 0 ? ", labels " + readable_bytes(report.labels_bytes) : "");
  fmt::format_to(out, "Arenas {}, lower bound {}, by whole tensors {}.\n\n",
                 readable_bytes(report.arena_bytes), readable_bytes(report.lower_bound_bytes),
                 readable_bytes(report.whole_tensor_bytes));
}

void write_speed(Out out, const ReportPage& page) {
  const Report& report = page.report;
  fmt::format_to(out, "{} parameters, {} MACs, {}.", readable_count(report.parameters),
                 readable_count(report.macs), counted(report.layers.size(), "layer"));
  if (page.profile)
    fmt::format_to(out, " **{} instructions** (counted), {} cycles (a model, no measurement).",
                   readable_count(page.profile->instructions),
                   readable_count(std::llround(page.profile->cycles)));
  fmt::format_to(out, "\n\n");
}

void write_findings(Out out, const ReportPage& page) {
  if (page.findings.empty()) return;
  fmt::format_to(out, "### What to change to save most\n\n");
  for (const Finding& finding : page.findings) {
    fmt::format_to(out, "- **{}**", finding.kind);
    if (finding.layer) {
      const ReportLayer& layer = page.report.layers[*finding.layer];
      fmt::format_to(out, ", layer {} {} ({})", *finding.layer, short_code(layer.name),
                     plain(layer.op));
    }
    fmt::format_to(out, ": {} {}\n", plain(finding.what), plain(finding.remedy));
  }
  fmt::format_to(out, "\n");
}

// The most instructions, or MACs, first; in order of the network when all are shown.
std::vector<std::size_t> shown_layers(const ReportPage& page) {
  std::vector<std::size_t> shown(page.report.layers.size());
  std::iota(shown.begin(), shown.end(), std::size_t{0});
  if (shown.size() <= kMostLayers) return shown;
  const auto cost = [&](std::size_t i) {
    return page.profile ? page.profile->layers[i].instructions : page.report.layers[i].macs;
  };
  std::stable_sort(shown.begin(), shown.end(),
                   [&](std::size_t a, std::size_t b) { return cost(a) > cost(b); });
  shown.resize(kMostLayers);
  return shown;
}

void write_layers(Out out, const ReportPage& page) {
  const Report& report = page.report;
  const std::vector<std::size_t> shown = shown_layers(page);
  const bool all = shown.size() == report.layers.size();
  fmt::format_to(out, "<details>\n<summary>{}</summary>\n\n",
                 all ? fmt::format("Layers ({})", report.layers.size())
                     : fmt::format("The {} of {} layers with the most {}", shown.size(),
                                   report.layers.size(), page.profile ? "instructions" : "MACs"));
  const bool quality = !page.quality.empty();
  fmt::format_to(out,
                 "| # | layer | operator | kernel | output | MACs |{} weights | scale, zero |{}\n",
                 page.profile ? " instructions | cycles (model) |" : "", quality ? " SQNR |" : "");
  fmt::format_to(out, "|---:|---|---|---|---|---:|{}---:|---|{}\n",
                 page.profile ? "---:|---:|" : "", quality ? "---:|" : "");
  for (const std::size_t i : shown) {
    const ReportLayer& layer = report.layers[i];
    fmt::format_to(out, "| {} | {} | {} | {} | {} | {} |", i, short_code(layer.name),
                   plain(layer.op), short_code(layer.kernel), to_string(layer.output_shape),
                   readable_count(layer.macs));
    if (page.profile)
      fmt::format_to(out, " {} | {} |", readable_count(page.profile->layers[i].instructions),
                     readable_count(std::llround(page.profile->layers[i].cycles)));
    fmt::format_to(out, " {} | {} |", readable_bytes(layer.weights_bytes),
                   layer.scale ? fmt::format("{:.4g}, {}", *layer.scale, layer.zero_point) : "-");
    if (quality)
      fmt::format_to(out, " {} |", page.quality[i] ? decibels(page.quality[i]->sqnr_db) : "-");
    fmt::format_to(out, "\n");
  }
  fmt::format_to(out, "\n</details>\n\n");
}

void write_graphs(Out out, const ReportPage& page) {
  if (!page.graphs) return;
  fmt::format_to(out, "<details>\n<summary>Operators before and after the passes</summary>\n\n");
  fmt::format_to(out, "| operator | imported | after |\n|---|---:|---:|\n");
  for (const OperatorCount& count : page.graphs->operators)
    fmt::format_to(out, "| {} | {} | {} |\n", plain(count.op), count.before, count.after);
  fmt::format_to(out, "\n</details>\n\n");
}

}  // namespace

std::string to_markdown(const ReportPage& page) {
  const Report& report = page.report;
  std::string text;
  const Out out = std::back_inserter(text);
  fmt::format_to(out, "## {}: {} for {}\n\n", short_code(report.name), report.dtype,
                 plain(report.target));
  for (const Diagnostic& diagnostic : page.missed)
    fmt::format_to(out, "> **A budget is not met.** {}\n\n", plain(format(diagnostic)));
  write_memory(out, report, page);
  write_speed(out, page);
  write_findings(out, page);
  write_layers(out, page);
  write_graphs(out, page);
  fmt::format_to(out, "<sub>linnet {}, model {}{}</sub>\n", report.tool_version,
                 report.sha256.substr(0, 12),
                 page.quality_data.empty() ? "" : ", SQNR on " + plain(page.quality_data));
  return text;
}

}  // namespace linnet
