// What the user and the target allow, held against what a network is and needs.
#pragma once

#include <cstdint>
#include <optional>

#include "compiler/pipeline.h"

namespace linnet {

// What the generated API can express. E118: no inputs; E119: a port of more than 8 dimensions.
Result<Nothing> check_ports(const Graph& graph);

// Takes from the target's banks what --bank keeps for the application. E305: banks that the target does not have, or not so much of.
Result<Nothing> apply_banks(const CompileOptions& options, Target& target);

// The target with room for everything in its largest bank: where a network goes that does not fit.
Target with_endless_bank(Target target);

// E306: --input rows, and no input of rows.
Result<Nothing> check_input_rows(const Program& program, const PlanOptions& options);

// What --flash or the target allows.
std::optional<std::int64_t> flash_limit(const CompileOptions& options, const Target& target);

// E301, E302, E304: RAM, flash and stack. `int4_may_help`: 4-bit weights are a remedy to name.
Result<Nothing> check_budgets(const Report& report, const Plan& plan, const Program& program,
                              const CompileOptions& options, const Target& target,
                              bool int4_may_help);

}  // namespace linnet
