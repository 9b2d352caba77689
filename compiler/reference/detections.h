// Boxes, twice, and with no code of the runtime: as docs/quantization.md section 11 defines them from a head's maps, to the
// byte; and as a user of the exported model gets them, from its decoded output by a plain suppression.
#pragma once

#include <cstdint>
#include <vector>

#include "compiler/ir/detection.h"
#include "compiler/ir/tensor_type.h"

namespace linnet {

struct DetectedBox {
  float x1 = 0, y1 = 0, x2 = 0, y2 = 0;  // input pixels
  float score = 0;
  std::int32_t class_index = 0;
  std::vector<float> extra;  // mask coefficients, or x, y, visible of each keypoint

  // As it lies in memory: NAME_detection of the generated code.
  std::vector<std::byte> bytes() const;
};

struct DetectionThresholds {
  float score = 0.25F, iou = 0.45F;
};

// `maps` are the values of the graph's outputs, in the device's layout and types.
std::vector<DetectedBox> detect_by_maps(const DetectionHead& head,
                                        const std::vector<TensorValue>& maps,
                                        const DetectionThresholds& thresholds,
                                        std::size_t capacity);

// [proto_height * proto_width], 1 inside. The input has so many pixels.
std::vector<std::uint8_t> mask_by_proto(const DetectionHead& head, const TensorValue& proto,
                                        const DetectedBox& box, std::int64_t input_width,
                                        std::int64_t input_height);

// `decoded`: the model's own output, in its layout (DetectionHead::model_*).
std::vector<DetectedBox> detect_by_model(const DetectionHead& head,
                                         const std::vector<float>& decoded,
                                         const DetectionThresholds& thresholds,
                                         std::size_t capacity);

// How well boxes agree: for each found one, best first, the expected one of its class that overlaps it most, when that is
// by at least one half and no other has it.
struct DetectionMatch {
  std::int64_t expected = 0, found = 0, matched = 0;
  double sum_iou = 0, max_score_error = 0;  // of the matched
  void add(const std::vector<DetectedBox>& expected_boxes,
           const std::vector<DetectedBox>& found_boxes);
};

}  // namespace linnet
