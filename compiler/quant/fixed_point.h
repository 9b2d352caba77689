// Integers for lowering: every multiplier, shift, table and bound that docs/quantization.md
// defines, computed once at compile time from scales. `lower` functions put them into layers;
// kernels only use them.
//
//   Multipliers q = requant_multipliers(ratios);                     // section 2, one shift for
//   the layer y = clamp8(zy + floor((acc * q.multiplier[c] + 2^(q.shift-1)) / 2^q.shift))
//
// The oracle does not use this file: it follows the text on its own.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "compiler/ir/op.h"
#include "compiler/ir/tensor_type.h"

namespace linnet {

// ---- rounding and bounds (section 1)
// --------------------------------------------------------------------------------

double round_even(double value);  // halves to even; NaN and infinities pass through

// Codes between which a result is clamped; lo <= hi.
struct CodeBounds {
  std::int32_t lo = -128;
  std::int32_t hi = 127;
  bool operator==(const CodeBounds&) const = default;
};
CodeBounds clamp_bounds(const Clamp& clamp, float scale, std::int32_t zero_point);

// clamp8(zero_point + round_even(real / scale)); NaN gives the zero point.
std::int8_t quantize_value(double real, float scale, std::int32_t zero_point);

// ---- requantization (sections 2 and 3)
// ------------------------------------------------------------------------------

// Real multipliers as 32-bit integers with one right shift for the layer.
struct Multipliers {
  std::vector<std::int32_t> multiplier;
  std::int32_t shift = 1;  // r, in [1, 54]
};
Multipliers requant_multipliers(std::span<const double> ratios);

// M[o] = (sx * sw[o]) / sy. `sw` has one entry, or one for each output channel; so has the result.
Multipliers conv_multipliers(float sx, std::span<const float> sw, float sy);

// bias[o] = round_even(b / (sx * sw[o])), saturated to int32. `sw` has one entry or as many as
// `bias`.
std::vector<std::int32_t> quantize_bias(std::span<const float> bias, float sx,
                                        std::span<const float> sw);

// No partial sum of acc = bias + sum (x - zx) * (w - zw) over `weights` (those of one output
// channel), in any order and with zero points folded into the bias or not, exceeds this. It must
// fit int32 (E131 otherwise, see below).
std::int64_t accumulator_bound(std::span<const std::int8_t> weights, std::int32_t zw,
                               std::int32_t zx, std::int32_t bias);
constexpr std::int64_t kAccumulatorLimit = 2147483647;

// ---- elementwise (section 4)
// ----------------------------------------------------------------------------------------

// Indexed by the input code's bits as uint8: y = table[static_cast<std::uint8_t>(x)].
using Table256 = std::array<std::int8_t, 256>;

// f in double precision, as docs/quantization.md section 4 and op.h state it.
double unary_real(const Unary& op, double x);
// Types are i8 (the input may be u8, its codes then index the table directly) with per-tensor
// quantization.
Table256 unary_table(const Unary& op, const TensorType& input, const TensorType& output);
Table256 requantize_table(const TensorType& input, const TensorType& output);

// y = clamp8(zy + floor(((a - za)*a + (b - zb)*b + rounding) >> shift)); b is negative for a
// subtraction.
struct AddMultipliers {
  std::int32_t a = 0;
  std::int32_t b = 0;
  std::int32_t shift = 0;     // r, in [0, 22]
  std::int32_t rounding = 0;  // 2^(r-1), or 0 when r = 0
};
AddMultipliers add_multipliers(float sa, float sb, float sy, bool subtract);

// One multiplier: M = (sa * sb) / sy.
Multipliers mul_multipliers(float sa, float sb, float sy);

// multiplier[0] is m0 (x >= zx), multiplier[1 + c] belongs to slope[c]; one shift for all.
Multipliers prelu_multipliers(float sx, std::span<const float> slope, float sy);

// ---- pooling (section 5)
// --------------------------------------------------------------------------------------------

// multiplier[i] belongs to divisors[i] (all >= 1, not empty); the shift comes from the smallest.
Multipliers average_multipliers(float sx, float sy, std::span<const std::int64_t> divisors);

// ---- softmax and layer normalization (section 7)
// --------------------------------------------------------------------

struct SoftmaxConstants {
  std::array<std::uint32_t, 256> exp;  // e[d], d = max - x
  std::int32_t k = 0;                  // round_even(256 / sy), at most 2^24
};
SoftmaxConstants softmax_constants(float sx, float sy);

struct LayerNormConstants {
  float a = 0;  // sx^2 / n^2
  float b = 0;  // sx / n
};
LayerNormConstants layer_norm_constants(float sx, std::int64_t elements);

// ---- linear resize (section 6)
// -------------------------------------------------------------------------------------- Source
// coordinates are the operator's own affair; this turns one (float32) into neighbours and weights.
struct LinearTap {
  std::int32_t first = 0;   // i0
  std::int32_t second = 0;  // i1
  std::int32_t weight = 0;  // w1 in [0, 1024]; w0 = 1024 - w1
};
LinearTap linear_tap(float coordinate, std::int32_t length);

}  // namespace linnet
