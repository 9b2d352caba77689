// PNG and JPEG pictures, and how one becomes an input: resized, shifted and scaled (models/README.md defines it).
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <vector>

#include "compiler/support/result.h"

namespace linnet {

struct Picture {
  std::int64_t width = 0, height = 0, channels = 0;
  std::vector<std::uint8_t> pixels;  // [height][width][channels], RGB or grey

  double at(std::int64_t y, std::int64_t x, std::int64_t c) const {
    return pixels[static_cast<std::size_t>((y * width + x) * channels + c)];
  }
};

// `channels` is 3 or 1; transparency is dropped. E208 when the file is no picture.
Result<Picture> read_picture(const std::filesystem::path& path, int channels);

// (pixel - mean) * scale, per channel, pixels 0..255.
struct Normalization {
  std::array<double, 3> mean{0, 0, 0};
  std::array<double, 3> scale{1, 1, 1};
};

// [height][width][channels] floats: bilinear with half-pixel centres where the size differs, one rounding at the end.
std::vector<float> picture_values(const Picture& picture, std::int64_t height, std::int64_t width,
                                  const Normalization& normalization);

}  // namespace linnet
