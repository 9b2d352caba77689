// See draw_detections.h.
#include "compiler/verify/draw_detections.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <iterator>

#include "compiler/data/draw_picture.h"

namespace linnet {
namespace {

constexpr std::int64_t kDrawnWidth = 640;  // at least, about

// How the elements of an input are a picture's: 1xCxHxW or 1xHxWxC.
struct PictureLayout {
  std::int64_t height = 0, width = 0, channels = 0;
  bool channels_first = false;

  std::size_t index(std::int64_t y, std::int64_t x, std::int64_t c) const {
    return static_cast<std::size_t>(channels_first ? (c * height + y) * width + x
                                                   : (y * width + x) * channels + c);
  }
};

std::optional<PictureLayout> layout_of(const Shape& shape) {
  const auto colours = [](std::int64_t channels) { return channels == 3 || channels == 1; };
  if (shape.size() != 4 || shape[0] != 1) return std::nullopt;
  if (colours(shape[1])) return PictureLayout{shape[2], shape[3], shape[1], true};
  if (colours(shape[3])) return PictureLayout{shape[1], shape[2], shape[3], false};
  return std::nullopt;
}

// Back from values to pixels; grey becomes R, G and B.
Picture picture_of(const TensorValue& input, const PictureLayout& layout,
                   const Normalization& normalization) {
  const std::vector<float> values = input.to_floats();
  Picture picture{layout.width, layout.height, 3, {}};
  for (std::int64_t y = 0; y < layout.height; ++y) {
    for (std::int64_t x = 0; x < layout.width; ++x) {
      for (std::int64_t rgb = 0; rgb < 3; ++rgb) {
        const std::int64_t c = layout.channels == 1 ? 0 : rgb;
        const auto channel = static_cast<std::size_t>(c);
        const auto value = static_cast<double>(values[layout.index(y, x, c)]);
        const double pixel = value / normalization.scale[channel] + normalization.mean[channel];
        picture.pixels.push_back(static_cast<std::uint8_t>(
            std::lround(std::isnan(pixel) ? 0.0 : std::clamp(pixel, 0.0, 255.0))));
      }
    }
  }
  return picture;
}

// Captions are ASCII.
std::string ascii(std::string text) {
  for (char& letter : text)
    if (letter < ' ' || letter > '~') letter = '?';
  return text;
}

std::vector<CaptionedBox> captioned(const std::vector<DetectedBox>& boxes, double factor,
                                    const std::vector<std::string>& labels) {
  std::vector<CaptionedBox> drawn;
  for (const DetectedBox& box : boxes) {
    const float edges[] = {box.x1, box.y1, box.x2, box.y2};
    if (!std::all_of(std::begin(edges), std::end(edges),
                     [](float edge) { return std::abs(edge) < 1e6F; })) {
      continue;  // nothing that could be drawn
    }
    const auto index = static_cast<std::size_t>(box.class_index);
    const std::string name =
        index < labels.size() ? ascii(labels[index]) : fmt::format("class {}", index);
    drawn.push_back({factor * static_cast<double>(box.x1), factor * static_cast<double>(box.y1),
                     factor * static_cast<double>(box.x2), factor * static_cast<double>(box.y2),
                     class_colour(index), fmt::format("{} {:.2f}", name, box.score)});
  }
  std::reverse(drawn.begin(), drawn.end());  // the best on top
  return drawn;
}

}  // namespace

Result<Files> draw_detections(const Compiled& made, const TestData& data,
                              const VerifyReport& report, const SampleOptions& samples,
                              const std::vector<std::string>& labels) {
  const std::optional<DetectionReport>& detection = report.codes.back().detection;
  if (!detection) {
    // E293: --draw, and there is nothing to draw.
    return Diagnostic{"E293", "", "", "--draw: the network finds no boxes",
                      "it is for models with a YOLO head, without --outputs tensor"};
  }
  const std::optional<PictureLayout> layout =
      layout_of(made.float_graph.inputs.front().model_shape);
  if (!layout || made.float_graph.inputs.size() != 1) {
    return Diagnostic{"E293", "", "", "--draw: the network's input is no picture",
                      "leave --draw out"};
  }
  Files files;
  for (std::size_t s = 0; s < detection->boxes.size(); ++s) {
    const std::int64_t factor = std::max<std::int64_t>(1, kDrawnWidth / layout->width);
    Picture picture = enlarged(
        picture_of(data.samples[s].inputs.front(), *layout, samples.normalization), factor);
    draw_boxes(picture, captioned(detection->boxes[s], static_cast<double>(factor), labels));
    const std::string& name = data.samples[s].name;
    std::string stem = std::filesystem::path(name).stem().string();
    if (stem.empty() || files.contains(stem + ".png")) stem += fmt::format("sample_{}", s);
    files[stem + ".png"] = png_of(picture);
  }
  return files;
}

}  // namespace linnet
