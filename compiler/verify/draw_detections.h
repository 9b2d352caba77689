// The samples of a detector as pictures, with the boxes that its generated code found: `linnet verify --draw`.
#pragma once

#include <string>
#include <vector>

#include "compiler/pipeline.h"
#include "compiler/verify/test_data.h"
#include "compiler/verify/verify.h"

namespace linnet {

// SAMPLE.png for each sample that the last code of `report` ran on; enlarged where it is small. `labels` name the classes,
// by number where there are none. E293 when the network finds no boxes, or its input is no picture.
Result<Files> draw_detections(const Compiled& made, const TestData& data,
                              const VerifyReport& report, const SampleOptions& samples,
                              const std::vector<std::string>& labels);

}  // namespace linnet
