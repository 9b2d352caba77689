// See detections.h.
#include "compiler/verify/detections.h"

#include <algorithm>
#include <cassert>
#include <cstring>

#include "compiler/passes/passes.h"
#include "compiler/reference/interpreter.h"

namespace linnet {
namespace {

// As they lie in memory, one after the other.
std::vector<DetectedBox> boxes_of(const std::vector<std::byte>& bytes,
                                  const DetectionUnderTest& called) {
  const auto size = static_cast<std::size_t>(called.detection_bytes);
  const auto with_mask = size + static_cast<std::size_t>(called.mask_bytes);
  std::vector<DetectedBox> boxes;
  for (std::size_t at = 0; at + with_mask <= bytes.size(); at += with_mask) {
    DetectedBox box;
    float fields[5];
    std::memcpy(fields, &bytes[at], sizeof fields);
    box = {fields[0], fields[1], fields[2], fields[3], fields[4], 0, {}};
    std::memcpy(&box.class_index, &bytes[at + sizeof fields], sizeof box.class_index);
    box.extra.resize(size / 4 - 6);
    std::memcpy(box.extra.data(), &bytes[at + sizeof fields + 4], 4 * box.extra.size());
    boxes.push_back(std::move(box));
  }
  return boxes;
}

// What the generated code must give for these maps: each box, and its mask behind it.
std::vector<std::byte> expected_bytes(const Graph& graph, const Values& maps,
                                      const DetectionUnderTest& called) {
  const DetectionHead& head = *graph.detection;
  const Shape& input = graph.type(graph.inputs.front().tensor).shape;
  std::vector<std::byte> bytes;
  for (const DetectedBox& box :
       detect_by_maps(head, maps, {called.score_threshold, called.iou_threshold},
                      static_cast<std::size_t>(called.capacity))) {
    const std::vector<std::byte> own = box.bytes();
    bytes.insert(bytes.end(), own.begin(), own.end());
    if (called.mask_bytes == 0) continue;
    for (const std::uint8_t pixel : mask_by_proto(head, maps[head.proto], box, input[2], input[1]))
      bytes.push_back(static_cast<std::byte>(pixel));
  }
  return bytes;
}

Values as_floats(const Graph& graph, const Values& outputs) {
  Values floats;
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    const TensorType type{DType::f32, graph.type(graph.outputs[i].tensor).shape, {}};
    Port same_layout;
    same_layout.model_shape = type.shape;
    floats.push_back(outputs[i].type.dtype == DType::f32 ? outputs[i]
                                                         : to_model(same_layout, outputs[i]));
  }
  return floats;
}

}  // namespace

std::optional<DetectionUnderTest> detection_under_test(const Graph& graph,
                                                       const VerifyOptions& options) {
  if (!graph.detection) return std::nullopt;
  const DetectionHead& head = *graph.detection;
  return DetectionUnderTest{options.score_threshold, options.iou_threshold, kDetectionCapacity,
                            head.detection_bytes(), head.mask_bytes()};
}

Reals decoded_outputs(const Graph& whole, const Graph& split, const Graph& graph,
                      const std::vector<Values>& outputs) {
  const Graph decoding = decoding_of(whole, split);
  Reals reals;
  for (const Values& maps : outputs) {
    const Values decoded = interpret(decoding, as_floats(graph, maps));
    reals.emplace_back();
    for (std::size_t i = 0; i < decoded.size(); ++i)
      reals.back().push_back(real_values(decoding.outputs[i], decoded[i]));
  }
  return reals;
}

DetectionReport compare_detections(const Graph& whole, const Graph& split, const Graph& graph,
                                   const NetworkRun& run, const std::vector<Values>& float_maps,
                                   const DetectionUnderTest& called) {
  const DetectionHead& head = *graph.detection;
  const Reals decoded = decoded_outputs(whole, split, split, float_maps);
  DetectionReport report;
  DetectionMatch match;
  for (std::size_t s = 0; s < run.outputs.size(); ++s) {
    if (run.detections[s] != expected_bytes(graph, run.outputs[s], called)) ++report.differing;
    report.boxes.push_back(boxes_of(run.detections[s], called));
    match.add(detect_by_model(head, decoded[s][head.model_output],
                              {called.score_threshold, called.iou_threshold},
                              static_cast<std::size_t>(called.capacity)),
              report.boxes.back());
  }
  report.expected = match.expected;
  report.found = match.found;
  report.matched = match.matched;
  report.mean_iou = match.matched == 0 ? 0 : match.sum_iou / static_cast<double>(match.matched);
  report.max_score_error = match.max_score_error;
  return report;
}

}  // namespace linnet
