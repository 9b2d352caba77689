// The file of speed budgets, tests/size/speed_budgets.json: instructions of kernels on typical shapes
// (`linnet bench kernels`) and of whole networks (`linnet profile`).
//
// Counts are exact, so one percent is no noise: more than that above the budget is a regression. New figures are adopted
// with tools/adopt-speed-budgets.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace linnet::testing {

using Instructions = std::map<std::string, std::int64_t>;  // by name of the case or network

struct BudgetFindings {
  std::vector<std::string> failures;  // a sentence each: what is slower, what has no budget
  std::vector<std::string> notes;     // what is faster by more than one percent
};

BudgetFindings compare_speed(const Instructions& budgets, const Instructions& measured);

// A section of the file: "kernels" or "networks".
Instructions read_speed_budgets(const std::string& section);
void write_speed_budgets(const std::string& section, const Instructions& measured);

// True when the figures are to be written and not compared (LINNET_ADOPT_SPEED_BUDGETS is set).
bool adopting_speed_budgets();

}  // namespace linnet::testing
