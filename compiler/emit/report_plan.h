// The memory plan as the report has it: what lies where in which steps, so that a page can draw it without the model.
//
//   "plan": {"peak_step": 0, "step_layers": [0, 1, 2, ...],
//            "segments": [{"first_step": 6, "layers": [6, 8], "block_rows": 4}, ...],
//            "buffers": [{"name": "input", "kind": "input", "bank": 1, "offset": 288, "bytes": 27648, "steps": [-1, 0],
//                         "rows": 96}, ...]}
//
// Only segments of several layers are listed: every other layer is one of its own. A buffer that holds fewer rows than its
// tensor has is a ring, and says the tensor's ("tensor_rows"). Scratch goes by the name of its layer.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "compiler/lower/program.h"
#include "compiler/plan/plan.h"
#include "compiler/support/json.h"

namespace linnet {

struct ReportBuffer {
  std::string name;
  std::string
      kind;  // "tensor", "input", "output", "scratch", "front_end", "after_run" (of calls after run())
  std::int64_t bank = 0;  // index into Report::banks
  std::int64_t offset = 0, bytes = 0;
  std::int64_t rows = 1, tensor_rows = 1;      // held, and of the whole tensor: fewer held, a ring
  std::int64_t first_step = 0, last_step = 0;  // live in both; -1: before run()
};

struct ReportSegment {
  std::int64_t first_step = 0;
  std::int64_t first_layer = 0, last_layer = 0;
  std::int64_t block_rows = 1;
};

// Two buffers that share `saved_bytes` at least while both are live (compiler/plan/plan.h, PlacedChase).
struct ReportSharing {
  std::int64_t grows = 0, dies = 0;  // indices into buffers
  std::int64_t gap_bytes = 0;
};

struct ReportPlan {
  std::int64_t peak_step = 0;
  std::vector<std::int64_t>
      step_layers;  // which layer a step runs; -1: the application gives rows of the input
  std::vector<ReportSegment> segments;
  std::vector<ReportBuffer> buffers;
  std::vector<ReportSharing> sharing;
};

ReportPlan make_report_plan(const Program& program, const Plan& plan);

// Bytes live in each step, all banks together; the largest is Report::lower_bound_bytes.
std::vector<std::int64_t> live_bytes(const ReportPlan& plan);

Json plan_json(const ReportPlan& plan);
ReportPlan plan_from(const Json& json);  // throws JsonError

}  // namespace linnet
