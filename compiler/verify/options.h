// What `linnet verify` takes besides the options of `compile`.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>

#include "compiler/emit/emit.h"
#include "compiler/verify/toolchain.h"

namespace linnet {

struct VerifyOptions {
  // Pictures, .npy, .pb or test_data_set_* to compare on; empty: the model's own test_data_set_* and the calibration data.
  std::filesystem::path data;
  // Stored outputs for `data`, one for each sample along the first dimension (.npy); empty: output_*.pb beside the inputs.
  std::filesystem::path reference;
  std::filesystem::path
      labels;  // names of the classes, one a line: the best of each sample are shown; or a zero-shot classifier's .json
  Machine on = Machine::host;
  std::optional<double> min_sqnr_db;  // judge int8 against float
  double float_tolerance = 1e-4;      // of the output's range
  bool layers = false;                // a table by layer
  std::filesystem::path draw;  // a folder for the samples' pictures with their boxes; empty: none
  float score_threshold = 0.25F;  // of detect()
  float iou_threshold = 0.45F;

  // For tests: changes the generated files before they are built.
  std::function<void(Files&)> alter;
};

}  // namespace linnet
