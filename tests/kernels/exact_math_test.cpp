// The float functions of docs/quantization.md section 8: accurate against double precision, and the same bits from the
// oracle's code and from the runtime's.
#include <bit>
#include <catch2/catch.hpp>
#include <cmath>
#include <functional>
#include <limits>

#include "compiler/reference/exact_math.h"
#include "linnet/dsp/float_math.h"

namespace linnet {
namespace {

bool same_bits(float a, float b) {
  if (std::isnan(a) || std::isnan(b)) return std::isnan(a) && std::isnan(b);
  return std::bit_cast<std::uint32_t>(a) == std::bit_cast<std::uint32_t>(b);
}

// Every 4099th bit pattern: all exponents and signs, subnormals, infinities and NaNs.
template <class Visit>
void for_many_floats(Visit&& visit) {
  for (std::uint64_t bits = 0; bits <= 0xffffffffULL; bits += 4099) {
    visit(std::bit_cast<float>(static_cast<std::uint32_t>(bits)));
  }
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  for (const float x : {0.0F, -0.0F, 1.0F, -1.0F, kInfinity, -kInfinity, 88.72283F, -87.33654F,
                        9.0F, 0.625F, 0.5F, 0.707106781F}) {
    visit(x);
    visit(std::nextafter(x, kInfinity));
    visit(std::nextafter(x, -kInfinity));
  }
}

template <class Oracle, class Runtime>
std::size_t differences(Oracle&& oracle, Runtime&& runtime) {
  std::size_t count = 0;
  for_many_floats([&](float x) { count += same_bits(oracle(x), runtime(x)) ? 0 : 1; });
  return count;
}

TEST_CASE("exact math: the oracle and the runtime give the same bits") {
  CHECK(differences([](float x) { return exact::exp(x); },
                    [](float x) { return dsp::exp_f32(x); }) == 0);
  CHECK(differences([](float x) { return exact::log(x); },
                    [](float x) { return dsp::log_f32(x); }) == 0);
  CHECK(differences([](float x) { return exact::tanh(x); },
                    [](float x) { return dsp::tanh_f32(x); }) == 0);
  CHECK(differences([](float x) { return exact::erf(x); },
                    [](float x) { return dsp::erf_f32(x); }) == 0);
  CHECK(differences([](float x) { return exact::sqrt(x); },
                    [](float x) { return dsp::sqrt_f32(x); }) == 0);
  CHECK(differences([](float x) { return exact::sigmoid(x); },
                    [](float x) { return dsp::sigmoid_f32(x); }) == 0);
  CHECK(differences([](float x) { return exact::silu(x); },
                    [](float x) { return dsp::silu_f32(x); }) == 0);
  CHECK(differences([](float x) { return exact::hard_sigmoid(x, 0.2F, 0.5F); },
                    [](float x) { return dsp::hard_sigmoid_f32(x, 0.2F, 0.5F); }) == 0);
  CHECK(differences([](float x) { return exact::hard_swish(x); },
                    [](float x) { return dsp::hard_swish_f32(x); }) == 0);
  CHECK(differences([](float x) { return exact::elu(x, 0.7F); },
                    [](float x) { return dsp::elu_f32(x, 0.7F); }) == 0);
  CHECK(differences([](float x) { return exact::gelu(x); },
                    [](float x) { return dsp::gelu_f32(x); }) == 0);
  CHECK(differences([](float x) { return exact::gelu_tanh(x); },
                    [](float x) { return dsp::gelu_tanh_f32(x); }) == 0);
  for (const float y : {-2.0F, -1.0F, 0.0F, 0.5F, 1.0F, 2.0F, 2.5F, 3.0F, 5.0F, 1e9F}) {
    CAPTURE(y);
    CHECK(differences([&](float x) { return exact::pow(x, y); },
                      [&](float x) { return dsp::pow_f32(x, y); }) == 0);
  }
}

// Largest error in units of the last place of the expected value, over a range.
double worst_ulp(const std::function<float(float)>& function,
                 const std::function<double(double)>& expected, double lo, double hi) {
  double worst = 0;
  constexpr int kSteps = 100000;
  for (int i = 0; i <= kSteps; ++i) {
    const auto x = static_cast<float>(lo + (hi - lo) * i / kSteps);
    const double exact_value = expected(static_cast<double>(x));
    const int exponent = exact_value == 0 ? -126 : std::ilogb(exact_value);
    const double ulp = std::ldexp(1.0, std::max(exponent, -126) - 23);
    worst = std::max(worst, std::fabs(static_cast<double>(function(x)) - exact_value) / ulp);
  }
  return worst;
}

TEST_CASE("exact math: close to the functions that they stand for") {
  CHECK(worst_ulp(
            exact::exp, [](double x) { return std::exp(x); }, -87.3, 88.7) < 1.1);
  CHECK(worst_ulp(
            exact::log, [](double x) { return std::log(x); }, 0.01, 100) < 1.1);
  CHECK(worst_ulp(
            exact::tanh, [](double x) { return std::tanh(x); }, -10, 10) < 1.5);
  CHECK(worst_ulp(
            exact::erf, [](double x) { return std::erf(x); }, -5, 5) < 6.5);
  CHECK(worst_ulp(
            exact::sigmoid, [](double x) { return 1 / (1 + std::exp(-x)); }, -40, 40) < 2.6);
  CHECK(worst_ulp(
            exact::silu, [](double x) { return x / (1 + std::exp(-x)); }, -20, 20) < 3.0);
  CHECK(worst_ulp([](float x) { return exact::pow(x, 2.5F); },
                  [](double x) { return std::pow(x, 2.5); }, 0.1, 10) < 10);
  // gelu loses its relative accuracy where it cancels, never its absolute one.
  for (int i = 0; i < 100000; ++i) {
    const double x = -6 + 12.0 * i / 100000;
    const auto xf = static_cast<float>(x);
    const double reference = 0.5 * double{xf} * (1 + std::erf(double{xf} / std::sqrt(2.0)));
    if (std::fabs(double{exact::gelu(xf)} - reference) > 6e-7) FAIL("gelu at " << x);
  }
}

TEST_CASE("exact math: edges") {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  CHECK(exact::exp(kInfinity) == kInfinity);
  CHECK(exact::exp(-kInfinity) == 0.0F);
  CHECK(exact::exp(0.0F) == 1.0F);
  CHECK(exact::log(0.0F) == -kInfinity);
  CHECK(exact::log(1.0F) == 0.0F);
  CHECK(std::isnan(exact::log(-1.0F)));
  CHECK(exact::log(1e-40F) == Approx(-92.1034F));
  CHECK(exact::pow(-2.0F, 5.0F) == Approx(-32.0F));
  CHECK(std::isnan(exact::pow(-2.0F, 2.5F)));
  CHECK(exact::round_even(2.5F) == 2.0F);
  CHECK(exact::round_even(-3.5F) == -4.0F);
  CHECK(std::signbit(exact::round_even(-0.2F)));
  CHECK(exact::round_even(1e10F) == 1e10F);
}

}  // namespace
}  // namespace linnet
