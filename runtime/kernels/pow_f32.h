// Power of two float tensors under broadcasting.
#pragma once

#include "linnet/dsp/float_math.h"
#include "linnet/kernels/binary_f32.h"

namespace linnet {
inline namespace LINNET_VERSION_NAMESPACE {

struct pow_f32 {
  using Layer = BinaryF32;
  static constexpr const char* name = "pow_f32";
  static constexpr bool supports(const Layer& layer) noexcept {
    return layer.function == static_cast<std::int32_t>(BinaryFunction::pow);
  }
  static constexpr std::int32_t scratch_bytes(const Layer&) noexcept { return 0; }
  static void run(const Layer& layer, const Io& io, std::int32_t first,
                  std::int32_t count) noexcept {
    detail::binary_f32(layer, io, first, count,
                       [](float a, float b) { return dsp::pow_f32(a, b); });
  }
};

}  // namespace LINNET_VERSION_NAMESPACE
}  // namespace linnet
