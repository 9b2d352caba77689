// Letterboxing of camera frames, against the plain definition in double and by its properties.
#include "linnet/letterbox.h"

#include <array>
#include <catch2/catch.hpp>
#include <cmath>
#include <random>
#include <vector>

namespace linnet {
namespace {

std::array<std::uint8_t, 256> identity() {
  std::array<std::uint8_t, 256> table{};
  for (std::size_t i = 0; i < 256; ++i) table[i] = static_cast<std::uint8_t>(i);
  return table;
}

struct Picture {
  FrameSize size;
  std::vector<std::uint8_t> rgb;

  int at(int y, int x, int c) const {
    return rgb[static_cast<std::size_t>((y * size.width + x) * 3 + c)];
  }
  Frame frame() const {
    return {rgb.data(), size, static_cast<std::size_t>(3 * size.width), PixelFormat::rgb888};
  }
};

Picture noise(FrameSize size, unsigned seed) {
  std::mt19937 random(seed);
  Picture picture{
      size, std::vector<std::uint8_t>(static_cast<std::size_t>(3 * size.width * size.height))};
  for (std::uint8_t& byte : picture.rgb) byte = static_cast<std::uint8_t>(random() >> 8);
  return picture;
}

// The whole input as bytes, pixels as they are.
std::vector<std::uint8_t> letterboxed(const Frame& frame, FrameSize input,
                                      std::int32_t channels = 3) {
  static const std::array<std::uint8_t, 256> table = identity();
  const PixelCodes<std::uint8_t> codes{{table.data(), table.data(), table.data()}, channels};
  const Letterbox box = fit(frame.size, input);
  std::vector<std::uint8_t> out(static_cast<std::size_t>(input.width * input.height * channels), 1);
  for (std::int32_t row = 0; row < input.height; ++row)
    letterbox_row(box, frame, codes, row, out.data() + row * input.width * channels);
  return out;
}

// Bilinear with half-pixel centres, edges kept, in double.
double bilinear(const Picture& picture, FrameSize inner, int y, int x, int c) {
  const auto source = [](int index, int from, int to) {
    const double at = (index + 0.5) * from / to - 0.5;
    return std::min(std::max(at, 0.0), from - 1.0);
  };
  const double sx = source(x, picture.size.width, inner.width);
  const double sy = source(y, picture.size.height, inner.height);
  const int x0 = static_cast<int>(sx);
  const int y0 = static_cast<int>(sy);
  const int x1 = std::min(x0 + 1, picture.size.width - 1);
  const int y1 = std::min(y0 + 1, picture.size.height - 1);
  const double t = sx - x0;
  const double u = sy - y0;
  const double top = picture.at(y0, x0, c) * (1 - t) + picture.at(y0, x1, c) * t;
  const double low = picture.at(y1, x0, c) * (1 - t) + picture.at(y1, x1, c) * t;
  return top * (1 - u) + low * u;
}

TEST_CASE("letterbox: the frame lies in the middle, as large as fits") {
  const Letterbox wide = fit({640, 480}, {160, 160});
  CHECK(wide.inner.width == 160);
  CHECK(wide.inner.height == 120);
  CHECK(wide.left == 0);
  CHECK(wide.top == 20);
  const Letterbox tall = fit({100, 400}, {192, 128});
  CHECK(tall.inner.width == 32);
  CHECK(tall.inner.height == 128);
  CHECK(tall.left == 80);
  CHECK(tall.top == 0);
  const Letterbox thin = fit({16384, 1}, {96, 96});
  CHECK(thin.inner.width == 96);
  CHECK(thin.inner.height == 1);
}

TEST_CASE("letterbox: a frame of the input's size is copied") {
  const Picture picture = noise({37, 23}, 1);
  CHECK(letterboxed(picture.frame(), {37, 23}) == picture.rgb);
}

TEST_CASE("letterbox: bilinear within two grey levels of exact arithmetic, fill around") {
  // 2 levels: 8-bit weights (1/256 of 255 in each direction), and half a level of rounding.
  for (const FrameSize size : {FrameSize{61, 47}, FrameSize{320, 240}, FrameSize{20, 90}}) {
    const Picture picture = noise(size, 7);
    const FrameSize input{96, 64};
    const Letterbox box = fit(size, input);
    const std::vector<std::uint8_t> out = letterboxed(picture.frame(), input);
    for (int y = 0; y < input.height; ++y) {
      for (int x = 0; x < input.width; ++x) {
        const int ix = x - box.left;
        const int iy = y - box.top;
        const bool inside = ix >= 0 && iy >= 0 && ix < box.inner.width && iy < box.inner.height;
        for (int c = 0; c < 3; ++c) {
          const int value = out[static_cast<std::size_t>((y * input.width + x) * 3 + c)];
          INFO(size.width << "x" << size.height << " at " << y << ", " << x);
          if (inside) {
            REQUIRE(std::abs(value - bilinear(picture, box.inner, iy, ix, c)) < 2.6);
          } else {
            REQUIRE(value == 114);
          }
        }
      }
    }
  }
}

TEST_CASE("letterbox: RGB565 is its pixels in eight bits") {
  const FrameSize size{50, 30};
  std::mt19937 random(3);
  std::vector<std::uint8_t> words(static_cast<std::size_t>(2 * size.width * size.height));
  for (std::uint8_t& byte : words) byte = static_cast<std::uint8_t>(random() >> 8);
  Picture wide{size, {}};
  for (std::size_t i = 0; i < words.size(); i += 2) {
    const unsigned word = words[i] + 256U * words[i + 1];
    const auto stretched = [](unsigned value, unsigned most) {
      return static_cast<std::uint8_t>(std::floor(value * 255.0 / most + 0.5));
    };
    wide.rgb.push_back(stretched(word >> 11, 31));
    wide.rgb.push_back(stretched((word >> 5) & 63, 63));
    wide.rgb.push_back(stretched(word & 31, 31));
  }
  const Frame frame{words.data(), size, static_cast<std::size_t>(2 * size.width),
                    PixelFormat::rgb565};
  const std::vector<std::uint8_t> out = letterboxed(frame, size);
  // (v << 3) | (v >> 2) is v * 255 / 31 to a level.
  for (std::size_t i = 0; i < out.size(); ++i) REQUIRE(std::abs(out[i] - wide.rgb[i]) <= 1);
  CHECK(letterboxed(frame, {25, 15}).size() == 25 * 15 * 3);
}

TEST_CASE("letterbox: a grey network gets luminance, a table gives its codes, a pitch is kept to") {
  const Picture picture = noise({16, 16}, 5);
  const std::vector<std::uint8_t> grey = letterboxed(picture.frame(), {16, 16}, 1);
  for (int i = 0; i < 256; ++i) {
    const double luminance = 0.299 * picture.at(i / 16, i % 16, 0) +
                             0.587 * picture.at(i / 16, i % 16, 1) +
                             0.114 * picture.at(i / 16, i % 16, 2);
    REQUIRE(std::abs(grey[static_cast<std::size_t>(i)] - luminance) < 2);
  }
  std::array<std::int8_t, 256> minus{};
  for (std::size_t i = 0; i < 256; ++i)
    minus[i] = static_cast<std::int8_t>(static_cast<int>(i) - 128);
  const PixelCodes<std::int8_t> codes{{minus.data(), minus.data(), minus.data()}, 3};
  // Every second row of the picture.
  const Frame half{picture.rgb.data(), {16, 8}, 96, PixelFormat::rgb888};
  std::vector<std::int8_t> row(48);
  letterbox_row(fit(half.size, {16, 8}), half, codes, 3, row.data());
  for (int x = 0; x < 16; ++x)
    CHECK(row[static_cast<std::size_t>(3 * x)] == picture.at(6, x, 0) - 128);
}

TEST_CASE("letterbox: places of the input go back to the frame") {
  const Letterbox box = fit({640, 480}, {160, 160});
  CHECK(frame_x(box, 80.0F) == Approx(320));
  CHECK(frame_y(box, 20.0F) == Approx(0));
  CHECK(frame_y(box, 140.0F) == Approx(480));
  CHECK(frame_y(box, 3.0F) == 0.0F);
  CHECK(frame_x(box, 1000.0F) == 640.0F);
}

TEST_CASE("letterbox: what is no frame is told") {
  std::array<std::uint8_t, 12> bytes{};
  const Frame good{bytes.data(), {2, 2}, 6, PixelFormat::rgb888};
  CHECK(is_sound(good));
  for (const Frame& bad :
       {Frame{nullptr, {2, 2}, 6, PixelFormat::rgb888}, Frame{bytes.data(), {0, 2}, 6, {}},
        Frame{bytes.data(), {2, -1}, 6, {}}, Frame{bytes.data(), {2, 2}, 5, {}},
        Frame{bytes.data(), {20000, 2}, 60000, {}},
        Frame{bytes.data(), {2, 2}, 6, static_cast<PixelFormat>(7)}}) {
    CHECK_FALSE(is_sound(bad));
  }
}

}  // namespace
}  // namespace linnet
