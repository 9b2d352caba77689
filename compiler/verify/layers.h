// Layer by layer: how far int8 is from float, and where generated code first leaves the oracle.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "compiler/pipeline.h"
#include "compiler/verify/run.h"

namespace linnet {

// One kernel call's output, int8 against the float tensor of the same name, over all samples.
struct LayerReport {
  std::size_t layer = 0;  // index into kLayers of NAME_trace.hpp
  std::string node, op, kernel;
  std::string dtype;
  bool compared = false;  // there is a float tensor to compare with
  double sqnr_db = 0;
  double max_abs = 0;    // largest error
  float lo = 0, hi = 0;  // range of the float values
  float step = 0;        // the int8 scale
  double saturated =
      0;  // part of the float values beyond what the codes can say, by more than half a step
};

// Worst first; float layers last.
std::vector<LayerReport> compare_layers(const Graph& float_graph, const Graph& graph,
                                        const Program& program,
                                        const std::vector<Values>& float_inputs,
                                        const std::vector<Values>& inputs);

// The first layer, in order of the calls, whose traced output differs from the oracle's.
struct FirstDifference {
  std::size_t layer = 0;
  std::string node, op, kernel;
  std::int64_t row = 0, x = 0, channel = 0;
  double value = 0, expected = 0;  // codes, or floats
  std::int64_t differing = 0, elements = 0;
};
std::optional<FirstDifference> find_first_difference(const Graph& graph, const Program& program,
                                                     const Values& inputs, const NetworkRun& run);

}  // namespace linnet
