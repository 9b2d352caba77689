// Two float tensors under broadcasting: add, subtract, multiply, divide, min, max, PReLU. Runs in
// place.
#pragma once

#include "linnet/kernels/binary_rows.h"

namespace linnet {
inline namespace LINNET_VERSION_NAMESPACE {

namespace detail {

template <class Function>
void binary_f32(const BinaryF32& layer, const Io& io, std::int32_t first_row,
                std::int32_t row_count, Function function) noexcept {
  const bool clamped = layer.clamped != 0;
  const auto element = [&](float a, float b) {
    const float v = function(a, b);
    if (!clamped) return v;
    return v < layer.lo ? layer.lo : v > layer.hi ? layer.hi : v;
  };
  const auto row = [&](const float* a, const float* b, float* y, std::int32_t count) {
    for (std::int32_t i = 0; i < count; ++i) y[i] = element(a[i], b[i]);
  };
  for_each_row<float>(layer, io, first_row, row_count, layer.channels, row, element);
}

}  // namespace detail

struct binary_f32 {
  using Layer = BinaryF32;
  static constexpr const char* name = "binary_f32";
  static constexpr bool supports(const Layer& layer) noexcept {
    return layer.function != static_cast<std::int32_t>(BinaryFunction::pow);
  }
  static constexpr std::int32_t scratch_bytes(const Layer&) noexcept { return 0; }

  static void run(const Layer& layer, const Io& io, std::int32_t first,
                  std::int32_t count) noexcept {
    switch (static_cast<BinaryFunction>(layer.function)) {
      case BinaryFunction::add:
        return detail::binary_f32(layer, io, first, count, [](float a, float b) { return a + b; });
      case BinaryFunction::sub:
        return detail::binary_f32(layer, io, first, count, [](float a, float b) { return a - b; });
      case BinaryFunction::mul:
        return detail::binary_f32(layer, io, first, count, [](float a, float b) { return a * b; });
      case BinaryFunction::div:
        return detail::binary_f32(layer, io, first, count, [](float a, float b) { return a / b; });
      case BinaryFunction::min:
        return detail::binary_f32(layer, io, first, count,
                                  [](float a, float b) { return b < a ? b : a; });
      case BinaryFunction::max:
        return detail::binary_f32(layer, io, first, count,
                                  [](float a, float b) { return b > a ? b : a; });
      case BinaryFunction::prelu:
        return detail::binary_f32(layer, io, first, count,
                                  [](float a, float b) { return a < 0.0f ? a * b : a; });
      case BinaryFunction::pow: return;
    }
  }
};

}  // namespace LINNET_VERSION_NAMESPACE
}  // namespace linnet
