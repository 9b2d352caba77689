// gelu of a float tensor, elementwise; see unary_f32.h.
#pragma once

#include "linnet/dsp/float_math.h"
#include "linnet/kernels/unary_f32.h"

namespace linnet {
inline namespace LINNET_VERSION_NAMESPACE {

struct unary_f32_gelu {
  using Layer = UnaryF32;
  static constexpr const char* name = "unary_f32_gelu";
  static constexpr bool supports(const Layer& layer) noexcept {
    return detail::is_function(layer, UnaryFunction::gelu);
  }
  static constexpr std::int32_t scratch_bytes(const Layer&) noexcept { return 0; }
  static void run(const Layer& layer, const Io& io, std::int32_t first,
                  std::int32_t count) noexcept {
    detail::unary_f32(layer, io, first, count, [](float x) { return dsp::gelu_f32(x); });
  }
};

}  // namespace LINNET_VERSION_NAMESPACE
}  // namespace linnet
