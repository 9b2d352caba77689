// Requantization for the oracle; see fixed_point.h.
#include "compiler/reference/fixed_point.h"

#include <algorithm>
#include <cmath>

namespace linnet::reference {
namespace {

__extension__ using Wide = __int128;  // so that nothing here can overflow

// floor(value / 2^shift): C++20 shifts negative numbers arithmetically.
std::int64_t floor_shift(Wide value, int shift) {
  return static_cast<std::int64_t>(value >> shift);
}

// The largest shift in [least, most] with round_even(largest * 2^shift) <= limit; -1 when there is none.
int largest_shift(double largest, int least, int most, double limit) {
  for (int shift = most; shift >= least; --shift) {
    if (round_even(std::ldexp(largest, shift)) <= limit) return shift;
  }
  return -1;
}

std::int64_t held(double multiplier, int shift, double limit) {
  return static_cast<std::int64_t>(
      std::clamp(round_even(std::ldexp(multiplier, shift)), -limit, limit));
}

// A code's distance from the zero point for a real value, or an infinity.
double steps(double real, float scale) { return round_even(real / double{scale}); }

std::int64_t saturated(double code) {
  return static_cast<std::int64_t>(std::clamp(code, -128.0, 127.0));
}

}  // namespace

double round_even(double value) {
  const double below = std::floor(value);
  const double fraction = value - below;
  if (fraction < 0.5) return below;
  if (fraction > 0.5) return below + 1;
  if (std::isinf(value) || std::isnan(value)) return value;
  return std::fmod(below, 2.0) == 0 ? below : below + 1;
}

std::int8_t Codes::clamp(std::int64_t code) const {
  return static_cast<std::int8_t>(std::min(std::max(code, lo), hi));
}

Codes codes_of(const Clamp& clamp, const Quantization& output) {
  const double zero_point = output.zero_point[0];
  return {saturated(zero_point + steps(double{clamp.lo}, output.scale[0])),
          saturated(zero_point + steps(double{clamp.hi}, output.scale[0]))};
}

std::int8_t quantize_real(double real, const Quantization& output, const Codes& codes) {
  const double zero_point = output.zero_point[0];
  if (std::isnan(real)) return codes.clamp(output.zero_point[0]);
  return codes.clamp(saturated(zero_point + steps(real, output.scale[0])));
}

Requant::Requant(const std::vector<double>& multipliers, std::int64_t zero_point, Codes codes)
    : zero_point_(zero_point), codes_(codes) {
  constexpr double kLimit = 2147483647.0;
  double largest = 0;
  for (const double multiplier : multipliers) largest = std::max(largest, std::fabs(multiplier));
  shift_ = largest_shift(largest, 1, 54, kLimit);
  if (shift_ < 0) shift_ = 1;
  for (const double multiplier : multipliers) {
    multipliers_.push_back(held(multiplier, shift_, kLimit));
  }
}

std::int8_t Requant::operator()(std::int64_t accumulator, std::int64_t channel) const {
  const Wide product = Wide{accumulator} * multipliers_[static_cast<std::size_t>(channel)];
  return codes_.clamp(zero_point_ + floor_shift(product + (Wide{1} << (shift_ - 1)), shift_));
}

AddRequant::AddRequant(const Quantization& a, const Quantization& b, const Quantization& y,
                       bool subtract, Codes codes)
    : za_(a.zero_point[0]), zb_(b.zero_point[0]), zy_(y.zero_point[0]), codes_(codes) {
  constexpr double kLimit = 32767.0;
  const double ratio_a = double{a.scale[0]} / double{y.scale[0]};
  const double ratio_b = double{b.scale[0]} / double{y.scale[0]};
  shift_ = largest_shift(std::max(ratio_a, ratio_b), 0, 22, kLimit);
  if (shift_ < 0) shift_ = 0;
  ma_ = held(ratio_a, shift_, kLimit);
  mb_ = held(ratio_b, shift_, kLimit);
  if (subtract) mb_ = -mb_;
}

std::int8_t AddRequant::operator()(std::int64_t a, std::int64_t b) const {
  const std::int64_t half = shift_ == 0 ? 0 : std::int64_t{1} << (shift_ - 1);
  const std::int64_t sum = (a - za_) * ma_ + (b - zb_) * mb_ + half;
  return codes_.clamp(zy_ + floor_shift(sum, shift_));
}

}  // namespace linnet::reference
