// Requantization as docs/quantization.md sections 1, 2 and 4 write it, for the oracle only. The lowering has code of its
// own for the same text (compiler/quant); the two must give the same integers.
#pragma once

#include <cstdint>
#include <vector>

#include "compiler/ir/op.h"
#include "compiler/ir/tensor_type.h"

namespace linnet::reference {

// Rounds halves to even.
double round_even(double value);

// Bounds of an int8 code.
struct Codes {
  std::int64_t lo = -128;
  std::int64_t hi = 127;
  std::int8_t clamp(std::int64_t code) const;
};
// Section 1: a fused activation's real bounds as codes of `output`.
Codes codes_of(const Clamp& clamp, const Quantization& output);

// clamp8(zero_point + round_even(real / scale)), saturated; NaN becomes the zero point.
std::int8_t quantize_real(double real, const Quantization& output, const Codes& codes = {});

// Section 2: one or more real multipliers held with one shift.
class Requant {
 public:
  // `multipliers` may be negative; the shift follows from the largest magnitude.
  Requant(const std::vector<double>& multipliers, std::int64_t zero_point, Codes codes);
  std::int8_t operator()(std::int64_t accumulator, std::int64_t channel = 0) const;
  int shift() const { return shift_; }
  std::int64_t multiplier(std::size_t channel) const { return multipliers_[channel]; }

 private:
  std::vector<std::int64_t> multipliers_;
  int shift_;
  std::int64_t zero_point_;
  Codes codes_;
};

// Section 4: the sum or difference of two scaled codes.
class AddRequant {
 public:
  AddRequant(const Quantization& a, const Quantization& b, const Quantization& y, bool subtract,
             Codes codes);
  std::int8_t operator()(std::int64_t a, std::int64_t b) const;
  int shift() const { return shift_; }

 private:
  std::int64_t za_, zb_, zy_, ma_, mb_;
  int shift_;
  Codes codes_;
};

}  // namespace linnet::reference
