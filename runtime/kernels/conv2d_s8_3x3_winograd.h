// 3x3 int8 convolution of stride 1 by one-dimensional Winograd F(2,3) along the row: 4 products for 6, and 24 bytes of
// weights for 9. Taken where the layer says so (layer.winograd). Exact: integers, and what is halved is even.
//
// Two neighbours in a row of outputs are a tile; under it lie four columns d0..d3 of each of three input rows. With the
// weights g0, g1, g2 of a row of the window, summed over rows and channels:
//
//   M1 = (g0 + g1 + g2) * (d1 + d2)       2 * left  = M1 + M2 + M0
//   M2 = (g0 - g1 + g2) * (d2 - d1)       2 * right = M1 - M2 + M3
//   M3 = -2 * g2 * (d1 - d3)
//   M0 =  2 * g0 * (d0 - d2)
//
// Transformed weights have 10 bits and transformed inputs 9, pairs of two input channels are multiplied by SMLAD. Four tiles
// are transformed at a time, across the ends of rows, and all channels read them (conv2d_s8_winograd_core.h):
//
//   | pass 1: step 0: tile 0, 1, 2, 3 | step 1: ... | pass 2: ... | pass 3 | pass 4 |
//
// with the steps of conv2d_s8_paired.h, where a run is a row's channels.
#pragma once

#include <new>

#include "linnet/kernels/clamp_codes.h"
#include "linnet/kernels/conv2d_s8_winograd_core.h"

namespace linnet {
inline namespace LINNET_VERSION_NAMESPACE {

struct conv2d_s8_3x3_winograd {
  using Layer = Conv2dS8;
  static constexpr const char* name = "conv2d_s8_3x3_winograd";
  static constexpr bool folds_input_zero = true;
  static constexpr bool packs_channels = true;
  static constexpr bool supports(const Layer& layer) noexcept {
    return layer.winograd != 0 && layer.kernel_h == 3 && layer.kernel_w == 3 &&
           layer.stride_h == 1 && layer.stride_w == 1 && layer.dilation_h == 1 &&
           layer.dilation_w == 1 && layer.groups == 1 && layer.wide_weights == 0;
  }
  // What the kernel keeps between its parts, transformed inputs and a word that is loaded too many, rows under an output row,
  // six columns of a row.
  static constexpr std::int32_t scratch_bytes(const Layer& layer) noexcept {
    return kTransformBytes + transformed_bytes(layer) + kRowsBytes + 6 * layer.in_c;
  }
  static constexpr std::int32_t packed_bytes(const Layer& layer) noexcept {
    return ((layer.out_c + 1) / 2 * winograd::pair_words(runs(layer).steps()) + 2) * 4;
  }
  static void pack(const Layer& layer, const std::int16_t* weights, const std::int32_t* bias,
                   const std::int32_t* multiplier, std::byte* packed) noexcept {
    auto* to = static_cast<std::uint32_t*>(static_cast<void*>(packed));
    const paired::Runs r = runs(layer);
    for (std::int32_t o = 0; o < layer.out_c; o += 2) {
      const std::int32_t channels = layer.out_c - o < 2 ? 1 : 2;
      const auto put = [&](const std::int32_t* values, std::uint32_t times) {
        *to++ = times * static_cast<std::uint32_t>(values[o]);
        *to++ = channels == 2 ? times * static_cast<std::uint32_t>(values[o + 1]) : 0;
      };
      put(bias, 2);
      for (std::int32_t pass = 0; pass < winograd::kPasses; ++pass) {
        for (std::int32_t step = 0; step < r.steps(); ++step) {
          for (std::int32_t channel = 0; channel < 2; ++channel) {
            std::int32_t lanes[2] = {};
            for (std::int32_t half = 0; half < 2 && channel < channels; ++half) {
              const std::int32_t k = paired::weight_of(r, step, half);
              if (k >= 0) lanes[half] = transformed_weight(layer, weights, o + channel, k, pass);
            }
            *to++ = dsp::pair(lanes[0], lanes[1]);
          }
        }
        if (pass >= 2) put(multiplier, 1);
      }
    }
    *to++ = 0;
    *to++ = 0;
  }

  static void run(const Layer& layer, const Io& io, std::int32_t first_row,
                  std::int32_t row_count) noexcept {
    static_assert(sizeof(Transform) <= kTransformBytes);
    Transform& transform = *::new (io.scratch) Transform(layer, io);
    for (std::int32_t r = first_row; r < first_row + row_count; ++r) {
      transform.begin_row(r);
      std::int8_t* y = io.out.row<std::int8_t>(r);
      for (std::int32_t ox = 0; ox < layer.out_w;) {
        const std::int32_t tiles = transform.add(ox, y);
        ox += 2 * tiles;
        y += 2 * tiles * layer.out_pixel_bytes;
      }
    }
    transform.finish();
  }

 private:
  static constexpr std::int32_t kTransformBytes = 208;
  static constexpr std::int32_t kRowsBytes = 16;

  static constexpr paired::Runs runs(const Layer& layer) { return {3, layer.in_c}; }
  static constexpr std::int32_t transformed_bytes(const Layer& layer) {
    return winograd::kPasses * runs(layer).steps() * paired::kStepBytes + 8;
  }

  // k counts through rows of the window and channels.
  static std::int32_t transformed_weight(const Layer& layer, const std::int16_t* weights,
                                         std::int32_t channel, std::int32_t k,
                                         std::int32_t pass) noexcept {
    const std::int16_t* const g =
        weights + (channel * 9 + k / layer.in_c * 3) * layer.in_c + k % layer.in_c;
    const std::int32_t g0 = g[0], g1 = g[layer.in_c], g2 = g[2 * layer.in_c];
    const std::int32_t of_pass[winograd::kPasses] = {g0 + g1 + g2, g0 - g1 + g2, -2 * g2, 2 * g0};
    return of_pass[pass];
  }

  // Transforms the inputs of tiles, and has outputs made of four of them.
  class Transform {
   public:
    [[gnu::noinline]] Transform(const Layer& layer, const Io& io) noexcept
        : layer_(layer),
          in_(io.in[0]),
          runs_(runs(layer)),
          x_(static_cast<std::uint32_t*>(static_cast<void*>(io.scratch + kTransformBytes))),
          steps_(runs_.steps()) {
      std::byte* const behind = io.scratch + kTransformBytes + transformed_bytes(layer);
      rows_ = static_cast<std::int32_t*>(static_cast<void*>(behind));
      columns_ = static_cast<std::int8_t*>(static_cast<void*>(behind + kRowsBytes));
      first_of_rest_ = runs_.word_steps() * winograd::kTiles;
#ifdef LINNET_PAIRED_CORE
      prepare_core();
#endif
    }

    // The three input rows under an output row.
    void begin_row(std::int32_t r) noexcept { paired::rows_under(layer_, in_, r, rows_); }

    // The tile whose left output is pixel ox, at y, and the next one of the row where there is one and room for both; returns
    // how many they are.
    std::int32_t add(std::int32_t ox, std::int8_t* y) noexcept {
      const std::int32_t pitch = layer_.out_pixel_bytes, left = layer_.out_w - ox;
      const std::int32_t count = left > 2 && tiles_ % 2 == 0 ? 2 : 1, columns = 2 * count + 2;
      left_[tiles_] = y;
      right_[tiles_] = left > 1 ? y + pitch : y;
      if (count == 2) {
        left_[tiles_ + 1] = y + 2 * pitch;
        right_[tiles_ + 1] = y + (left > 3 ? 3 : 2) * pitch;
      }
      const std::int32_t x = ox - layer_.pad_left;
      const bool inside =
          x >= 0 && x + columns <= layer_.in_w && layer_.in_pixel_bytes == layer_.in_c;
      std::uint32_t* to = x_ + tiles_;
      for (std::int32_t ky = 0; ky < 3; ++ky, to += runs_.words() * 2 * winograd::kTiles) {
        const bool outside = rows_[ky] == paired::kOutside;
        const auto* const row =
            static_cast<const std::int8_t*>(static_cast<const void*>(in_.base)) + rows_[ky];
        const std::int8_t* d0 = row + x * layer_.in_c;
        if (!inside || outside) {
          paired::gather_columns(layer_, outside ? nullptr : row, x, columns, columns_);
          d0 = columns_;
        }
        transform(d0, to, ky, count);
      }
      tiles_ += count;
      if (tiles_ == winograd::kTiles) write();
      return count;
    }

    // What is left. Tiles that are not there are the first one again.
    void finish() noexcept {
      if (tiles_ == 0) return;
      std::uint32_t* const end = x_ + winograd::kPasses * steps_ * winograd::kTiles;
      for (std::uint32_t* step = x_; step != end; step += winograd::kTiles) {
        for (std::int32_t t = tiles_; t < winograd::kTiles; ++t) step[t] = step[0];
      }
      write();
    }

   private:
    // Columns of a row become the words of one or two tiles in the four passes.
    [[gnu::always_inline]] void transform(const std::int8_t* d0, std::uint32_t* to, std::int32_t ky,
                                          std::int32_t tiles) noexcept {
      const std::int32_t in_c = layer_.in_c, words = runs_.words(),
                         pass = steps_ * winograd::kTiles;
      if (tiles == 2 && words > 0) {
        winograd::transform_two(d0, in_c, to, pass * 4, words);
      } else {
        for (std::int32_t t = 0; t < tiles; ++t) {
          winograd::transform_words(d0 + 2 * t * in_c, in_c, to + t, pass, words);
        }
      }
      if (runs_.rest() == 0) return;
      for (std::int32_t t = 0; t < tiles; ++t) transform_rest(d0 + 2 * t * in_c, tiles_ + t, ky);
    }

    [[gnu::noinline]] void transform_rest(const std::int8_t* d0, std::int32_t tile,
                                          std::int32_t ky) noexcept {
      const std::int32_t in_c = layer_.in_c, pass = steps_ * winograd::kTiles;
      for (std::int32_t c = 4 * runs_.words(); c < in_c; ++c) {
        const std::int32_t i = runs_.half_of_rest(ky, c - 4 * runs_.words());
        const std::int8_t* const d = d0 + c;
        const std::int32_t values[winograd::kPasses] = {d[in_c] + d[2 * in_c],
                                                        d[2 * in_c] - d[in_c],
                                                        d[in_c] - d[3 * in_c], d[0] - d[2 * in_c]};
        for (std::int32_t p = 0; p < winograd::kPasses; ++p) {
          std::uint32_t* const word =
              x_ + tile + p * pass + first_of_rest_ + i / 2 * winograd::kTiles;
          const auto half = static_cast<std::int16_t>(values[p]);
          std::memcpy(static_cast<std::byte*>(static_cast<void*>(word)) + i % 2 * 2, &half, 2);
        }
      }
    }

    void write() noexcept {
      std::int32_t first = 0;
#ifdef LINNET_PAIRED_CORE
      if (fast_) {
        for (std::int32_t t = 0; t < winograd::kTiles; ++t) {
          const std::int32_t from = t < tiles_ ? t : 0;
          core_.left[t] = left_[from] - core_.offset;
          core_.right[t] = right_[from] - core_.offset;
        }
        winograd::multiply_tiles(core_);
        first = layer_.out_c & ~1;
      }
#endif
      for (std::int32_t t = 0; t < tiles_ && first < layer_.out_c; ++t) {
        winograd::multiply_tile(layer_, first, x_ + t, steps_, left_[t], right_[t]);
      }
#ifdef LINNET_PAIRED_CORE
      if (fast_ && (layer_.lo != -128 || layer_.hi != 127)) {
        for (std::int32_t t = 0; t < tiles_; ++t) {
          detail::clamp_codes(left_[t], 1, layer_.out_c, 0, layer_.lo, layer_.hi);
          detail::clamp_codes(right_[t], 1, layer_.out_c, 0, layer_.lo, layer_.hi);
        }
      }
#endif
      tiles_ = 0;
    }

#ifdef LINNET_PAIRED_CORE
    void prepare_core() noexcept {
      fast_ = layer_.shift >= 33 && layer_.shift <= 53 && layer_.out_c >= 2;
      const std::int32_t skip =
          (winograd::kUnrolled - steps_ % winograd::kUnrolled) % winograd::kUnrolled;
      core_.pass_bytes = steps_ * paired::kStepBytes;
      core_.skip_bytes = skip * paired::kStepBytes;
      core_.entry = winograd::kStepCodeBytes * skip + 1;
      // The sums are doubled: one shift more.
      const dsp::Requantizer doubled(fast_ ? layer_.shift + 1 : 33, layer_.out_zero, -128, 127);
      core_.addend = doubled.addend;
      core_.shift_a = doubled.rest;
      core_.factor_b = std::int32_t{1} << (fast_ ? 32 - doubled.rest : 0);
      core_.offset = -(layer_.out_c & ~1);
      core_.x = x_;
      core_.weights = static_cast<const std::uint32_t*>(layer_.weights);
    }

    winograd::Core core_;
    bool fast_;
#endif
    const Layer& layer_;
    RowsIn in_;
    paired::Runs runs_;
    std::uint32_t* x_;
    std::int32_t steps_;
    std::int32_t* rows_;
    std::int8_t* columns_;
    std::int32_t first_of_rest_;
    std::int8_t* left_[winograd::kTiles];
    std::int8_t* right_[winograd::kTiles];
    std::int32_t tiles_ = 0;
  };
};

}  // namespace LINNET_VERSION_NAMESPACE
}  // namespace linnet
