// How far two sets of values are apart.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "compiler/ir/graph.h"
#include "compiler/verify/run.h"

namespace linnet {

// Real numbers of an output in the model's own layout, whatever type it has on the device.
std::vector<float> real_values(const Port& port, const TensorValue& device_value);
// The same of a stored output: float32, or the model's own codes.
std::vector<float> stored_values(const Port& port, const TensorValue& model_value);

struct ByteDifferences {
  std::int64_t differing = 0;
  std::int64_t total = 0;
};
ByteDifferences compare_bytes(const std::vector<Values>& values,
                              const std::vector<Values>& expected);

// Largest error of each output over all samples, against that output's range (largest less smallest expected value; the
// largest magnitude where all are equal); of the outputs the worst.
struct FloatError {
  double max_abs = 0;
  double range = 0;
  double relative = 0;  // infinite when one is NaN where the other is not
};
// Indexed [sample][output].
using Reals = std::vector<std::vector<std::vector<float>>>;
FloatError compare_floats(const Reals& values, const Reals& expected);

// Over all samples and outputs together.
struct Similarity {
  double cosine = 1;
  double least_cosine = 1;  // of a single sample's output
  double sqnr_db = 0;       // 10 log10(sum of squares / sum of squared errors)
  double max_abs = 0;
  double rms = 0;  // of the errors
  std::optional<double>
      top1;  // part of the samples whose largest class agrees; of the first output when it is a vector
};
Similarity compare_similarity(const Reals& values, const Reals& expected);

}  // namespace linnet
