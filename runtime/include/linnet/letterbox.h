// A camera's frame as the rows of a network's input: scaled without distortion into the middle, straight to the input's codes.
//
//      frame 640 x 480            input 160 x 160
//     ┌───────────────┐          ┌──────────┐  top rows of `fill`
//     │               │   ──►    │ 160 x 120│  inner picture, bilinear, half-pixel centres
//     │               │          │          │
//     └───────────────┘          └──────────┘  the rest of `fill`
//
//   const linnet::Letterbox box = linnet::fit({640, 480}, {160, 160});
//   for (std::int32_t row = 0; row < 160; ++row) linnet::letterbox_row(box, frame, codes, row, out_of(row));
//
// The network's normalisation and quantization are in a table: `codes.channel[c][p]` is the input's value for a pixel p. All is
// integer arithmetic, the same on every machine; docs/quantization.md has it to the bit.
#pragma once

#include <cstddef>
#include <cstdint>

#include "linnet/version.h"

namespace linnet {
inline namespace LINNET_VERSION_NAMESPACE {

// rgb888: bytes R, G, B. rgb565: 16-bit words, little-endian, R in the high bits (a DCMI's order).
enum class PixelFormat : std::uint8_t { rgb888, rgb565 };

constexpr std::int32_t bytes_per_pixel(PixelFormat format) noexcept {
  return format == PixelFormat::rgb888 ? 3 : 2;
}

// Sides up to this many pixels.
inline constexpr std::int32_t kLargestFrameSide = 16384;

struct FrameSize {
  std::int32_t width = 0, height = 0;
};

// A picture in memory, of any source. Row r starts at pixels + r * pitch_bytes.
struct Frame {
  const std::uint8_t* pixels = nullptr;
  FrameSize size;
  std::size_t pitch_bytes = 0;
  PixelFormat format = PixelFormat::rgb888;
};

// Whether there is a picture: sides from 1 to kLargestFrameSide, rows that do not overlap, a format that is known.
constexpr bool is_sound(const Frame& frame) noexcept {
  const bool known = frame.format == PixelFormat::rgb888 || frame.format == PixelFormat::rgb565;
  return frame.pixels != nullptr && known && frame.size.width >= 1 && frame.size.height >= 1 &&
         frame.size.width <= kLargestFrameSide && frame.size.height <= kLargestFrameSide &&
         frame.pitch_bytes >= static_cast<std::size_t>(frame.size.width) *
                                  static_cast<std::size_t>(bytes_per_pixel(frame.format));
}

// Where the scaled frame lies in the input, and the way from its pixels to those of the frame, in 1/65536 of a pixel.
struct Letterbox {
  FrameSize frame, input, inner;
  std::int32_t left = 0, top = 0;
  std::int32_t step_x = 0, step_y = 0;
};

// The largest inner picture of the frame's shape, in the middle; at least one pixel in each direction.
constexpr Letterbox fit(FrameSize frame, FrameSize input) noexcept {
  Letterbox box;
  box.frame = frame;
  box.input = input;
  const auto scaled = [](std::int32_t side, std::int32_t to, std::int32_t from) {
    const std::int64_t rounded = (std::int64_t{2} * side * to + from) / (std::int64_t{2} * from);
    return rounded < 1 ? 1 : static_cast<std::int32_t>(rounded);
  };
  const bool wide =
      std::int64_t{input.width} * frame.height <= std::int64_t{input.height} * frame.width;
  box.inner.width = wide ? input.width : scaled(frame.width, input.height, frame.height);
  box.inner.height = wide ? scaled(frame.height, input.width, frame.width) : input.height;
  box.left = (input.width - box.inner.width) / 2;
  box.top = (input.height - box.inner.height) / 2;
  box.step_x = static_cast<std::int32_t>(frame.width * 65536LL / box.inner.width);
  box.step_y = static_cast<std::int32_t>(frame.height * 65536LL / box.inner.height);
  return box;
}

// The input's values of pixels 0 to 255, for each of its channels; T is the input's type. `fill`: of the pixels around.
template <class T>
struct PixelCodes {
  const T* channel[3];      // [256] each; a grey network reads the first
  std::int32_t channels;    // 3, or 1: grey
  std::uint8_t fill = 114;  // a pixel; 114 is what YOLO networks are trained with
};

namespace detail {

// A place between two pixels of a row or column: the first, the distance to the second (0 or 1), and the second's weight of 256.
struct Between {
  std::int32_t first, next, weight;
};

// The centre of inner pixel `index`, kept inside the frame.
constexpr Between between(std::int32_t index, std::int32_t step, std::int32_t side) noexcept {
  const std::int64_t centre = std::int64_t{step} * index + step / 2 - 32768;
  const std::int64_t last = (std::int64_t{side} - 1) * 65536;
  const std::int64_t at = centre < 0 ? 0 : centre > last ? last : centre;
  const auto first = static_cast<std::int32_t>(at >> 16);
  return {first, first + 1 < side ? 1 : 0, static_cast<std::int32_t>((at >> 8) & 255)};
}

struct Rgb {
  std::int32_t of[3];
};

template <PixelFormat Format>
Rgb read(const std::uint8_t* row, std::int32_t x) noexcept {
  if constexpr (Format == PixelFormat::rgb888) {
    const std::uint8_t* p = row + std::ptrdiff_t{3} * x;
    return {{p[0], p[1], p[2]}};
  } else {
    const std::uint8_t* p = row + std::ptrdiff_t{2} * x;
    const std::int32_t word = p[0] | p[1] << 8;
    const std::int32_t r = word >> 11;
    const std::int32_t g = (word >> 5) & 63;
    const std::int32_t b = word & 31;
    return {{r << 3 | r >> 2, g << 2 | g >> 4, b << 3 | b >> 2}};
  }
}

// The four pixels around a place, weighted: halves up.
inline std::int32_t blend(std::int32_t top_left, std::int32_t top_right, std::int32_t low_left,
                          std::int32_t low_right, std::int32_t wx, std::int32_t wy) noexcept {
  const std::int32_t top = top_left * (256 - wx) + top_right * wx;
  const std::int32_t low = low_left * (256 - wx) + low_right * wx;
  return (top * (256 - wy) + low * wy + 32768) >> 16;
}

template <class T>
T* put(T* out, const PixelCodes<T>& codes, std::int32_t r, std::int32_t g,
       std::int32_t b) noexcept {
  if (codes.channels == 1) {
    *out = codes.channel[0][(77 * r + 150 * g + 29 * b + 128) >> 8];
    return out + 1;
  }
  out[0] = codes.channel[0][r];
  out[1] = codes.channel[1][g];
  out[2] = codes.channel[2][b];
  return out + 3;
}

template <PixelFormat Format, class T>
T* put_inner(const Letterbox& box, const Frame& frame, const PixelCodes<T>& codes, std::int32_t row,
             T* out) noexcept {
  const Between y = between(row, box.step_y, frame.size.height);
  const std::uint8_t* top = frame.pixels + static_cast<std::size_t>(y.first) * frame.pitch_bytes;
  const std::uint8_t* low = top + static_cast<std::size_t>(y.next) * frame.pitch_bytes;
  for (std::int32_t i = 0; i < box.inner.width; ++i) {
    const Between x = between(i, box.step_x, frame.size.width);
    const Rgb a = read<Format>(top, x.first);
    const Rgb b = read<Format>(top, x.first + x.next);
    const Rgb c = read<Format>(low, x.first);
    const Rgb d = read<Format>(low, x.first + x.next);
    std::int32_t mixed[3];
    for (int k = 0; k < 3; ++k)
      mixed[k] = blend(a.of[k], b.of[k], c.of[k], d.of[k], x.weight, y.weight);
    out = put(out, codes, mixed[0], mixed[1], mixed[2]);
  }
  return out;
}

}  // namespace detail

// Row `row` of the input: input.width pixels of codes.channels values at `out`. `box` must be of the frame's size, and the
// frame sound.
template <class T>
void letterbox_row(const Letterbox& box, const Frame& frame, const PixelCodes<T>& codes,
                   std::int32_t row, T* out) noexcept {
  const std::int32_t inner_row = row - box.top;
  const bool outside = inner_row < 0 || inner_row >= box.inner.height;
  const auto fill = [&](std::int32_t pixels) {
    for (std::int32_t i = 0; i < pixels; ++i)
      out = detail::put(out, codes, codes.fill, codes.fill, codes.fill);
  };
  if (outside) {
    fill(box.input.width);
    return;
  }
  fill(box.left);
  out = frame.format == PixelFormat::rgb888
            ? detail::put_inner<PixelFormat::rgb888>(box, frame, codes, inner_row, out)
            : detail::put_inner<PixelFormat::rgb565>(box, frame, codes, inner_row, out);
  fill(box.input.width - box.left - box.inner.width);
}

// A place of the input (pixels, float) in the frame's pixels, kept inside the frame.
inline float frame_x(const Letterbox& box, float x) noexcept {
  const float at = (x - static_cast<float>(box.left)) * static_cast<float>(box.frame.width) /
                   static_cast<float>(box.inner.width);
  const auto most = static_cast<float>(box.frame.width);
  return at > 0.0F ? (at < most ? at : most) : 0.0F;
}

inline float frame_y(const Letterbox& box, float y) noexcept {
  const float at = (y - static_cast<float>(box.top)) * static_cast<float>(box.frame.height) /
                   static_cast<float>(box.inner.height);
  const auto most = static_cast<float>(box.frame.height);
  return at > 0.0F ? (at < most ? at : most) : 0.0F;
}

}  // namespace LINNET_VERSION_NAMESPACE
}  // namespace linnet
