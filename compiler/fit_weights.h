// --weights: the int8 graph with weights of 8 or of 4 bits (compiler/quant/int4.h).
//
//   int8   as quantize() makes it
//   int4   all fully connected layers and dense convolutions in 4 bits
//   auto   only as many as the flash asks for, those first whose rounding costs the least output error for each byte
#pragma once

#include "compiler/pipeline.h"
#include "compiler/quant/int4_layers.h"

namespace linnet {

// E220, E221: 4 bits need calibration data and a float model.
Result<Nothing> check_weights_option(const Graph& graph, const CompileOptions& options);

// For Weights::automatic. What auto chose, and how; no layers when the int8 network fits.
struct FittedWeights {
  Graph graph;
  PlannedProgram planned;
  WeightsChoice choice;
};
// `made` has the float graph and samples, `int8` is the network in 8 bits. The result may still be larger than
// `flash_bytes`: then all candidates are in 4 bits.
Result<FittedWeights> fit_weights(const Compiled& made, const Ranges& ranges,
                                  PlannedProgram int8_planned, const PlanOptions& plan,
                                  const Budgets& budgets, std::int64_t flash_bytes,
                                  const PipelineHooks& hooks);

}  // namespace linnet
