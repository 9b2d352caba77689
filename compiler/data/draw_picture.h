// Boxes with captions drawn into a picture, and a picture as the bytes of a PNG: how `linnet verify --draw` shows detections.
#pragma once

#include <array>
#include <span>
#include <string>

#include "compiler/data/picture.h"

namespace linnet {

// Edges in pixels of the picture, from its left and top; what lies outside is cut off.
struct CaptionedBox {
  double left = 0, top = 0, right = 0, bottom = 0;
  std::array<std::uint8_t, 3> colour{255, 255, 255};  // R, G, B
  std::string caption;                                // ASCII
};

// A colour for each class: neighbours differ clearly.
std::array<std::uint8_t, 3> class_colour(std::size_t index);

// Frames of two pixels, each with its caption above it (inside it at the picture's top). `picture` has three channels.
void draw_boxes(Picture& picture, std::span<const CaptionedBox> boxes);

// The picture `factor` times as large, by repeating pixels.
Picture enlarged(const Picture& picture, std::int64_t factor);

std::string png_of(const Picture& picture);

}  // namespace linnet
