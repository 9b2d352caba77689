// Float32 programs of docs/quantization.md section 8; see exact_math.h.
#include "compiler/reference/exact_math.h"

#include <bit>
#include <cmath>
#include <cstdint>
#include <initializer_list>
#include <limits>

namespace linnet::exact {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();

// 2^exponent for the exponents of normal numbers.
float power_of_two(int exponent) {
  return std::bit_cast<float>(static_cast<std::uint32_t>(exponent + 127) << 23);
}

// Horner's rule: the first coefficient belongs to the highest power.
float polynomial(float x, std::initializer_list<float> coefficients) {
  float p = 0;
  bool first = true;
  for (const float coefficient : coefficients) {
    p = first ? coefficient : p * x + coefficient;
    first = false;
  }
  return p;
}

float with_sign_of(float sign, float magnitude) { return std::copysign(magnitude, sign); }

}  // namespace

float round_even(float x) {
  constexpr float kOneAndAHalf = 12582912.0F;  // 1.5 * 2^23: adding it leaves no fraction bits
  if (!(std::fabs(x) < 4194304.0F)) return std::nearbyint(x);
  return with_sign_of(x, std::fabs((x + kOneAndAHalf) - kOneAndAHalf));
}

float exp(float x) {
  if (std::isnan(x)) return x;
  if (x > 88.72283F) return kInfinity;
  if (x < -87.33654F) return 0;
  const float n = round_even(x * 1.44269504F);
  float r = x - n * 0.693359375F;
  r = r - n * -2.12194440e-4F;
  const float p = polynomial(r, {1.9875691500e-4F, 1.3981999507e-3F, 8.3334519073e-3F,
                                 4.1665795894e-2F, 1.6666665459e-1F, 5.0000001201e-1F});
  float y = p * (r * r);
  y = y + r;
  y = y + 1.0F;
  // In two steps, because 2^n itself may overflow where y * 2^n does not.
  const int whole = static_cast<int>(n);
  const int half = whole >> 1;
  return (y * power_of_two(half)) * power_of_two(whole - half);
}

float log(float x) {
  if (std::isnan(x) || x < 0) return kNaN;
  if (x == 0) return -kInfinity;
  if (x == kInfinity) return kInfinity;
  int exponent = 0;
  float f = std::frexp(x, &exponent);  // exact, subnormals included
  if (f < 0.707106781F) {
    exponent -= 1;
    f = (f + f) - 1.0F;
  } else {
    f = f - 1.0F;
  }
  const float e = static_cast<float>(exponent);
  const float z = f * f;
  const float p = polynomial(f, {7.0376836292e-2F, -1.1514610310e-1F, 1.1676998740e-1F,
                                 -1.2420140846e-1F, 1.4249322787e-1F, -1.6668057665e-1F,
                                 2.0000714765e-1F, -2.4999993993e-1F, 3.3333331174e-1F});
  float y = p * f;
  y = y * z;
  y = y + e * -2.12194440e-4F;
  y = y - 0.5F * z;
  return (f + y) + e * 0.693359375F;
}

float tanh(float x) {
  if (std::isnan(x)) return x;
  const float a = std::fabs(x);
  if (a >= 9.0F) return with_sign_of(x, 1.0F);
  if (a >= 0.625F) {
    const float e = exp(a + a);
    return with_sign_of(x, 1.0F - 2.0F / (e + 1.0F));
  }
  const float z = x * x;
  const float p = polynomial(z, {-5.70498872745e-3F, 2.06390887954e-2F, -5.37397155531e-2F,
                                 1.33314422036e-1F, -3.33332819422e-1F});
  return (p * z) * x + x;
}

float erf(float x) {
  if (std::isnan(x)) return x;
  const float a = std::fabs(x);
  if (a < 0.5F) {
    const float z = x * x;
    return polynomial(z, {-8.54832702e-4F, 5.22397762e-3F, -2.68661706e-2F, 1.12837917e-1F,
                          -3.76126389e-1F, 1.12837917F}) *
           x;
  }
  const float t = 1.0F / (1.0F + 0.3275911F * a);
  const float p =
      polynomial(t, {1.061405429F, -1.453152027F, 1.421413741F, -0.284496736F, 0.254829592F});
  return with_sign_of(x, 1.0F - (p * t) * exp(-(a * a)));
}

float sqrt(float x) { return std::sqrt(x); }

float sigmoid(float x) { return 1.0F / (1.0F + exp(-x)); }

float silu(float x) { return x * sigmoid(x); }

float hard_sigmoid(float x, float alpha, float beta) {
  const float v = alpha * x + beta;
  if (v < 0.0F) return 0.0F;
  return v > 1.0F ? 1.0F : v;
}

float hard_swish(float x) { return x * hard_sigmoid(x, 0.166666667F, 0.5F); }

float elu(float x, float alpha) { return x < 0 ? alpha * (exp(x) - 1.0F) : x; }

float gelu(float x) { return (0.5F * x) * (1.0F + erf(x * 0.707106781F)); }

float gelu_tanh(float x) {
  return (0.5F * x) * (1.0F + tanh(0.797884561F * (x + 0.044715F * ((x * x) * x))));
}

float pow(float x, float y) {
  if (y == 0.0F) return 1.0F;
  if (y == 1.0F) return x;
  if (y == 2.0F) return x * x;
  if (y == 3.0F) return (x * x) * x;
  if (y == 0.5F) return sqrt(x);
  if (y == -1.0F) return 1.0F / x;
  if (x == 0.0F) return y > 0.0F ? 0.0F : kInfinity;
  const float v = exp(y * log(std::fabs(x)));
  if (!(x < 0.0F)) return v;
  if (!(std::fabs(y) < 16777216.0F) || round_even(y) != y) return kNaN;
  return (static_cast<std::int64_t>(y) & 1) != 0 ? -v : v;
}

}  // namespace linnet::exact
