// `linnet verify` of detectors: boxes of the generated detect() on the host and on the emulated Cortex-M7 are what the maps
// say, to the byte, and agree with the exported graph's own decoding and a plain suppression in float.
#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <fstream>
#include <iostream>
#include <iterator>

#include "compiler/support/json.h"
#include "compiler/verify/verify.h"
#include "tests/support/model_files.h"

namespace linnet {
namespace {

namespace fs = std::filesystem;
using namespace testing;

CompileOptions yolophinet() {
  const fs::path folder = models_folder() / "yolophinet_160_full";
  CompileOptions options;
  options.model = folder / "yolophinet_160_full.onnx";
  options.target = "stm32h743";
  options.samples = feeding(folder / "model.json");
  options.calibrate = {models_folder() / "images/calibration"};
  return options;
}

}  // namespace

TEST_CASE("verify yolophinet_160_full: boxes") {
  VerifyOptions options;
  options.data = models_folder() / "yolophinet_160_full";
  // No class of this network is sure of itself: a low threshold gives boxes to compare.
  options.score_threshold = 0.1F;
  for (const Machine machine : {Machine::host, Machine::qemu}) {
    options.on = machine;
    const Result<VerifyReport> report = verify(yolophinet(), options);
    if (!report) FAIL(format(report.diagnostics()));
    std::cout << to_text(*report) << '\n';
    INFO(format(report->failures));
    CHECK(report->failures.empty());
    REQUIRE(report->codes.size() == 2);
    for (const CodeReport& code : report->codes) {
      REQUIRE(code.detection);
      CHECK(code.detection->differing == 0);
      CHECK(code.detection->expected >= 5);
      REQUIRE(code.stored);
    }
    if (machine == Machine::qemu) {  // the stated code of detect() is about what is linked
      CHECK(report->codes[1].stack_bytes <= report->codes[1].stack_bound_bytes);
    }
    CHECK(report->codes[0].stored->error.relative <= 1e-4);
    CHECK(report->codes[0].detection->f1() == 1);
    CHECK(report->codes[0].detection->mean_iou > 0.9999);
    CHECK(report->codes[0].detection->max_score_error < 1e-4);
    CHECK(report->codes[1].bytes.differing == 0);
    CHECK(report->codes[1].detection->f1() >= 0.9);
  }
}

TEST_CASE("a detect() that gives other boxes is noticed") {
  VerifyOptions options;
  options.data = models_folder() / "yolophinet_160_full";
  options.score_threshold = 0.1F;
  options.alter = [](Files& files) {
    std::string& text = files.at("yolophinet_160_full_detect.cpp");
    const std::string stride = "{ 20, 20, 8.0F,";
    const std::size_t at = text.find(stride);
    REQUIRE(at != std::string::npos);
    text.replace(at, stride.size(), "{ 20, 20, 8.5F,");
  };
  const Result<VerifyReport> report = verify(yolophinet(), options);
  if (!report) FAIL(format(report.diagnostics()));
  REQUIRE(report->failures.size() == 1);
  CHECK(report->failures.front().code == "E916");
}

TEST_CASE("outputs tensor: keeps a detector's own output") {
  CompileOptions options = yolophinet();
  options.outputs = OutputsForm::tensor;
  const Result<Compiled> made = compile_network(options);
  if (!made) FAIL(format(made.diagnostics()));
  CHECK(!made->report.detection);
  CHECK(!made->whole_graph);
  REQUIRE(made->report.outputs.size() == 1);
  CHECK(made->report.outputs[0].name == "detections");
  CHECK(made->graph.outputs[0].model_shape == Shape{1, 24, 525});
  CHECK(!made->files.contains("yolophinet_160_full_detect.cpp"));
  CHECK(!made->files.contains("linnet/detect.h"));
}

TEST_CASE("a detector's boxes cost no RAM but the maps, and the report says what they are") {
  const Result<Compiled> made = compile_network(yolophinet());
  if (!made) FAIL(format(made.diagnostics()));
  REQUIRE(made->report.detection);
  CHECK(made->report.detection->kind == "boxes");
  CHECK(made->report.detection->classes == 20);
  REQUIRE(made->report.detection->levels.size() == 3);
  CHECK(made->report.detection->levels[2].width == 5);
  CHECK(made->report.detection->levels[2].stride == 32);
  CHECK(made->report.detection->scratch_bytes == 8 * 525);
  CHECK(made->report.outputs.size() == 6);
  CHECK(made->report.arena_bytes <= 180 * 1024);
  // The scratch lies where the run needs nothing any more.
  REQUIRE(made->plan.after_run);
  std::int64_t most = 0;
  for (const Placement& placement : made->plan.placements)
    if (placement.bank == made->plan.after_run->bank)
      most = std::max(most, placement.offset + placement.bytes);
  CHECK(made->plan.after_run->offset + made->plan.after_run->bytes <= most);
}

namespace {

CompileOptions detector(const std::string& name) {
  const fs::path folder = models_folder() / name;
  CompileOptions options;
  options.model = folder / (name + ".onnx");
  options.target = "stm32h743";
  options.samples = feeding(folder / "model.json");
  options.samples.resize = true;
  options.calibrate = {models_folder() / "detection_images/calibration"};
  return options;
}

// The boxes of models/NAME/detections.json for one picture: ONNX Runtime in float and a plain suppression, by
// models/reference_detections.py: [x1, y1, x2, y2, class, score] each.
std::vector<DetectedBox> reference_boxes(const Json& rows) {
  std::vector<DetectedBox> boxes;
  for (const Json& row : rows.array()) {
    const auto number = [&](std::size_t i) { return static_cast<float>(row.array().at(i).real()); };
    boxes.push_back({number(0),
                     number(1),
                     number(2),
                     number(3),
                     number(5),
                     static_cast<std::int32_t>(row.array().at(4).integer()),
                     {}});
  }
  return boxes;
}

float iou(const DetectedBox& a, const DetectedBox& b) {
  const float width = std::min(a.x2, b.x2) - std::max(a.x1, b.x1);
  const float height = std::min(a.y2, b.y2) - std::max(a.y1, b.y1);
  const float common = std::max(width, 0.0F) * std::max(height, 0.0F);
  const auto area = [](const DetectedBox& box) { return (box.x2 - box.x1) * (box.y2 - box.y1); };
  return common / (area(a) + area(b) - common);
}

// How many of `found` are one of `expected` each, all but exactly.
std::size_t nearly_equal(std::vector<DetectedBox> expected, const std::vector<DetectedBox>& found) {
  std::size_t count = 0;
  for (const DetectedBox& box : found) {
    const auto same = std::find_if(expected.begin(), expected.end(), [&](const DetectedBox& other) {
      return other.class_index == box.class_index && iou(other, box) >= 0.95F &&
             std::abs(other.score - box.score) <= 0.01F;
    });
    if (same == expected.end()) continue;
    expected.erase(same);
    ++count;
  }
  return count;
}

// The generated float code against a runtime and a suppression that are not ours. Of all boxes, theirs and ours.
void check_reference(const std::string& name, const VerifyReport& report) {
  std::ifstream file(models_folder() / name / "detections.json");
  const Result<Json> json = parse_json(std::string(std::istreambuf_iterator<char>(file), {}));
  REQUIRE(json);
  REQUIRE(json->at("score_threshold").real() == 0.25);
  REQUIRE(json->at("iou_threshold").real() == 0.45);
  const Json& pictures = json->at("pictures");
  const CodeReport& code = report.codes.front();
  REQUIRE(code.dtype == "float32");
  REQUIRE(code.detection->boxes.size() == pictures.members().size());
  REQUIRE(report.sample_names.size() == pictures.members().size());
  std::size_t expected = 0, found = 0, matched = 0;
  for (std::size_t s = 0; s < report.sample_names.size(); ++s) {
    const std::vector<DetectedBox> boxes = reference_boxes(pictures.at(report.sample_names[s]));
    expected += boxes.size();
    found += code.detection->boxes[s].size();
    matched += nearly_equal(boxes, code.detection->boxes[s]);
  }
  std::cout << name << ": " << matched << " of " << expected
            << " boxes of ONNX Runtime, float code gives " << found << '\n';
  CHECK(expected >= 3 * 50);
  CHECK(100 * matched >= 99 * std::max(expected, found));
}

// All fifty, of which none may be left out.
void check_fifty_pictures(const std::string& name, std::int64_t most_arena_kib, double most_mb) {
  VerifyOptions options;
  options.data = models_folder() / "detection_images/test";
  options.on = Machine::host;
  const Result<VerifyReport> report = verify(detector(name), options);
  if (!report) FAIL(format(report.diagnostics()));
  std::cout << to_text(*report) << '\n';
  CHECK(report->failures.empty());
  for (const CodeReport& code : report->codes) {
    CHECK(code.samples == 50);
    REQUIRE(code.detection);
    CHECK(code.detection->differing == 0);
  }
  check_reference(name, *report);
  const DetectionReport& int8 = *report->codes.back().detection;
  CHECK(int8.expected >= 3 * 50);
  CHECK(int8.expected <= 30 * 50);
  CHECK(int8.f1() >= 0.9);
  for (const std::vector<DetectedBox>& boxes : report->codes.front().detection->boxes) {
    CHECK(boxes.size() >= 3);
    CHECK(boxes.size() <= 30);
  }
  const Result<Compiled> made = compile_network(detector(name));
  if (!made) FAIL(format(made.diagnostics()));
  CHECK(made->report.arena_bytes <= most_arena_kib * 1024);
  CHECK(static_cast<double>(made->report.flash_bytes()) <= most_mb * 1e6);
}

}  // namespace

TEST_CASE("int8 boxes match those of float on fifty pictures: yolophinet_256") {
  check_fifty_pictures("yolophinet_256", 645, 1.6);
}

TEST_CASE("int8 boxes match those of float on fifty pictures: yoloxinet_192") {
  check_fifty_pictures("yoloxinet_192", 180, 1.7);
}

TEST_CASE("verify masks and keypoints, one head, and a picture that is not square") {
  for (const char* name : {"yolophinet_seg_160", "yolophinet_pose_160", "yolophinet_128_one_head",
                           "yolophinet_128x192"}) {
    INFO(name);
    VerifyOptions options;
    options.data = models_folder() / name / "test_data_set_0";
    options.score_threshold = 0.2F;
    const Result<VerifyReport> report = verify(detector(name), options);
    if (!report) FAIL(format(report.diagnostics()));
    std::cout << to_text(*report) << '\n';
    CHECK(report->failures.empty());
    REQUIRE(report->codes.size() == 2);
    for (const CodeReport& code : report->codes) {
      REQUIRE(code.detection);
      CHECK(code.detection->differing == 0);
      CHECK(code.detection->found > 0);
    }
    CHECK(report->codes.front().detection->f1() == 1);
  }
}

TEST_CASE("verify draws what a detector finds, and says so where there is nothing to draw") {
  VerifyOptions options;
  options.data = models_folder() / "detection_images/test/test_00.png";
  options.draw = "anywhere";  // the command writes it
  CompileOptions compile = detector("yolophinet_128_one_head");
  const Result<VerifyReport> report = verify(compile, options);
  if (!report) FAIL(format(report.diagnostics()));
  REQUIRE(report->drawings.size() == 1);
  CHECK(report->drawings.begin()->first == "test_00.png");
  CHECK(report->drawings.begin()->second.starts_with("\x89PNG"));
  CHECK(report->codes.back().detection->found > 0);
  options.score_threshold = 1;  // the same without boxes
  const Result<VerifyReport> bare = verify(compile, options);
  if (!bare) FAIL(format(bare.diagnostics()));
  CHECK(bare->drawings.begin()->second != report->drawings.begin()->second);
  compile.outputs = OutputsForm::tensor;
  const Result<VerifyReport> tensor = verify(compile, options);
  REQUIRE_FALSE(tensor);
  CHECK(tensor.diagnostics().front().code == "E293");
}

}  // namespace linnet
