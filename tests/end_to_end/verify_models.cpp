// `linnet verify` on every network of models/, on the host and on the emulated Cortex-M7: int8 bytes equal the oracle's,
// float is within 1e-4 of ONNX Runtime's outputs. One test case a network, so that ctest runs them side by side.
#include <catch2/catch.hpp>
#include <iostream>

#include "compiler/verify/verify.h"
#include "tests/end_to_end/verify_together.h"
#include "tests/support/model_files.h"

namespace linnet {
namespace {

namespace fs = std::filesystem;
using namespace testing;

CompileOptions compile_options(const std::string& name, const fs::path& model) {
  CompileOptions options;
  options.model = model;
  options.target = "stm32h743";
  options.samples = feeding(models_folder() / name / "model.json");
  return options;
}

VerifyReport must_hold(const CompileOptions& compile, const VerifyOptions& options) {
  const Result<VerifyReport> report = verify(compile, options);
  if (!report) FAIL(format(report.diagnostics()));
  std::cout << to_text(*report) << '\n';
  INFO(format(report->failures));
  CHECK(report->failures.empty());
  for (const CodeReport& code : report->codes) {
    INFO(code.dtype);
    CHECK(code.samples > 0);
    CHECK(code.bytes.total > 0);
    if (options.on == Machine::qemu) CHECK(code.stack_bytes > 0);
  }
  return *report;
}

// A float network with its calibration pictures, on the test pictures.
void check_float_network(const std::string& name) {
  const fs::path folder = models_folder() / name;
  CompileOptions compile = compile_options(name, folder / (name + ".onnx"));
  compile.calibrate = {models_folder() / "images/calibration"};
  VerifyOptions options;
  options.data = models_folder() / "images/test";
  options.reference = folder / "outputs.npy";
  for (const Machine machine : {Machine::host, Machine::qemu}) {
    options.on = machine;
    const VerifyReport report = must_hold(compile, options);
    REQUIRE(report.codes.size() == 2);
    CHECK(report.codes[0].dtype == "float32");
    REQUIRE(report.codes[0].stored);
    CHECK(report.codes[0].stored->error.relative <= 1e-4);
    CHECK(report.codes[1].dtype == "int8");
    CHECK(report.codes[1].bytes.differing == 0);
    CHECK(report.codes[1].samples == 16);
    CHECK(report.codes[1].linker_script == (machine == Machine::qemu ? "banks.ld" : ""));
    REQUIRE(report.int8_to_float);
    CHECK(report.int8_to_float->sqnr_db > 15);
  }
}

TEST_CASE("verify phinet_96") { check_float_network("phinet_96"); }
TEST_CASE("verify phinet_96_a1") { check_float_network("phinet_96_a1"); }
TEST_CASE("verify phinet_96_a1_compat") { check_float_network("phinet_96_a1_compat"); }
TEST_CASE("verify phinet_96_conv2d_input") { check_float_network("phinet_96_conv2d_input"); }
TEST_CASE("verify xinet_96") { check_float_network("xinet_96"); }
TEST_CASE("verify xinet_64x96") { check_float_network("xinet_64x96"); }

// The networks of issue 4 that are larger than an STM32's RAM when tensors are whole: on the target without limits, with
// the test data beside the model.
void check_large_network(const std::string& name, const fs::path& calibration,
                         const SampleOptions& samples, double least_sqnr_db) {
  CompileOptions compile;
  compile.model = models_folder() / name / (name + ".onnx");
  compile.target = "cortex-m7";
  compile.samples = samples;
  compile.calibrate = {calibration};
  VerifyOptions options;
  options.data = models_folder() / name;
  for (const Machine machine : {Machine::host, Machine::qemu}) {
    options.on = machine;
    const VerifyReport report = must_hold(compile, options);
    REQUIRE(report.codes.size() == 2);
    REQUIRE(report.codes[0].stored);
    CHECK(report.codes[0].stored->error.relative <= 1e-4);
    CHECK(report.codes[1].dtype == "int8");
    CHECK(report.codes[1].bytes.differing == 0);
    if (machine == Machine::host) CHECK(report.codes[1].samples == 4);
    REQUIRE(report.int8_to_float);
    CHECK(report.int8_to_float->sqnr_db > least_sqnr_db);
  }
}

TEST_CASE("verify phinet_640x64: an encoder of sound") {
  check_large_network("phinet_640x64", models_folder() / "phinet_640x64/calibration", {}, 27);
}
TEST_CASE("verify yolophinet_160: a detector's box and class maps") {
  check_large_network("yolophinet_160", models_folder() / "images/calibration",
                      feeding(models_folder() / "yolophinet_160/model.json"), 33);
}

// The application gives the input row by row; the same bytes come out, and the RAM is less.
TEST_CASE("verify networks whose input comes by rows, on the core") {
  VerifyOptions samples;
  samples.data = models_folder() / "images/test";
  Together models;
  for (const char* name : {"phinet_96", "phinet_96_a1_compat", "xinet_64x96"}) {
    CompileOptions compile =
        compile_options(name, models_folder() / name / (std::string(name) + ".onnx"));
    compile.calibrate = {models_folder() / "images/calibration"};
    compile.plan.input_rows = true;
    add_model(compile, samples, 3, models);
    const Compiled& made = models.made.back();
    const BufferId input = std::get<BufferId>(made.program.inputs.front().source);
    const Placement& place =
        made.plan.placements[static_cast<std::size_t>(made.plan.placement_of[input])];
    INFO(name << ": " << place.capacity_rows << " rows of the input are held");
    CHECK(place.capacity_rows <= 8);
    CHECK(made.report.input_rows);
  }
  for (const Machine machine : {Machine::host, Machine::qemu}) {
    const Result<Toolchain> tools = find_toolchain(machine);
    if (!tools) FAIL(format(tools.diagnostics()));
    BuildOptions options;
    options.networks_per_unit = 3;
    if (machine == Machine::qemu) options.script = LinkerScript::banks;
    check_together(models, *tools, options);
  }
}

TEST_CASE("verify tf2onnx_nhwc: int8 in and out") {
  const fs::path folder = models_folder() / "tf2onnx_nhwc";
  const CompileOptions compile = compile_options("tf2onnx_nhwc", folder / "tf2onnx_nhwc.onnx");
  VerifyOptions options;
  options.data = folder / "inputs_int8.npy";
  options.reference = folder / "outputs_int8.npy";
  for (const Machine machine : {Machine::host, Machine::qemu}) {
    options.on = machine;
    const VerifyReport report = must_hold(compile, options);
    REQUIRE(report.codes.size() == 1);
    CHECK(report.codes[0].dtype == "int8");
    REQUIRE(report.codes[0].stored);
    CHECK(report.codes[0].stored->error.max_abs <=
          1.01 * static_cast<double>(report.codes[0].stored->step));
  }
}

// Issue 3, acceptance 2: a quantized network against ONNX Runtime's run of it.
void check_quantized_network(const std::string& name, const std::string& variant) {
  const fs::path folder = models_folder() / name / "variants" / variant;
  const CompileOptions compile = compile_options(name, folder / "model.onnx");
  VerifyOptions options;
  options.data = models_folder() / "images/test";
  options.reference = folder / "outputs_unoptimised.npy";
  const VerifyReport report = must_hold(compile, options);
  REQUIRE(report.codes.size() == 1);
  REQUIRE(report.codes[0].stored);
  const StoredComparison& stored = *report.codes[0].stored;
  const double step = json_numbers(folder / "quantized.json", "output_step").front();
  const double theirs =
      json_numbers(folder / "quantized.json", "rms_optimised_to_unoptimised_steps").front();
  std::cout << name << ' ' << variant << ": generated code to ONNX Runtime rms "
            << stored.rms / step << " steps, ONNX Runtime to itself " << theirs << " steps, SQNR "
            << stored.sqnr_db << " dB\n\n";
  if (variant.starts_with("qdq")) {
    CHECK(stored.rms / step <= 1.25 * theirs + 0.25);
  } else {
    CHECK(stored.sqnr_db >= 25);
  }
}

TEST_CASE("verify phinet_96 quantized by ONNX Runtime") {
  for (const char* variant : {"qdq_s8s8_per_channel", "qdq_u8s8_per_tensor",
                              "qoperator_s8s8_per_channel", "qoperator_u8u8_per_tensor"})
    check_quantized_network("phinet_96", variant);
}

TEST_CASE("verify xinet_96 quantized by ONNX Runtime") {
  for (const char* variant : {"qdq_s8s8_per_channel", "qoperator_u8u8_per_tensor"})
    check_quantized_network("xinet_96", variant);
}

// The same network as eight exporters and optimisers write it, against ONNX Runtime's outputs of the first. On the host:
// what differs between them is import and passes, and the core's float code is verified above.
TEST_CASE("verify phinet_96 as other tools export it: float code") {
  const fs::path folder = models_folder() / "phinet_96";
  VerifyOptions samples;
  samples.data = models_folder() / "images/test";
  samples.reference = folder / "outputs.npy";
  Together models;
  for (const char* variant : {"torchscript_11", "torchscript_13_dynamic", "torchscript_17_unfolded",
                              "dynamo", "dynamo_dynamic", "onnxslim", "onnxsim", "external_data"}) {
    CompileOptions compile =
        compile_options("phinet_96", folder / "variants" / variant / "model.onnx");
    compile.name = std::string("phinet_96_") + variant;
    add_model(compile, samples, 16, models);
    CHECK(models.made.back().report.dtype == "float32");
    REQUIRE(models.data.back().stored() == 16);
  }
  const Result<Toolchain> tools = find_toolchain(Machine::host);
  if (!tools) FAIL(format(tools.diagnostics()));
  BuildOptions options;
  options.networks_per_unit = 4;
  options.extra_flags = {"-O1"};
  const std::vector<NetworkRun> runs = check_together(models, *tools, options);
  for (std::size_t i = 0; i < runs.size(); ++i) {
    INFO(models.networks[i].name);
    CHECK(error_from_stored(models, i, runs[i]) <= 1e-4);
  }
}

// The variants of above on the core, in the target's true banks: the oracle's bytes, within the stated stack.
TEST_CASE("verify quantized networks of ONNX Runtime on the core") {
  VerifyOptions samples;
  samples.data = models_folder() / "images/test";
  Together models;
  for (const char* path :
       {"phinet_96/qdq_s8s8_per_channel", "phinet_96/qdq_u8s8_per_tensor",
        "phinet_96/qoperator_s8s8_per_channel", "phinet_96/qoperator_u8u8_per_tensor",
        "xinet_96/qdq_s8s8_per_channel", "xinet_96/qoperator_u8u8_per_tensor"}) {
    const fs::path network = fs::path(path).parent_path(), variant = fs::path(path).filename();
    CompileOptions compile = compile_options(
        network.string(), models_folder() / network / "variants" / variant / "model.onnx");
    compile.name = network.string() + "_" + variant.string();
    add_model(compile, samples, 3, models);
    CHECK(models.made.back().report.dtype == "int8");
  }
  const Result<Toolchain> tools = find_toolchain(Machine::qemu);
  if (!tools) FAIL(format(tools.diagnostics()));
  BuildOptions options;
  options.networks_per_unit = 3;
  options.script = LinkerScript::banks;
  check_together(models, *tools, options);
}

}  // namespace
}  // namespace linnet
