// See code_costs.h.
#include "compiler/emit/code_costs.h"

#include <algorithm>
#include <cassert>
#include <string>
#include <vector>

#include "compiler/emit/runtime_files.h"
#include "compiler/emit/schedule.h"
#include "compiler/emit/text.h"
#include "compiler/support/embedded_files.h"
#include "compiler/support/json.h"

namespace linnet {
namespace {

constexpr std::string_view kTable = "linnet/kernels/measured.json";

// NAME_detect.cpp: the most of the three kinds of heads, with the levels of three; and its frames with those below.
constexpr std::int64_t kDetectCode = 2900;
constexpr std::int64_t kDetectStack = 416;

// Stands for a kernel that nobody measured yet.
constexpr std::int64_t kUnmeasuredCode = 2048;
constexpr std::int64_t kUnmeasuredStack = 512;
constexpr std::int64_t kUnmeasuredFrontEndCode = 6144;

// A call's RowsIn in the frame of run(), where GCC does not always share slots between calls.
constexpr std::int64_t kStackOfInput = 16;

// The frame of run() is the largest of several networks; others' differ by a few spilled registers.
constexpr std::int64_t kStackOfOtherFrames = 16;

// The table is ours: when it does not parse that is our defect.
Json load_table() {
  for (const EmbeddedFile& file : embedded_files()) {
    if (file.path != kTable) continue;
    const Result<Json> table = parse_json(file.text);
    assert(table);
    return *table;
  }
  return Json::object();
}

Json member_or_empty(const Json& json, std::string_view key) {
  const Json* found = json.find(key);
  return found ? *found : Json::object();
}

}  // namespace

CodeCosts code_costs(const Program& program, const Plan& plan) {
  const Json table = load_table();
  const Json schedule = member_or_empty(table, "schedule");
  const Json functions = member_or_empty(table, "functions");
  const Json kernels = member_or_empty(table, "kernels");

  CodeCosts costs;
  costs.schedule_bytes =
      schedule.integer_or("fixed_bytes", 64) +
      schedule.integer_or("call_bytes", 40) * static_cast<std::int64_t>(program.calls.size()) +
      schedule_bytes(plan, program.calls.size());
  std::set<std::string> counted;
  std::int64_t deepest = 0;
  std::int64_t widest = 0;  // inputs of a call: each has a RowsIn of 12 bytes in the frame
  for (const KernelCall& call : program.calls) {
    const bool known = kernels.find(call.kernel) != nullptr;
    const Json kernel = member_or_empty(kernels, call.kernel);
    costs.schedule_bytes +=
        kernel.integer_or("layer_bytes", 4 * static_cast<std::int64_t>(call.fields.size()));
    deepest = std::max(deepest, kernel.integer_or("stack_bytes", kUnmeasuredStack));
    widest = std::max(widest, static_cast<std::int64_t>(call.inputs.size()));
    if (!counted.insert(call.kernel).second) continue;
    costs.code_bytes += kernel.integer_or("code_bytes", kUnmeasuredCode);
    if (!known) costs.unmeasured.insert(call.kernel);
    const Json* uses = kernel.find("uses");
    if (!uses) continue;
    for (const std::string& name : uses->texts()) {
      if (counted.insert(name).second) costs.code_bytes += functions.integer_or(name, 0);
    }
  }
  costs.stack_bytes = schedule.integer_or("stack_bytes", 128) + kStackOfInput * widest + deepest +
                      kStackOfOtherFrames;
  if (plan.after_run) {
    costs.code_bytes += kDetectCode;
    costs.stack_bytes = std::max(costs.stack_bytes, kDetectStack);
  }
  costs.stack_bytes = (costs.stack_bytes + 7) / 8 * 8;
  return costs;
}

void add_front_end(CodeCosts& costs) {
  const Json measured = member_or_empty(load_table(), "log_mel");
  costs.code_bytes += measured.integer_or("code_bytes", kUnmeasuredFrontEndCode);
  const std::int64_t around_network = measured.integer_or("push_stack_bytes", kUnmeasuredStack);
  costs.stack_bytes = std::max(costs.stack_bytes + around_network,
                               measured.integer_or("stack_bytes", kUnmeasuredStack));
}

void add_camera(CodeCosts& costs) {
  const Json measured = member_or_empty(load_table(), "camera");
  costs.code_bytes += measured.integer_or("code_bytes", kUnmeasuredFrontEndCode);
  const std::int64_t around_network = measured.integer_or("run_stack_bytes", kUnmeasuredStack);
  costs.stack_bytes = std::max(costs.stack_bytes + around_network,
                               measured.integer_or("stack_bytes", kUnmeasuredStack));
  costs.stack_bytes = (costs.stack_bytes + 7) / 8 * 8;
}

std::int64_t flash_bytes(const Program& program, const CodeCosts& costs) {
  std::int64_t bytes = costs.schedule_bytes + costs.code_bytes;
  for (const Constant& constant : program.constants) bytes += 8 * word_count(constant.bytes);
  return bytes;
}

std::int64_t kernel_code_bytes(const std::string& kernel) {
  Program program;
  program.calls.emplace_back().kernel = kernel;
  return code_costs(program, {}).code_bytes;
}

}  // namespace linnet
