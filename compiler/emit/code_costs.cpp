// See code_costs.h.
#include "compiler/emit/code_costs.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "compiler/emit/runtime_files.h"
#include "compiler/support/embedded_files.h"

namespace linnet {
namespace {

constexpr std::string_view kTable = "linnet/kernels/measured.json";

// Stands for a kernel that nobody measured yet.
constexpr std::int64_t kUnmeasuredCode = 2048;
constexpr std::int64_t kUnmeasuredStack = 512;

// A call's RowsIn in the frame of run(), where GCC does not always share slots between calls.
constexpr std::int64_t kStackOfInput = 16;

// run()'s own frame was measured on one network; others' differ by a few spilled registers.
constexpr std::int64_t kStackOfOtherFrames = 64;

nlohmann::json load_table() {
  for (const EmbeddedFile& file : embedded_files()) {
    if (file.path == kTable) return nlohmann::json::parse(file.text);
  }
  return nlohmann::json::object();
}

}  // namespace

CodeCosts code_costs(const Program& program, const Plan& plan) {
  const nlohmann::json table = load_table();
  const nlohmann::json empty = nlohmann::json::object();
  const nlohmann::json schedule = table.value("schedule", empty);
  const nlohmann::json functions = table.value("functions", empty);
  const nlohmann::json kernels = table.value("kernels", empty);

  CodeCosts costs;
  costs.schedule_bytes =
      schedule.value("fixed_bytes", std::int64_t{64}) +
      schedule.value("step_bytes", std::int64_t{64}) * static_cast<std::int64_t>(plan.steps.size());
  std::set<std::string> counted;
  std::int64_t deepest = 0;
  std::int64_t widest = 0;  // inputs of a call: each has a RowsIn of 12 bytes in the frame
  for (const KernelCall& call : program.calls) {
    const bool known = kernels.contains(call.kernel);
    const nlohmann::json kernel = known ? kernels.at(call.kernel) : empty;
    costs.schedule_bytes +=
        kernel.value("layer_bytes", 4 * static_cast<std::int64_t>(call.fields.size()));
    deepest = std::max(deepest, kernel.value("stack_bytes", kUnmeasuredStack));
    widest = std::max(widest, static_cast<std::int64_t>(call.inputs.size()));
    if (!counted.insert(call.kernel).second) continue;
    costs.code_bytes += kernel.value("code_bytes", kUnmeasuredCode);
    if (!known) costs.unmeasured.insert(call.kernel);
    for (const auto& use : kernel.value("uses", nlohmann::json::array())) {
      const auto name = use.get<std::string>();
      if (counted.insert(name).second) costs.code_bytes += functions.value(name, std::int64_t{0});
    }
  }
  costs.stack_bytes = schedule.value("stack_bytes", std::int64_t{128}) + kStackOfInput * widest +
                      deepest + kStackOfOtherFrames;
  costs.stack_bytes = (costs.stack_bytes + 7) / 8 * 8;
  return costs;
}

}  // namespace linnet
