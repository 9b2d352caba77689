// The boxes of a generated detect(), against what the maps say and against the float oracle's.
#pragma once

#include <optional>
#include <vector>

#include "compiler/pipeline.h"
#include "compiler/reference/detections.h"
#include "compiler/verify/build.h"
#include "compiler/verify/run.h"
#include "compiler/verify/verify.h"

namespace linnet {

// How the harness calls detect() of a network of this graph; none without a head.
std::optional<DetectionUnderTest> detection_under_test(const Graph& graph,
                                                       const VerifyOptions& options);

// The model's own outputs [sample][output], in its layout, from the maps of a split graph (or of its int8 form).
Reals decoded_outputs(const Graph& whole, const Graph& split, const Graph& graph,
                      const std::vector<Values>& outputs);

// `run` is what a code of `graph` gave; `float_maps` are the float oracle's maps of the same samples.
DetectionReport compare_detections(const Graph& whole, const Graph& split, const Graph& graph,
                                   const NetworkRun& run, const std::vector<Values>& float_maps,
                                   const DetectionUnderTest& called);

}  // namespace linnet
