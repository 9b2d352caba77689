// The hooks of `linnet profile`: where each layer begins and ends, told to the emulator's plugin at no cost.
//
// A hook is a label and no instruction. Its name says what it is, and `linnet profile` finds it in the image's table of
// symbols:
//
//   linnet_profile_layer_7_123      layer 7 begins here (123 makes the name unique)
//   linnet_profile_no_layer_124     the layer has ended
//
// Where a layer is no constant (steps in a table) there is no label: then the function call_7, which cannot be inlined
// there, is where layer 7 begins.
#pragma once

#include <cstdint>

// The constant is seen after inlining.
inline __attribute__((always_inline)) void linnet_profile_layer(std::int32_t layer) {
  if (__builtin_constant_p(layer))
    __asm__ volatile("linnet_profile_layer_%c0_%=:" : : "i"(layer) : "memory");
}

#define LINNET_PROFILE_BEGIN(layer) linnet_profile_layer(layer)
#define LINNET_PROFILE_END(layer) __asm__ volatile("linnet_profile_no_layer_%=:" : : : "memory")
