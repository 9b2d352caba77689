// `linnet verify` of detectors: boxes of the generated detect() on the host and on the emulated Cortex-M7 are what the maps
// say, to the byte, and agree with the exported graph's own decoding and a plain suppression in float.
#include <catch2/catch.hpp>
#include <iostream>

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

TEST_CASE("--outputs tensor keeps a detector's own output") {
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
