// Parameters of elementwise layers, softmax and layer normalization: plain structs that live in
// flash.
//
// Elementwise kernels see their output as rows of `width` pixels of `channels` elements and each
// operand through a Broadcast: which of its rows, pixels and channels belong to an output element.
#pragma once

#include <cstdint>

#include "linnet/rows.h"

namespace linnet {
inline namespace LINNET_VERSION_NAMESPACE {

// y = table[x]: any int8 function of one int8 tensor. A row is `runs` runs of `run_elements` side by side: one, or a pixel
// each where input or output is a slice of a wider tensor's channels.
struct TableS8 {
  std::int32_t runs = 1, run_elements = 0;
  std::int32_t in_run_step = 0, out_run_step = 0;  // elements from one run to the next
  const void* table = nullptr;  // int8 [256], indexed by the code's bits as uint8

  static constexpr const char* type_name = "TableS8";
  template <class Self, class Visit>
  static constexpr void fields(Self& self, Visit&& visit) {
    visit("runs", self.runs);
    visit("run_elements", self.run_elements);
    visit("in_run_step", self.in_run_step);
    visit("out_run_step", self.out_run_step);
    visit("table", self.table);
  }
};

// Element (row, pixel, channel) of the output reads operand row (row / row_divisor) % row_modulus,
// element pixel * pixel_step + channel * channel_step of it. {1, rows, channels, 1} is an operand
// of the output's own shape, {1, 1, 0, 1} one vector of channels, {H, N, 0, 1} a gate per image,
// {1, 1, 0, 0} a scalar.
struct Broadcast {
  std::int32_t row_divisor = 1;
  std::int32_t row_modulus = 1;
  std::int32_t pixel_step = 0;
  std::int32_t channel_step = 0;

  constexpr std::int32_t row(std::int32_t output_row) const {
    return (output_row / row_divisor) % row_modulus;
  }
  // Pixels and channels of a row lie one after the other as the output's do.
  constexpr bool dense(std::int32_t channels) const {
    return pixel_step == channels && channel_step == 1;
  }
};

// Two int8 operands. add: y = (a - a_zero) * multiplier_a + (b - b_zero) * multiplier_b, rounded
// right by shift
// (<= 22); mul: y = (a - a_zero) * (b - b_zero) * multiplier_a / 2^shift. See docs/quantization.md
// section 4.
struct BinaryS8 {
  std::int32_t width = 0, channels = 0;
  std::int32_t a_row_divisor = 1, a_row_modulus = 1, a_pixel_step = 0, a_channel_step = 0;
  std::int32_t b_row_divisor = 1, b_row_modulus = 1, b_pixel_step = 0, b_channel_step = 0;
  std::int32_t out_pixel_step = 0;  // channels, or more in a slice of a wider tensor's channels
  std::int32_t a_zero = 0, b_zero = 0, out_zero = 0;
  std::int32_t multiplier_a = 0, multiplier_b = 0, shift = 0;
  std::int32_t lo = -128, hi = 127;
  std::int32_t function = 0;  // 0 add (and subtract), 1 multiply, 2 min, 3 max

  constexpr Broadcast a() const {
    return {a_row_divisor, a_row_modulus, a_pixel_step, a_channel_step};
  }
  constexpr Broadcast b() const {
    return {b_row_divisor, b_row_modulus, b_pixel_step, b_channel_step};
  }

  static constexpr const char* type_name = "BinaryS8";
  template <class Self, class Visit>
  static constexpr void fields(Self& self, Visit&& visit) {
    visit("width", self.width);
    visit("channels", self.channels);
    visit("a_row_divisor", self.a_row_divisor);
    visit("a_row_modulus", self.a_row_modulus);
    visit("a_pixel_step", self.a_pixel_step);
    visit("a_channel_step", self.a_channel_step);
    visit("b_row_divisor", self.b_row_divisor);
    visit("b_row_modulus", self.b_row_modulus);
    visit("b_pixel_step", self.b_pixel_step);
    visit("b_channel_step", self.b_channel_step);
    visit("out_pixel_step", self.out_pixel_step);
    visit("a_zero", self.a_zero);
    visit("b_zero", self.b_zero);
    visit("out_zero", self.out_zero);
    visit("multiplier_a", self.multiplier_a);
    visit("multiplier_b", self.multiplier_b);
    visit("shift", self.shift);
    visit("lo", self.lo);
    visit("hi", self.hi);
    visit("function", self.function);
  }
};

// y = x >= in_zero ? (x - in_zero) * multiplier / 2^shift : (x - in_zero) * slopes[...] / 2^shift.
// `slopes` is an int32 table seen through a Broadcast, one row of it by `s_row_*`.
struct PreluS8 {
  std::int32_t width = 0, channels = 0;
  std::int32_t s_row_divisor = 1, s_row_modulus = 1, s_pixel_step = 0, s_channel_step = 0;
  std::int32_t s_row_elements = 0;  // of the slope table
  std::int32_t in_zero = 0, out_zero = 0, multiplier = 0, shift = 0;
  const void* slopes = nullptr;  // int32

  static constexpr const char* type_name = "PreluS8";
  template <class Self, class Visit>
  static constexpr void fields(Self& self, Visit&& visit) {
    visit("width", self.width);
    visit("channels", self.channels);
    visit("s_row_divisor", self.s_row_divisor);
    visit("s_row_modulus", self.s_row_modulus);
    visit("s_pixel_step", self.s_pixel_step);
    visit("s_channel_step", self.s_channel_step);
    visit("s_row_elements", self.s_row_elements);
    visit("in_zero", self.in_zero);
    visit("out_zero", self.out_zero);
    visit("multiplier", self.multiplier);
    visit("shift", self.shift);
    visit("slopes", self.slopes);
  }
};

// Functions of UnaryF32 and BinaryF32, in the order of the compiler's Unary::Fn and Binary::Fn.
enum class UnaryFunction : std::int32_t {
  clamp,
  leaky_relu,
  sigmoid,
  hard_sigmoid,
  hard_swish,
  silu,
  tanh,
  elu,
  gelu,
  gelu_tanh,
  erf,
  exp,
  log,
  sqrt,
  pow,
  affine,
  abs,
  neg,
  reciprocal
};
enum class BinaryFunction : std::int32_t { add, sub, mul, div, min, max, pow, prelu };

struct UnaryF32 {
  std::int32_t row_elements = 0;
  std::int32_t function = 0;  // UnaryFunction
  float alpha = 0, beta = 0;

  static constexpr const char* type_name = "UnaryF32";
  template <class Self, class Visit>
  static constexpr void fields(Self& self, Visit&& visit) {
    visit("row_elements", self.row_elements);
    visit("function", self.function);
    visit("alpha", self.alpha);
    visit("beta", self.beta);
  }
};

// y = min(max(f(a, b), lo), hi)
struct BinaryF32 {
  std::int32_t width = 0, channels = 0;
  std::int32_t a_row_divisor = 1, a_row_modulus = 1, a_pixel_step = 0, a_channel_step = 0;
  std::int32_t b_row_divisor = 1, b_row_modulus = 1, b_pixel_step = 0, b_channel_step = 0;
  std::int32_t function = 0;  // BinaryFunction
  std::int32_t clamped = 0;   // lo and hi apply
  float lo = 0, hi = 0;

  constexpr Broadcast a() const {
    return {a_row_divisor, a_row_modulus, a_pixel_step, a_channel_step};
  }
  constexpr Broadcast b() const {
    return {b_row_divisor, b_row_modulus, b_pixel_step, b_channel_step};
  }

  static constexpr const char* type_name = "BinaryF32";
  template <class Self, class Visit>
  static constexpr void fields(Self& self, Visit&& visit) {
    visit("width", self.width);
    visit("channels", self.channels);
    visit("a_row_divisor", self.a_row_divisor);
    visit("a_row_modulus", self.a_row_modulus);
    visit("a_pixel_step", self.a_pixel_step);
    visit("a_channel_step", self.a_channel_step);
    visit("b_row_divisor", self.b_row_divisor);
    visit("b_row_modulus", self.b_row_modulus);
    visit("b_pixel_step", self.b_pixel_step);
    visit("b_channel_step", self.b_channel_step);
    visit("function", self.function);
    visit("clamped", self.clamped);
    visit("lo", self.lo);
    visit("hi", self.hi);
  }
};

// f32 -> s8 and back. `scales` and `zeros` (float, int32) hold one entry, or one per channel with
// per_channel.
struct QuantizeLayer {
  std::int32_t width = 0, channels = 0;
  std::int32_t per_channel = 0;
  const void* scales = nullptr;
  const void* zeros = nullptr;

  static constexpr const char* type_name = "QuantizeLayer";
  template <class Self, class Visit>
  static constexpr void fields(Self& self, Visit&& visit) {
    visit("width", self.width);
    visit("channels", self.channels);
    visit("per_channel", self.per_channel);
    visit("scales", self.scales);
    visit("zeros", self.zeros);
  }
};

// Softmax along the last dimension of `pixels` vectors of `count` int8 in a row.
struct SoftmaxS8 {
  std::int32_t pixels = 0, count = 0;
  std::int32_t inverse_scale = 0;  // round(256 / out_scale)
  std::int32_t out_zero = 0;
  const void* exponentials = nullptr;  // uint32 [256]

  static constexpr const char* type_name = "SoftmaxS8";
  template <class Self, class Visit>
  static constexpr void fields(Self& self, Visit&& visit) {
    visit("pixels", self.pixels);
    visit("count", self.count);
    visit("inverse_scale", self.inverse_scale);
    visit("out_zero", self.out_zero);
    visit("exponentials", self.exponentials);
  }
};

// Softmax in float over the middle of [outer, count, inner]; the whole tensor is one row.
struct SoftmaxF32 {
  std::int32_t outer = 0, count = 0, inner = 0;

  static constexpr const char* type_name = "SoftmaxF32";
  template <class Self, class Visit>
  static constexpr void fields(Self& self, Visit&& visit) {
    visit("outer", self.outer);
    visit("count", self.count);
    visit("inner", self.inner);
  }
};

// Layer normalization of `vectors` vectors of `count` elements, side by side in a row.
struct LayerNormS8 {
  std::int32_t vectors = 0, count = 0;
  std::int32_t in_zero = 0, out_zero = 0;
  float variance_scale = 0, epsilon = 0, element_scale = 0, out_scale = 1;
  const void* gamma = nullptr;  // float [count], or null
  const void* beta = nullptr;   // float [count], or null

  static constexpr const char* type_name = "LayerNormS8";
  template <class Self, class Visit>
  static constexpr void fields(Self& self, Visit&& visit) {
    visit("vectors", self.vectors);
    visit("count", self.count);
    visit("in_zero", self.in_zero);
    visit("out_zero", self.out_zero);
    visit("variance_scale", self.variance_scale);
    visit("epsilon", self.epsilon);
    visit("element_scale", self.element_scale);
    visit("out_scale", self.out_scale);
    visit("gamma", self.gamma);
    visit("beta", self.beta);
  }
};

struct LayerNormF32 {
  std::int32_t vectors = 0, count = 0;
  float epsilon = 0;
  const void* gamma = nullptr;  // float [count], or null
  const void* beta = nullptr;   // float [count], or null

  static constexpr const char* type_name = "LayerNormF32";
  template <class Self, class Visit>
  static constexpr void fields(Self& self, Visit&& visit) {
    visit("vectors", self.vectors);
    visit("count", self.count);
    visit("epsilon", self.epsilon);
    visit("gamma", self.gamma);
    visit("beta", self.beta);
  }
};

}  // namespace LINNET_VERSION_NAMESPACE
}  // namespace linnet
