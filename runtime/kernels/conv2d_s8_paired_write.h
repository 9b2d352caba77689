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

// Pairs of channels that sum_four() is asked for at a time.
constexpr std::int32_t kSummedPairs = 8;
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

  // Of a channel: how far its sums are shifted, after the multiplier has taken what it can. A multiplier of at least 2^30
  // makes codes saturate with sums of 2^11 shifted by one, and with any sum but 0 shifted by 19.
  std::int32_t left(std::int32_t& multiplier) const noexcept {
    if (missing == 0) return 0;
    const std::int32_t spare = __builtin_clz(static_cast<unsigned>(multiplier) | 1) - 1;
    multiplier <<= missing < spare ? missing : spare;
    const std::int32_t more = missing - spare;
    return more < 0 ? 0 : more < 19 ? more : 19;
  }
  std::int8_t code(std::int32_t sum, std::int32_t multiplier) const noexcept {
    return static_cast<std::int8_t>(dsp::ssat8(dsp::smmla(sum, multiplier, addend) >> shift));
  }
  static std::int32_t shifted(std::int32_t sum, std::int32_t left) noexcept {
    return dsp::ssat12(sum) * (1 << left);
  }
};

// The codes of a channel, saturated, of `pixels` pixels: y[p][channel].
LINNET_PAIRED_SHARED inline void write_channel(const Requantization& by, const std::int32_t* sums,
                                               std::uint32_t multiplier, std::int8_t* const* y,
                                               std::int32_t channel, std::int32_t pixels) noexcept {
  const Requantization requantize = by;
  auto m = static_cast<std::int32_t>(multiplier);
  const std::int32_t left = requantize.left(m);
  for (std::int32_t p = 0; p < pixels; ++p) {
    const std::int32_t sum = left == 0 ? sums[p] : requantize.shifted(sums[p], left);
    y[p][channel] = requantize.code(sum, m);
  }
}

// The codes of four pixels, saturated, from the sums of `count` pairs of channels, whose multipliers lie `words` words apart:
// y[p][channel] and the following.
LINNET_PAIRED_SHARED inline void write_pairs(const Requantization& by, const PairSums* sums,
                                             std::int32_t count, const std::uint32_t* multipliers,
                                             std::int32_t words, std::int8_t* const* y,
                                             std::int32_t channel) noexcept {
  const Requantization requantize = by;
  for (; count > 0; --count, ++sums, multipliers += words) {
    const std::int32_t* from = sums->a;
    for (std::int32_t c = 0; c < 2; ++c, ++channel, from = sums->b) {
      auto m = static_cast<std::int32_t>(multipliers[c]);
      const std::int32_t left = requantize.left(m);
      std::int32_t s[kPixels] = {from[0], from[1], from[2], from[3]};
      if (left != 0) {
#pragma GCC unroll 4
        for (std::int32_t p = 0; p < kPixels; ++p) s[p] = requantize.shifted(s[p], left);
      }
#pragma GCC unroll 4
      for (std::int32_t p = 0; p < kPixels; ++p) y[p][channel] = requantize.code(s[p], m);
    }
  }
}

// Adds the sums of two pixels, of `steps` steps, in twos. 16 instructions for 16 products on the core: what GCC 12 makes of the
// loop in C++ is half as many again.
inline void add_steps_of_two(std::int32_t* a, std::int32_t* b, const std::uint32_t* w,
                             const std::uint32_t* x, std::int32_t steps) noexcept {
  const std::uint32_t* const end = x + steps * kPixels;
#ifdef LINNET_PAIRED_CORE
  const bool single = (steps & 1) != 0;
#else
  const bool single = true;
#endif
  for (; x != end && single; ++w, x += kPixels) {
    const std::uint32_t low = dsp::sxtb16(*w);
#pragma GCC unroll 2
    for (int p = 0; p < 2; ++p) {
      b[p] = dsp::smlad(*w, x[p], b[p]);
      a[p] = dsp::smlad(low, x[p], a[p]);
    }
#ifdef LINNET_PAIRED_CORE
    ++w, x += kPixels;
    break;
#endif
  }
#ifdef LINNET_PAIRED_CORE
  if (x == end) return;
  std::int32_t a0 = a[0], a1 = a[1], b0 = b[0], b1 = b[1];
  std::uint32_t v0 = 0, v1 = 0, x0 = 0, x1 = 0;
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
      : [a0] "+r"(a0), [a1] "+r"(a1), [b0] "+r"(b0), [b1] "+r"(b1), [w] "+r"(w), [x] "+r"(x),
        [v0] "=&r"(v0), [v1] "=&r"(v1), [x0] "=&r"(x0), [x1] "=&r"(x1)
      : [end] "r"(end)
      : "cc", "memory");
  a[0] = a0, a[1] = a1, b[0] = b0, b[1] = b1;
#endif
}

// All channels of one or two pixels (of those of `x`), in parts. Two are summed in any case.
LINNET_PAIRED_SHARED inline void multiply_two(const Conv2dS8& layer,
                                              const Requantization& requantize,
                                              const std::uint32_t* x, std::int32_t steps,
                                              std::int8_t* const* y, std::int32_t pixels) noexcept {
  const auto* w = static_cast<const std::uint32_t*>(layer.weights);
  const std::int32_t part = layer.paired == 1 ? steps : part_steps(steps, layer.paired);
  for (std::int32_t pair = 0; pair < pairs(layer.out_c); ++pair, w += pair_words(steps)) {
    std::int32_t odd[2] = {}, b[2], a[2];
    a[0] = a[1] = static_cast<std::int32_t>(w[0]);
    b[0] = b[1] = static_cast<std::int32_t>(w[1]);
    for (std::int32_t step = 0; step < steps; step += part) {
      add_steps_of_two(a, b, w + 2 + step, x + step * kPixels,
                       steps - step < part ? steps - step : part);
      for (int p = 0; p < 2; ++p) odd[p] = plus_b(odd[p], a[p], b[p]);
    }
    const std::int32_t o = first_channel(layer.out_c, pair);
    write_channel(requantize, a, w[steps + 2], y, o, pixels);
    if (layer.out_c > 1) write_channel(requantize, odd, w[steps + 3], y, o + 1, pixels);
  }
}

// Makes the outputs of pixels that are expanded to `x`. `sums` has sums_bytes(layer).
class Writer {
 public:
  static constexpr std::int32_t expanded_bytes(std::int32_t steps) noexcept {
    return paired::expanded_bytes(steps);
  }
  static constexpr std::int32_t sums_bytes(const Conv2dS8& layer) noexcept {
    return paired::sums_bytes(layer);
  }
  // What it works with of the scratch: sums and expanded pixels.
  static constexpr std::int32_t bytes(const Conv2dS8& layer) noexcept {
    return sums_bytes(layer) + expanded_bytes(paired::runs(layer).steps());
  }

  [[gnu::noinline]] Writer(const Conv2dS8& layer, const std::uint32_t* x, std::int32_t steps,
                           [[maybe_unused]] std::byte* sums) noexcept
      : layer_(layer), requantize_(layer), x_(x), steps_(steps) {
#ifdef LINNET_PAIRED_CORE
    weights_ = static_cast<const std::uint32_t*>(layer.weights);
    sums_ = static_cast<PairSums*>(static_cast<void*>(sums));
    form_ = !direct(layer)                      ? kSums
            : layer.out_c % 2 != 0              ? kOdd
            : layer.lo > -128 || layer.hi < 127 ? kClamped
                                                : kWhole;
    prepare_core();
#endif
  }

  // The first `pixels` of the four; others must be the first one again.
  [[gnu::noinline]] void write(std::int8_t* const* y, std::int32_t pixels) noexcept {
#ifdef LINNET_PAIRED_CORE
    if (pixels >= 3) {
      std::int8_t* const each[kPixels] = {y[0], y[1], y[2], y[pixels == 4 ? 3 : 0]};
      if (form_ == kSums) {
        write_sums(each);
      } else {
        for (std::int32_t p = 0; p < kPixels; ++p) core_.y[p] = each[p] + layer_.out_c;
        multiply_four(core_);
        if (form_ == kOdd) multiply_odd();
      }
    } else {
      multiply_two(layer_, requantize_, x_, steps_, y, pixels);
    }
#else
    multiply_any(y, pixels);
#endif
    if (layer_.lo <= -128 && layer_.hi >= 127) return;
    for (std::int32_t p = 0; p < pixels; ++p)
      detail::clamp_codes(y[p], 1, layer_.out_c, 0, layer_.lo, layer_.hi);
  }

  // All four, `pitch` bytes apart.
  void write_four(std::int8_t* y, std::int32_t pitch) noexcept {
#ifdef LINNET_PAIRED_CORE
    if (form_ == kWhole) {
      y -= core_.offset;
      core_.y[0] = y;
      core_.y[1] = y += pitch;
      core_.y[2] = y += pitch;
      core_.y[3] = y += pitch;
      return multiply_four(core_);
    }
#endif
    write_each(y, pitch);
  }

 private:
  [[gnu::noinline]] void write_each(std::int8_t* y, std::int32_t pitch) noexcept {
    std::int8_t* const each[kPixels] = {y, y + pitch, y + 2 * pitch, y + 3 * pitch};
    write(each, kPixels);
  }

#ifndef LINNET_PAIRED_CORE
  void multiply_any(std::int8_t* const* y, std::int32_t pixels) noexcept {
    for (std::int32_t p = 0; p < pixels; p += 2)
      multiply_two(layer_, requantize_, x_ + p, steps_, y + p, pixels - p < 2 ? 1 : 2);
  }
#endif

#ifdef LINNET_PAIRED_CORE
  void prepare_core() noexcept {
    const std::int32_t skip = steps_to_skip(steps_, kUnrolled);
    const auto* const begin = static_cast<const std::byte*>(static_cast<const void*>(x_));
    core_.x = begin;
    core_.x_begin = begin - skip * kStepBytes;
    core_.x_end = begin + steps_ * kStepBytes;
    core_.entry = kStepCodeBytes * skip + 1;
    core_.weights_step = 16 - 4 * skip;
    core_.addend_a = requantize_.addend;
    core_.addend_b = static_cast<std::int32_t>(static_cast<std::uint32_t>(requantize_.addend) << 8);
    core_.shift_a = layer_.shift - 32;
    core_.factor_b = std::int32_t{1} << ((56 - layer_.shift) & 31);
    core_.offset = -(layer_.out_c & ~1);
    // The eight bytes before are never read. The compiler must not see that they are before the array: it would warn.
    const std::uint32_t* weights = weights_;
    __asm__("" : "+r"(weights));
    core_.weights = weights - 2;
  }

  static constexpr std::int32_t steps_to_skip(std::int32_t steps, std::int32_t unrolled) noexcept {
    return (unrolled - 1) - (steps + (unrolled - 1)) % unrolled;
  }

  // The last pair of an odd number of channels, (0, 1): the others are written.
  [[gnu::noinline]] void multiply_odd() noexcept {
    const std::int32_t before = core_.offset;  // all channels but one
    const std::uint32_t* const weights = core_.weights;
#pragma GCC unroll 4
    for (std::int32_t p = 0; p < kPixels; ++p) core_.y[p] += before + 1;
    core_.weights = weights - (before >> 1) * pair_words(steps_);
    core_.offset = -2;
    multiply_four(core_);
    core_.weights = weights;
    core_.offset = before;
  }

  // By sums.
  [[gnu::noinline]] void write_sums(std::int8_t* const* y) noexcept {
    const std::uint32_t* w = weights_;
    const std::int32_t channels = layer_.out_c, all = pairs(channels), words = pair_words(steps_);
    for (std::int32_t pair = 0, count = 1; pair < all; pair += count, w += count * words) {
      if (layer_.paired == 1) {
        // The last of an odd number is another channel than the next.
        const std::int32_t left = (channels >> 1) - pair;
        count = left == 0 ? 1 : left < kSummedPairs ? left : kSummedPairs;
        sum(w, 0, steps_, count, sums_);
      } else {
        sum_parts(w);
      }
      const std::uint32_t* const multipliers = w + words - 2;
      if (channels > 1) {
        write_pairs(requantize_, sums_, count, multipliers, words, y,
                    first_channel(channels, pair));
      } else {
        write_channel(requantize_, sums_->a, *multipliers, y, 0, kPixels);
      }
    }
  }

  // The sums of `count` steps from `first` on, of some pairs of which the first is packed at `w`. They begin with the two words
  // before the weights: biases, or whatever it is.
  [[gnu::noinline]] void sum(const std::uint32_t* w, std::int32_t first, std::int32_t count,
                             std::int32_t some, PairSums* to) const noexcept {
    const std::int32_t skip = steps_to_skip(count, kSumUnrolled);
    const std::byte* const x =
        static_cast<const std::byte*>(static_cast<const void*>(x_)) + first * kStepBytes;
    const SumCore core{x - skip * kStepBytes,
                       kStepCodeBytes * skip + 1,
                       x + count * kStepBytes,
                       x,
                       16 - 4 * skip,
                       to,
                       some,
                       w + first - 2};
    sum_four(core);
  }

  // The whole sums of the pair at `w` from those of parts, in sums_[0].
  [[gnu::noinline]] void sum_parts(const std::uint32_t* w) noexcept {
    const std::int32_t part = part_steps(steps_, layer_.paired);
    for (std::int32_t first = 0; first < steps_; first += part) {
      sum(w, first, steps_ - first < part ? steps_ - first : part, 1, sums_ + (first != 0));
      if (first != 0) add_part(w[first], w[first + 1]);
    }
  }

  // Adds the part in sums_[1], which began with a0 and b0. The difference of B's sums is one of 24 bits.
  void add_part(std::uint32_t a0, std::uint32_t b0) noexcept {
    const std::uint32_t odd0 = (b0 - a0) >> 8;
    PairSums& all = sums_[0];
    for (std::int32_t p = 0; p < kPixels; ++p) {
      const std::uint32_t odd = static_cast<std::uint32_t>(sums_[1].b[p]) - odd0;
      all.a[p] = add(all.a[p], static_cast<std::uint32_t>(sums_[1].a[p]) - a0);
      all.b[p] =
          add(all.b[p], static_cast<std::uint32_t>(static_cast<std::int32_t>(odd << 8) >> 8));
    }
  }
  static std::int32_t add(std::int32_t a, std::uint32_t b) noexcept {
    return static_cast<std::int32_t>(static_cast<std::uint32_t>(a) + b);
  }

  Core core_;
  enum Form : std::uint8_t { kWhole, kClamped, kOdd, kSums } form_;
  const std::uint32_t* weights_;
  PairSums* sums_;
#endif
  const Conv2dS8& layer_;
  Requantization requantize_;
  const std::uint32_t* x_;
  std::int32_t steps_;
};

}  // namespace paired
}  // namespace LINNET_VERSION_NAMESPACE
}  // namespace linnet
