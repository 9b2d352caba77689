// Weights of 4 bits on whole networks: the same bytes from oracle, host and core; what --weights auto makes of a budget.
#include <catch2/catch.hpp>

#include "compiler/reference/interpreter.h"
#include "tests/end_to_end/verify_together.h"
#include "tests/support/model_files.h"

namespace linnet {
namespace {

using namespace testing;

CompileOptions options_of(const std::string& name, Weights weights) {
  const auto folder = models_folder() / name;
  CompileOptions options;
  options.model = folder / (name + ".onnx");
  options.samples = feeding(folder / "model.json");
  options.calibrate = {models_folder() / "images/calibration"};
  options.weights = weights;
  return options;
}

std::size_t int4_layers(const Report& report) {
  std::size_t count = 0;
  for (const ReportLayer& layer : report.layers) count += layer.weights_format == "int4" ? 1 : 0;
  return count;
}

// Of the int8 graph against the float graph, on pictures that were no calibration data.
double sqnr_db(const Compiled& made) {
  const Result<std::vector<Sample>> samples =
      load_samples(made.float_graph, {models_folder() / "images/test"},
                   feeding(models_folder() / "xinet_96/model.json"));
  REQUIRE(samples);
  std::vector<float> expected;
  for (const TensorValue& value : run_all(made.float_graph, *samples)) {
    const std::vector<float> values = value.to_floats();
    expected.insert(expected.end(), values.begin(), values.end());
  }
  return difference(run_all(made.graph, *samples), expected).sqnr_db;
}

}  // namespace

TEST_CASE("verify weights of 4 bits on the host and on the core") {
  VerifyOptions options;
  options.data = models_folder() / "images/test";
  Together models;
  add_model(options_of("xinet_96", Weights::int4), options, 2,
            models);  // 1x1, 3x3, fully connected
  add_model(options_of("phinet_96", Weights::int4), options, 2, models);
  for (const Compiled& made : models.made) CHECK(int4_layers(made.report) > 5);
  for (const Machine machine : {Machine::host, Machine::qemu}) {
    const Result<Toolchain> tools = find_toolchain(machine);
    REQUIRE(tools);
    BuildOptions build;
    check_together(models, *tools, build);
  }
}

TEST_CASE("weights auto: meets a flash budget with less error than 4 bits everywhere") {
  const Result<Compiled> int8 = compile_network(options_of("xinet_96", Weights::int8));
  const Result<Compiled> int4 = compile_network(options_of("xinet_96", Weights::int4));
  REQUIRE(int8);
  REQUIRE(int4);
  const std::int64_t most = int8->report.flash_bytes(), least = int4->report.flash_bytes();
  REQUIRE(least < most);
  CompileOptions options = options_of("xinet_96", Weights::automatic);
  options.flash_bytes = (most + least) / 2;
  const Result<Compiled> made = compile_network(options);
  if (!made) FAIL(format(made.diagnostics()));
  CHECK(made->report.flash_bytes() <= *options.flash_bytes);
  CHECK(made->weights.layers == int4_layers(made->report));
  CHECK(int4_layers(made->report) > 0);
  CHECK(int4_layers(made->report) < int4_layers(int4->report));
  CHECK(made->weights.samples > 0);
  const double by_int8 = sqnr_db(*int8), by_auto = sqnr_db(*made), by_int4 = sqnr_db(*int4);
  INFO("SQNR in dB: int8 " << by_int8 << ", auto " << by_auto << ", int4 " << by_int4);
  CHECK(by_auto > by_int4 + 1);
  CHECK(by_int8 > by_auto);

  // Where int8 fits nothing is measured and nothing changes.
  options.flash_bytes = most;
  const Result<Compiled> same = compile_network(options);
  REQUIRE(same);
  CHECK(same->weights.samples == 0);
  CHECK(same->files == int8->files);
}

}  // namespace linnet
