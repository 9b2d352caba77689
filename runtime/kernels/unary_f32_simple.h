// Float functions without exponentials or logarithms: clamp, leaky ReLU, hard sigmoid, hard swish,
// affine, absolute value, negation, reciprocal, square root.
#pragma once

#include "linnet/dsp/float_math.h"
#include "linnet/kernels/unary_f32.h"

namespace linnet {
inline namespace LINNET_VERSION_NAMESPACE {

struct unary_f32_simple {
  using Layer = UnaryF32;
  static constexpr const char* name = "unary_f32_simple";
  static constexpr bool supports(const Layer& layer) noexcept {
    using F = UnaryFunction;
    constexpr F kSimple[] = {F::clamp,  F::leaky_relu, F::hard_sigmoid, F::hard_swish, F::sqrt,
                             F::affine, F::abs,        F::neg,          F::reciprocal};
    for (const F f : kSimple) {
      if (detail::is_function(layer, f)) return true;
    }
    return false;
  }
  static constexpr std::int32_t scratch_bytes(const Layer&) noexcept { return 0; }

  static void run(const Layer& layer, const Io& io, std::int32_t first,
                  std::int32_t count) noexcept {
    const float alpha = layer.alpha, beta = layer.beta;
    switch (static_cast<UnaryFunction>(layer.function)) {
      case UnaryFunction::clamp:
        return detail::unary_f32(layer, io, first, count, [=](float x) {
          return x < alpha ? alpha : x > beta ? beta : x;
        });
      case UnaryFunction::leaky_relu:
        return detail::unary_f32(layer, io, first, count,
                                 [=](float x) { return x < 0.0f ? alpha * x : x; });
      case UnaryFunction::hard_sigmoid:
        return detail::unary_f32(layer, io, first, count,
                                 [=](float x) { return dsp::hard_sigmoid_f32(x, alpha, beta); });
      case UnaryFunction::hard_swish:
        return detail::unary_f32(layer, io, first, count,
                                 [](float x) { return dsp::hard_swish_f32(x); });
      case UnaryFunction::sqrt:
        return detail::unary_f32(layer, io, first, count, [](float x) { return dsp::sqrt_f32(x); });
      case UnaryFunction::affine:
        return detail::unary_f32(layer, io, first, count,
                                 [=](float x) { return dsp::mul_f32(alpha, x) + beta; });
      case UnaryFunction::abs:
        return detail::unary_f32(layer, io, first, count,
                                 [](float x) { return __builtin_fabsf(x); });
      case UnaryFunction::neg:
        return detail::unary_f32(layer, io, first, count, [](float x) { return -x; });
      case UnaryFunction::reciprocal:
        return detail::unary_f32(layer, io, first, count, [](float x) { return 1.0f / x; });
      default: return;
    }
  }
};

}  // namespace LINNET_VERSION_NAMESPACE
}  // namespace linnet
