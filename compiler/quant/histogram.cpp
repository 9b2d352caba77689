// See histogram.h.
#include "compiler/quant/histogram.h"

#include <algorithm>
#include <cmath>

namespace linnet {
namespace {

// Bins up to an edge: how many values, their sum and the sum of their squares, values taken at bin centres.
struct Moments {
  double count = 0, sum = 0, squares = 0;
  Moments operator-(const Moments& other) const {
    return {count - other.count, sum - other.sum, squares - other.squares};
  }
  // Sum of (v - at)^2.
  double around(double at) const { return squares - 2 * at * sum + at * at * count; }
};

}  // namespace

void Histogram::make_room(float lo, float hi) {
  const double reach =
      std::max(std::fabs(static_cast<double>(lo)), std::fabs(static_cast<double>(hi)));
  int exponent = exponent_;
  if (bins_.empty()) exponent = static_cast<int>(std::floor(std::log2(reach))) - 11;
  const auto bins_needed = [&](int e) {
    return std::floor(std::ldexp(static_cast<double>(hi), -e)) -
           std::floor(std::ldexp(static_cast<double>(lo), -e)) + 1;
  };
  while (bins_needed(exponent) > static_cast<double>(kBins)) ++exponent;
  const std::int64_t new_first =
      static_cast<std::int64_t>(std::floor(std::ldexp(static_cast<double>(lo), -exponent)));
  const std::int64_t new_last =
      static_cast<std::int64_t>(std::floor(std::ldexp(static_cast<double>(hi), -exponent)));
  std::vector<std::uint64_t> merged(static_cast<std::size_t>(new_last - new_first + 1), 0);
  for (std::size_t i = 0; i < bins_.size(); ++i) {
    const std::int64_t bin =
        (first_ + static_cast<std::int64_t>(i)) >> std::min(exponent - exponent_, 62);
    merged[static_cast<std::size_t>(bin - new_first)] += bins_[i];
  }
  bins_ = std::move(merged);
  first_ = new_first;
  exponent_ = exponent;
}

void Histogram::add(std::span<const float> values) {
  float lo = lo_, hi = hi_;
  for (const float value : values) {
    if (!std::isfinite(value)) continue;
    lo = std::min(lo, value);
    hi = std::max(hi, value);
  }
  if (lo < lo_ || hi > hi_) {
    lo_ = lo;
    hi_ = hi;
    make_room(lo, hi);
  }
  const double inverse_width = std::ldexp(1.0, -std::max(exponent_, -1000));
  for (const float value : values) {
    if (value == 0) {
      ++zeros_;
    } else if (std::isfinite(value)) {
      const auto bin =
          static_cast<std::int64_t>(std::floor(static_cast<double>(value) * inverse_width));
      ++bins_[static_cast<std::size_t>(bin - first_)];
    }
  }
}

Range Histogram::percentile(double percent) const {
  if (bins_.empty()) return observed();
  // By |v|: bin i of the positive side and bin -1-i of the negative one lie at the same distance from 0.
  std::uint64_t total = zeros_;
  for (const std::uint64_t count : bins_) total += count;
  const std::int64_t last = first_ + static_cast<std::int64_t>(bins_.size()) - 1;
  const std::int64_t farthest = std::max(last, -first_ - 1);
  const auto count_at = [&](std::int64_t bin) -> std::uint64_t {
    return bin < first_ || bin > last ? 0 : bins_[static_cast<std::size_t>(bin - first_)];
  };
  const double wanted = percent / 100 * static_cast<double>(total);
  auto seen = static_cast<double>(zeros_);
  std::int64_t distance = -1;
  while (distance < farthest && seen < wanted) {
    ++distance;
    seen += static_cast<double>(count_at(distance) + count_at(-1 - distance));
  }
  const auto limit = static_cast<float>(std::ldexp(static_cast<double>(distance + 1), exponent_));
  return {std::max(lo_, -limit), std::min(hi_, limit)};
}

Range Histogram::least_squares() const {
  if (bins_.empty()) return observed();
  const double width = std::ldexp(1.0, exponent_);
  std::vector<Moments> up_to(bins_.size() + 1);
  for (std::size_t i = 0; i < bins_.size(); ++i) {
    const double centre =
        (static_cast<double>(first_ + static_cast<std::int64_t>(i)) + 0.5) * width;
    const auto count = static_cast<double>(bins_[i]);
    up_to[i + 1] = {up_to[i].count + count, up_to[i].sum + count * centre,
                    up_to[i].squares + count * centre * centre};
  }
  const auto edge = [&](double at) {
    const auto bin = static_cast<std::int64_t>(std::floor(at / width + 0.5)) - first_;
    return static_cast<std::size_t>(
        std::clamp<std::int64_t>(bin, 0, static_cast<std::int64_t>(bins_.size())));
  };
  const auto error = [&](double lo, double hi) {
    const std::size_t below = edge(lo), above = edge(hi);
    const double step = (hi - lo) / 255;
    const double inside = (up_to[above] - up_to[below]).count * step * step / 12;
    return inside + up_to[below].around(lo) + (up_to.back() - up_to[above]).around(hi);
  };
  constexpr int kSteps = 64;
  Range best = observed();
  double least = error(static_cast<double>(lo_), static_cast<double>(hi_));
  for (int i = kSteps; i >= (lo_ < 0 ? 4 : kSteps); --i) {
    for (int j = kSteps; j >= (hi_ > 0 ? 4 : kSteps); --j) {
      const double lo = static_cast<double>(lo_) * i / kSteps,
                   hi = static_cast<double>(hi_) * j / kSteps;
      const double found = error(lo, hi);
      if (found >= least) continue;
      least = found;
      best = {static_cast<float>(lo), static_cast<float>(hi)};
    }
  }
  return best;
}

}  // namespace linnet
