// See int4.h.
#include "compiler/quant/int4.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <limits>

#include "compiler/quant/fixed_point.h"
#include "linnet/kernels/conv2d_s8_w4.h"

namespace linnet {
namespace {

paired::Runs runs_of(const Shape& weights) {
  assert(weights.size() == 2 || weights.size() == 4);
  if (weights.size() == 2) return {1, static_cast<std::int32_t>(weights[1])};
  return {static_cast<std::int32_t>(weights[1]),
          static_cast<std::int32_t>(weights[2] * weights[3])};
}

std::size_t depth_of(const Shape& weights) {
  return static_cast<std::size_t>(element_count(weights) / std::max<std::int64_t>(weights[0], 1));
}

// One channel's weights, what an error of each counts, and the members of each group.
struct Channel {
  std::span<const float> weights;
  std::span<const double> importance;
  const std::vector<std::vector<std::size_t>>& groups;
};

double int4_code_of(double weight, double step) {
  return std::clamp(std::nearbyint(weight / step), -double{kInt4MostCode}, double{kInt4MostCode});
}

// What rounding a group to multiples of `step` costs.
double rounding_error_of(const Channel& channel, std::size_t group, double step) {
  double error = 0;
  for (const std::size_t k : channel.groups[group]) {
    const double w = static_cast<double>(channel.weights[k]);
    const double e = w - step * int4_code_of(w, step);
    error += channel.importance[k] * e * e;
  }
  return error;
}

// The best step of a group on its own: its largest weight over 7, or less where clipping that one gains more.
double best_step(const Channel& channel, std::size_t group) {
  double largest = 0;
  for (const std::size_t k : channel.groups[group])
    largest = std::max(largest, std::fabs(static_cast<double>(channel.weights[k])));
  if (largest <= 0) return 0;
  double best = largest / kInt4MostCode, least = std::numeric_limits<double>::infinity();
  constexpr int kTries = 20;
  for (int i = 0; i <= kTries; ++i) {
    const double step = largest / kInt4MostCode * (1.0 - 0.5 * i / kTries);
    const double error = rounding_error_of(channel, group, step);
    if (error < least) {
      least = error;
      best = step;
    }
  }
  return best;
}

struct Choice {
  double scale = 0, error = std::numeric_limits<double>::infinity();
  std::vector<int> group_scales;
};

// With the channel's scale given: each group's best integer, beside the one next to its own best step.
Choice choose_group_scales(const Channel& channel, std::span<const double> steps, double scale) {
  Choice choice;
  choice.scale = scale;
  choice.error = 0;
  for (std::size_t group = 0; group < steps.size(); ++group) {
    const int nearest = static_cast<int>(
        std::clamp(std::nearbyint(steps[group] / scale), 1.0, double{kInt4MostScale}));
    int best = nearest;
    double least = std::numeric_limits<double>::infinity();
    for (int g = std::max(nearest - 1, 1); g <= std::min(nearest + 1, kInt4MostScale); ++g) {
      const double error = rounding_error_of(channel, group, scale * g);
      if (error < least) {
        least = error;
        best = g;
      }
    }
    choice.group_scales.push_back(best);
    choice.error += least;
  }
  return choice;
}

// The channel's scale, at least `least_scale`, and its groups' integers with the smallest error.
Choice choose_int4_scales(const Channel& channel, double least_scale) {
  std::vector<double> steps;
  for (std::size_t group = 0; group < channel.groups.size(); ++group)
    steps.push_back(best_step(channel, group));
  const double widest = steps.empty() ? 0 : *std::max_element(steps.begin(), steps.end());
  Choice best;
  constexpr int kTries = 24;
  for (int i = 0; i < kTries; ++i) {
    // The widest group gets 18 first, then less, down to 8.
    const double scale = std::max(widest / (kInt4MostScale - 10.0 * i / (kTries - 1)), least_scale);
    Choice choice = choose_group_scales(channel, steps, scale);
    if (choice.error < best.error) best = std::move(choice);
  }
  return best;
}

// How what is lost of a weight is made good by those behind it, for one block of inputs: U, upper triangular, row-major, with
// U^T U the inverse of the covariance. None (empty): by nothing.
using Feedback = std::vector<double>;

// U by way of C = R R^T with R upper triangular: U is the inverse of R. The covariance of few positions says little about pairs:
// it is drawn towards its diagonal.
Feedback feedback_of(const std::vector<float>& covariance, std::size_t n, std::int64_t positions) {
  const auto at = [n](std::size_t i, std::size_t j) { return i * n + j; };
  double trace = 0;
  for (std::size_t i = 0; i < n; ++i) trace += static_cast<double>(covariance[at(i, i)]);
  if (!(trace > 0)) return {};
  const double few =
      static_cast<double>(n) / static_cast<double>(n + static_cast<std::size_t>(positions));
  Feedback r(n * n, 0.0);
  for (std::size_t i = 0; i < n; ++i)
    for (std::size_t j = i; j < n; ++j)
      r[at(i, j)] = static_cast<double>(covariance[at(i, j)]) * (i == j ? 1 : 1 - few);
  for (std::size_t i = 0; i < n; ++i) r[at(i, i)] += 0.01 * trace / static_cast<double>(n);
  // Column by column from the last one; rows of R lie in a row of memory.
  for (std::size_t j = n; j-- > 0;) {
    for (std::size_t i = 0; i <= j; ++i) {
      double sum = r[at(i, j)];
      for (std::size_t k = j + 1; k < n; ++k) sum -= r[at(i, k)] * r[at(j, k)];
      r[at(i, j)] = sum;
    }
    if (!(r[at(j, j)] > 0)) return {};
    const double root = std::sqrt(r[at(j, j)]);
    for (std::size_t i = 0; i < j; ++i) r[at(i, j)] /= root;
    r[at(j, j)] = root;
  }
  // Row i of the inverse: u R = e_i, from left to right.
  Feedback u(n * n, 0.0);
  for (std::size_t i = 0; i < n; ++i) {
    std::vector<double> left(n, 0.0);
    left[i] = 1;
    for (std::size_t j = i; j < n; ++j) {
      const double value = left[j] / r[at(j, j)];
      u[at(i, j)] = value;
      for (std::size_t k = j + 1; k < n; ++k) left[k] -= value * r[at(j, k)];
    }
  }
  return u;
}

std::vector<Feedback> feedback_of(const InputMoments& moments) {
  std::vector<Feedback> blocks;
  for (std::size_t b = 0; b < moments.covariance.size(); ++b) {
    const std::size_t n = std::min(kMomentBlock, moments.mean.size() - b * kMomentBlock);
    blocks.push_back(feedback_of(moments.covariance[b], n, moments.positions));
  }
  return blocks;
}

std::vector<std::int8_t> int4_codes_of(const Channel& channel,
                                       const std::vector<std::size_t>& group_of,
                                       const Choice& choice,
                                       const std::vector<Feedback>& feedback) {
  std::vector<std::int8_t> codes;
  // The scale that the device has is a float32.
  const double scale = static_cast<double>(static_cast<float>(choice.scale));
  std::vector<double> wanted(channel.weights.begin(), channel.weights.end());
  for (std::size_t k = 0; k < wanted.size(); ++k) {
    const int g = choice.group_scales[group_of[k]];
    const double q = int4_code_of(wanted[k], scale * g);
    codes.push_back(static_cast<std::int8_t>(g * static_cast<int>(q)));
    const std::size_t block = k / kMomentBlock, i = k % kMomentBlock;
    if (block >= feedback.size() || feedback[block].empty()) continue;
    const std::size_t n = std::min(kMomentBlock, wanted.size() - block * kMomentBlock);
    const double* const row = feedback[block].data() + i * n;
    const double lost = (wanted[k] - scale * g * q) / row[i];
    for (std::size_t j = i + 1; j < n; ++j) wanted[block * kMomentBlock + j] -= lost * row[j];
  }
  return codes;
}

// What an error of each weight of a channel counts: its input's variance, and a little for inputs that never varied.
std::vector<double> importance_of(const InputMoments& moments, std::size_t depth) {
  std::vector<double> importance(depth, 1.0);
  double mean = 0;
  for (const double v : moments.variance) mean += v / static_cast<double>(depth);
  if (!(mean > 0)) return importance;
  for (std::size_t k = 0; k < depth; ++k) importance[k] = moments.variance[k] / mean + 0.01;
  return importance;
}

// What the rounding takes from the output's mean.
double lost_mean(std::span<const float> weights, std::span<const std::int8_t> codes, float scale,
                 const InputMoments& moments) {
  double lost = 0;
  for (std::size_t k = 0; k < moments.mean.size(); ++k) {
    const double rounded = static_cast<double>(scale) * codes[k];
    lost += (static_cast<double>(weights[k]) - rounded) * moments.mean[k];
  }
  return lost;
}

}  // namespace

std::vector<std::size_t> int4_groups(const Shape& weights) {
  const paired::Runs runs = runs_of(weights);
  std::vector<std::size_t> groups(depth_of(weights), 0);
  for (std::int32_t step = 0; step < runs.steps(); ++step) {
    for (std::int32_t half = 0; half < 2; ++half) {
      const std::int32_t k = paired::weight_of(runs, step, half);
      if (k >= 0)
        groups[static_cast<std::size_t>(k)] =
            static_cast<std::size_t>(w4::group_of(step, runs.steps()));
    }
  }
  return groups;
}

std::int64_t int4_saved_bytes(const Shape& weights) {
  const auto channels = static_cast<std::int32_t>(weights[0]);
  const std::int32_t steps = runs_of(weights).steps();
  return std::int64_t{paired::packed_bytes(channels, steps)} - w4::packed_bytes(channels, steps);
}

bool fits_int4(const TensorValue& weights) {
  const Shape& shape = weights.type.shape;
  if (weights.type.dtype != DType::i8 || (shape.size() != 2 && shape.size() != 4)) return false;
  if (!weights.type.quantization) return false;
  for (const std::int32_t zero : weights.type.quantization->zero_point)
    if (zero != 0) return false;
  const auto codes = weights.as<std::int8_t>();
  const std::vector<std::int16_t> wide(codes.begin(), codes.end());
  const std::size_t depth = depth_of(shape);
  for (std::size_t first = 0; first < wide.size(); first += depth)
    if (!w4::fits(runs_of(shape), wide.data() + first)) return false;
  return true;
}

QuantizedWeights quantize_weights_int4(const TensorValue& weights, const TensorValue* bias,
                                       const Quantization& input, const Quantization& output,
                                       const InputMoments& moments) {
  const Shape& shape = weights.type.shape;
  const auto channels = static_cast<std::size_t>(shape.front());
  const std::size_t depth = depth_of(shape);
  const std::span<const float> values = weights.as<float>();
  std::vector<std::vector<std::size_t>> members;
  const std::vector<std::size_t> groups = int4_groups(shape);
  for (std::size_t k = 0; k < depth; ++k) {
    members.resize(std::max(members.size(), groups[k] + 1));
    members[groups[k]].push_back(k);
  }
  const std::vector<double> importance = importance_of(moments, depth);
  const std::vector<Feedback> feedback = feedback_of(moments);
  // Never finer than in 8 bits, where the range has its reasons.
  const std::vector<float> finest = int8_channel_scales(weights, bias, input, output);

  std::vector<float> scales, real_bias(channels, 0.0f);
  std::vector<std::int8_t> codes;
  for (std::size_t o = 0; o < channels; ++o) {
    const Channel channel{values.subspan(o * depth, depth), importance, members};
    double least = static_cast<double>(finest[o]) * 0.5;
    for (;;) {
      const Choice choice = choose_int4_scales(channel, least);
      const auto scale = static_cast<float>(choice.scale);
      const std::vector<std::int8_t> channel_codes =
          int4_codes_of(channel, groups, choice, feedback);
      const double b = (bias ? static_cast<double>(bias->as<float>()[o]) : 0.0) +
                       lost_mean(channel.weights, channel_codes, scale, moments);
      real_bias[o] = static_cast<float>(b);
      const std::int32_t b_code =
          quantize_bias({&real_bias[o], 1}, input.scale.front(), {&scale, 1}).front();
      least = 2 * choice.scale;  // sums that do not fit: coarser
      if (accumulator_bound(channel_codes, 0, input.zero_point.front(), b_code) > kAccumulatorLimit)
        continue;
      scales.push_back(scale);
      codes.insert(codes.end(), channel_codes.begin(), channel_codes.end());
      break;
    }
  }
  Quantization q{scales, std::vector<std::int32_t>(channels, 0), 0};
  q.int4 = true;
  QuantizedWeights result;
  if (bias || !moments.mean.empty()) result.bias = quantize_bias_for(real_bias, input, q);
  result.weights = TensorValue::of({DType::i8, shape, std::move(q)}, codes);
  return result;
}

}  // namespace linnet
