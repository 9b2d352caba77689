// A histogram whose range grows with what it sees, so that one pass over the data is enough.
//
// Bins are `width` = 2^e wide and start at multiples of it; when a value lies outside, neighbouring bins are merged and
// the width doubles. The same values in any order give the same bins.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "compiler/quant/ranges.h"

namespace linnet {

class Histogram {
 public:
  void add(std::span<const float> values);  // NaN and infinities are left out

  // Least and largest value, 0 included; {0, 0} before any value.
  Range observed() const { return {lo_, hi_}; }
  // The observed range cut at +-t, where `percent` of the values have |v| <= t.
  Range percentile(double percent) const;
  // The range whose 256 codes give the least squared error; exact zeros cost nothing.
  Range least_squares() const;

 private:
  static constexpr std::int64_t kBins = 4096;

  void make_room(float lo, float hi);

  float lo_ = 0, hi_ = 0;
  std::uint64_t zeros_ = 0;
  int exponent_ = -1000;    // width = 2^exponent_; below any float until the first value
  std::int64_t first_ = 0;  // bins_[i] covers [first_ + i, first_ + i + 1) * width
  std::vector<std::uint64_t> bins_;
};

}  // namespace linnet
