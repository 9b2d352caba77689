// Outputs from sums: what the fast int8 convolutions do around multiply_four() (conv2d_s8_paired_core.h).
//
// Three or four pixels go through multiply_four(). It requantizes by itself where the shift is usual and sums are whole
// (direct()); else it leaves sums, of some pairs of channels at a time, which are requantized here. One or two pixels that
// are left have a loop of their own.
#pragma once

#include "linnet/kernels/clamp_codes.h"
#include "linnet/kernels/conv2d_s8_paired_core.h"

namespace linnet {
inline namespace LINNET_VERSION_NAMESPACE {
namespace paired {

// One function for all that call it, without copies for the arguments that some of them have.
#if defined(__GNUC__) && !defined(__clang__)
#define LINNET_PAIRED_SHARED [[gnu::noipa]]
#else
#define LINNET_PAIRED_SHARED [[gnu::noinline]]
#endif

// Whether multiply_four() makes the outputs. For larger shifts the addend of channel B, 256 times A's, is too large.
constexpr bool direct(const Conv2dS8& layer) {
  return layer.paired == 1 && layer.shift >= 33 && layer.shift <= 46 && layer.out_c >= 2;
}

// Sums of a pair of channels over four pixels: 256 * SB + SA or SB, and SA.
struct PairSums {
  std::int32_t b[kPixels], a[kPixels];
};
constexpr std::int32_t kSummedPairs = 8;  // at a time
constexpr std::int32_t sums_bytes(const Conv2dS8& layer) {
  return direct(layer) ? 0 : (layer.paired == 1 ? kSummedPairs : 2) * 8 * 4;
}

// How sums become codes, for any shift. With a shift below 33 multipliers, and sums where the spare bits of their multiplier
// do not suffice, are shifted left by what is missing.
struct Requantization {
  std::int32_t addend, shift, missing;

  constexpr explicit Requantization(const Conv2dS8& layer) noexcept
      : addend(0), shift(1), missing(layer.shift < 33 ? 33 - layer.shift : 0) {
    if (missing == 0) shift = layer.shift - 32;
    addend = layer.out_zero * (1 << shift) + (1 << (shift - 1));
  }
};

// The codes of a channel, of `pixels` pixels; y[p][channel], saturated.
LINNET_PAIRED_SHARED inline void write_channel(const Requantization& by, const std::int32_t* sums,
                                               std::uint32_t multiplier, std::int8_t* const* y,
                                               std::int32_t channel, std::int32_t pixels) noexcept {
  auto m = static_cast<std::int32_t>(multiplier);
  const std::int32_t addend = by.addend, shift = by.shift;
  std::int32_t left = by.missing;
  if (left > 0) {
    for (; left > 0 && m < 0x40000000 && m != 0; --left) m *= 2;
    // What follows is more than 2^29 / 2^33 times the sum times 2^left: sums of 2^11 saturate, and with 19 all but 0 do.
    if (m == 0) left = 0;
    if (left > 19) left = 19;
  }
  if (left == 0) {
    for (std::int32_t p = 0; p < pixels; ++p) {
      const std::int32_t v = dsp::smmla(sums[p], m, addend) >> shift;
      y[p][channel] = static_cast<std::int8_t>(dsp::ssat8(v));
    }
    return;
  }
  for (std::int32_t p = 0; p < pixels; ++p) {
    const std::int32_t sum = sums[p] < -2048 ? -2048 : sums[p] > 2047 ? 2047 : sums[p];
    const std::int32_t v = dsp::smmla(sum * (1 << left), m, addend) >> shift;
    y[p][channel] = static_cast<std::int8_t>(dsp::ssat8(v));
  }
}

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

// The channels from `first` on, of one or two pixels (of those of `x`, whose steps are `stride` words apart), in parts. `w` is
// where their first pair is packed.
template <int Pixels>
LINNET_PAIRED_SHARED void multiply(const Conv2dS8& layer, const Requantization& requantize,
                                   std::int32_t first, const std::uint32_t* w,
                                   const std::uint32_t* x, std::int32_t stride, std::int32_t steps,
                                   std::int8_t* const* y) noexcept {
  const std::int32_t count = layer.out_c - first;
  const std::int32_t part = layer.paired == 1 ? steps : part_steps(steps, layer.paired);
  for (std::int32_t pair = 0; pair < pairs(count); ++pair, w += pair_words(steps)) {
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
    const std::int32_t o = first + first_channel(count, pair);
    write_channel(requantize, sums.a, w[steps + 2], y, o, Pixels);
    if (count > 1) write_channel(requantize, b, w[steps + 3], y, o + 1, Pixels);
  }
}

// Makes the outputs of pixels that are expanded to `x`. `sums` has sums_bytes(layer).
class Writer {
 public:
  [[gnu::noinline]] Writer(const Conv2dS8& layer, const std::uint32_t* x, std::int32_t steps,
                           PairSums* sums) noexcept
      : layer_(layer),
        requantize_(layer),
        weights_(static_cast<const std::uint32_t*>(layer.weights)),
        x_(x),
        steps_(steps),
        sums_(sums) {
#ifdef LINNET_PAIRED_CORE
    direct_ = direct(layer);
    prepare_core();
#endif
  }

  // The first `pixels` of the four; others must be the first one again.
  [[gnu::noinline]] void write(std::int8_t* const* y, std::int32_t pixels) noexcept {
#ifdef LINNET_PAIRED_CORE
    if (pixels >= 3) {
      if (direct_) {
        for (std::int32_t p = 0; p < kPixels; ++p)
          core_.y[p] = y[p < pixels ? p : 0] - core_.offset;
        multiply_four(core_);
      } else {
        write_sums(y, pixels);
      }
    } else
#endif
      multiply_any(y, pixels);
    for (std::int32_t p = 0; p < pixels; ++p) clamp(y[p], 1, 0);
  }

  // All four, `pitch` bytes apart.
  void write_four(std::int8_t* y, std::int32_t pitch) noexcept {
#ifdef LINNET_PAIRED_CORE
    if (direct_) {
      std::int8_t* const first = y;
      y -= core_.offset;
      core_.y[0] = y;
      core_.y[1] = y += pitch;
      core_.y[2] = y += pitch;
      core_.y[3] = y += pitch;
      multiply_four(core_);
      return clamp(first, kPixels, pitch);
    }
#endif
    std::int8_t* const each[kPixels] = {y, y + pitch, y + 2 * pitch, y + 3 * pitch};
    write(each, kPixels);
  }

 private:
  void clamp(std::int8_t* y, std::int32_t pixels, std::int32_t pitch) const noexcept {
    if (layer_.lo > -128 || layer_.hi < 127)
      detail::clamp_codes(y, pixels, layer_.out_c, pitch, layer_.lo, layer_.hi);
  }

  void multiply_any(std::int8_t* const* y, std::int32_t pixels) noexcept {
    std::int32_t p = 0;
    for (; p + 2 <= pixels; p += 2) {
      multiply<2>(layer_, requantize_, 0, weights_, x_ + p, kPixels, steps_, y + p);
    }
    if (p < pixels) multiply<1>(layer_, requantize_, 0, weights_, x_ + p, kPixels, steps_, y + p);
  }

#ifdef LINNET_PAIRED_CORE
  void prepare_core() noexcept {
    set_steps(0, steps_);
    core_.shift_a = layer_.shift - 32;
    core_.factor_b = std::int32_t{1} << ((56 - layer_.shift) & 31);
    core_.addend_a = requantize_.addend;
    core_.addend_b = static_cast<std::int32_t>(static_cast<std::uint32_t>(requantize_.addend) * 256);
    core_.offset = -layer_.out_c;
    core_.weights = weights_ - 2;
  }

  // The steps from `first` on.
  void set_steps(std::int32_t first, std::int32_t count) noexcept {
    const std::int32_t skip = (kUnrolled - 1) - (count + (kUnrolled - 1)) % kUnrolled;
    const auto* const begin =
        static_cast<const std::byte*>(static_cast<const void*>(x_)) + first * kStepBytes;
    core_.x = begin;
    core_.x_begin = begin - skip * kStepBytes;
    core_.x_end = begin + count * kStepBytes - (direct_ ? 0 : 1);
    core_.entry = kStepCodeBytes * skip + 1;
    core_.weights_step = 16 - 4 * skip;
  }

  // By sums. Those of a part that is not the first begin with the two words before its weights, whatever they are.
  [[gnu::noinline]] void write_sums(std::int8_t* const* y, std::int32_t pixels) noexcept {
    const std::int32_t all = pairs(layer_.out_c);
    const bool whole = layer_.paired == 1;
    const std::int32_t part = whole ? steps_ : part_steps(steps_, layer_.paired);
    const std::uint32_t* w = weights_;
    for (std::int32_t pair = 0; pair < all;) {
      std::int32_t count = 1;
      if (whole) {
        count = all - pair < kSummedPairs ? all - pair : kSummedPairs;
        sum(w - 2, count, sums_);
      } else {
        for (std::int32_t first = 0; first < steps_; first += part) {
          set_steps(first, steps_ - first < part ? steps_ - first : part);
          sum(w + first - 2, 1, sums_ + 1);
          add_part(first == 0, w + first);
        }
      }
      for (PairSums* s = sums_; s != sums_ + count; ++s, ++pair, w += pair_words(steps_)) {
        if (whole) finish(*s);
        const std::int32_t o = first_channel(layer_.out_c, pair);
        write_channel(requantize_, s->a, w[steps_ + 2], y, o, pixels);
        if (o + 1 < layer_.out_c) write_channel(requantize_, s->b, w[steps_ + 3], y, o + 1, pixels);
      }
    }
  }

  void sum(const std::uint32_t* weights, std::int32_t count, PairSums* to) noexcept {
    core_.weights = weights;
    core_.offset = -2 * count;
    core_.sums = to->b;
    multiply_four(core_);
  }

  static void finish(PairSums& s) noexcept {
    for (std::int32_t p = 0; p < kPixels; ++p) s.b[p] = odd_sum(s.a[p], s.b[p]);
  }

  // Adds the part's sums in sums_[1] to sums_[0].
  void add_part(bool first, const std::uint32_t* began) noexcept {
    PairSums& all = sums_[0];
    const PairSums& part = sums_[1];
    for (std::int32_t p = 0; p < kPixels; ++p) {
      std::uint32_t a = static_cast<std::uint32_t>(part.a[p]);
      std::uint32_t b = static_cast<std::uint32_t>(part.b[p]);
      if (!first) {
        a -= began[0];
        b -= began[1];
      }
      b = static_cast<std::uint32_t>(odd_sum(static_cast<std::int32_t>(a), static_cast<std::int32_t>(b)));
      if (!first) {
        a += static_cast<std::uint32_t>(all.a[p]);
        b += static_cast<std::uint32_t>(all.b[p]);
      }
      all.a[p] = static_cast<std::int32_t>(a);
      all.b[p] = static_cast<std::int32_t>(b);
    }
  }

  Core core_;
  bool direct_;
#endif
  const Conv2dS8& layer_;
  Requantization requantize_;
  const std::uint32_t* weights_;
  const std::uint32_t* x_;
  std::int32_t steps_;
  PairSums* sums_;
};

}  // namespace paired
}  // namespace LINNET_VERSION_NAMESPACE
}  // namespace linnet
