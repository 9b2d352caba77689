// Linear resize of H and W in int8: four neighbours with weights in 1/1024, one rounding. See docs/quantization.md section 6.
//
// Four channels at once: PKHBT and PKHTB of the words at the left and the right, SXTB16 and SXTB16 ROR #8 make pairs
// (left, right), SMUAD with the weights along the row sums each of the two rows, MUL and MLA weigh the rows. That is what
// sums the four products exactly: no step rounds.
#pragma once

#include "linnet/dsp/dsp.h"
#include "linnet/layers_shape.h"

namespace linnet {
inline namespace LINNET_VERSION_NAMESPACE {

struct resize_linear_s8 {
  using Layer = ResizeLayer;
  static constexpr const char* name = "resize_linear_s8";
  static constexpr bool supports(const Layer& layer) noexcept { return layer.element_bytes == 1; }
  static constexpr std::int32_t scratch_bytes(const Layer&) noexcept { return 0; }

  static void run(const Layer& layer, const Io& io, std::int32_t first_row,
                  std::int32_t row_count) noexcept {
    const auto* const rows = static_cast<const Tap*>(layer.rows);
    const auto* const columns = static_cast<const Tap*>(layer.columns);
    const std::int32_t channels = layer.channels;
    for (std::int32_t r = first_row; r < first_row + row_count; ++r) {
      const Tap& v = rows[r % layer.out_h];
      const std::int32_t image = r / layer.out_h * layer.in_h;
      std::int8_t* y = io.out.row<std::int8_t>(r);
      for (std::int32_t i = 0; i < layer.out_w; ++i, y += channels) {
        const Tap& h = columns[i];
        if (v.i0 < 0 || h.i0 < 0) {
          for (std::int32_t c = 0; c < channels; ++c)
            y[c] = static_cast<std::int8_t>(layer.outside_bits);
          continue;
        }
        const std::int8_t* const top = io.in[0].row<std::int8_t>(image + v.i0);
        const std::int8_t* const bottom = io.in[0].row<std::int8_t>(image + v.i1);
        const std::int32_t left = h.i0 * channels, right = h.i1 * channels;
        pixel({top + left, top + right, bottom + left, bottom + right}, v.w1, h.w1, channels, y);
      }
    }
  }

 private:
  struct Tap {
    std::int32_t i0, i1, w1;
  };
  struct Neighbours {
    const std::int8_t *top_left, *top_right, *bottom_left, *bottom_right;
  };

  static void pixel(const Neighbours& x, std::int32_t down, std::int32_t across,
                    std::int32_t channels, std::int8_t* y) noexcept {
    const std::uint32_t weights = dsp::pair(1024 - across, across);
    const std::int32_t up = 1024 - down, half = 1 << 19;
    const auto mean = [=](std::uint32_t top, std::uint32_t bottom) {  // of codes: stays within them
      const std::int32_t sum =
          up * dsp::smlad(top, weights, 0) + down * dsp::smlad(bottom, weights, 0) + half;
      return static_cast<std::int8_t>(sum >> 20);
    };
    std::int32_t c = 0;
    for (; c + 4 <= channels; c += 4) {
      const std::uint32_t a = dsp::load_word(x.top_left + c), b = dsp::load_word(x.top_right + c);
      const std::uint32_t d = dsp::load_word(x.bottom_left + c);
      const std::uint32_t e = dsp::load_word(x.bottom_right + c);
      const std::uint32_t top01 = dsp::pkhbt(a, b), top23 = dsp::pkhtb(b, a);
      const std::uint32_t bottom01 = dsp::pkhbt(d, e), bottom23 = dsp::pkhtb(e, d);
      y[c] = mean(dsp::sxtb16(top01), dsp::sxtb16(bottom01));
      y[c + 1] = mean(dsp::sxtb16_ror8(top01), dsp::sxtb16_ror8(bottom01));
      y[c + 2] = mean(dsp::sxtb16(top23), dsp::sxtb16(bottom23));
      y[c + 3] = mean(dsp::sxtb16_ror8(top23), dsp::sxtb16_ror8(bottom23));
    }
    for (; c < channels; ++c) {
      const std::int32_t top = (1024 - across) * x.top_left[c] + across * x.top_right[c];
      const std::int32_t bottom = (1024 - across) * x.bottom_left[c] + across * x.bottom_right[c];
      y[c] = static_cast<std::int8_t>((up * top + down * bottom + half) >> 20);
    }
  }
};

}  // namespace LINNET_VERSION_NAMESPACE
}  // namespace linnet
