// What the int8 convolutions share: activations expanded to 16-bit pairs, and the sums of products
// over them.
//
// Two output pixels are worked on together. Their k input values (k counts through window and
// channels) are expanded once, four at a time, into scratch; every output channel then reads them:
//
//   one step, k..k+3:   | p0: k, k+2 | p1: k, k+2 | p0: k+1, k+3 | p1: k+1, k+3 |      a pair a
//   word
//
// Two output channels A and B are summed together; their weights are packed in the order of the
// reads. SXTB16 of a word of four int8 weights gives exactly the pair that meets the first two
// words of a step, SXTB16 with ROR #8 the other:
//
//   narrow (int8):  | A: k k+1 k+2 k+3 | B: k k+1 k+2 k+3 |
//   wide (int16):   | A: k, k+2 | B: k, k+2 | A: k+1, k+3 | B: k+1, k+3 |
//
// A narrow step is 2 loads and 4 SXTB16 for weights, 4 loads of activations and 8 SMLAD for 16
// products: with the loop about 1.3 instructions a MAC (GCC 12). Weights and activations are padded
// with zeros to whole steps.
//
// The input's zero point is folded into the bias (fold_input_zero); taps in the padding then count
// as that zero point.
#pragma once

#include <cstring>

#include "linnet/dsp/dsp.h"
#include "linnet/layers_conv.h"

namespace linnet {
inline namespace LINNET_VERSION_NAMESPACE {

// bias[o] -= in_zero * sum of the channel's weights. Wraps: the accumulators it starts do so, too,
// and end right.
inline void fold_input_zero(const Conv2dS8& layer, const std::int16_t* weights,
                            std::int32_t* bias) noexcept {
  const std::int32_t depth = layer.kernel_h * layer.kernel_w * layer.group_in();
  for (std::int32_t o = 0; o < layer.out_c; ++o) {
    std::uint32_t sum = 0;
    for (std::int32_t k = 0; k < depth; ++k) sum += static_cast<std::uint32_t>(*weights++);
    bias[o] = static_cast<std::int32_t>(static_cast<std::uint32_t>(bias[o]) -
                                        static_cast<std::uint32_t>(layer.in_zero) * sum);
  }
}

namespace gemm {

constexpr std::int32_t kStepWords = 4;  // of expanded activations of two pixels

constexpr std::int32_t steps(std::int32_t depth) { return (depth + 3) / 4; }
constexpr std::int32_t expanded_bytes(std::int32_t step_count) { return step_count * 16; }
// Packed weights of one pair of channels.
constexpr std::int32_t weight_words(std::int32_t step_count, bool wide) {
  return step_count * (wide ? 4 : 2);
}

// Packs the channels [0, channels) of `depth` weights each; returns the end.
inline std::uint32_t* pack_weights(const std::int16_t* weights, std::int32_t channels,
                                   std::int32_t depth, bool wide, std::uint32_t* to) noexcept {
  for (std::int32_t o = 0; o < channels; o += 2) {
    for (std::int32_t k = 0; k < depth; k += 4) {
      std::uint32_t pairs[2][2] = {};  // [channel][even or odd k]
      for (std::int32_t channel = 0; channel < 2 && o + channel < channels; ++channel) {
        std::int32_t w[4] = {};
        for (std::int32_t i = 0; i < 4 && k + i < depth; ++i) {
          w[i] = weights[(o + channel) * depth + k + i];
        }
        pairs[channel][0] = dsp::pair(w[0], w[2]);
        pairs[channel][1] = dsp::pair(w[1], w[3]);
      }
      if (wide) {
        for (std::int32_t odd = 0; odd < 2; ++odd) {
          *to++ = pairs[0][odd];
          *to++ = pairs[1][odd];
        }
      } else {
        for (std::int32_t channel = 0; channel < 2; ++channel) {
          *to++ = (pairs[channel][0] & 0x00ff00ffu) | (pairs[channel][1] & 0x00ff00ffu) << 8;
        }
      }
    }
  }
  return to;
}

// Expands 4 * words values for one of the two pixels (`to` points at its first word); returns where
// the next go.
inline std::uint32_t* expand(std::uint32_t* to, const std::int8_t* from,
                             std::int32_t words) noexcept {
  for (; words > 0; --words, from += 4, to += kStepWords) {
    const std::uint32_t word = dsp::load_word(from);
    to[0] = dsp::sxtb16(word);
    to[2] = dsp::sxtb16_ror8(word);
  }
  return to;
}

inline std::uint32_t* expand_value(std::uint32_t* to, std::int32_t value,
                                   std::int32_t words) noexcept {
  const std::uint32_t both = dsp::pair(value, value);
  for (; words > 0; --words, to += kStepWords) to[0] = to[2] = both;
  return to;
}

// The last, incomplete word of a run: missing bytes are 0.
inline void expand_tail(std::uint32_t* to, const std::int8_t* from, std::int32_t count) noexcept {
  std::uint32_t word = 0;
  for (std::int32_t i = 0; i < count; ++i) {
    word |= static_cast<std::uint32_t>(static_cast<std::uint8_t>(from[i])) << (8 * i);
  }
  to[0] = dsp::sxtb16(word);
  to[2] = dsp::sxtb16_ror8(word);
}

// Sums of two channels over one or two pixels.
template <int Pixels>
struct Sums {
  std::int32_t a[std::size_t{Pixels}], b[std::size_t{Pixels}];
};

template <bool Wide, int Pixels>
inline void add_products(Sums<Pixels>& sums, const std::uint32_t* x, const std::uint32_t* w,
                         std::int32_t step_count) noexcept {
  Sums<Pixels> s = sums;
  const std::uint32_t* const end = x + step_count * kStepWords;
#pragma GCC unroll 2
  for (; x != end; x += kStepWords) {
    std::uint32_t a_even = 0, a_odd = 0, b_even = 0, b_odd = 0;
    if constexpr (Wide) {
      a_even = w[0], b_even = w[1], a_odd = w[2], b_odd = w[3];
      w += 4;
    } else {
      const std::uint32_t wa = w[0], wb = w[1];
      w += 2;
      a_even = dsp::sxtb16(wa), a_odd = dsp::sxtb16_ror8(wa);
      b_even = dsp::sxtb16(wb), b_odd = dsp::sxtb16_ror8(wb);
    }
    for (int p = 0; p < Pixels; ++p) {
      s.a[p] = dsp::smlad(a_even, x[p], s.a[p]);
      s.b[p] = dsp::smlad(b_even, x[p], s.b[p]);
    }
    for (int p = 0; p < Pixels; ++p) {
      s.a[p] = dsp::smlad(a_odd, x[2 + p], s.a[p]);
      s.b[p] = dsp::smlad(b_odd, x[2 + p], s.b[p]);
    }
  }
  sums = s;
}

// All that output channels need besides the activations.
struct Channels {
  const std::uint32_t* weights;
  const std::int32_t* bias;
  const std::int32_t* multiplier;
  std::int32_t count;

  Channels(const Conv2dS8& layer, std::int32_t group, std::int32_t words_a_pair) noexcept
      : weights(static_cast<const std::uint32_t*>(layer.weights) +
                group * ((layer.group_out() + 1) / 2) * words_a_pair),
        bias(static_cast<const std::int32_t*>(layer.bias) + group * layer.group_out()),
        multiplier(static_cast<const std::int32_t*>(layer.multiplier) + group * layer.group_out()),
        count(layer.group_out()) {}
};

// Writes all channels of one or two output pixels, y[0] and y[1], from their expanded activations. Not inlined: the
// loop needs all registers for itself, and the kernels share one copy.
template <bool Wide, int Pixels>
[[gnu::noinline]] void write_channels(const Channels& channels, const dsp::Requantizer& requantize,
                                      const std::uint32_t* x, std::int32_t step_count,
                                      std::int8_t* const* y) noexcept {
  const std::uint32_t* w = channels.weights;
  const std::int32_t words = weight_words(step_count, Wide);
  for (std::int32_t o = 0; o < channels.count; o += 2, w += words) {
    const std::int32_t next = o + 1 < channels.count ? o + 1 : o;
    Sums<Pixels> sums;
    for (int p = 0; p < Pixels; ++p) sums.a[p] = channels.bias[o], sums.b[p] = channels.bias[next];
    add_products<Wide>(sums, x, w, step_count);
    const std::int32_t ma = channels.multiplier[o], mb = channels.multiplier[next];
    for (int p = 0; p < Pixels; ++p) {
      y[p][o] = requantize(sums.a[p], ma);
      if (next != o) y[p][next] = requantize(sums.b[p], mb);
    }
  }
}

template <bool Wide>
inline void write_pixels(const Channels& channels, const dsp::Requantizer& requantize,
                         const std::uint32_t* x, std::int32_t step_count, std::int8_t* const* y,
                         std::int32_t pixels) noexcept {
  if (pixels == 2) {
    write_channels<Wide, 2>(channels, requantize, x, step_count, y);
  } else {
    write_channels<Wide, 1>(channels, requantize, x, step_count, y);
  }
}

}  // namespace gemm
}  // namespace LINNET_VERSION_NAMESPACE
}  // namespace linnet
