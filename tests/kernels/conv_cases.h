// Seeded random convolutions, fully connected layers and matrix products, and their kernels as jobs.
#pragma once

#include <string>
#include <vector>

#include "linnet/kernels/conv_constants.h"
#include "linnet/kernels/lists/conv.h"
#include "tests/kernels/kernel_harness.h"

namespace linnet::testing {

// One operator with its operands, the oracle's answer, and the lowered call.
struct ConvCase {
  std::string what;
  SingleOp single;
  TensorValue x;
  TensorValue expected;
  Program program;

  const KernelCall& call() const { return program.calls.front(); }
  const TensorValue& weights() const { return single.constants[0]; }
};

struct ConvOptions {
  bool transposed = false;
  bool int8 = true;
  bool wide = false;       // weight zero points
  bool pointwise = false;  // 1x1 without padding
  bool depthwise = false;
  bool three_by_three = false;
  bool five_by_five = false;
  bool stride_one = false;
  bool large = false;  // windows of up to 7 by 19 taps, strides and dilations of up to 3
  bool int4 = false;   // weights that can be stored in 4 bits
  bool deep = false;   // so many inputs that sums need more than 24 bits now and then

  // The kernel's size where it is given, 0 otherwise.
  std::int32_t square() const { return three_by_three ? 3 : five_by_five ? 5 : 0; }
};

// Fills in what follows from `single` and `x`: the oracle's answer, the program and the description.
void finish_conv(ConvCase& c);

// Empty (no calls in its program) when the shape came out impossible.
ConvCase random_conv(const ConvOptions& options, Random& random);
ConvCase random_fully_connected(bool int8, Random& random, bool int4 = false);

// The convolution's rows for run_job; `pixel_pitch` in elements.
Job conv_job(const ConvCase& c, std::int32_t pixel_pitch);

// Weights less their zero points, biases (0 without) and multipliers, before a kernel's prepare_constants.
std::vector<std::int16_t> plain_weights(const ConvCase& c);
std::vector<std::int32_t> plain_bias(const ConvCase& c);
std::vector<std::int32_t> multipliers(const ConvCase& c);

}  // namespace linnet::testing
