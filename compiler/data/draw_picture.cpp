// Draws by filling rectangles; letters are those of stb_easy_font, which are rectangles too. See draw_picture.h.
#include "compiler/data/draw_picture.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <vector>

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wall"
#pragma GCC diagnostic ignored "-Wextra"
#pragma GCC diagnostic ignored "-Wconversion"
#pragma GCC diagnostic ignored "-Wsign-conversion"
#pragma GCC diagnostic ignored "-Wshadow"
#pragma GCC diagnostic ignored "-Wpedantic"
#pragma GCC diagnostic ignored "-Wunused-function"
#pragma GCC diagnostic ignored "-Wmissing-field-initializers"
#pragma GCC diagnostic ignored "-Wcast-qual"
#define STB_IMAGE_WRITE_IMPLEMENTATION
#define STB_IMAGE_WRITE_STATIC
#define STBI_WRITE_NO_STDIO
#include <stb/stb_easy_font.h>
#include <stb/stb_image_write.h>
#pragma GCC diagnostic pop

namespace linnet {
namespace {

using Colour = std::array<std::uint8_t, 3>;

struct Rectangle {
  std::int64_t left, top, right, bottom;  // right and bottom are not part of it
};

void fill(Picture& picture, const Rectangle& r, const Colour& colour) {
  const std::int64_t right = std::min(r.right, picture.width);
  const std::int64_t bottom = std::min(r.bottom, picture.height);
  for (std::int64_t y = std::max<std::int64_t>(r.top, 0); y < bottom; ++y) {
    for (std::int64_t x = std::max<std::int64_t>(r.left, 0); x < right; ++x) {
      for (std::int64_t c = 0; c < 3; ++c)
        picture.pixels[static_cast<std::size_t>((y * picture.width + x) * 3 + c)] =
            colour[static_cast<std::size_t>(c)];
    }
  }
}

// What stb_easy_font gives: four corners a rectangle.
struct Corner {
  float x, y, z;
  std::uint8_t colour[4];
};

std::vector<Rectangle> letters(const std::string& text) {
  std::string copy = text;  // the library's parameter is not const
  std::vector<Corner> corners(text.size() * 80 + 4);
  const int count = stb_easy_font_print(0, 0, copy.data(), nullptr, corners.data(),
                                        static_cast<int>(corners.size() * sizeof(Corner)));
  std::vector<Rectangle> rectangles;
  for (std::size_t i = 0; i < static_cast<std::size_t>(count); ++i) {
    const Corner& first = corners[4 * i];
    const Corner& third = corners[4 * i + 2];
    rectangles.push_back(
        {std::lround(first.x), std::lround(first.y), std::lround(third.x), std::lround(third.y)});
  }
  return rectangles;
}

constexpr std::int64_t kCaptionHeight = 10;

void draw_caption(Picture& picture, const CaptionedBox& box) {
  std::string text = box.caption;
  const auto left = std::max<std::int64_t>(0, static_cast<std::int64_t>(std::floor(box.left)));
  auto top = static_cast<std::int64_t>(std::floor(box.top)) - kCaptionHeight;
  if (top < 0) top += kCaptionHeight;
  const std::int64_t width = stb_easy_font_width(text.data());
  fill(picture, {left, top, left + width + 3, top + kCaptionHeight}, box.colour);
  const int light = 2 * box.colour[0] + 5 * box.colour[1] + box.colour[2];
  const Colour ink = light > 8 * 128 ? Colour{0, 0, 0} : Colour{255, 255, 255};
  for (const Rectangle& r : letters(text)) {
    fill(picture, {left + 2 + r.left, top + 1 + r.top, left + 2 + r.right, top + 1 + r.bottom},
         ink);
  }
}

}  // namespace

std::array<std::uint8_t, 3> class_colour(std::size_t index) {
  // Hues a golden angle apart.
  const double hue = std::fmod(static_cast<double>(index) * 0.618033988749895, 1.0) * 6;
  Colour colour{};
  for (std::size_t c = 0; c < 3; ++c) {
    const double place = std::fmod(hue + 6 - 2 * static_cast<double>(c), 6.0);
    const double strength = std::clamp(std::abs(place - 3) - 1, 0.0, 1.0);
    colour[c] = static_cast<std::uint8_t>(std::lround(55 + 200 * strength));
  }
  return colour;
}

void draw_boxes(Picture& picture, std::span<const CaptionedBox> boxes) {
  assert(picture.channels == 3);
  constexpr std::int64_t kLine = 2;
  for (const CaptionedBox& box : boxes) {
    const auto left = static_cast<std::int64_t>(std::floor(box.left));
    const auto top = static_cast<std::int64_t>(std::floor(box.top));
    const auto right = static_cast<std::int64_t>(std::ceil(box.right));
    const auto bottom = static_cast<std::int64_t>(std::ceil(box.bottom));
    fill(picture, {left, top, right, top + kLine}, box.colour);
    fill(picture, {left, bottom - kLine, right, bottom}, box.colour);
    fill(picture, {left, top, left + kLine, bottom}, box.colour);
    fill(picture, {right - kLine, top, right, bottom}, box.colour);
  }
  for (const CaptionedBox& box : boxes) {
    if (!box.caption.empty()) draw_caption(picture, box);
  }
}

Picture enlarged(const Picture& picture, std::int64_t factor) {
  Picture larger{picture.width * factor, picture.height * factor, picture.channels, {}};
  larger.pixels.reserve(static_cast<std::size_t>(larger.width * larger.height * larger.channels));
  for (std::int64_t y = 0; y < larger.height; ++y) {
    for (std::int64_t x = 0; x < larger.width; ++x) {
      for (std::int64_t c = 0; c < picture.channels; ++c)
        larger.pixels.push_back(static_cast<std::uint8_t>(picture.at(y / factor, x / factor, c)));
    }
  }
  return larger;
}

std::string png_of(const Picture& picture) {
  std::string bytes;
  const auto append = [](void* context, void* data, int size) {
    static_cast<std::string*>(context)->append(static_cast<const char*>(data),
                                               static_cast<std::size_t>(size));
  };
  const int row_bytes = static_cast<int>(picture.width * picture.channels);
  stbi_write_png_to_func(append, &bytes, static_cast<int>(picture.width),
                         static_cast<int>(picture.height), static_cast<int>(picture.channels),
                         picture.pixels.data(), row_bytes);
  return bytes;
}

}  // namespace linnet
