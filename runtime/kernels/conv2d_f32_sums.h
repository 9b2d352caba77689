// What the float convolutions share. The order of every sum is the definition's: bias first, then (ky, kx, channel), each
// product rounded before it is added (docs/quantization.md, section 8). So sums are never split or reordered; speed comes
// from sums side by side, which share what they load:
//
//             w0[k] w1[k] w2[k] w3[k]      four output channels
//     x0[k]    s00   s01   s02   s03
//     x1[k]    s10   s11   s12   s13       four pixels: 8 loads for 16 products
//     x2[k]    s20   s21   s22   s23
//     x3[k]    s30   s31   s32   s33
//
// The core's loop takes two k at a time: 32 VMLA, 8 VLDM of two words, 2 for the loop, 1.31 instructions a MAC. VMLA rounds
// twice, as the definition wants. Where pixels or channels are left over, four sums share one operand: 2.75 a MAC.
#pragma once

#include "linnet/dsp/float_math.h"
#include "linnet/layers_conv.h"

namespace linnet {
inline namespace LINNET_VERSION_NAMESPACE {
namespace detail {

constexpr std::int32_t kFloatBlock =
    4;  // pixels, and output channels, that are summed side by side

// Weights and bias of a layer, from flash or from an operand.
struct FloatWeights {
  const float* weights;
  const float* bias;  // may be null

  FloatWeights(const Conv2dF32& layer, const Io& io) noexcept
      : weights(layer.weights_operand > 0 ? io.in[layer.weights_operand].row<float>(0)
                                          : static_cast<const float*>(layer.weights)),
        bias(layer.bias_operand > 0 ? io.in[layer.bias_operand].row<float>(0)
                                    : static_cast<const float*>(layer.bias)) {}

  float bias_of(std::int32_t o) const noexcept { return bias != nullptr ? bias[o] : 0.0f; }
};

// Four runs of floats, `step` floats apart.
struct FourRuns {
  const float* first;
  std::int32_t step;
  const float* operator[](std::int32_t i) const noexcept { return first + i * step; }
};

// sums[4 * p + j] += x[p] . w[j], element by element.
inline void add_products_4x4(float (&sums)[16], const FourRuns& x, const FourRuns& w,
                             std::int32_t count) noexcept {
#if defined(__arm__) && defined(__ARM_FP) && defined(__OPTIMIZE__) && !defined(LINNET_PORTABLE_DSP)
  // GCC 12 at -O2 keeps such a block of sums in memory. Here s0-s15 are the sums, s16-s23 the weights and s24-s31 the
  // inputs of two k: every register there is. (Without optimisation GCC finds no room for the ten operands.)
  const float *w0 = w[0], *w1 = w[1], *w2 = w[2], *w3 = w[3];
  const float *x0 = x[0], *x1 = x[1], *x2 = x[2], *x3 = x[3];
  // clang-format off
  __asm__ volatile(
      "vldmia %[sums], {s0-s15}\n"
      "subs %[count], #2\n"
      "blo 2f\n"
      "1:\n"
      "vldmia %[w0]!, {s16-s17}; vldmia %[w1]!, {s18-s19}; vldmia %[w2]!, {s20-s21}; vldmia %[w3]!, {s22-s23}\n"
      "vldmia %[x0]!, {s24-s25}; vldmia %[x1]!, {s26-s27}; vldmia %[x2]!, {s28-s29}; vldmia %[x3]!, {s30-s31}\n"
      "vmla.f32 s0, s24, s16; vmla.f32 s1, s24, s18; vmla.f32 s2, s24, s20; vmla.f32 s3, s24, s22;\n"
      "vmla.f32 s4, s26, s16; vmla.f32 s5, s26, s18; vmla.f32 s6, s26, s20; vmla.f32 s7, s26, s22;\n"
      "vmla.f32 s8, s28, s16; vmla.f32 s9, s28, s18; vmla.f32 s10, s28, s20; vmla.f32 s11, s28, s22;\n"
      "vmla.f32 s12, s30, s16; vmla.f32 s13, s30, s18; vmla.f32 s14, s30, s20; vmla.f32 s15, s30, s22;\n"
      "vmla.f32 s0, s25, s17; vmla.f32 s1, s25, s19; vmla.f32 s2, s25, s21; vmla.f32 s3, s25, s23;\n"
      "vmla.f32 s4, s27, s17; vmla.f32 s5, s27, s19; vmla.f32 s6, s27, s21; vmla.f32 s7, s27, s23;\n"
      "vmla.f32 s8, s29, s17; vmla.f32 s9, s29, s19; vmla.f32 s10, s29, s21; vmla.f32 s11, s29, s23;\n"
      "vmla.f32 s12, s31, s17; vmla.f32 s13, s31, s19; vmla.f32 s14, s31, s21; vmla.f32 s15, s31, s23;\n"
      "subs %[count], #2\n"
      "bhs 1b\n"
      "2:\n"
      "adds %[count], #1\n"  // it was -1: one is left; or -2: none
      "bne 3f\n"
      "vldr s16, [%[w0]]; vldr s18, [%[w1]]; vldr s20, [%[w2]]; vldr s22, [%[w3]]\n"
      "vldr s24, [%[x0]]; vldr s26, [%[x1]]; vldr s28, [%[x2]]; vldr s30, [%[x3]]\n"
      "vmla.f32 s0, s24, s16; vmla.f32 s1, s24, s18; vmla.f32 s2, s24, s20; vmla.f32 s3, s24, s22;\n"
      "vmla.f32 s4, s26, s16; vmla.f32 s5, s26, s18; vmla.f32 s6, s26, s20; vmla.f32 s7, s26, s22;\n"
      "vmla.f32 s8, s28, s16; vmla.f32 s9, s28, s18; vmla.f32 s10, s28, s20; vmla.f32 s11, s28, s22;\n"
      "vmla.f32 s12, s30, s16; vmla.f32 s13, s30, s18; vmla.f32 s14, s30, s20; vmla.f32 s15, s30, s22;\n"
      "3:\n"
      "vstmia %[sums], {s0-s15}\n"
      : [count] "+r"(count), [w0] "+r"(w0), [w1] "+r"(w1), [w2] "+r"(w2), [w3] "+r"(w3),
        [x0] "+r"(x0), [x1] "+r"(x1), [x2] "+r"(x2), [x3] "+r"(x3)
      : [sums] "r"(sums)
      : "cc", "memory", "s0", "s1", "s2", "s3", "s4", "s5", "s6", "s7", "s8", "s9", "s10", "s11", "s12", "s13", "s14",
        "s15", "s16", "s17", "s18", "s19", "s20", "s21", "s22", "s23", "s24", "s25", "s26", "s27", "s28", "s29", "s30",
        "s31");
  // clang-format on
#else
  for (std::int32_t k = 0; k < count; ++k) {
    for (std::int32_t p = 0; p < kFloatBlock; ++p) {
      for (std::int32_t j = 0; j < kFloatBlock; ++j)
        sums[4 * p + j] = dsp::mla_f32(sums[4 * p + j], x[p][k], w[j][k]);
    }
  }
#endif
}

// sums[i] += one . four[i]: a pixel with four channels, or four pixels with a channel. Written out for GCC: see above.
inline void add_products_1x4(float (&sums)[4], const float* one, const FourRuns& four,
                             std::int32_t count) noexcept {
  const float *f0 = four[0], *f1 = four[1], *f2 = four[2], *f3 = four[3];
  float s0 = sums[0], s1 = sums[1], s2 = sums[2], s3 = sums[3];
  for (std::int32_t k = 0; k < count; ++k) {
    const float shared = *one++;
    s0 = dsp::mla_f32(s0, shared, *f0++);
    s1 = dsp::mla_f32(s1, shared, *f1++);
    s2 = dsp::mla_f32(s2, shared, *f2++);
    s3 = dsp::mla_f32(s3, shared, *f3++);
  }
  sums[0] = s0;
  sums[1] = s1;
  sums[2] = s2;
  sums[3] = s3;
}

inline float add_products(float sum, const float* x, const float* w, std::int32_t count) noexcept {
  for (std::int32_t k = 0; k < count; ++k) sum = dsp::mla_f32(sum, x[k], w[k]);
  return sum;
}

inline float clamp(const Conv2dF32& layer, float value) noexcept {
  return value < layer.lo ? layer.lo : value > layer.hi ? layer.hi : value;
}

// Which output channels, and where their weights are: those of channel o begin at o * depth.
struct FloatChannels {
  FloatWeights weights;
  std::int32_t first, last, depth;

  FloatChannels(const Conv2dF32& layer, const FloatWeights& w, std::int32_t group,
                std::int32_t depth_of_group) noexcept
      : weights(w),
        first(group * layer.group_out()),
        last(first + layer.group_out()),
        depth(depth_of_group) {}

  FourRuns four(std::int32_t o, std::int32_t weight) const noexcept {
    return {weights.weights + o * depth + weight, depth};
  }
  const float* one(std::int32_t o, std::int32_t weight) const noexcept {
    return weights.weights + o * depth + weight;
  }
};

// One output pixel. `for_each_run` calls visit(x, first weight, count) in the order of the definition: which inputs meet
// which weights.
template <class ForEachRun>
inline void write_channels(const Conv2dF32& layer, const FloatChannels& channels, float* y,
                           const ForEachRun& for_each_run) noexcept {
  std::int32_t o = channels.first;
  for (; o + kFloatBlock <= channels.last; o += kFloatBlock) {
    float sums[4];
    for (std::int32_t j = 0; j < 4; ++j) sums[j] = channels.weights.bias_of(o + j);
    for_each_run([&](const float* x, std::int32_t weight, std::int32_t count) {
      add_products_1x4(sums, x, channels.four(o, weight), count);
    });
    for (std::int32_t j = 0; j < 4; ++j) y[o + j] = clamp(layer, sums[j]);
  }
  for (; o < channels.last; ++o) {
    float sum = channels.weights.bias_of(o);
    for_each_run([&](const float* x, std::int32_t weight, std::int32_t count) {
      sum = add_products(sum, x, channels.one(o, weight), count);
    });
    y[o] = clamp(layer, sum);
  }
}

// Four output pixels side by side, whose inputs are `in_step` floats apart; for_each_run gives the first one's.
template <class ForEachRun>
inline void write_channels_of_four(const Conv2dF32& layer, const FloatChannels& channels,
                                   std::int32_t in_step, float* y,
                                   const ForEachRun& for_each_run) noexcept {
  const std::int32_t out_step = layer.out_pixel_elements;
  std::int32_t o = channels.first;
  for (; o + kFloatBlock <= channels.last; o += kFloatBlock) {
    float sums[16];
    for (std::int32_t j = 0; j < 4; ++j)
      sums[j] = sums[4 + j] = sums[8 + j] = sums[12 + j] = channels.weights.bias_of(o + j);
    for_each_run([&](const float* x, std::int32_t weight, std::int32_t count) {
      add_products_4x4(sums, {x, in_step}, channels.four(o, weight), count);
    });
    for (std::int32_t p = 0; p < 4; ++p) {
      for (std::int32_t j = 0; j < 4; ++j) y[p * out_step + o + j] = clamp(layer, sums[4 * p + j]);
    }
  }
  for (; o < channels.last; ++o) {
    const float bias = channels.weights.bias_of(o);
    float sums[4] = {bias, bias, bias, bias};
    for_each_run([&](const float* x, std::int32_t weight, std::int32_t count) {
      add_products_1x4(sums, channels.one(o, weight), {x, in_step}, count);
    });
    for (std::int32_t p = 0; p < 4; ++p) y[p * out_step + o] = clamp(layer, sums[p]);
  }
}

}  // namespace detail
}  // namespace LINNET_VERSION_NAMESPACE
}  // namespace linnet
