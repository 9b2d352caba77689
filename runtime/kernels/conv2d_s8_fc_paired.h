// Fully connected int8 layers of one or two pixels, channels summed in pairs (conv2d_s8_paired.h): eight channels at a time,
// since there are no four pixels to share a word of weights.
//
// A pixel is expanded once to 16-bit pairs, a word a step. The words of four pairs of channels lie side by side:
//
//   | biases of 4 pairs | step 0: pair 0, 1, 2, 3 | step 1: ... | multipliers of 4 pairs |
//
// Inner loop: 17 instructions and 9 cycles for 16 products. Steps are padded to fours with weights of 0. Up to six channels
// that are left go pair by pair.
#pragma once

#include "linnet/kernels/conv2d_s8_paired_write.h"

namespace linnet {
inline namespace LINNET_VERSION_NAMESPACE {
namespace paired {

constexpr std::int32_t kEight = 8;  // channels

// Sums of eight channels: a of four pairs, then b.
struct EightSums {
  std::int32_t a[4], b[4];
};

#ifdef LINNET_PAIRED_CORE
// Adds `steps` steps, a multiple of four, at least one four.
LINNET_ASSEMBLY_FUNCTION inline void add_eight(EightSums&, const std::uint32_t* /*w*/,
                                               const std::uint32_t* /*x*/,
                                               std::int32_t /*steps*/) noexcept {
  __asm__(
      ".macro linnet_pair v, s, x, a, b, w\n"
      "sxtb16 \\s, \\v\n"
      "smlad \\b, \\v, \\x, \\b\n"
      "ldr \\v, [r12, #\\w]\n"
      "smlad \\a, \\s, \\x, \\a\n"
      ".endm\n"
      "push {r0, r4-r11, lr}\n"
      "mov r12, r1\n"
      "mov lr, r2\n"
      "add r11, r2, r3, lsl #2\n"
      "ldm r0, {r0-r7}\n"
      "ldr r8, [r12]\n"
      "1:\n"
      "ldr r10, [lr], #16\n"
      "linnet_pair r8, r9, r10, r0, r4, 4\n"
      "linnet_pair r8, r9, r10, r1, r5, 8\n"
      "linnet_pair r8, r9, r10, r2, r6, 12\n"
      "linnet_pair r8, r9, r10, r3, r7, 16\n"
      "ldr r10, [lr, #-12]\n"
      "linnet_pair r8, r9, r10, r0, r4, 20\n"
      "linnet_pair r8, r9, r10, r1, r5, 24\n"
      "linnet_pair r8, r9, r10, r2, r6, 28\n"
      "linnet_pair r8, r9, r10, r3, r7, 32\n"
      "ldr r10, [lr, #-8]\n"
      "linnet_pair r8, r9, r10, r0, r4, 36\n"
      "linnet_pair r8, r9, r10, r1, r5, 40\n"
      "linnet_pair r8, r9, r10, r2, r6, 44\n"
      "linnet_pair r8, r9, r10, r3, r7, 48\n"
      "ldr r10, [lr, #-4]\n"
      "linnet_pair r8, r9, r10, r0, r4, 52\n"
      "linnet_pair r8, r9, r10, r1, r5, 56\n"
      "linnet_pair r8, r9, r10, r2, r6, 60\n"
      "sxtb16 r9, r8\n"
      "smlad r7, r8, r10, r7\n"
      "cmp lr, r11\n"
      "ldr r8, [r12, #64]!\n"  // behind the last four steps a multiplier, or the next part
      "smlad r3, r9, r10, r3\n"
      "bne 1b\n"
      "ldr r8, [sp]\n"
      "stm r8, {r0-r7}\n"
      "pop {r0, r4-r11, pc}\n"
      ".purgem linnet_pair\n");
}
#else
inline void add_eight(EightSums& sums, const std::uint32_t* w, const std::uint32_t* x,
                      std::int32_t steps) noexcept {
  for (const std::uint32_t* const end = x + steps; x != end; ++x) {
    for (int i = 0; i < 4; ++i, ++w) {
      sums.b[i] = dsp::smlad(*w, *x, sums.b[i]);
      sums.a[i] = dsp::smlad(dsp::sxtb16(*w), *x, sums.a[i]);
    }
  }
}
#endif

}  // namespace paired

struct conv2d_s8_fc_paired {
  using Layer = Conv2dS8;
  static constexpr const char* name = "conv2d_s8_fc_paired";
  static constexpr bool folds_input_zero = true;
  static constexpr bool packs_channels = true;
  static constexpr bool supports(const Layer& layer) noexcept {
    return layer.paired != 0 && layer.kernel_h == 1 && layer.kernel_w == 1 && layer.groups == 1 &&
           layer.pad_top == 0 && layer.pad_left == 0 && layer.out_h * layer.out_w <= 2 &&
           (layer.out_h - 1) * layer.stride_h < layer.in_h &&
           (layer.out_w - 1) * layer.stride_w < layer.in_w;
  }
  static constexpr std::int32_t scratch_bytes(const Layer& layer) noexcept {
    return padded_steps(layer) * 4;
  }
  static constexpr std::int32_t packed_bytes(const Layer& layer) noexcept {
    const std::int32_t left = layer.out_c - eights(layer) * paired::kEight;
    return (eights(layer) * eight_words(layer) +
            (left > 0 ? (left + 1) / 2 * paired::pair_words(padded_steps(layer)) : 0)) *
           4;
  }
  static void pack(const Layer& layer, const std::int16_t* weights, const std::int32_t* bias,
                   const std::int32_t* multiplier, std::byte* packed) noexcept {
    auto* to = static_cast<std::uint32_t*>(static_cast<void*>(packed));
    const auto put_biases = [&](std::int32_t pair) {
      const std::uint32_t a = element(layer, bias, pair), b = element(layer, bias, pair + 1);
      *to++ = a;
      *to++ = 256 * b + a;
    };
    const auto put_multipliers = [&](std::int32_t pair) {
      *to++ = element(layer, multiplier, pair);
      *to++ = element(layer, multiplier, pair + 1);
    };
    const auto put_pairs = [&](std::int32_t o, std::int32_t count) {
      for (std::int32_t pair = o; pair < o + count; pair += 2) put_biases(pair);
      for (std::int32_t step = 0; step < padded_steps(layer); ++step) {
        for (std::int32_t pair = o; pair < o + count; pair += 2) {
          *to++ = paired::pair_word(paired::runs(layer), step, weights, pair, layer.out_c);
        }
      }
      for (std::int32_t pair = o; pair < o + count; pair += 2) put_multipliers(pair);
    };
    std::int32_t o = 0;
    for (std::int32_t eight = 0; eight < eights(layer); ++eight, o += paired::kEight)
      put_pairs(o, paired::kEight);
    const std::int32_t left = layer.out_c - o;
    for (std::int32_t pair = 0; left > 0 && pair < paired::pairs(left); ++pair)
      put_pairs(o + paired::first_channel(left, pair), 2);
  }

  static void run(const Layer& layer, const Io& io, std::int32_t first_row,
                  std::int32_t row_count) noexcept {
    const paired::Requantization requantize(layer);
    auto* const x = static_cast<std::uint32_t*>(static_cast<void*>(io.scratch));
    for (std::int32_t r = first_row; r < first_row + row_count; ++r) {
      const std::int32_t in_row = r / layer.out_h * layer.in_h + r % layer.out_h * layer.stride_h;
      const std::int8_t* from = io.in[0].row<std::int8_t>(in_row);
      std::int8_t* to = io.out.row<std::int8_t>(r);
      for (std::int32_t ox = 0; ox < layer.out_w; ++ox) {
        expand(from, layer.in_c, x);
        write_pixel(layer, requantize, x, to);
        from += layer.stride_w * layer.in_pixel_bytes;
        to += layer.out_pixel_bytes;
      }
    }
  }

 private:
  static constexpr std::int32_t padded_steps(const Layer& layer) noexcept {
    return (paired::runs(layer).steps() + 3) / 4 * 4;
  }
  // Groups of eight channels; the last may have seven.
  static constexpr std::int32_t eights(const Layer& layer) noexcept {
    return (layer.out_c + 1) / paired::kEight;
  }
  static constexpr std::int32_t eight_words(const Layer& layer) noexcept {
    return 2 * paired::kEight + 4 * padded_steps(layer);
  }
  static std::uint32_t element(const Layer& layer, const std::int32_t* values,
                               std::int32_t channel) noexcept {
    return channel < layer.out_c ? static_cast<std::uint32_t>(values[channel]) : 0;
  }

  // What padded steps hold meets weights of 0.
  static void expand(const std::int8_t* from, std::int32_t count, std::uint32_t* to) noexcept {
    for (; count >= 4; count -= 4, from += 4, to += 2) {
      const std::uint32_t word = dsp::load_word(from);
      to[0] = dsp::sxtb16(word);
      to[1] = dsp::sxtb16_ror8(word);
    }
    if (count > 0) to[0] = dsp::pair(from[0], count > 1 ? from[1] : 0);
    if (count > 2) to[1] = dsp::pair(from[2], 0);
  }

  // A pair of channels that no eight has. 7 instructions for 4 products.
  static void sum_pair(const std::uint32_t* w, const std::uint32_t* x, std::int32_t steps,
                       std::int32_t part, std::int32_t* sums) noexcept {
    auto a = static_cast<std::int32_t>(w[0]), b = static_cast<std::int32_t>(w[1]);
    for (w += 2; steps > 0; steps -= part) {
      const std::uint32_t* const end = x + (steps < part ? steps : part);
      for (; x != end; ++x, ++w) {
        b = dsp::smlad(*w, *x, b);
        a = dsp::smlad(dsp::sxtb16(*w), *x, a);
      }
      sums[1] = paired::plus_b(sums[1], a, b);
    }
    sums[0] = a;
  }

  [[gnu::noinline]] static void write_pixel(const Layer& layer,
                                            const paired::Requantization& requantize,
                                            const std::uint32_t* x, std::int8_t* y) noexcept {
    const auto* w = static_cast<const std::uint32_t*>(layer.weights);
    const std::int32_t steps = padded_steps(layer);
    const std::int32_t part = paired::part_steps(steps, layer.paired);
    const std::int32_t end = eights(layer) * paired::kEight;
    for (std::int32_t o = 0; o < end; o += paired::kEight, w += eight_words(layer)) {
      paired::EightSums sums;
      for (int i = 0; i < 4; ++i) {
        sums.a[i] = static_cast<std::int32_t>(w[2 * i]);
        sums.b[i] = static_cast<std::int32_t>(w[2 * i + 1]);
      }
      std::int32_t b[4] = {};
      for (std::int32_t first = 0; first < steps; first += part) {
        const std::int32_t count = steps - first < part ? steps - first : part;
        paired::add_eight(sums, w + paired::kEight + 4 * first, x + first, count);
        for (int i = 0; i < 4; ++i) b[i] = paired::plus_b(b[i], sums.a[i], sums.b[i]);
      }
      const std::uint32_t* const m = w + paired::kEight + 4 * steps;
      for (std::int32_t i = 0; i < 4; ++i) {
        const std::int32_t channel = o + 2 * i;
        paired::write_channel(requantize, sums.a + i, m[2 * i], &y, channel, 1);
        if (channel + 1 < layer.out_c)
          paired::write_channel(requantize, b + i, m[2 * i + 1], &y, channel + 1, 1);
      }
    }
    const std::int32_t left = layer.out_c - end;
    for (std::int32_t pair = 0; left > 0 && pair < paired::pairs(left); ++pair) {
      std::int32_t sums[2] = {};
      sum_pair(w, x, steps, part, sums);
      w += paired::pair_words(steps);
      const std::int32_t channel = end + paired::first_channel(left, pair);
      paired::write_channel(requantize, sums, w[-2], &y, channel, 1);
      if (left > 1) paired::write_channel(requantize, sums + 1, w[-1], &y, channel + 1, 1);
    }
    if (layer.lo > -128 || layer.hi < 127)
      detail::clamp_codes(y, 1, layer.out_c, 0, layer.lo, layer.hi);
  }
};

}  // namespace LINNET_VERSION_NAMESPACE
}  // namespace linnet
