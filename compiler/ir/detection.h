// What a graph's outputs mean when they are those of a YOLOv8 detection head, before its decoding of boxes:
//
//   level 0 (stride 8)    box 1x20x20x64   class 1x20x20x20      outputs 0 and 1
//   level 1 (stride 16)   box 1x10x10x64   class 1x10x10x20      outputs 2 and 3
//   ...
//
// A cell (y, x) of a level says one box: four distances from its anchor (x + 0.5, y + 0.5) to the left, top, right and
// bottom edge, in cells, each as `bins` scores whose softmax is the distribution of the distance over 0 .. bins-1
// (distribution focal loss: Li et al., "Generalized Focal Loss", arXiv 2006.04388), and a logit for each class.
//
// Tensors are named by their index into Graph::outputs, which no renumbering changes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace linnet {

struct DetectionLevel {
  std::int32_t width = 0, height = 0;  // cells
  float stride = 0;                    // input pixels from cell to cell
  std::size_t box = 0, classes = 0;  // outputs [1,height,width,4*bins] and [1,height,width,classes]
  std::size_t extra = 0;  // output with mask coefficients or keypoints, where the head has them
};

struct DetectionHead {
  enum class Kind : std::uint8_t {
    boxes,
    masks,  // extra: [1,height,width,mask_count] coefficients of the channels of `proto`
    keypoints  // extra: [1,height,width,keypoints*keypoint_values]: x, y and (3 values) the logit of visible
  } kind = Kind::boxes;
  std::vector<DetectionLevel> levels;
  std::int32_t bins = 16;  // scores for each distance
  std::int32_t classes = 0;
  std::int32_t mask_count = 0;
  std::size_t proto = 0;  // output [1,proto_height,proto_width,mask_count]
  std::int32_t proto_width = 0, proto_height = 0;
  std::int32_t keypoints = 0, keypoint_values = 0;

  // The model's own output that was decoded: which one, and how it says a box.
  std::size_t model_output = 0;
  std::size_t model_proto = 0;       // with masks
  bool model_channels_last = false;  // [1,boxes,values], else [1,values,boxes]
  bool model_corners = false;        // x1, y1, x2, y2; else centre and size

  std::int64_t cells() const {
    std::int64_t count = 0;
    for (const DetectionLevel& level : levels) count += std::int64_t{level.width} * level.height;
    return count;
  }
  std::int64_t candidate_bytes() const { return 8 * cells(); }  // scratch of detect()
  std::int64_t mask_bytes() const {                             // of one detection's mask
    return kind == Kind::masks ? std::int64_t{proto_width} * proto_height : 0;
  }
  std::int64_t detection_bytes() const {  // of the generated code's Detection
    const std::int64_t extra = kind == Kind::boxes   ? 0
                               : kind == Kind::masks ? mask_count
                                                     : 3 * keypoints;
    return 4 * (6 + extra);
  }
  bool has_extra() const { return kind != Kind::boxes; }
  std::int32_t extra_values() const {  // of a cell
    return kind == Kind::masks ? mask_count : keypoints * keypoint_values;
  }
};

inline const char* to_string(DetectionHead::Kind kind) {
  constexpr const char* kNames[] = {"boxes", "masks", "keypoints"};
  return kNames[static_cast<std::size_t>(kind)];
}

}  // namespace linnet
