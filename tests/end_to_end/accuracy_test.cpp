// What int8 costs in accuracy: networks that Linnet quantizes, against what ONNX Runtime's quantization reaches on the
// same pictures, and networks and operators that ONNX Runtime quantized, against its own results. All by the oracle.
#include <fmt/format.h>

#include <catch2/catch.hpp>
#include <iostream>

#include "compiler/data/npy.h"
#include "compiler/onnx/importer.h"
#include "compiler/quant/ranges.h"
#include "compiler/reference/interpreter.h"
#include "tests/support/model_files.h"

namespace linnet {
namespace {

namespace fs = std::filesystem;
using namespace testing;

std::vector<float> floats_of(const fs::path& npy) {
  const Result<TensorValue> value = read_npy(npy);
  if (!value) FAIL(format(value.diagnostics()));
  return value->to_floats();
}

std::vector<Sample> pictures(const Graph& graph, const char* subset, const fs::path& model_json) {
  Result<std::vector<Sample>> samples =
      load_samples(graph, {models_folder() / "images" / subset}, feeding(model_json));
  if (!samples) FAIL(format(samples.diagnostics()));
  REQUIRE(samples->size() == 16);
  return *std::move(samples);
}

Graph fused(const fs::path& onnx_file) {
  Result<Graph> graph = fuse_qdq(simplified(onnx_file));
  if (!graph) FAIL(format(graph.diagnostics()));
  const Result<Nothing> sound = verify(*graph, "quantize");
  if (!sound) FAIL(format(sound.diagnostics()) << print(*graph));
  return *std::move(graph);
}

double step_of(const Graph& graph) {
  const TensorType& type = graph.type(graph.outputs.front().tensor);
  return type.quantization ? static_cast<double>(type.quantization->scale.front()) : 1.0;
}

TEST_CASE("accuracy: int8 is at most 1 dB under ONNX Runtime's best quantization") {
  for (const char* name : {"phinet_96", "phinet_96_a1", "phinet_96_a1_compat",
                           "phinet_96_conv2d_input", "xinet_96", "xinet_64x96"}) {
    INFO(name);
    const fs::path folder = models_folder() / name;
    const Graph graph = simplified(folder / (std::string(name) + ".onnx"));
    const Result<Ranges> ranges =
        calibrate(graph, pictures(graph, "calibration", folder / "model.json"), {});
    REQUIRE(ranges);
    const Result<Graph> quantized = quantize(graph, *ranges);
    REQUIRE(quantized);
    REQUIRE(verify(*quantized, "quantize"));
    const std::vector<TensorValue> made =
        run_all(*quantized, pictures(graph, "test", folder / "model.json"));
    const double sqnr = difference(made, floats_of(folder / "outputs.npy")).sqnr_db;
    const double best = json_numbers(folder / "reference.json", "best_sqnr_db").front();
    std::cout << fmt::format("{:24} {:.2f} dB, ONNX Runtime's best {:.2f} dB\n", name, sqnr, best);
    CHECK(sqnr >= best - 1);
  }
}

// The networks whose outputs are no classes, against the float oracle, all outputs as one vector.
void check_large_network(const std::string& name, const std::vector<fs::path>& calibration,
                         const std::vector<fs::path>& test, const SampleOptions& options) {
  const fs::path folder = models_folder() / name;
  const Graph graph = simplified(folder / (name + ".onnx"));
  const Result<std::vector<Sample>> seen = load_samples(graph, calibration, options);
  const Result<std::vector<Sample>> unseen = load_samples(graph, test, options);
  REQUIRE(seen);
  REQUIRE(unseen);
  const Result<Ranges> ranges = calibrate(graph, *seen, {});
  REQUIRE(ranges);
  const Result<Graph> quantized = quantize(graph, *ranges);
  REQUIRE(quantized);
  std::vector<float> expected;
  for (const TensorValue& output : run_all(graph, *unseen)) {
    const std::vector<float> part = output.to_floats();
    expected.insert(expected.end(), part.begin(), part.end());
  }
  const double sqnr = difference(run_all(*quantized, *unseen), expected).sqnr_db;
  const double best = json_numbers(folder / "reference.json", "best_sqnr_db").front();
  std::cout << fmt::format("{:24} {:.2f} dB, ONNX Runtime's best {:.2f} dB\n", name, sqnr, best);
  CHECK(sqnr >= best - 1);
}

TEST_CASE("accuracy: int8 of an encoder is at most 1 dB under ONNX Runtime's best") {
  const fs::path folder = models_folder() / "phinet_640x64";
  std::vector<fs::path> test;
  for (int i = 0; i < 4; ++i) test.push_back(folder / fmt::format("test_data_set_{}", i));
  check_large_network("phinet_640x64", {folder / "calibration"}, test, {});
}

TEST_CASE("accuracy: int8 of a detector is at most 1 dB under ONNX Runtime's best") {
  const fs::path images = models_folder() / "images";
  check_large_network("yolophinet_160", {images / "calibration"}, {images / "test"},
                      feeding(models_folder() / "yolophinet_160/model.json"));
}

TEST_CASE("accuracy: quantized networks compute what ONNX Runtime computes") {
  for (const char* name : {"phinet_96", "xinet_96"}) {
    for (const char* variant : {"qdq_s8s8_per_channel", "qdq_u8s8_per_tensor",
                                "qoperator_s8s8_per_channel", "qoperator_u8u8_per_tensor"}) {
      const fs::path folder = models_folder() / name / "variants" / variant;
      if (!fs::exists(folder)) continue;
      INFO(name << ' ' << variant);
      const Graph graph = fused(folder / "model.onnx");
      const std::vector<TensorValue> made =
          run_all(graph, pictures(graph, "test", models_folder() / name / "model.json"));
      const std::vector<float> unoptimised = floats_of(folder / "outputs_unoptimised.npy");
      const std::vector<float> optimised = floats_of(folder / "outputs_optimised.npy");
      const double step = json_numbers(folder / "quantized.json", "output_step").front();
      const Difference mine = difference(made, unoptimised);
      const double rms = mine.rms / step;
      const double other = difference(made, optimised).rms / step;
      const double own = difference(optimised, unoptimised).rms / step;
      std::cout << fmt::format(
          "{} {}: {:.2f} steps rms to ONNX Runtime unoptimised, {:.2f} to optimised, {:.2f} "
          "between the two; {:.1f} dB\n",
          name, variant, rms, other, own, mine.sqnr_db);
      if (std::string(variant).starts_with("qdq")) {
        CHECK(rms <= 1.25 * own + 0.25);
      } else {
        CHECK(mine.sqnr_db >= 25);
      }
    }
  }
}

TEST_CASE("accuracy: an int8 network of another converter, int8 in and out") {
  const fs::path folder = models_folder() / "tf2onnx_nhwc";
  const Graph graph = fused(folder / "tf2onnx_nhwc.onnx");
  const Result<std::vector<Sample>> samples = load_samples(graph, {folder / "inputs_int8.npy"}, {});
  if (!samples) FAIL(format(samples.diagnostics()));
  REQUIRE(samples->size() == 16);
  const Difference found =
      difference(run_all(graph, *samples), floats_of(folder / "outputs_int8.npy"));
  std::cout << fmt::format("tf2onnx_nhwc: {:.2f} steps rms, {:.0f} at most\n", found.rms,
                           found.largest);
  CHECK(found.largest <= 2);
  CHECK(found.rms <= 0.5);
}

TEST_CASE("accuracy: single quantized operators are within a step of ONNX Runtime") {
  std::vector<fs::path> folders;
  for (const fs::directory_entry& entry :
       fs::directory_iterator(models_folder() / "quantized_ops")) {
    if (fs::exists(entry.path() / "model.onnx")) folders.push_back(entry.path());
  }
  std::sort(folders.begin(), folders.end());
  REQUIRE(folders.size() >= 150);
  for (const fs::path& folder : folders) {
    SECTION(folder.filename().string()) {
      const Graph graph = fused(folder / "model.onnx");
      const Result<std::vector<Sample>> samples =
          load_samples(graph, {folder / "test_data_set_0"}, {});
      if (!samples) FAIL(format(samples.diagnostics()));
      REQUIRE(samples->size() == 1);
      INFO(print(graph));
      const std::vector<TensorValue> made = run_all(graph, *samples);
      for (std::size_t i = 0; i < made.size(); ++i) {
        const Result<TensorValue> expected =
            read_tensor_pb(folder / "test_data_set_0" / ("output_" + std::to_string(i) + ".pb"));
        if (!expected) FAIL(format(expected.diagnostics()));
        const double step = made[i].type.dtype == DType::f32 ? step_of(graph) : 1.0;
        CHECK(difference(std::vector<TensorValue>{made[i]}, expected->to_floats()).largest <=
              1.001 * step);
      }
    }
  }
}

}  // namespace
}  // namespace linnet
