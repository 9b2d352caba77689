// What a convolution's constants become before its kernel packs the weights. For the compiler and the tests.
#pragma once

#include "linnet/kernels/conv2d_s8_gemm.h"

namespace linnet {
inline namespace LINNET_VERSION_NAMESPACE {
namespace detail {

template <class Kernel, class = void>
inline constexpr bool fixes_shift = false;
template <class Kernel>
inline constexpr bool fixes_shift<Kernel, decltype(void(&Kernel::fix_shift))> = true;

template <class Kernel, class = void>
inline constexpr bool packs_channels = false;
template <class Kernel>
inline constexpr bool packs_channels<Kernel, decltype(void(Kernel::packs_channels))> =
    Kernel::packs_channels;

}  // namespace detail

// `weights` are as in the model less their zero point, `bias` and `multiplier` [out_c]; afterwards they are what
// Kernel::pack and Kernel::run expect. A kernel may have `fix_shift(layer, weights, bias, multiplier)`, which scales channels
// so that every layer's requantization has the same shift.
template <class Kernel>
void prepare_constants(const Conv2dS8& layer, std::int16_t* weights, std::int32_t* bias,
                       std::int32_t* multiplier) noexcept {
  if (Kernel::folds_input_zero) fold_input_zero(layer, weights, bias);
  if constexpr (detail::fixes_shift<Kernel>) Kernel::fix_shift(layer, weights, bias, multiplier);
}

// True when the kernel packs biases and multipliers beside the weights and reads no arrays of them.
template <class Kernel>
inline constexpr bool packs_channels = detail::packs_channels<Kernel>;

// Packs prepared constants (prepare_constants). Compiler side.
template <class Kernel>
void pack_layer(const Conv2dS8& layer, const std::int16_t* weights, const std::int32_t* bias,
                const std::int32_t* multiplier, std::byte* packed) noexcept {
  if constexpr (packs_channels<Kernel>) {
    Kernel::pack(layer, weights, bias, multiplier, packed);
  } else {
    static_cast<void>(bias);
    static_cast<void>(multiplier);
    Kernel::pack(layer, weights, packed);
  }
}

}  // namespace LINNET_VERSION_NAMESPACE
}  // namespace linnet
