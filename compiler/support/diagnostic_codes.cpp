// The catalogue of diagnostics, put together; see diagnostic_codes.h.
#include "compiler/support/diagnostic_codes.h"

#include <algorithm>

namespace linnet {
namespace {

constexpr DiagnosticFamily kFamilies[] = {
    {"E0", "Reading the model", "The file, its tensors, and data that it keeps in other files."},
    {"E1", "Graph and operators",
     "What the model computes. All faults of a model are printed at once, one a line, each with "
     "its node."},
    {"E2", "Data", "Calibration data, test data, labels, and what `verify` was asked to check."},
    {"E3", "Budgets, targets and front ends",
     "What the device has and what the network needs. Nothing is written when a budget is not "
     "met."},
    {"E4", "External tools", "Programs that build and run generated code."},
    {"E5", "Output", "Files and folders that Linnet writes or reads back."},
    {"E9", "Defects of Linnet",
     "None of these should ever be seen. A report with the model and the command is welcome; a "
     "model that must not be "
     "given away can be reported with random weights."},
};

}  // namespace

std::span<const DiagnosticFamily> diagnostic_families() { return kFamilies; }

std::vector<DiagnosticCode> diagnostic_codes() {
  std::vector<DiagnosticCode> all;
  for (const auto part : {reading_codes(), graph_codes(), data_codes(), use_codes()})
    all.insert(all.end(), part.begin(), part.end());
  return all;
}

const DiagnosticCode* find_diagnostic_code(std::string_view code) {
  for (const auto part : {reading_codes(), graph_codes(), data_codes(), use_codes()}) {
    const auto found = std::find_if(
        part.begin(), part.end(), [&](const DiagnosticCode& entry) { return entry.code == code; });
    if (found != part.end()) return &*found;
  }
  return nullptr;
}

}  // namespace linnet
