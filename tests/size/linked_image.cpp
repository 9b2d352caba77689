// The flash that the report states, against a linked image: every network of models/, int8, float and as ONNX Runtime
// quantized it, is built for the core with nothing around it, as `linnet size` builds it. The report's code size comes from
// runtime/kernels/measured.json; tools/measure-kernels makes that table anew.
#include <catch2/catch.hpp>

#include "compiler/pipeline.h"
#include "compiler/size/network_image.h"
#include "compiler/verify/temporary_folder.h"
#include "tests/support/model_files.h"

using namespace linnet;
namespace fs = std::filesystem;

namespace {

NetworkImage image_of(const Compiled& made) {
  const Result<SizeTools> tools = find_size_tools();
  if (!tools) FAIL(format(tools.diagnostics()));
  NetworkSources sources{made.report.name, made.files, {}, {}};
  for (const ReportBank& bank : made.report.banks)
    if (bank.used_bytes > 0) sources.banks.push_back(bank.name);
  const TemporaryFolder folder;
  Result<std::vector<NetworkImage>> images = build_network_images({sources}, folder.path(), *tools);
  if (!images) FAIL(format(images.diagnostics()));
  for (const ReportBank& bank : made.report.banks)
    if (bank.used_bytes > 0) CHECK(images->front().arena_bytes.at(bank.name) == bank.used_bytes);
  return std::move(images->front());
}

void check_flash(const CompileOptions& options, const std::string& what) {
  const Result<Compiled> made = compile_network(options);
  INFO(what << (made ? "" : format(made.diagnostics())));
  REQUIRE(made);
  CHECK(made->report.unmeasured_kernels.empty());
  const auto stated = static_cast<double>(made->report.flash_bytes());
  const NetworkImage image = image_of(*made);
  const auto linked = static_cast<double>(image.flash_bytes());
  INFO("report " << stated << ", linked image " << linked);
  CHECK(stated >= linked * 0.95);
  CHECK(stated <= linked * 1.05);
  CHECK(made->report.stack_bytes <= 2048);
  CHECK(image.stack_bytes <= made->report.stack_bytes);
}

CompileOptions options_of(const std::string& model, bool int8) {
  const fs::path folder = testing::models_folder() / model;
  CompileOptions options;
  options.model = folder / (model + ".onnx");
  if (int8) {
    options.calibrate = {testing::models_folder() / "images/calibration/coffee_cup.png"};
    options.samples = testing::feeding(folder / "model.json");
    options.target = "stm32h743";
  }
  return options;
}

}  // namespace

TEST_CASE("stated flash is that of a linked image, int8") {
  for (const char* model : {"phinet_96", "phinet_96_a1", "phinet_96_a1_compat",
                            "phinet_96_conv2d_input", "xinet_96", "xinet_64x96"}) {
    check_flash(options_of(model, true), model);
  }
  CompileOptions int4 = options_of("xinet_96", true);
  int4.weights = Weights::int4;
  check_flash(int4, "xinet_96 with weights of 4 bits");
}

TEST_CASE("stated flash is that of a linked image, float") {
  for (const char* model : {"phinet_96", "phinet_96_a1", "phinet_96_a1_compat",
                            "phinet_96_conv2d_input", "xinet_96", "xinet_64x96"}) {
    check_flash(options_of(model, false), model);
  }
}

TEST_CASE("stated flash is that of a linked image, quantized by others") {
  for (const char* model :
       {"tf2onnx_nhwc/tf2onnx_nhwc.onnx", "phinet_96/variants/qdq_s8s8_per_channel/model.onnx",
        "phinet_96/variants/qdq_u8s8_per_tensor/model.onnx",
        "phinet_96/variants/qoperator_s8s8_per_channel/model.onnx",
        "phinet_96/variants/qoperator_u8u8_per_tensor/model.onnx",
        "xinet_96/variants/qdq_s8s8_per_channel/model.onnx",
        "xinet_96/variants/qoperator_u8u8_per_tensor/model.onnx"}) {
    CompileOptions options;
    options.model = testing::models_folder() / model;
    options.target = "stm32h743";
    check_flash(options, model);
  }
}
