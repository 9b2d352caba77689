// See limits.h.
#include "compiler/limits.h"

#include <fmt/format.h>

#include <algorithm>

#include "compiler/emit/text.h"

namespace linnet {
namespace {

// "69.2 KiB (70824 bytes)"
std::string exact_size(std::int64_t bytes) {
  return bytes < 1024 ? readable_bytes(bytes)
                      : fmt::format("{} ({} bytes)", readable_bytes(bytes), bytes);
}

// Bytes of the inputs that live at the peak of RAM.
std::int64_t input_bytes_at_peak(const Plan& plan, const Program& program) {
  std::int64_t sum = 0;
  for (const Placement& place : plan.placements) {
    const bool is_input = place.buffer.valid() && program.buffers[place.buffer].is_input;
    if (is_input && place.first_step <= plan.peak_step && plan.peak_step <= place.last_step)
      sum += place.bytes;
  }
  return sum;
}

// What to do when --ram is not met.
std::string remedy_for_ram(const Report& report, const Plan& plan, const Program& program,
                           const CompileOptions& options) {
  if (report.dtype != "int8") return "give calibration data (--calibrate): int8 takes a quarter";
  const std::int64_t input_bytes = input_bytes_at_peak(plan, program);
  const bool by_rows = !options.plan.input_rows && program.inputs.size() == 1 &&
                       program.inputs.front().rows > 1 && 4 * input_bytes > plan.lower_bound_bytes;
  if (by_rows) {
    return fmt::format(
        "give the input by rows (--input rows): {} of it live at the peak; or allow more",
        readable_bytes(input_bytes));
  }
  return "allow more, use a smaller input, or a network that is narrower there";
}

}  // namespace

Result<Nothing> check_ports(const Graph& graph) {
  if (graph.inputs.empty()) {
    // E118: nothing to run.
    return Diagnostic{"E118", "", "", "the model has no inputs: it computes a constant",
                      "use its outputs as they are"};
  }
  for (const std::vector<Port>* ports : {&graph.inputs, &graph.outputs}) {
    for (const Port& port : *ports) {
      const std::size_t rank = graph.type(port.tensor).shape.size();
      if (rank <= 8) continue;
      // E119: Port::shape in the generated header.
      return Diagnostic{
          "E119", "", "",
          fmt::format("input or output '{}' has {} dimensions", harmless(port.name), rank),
          "reshape it to at most 8"};
    }
  }
  return ok();
}

std::optional<std::int64_t> flash_limit(const CompileOptions& options, const Target& target) {
  return options.flash_bytes ? options.flash_bytes : target.flash_bytes;
}

Result<Nothing> check_budgets(const Report& report, const Plan& plan, const Program& program,
                              const CompileOptions& options, const Target& target,
                              bool int4_may_help) {
  Diagnostics diagnostics;
  if (options.ram_bytes && report.ram_bytes() > *options.ram_bytes) {
    std::string peak;
    if (!plan.steps.empty()) {
      const Step& step = plan.steps[static_cast<std::size_t>(plan.peak_step)];
      const KernelCall& call = program.calls[step.call.index()];
      peak =
          fmt::format("; the peak is set by layer '{}' ({}), where {} live at once",
                      harmless(call.origin.name), call.op, readable_bytes(plan.lower_bound_bytes));
    }
    diagnostics.push_back(
        {"E301", "", "",
         fmt::format("--ram {} cannot be met: the best reached is {}: arenas {}, stack {}{}",
                     exact_size(*options.ram_bytes), exact_size(report.ram_bytes()),
                     readable_bytes(report.arena_bytes), readable_bytes(report.stack_bytes), peak),
         remedy_for_ram(report, plan, program, options)});
  }
  if (report.stack_bytes > target.stack_bytes) {
    // E304: a frame that grows with the model, such as that of a very wide concatenation.
    diagnostics.push_back({"E304", "", "",
                           fmt::format("{} bytes of stack are needed where {} leaves {}",
                                       report.stack_bytes, target.name, target.stack_bytes),
                           "join fewer tensors at once: split the widest Concat in two"});
  }
  const std::optional<std::int64_t> flash = flash_limit(options, target);
  if (flash && report.flash_bytes() > *flash) {
    const std::string whose = options.flash_bytes ? "--flash" : "the flash of " + target.name + ",";
    diagnostics.push_back(
        {"E302", "", "",
         fmt::format("{} {} cannot be met: {} are needed: weights {}, tables {}, schedule {}, "
                     "code {}{}",
                     whose, exact_size(*flash), exact_size(report.flash_bytes()),
                     readable_bytes(report.weights_bytes), readable_bytes(report.tables_bytes),
                     readable_bytes(report.schedule_bytes), readable_bytes(report.code_bytes),
                     report.labels == 0 ? "" : ", labels " + readable_bytes(report.labels_bytes)),
         report.dtype == "int8"
             ? (int4_may_help ? "try --weights auto, or a network with fewer parameters"
                              : "use a network with fewer parameters")
             : "give calibration data (--calibrate): int8 weights take a quarter"});
  }
  if (diagnostics.empty()) return ok();
  return diagnostics;
}

Result<Nothing> apply_banks(const CompileOptions& options, Target& target) {
  Diagnostics diagnostics;
  std::string known;
  for (const MemoryBank& bank : target.banks) known += (known.empty() ? "" : ", ") + bank.name;
  const auto find = [&](const std::string& option, const std::string& name) -> MemoryBank* {
    for (MemoryBank& bank : target.banks) {
      if (bank.name == name) return &bank;
    }
    diagnostics.push_back(
        {"E305", "", "",
         fmt::format("{}: {} has no bank '{}'", option, target.name, harmless(name)),
         (target.banks.size() == 1 ? "its only bank is " : "its banks are ") + known});
    return nullptr;
  };
  for (const auto& [name, bytes] : options.kept_bytes) {
    MemoryBank* bank = find("--bank", name);
    if (bank == nullptr || !bank->size_bytes) continue;  // an endless bank has that much anyway
    if (bytes > *bank->size_bytes) {
      diagnostics.push_back(
          {"E305", "", "",
           fmt::format("--bank {}={}: the bank has {} bytes", name, bytes, *bank->size_bytes),
           "keep less of it"});
      continue;
    }
    *bank->size_bytes -= bytes;
  }
  for (const std::string& name : {options.plan.input_bank, options.plan.output_bank}) {
    if (!name.empty()) find("--place", name);
  }
  if (diagnostics.empty()) return ok();
  return diagnostics;
}

Target with_endless_bank(Target target) {
  const auto largest = std::max_element(
      target.banks.begin(), target.banks.end(), [](const MemoryBank& a, const MemoryBank& b) {
        return a.size_bytes.value_or(0) < b.size_bytes.value_or(0);
      });
  if (largest != target.banks.end()) largest->size_bytes.reset();
  return target;
}

Result<Nothing> check_input_rows(const Program& program, const PlanOptions& options) {
  if (!options.input_rows) return ok();
  const std::size_t inputs = program.inputs.size();
  const auto is_read = [&](const RowsOperand& port) {
    return std::any_of(program.calls.begin(), program.calls.end(), [&](const KernelCall& call) {
      return std::any_of(call.inputs.begin(), call.inputs.end(),
                         [&](const RowsOperand& read) { return read.source == port.source; });
    });
  };
  const bool has_rows = inputs == 1 && program.inputs.front().rows > 1;
  if (has_rows && is_read(program.inputs.front())) return ok();
  return Diagnostic{"E306", "", "",
                    has_rows      ? "--input rows: no layer reads the input"
                    : inputs == 1 ? "--input rows: the input is a single row"
                                  : fmt::format("--input rows: the network has {} inputs, and rows "
                                                "can be given of one only",
                                                inputs),
                    "leave --input rows out"};
}

}  // namespace linnet
