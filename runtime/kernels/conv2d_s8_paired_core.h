// The inner loops of the fast int8 convolutions (conv2d_s8_paired.h): products of one block of expanded pixels with all
// pairs of channels, requantized and written.
#pragma once

#include "linnet/kernels/conv2d_s8_paired_expand.h"

namespace linnet {
inline namespace LINNET_VERSION_NAMESPACE {
namespace paired {

#if defined(__ARM_FEATURE_SIMD32) && !defined(LINNET_PORTABLE_DSP)
#define LINNET_PAIRED_CORE 1
#endif

// What multiply_four() is called with. The order is that of its stack frame.
struct Core {
  const std::byte* x_end;
  const std::byte* x_begin;  // less skip steps
  std::int32_t entry;        // where the loop is entered first, from its beginning
  const std::byte* x;        // its first word goes into the frame
  std::int32_t
      weights_step;  // from the multiplier A of a pair to word 0 of the next, less skip words
  std::int32_t addend_a, addend_b;
  std::int32_t shift_a, factor_b;  // B is shifted by a multiplication, beside the shifts of A
  std::int8_t* y[kPixels];         // behind the last pair
  std::int32_t offset;             // from there to the first pair
  const std::uint32_t* weights;    // 8 bytes before the first pair
};

constexpr std::int32_t kUnrolled = 15;       // steps in the loop's body
constexpr std::int32_t kStepCodeBytes = 56;  // of a step's 14 instructions

#ifdef LINNET_PAIRED_CORE

[[gnu::naked, gnu::noipa, gnu::aligned(8)]] inline void multiply_four(const Core&) noexcept {
  __asm__(
      ".macro linnet_step x, w\n"
      "sxtb16 r11, r10\n"
      "smlad r0, r10, r8, r0\n ldr r9, [lr, #\\x + 4]\n"
      "smlad r4, r11, r8, r4\n"
      "smlad r1, r10, r9, r1\n ldr r8, [lr, #\\x + 8]\n"
      "smlad r5, r11, r9, r5\n"
      "smlad r2, r10, r8, r2\n ldr r9, [lr, #\\x + 12]\n"
      "smlad r6, r11, r8, r6\n ldr r8, [lr, #\\x + 16]\n"
      "smlad r3, r10, r9, r3\n ldr r10, [r12, #\\w + 4]\n"
      "smlad r7, r11, r9, r7\n"
      ".endm\n"
      "push {r4-r11, lr}\n"
      "sub sp, sp, #56\n"
      "ldm r0!, {r1-r12, lr}\n"
      "ldr r4, [r4]\n"
      "stm sp, {r1-r12, lr}\n"
      "ldrd r10, r12, [r0]\n"
      "adr r11, 1f\n"
      "add r9, r3, r11\n"
      "str r9, [sp, #8]\n"
      "str r10, [sp, #52]\n"
      "mov r8, r4\n"
      "mov lr, r2\n"
      "ldrd r4, r0, [r12, #8]\n"
      "ldr r10, [r12, #16]\n"
      "add r12, r12, r5\n"
      "mov r5, r4\n"
      "mov r6, r4\n"
      "mov r7, r4\n"
      "mov r1, r0\n"
      "mov r2, r0\n"
      "mov r3, r0\n"
      "bx r9\n"
      ".align 3\n"
      "1:\n"
      ".set linnet_i, 0\n"
      ".rept 14\n"
      "linnet_step 16 * linnet_i, 4 * linnet_i\n"
      ".set linnet_i, linnet_i + 1\n"
      ".endr\n"
      "sxtb16 r11, r10\n"
      "smlad r0, r10, r8, r0\n ldr r9, [lr, #228]\n"
      "smlad r4, r11, r8, r4\n"
      "smlad r1, r10, r9, r1\n ldr r8, [lr, #232]\n"
      "smlad r5, r11, r9, r5\n"
      "smlad r2, r10, r8, r2\n ldr r9, [lr, #236]\n"
      "smlad r6, r11, r8, r6\n ldr r8, [lr, #240]!\n"
      "smlad r3, r10, r9, r3\n ldr r10, [sp]\n"
      "smlad r7, r11, r9, r7\n"
      "cmp lr, r10\n ldr r10, [r12, #60]!\n"
      "bne 1b\n"
      // Requantize; r10 is multiplier A already. Then the head of the next pair.
      "ldrd r8, lr, [sp, #20]\n"
      "sub r3, r3, r7\n"
      "smmla r7, r7, r10, r8\n"
      "sub r1, r1, r5\n"
      "smmla r5, r5, r10, r8\n"
      "sub r0, r0, r4\n"
      "smmla r4, r4, r10, r8\n"
      "sub r2, r2, r6\n"
      "smmla r6, r6, r10, r8\n"
      "ldrd r9, r10, [sp, #28]\n"
      "ldr r11, [r12, #4]\n"
      "asr r7, r7, r9\n"
      "ssat r7, #8, r7\n"
      "smmla r2, r2, r11, lr\n"
      "asr r5, r5, r9\n"
      "smmla r0, r0, r11, lr\n"
      "asr r4, r4, r9\n"
      "smmla r1, r1, r11, lr\n"
      "ssat r4, #8, r4\n"
      "smmul r0, r0, r10\n"
      "ssat r5, #8, r5\n"
      "smmul r1, r1, r10\n"
      "ssat r0, #8, r0\n"
      "smmla r3, r3, r11, lr\n"
      "ldrd r8, lr, [sp, #36]\n"
      "ssat r1, #8, r1\n"
      "smmul r2, r2, r10\n"
      "ldr r11, [sp, #52]\n"
      "asr r6, r6, r9\n"
      "bfi r5, r1, #8, #8\n"
      "bfi r4, r0, #8, #8\n"
      "strh r5, [lr, r11]\n"
      "ssat r2, #8, r2\n"
      "strh r4, [r8, r11]\n"
      "ldrd r4, r0, [r12, #8]\n"
      "ssat r6, #8, r6\n"
      "smmul r3, r3, r10\n"
      "mov r1, r0\n"
      "mov r5, r4\n"
      "ldrd r9, r10, [sp, #44]\n"
      "bfi r6, r2, #8, #8\n"
      "mov r2, r0\n"
      "ssat r3, #8, r3\n"
      "strh r6, [r9, r11]\n"
      "ldrd lr, r9, [sp, #4]\n"
      "bfi r7, r3, #8, #8\n"
      "strh r7, [r10, r11]\n"
      "mov r3, r0\n"
      "adds r11, r11, #2\n"
      "mov r6, r4\n"
      "str r11, [sp, #52]\n"
      "ldr r10, [r12, #16]\n"
      "mov r7, r4\n"
      "ldrd r8, r11, [sp, #12]\n"
      "add r12, r12, r11\n"
      "beq 3f\n"
      "bx r9\n"
      "3:\n"
      "add sp, sp, #56\n"
      "pop {r4-r11, pc}\n"
      ".purgem linnet_step\n");
}

#endif  // LINNET_PAIRED_CORE

// One function for all that call it, without copies for the arguments that some of them have.
#if defined(__GNUC__) && !defined(__clang__)
#define LINNET_PAIRED_SHARED [[gnu::noipa]]
#else
#define LINNET_PAIRED_SHARED [[gnu::noinline]]
#endif

// Sums of a pair of channels over one or two pixels, and where the next words are.
template <int Pixels>
struct Sums {
  std::int32_t a[std::size_t{Pixels}], b[std::size_t{Pixels}];
};

template <int Pixels>
inline void add_step(Sums<Pixels>& sums, std::uint32_t both, const std::uint32_t* x) noexcept {
  const std::uint32_t low = dsp::sxtb16(both);
#pragma GCC unroll 2
  for (int p = 0; p < Pixels; ++p) {
    sums.b[p] = dsp::smlad(both, x[p], sums.b[p]);
    sums.a[p] = dsp::smlad(low, x[p], sums.a[p]);
  }
}

// Adds `steps` steps, `stride` words apart in x (kPixels of them for two pixels), in twos. On the core 16 instructions for 16
// products of two pixels, 12 for 8 of one: what GCC 12 makes of the loop in C++ is half as many again.
template <int Pixels>
inline void add_steps(Sums<Pixels>& sums, const std::uint32_t* w, const std::uint32_t* x,
                      std::int32_t steps, std::int32_t stride) noexcept {
  if ((steps & 1) != 0) {
    add_step(sums, *w++, x);
    x += stride;
  }
  const std::uint32_t* const end = x + (steps & ~1) * stride;
  if (x == end) return;
#ifdef LINNET_PAIRED_CORE
  std::uint32_t v0 = 0, v1 = 0, x0 = 0, x1 = 0;
  if constexpr (Pixels == 2) {
    __asm__ volatile(
        "1:\n"
        "ldr %[v0], [%[w]], #8\n"
        "ldrd %[x0], %[x1], [%[x]], #32\n"
        "sxtb16 %[v1], %[v0]\n"
        "smlad %[b0], %[v0], %[x0], %[b0]\n"
        "smlad %[a0], %[v1], %[x0], %[a0]\n"
        "smlad %[b1], %[v0], %[x1], %[b1]\n"
        "ldr %[v0], [%[w], #-4]\n"
        "smlad %[a1], %[v1], %[x1], %[a1]\n"
        "ldrd %[x0], %[x1], [%[x], #-16]\n"
        "sxtb16 %[v1], %[v0]\n"
        "smlad %[b0], %[v0], %[x0], %[b0]\n"
        "smlad %[a0], %[v1], %[x0], %[a0]\n"
        "smlad %[b1], %[v0], %[x1], %[b1]\n"
        "cmp %[x], %[end]\n"
        "smlad %[a1], %[v1], %[x1], %[a1]\n"
        "bne 1b\n"
        : [a0] "+r"(sums.a[0]), [a1] "+r"(sums.a[1]), [b0] "+r"(sums.b[0]), [b1] "+r"(sums.b[1]),
          [w] "+r"(w), [x] "+r"(x), [v0] "=&r"(v0), [v1] "=&r"(v1), [x0] "=&r"(x0), [x1] "=&r"(x1)
        : [end] "r"(end)
        : "cc", "memory");
  } else {
    std::uint32_t low = 0;
    __asm__ volatile(
        "1:\n"
        "ldrd %[v0], %[v1], [%[w]], #8\n"
        "ldr %[x0], [%[x]]\n"
        "sxtb16 %[low], %[v0]\n"
        "ldr %[x1], [%[x], %[stride]]\n"
        "smlad %[b0], %[v0], %[x0], %[b0]\n"
        "add %[x], %[x], %[stride], lsl #1\n"
        "smlad %[a0], %[low], %[x0], %[a0]\n"
        "sxtb16 %[low], %[v1]\n"
        "cmp %[x], %[end]\n"
        "smlad %[b0], %[v1], %[x1], %[b0]\n"
        "smlad %[a0], %[low], %[x1], %[a0]\n"
        "bne 1b\n"
        : [a0] "+r"(sums.a[0]), [b0] "+r"(sums.b[0]), [w] "+r"(w), [x] "+r"(x), [v0] "=&r"(v0),
          [v1] "=&r"(v1), [x0] "=&r"(x0), [x1] "=&r"(x1), [low] "=&r"(low)
        : [end] "r"(end), [stride] "r"(4 * stride)
        : "cc", "memory");
  }
#else
  for (; x != end; x += stride) add_step(sums, *w++, x);
#endif
}

// The outputs of a pair of channels, by any shift and clamp; `both`: the second one is there.
LINNET_PAIRED_SHARED inline void write_pair(const dsp::Requantizer& requantize, std::int32_t a,
                                            std::int32_t b, const std::uint32_t* multipliers,
                                            std::int8_t* y, bool both) noexcept {
  const auto ma = static_cast<std::int32_t>(multipliers[0]);
  y[0] = requantize(a, ma);
  const auto mb = static_cast<std::int32_t>(multipliers[1]);
  if (both) y[1] = requantize(b, mb);
}

// The channels from `first` on, of one or two pixels (of those of `x`, whose steps are `stride` words apart), in parts. `w` is
// where their first pair is packed.
template <int Pixels>
LINNET_PAIRED_SHARED void multiply(const Conv2dS8& layer, const dsp::Requantizer& requantize,
                                   std::int32_t first, const std::uint32_t* w,
                                   const std::uint32_t* x, std::int32_t stride, std::int32_t steps,
                                   std::int8_t* const* y) noexcept {
  const std::int32_t channels = layer.out_c;
  const std::int32_t part = layer.paired == 1 ? steps : part_steps(steps, layer.paired);
  for (std::int32_t o = first; o < channels; o += 2, w += pair_words(steps)) {
    Sums<Pixels> sums;
    std::int32_t b[std::size_t{Pixels}] = {};
#pragma GCC unroll 2
    for (int p = 0; p < Pixels; ++p) {
      sums.a[p] = static_cast<std::int32_t>(w[0]);
      sums.b[p] = static_cast<std::int32_t>(w[1]);
    }
    for (std::int32_t step = 0;;) {
      add_steps(sums, w + 2 + step, x + step * stride, steps - step < part ? steps - step : part,
                stride);
#pragma GCC unroll 2
      for (int p = 0; p < Pixels; ++p) b[p] = plus_b(b[p], sums.a[p], sums.b[p]);
      step += part;
      if (step >= steps) break;
    }
#pragma GCC unroll 2
    for (int p = 0; p < Pixels; ++p) {
      write_pair(requantize, sums.a[p], b[p], w + steps + 2, y[p] + o, o + 1 < channels);
    }
  }
}

// Limits the bytes of a pixel, which multiply_four() has only saturated.
[[gnu::noinline]] inline void clamp_pixel(const Conv2dS8& layer, std::int8_t* y) noexcept {
  const std::uint32_t all = 0x01010101u;
  const std::uint32_t lo = static_cast<std::uint8_t>(layer.lo) * all;
  const std::uint32_t not_hi = ~(static_cast<std::uint8_t>(layer.hi) * all);
  std::int32_t left = layer.out_c;
  for (; left >= 4; left -= 4, y += 4) {
    // min(v, hi) is ~max(~v, ~hi).
    const std::uint32_t v = dsp::max_s8x4(dsp::load_word(y), lo);
    dsp::store_word(y, ~dsp::max_s8x4(~v, not_hi));
  }
  for (; left > 0; --left, ++y) {
    *y = static_cast<std::int8_t>(*y < layer.lo ? layer.lo : *y > layer.hi ? layer.hi : *y);
  }
}

// Makes the outputs of pixels that are expanded to `x`.
class Writer {
 public:
  static constexpr std::int32_t expanded_bytes(std::int32_t steps) noexcept {
    return paired::expanded_bytes(steps);
  }

  [[gnu::noinline]] Writer(const Conv2dS8& layer, const std::uint32_t* x,
                           std::int32_t steps) noexcept
      : layer_(layer),
        requantize_(layer.shift, layer.out_zero, layer.lo, layer.hi),
        weights_(static_cast<const std::uint32_t*>(layer.weights)),
        x_(x),
        steps_(steps) {
#ifdef LINNET_PAIRED_CORE
    prepare_core();
#endif
  }

  // The first `pixels` of the four; others must be the first one again.
  void write(std::int8_t* const* y, std::int32_t pixels) noexcept {
#ifdef LINNET_PAIRED_CORE
    if (fast_ && pixels >= 3) {
      for (std::int32_t p = 0; p < kPixels; ++p) core_.y[p] = y[p < pixels ? p : 0] - core_.offset;
      multiply_four(core_);
      return complete_ ? void() : finish(y, pixels);
    }
#endif
    multiply_any(0, y, pixels);
  }

  // All four, `pitch` bytes apart.
  void write_four(std::int8_t* y, std::int32_t pitch) noexcept {
#ifdef LINNET_PAIRED_CORE
    if (complete_) {
      y -= core_.offset;
      core_.y[0] = y;
      core_.y[1] = y += pitch;
      core_.y[2] = y += pitch;
      core_.y[3] = y += pitch;
      return multiply_four(core_);
    }
#endif
    std::int8_t* const each[kPixels] = {y, y + pitch, y + 2 * pitch, y + 3 * pitch};
    write(each, kPixels);
  }

 private:
  [[gnu::noinline]] void multiply_any(std::int32_t first, std::int8_t* const* y,
                                      std::int32_t pixels) noexcept {
    const std::uint32_t* const w = weights_ + first / 2 * pair_words(steps_);
    std::int32_t p = 0;
    for (; p + 2 <= pixels; p += 2) {
      multiply<2>(layer_, requantize_, first, w, x_ + p, kPixels, steps_, y + p);
    }
    if (p < pixels) multiply<1>(layer_, requantize_, first, w, x_ + p, kPixels, steps_, y + p);
  }

#ifdef LINNET_PAIRED_CORE
  void prepare_core() noexcept {
    // For larger shifts the addend of channel B, 256 times A's, is too large.
    fast_ = layer_.paired == 1 && layer_.shift >= 33 && layer_.shift <= 46 && layer_.out_c >= 2;
    complete_ = fast_ && layer_.out_c % 2 == 0 && requantize_.unclamped;
    const std::int32_t skip = (kUnrolled - steps_ % kUnrolled) % kUnrolled;
    const auto* const begin = static_cast<const std::byte*>(static_cast<const void*>(x_));
    core_.x = begin;
    core_.x_begin = begin - skip * kStepBytes;
    core_.x_end = begin + steps_ * kStepBytes;
    core_.entry = kStepCodeBytes * skip + 1;
    core_.weights_step = 16 - 4 * skip;
    core_.shift_a = layer_.shift - 32;
    core_.factor_b = std::int32_t{1} << (56 - layer_.shift);
    core_.addend_a = requantize_.addend;
    core_.addend_b = fast_ ? requantize_.addend * 256 : 0;
    core_.offset = -(layer_.out_c / 2 * 2);
    core_.weights = weights_ - 2;
  }

  // An odd last channel, and the clamp.
  [[gnu::noinline]] void finish(std::int8_t* const* y, std::int32_t pixels) noexcept {
    if (layer_.out_c % 2 != 0) multiply_any(layer_.out_c - 1, y, pixels);
    if (requantize_.unclamped) return;
    for (std::int32_t p = 0; p < pixels; ++p) clamp_pixel(layer_, y[p]);
  }

  Core core_;
  bool fast_, complete_;
#endif
  const Conv2dS8& layer_;
  dsp::Requantizer requantize_;
  const std::uint32_t* weights_;
  const std::uint32_t* x_;
  std::int32_t steps_;
};

}  // namespace paired
}  // namespace LINNET_VERSION_NAMESPACE
}  // namespace linnet
