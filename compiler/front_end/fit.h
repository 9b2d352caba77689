// Whether a network and the front end that was asked for go together: before lowering, and after.
#pragma once

#include <optional>

#include "compiler/data/samples.h"
#include "compiler/front_end/log_mel.h"
#include "compiler/lower/program.h"
#include "compiler/plan/plan.h"

namespace linnet {

// What the options say of a front end; none when they say nothing. E320, E321.
Result<std::optional<LogMelFrontEnd>> front_end_for(const Graph& graph,
                                                    const SampleOptions& samples,
                                                    const PlanOptions& plan);

// E321: its rows are not those of the lowered network's input.
Result<Nothing> check_front_end(const std::optional<LogMelFrontEnd>& front_end, const Graph& graph,
                                const Program& program);

}  // namespace linnet
