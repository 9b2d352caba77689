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

#include <new>

#include "linnet/kernels/conv2d_s8_paired_write.h"

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
  // What the kernel keeps between its parts, sums, expanded pixels, the rows under four output rows, a run of zero points,
  // gathered columns or runs.
  static constexpr std::int32_t scratch_bytes(const Layer& layer) noexcept {
    return scratch_bytes_with(layer, paired::Writer::bytes(layer));
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
  static constexpr std::int32_t scratch_bytes_with(const Layer& layer,
                                                   std::int32_t writer_bytes) noexcept {
    const paired::Runs runs = paired::runs(layer);
    return kWindowBytes + writer_bytes + rows_bytes(runs) + run_bytes(runs) +
           gathered_bytes(layer, runs);
  }
  template <class Writer>
  static void run_with(const Layer& layer, const Io& io, std::int32_t first_row,
                       std::int32_t row_count) noexcept {
    static_assert(sizeof(Window<Writer>) <= kWindowBytes);
    Window<Writer>& window = *::new (io.scratch) Window<Writer>(layer, io);
    for (std::int32_t r = first_row; r < first_row + row_count; ++r)
      window.add_row(r, io.out.row<std::int8_t>(r));
    window.finish();
  }

 private:
  static constexpr std::int32_t kWindowBytes = 320;  // with pointers of 8 bytes

  static constexpr std::int32_t multiple_of_8(std::int32_t bytes) { return (bytes + 7) / 8 * 8; }
  // The rows under four output rows, and gathered ones.
  static constexpr std::int32_t rows_bytes(const paired::Runs& runs) {
    return multiple_of_8((paired::kPixels + 1) * runs.count * 4);
  }
  static constexpr std::int32_t run_bytes(const paired::Runs& runs) {
    return multiple_of_8(runs.bytes);
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
  // Runs are gathered two at a time, since they share steps; all of them in first layers.
  static constexpr std::int32_t gathered_runs(const Layer& layer) {
    return layer.in_c < 4 || layer.kernel_h < 2 ? layer.kernel_h : 2;
  }
  static constexpr std::int32_t gathered_bytes(const Layer& layer, const paired::Runs& runs) {
    const std::int32_t each = paired::kPixels * runs.bytes;
    const std::int32_t spaced = columns(layer) * layer.in_c;
    return multiple_of_8(gathered_runs(layer) *
                         (spaced_columns(layer) && spaced > each ? spaced : each));
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
    [[gnu::noinline]] Window(const Layer& layer, const Io& io) noexcept
        : layer_(layer),
          in_(io.in[0]),
          runs_(paired::runs(layer)),
          x_(static_cast<std::uint32_t*>(
              static_cast<void*>(io.scratch + kWindowBytes + Writer::sums_bytes(layer)))),
          writer_(layer, x_, runs_.steps(), io.scratch + kWindowBytes) {
      std::byte* const behind =
          static_cast<std::byte*>(static_cast<void*>(x_)) + Writer::expanded_bytes(runs_.steps());
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
      spaced_.rest = x_ + runs_.word_steps() * paired::kPixels;
      spaced_.to = x_;
      first_ = base() + 4 * runs_.words();
      nine_ = runs_.bytes == 9;
      three_ = runs_.bytes == 3 && runs_.count == 3;
    }

    // All pixels of output row r, at y.
    [[gnu::noinline]] void add_row(std::int32_t r, std::int8_t* y) noexcept {
      std::int32_t* const rows = rows_ + r % paired::kPixels * layer_.kernel_h;
      paired::rows_under(layer_, in_, r, rows);
      std::int32_t x = -layer_.pad_left;
      for (std::int32_t left = layer_.out_w; left > 0;) {
        const std::int32_t blocks = block_.pixels == 0 ? spaced_blocks(x, left) : 0;
        if (blocks > 0) {
          write_spaced(rows, x, y, blocks);
          left -= blocks * paired::kPixels;
          x += blocks * paired::kPixels * layer_.stride_w;
          y += blocks * paired::kPixels * layer_.out_pixel_bytes;
          continue;
        }
        block_.rows[block_.pixels] = rows;
        block_.x[block_.pixels] = x;
        block_.y[block_.pixels] = y;
        if (++block_.pixels == paired::kPixels) write();
        --left;
        x += layer_.stride_w;
        y += layer_.out_pixel_bytes;
      }
    }

    // Pixels that are left.
    void finish() noexcept {
      if (block_.pixels > 0) write();
    }

   private:
    const std::int8_t* base() const noexcept {
      return static_cast<const std::int8_t*>(static_cast<const void*>(in_.base));
    }

    // How many fours of the next `left` pixels from column x on lie inside the image, each run in one piece, behind a byte that
    // can be read.
    std::int32_t spaced_blocks(std::int32_t x, std::int32_t left) const noexcept {
      if (x < (three_ ? 1 : 0) || x > last_spaced_) return 0;
      const std::int32_t most = left / paired::kPixels;
      const std::int32_t inside = (last_spaced_ - x) / (paired::kPixels * layer_.stride_w) + 1;
      return inside < most ? inside : most;
    }

    [[gnu::noinline]] void write_spaced(const std::int32_t* rows, std::int32_t x, std::int8_t* y,
                                        std::int32_t blocks) noexcept {
      spaced_.row = rows;
      spaced_.first = first_ + x * layer_.in_c;
      const std::int32_t step = paired::kPixels * spaced_.step, pitch = layer_.out_pixel_bytes;
      const Expand expand = expand_of(rows);
      for (; blocks > 0; --blocks) {
        expand(spaced_);
        writer_.write_four(y, pitch);
        spaced_.first += step;
        y += paired::kPixels * pitch;
      }
    }

    // What expands runs of these rows.
    using Expand = void (*)(const paired::Spaced&) noexcept;
    Expand expand_of(const std::int32_t* rows) const noexcept {
      if (nine_) return paired::expand_spaced_nine;
      if (three_ && (rows[0] | rows[2]) >= 0) return paired::expand_spaced_three;
      return paired::expand_spaced;
    }

    // The pixels of the block, of one row or several.
    [[gnu::noinline]] void write() noexcept {
      const std::int32_t last = paired::kPixels - 1;
      const bool together = block_.pixels == paired::kPixels &&
                            block_.rows[0] == block_.rows[last] && spaced_columns(layer_);
      const std::int32_t bytes =
          together ? columns(layer_) * layer_.in_c : paired::kPixels * runs_.bytes;
      std::int32_t* const gathered_rows = rows_ + paired::kPixels * runs_.count;
      paired::Spaced spaced = spaced_;
      spaced.first = gathered_ - spaced.minus_word_bytes;
      spaced.step = together ? layer_.stride_w * layer_.in_c : runs_.bytes;
      spaced.row = gathered_rows;
      for (std::int32_t ky = 0; ky < runs_.count; ky += spaced.left) {
        const std::int32_t most = gathered_runs(layer_), left = runs_.count - ky;
        spaced.left = left < most ? left : most;
        for (std::int32_t i = 0; i < spaced.left; ++i) {
          std::int8_t* const to = gathered_ + i * bytes;
          gathered_rows[i] = i * bytes;
          if (!together) {
            gather_each(ky + i, to);
          } else if (const std::int32_t row = block_.rows[0][ky + i]; row != paired::kOutside) {
            paired::gather_columns(layer_, base() + row, block_.x[0], columns(layer_), to);
          } else {
            gathered_rows[i] = row;
          }
        }
        expand_of(gathered_rows)(spaced);
        spaced.to += spaced.left * runs_.words() * 2 * paired::kPixels;
        spaced.rest += runs_.rest() * paired::kPixels;
      }
      writer_.write(block_.y, block_.pixels);
      block_.pixels = 0;
    }

    // A run of each pixel. Of an odd number one more is worked on, as the first one again.
    void gather_each(std::int32_t ky, std::int8_t* to) const noexcept {
      const std::int32_t count = (block_.pixels + 1) / 2 * 2;
      for (std::int32_t p = 0; p < count; ++p, to += runs_.bytes) {
        const std::int32_t from = p < block_.pixels ? p : 0;
        const std::int32_t offset = block_.rows[from][ky];
        paired::gather_columns(layer_, offset == paired::kOutside ? nullptr : base() + offset,
                               block_.x[from], layer_.kernel_w, to);
      }
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
    bool nine_, three_;
    Block block_;
  };
};

}  // namespace LINNET_VERSION_NAMESPACE
}  // namespace linnet
