// See detections.h.
#include "compiler/reference/detections.h"

#include <algorithm>
#include <cassert>
#include <cstring>

#include "compiler/reference/exact_math.h"

namespace linnet {
namespace {

// A map [1,height,width,channels] as real numbers.
class RealMap {
 public:
  explicit RealMap(const TensorValue& value)
      : value_(value), channels_(static_cast<std::size_t>(value.type.shape.back())) {}

  float at(std::size_t cell, std::size_t channel) const {
    const std::size_t i = cell * channels_ + channel;
    if (value_.type.dtype == DType::f32) return value_.as<float>()[i];
    const Quantization& q = *value_.type.quantization;
    const std::int32_t code = value_.as<std::int8_t>()[i] - q.zero_point.front();
    return q.scale.front() * static_cast<float>(code);
  }
  std::size_t channels() const { return channels_; }

 private:
  const TensorValue& value_;
  std::size_t channels_;
};

float expected_distance(const RealMap& box, std::size_t cell, std::size_t side, std::size_t bins) {
  if (bins == 1) return box.at(cell, side);
  float largest = box.at(cell, side * bins);
  for (std::size_t i = 1; i < bins; ++i) largest = std::max(largest, box.at(cell, side * bins + i));
  float sum = 0;
  float moment = 0;
  for (std::size_t i = 0; i < bins; ++i) {
    const float e = exact::exp(box.at(cell, side * bins + i) - largest);
    sum += e;
    const float part = static_cast<float>(i) * e;
    moment += part;
  }
  return moment / sum;
}

DetectedBox decoded_box(const DetectionHead& head, const DetectionLevel& level,
                        const std::vector<TensorValue>& maps, std::size_t cell) {
  const RealMap box(maps[level.box]);
  const auto bins = static_cast<std::size_t>(head.bins);
  const auto width = static_cast<std::size_t>(level.width);
  const auto column = static_cast<float>(cell % width);
  const std::size_t row_index = cell / width;
  const auto row = static_cast<float>(row_index);
  DetectedBox made;
  made.x1 = (column + 0.5F - expected_distance(box, cell, 0, bins)) * level.stride;
  made.y1 = (row + 0.5F - expected_distance(box, cell, 1, bins)) * level.stride;
  made.x2 = (column + 0.5F + expected_distance(box, cell, 2, bins)) * level.stride;
  made.y2 = (row + 0.5F + expected_distance(box, cell, 3, bins)) * level.stride;
  if (!head.has_extra()) return made;
  const RealMap extra(maps[level.extra]);
  const auto values = static_cast<std::size_t>(head.keypoint_values);
  for (std::size_t k = 0; k < extra.channels(); ++k) {
    const float value = extra.at(cell, k);
    if (head.kind == DetectionHead::Kind::masks) {
      made.extra.push_back(value);
    } else if (k % values == 2) {
      made.extra.push_back(exact::sigmoid(value));
    } else {
      const float offset = values == 3 ? 2.0F * value : value;
      made.extra.push_back((offset + (k % values == 0 ? column : row)) * level.stride);
      if (values == 2 && k % 2 == 1) made.extra.push_back(1);
    }
  }
  return made;
}

bool suppresses(const DetectedBox& a, const DetectedBox& b, float threshold) {
  const float width = std::max(std::min(a.x2, b.x2) - std::max(a.x1, b.x1), 0.0F);
  const float height = std::max(std::min(a.y2, b.y2) - std::max(a.y1, b.y1), 0.0F);
  const float shared = width * height;
  const float area_a = (a.x2 - a.x1) * (a.y2 - a.y1);
  const float area_b = (b.x2 - b.x1) * (b.y2 - b.y1);
  const float limit = threshold * (area_a + area_b - shared);
  return shared > limit;
}

// Best first; equal scores in the order that they are in.
std::vector<DetectedBox> suppressed(std::vector<DetectedBox> boxes, float iou_threshold,
                                    std::size_t capacity) {
  std::stable_sort(boxes.begin(), boxes.end(),
                   [](const DetectedBox& a, const DetectedBox& b) { return a.score > b.score; });
  std::vector<DetectedBox> kept;
  for (DetectedBox& box : boxes) {
    if (kept.size() == capacity) break;
    const bool hidden = std::any_of(kept.begin(), kept.end(), [&](const DetectedBox& better) {
      return better.class_index == box.class_index && suppresses(better, box, iou_threshold);
    });
    if (!hidden) kept.push_back(std::move(box));
  }
  return kept;
}

double iou_of(const DetectedBox& a, const DetectedBox& b) {
  const auto overlap = [](float lo_a, float hi_a, float lo_b, float hi_b) {
    return std::max(
        0.0, static_cast<double>(std::min(hi_a, hi_b)) - static_cast<double>(std::max(lo_a, lo_b)));
  };
  const auto area = [](const DetectedBox& box) {
    return static_cast<double>(box.x2 - box.x1) * static_cast<double>(box.y2 - box.y1);
  };
  const double shared = overlap(a.x1, a.x2, b.x1, b.x2) * overlap(a.y1, a.y2, b.y1, b.y2);
  const double joined = area(a) + area(b) - shared;
  return joined > 0 ? shared / joined : 0;
}

}  // namespace

std::vector<std::byte> DetectedBox::bytes() const {
  std::vector<float> floats{x1, y1, x2, y2, score, 0};
  floats.insert(floats.end(), extra.begin(), extra.end());
  std::vector<std::byte> made(floats.size() * sizeof(float));
  std::memcpy(made.data(), floats.data(), made.size());
  std::memcpy(made.data() + 5 * sizeof(float), &class_index, sizeof class_index);
  return made;
}

std::vector<DetectedBox> detect_by_maps(const DetectionHead& head,
                                        const std::vector<TensorValue>& maps,
                                        const DetectionThresholds& thresholds,
                                        std::size_t capacity) {
  std::vector<DetectedBox> boxes;
  for (const DetectionLevel& level : head.levels) {
    const RealMap classes(maps[level.classes]);
    const auto cells =
        static_cast<std::size_t>(level.width) * static_cast<std::size_t>(level.height);
    for (std::size_t cell = 0; cell < cells; ++cell) {
      std::size_t best = 0;
      for (std::size_t c = 1; c < classes.channels(); ++c)
        if (classes.at(cell, c) > classes.at(cell, best)) best = c;
      const float score = exact::sigmoid(classes.at(cell, best));
      if (!(score >= thresholds.score)) continue;
      DetectedBox box = decoded_box(head, level, maps, cell);
      box.score = score;
      box.class_index = static_cast<std::int32_t>(best);
      boxes.push_back(std::move(box));
    }
  }
  return suppressed(std::move(boxes), thresholds.iou, capacity);
}

std::vector<std::uint8_t> mask_by_proto(const DetectionHead& head, const TensorValue& proto,
                                        const DetectedBox& box, std::int64_t input_width,
                                        std::int64_t input_height) {
  const RealMap map(proto);
  const float pixels_x = static_cast<float>(input_width) / static_cast<float>(head.proto_width);
  const float pixels_y = static_cast<float>(input_height) / static_cast<float>(head.proto_height);
  std::vector<std::uint8_t> mask;
  for (std::int32_t row = 0; row < head.proto_height; ++row) {
    for (std::int32_t column = 0; column < head.proto_width; ++column) {
      const float x = (static_cast<float>(column) + 0.5F) * pixels_x;
      const float y = (static_cast<float>(row) + 0.5F) * pixels_y;
      float sum = 0;
      for (std::size_t k = 0; k < map.channels(); ++k) {
        const float part = box.extra[k] * map.at(mask.size(), k);
        sum += part;
      }
      const bool inside = x >= box.x1 && x < box.x2 && y >= box.y1 && y < box.y2;
      mask.push_back(inside && sum > 0 ? 1 : 0);
    }
  }
  return mask;
}

std::vector<DetectedBox> detect_by_model(const DetectionHead& head,
                                         const std::vector<float>& decoded,
                                         const DetectionThresholds& thresholds,
                                         std::size_t capacity) {
  const auto cells = static_cast<std::size_t>(head.cells());
  assert(cells > 0 && decoded.size() % cells == 0);
  const std::size_t values = decoded.size() / cells;
  const auto classes = static_cast<std::size_t>(head.classes);
  std::vector<DetectedBox> boxes;
  for (std::size_t n = 0; n < cells; ++n) {
    const auto at = [&](std::size_t value) {
      return decoded[head.model_channels_last ? n * values + value : value * cells + n];
    };
    std::size_t best = 0;
    for (std::size_t c = 1; c < classes; ++c)
      if (at(4 + c) > at(4 + best)) best = c;
    if (!(at(4 + best) >= thresholds.score)) continue;
    DetectedBox box{at(0), at(1), at(2), at(3), at(4 + best), static_cast<std::int32_t>(best), {}};
    if (!head.model_corners) {
      const float width = box.x2;
      const float height = box.y2;
      box.x2 = box.x1 + width / 2;
      box.y2 = box.y1 + height / 2;
      box.x1 -= width / 2;
      box.y1 -= height / 2;
    }
    for (std::size_t k = 4 + classes; k < values; ++k) {
      box.extra.push_back(at(k));
      if (head.keypoint_values == 2 && (k - classes) % 2 == 1) box.extra.push_back(1);
    }
    boxes.push_back(std::move(box));
  }
  return suppressed(std::move(boxes), thresholds.iou, capacity);
}

void DetectionMatch::add(const std::vector<DetectedBox>& expected_boxes,
                         const std::vector<DetectedBox>& found_boxes) {
  constexpr double kLeastIou = 0.5;
  expected += static_cast<std::int64_t>(expected_boxes.size());
  found += static_cast<std::int64_t>(found_boxes.size());
  std::vector<bool> taken(expected_boxes.size(), false);
  for (const DetectedBox& box : found_boxes) {
    std::size_t best = expected_boxes.size();
    double best_iou = 0;
    for (std::size_t i = 0; i < expected_boxes.size(); ++i) {
      if (taken[i] || expected_boxes[i].class_index != box.class_index) continue;
      const double iou = iou_of(expected_boxes[i], box);
      if (iou < kLeastIou || iou <= best_iou) continue;
      best = i;
      best_iou = iou;
    }
    if (best == expected_boxes.size()) continue;
    taken[best] = true;
    ++matched;
    sum_iou += best_iou;
    max_score_error = std::max(
        max_score_error,
        std::abs(static_cast<double>(box.score) - static_cast<double>(expected_boxes[best].score)));
  }
}

}  // namespace linnet
