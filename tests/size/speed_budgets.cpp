// See speed_budgets.h.
#include "tests/size/speed_budgets.h"

#include <fmt/format.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>

#include "compiler/support/json.h"

namespace linnet::testing {
namespace {

constexpr const char* kAdopt = "adopt it with tools/adopt-speed-budgets";

std::filesystem::path budgets_path() {
  return std::filesystem::path(LINNET_SOURCE_DIR) / "tests/size/speed_budgets.json";
}

Json read_file() {
  std::ifstream file(budgets_path(), std::ios::binary);
  if (!file) return Json::object();
  const std::string text(std::istreambuf_iterator<char>(file), {});
  const Result<Json> json = parse_json(text);
  if (!json) throw std::runtime_error(format(json.diagnostics(), budgets_path().string()));
  return *json;
}

Json section_json(const Instructions& instructions) {
  Json section = Json::object();
  for (const auto& [name, count] : instructions) section.set(name, count);
  return section;
}

}  // namespace

BudgetFindings compare_speed(const Instructions& budgets, const Instructions& measured) {
  BudgetFindings findings;
  for (const auto& [name, count] : measured) {
    const auto found = budgets.find(name);
    if (found == budgets.end()) {
      findings.failures.push_back(
          fmt::format("{} takes {} instructions and has no budget; {}", name, count, kAdopt));
      continue;
    }
    const std::int64_t budget = found->second;
    const double percent = 100 * static_cast<double>(count - budget) / static_cast<double>(budget);
    if (100 * count > 101 * budget) {
      findings.failures.push_back(
          fmt::format("{} takes {} instructions, {:.2f} % more than its budget of {}; make it as "
                      "fast as it was, or, where the price is right, {}",
                      name, count, percent, budget, kAdopt));
    } else if (100 * count < 99 * budget) {
      findings.notes.push_back(
          fmt::format("{} takes {} instructions, {:.2f} % less than its budget of {}: adopt the "
                      "new figure with tools/adopt-speed-budgets",
                      name, count, -percent, budget));
    }
  }
  for (const auto& [name, budget] : budgets)
    if (!measured.contains(name))
      findings.failures.push_back(
          fmt::format("{} has a budget of {} and is no longer measured; {}", name, budget, kAdopt));
  return findings;
}

Instructions read_speed_budgets(const std::string& section) {
  Instructions budgets;
  const Json file = read_file();
  if (const Json* found = file.find(section))
    for (const auto& [name, count] : found->members()) budgets[name] = count.integer();
  return budgets;
}

void write_speed_budgets(const std::string& section, const Instructions& measured) {
  Json written = Json::object();
  for (const char* name : {"kernels", "networks"})
    written.set(name, section_json(name == section ? measured : read_speed_budgets(name)));
  std::ofstream(budgets_path(), std::ios::binary) << to_text(written) << '\n';
}

bool adopting_speed_budgets() {
  return std::getenv("LINNET_ADOPT_SPEED_BUDGETS") != nullptr;  // NOLINT(concurrency-mt-unsafe)
}

}  // namespace linnet::testing
