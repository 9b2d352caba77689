// The page: values into templates/report/page.html. Style and scripts are files of their own there, and become part of it.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "compiler/cli/parse_values.h"
#include "compiler/emit/render.h"
#include "compiler/emit/runtime_files.h"
#include "compiler/emit/text.h"
#include "compiler/report/html_parts.h"
#include "compiler/report/page.h"
#include "compiler/report/page_text.h"

namespace linnet {
namespace {

TemplateData tile(const char* label, std::string value, std::string note, bool bad = false) {
  return TemplateData()
      .set("label", label)
      .set("value", std::move(value))
      .set("note", std::move(note))
      .set("bad", bad);
}

bool is_missed(std::int64_t used, const std::optional<std::int64_t>& limit) {
  return limit && used > *limit;
}

std::string of_limit(const std::optional<std::int64_t>& limit, const char* without) {
  return limit ? "of " + readable_bytes(*limit) : without;
}

// The int8 outputs against float: of the least exact layer that makes one.
std::optional<double> output_sqnr(const ReportPage& page) {
  std::optional<double> least;
  for (std::size_t i = 0; i < page.quality.size(); ++i) {
    const auto last_step = static_cast<std::int64_t>(page.report.plan.step_layers.size()) - 1;
    if (!page.quality[i] || page.report.layers[i].last_step != last_step) continue;
    least = std::min(least.value_or(page.quality[i]->sqnr_db), page.quality[i]->sqnr_db);
  }
  return least;
}

TemplateList tiles(const ReportPage& page) {
  const Report& report = page.report;
  TemplateList list;
  list.push_back(tile("RAM", readable_bytes(report.ram_bytes()),
                      of_limit(page.ram_limit, "arenas and stack"),
                      is_missed(report.ram_bytes(), page.ram_limit)));
  list.push_back(tile("flash", readable_bytes(report.flash_bytes()),
                      of_limit(page.flash_limit, "no limit"),
                      is_missed(report.flash_bytes(), page.flash_limit)));
  list.push_back(tile("MACs", readable_count(report.macs), counted(report.layers.size(), "layer")));
  if (page.profile) {
    const ProfileReport& profile = *page.profile;
    const auto a_mac = [&](double value) {
      return profile.macs == 0
                 ? std::string()
                 : fmt::format("{:.2f} a MAC", value / static_cast<double>(profile.macs));
    };
    list.push_back(tile("instructions", readable_count(profile.instructions),
                        "counted; " + a_mac(static_cast<double>(profile.instructions))));
    list.push_back(tile("cycles", readable_count(std::llround(profile.cycles)),
                        "modelled; " + a_mac(profile.cycles)));
  }
  if (const std::optional<double> sqnr = output_sqnr(page))
    list.push_back(tile("int8 against float", decibels(*sqnr), "SQNR of the last layer"));
  return list;
}

// One bar: pieces of a limit, or of what is used when that is more or there is no limit.
struct Piece {
  std::string label;
  std::int64_t bytes = 0;
};

TemplateData bar(const std::string& label, const std::vector<Piece>& pieces,
                 const std::optional<std::int64_t>& limit, bool legend) {
  std::int64_t used = 0;
  for (const Piece& piece : pieces) used += piece.bytes;
  const std::int64_t whole = std::max({limit.value_or(used), used, std::int64_t{1}});
  const auto width = [&](std::int64_t bytes) {
    return fmt::format("{:.2f}", 100 * static_cast<double>(bytes) / static_cast<double>(whole));
  };
  const bool over = is_missed(used, limit);
  std::string text = readable_bytes(used);
  if (over) {
    text +=
        fmt::format(" of {}: {} too many", readable_bytes(*limit), readable_bytes(used - *limit));
  } else if (limit) {
    text += fmt::format(" of {}, {}", readable_bytes(*limit),
                        share_text(static_cast<double>(used), static_cast<double>(*limit)));
  } else {
    text += ", no limit";
  }
  TemplateList parts;
  int number = 0;
  for (const Piece& piece : pieces) {
    parts.push_back(TemplateData()
                        .set("label", clean_name(piece.label))
                        .set("size", readable_bytes(piece.bytes))
                        .set("number", static_cast<std::int64_t>(number++))
                        .set("width", width(piece.bytes)));
  }
  return TemplateData()
      .set("label", clean_name(label))
      .set("text", text)
      .set("over", over)
      .set("limit_at", over ? width(*limit) : std::string("100"))
      .set("legend", legend)
      .set("pieces", std::move(parts));
}

// Of all banks together; none when one has no end.
std::optional<std::int64_t> bytes_of_banks(const Report& report) {
  std::int64_t bytes = 0;
  for (const ReportBank& bank : report.banks) {
    if (!bank.size_bytes) return std::nullopt;
    bytes += *bank.size_bytes;
  }
  return bytes;
}

TemplateList bars(const ReportPage& page) {
  const Report& report = page.report;
  TemplateList list;
  for (const ReportBank& bank : report.banks)
    list.push_back(bar(bank.name, {{"arena", bank.used_bytes}}, bank.size_bytes, false));
  list.push_back(bar("RAM in all", {{"arenas", report.arena_bytes}, {"stack", report.stack_bytes}},
                     page.ram_limit ? page.ram_limit : bytes_of_banks(report), true));
  std::vector<Piece> flash{{"weights", report.weights_bytes},
                           {"tables", report.tables_bytes},
                           {"schedule", report.schedule_bytes},
                           {"code", report.code_bytes}};
  if (report.labels > 0) flash.push_back({"labels", report.labels_bytes});
  list.push_back(bar("flash", flash, page.flash_limit, true));
  return list;
}

TemplateList findings(const ReportPage& page) {
  TemplateList list;
  for (const Finding& finding : page.findings) {
    TemplateList parts;
    for (const std::string& part : finding.parts)
      parts.push_back(TemplateData().set("part", clean_name(part)));
    const bool has_parts = !parts.empty();
    list.push_back(
        TemplateData()
            .set("kind", finding.kind)
            .set("has_layer", finding.layer.has_value())
            .set("index", static_cast<std::int64_t>(finding.layer.value_or(0)))
            .set("layer", finding.layer ? clean_name(page.report.layers[*finding.layer].name) : "")
            .set("op", finding.layer ? page.report.layers[*finding.layer].op : "")
            .set("what", clean_name(finding.what))
            .set("has_parts", has_parts)
            .set("parts", std::move(parts))
            .set("remedy", finding.remedy));
  }
  return list;
}

TemplateList texts(const std::vector<std::string>& lines) {
  TemplateList list;
  for (const std::string& line : lines)
    list.push_back(TemplateData().set("text", clean_name(line)));
  return list;
}

TemplateList missed(const ReportPage& page) {
  std::vector<std::string> lines;
  for (const Diagnostic& diagnostic : page.missed) lines.push_back(format(diagnostic));
  return texts(lines);
}

// "input, i8 1x96x96x3, scale 0.00784, zero point -1"
std::vector<std::string> port_lines(const std::vector<ReportPort>& ports) {
  std::vector<std::string> lines;
  for (const ReportPort& port : ports)
    lines.push_back(
        fmt::format("{}: {}[{}]{}", port.name, port.dtype, to_string(port.shape),
                    port.dtype == "i8" || port.dtype == "u8"
                        ? fmt::format(", scale {:.6g}, zero point {}", port.scale, port.zero_point)
                        : ""));
  return lines;
}

TemplateData facts(const ReportPage& page) {
  const Report& report = page.report;
  TemplateData data;
  data.set("name", clean_name(report.name))
      .set("dtype", report.dtype)
      .set("target", report.target)
      .set("version", report.tool_version)
      .set("sha256", report.sha256)
      .set("producer", clean_name(report.producer))
      .set("opset", report.opset)
      .set("parameters", readable_count(report.parameters))
      .set("inputs", texts(port_lines(report.inputs)))
      .set("outputs", texts(port_lines(report.outputs)))
      .set("has_notes", !report.notes.empty())
      .set("notes", texts(report.notes))
      .set("has_profile", page.profile.has_value())
      .set("machine", page.profile ? page.profile->machine : "")
      .set("has_quality", !page.quality.empty())
      .set("quality_data", clean_name(page.quality_data))
      .set("from_folder", !page.graphs.has_value())
      .set("has_unmeasured", !report.unmeasured_kernels.empty())
      .set("unmeasured", fmt::format("{}", fmt::join(report.unmeasured_kernels, ", ")));
  return data;
}

}  // namespace

std::string to_html(const ReportPage& page) {
  const Report& report = page.report;
  TemplateData data = facts(page);
  data.set("tiles", tiles(page))
      .set("bars", bars(page))
      .set("is_missed", !page.missed.empty())
      .set("missed", missed(page))
      .set("has_findings", !page.findings.empty())
      .set("findings", findings(page))
      .set("arena", readable_bytes(report.arena_bytes))
      .set("lower_bound", readable_bytes(report.lower_bound_bytes))
      .set("whole", readable_bytes(report.whole_tensor_bytes))
      .set("is_bound", report.arena_bytes <= report.lower_bound_bytes)
      .set("above", share_text(static_cast<double>(report.arena_bytes - report.lower_bound_bytes),
                               static_cast<double>(report.lower_bound_bytes)))
      .set("peak_step", report.plan.peak_step)
      .set("peak_layer", clean_name(report.peak_layer))
      .set("steps", static_cast<std::int64_t>(report.plan.step_layers.size()))
      .set("plan_json", json_for_script(plan_data(page)));
  add_layer_table(page, data);
  add_buffer_table(page, data);
  add_graphs(page, data);
  data.set("style", std::string(embedded_text("templates/report/style.css")))
      .set("script", std::string(embedded_text("templates/report/tables.js")) +
                         std::string(embedded_text("templates/report/plan.js")));
  return render("report/page.html", data);
}

}  // namespace linnet
