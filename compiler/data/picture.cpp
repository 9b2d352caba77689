// Decodes pictures with stb_image, which no other file includes; see picture.h.
#include "compiler/data/picture.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>

#include "compiler/data/npy.h"

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
#define STB_IMAGE_IMPLEMENTATION
#define STB_IMAGE_STATIC
#define STBI_ONLY_PNG
#define STBI_ONLY_JPEG
#define STBI_NO_STDIO
#include <stb/stb_image.h>
#pragma GCC diagnostic pop

namespace linnet {
namespace {

// Where an output pixel lies between two input pixels.
struct Position {
  std::int64_t first = 0, second = 0;
  double fraction = 0;
};

std::vector<Position> positions(std::int64_t length_in, std::int64_t length_out) {
  std::vector<Position> result;
  const double ratio = static_cast<double>(length_in) / static_cast<double>(length_out);
  for (std::int64_t i = 0; i < length_out; ++i) {
    const double source = std::clamp((static_cast<double>(i) + 0.5) * ratio - 0.5, 0.0,
                                     static_cast<double>(length_in - 1));
    const double first = std::floor(source);
    const auto index = static_cast<std::int64_t>(first);
    result.push_back({index, std::min(index + 1, length_in - 1), source - first});
  }
  return result;
}

}  // namespace

Result<Picture> read_picture(const std::filesystem::path& path, int channels) {
  const Result<std::vector<std::byte>> bytes = read_bytes(path);
  if (!bytes) return bytes.diagnostics();
  int width = 0, height = 0, channels_in_file = 0;
  const auto size =
      static_cast<int>(std::min<std::size_t>(bytes->size(), std::numeric_limits<int>::max()));
  if (stbi_is_16_bit_from_memory(reinterpret_cast<const stbi_uc*>(bytes->data()), size) != 0) {
    return Diagnostic{"E208",
                      {},
                      {},
                      fmt::format("'{}' has 16 bits a channel; pictures have 8", path.string()),
                      "save it with 8 bits a channel"};
  }
  const std::unique_ptr<stbi_uc, void (*)(void*)> pixels(
      stbi_load_from_memory(reinterpret_cast<const stbi_uc*>(bytes->data()), size, &width, &height,
                            &channels_in_file, channels),
      stbi_image_free);
  if (!pixels) {
    return Diagnostic{
        "E208",
        {},
        {},
        fmt::format("'{}' is no PNG or JPEG picture that can be decoded", path.string()),
        "open and save it with another tool"};
  }
  Picture picture{width, height, channels, {}};
  picture.pixels.assign(pixels.get(),
                        pixels.get() + picture.width * picture.height * picture.channels);
  return picture;
}

std::vector<float> picture_values(const Picture& picture, std::int64_t height, std::int64_t width,
                                  const Normalization& normalization) {
  const std::vector<Position> rows = positions(picture.height, height);
  const std::vector<Position> columns = positions(picture.width, width);
  std::vector<float> values;
  values.reserve(static_cast<std::size_t>(height * width * picture.channels));
  for (const Position& y : rows) {
    for (const Position& x : columns) {
      for (std::int64_t c = 0; c < picture.channels; ++c) {
        const double upper_left = picture.at(y.first, x.first, c);
        const double lower_left = picture.at(y.second, x.first, c);
        const double upper =
            upper_left + (picture.at(y.first, x.second, c) - upper_left) * x.fraction;
        const double lower =
            lower_left + (picture.at(y.second, x.second, c) - lower_left) * x.fraction;
        const double pixel = upper + (lower - upper) * y.fraction;
        const auto channel = static_cast<std::size_t>(c);
        values.push_back(static_cast<float>((pixel - normalization.mean[channel]) *
                                            normalization.scale[channel]));
      }
    }
  }
  return values;
}

}  // namespace linnet
