// Parameters of convolutions, fully connected layers and matrix products: plain structs that live
// in flash.
//
// `fields` names every parameter once, for the compiler (which writes them into generated code) and
// for the tests.
#pragma once

#include <cstdint>

#include "linnet/rows.h"

namespace linnet {
inline namespace LINNET_VERSION_NAMESPACE {

// int8 convolution or transposed convolution, x [N,in_h,in_w,in_c] -> [N,out_h,out_w,out_c];
// docs/quantization.md, section 3. A fully connected layer is a 1x1 convolution.
//
// y = clamp(out_zero + floor((acc * multiplier[o] + 2^(shift-1)) / 2^shift), lo, hi)
struct Conv2dS8 {
  std::int32_t in_h = 1, in_w = 1, in_c = 1;
  std::int32_t out_h = 1, out_w = 1, out_c = 1;
  std::int32_t kernel_h = 1, kernel_w = 1;
  std::int32_t stride_h = 1, stride_w = 1;
  std::int32_t dilation_h = 1, dilation_w = 1;
  std::int32_t pad_top = 0, pad_left = 0;
  std::int32_t groups = 1;
  std::int32_t in_zero = 0, out_zero = 0;
  std::int32_t lo = -128, hi = 127;
  std::int32_t shift = 33;
  std::int32_t wide_weights = 0;  // 1: weights less their zero point do not all fit int8
  // Not 0: channels 2i and 2i+1 may be summed in one word (linnet/kernels/conv2d_s8_paired.h). Their weights fit its halves,
  // and the sums of the odd channels fit 24 bits: the whole sums when it is 1, those of so many parts when it is more.
  std::int32_t paired = 0;
  std::int32_t winograd = 0;  // 1: take conv2d_s8_3x3_winograd; twice the sums fit 32 bits
  std::int32_t four_bit = 0;  // 1: weights are stored in 4 bits (linnet/kernels/conv2d_s8_w4.h)
  // From one pixel to the next: in_c and out_c, or more in a slice of a wider tensor's channels.
  std::int32_t in_pixel_bytes = 1, out_pixel_bytes = 1;
  const void* weights = nullptr;     // as the kernel packs them
  const void* bias = nullptr;        // int32 [out_c], as the kernel makes it (fold_input_zero)
  const void* multiplier = nullptr;  // int32 [out_c]

  constexpr std::int32_t group_in() const { return in_c / groups; }
  constexpr std::int32_t group_out() const { return out_c / groups; }
  constexpr bool depthwise() const { return groups == in_c && groups > 1; }

  static constexpr const char* type_name = "Conv2dS8";
  template <class Self, class Visit>
  static constexpr void fields(Self& self, Visit&& visit) {
    visit("in_h", self.in_h);
    visit("in_w", self.in_w);
    visit("in_c", self.in_c);
    visit("out_h", self.out_h);
    visit("out_w", self.out_w);
    visit("out_c", self.out_c);
    visit("kernel_h", self.kernel_h);
    visit("kernel_w", self.kernel_w);
    visit("stride_h", self.stride_h);
    visit("stride_w", self.stride_w);
    visit("dilation_h", self.dilation_h);
    visit("dilation_w", self.dilation_w);
    visit("pad_top", self.pad_top);
    visit("pad_left", self.pad_left);
    visit("groups", self.groups);
    visit("in_zero", self.in_zero);
    visit("out_zero", self.out_zero);
    visit("lo", self.lo);
    visit("hi", self.hi);
    visit("shift", self.shift);
    visit("wide_weights", self.wide_weights);
    visit("paired", self.paired);
    visit("winograd", self.winograd);
    visit("four_bit", self.four_bit);
    visit("in_pixel_bytes", self.in_pixel_bytes);
    visit("out_pixel_bytes", self.out_pixel_bytes);
    visit("weights", self.weights);
    visit("bias", self.bias);
    visit("multiplier", self.multiplier);
  }
};

// float32 convolution or transposed convolution. Weights are [out_c, kernel_h, kernel_w, in_c /
// groups] as the model has them, so that they may also be computed: a nonzero weights_operand or
// bias_operand is the index into Io::in where they are.
struct Conv2dF32 {
  std::int32_t in_h = 1, in_w = 1, in_c = 1;
  std::int32_t out_h = 1, out_w = 1, out_c = 1;
  std::int32_t kernel_h = 1, kernel_w = 1;
  std::int32_t stride_h = 1, stride_w = 1;
  std::int32_t dilation_h = 1, dilation_w = 1;
  std::int32_t pad_top = 0, pad_left = 0;
  std::int32_t groups = 1;
  std::int32_t out_pixel_elements = 1;  // from one output pixel to the next
  std::int32_t weights_operand = 0, bias_operand = 0;
  float lo = -__builtin_inff(), hi = __builtin_inff();
  const void* weights = nullptr;  // float
  const void* bias = nullptr;     // float [out_c], or null

  constexpr std::int32_t group_in() const { return in_c / groups; }
  constexpr std::int32_t group_out() const { return out_c / groups; }
  constexpr bool depthwise() const { return groups == in_c && groups > 1; }

  static constexpr const char* type_name = "Conv2dF32";
  template <class Self, class Visit>
  static constexpr void fields(Self& self, Visit&& visit) {
    visit("in_h", self.in_h);
    visit("in_w", self.in_w);
    visit("in_c", self.in_c);
    visit("out_h", self.out_h);
    visit("out_w", self.out_w);
    visit("out_c", self.out_c);
    visit("kernel_h", self.kernel_h);
    visit("kernel_w", self.kernel_w);
    visit("stride_h", self.stride_h);
    visit("stride_w", self.stride_w);
    visit("dilation_h", self.dilation_h);
    visit("dilation_w", self.dilation_w);
    visit("pad_top", self.pad_top);
    visit("pad_left", self.pad_left);
    visit("groups", self.groups);
    visit("out_pixel_elements", self.out_pixel_elements);
    visit("weights_operand", self.weights_operand);
    visit("bias_operand", self.bias_operand);
    visit("lo", self.lo);
    visit("hi", self.hi);
    visit("weights", self.weights);
    visit("bias", self.bias);
  }
};

// Matrix product of two activations, a [...,m,k] x b [...,k,n] -> [...,m,n], int8 or float32 (which uses neither zero
// points nor multiplier). Up to three leading dimensions, outermost first; a_step_i and b_step_i say how many matrices
// one index of dimension i moves in a and b (0 where it is repeated).
//
// A matrix row is a pixel: tensors of rank 4 have m (or k) of them in a row, others have rows of one pixel.
struct MatMulLayer {
  std::int32_t m = 1, k = 1, n = 1;
  std::int32_t a_width = 1, b_width = 1, out_width = 1;  // pixels in a row
  std::int32_t batch_0 = 1, batch_1 = 1, batch_2 = 1;
  std::int32_t a_step_0 = 0, a_step_1 = 0, a_step_2 = 0;
  std::int32_t b_step_0 = 0, b_step_1 = 0, b_step_2 = 0;
  std::int32_t a_zero = 0, b_zero = 0, out_zero = 0;
  std::int32_t multiplier = 0, shift = 33;

  struct Operands {
    std::int32_t a_pixel;
    std::int32_t b_pixel;  // first of k
  };
  // What an output pixel is made of.
  constexpr Operands operands(std::int32_t pixel) const {
    const std::int32_t matrix = pixel / m;
    const std::int32_t i2 = matrix % batch_2;
    const std::int32_t i1 = matrix / batch_2 % batch_1;
    const std::int32_t i0 = matrix / batch_2 / batch_1;
    return {(i0 * a_step_0 + i1 * a_step_1 + i2 * a_step_2) * m + pixel % m,
            (i0 * b_step_0 + i1 * b_step_1 + i2 * b_step_2) * k};
  }

  static constexpr const char* type_name = "MatMulLayer";
  template <class Self, class Visit>
  static constexpr void fields(Self& self, Visit&& visit) {
    visit("m", self.m);
    visit("k", self.k);
    visit("n", self.n);
    visit("a_width", self.a_width);
    visit("b_width", self.b_width);
    visit("out_width", self.out_width);
    visit("batch_0", self.batch_0);
    visit("batch_1", self.batch_1);
    visit("batch_2", self.batch_2);
    visit("a_step_0", self.a_step_0);
    visit("a_step_1", self.a_step_1);
    visit("a_step_2", self.a_step_2);
    visit("b_step_0", self.b_step_0);
    visit("b_step_1", self.b_step_1);
    visit("b_step_2", self.b_step_2);
    visit("a_zero", self.a_zero);
    visit("b_zero", self.b_zero);
    visit("out_zero", self.out_zero);
    visit("multiplier", self.multiplier);
    visit("shift", self.shift);
  }
};

}  // namespace LINNET_VERSION_NAMESPACE
}  // namespace linnet
