// What the user reads when weights of 4 bits cannot be had, or do not help.
#include <catch2/catch.hpp>

#include "compiler/pipeline.h"
#include "tests/support/model_files.h"

namespace linnet {
namespace {

CompileOptions options_of(const std::string& name, Weights weights) {
  CompileOptions options;
  options.model = testing::models_folder() / name / (name + ".onnx");
  options.weights = weights;
  return options;
}

CompileOptions calibrated(Weights weights, std::int64_t flash_bytes) {
  CompileOptions options = options_of("phinet_96", weights);
  options.samples = testing::feeding(testing::models_folder() / "phinet_96/model.json");
  options.calibrate = {testing::models_folder() / "images/calibration"};
  options.calibration.method = CalibrationMethod::minmax;
  options.flash_bytes = flash_bytes;
  return options;
}

std::string said(const CompileOptions& options) {
  const Result<Compiled> made = compile_network(options);
  REQUIRE_FALSE(made);
  return format(made.diagnostics());
}

}  // namespace

TEST_CASE("weights of 4 bits need calibration data") {
  CHECK(said(options_of("phinet_96", Weights::int4)) ==
        "E220 --weights int4 needs calibration data: without it the network stays in float32; give "
        "some typical inputs: --calibrate FOLDER\n");
  CHECK(said(options_of("phinet_96", Weights::automatic)) ==
        "E220 --weights auto needs calibration data: without it the network stays in float32; give "
        "some typical inputs: --calibrate FOLDER\n");
}

TEST_CASE("weights that a model has quantized itself are not rounded to 4 bits") {
  CompileOptions options;
  options.model = testing::models_folder() / "quantized_ops/conv_1x1_s8_per_channel_qdq/model.onnx";
  options.weights = Weights::int4;
  CHECK(said(options) ==
        "E221 --weights int4: the model is quantized already, to 8 bits; give the float model it "
        "was made from, or leave --weights out\n");
}

TEST_CASE("a flash budget that int8 weights do not meet points to --weights auto") {
  CHECK_THAT(said(calibrated(Weights::int8, 50000)),
             Catch::StartsWith("E302 ") &&
                 Catch::EndsWith("; try --weights auto, or a network with fewer parameters\n"));
  const std::string text = said(calibrated(Weights::automatic, 20000));
  CHECK_THAT(text, Catch::StartsWith("E302 ") &&
                       Catch::EndsWith("; use a network with fewer parameters\n"));
}

}  // namespace linnet
