// See compare.h.
#include "compiler/verify/compare.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <limits>

#include "compiler/reference/interpreter.h"

namespace linnet {
namespace {

std::vector<float> dequantized(const TensorValue& value) {
  std::vector<float> reals = value.to_floats();
  const std::optional<Quantization>& q = value.type.quantization;
  if (!q || !q->per_tensor()) return reals;
  const auto zero = static_cast<float>(q->zero_point.front());
  for (float& real : reals) real = q->scale.front() * (real - zero);
  return reals;
}

std::int64_t differing_bytes(const TensorValue& a, const TensorValue& b) {
  assert(a.type.bytes() == b.type.bytes());
  std::int64_t count = 0;
  for (std::size_t i = 0; i < a.bytes().size(); ++i) count += a.bytes()[i] != b.bytes()[i] ? 1 : 0;
  return count;
}

constexpr double kInfinity = std::numeric_limits<double>::infinity();

// Error of one value; infinities and NaNs must be the same.
double error_of(float value, float expected) {
  if (value == expected || (std::isnan(value) && std::isnan(expected))) return 0;
  const double error = std::abs(static_cast<double>(value) - static_cast<double>(expected));
  if (std::isnan(error)) return kInfinity;
  return error;
}

}  // namespace

std::vector<float> real_values(const Port& port, const TensorValue& device_value) {
  return dequantized(to_model(port, device_value));
}

std::vector<float> stored_values(const Port& port, const TensorValue& model_value) {
  TensorValue labelled = model_value;
  if (model_value.type.dtype != DType::f32) labelled.type.quantization = port.model_quantization;
  return dequantized(labelled);
}

ByteDifferences compare_bytes(const std::vector<Values>& values,
                              const std::vector<Values>& expected) {
  assert(values.size() == expected.size());
  ByteDifferences differences;
  for (std::size_t s = 0; s < values.size(); ++s) {
    for (std::size_t i = 0; i < values[s].size(); ++i) {
      differences.differing += differing_bytes(values[s][i], expected[s][i]);
      differences.total += values[s][i].type.bytes();
    }
  }
  return differences;
}

FloatError compare_floats(const Reals& values, const Reals& expected) {
  FloatError worst;
  const std::size_t outputs = values.empty() ? 0 : values.front().size();
  for (std::size_t i = 0; i < outputs; ++i) {
    double lo = kInfinity;
    double hi = -kInfinity;
    FloatError error;
    for (std::size_t s = 0; s < values.size(); ++s) {
      const std::vector<float>& ours = values[s][i];
      const std::vector<float>& theirs = expected[s][i];
      assert(ours.size() == theirs.size());
      for (std::size_t k = 0; k < ours.size(); ++k) {
        error.max_abs = std::max(error.max_abs, error_of(ours[k], theirs[k]));
        if (!std::isfinite(theirs[k])) continue;
        lo = std::min<double>(lo, theirs[k]);
        hi = std::max<double>(hi, theirs[k]);
      }
    }
    error.range = hi > lo ? hi - lo : (hi == lo ? std::abs(hi) : 0);
    error.relative = error.max_abs == 0    ? 0
                     : error.range > 1e-30 ? error.max_abs / error.range
                                           : error.max_abs;
    if (i == 0 || error.relative > worst.relative) worst = error;
  }
  return worst;
}

namespace {

double cosine_of(const std::vector<float>& values, const std::vector<float>& expected) {
  double product = 0;
  double ours = 0;
  double theirs = 0;
  for (std::size_t k = 0; k < values.size(); ++k) {
    product += static_cast<double>(values[k]) * expected[k];
    ours += static_cast<double>(values[k]) * values[k];
    theirs += static_cast<double>(expected[k]) * expected[k];
  }
  return ours > 0 && theirs > 0 ? product / std::sqrt(ours * theirs) : 1;
}

}  // namespace

Similarity compare_similarity(const Reals& values, const Reals& expected) {
  double product = 0;
  double ours_squared = 0;
  double theirs_squared = 0;
  double errors_squared = 0;
  std::size_t count = 0;
  std::size_t agreeing = 0;
  bool vectors = !values.empty();
  Similarity similarity;
  for (std::size_t s = 0; s < values.size(); ++s) {
    for (std::size_t i = 0; i < values[s].size(); ++i) {
      similarity.least_cosine =
          std::min(similarity.least_cosine, cosine_of(values[s][i], expected[s][i]));
      for (std::size_t k = 0; k < values[s][i].size(); ++k) {
        const double x = values[s][i][k];
        const double y = expected[s][i][k];
        product += x * y;
        ours_squared += x * x;
        theirs_squared += y * y;
        errors_squared += (x - y) * (x - y);
        similarity.max_abs = std::max(similarity.max_abs, std::abs(x - y));
        ++count;
      }
    }
    if (values[s].empty() || values[s].front().size() < 2) {
      vectors = false;
      continue;
    }
    const auto top = [](const std::vector<float>& scores) {
      return std::max_element(scores.begin(), scores.end()) - scores.begin();
    };
    agreeing += top(values[s].front()) == top(expected[s].front()) ? 1 : 0;
  }
  if (ours_squared > 0 && theirs_squared > 0)
    similarity.cosine = product / std::sqrt(ours_squared * theirs_squared);
  similarity.sqnr_db =
      errors_squared > 0 ? 10 * std::log10(theirs_squared / errors_squared) : kInfinity;
  similarity.rms = count == 0 ? 0 : std::sqrt(errors_squared / static_cast<double>(count));
  if (vectors) similarity.top1 = static_cast<double>(agreeing) / static_cast<double>(values.size());
  return similarity;
}

}  // namespace linnet
