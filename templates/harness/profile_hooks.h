// The hooks of `linnet profile`: where each layer begins and ends, told to the emulator's plugin at no cost.
//
// A hook is a label and no instruction. Its name says what it is, and `linnet profile` finds it in the image's table of
// symbols:
//
//   linnet_profile_layer_7_123      layer 7 begins here (123 makes the name unique)
//   linnet_profile_no_layer_124     the layer has ended
//
// The layer must be a constant expression, as it is in LINNET_STEP.
#define LINNET_PROFILE_BEGIN(layer) \
  __asm__ volatile("linnet_profile_layer_%c0_%=:" : : "i"(layer) : "memory")
#define LINNET_PROFILE_END(layer) __asm__ volatile("linnet_profile_no_layer_%=:" : : : "memory")
