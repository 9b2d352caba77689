// linnet verify: compiles a model, builds what was generated, runs it and compares it with the oracle, with stored
// outputs and with float.
//
//   model ──► float32 code ──► outputs ◄── float oracle, stored outputs      (tolerance)
//         └─► int8 code ─────► outputs ◄── int8 oracle                        (every byte)
//                                      ◄── float oracle                       (cosine, SQNR, top-1)
//
// The schedule of each code is read back from its text and replayed (compiler/check/replay.h).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "compiler/pipeline.h"
#include "compiler/reference/detections.h"
#include "compiler/verify/compare.h"
#include "compiler/verify/layers.h"
#include "compiler/verify/options.h"

namespace linnet {

// How stored outputs compare with those of the generated code, both as real numbers.
struct StoredComparison {
  std::size_t samples = 0;
  FloatError error;
  double sqnr_db = 0;
  double rms = 0;
  float step = 0;  // of an int8 output, else 0
};

// Boxes of detect(), all samples together, against those of the float oracle, the model's own decoding and a plain
// suppression.
struct DetectionReport {
  std::int64_t differing = 0;  // samples whose boxes are not what the maps say, to the byte
  std::int64_t expected = 0, found = 0,
               matched = 0;                          // boxes; matched: IoU at least 0.5, same class
  double mean_iou = 0, max_score_error = 0;          // of the matched
  std::vector<std::vector<DetectedBox>> boxes = {};  // by sample, as the code gave them
  double precision() const {
    return found == 0 ? 1 : static_cast<double>(matched) / static_cast<double>(found);
  }
  double recall() const {
    return expected == 0 ? 1 : static_cast<double>(matched) / static_cast<double>(expected);
  }
  double f1() const {
    return expected + found == 0
               ? 1
               : 2 * static_cast<double>(matched) / static_cast<double>(expected + found);
  }
};

// One generated code, run and compared.
struct CodeReport {
  std::string dtype;        // "float32", "int8"
  std::size_t samples = 0;  // that it ran on
  ByteDifferences bytes;    // against the oracle
  FloatError oracle;        // the same, as numbers
  std::optional<StoredComparison> stored;
  std::optional<DetectionReport> detection;
  std::optional<FirstDifference> first_difference;
  std::int64_t steps = 0;  // of its schedule, all rows in place; or else
  Diagnostics misplaced;   // what the replay found
  // Of the board only.
  std::string linker_script;
  std::int64_t stack_bytes = 0;        // high-water mark
  std::int64_t stack_bound_bytes = 0;  // memory.stack_bytes of the report
  FlashUse flash;
};

// A class and its value in an output.
struct Score {
  std::string label;
  float value = 0;
};

struct VerifyReport {
  Files drawings;  // with --draw: SAMPLE.png, boxes of the last code
  std::string name;
  std::string target;
  std::string machine;  // what the code ran on
  std::string data;     // what it ran with
  std::vector<CodeReport> codes;
  std::optional<Similarity> int8_to_float;
  double float_tolerance = 0;
  std::optional<double> min_sqnr_db;
  bool asked_for_layers = false;
  std::vector<LayerReport> layers;
  std::vector<std::vector<Score>> top_classes;  // by sample, best first; with VerifyOptions::labels
  std::vector<std::string> sample_names;        // files of those samples; "" where there is none
  std::vector<std::string> notes;
  Diagnostics failures;  // what does not hold; empty: everything does
};

// A Result without a value is a model, data or tool at fault, or code that does not build or run; comparisons that fail
// are in the report.
Result<VerifyReport> verify(const CompileOptions& compile, const VerifyOptions& options,
                            const PipelineHooks& hooks = {});

std::string to_text(const VerifyReport& report);
std::string to_json(const VerifyReport& report);

}  // namespace linnet
