// What the user reads when the command line is wrong, and what programs read.
#include <catch2/catch.hpp>
#include <filesystem>

#include "compiler/support/json.h"
#include "compiler/verify/temporary_folder.h"
#include "tests/support/run_linnet.h"

namespace {

namespace fs = std::filesystem;
using namespace linnet;
using namespace linnet::testing;

const std::string kModel = std::string(LINNET_SOURCE_DIR) + "/models/phinet_96/phinet_96.onnx";

}  // namespace

TEST_CASE("diagnostics as JSON") {
  const TemporaryFolder scratch;
  const std::string model = (scratch.path() / "none.onnx").string();
  const Run missing =
      run_linnet("compile " + model + " --json -o " + scratch.path().string() + "/x", kOnlyStdout);
  CHECK(missing.exit_code == 1);
  const Result<Json> read = parse_json(missing.output);
  REQUIRE(read);
  CHECK(read->at("exit_code").integer() == 1);
  const Json& first = read->at("diagnostics").array().at(0);
  CHECK(first.at("code").text() == "E001");
  CHECK(first.at("severity").text() == "error");
  CHECK(first.at("file").text() == model);
  CHECK(first.at("message").text() == "the file does not exist");
  CHECK(first.at("hint").text() == "check the path");

  const Run usage = run_linnet("compile --json", kOnlyStdout);
  CHECK(usage.exit_code == 2);
  const Result<Json> said = parse_json(usage.output);
  REQUIRE(said);
  CHECK(said->at("diagnostics").array().at(0).at("code").text() == "usage");
  CHECK(said->at("exit_code").integer() == 2);
}

TEST_CASE("E132: boxes asked of a model without a head that is known") {
  const TemporaryFolder scratch;
  const std::string folder = (scratch.path() / "out").string();
  const Run run = run_linnet("compile " + kModel + " --outputs detections -o " + folder);
  CHECK(run.exit_code == 1);
  CHECK(run.output == kModel +
                          ": E132 --outputs detections: the model does not end in a YOLOv8 head "
                          "that is known; leave --outputs out: the model's own outputs are kept\n");
  const std::string quantized =
      std::string(LINNET_SOURCE_DIR) + "/models/phinet_96/variants/qdq_s8s8_per_channel/model.onnx";
  CHECK(run_linnet("compile " + quantized + " --outputs detections -o " + folder)
            .output.find("E132 --outputs detections: the model is quantized already") !=
        std::string::npos);
  CHECK_FALSE(fs::exists(folder));
}

TEST_CASE("an unknown target lists the known ones") {
  const Run run = run_linnet("compile " + kModel + " -o /nowhere/out --target stm32");
  CHECK(run.exit_code == 2);
  CHECK_THAT(
      run.output,
      Catch::Contains("--target: unknown target 'stm32'; known targets: cortex-m7, stm32h743"));
}

TEST_CASE("wrong usage exits with 2 and says what is right") {
  CHECK(run_linnet("").exit_code == 2);
  CHECK(run_linnet("compile").exit_code == 2);
  CHECK(run_linnet("frobnicate").exit_code == 2);
  const auto said = [](const std::string& command, const std::string& first_line) {
    INFO(command);
    const Run run = run_linnet(command);
    CHECK(run.exit_code == 2);
    CHECK(run.output.substr(0, run.output.find('\n')) == first_line);
  };
  CHECK_THAT(
      run_linnet("frobnicate").output,
      Catch::StartsWith("unknown subcommand 'frobnicate'; there are inspect, compile, verify"));
  const std::string compile = "compile " + kModel + " -o /nowhere/out ";
  said(compile + "--ram 1G", "--ram: '1G' is no size; give 65536, 64K or 1MiB");
  said(
      compile + "--input-shape input=1x0",
      "--input-shape: 'input=1x0' is no shape of an input; give NAME=1x3x96x96, every dimension at "
      "least 1");
  said(compile + "--mean abc",
       "--mean: 'abc' is neither a number nor three; give one number or R,G,B");
  said(compile + "--mean 1,2",
       "--mean: '1,2' is neither a number nor three; give one number or R,G,B");
  said(compile + "--scale 1,0,1", "--scale: must not be 0: every picture would be the same");
  said(
      compile + "--dump-after sometime",
      "--dump-after: unknown 'sometime'; import, passes, calibrate, quantize, lower, plan or emit");
  said("verify " + kModel + " --on device", "--on: unknown 'device'; host or qemu");
  for (const std::string wrong : {"1.5", "-0.1", "nan", "high", "0.5x"}) {
    said("verify " + kModel + " --score-threshold " + wrong,
         "--score-threshold: '" + wrong + "' is not between 0 and 1");
    said("verify " + kModel + " --iou-threshold " + wrong,
         "--iou-threshold: '" + wrong + "' is not between 0 and 1");
  }
  said(compile + "--outputs boxes", "--outputs: unknown 'boxes'; auto, detections or tensor");
  said("compile -o /nowhere/out", "MODEL is required");
  said("compile -o /nowhere/out --calibrate pictures",
       "MODEL is required; put it before --calibrate, which takes every path behind it");
  CHECK(run_linnet("--help").exit_code == 0);
  CHECK(run_linnet("compile --help").exit_code == 0);
  CHECK_THAT(run_linnet("compile --help").output, Catch::Contains("Example:"));
}

TEST_CASE("a model behind --calibrate is the model") {
  const Run run =
      run_linnet("compile --calibrate /nowhere/pictures " + kModel + " -o /nowhere/out");
  CHECK(run.exit_code == 1);
  CHECK(run.output == kModel + ": E202 '/nowhere/pictures' does not exist; check the path\n");
}
