// int8 convolution with any window, strides, padding, dilation and pitches, without groups, whose channels are summed in
// pairs (conv2d_s8_paired.h).
//
// In NHWC a row of the window is one run of kernel_w * in_c bytes of an input row. Four output pixels are expanded run by
// run, straight from the input rows where all of them lie inside the image. At the left and right edges and in slices of
// wider tensors the columns under the four are gathered first, with the input's zero point outside the image; with dilation
// and where a row ends among the four, the four runs. Rows outside the image read a run of zero points.
//
//   output pixels that are worked on together, in a map of 3 x 3:   0 0 0
//   (they go on across the ends of rows)                            0 1 1
//                                                                   1 1 2
#pragma once

#include "linnet/kernels/conv2d_s8_paired_core.h"

namespace linnet {
inline namespace LINNET_VERSION_NAMESPACE {

struct conv2d_s8_any_paired {
  using Layer = Conv2dS8;
  static constexpr const char* name = "conv2d_s8_any_paired";
  static constexpr bool folds_input_zero = true;
  static constexpr bool packs_channels = true;
  static constexpr bool supports(const Layer& layer) noexcept {
    return layer.paired != 0 && layer.groups == 1;
  }
  // Expanded pixels, the rows under four output rows, a run of zero points, gathered columns or runs.
  static constexpr std::int32_t scratch_bytes(const Layer& layer) noexcept {
    return scratch_bytes_with<paired::Writer>(layer);
  }
  static constexpr std::int32_t packed_bytes(const Layer& layer) noexcept {
    return paired::packed_bytes(layer.out_c, paired::runs(layer).steps());
  }
  static void pack(const Layer& layer, const std::int16_t* weights, const std::int32_t* bias,
                   const std::int32_t* multiplier, std::byte* packed) noexcept {
    paired::pack(paired::runs(layer), layer.out_c, weights, bias, multiplier, packed);
  }

  static void run(const Layer& layer, const Io& io, std::int32_t first_row,
                  std::int32_t row_count) noexcept {
    run_with<paired::Writer>(layer, io, first_row, row_count);
  }

  // The same for any that makes outputs of four expanded pixels (conv2d_s8_any_w4).
  template <class Writer>
  static constexpr std::int32_t scratch_bytes_with(const Layer& layer) noexcept {
    const paired::Runs runs = paired::runs(layer);
    return Writer::expanded_bytes(runs.steps()) + rows_bytes(runs) + run_bytes(runs) +
           gathered_bytes(layer, runs);
  }
  template <class Writer>
  static void run_with(const Layer& layer, const Io& io, std::int32_t first_row,
                       std::int32_t row_count) noexcept {
    Window<Writer> window(layer, io);
    Block block;
    for (std::int32_t r = first_row; r < first_row + row_count; ++r) {
      const std::int32_t* const rows = window.rows_under(r);
      std::int8_t* y = io.out.row<std::int8_t>(r);
      std::int32_t x = -layer.pad_left;
      for (std::int32_t left = layer.out_w; left > 0;) {
        const std::int32_t blocks = block.pixels == 0 ? window.spaced_blocks(x, left) : 0;
        if (blocks > 0) {
          window.write_spaced(rows, x, y, blocks);
          left -= blocks * paired::kPixels;
          x += blocks * paired::kPixels * layer.stride_w;
          y += blocks * paired::kPixels * layer.out_pixel_bytes;
          continue;
        }
        block.rows[block.pixels] = rows;
        block.x[block.pixels] = x;
        block.y[block.pixels] = y;
        if (++block.pixels == paired::kPixels) window.write(block);
        --left;
        x += layer.stride_w;
        y += layer.out_pixel_bytes;
      }
    }
    if (block.pixels > 0) window.write(block);
  }

 private:
  // The rows under four output rows, and gathered ones.
  static constexpr std::int32_t rows_bytes(const paired::Runs& runs) {
    return ((paired::kPixels + 1) * runs.count * 4 + 7) / 8 * 8;
  }
  static constexpr std::int32_t run_bytes(const paired::Runs& runs) {
    return (runs.bytes + 7) / 8 * 8;
  }

  // Up to four output pixels, in order.
  struct Block {
    const std::int32_t* rows[paired::kPixels];  // where the input rows begin, or paired::kOutside
    std::int32_t x[paired::kPixels];            // of the window's first column
    std::int8_t* y[paired::kPixels];
    std::int32_t pixels = 0;
  };

  // The columns under four pixels of a row.
  static constexpr std::int32_t columns(const Layer& layer) {
    return 3 * layer.stride_w + layer.kernel_w;
  }
  // First layers gather all rows of the window at once.
  static constexpr bool gathers_rows(const Layer& layer) { return layer.in_c < 4; }
  static constexpr std::int32_t gathered_bytes(const Layer& layer, const paired::Runs& runs) {
    const std::int32_t each = paired::kPixels * runs.bytes;
    const std::int32_t rows = gathers_rows(layer) ? runs.count : 1;
    const std::int32_t spaced = rows * columns(layer) * layer.in_c;
    return spaced_columns(layer) && spaced > each ? spaced : each;
  }
  // Whether four pixels of a row may share their columns.
  static constexpr bool spaced_columns(const Layer& layer) {
    return layer.dilation_w == 1 && layer.stride_w <= layer.kernel_w;
  }
  // Before every column.
  static constexpr std::int32_t kNeverSpaced = -0x40000000;

  template <class Writer>
  class Window {
   public:
    Window(const Layer& layer, const Io& io) noexcept
        : layer_(layer),
          in_(io.in[0]),
          runs_(paired::runs(layer)),
          x_(static_cast<std::uint32_t*>(static_cast<void*>(io.scratch))),
          writer_(layer, x_, runs_.steps()) {
      std::byte* const behind = io.scratch + Writer::expanded_bytes(runs_.steps());
      rows_ = static_cast<std::int32_t*>(static_cast<void*>(behind));
      zeros_ = static_cast<std::int8_t*>(static_cast<void*>(behind + rows_bytes(runs_)));
      paired::fill_bytes(zeros_, layer.in_zero, runs_.bytes);
      gathered_ = zeros_ + run_bytes(runs_);
      const bool one_run =
          layer.in_pixel_bytes == layer.in_c && (layer.dilation_w == 1 || layer.kernel_w == 1);
      const std::int32_t last = layer.in_w - 1 - (layer.kernel_w - 1) * layer.dilation_w;
      last_spaced_ = one_run ? last - (paired::kPixels - 1) * layer.stride_w : kNeverSpaced;
      spaced_.zeros = zeros_ + 4 * runs_.words();
      spaced_.minus_word_bytes = -4 * runs_.words();
      spaced_.rest_bytes = runs_.rest();
      spaced_.step = layer.stride_w * layer.in_pixel_bytes;
      spaced_.left = runs_.count;
      spaced_.rest =
          static_cast<std::byte*>(static_cast<void*>(x_ + runs_.word_steps() * paired::kPixels));
      spaced_.to = x_;
      first_ = base() + 4 * runs_.words();
      nine_ = runs_.bytes == 9;
    }

    // Bytes from the input's base to each row under output row r.
    [[gnu::noinline]] const std::int32_t* rows_under(std::int32_t r) noexcept {
      std::int32_t* const rows = rows_ + r % paired::kPixels * layer_.kernel_h;
      paired::rows_under(layer_, in_, r, rows);
      return rows;
    }

    // How many fours of the next `left` pixels from column x on lie inside the image, each run in one piece.
    std::int32_t spaced_blocks(std::int32_t x, std::int32_t left) const noexcept {
      if (x < 0 || x > last_spaced_) return 0;
      const std::int32_t most = left / paired::kPixels;
      const std::int32_t inside = (last_spaced_ - x) / (paired::kPixels * layer_.stride_w) + 1;
      return inside < most ? inside : most;
    }

    [[gnu::noinline]] void write_spaced(const std::int32_t* rows, std::int32_t x, std::int8_t* y,
                                        std::int32_t blocks) noexcept {
      spaced_.row = rows;
      spaced_.first = first_ + x * layer_.in_c;
      const std::int32_t step = paired::kPixels * spaced_.step, pitch = layer_.out_pixel_bytes;
      for (; blocks > 0; --blocks) {
        expand(spaced_);
        writer_.write_four(y, pitch);
        spaced_.first += step;
        y += paired::kPixels * pitch;
      }
    }

    [[gnu::noinline]] void write(Block& block) noexcept {
      const std::int32_t last = paired::kPixels - 1;
      if (block.pixels == paired::kPixels && block.rows[0] == block.rows[last] &&
          spaced_columns(layer_)) {
        expand_columns(block.rows[0], block.x[0]);
      } else {
        expand_each(block);
      }
      writer_.write(block.y, block.pixels);
      block.pixels = 0;
    }

   private:
    const std::int8_t* base() const noexcept {
      return static_cast<const std::int8_t*>(static_cast<const void*>(in_.base));
    }

    void expand(const paired::Spaced& spaced) const noexcept {
      if (nine_) {
        paired::expand_spaced_nine(spaced);
      } else {
        paired::expand_spaced(spaced);
      }
    }

    // Four pixels of a row that share their columns.
    void expand_columns(const std::int32_t* rows, std::int32_t x) noexcept {
      const std::int32_t count = columns(layer_), row_bytes = count * layer_.in_c;
      paired::Spaced spaced = spaced_;
      spaced.first = gathered_ - spaced.minus_word_bytes;
      spaced.step = layer_.stride_w * layer_.in_c;
      std::int32_t* const gathered_rows = rows_ + paired::kPixels * runs_.count;
      spaced.row = gathered_rows;
      const bool all = gathers_rows(layer_);
      std::int32_t at = 0;
      for (std::int32_t ky = 0; ky < runs_.count; ++ky) {
        *(all ? gathered_rows + ky : gathered_rows) = rows[ky] == paired::kOutside ? rows[ky] : at;
        if (rows[ky] != paired::kOutside) {
          paired::gather_columns(layer_, base() + rows[ky], x, count, gathered_ + at);
        }
        if (all) {
          at += row_bytes;
        } else {
          expand_run(spaced);
        }
      }
      if (all) expand(spaced);
    }

    // Pixels of several rows, fewer than four, or such as share no columns.
    void expand_each(const Block& block) noexcept {
      paired::Spaced spaced = spaced_;
      spaced.first = gathered_ - spaced.minus_word_bytes;
      spaced.step = runs_.bytes;
      const std::int32_t row = 0;
      spaced.row = &row;
      for (std::int32_t ky = 0; ky < runs_.count; ++ky) {
        for (std::int32_t p = 0; p < paired::kPixels; ++p) {
          const std::int32_t from = p < block.pixels ? p : 0;
          const std::int32_t offset = block.rows[from][ky];
          paired::gather_columns(layer_, offset == paired::kOutside ? nullptr : base() + offset,
                                 block.x[from], layer_.kernel_w, gathered_ + p * runs_.bytes);
        }
        expand_run(spaced);
      }
    }

    // Expands one run and goes on to the next.
    void expand_run(paired::Spaced& spaced) const noexcept {
      spaced.left = 1;
      expand(spaced);
      spaced.to += runs_.words() * 2 * paired::kPixels;
      for (std::int32_t i = 0; i < runs_.rest(); ++i) spaced.rest = paired::next_half(spaced.rest);
    }

    const Layer& layer_;
    RowsIn in_;
    paired::Runs runs_;
    std::uint32_t* x_;
    Writer writer_;
    std::int32_t* rows_;
    std::int8_t *zeros_, *gathered_;
    paired::Spaced spaced_;
    const std::int8_t* first_;  // behind the whole words of the run at column 0
    std::int32_t last_spaced_;
    bool nine_;
  };
};

}  // namespace LINNET_VERSION_NAMESPACE
}  // namespace linnet
