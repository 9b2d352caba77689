// Small float networks with a YOLOv8 head and its decoding, written as an exporter might: for tests of what is found.
#pragma once

#include <cstdint>
#include <vector>

#include "compiler/ir/graph.h"

namespace linnet::testing {

struct YoloOptions {
  std::int64_t height = 64, width = 96;  // of the input
  std::vector<std::int64_t> strides{8, 16};
  std::int64_t bins = 16, classes = 3;
  DetectionHead::Kind kind = DetectionHead::Kind::boxes;
  std::int64_t masks = 4;
  std::int64_t keypoints = 3, keypoint_values = 3;
  bool corners = false;        // x1, y1, x2, y2 in place of centre and size
  bool channels_last = false;  // [1,boxes,values] in place of [1,values,boxes]
  bool joined_maps =
      false;  // box and class maps are concatenated level by level, as Ultralytics has it
  // What makes it no head:
  float moved_anchor = 0;    // added to the anchor of cell 5
  float other_stride = 0;    // added to the stride of cell 5
  bool skewed_bins = false;  // the last bin counts one more
};

Graph yolo_graph(const YoloOptions& options, std::uint32_t seed = 1);

}  // namespace linnet::testing
