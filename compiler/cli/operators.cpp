// linnet operators: the ONNX operators that are imported, as a list, as JSON, or as docs/operators.md.
//
//   Conv                 6-21    int8 float   One or two spatial axes; any groups ...
#include <fmt/format.h>

#include <algorithm>

#include "compiler/cli/commands.h"
#include "compiler/emit/render.h"
#include "compiler/ops/operator_table.h"
#include "compiler/support/json.h"

namespace linnet {
namespace {

struct OperatorRow {
  std::string_view domain;
  const OperatorEntry* entry = nullptr;
  OperatorKernels kernels;
};

// Rows of one domain, or of both when it is not given; by name.
std::vector<OperatorRow> operator_rows(std::string_view topic) {
  std::vector<OperatorRow> rows;
  for (const OperatorSet& set : operator_sets()) {
    for (const OperatorEntry& entry : set.entries) {
      if (topic.empty() || entry.op_type == topic)
        rows.push_back({set.domain, &entry, kernels_of(entry.forms)});
    }
  }
  std::sort(rows.begin(), rows.end(), [](const OperatorRow& a, const OperatorRow& b) {
    return std::pair(a.domain, a.entry->op_type) < std::pair(b.domain, b.entry->op_type);
  });
  return rows;
}

std::string versions(const OperatorRow& row, const char* between) {
  if (!row.domain.empty()) return std::to_string(row.entry->since);
  const std::int64_t first = std::max<std::int64_t>(row.entry->since, kOldestOpset);
  const std::int64_t last = row.entry->until != 0 ? row.entry->until : kNewestOpset;
  return fmt::format("{}{}{}", first, between, last);
}

// What is left of the operator on the device, in a word or two.
std::string device_form(const OperatorRow& row) {
  switch (row.entry->leaves) {
    case Leaves::nothing: return "no code";
    case Leaves::constants: return "constants";
    case Leaves::kernels: break;
  }
  if (row.kernels.float32.empty()) return "int8";
  return row.kernels.int8.empty() ? "float" : "int8, float";
}

std::string kernel_names(const std::vector<std::string_view>& names, std::string_view quote) {
  std::string text;
  for (const std::string_view name : names)
    text += fmt::format("{}{}{}{}", text.empty() ? "" : ", ", quote, name, quote);
  return text;
}

void print_operators(const std::vector<OperatorRow>& rows, bool with_kernels) {
  for (const OperatorRow& row : rows) {
    const std::string name = row.domain.empty()
                                 ? std::string(row.entry->op_type)
                                 : fmt::format("{}.{}", row.domain, row.entry->op_type);
    std::string line = fmt::format("{:<38} {:<6} {:<12} {}", name, versions(row, "-"),
                                   device_form(row), row.entry->limits);
    line.erase(line.find_last_not_of(' ') + 1);
    fmt::print("{}\n", line);
    if (!with_kernels) continue;
    if (!row.kernels.int8.empty()) fmt::print("  int8   {}\n", kernel_names(row.kernels.int8, ""));
    if (!row.kernels.float32.empty())
      fmt::print("  float  {}\n", kernel_names(row.kernels.float32, ""));
  }
}

std::string operator_rows_json(const std::vector<OperatorRow>& rows) {
  const auto strings = [](const std::vector<std::string_view>& views) {
    return std::vector<std::string>(views.begin(), views.end());
  };
  Json::Array list;
  for (const OperatorRow& row : rows) {
    const bool own = row.domain.empty();
    const OperatorEntry& entry = *row.entry;
    list.push_back(Json::object(
        {{"operator", std::string(entry.op_type)},
         {"domain", own ? std::string("ai.onnx") : std::string(row.domain)},
         {"first_opset", own ? std::max<std::int64_t>(entry.since, kOldestOpset) : entry.since},
         {"last_opset", own ? (entry.until != 0 ? entry.until : kNewestOpset) : entry.since},
         {"constants_only", entry.leaves == Leaves::constants},
         {"no_code", entry.leaves != Leaves::kernels},
         {"int8_kernels", strings(row.kernels.int8)},
         {"float_kernels", strings(row.kernels.float32)},
         {"limits", std::string(entry.limits)}}));
  }
  return to_text(Json::object({{"operators", Json(std::move(list))}})) + "\n";
}

std::string operators_page(const std::vector<OperatorRow>& rows) {
  TemplateList own, microsoft, kernels, constants;
  for (const OperatorRow& row : rows) {
    TemplateData data;
    data.set("name", std::string(row.entry->op_type))
        .set("opsets", versions(row, " to "))
        .set("limits", std::string(row.entry->limits))
        .set("device", device_form(row))
        .set("int8", kernel_names(row.kernels.int8, "`"))
        .set("float32", kernel_names(row.kernels.float32, "`"));
    if (row.entry->leaves == Leaves::constants) {
      constants.push_back(data);
      continue;
    }
    (row.domain.empty() ? own : microsoft).push_back(data);
    if (row.entry->leaves == Leaves::kernels && row.domain.empty()) kernels.push_back(data);
  }
  return render("docs/operators.md", TemplateData()
                                         .set("oldest", kOldestOpset)
                                         .set("newest", kNewestOpset)
                                         .set("own", std::move(own))
                                         .set("microsoft", std::move(microsoft))
                                         .set("constants", std::move(constants))
                                         .set("kernels", std::move(kernels)));
}

}  // namespace

int run_operators(const CommandLine& command) {
  const std::vector<OperatorRow> rows = operator_rows(command.markdown ? "" : command.topic);
  if (command.markdown) {
    fmt::print("{}", operators_page(rows));
  } else if (command.json) {
    fmt::print("{}", operator_rows_json(rows));
  } else {
    print_operators(rows, !command.topic.empty());
  }
  return 0;
}

}  // namespace linnet
