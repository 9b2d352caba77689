// The decoding of a YOLOv8 head: found by what it computes, in every way of writing it, and by nothing that is not one.
#include <catch2/catch.hpp>

#include "compiler/onnx/importer.h"
#include "compiler/reference/detections.h"
#include "tests/passes/check.h"
#include "tests/support/yolo_head.h"

namespace linnet {
namespace {

using testing::yolo_graph;
using testing::YoloOptions;
using Kind = DetectionHead::Kind;

// Whole outputs, and those of the split graph with the decoding behind it.
double split_difference(const Graph& whole, const Graph& split, std::uint32_t seed) {
  const std::vector<TensorValue> inputs = random_inputs(whole, seed);
  const std::vector<TensorValue> expected = interpret(whole, inputs);
  const Graph decoding = decoding_of(whole, split);
  const std::vector<TensorValue> decoded = interpret(decoding, interpret(split, inputs));
  std::vector<std::vector<float>> a;
  std::vector<std::vector<float>> b;
  for (const TensorValue& value : expected) a.push_back(value.to_floats());
  for (const TensorValue& value : decoded) b.push_back(value.to_floats());
  return test::difference(a, b);
}

// Boxes by our own arithmetic on the maps and by the model's decoding agree.
void check_boxes(const Graph& whole, const Graph& split, std::uint32_t seed) {
  const DetectionHead& head = *split.detection;
  const std::vector<TensorValue> inputs = random_inputs(whole, seed);
  const std::vector<TensorValue> outputs = interpret(whole, inputs);
  const std::vector<float> decoded =
      to_model(whole.outputs[head.model_output], outputs[head.model_output]).to_floats();
  const DetectionThresholds all{0, NAN};
  const std::vector<DetectedBox> ours = detect_by_maps(head, interpret(split, inputs), all, 10000);
  const std::vector<DetectedBox> theirs = detect_by_model(head, decoded, all, 10000);
  REQUIRE(ours.size() == theirs.size());
  REQUIRE(static_cast<std::int64_t>(ours.size()) == head.cells());
  DetectionMatch match;
  match.add(theirs, ours);
  if (head.bins > 1) {  // else distances may be negative, and boxes have no area
    CHECK(match.matched == match.expected);
    CHECK(match.sum_iou >= 0.9999 * static_cast<double>(match.matched));
    CHECK(match.max_score_error <= 1e-6);
  }
  for (std::size_t i = 0; i < ours.size(); ++i) {
    REQUIRE(ours[i].extra.size() == theirs[i].extra.size());
    if (ours[i].score != theirs[i].score) continue;
    CHECK(ours[i].x1 == Approx(theirs[i].x1).margin(1e-3));
    CHECK(ours[i].y2 == Approx(theirs[i].y2).margin(1e-3));
    for (std::size_t k = 0; k < ours[i].extra.size(); ++k)
      CHECK(ours[i].extra[k] == Approx(theirs[i].extra[k]).margin(1e-3));
  }
}

Graph must_split(const Graph& whole) {
  const Graph split = split_detection_head(whole);
  REQUIRE(split.detection);
  const Result<Nothing> sound = verify(split, "split_detection_head");
  if (!sound) FAIL(format(sound.diagnostics()));
  CHECK(test::count(split, "Softmax") == 0);
  return split;
}

}  // namespace

TEST_CASE("a detection head is found in every way of writing it") {
  for (const Kind kind : {Kind::boxes, Kind::masks, Kind::keypoints}) {
    for (int variant = 0; variant < 16; ++variant) {
      YoloOptions options;
      options.kind = kind;
      options.corners = (variant & 1) != 0;
      options.channels_last = (variant & 2) != 0;
      options.joined_maps = (variant & 4) != 0;
      options.keypoint_values = (variant & 8) != 0 ? 2 : 3;
      if ((variant & 8) != 0) {  // one level, one class, few bins
        options.strides = {16};
        options.classes = 1;
        options.bins = variant % 3 == 0 ? 1 : 4;
      }
      INFO("kind " << to_string(kind) << ", variant " << variant);
      const Graph written = yolo_graph(options, static_cast<std::uint32_t>(variant + 1));
      for (const bool simplified : {false, true}) {
        // The passes put the factor 2 into the convolution where all its outputs are coordinates.
        if (!simplified && kind == Kind::keypoints && options.keypoint_values == 2) continue;
        const Graph whole = simplified ? test::must(run_passes(written)) : written;
        const Graph split = must_split(whole);
        CHECK(test::count(split, "Concat") == 0);
        const DetectionHead& head = *split.detection;
        CHECK(head.kind == kind);
        CHECK(head.classes == options.classes);
        CHECK(head.bins == options.bins);
        CHECK(head.model_corners == options.corners);
        CHECK(head.model_channels_last == options.channels_last);
        REQUIRE(head.levels.size() == options.strides.size());
        for (std::size_t i = 0; i < head.levels.size(); ++i) {
          CHECK(head.levels[i].stride == static_cast<float>(options.strides[i]));
          CHECK(head.levels[i].width == options.width / options.strides[i]);
          CHECK(head.levels[i].height == options.height / options.strides[i]);
        }
        const std::size_t maps = kind == Kind::boxes ? 2 : 3;
        CHECK(split.outputs.size() == maps * head.levels.size() + (kind == Kind::masks ? 1U : 0U));
        CHECK(split_difference(whole, split, 7) == 0);
        check_boxes(whole, split, 7);
        CHECK(print(split_detection_head(split)) == print(split));
      }
    }
  }
}

TEST_CASE("what is no regular head stays as it is") {
  const auto stays = [](const YoloOptions& options) {
    const Graph whole = test::must(run_passes(yolo_graph(options)));
    const Graph after = split_detection_head(whole);
    CHECK(!after.detection);
    CHECK(print(after) == print(whole));
  };
  YoloOptions options;
  options.moved_anchor = 0.25F;
  stays(options);
  options = {};
  options.other_stride = 1;
  stays(options);
  options = {};
  options.skewed_bins = true;
  stays(options);
}

TEST_CASE("micromind's export of a detector has a head, whatever its tensors are called") {
  Result<ImportedModel> model =
      import_model(LINNET_SOURCE_DIR "/models/yolophinet_160_full/yolophinet_160_full.onnx", {});
  REQUIRE(model);
  Graph whole = test::must(run_passes(std::move(model->graph)));
  const Graph split = must_split(whole);
  const DetectionHead& head = *split.detection;
  CHECK(head.kind == Kind::boxes);
  CHECK(head.classes == 20);
  CHECK(head.bins == 16);
  CHECK(!head.model_corners);
  CHECK(!head.model_channels_last);
  REQUIRE(head.levels.size() == 3);
  CHECK(head.cells() == 525);
  for (std::size_t i = 0; i < 3; ++i) {
    CHECK(head.levels[i].stride == static_cast<float>(8 << i));
    CHECK(head.levels[i].width == 20 >> i);
    CHECK(split.outputs[head.levels[i].box].name == "box_" + std::to_string(8 << i));
  }
  CHECK(split_difference(whole, split, 1) == 0);
  check_boxes(whole, split, 1);

  // Other names, the same head.
  for (std::size_t i = 0; i < whole.tensors.size(); ++i)
    whole.tensors[TensorId{i}].name = "x" + std::to_string(i * 7919 % 10007);
  for (Node& node : whole.nodes) node.origin = {"", ""};
  whole.outputs.front().name = "y";
  whole.names.clear();
  for (const Tensor& tensor : whole.tensors) whole.names.insert(tensor.name);
  const Graph renamed = split_detection_head(whole);
  REQUIRE(renamed.detection);
  CHECK(renamed.detection->cells() == 525);
  CHECK(renamed.nodes.size() == split.nodes.size());
}

}  // namespace linnet
