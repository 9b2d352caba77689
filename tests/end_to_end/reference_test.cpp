// The float interpreter against ONNX Runtime: every float network of models/, straight from import (no passes), on its
// stored test pictures and on its test_data_set_0. Errors are at most 1e-4 of the output's range.
#include <algorithm>
#include <array>
#include <catch2/catch.hpp>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "compiler/data/npy.h"
#include "compiler/data/samples.h"
#include "compiler/onnx/importer.h"
#include "compiler/reference/interpreter.h"

namespace linnet {
namespace {

const std::filesystem::path kModels = std::filesystem::path(LINNET_SOURCE_DIR) / "models";

template <class T>
T must(Result<T> result) {
  if (!result) FAIL(format(result.diagnostics()));
  return *std::move(result);
}

// The three numbers of `"key": [a, b, c]` in model.json.
std::array<double, 3> numbers_of(const std::string& json, const std::string& key) {
  std::array<double, 3> numbers{};
  const char* at = json.c_str() + json.find('[', json.find('"' + key + '"')) + 1;
  for (double& number : numbers) {
    char* end = nullptr;
    number = std::strtod(at, &end);
    at = end + 1;
  }
  return numbers;
}

Normalization normalization_of(const std::filesystem::path& folder) {
  std::ifstream stream(folder / "model.json");
  const std::string json{std::istreambuf_iterator<char>(stream), {}};
  REQUIRE_FALSE(json.empty());
  return {numbers_of(json, "mean"), numbers_of(json, "scale")};
}

// Largest difference as a part of the expected values' range.
double worst_part(const std::vector<float>& actual, const float* expected) {
  const auto [least, most] = std::minmax_element(expected, expected + actual.size());
  double worst = 0;
  for (std::size_t i = 0; i < actual.size(); ++i) {
    worst = std::max(worst, std::fabs(double{actual[i]} - double{expected[i]}));
  }
  return worst / std::max(double{*most} - double{*least}, 1e-30);
}

std::vector<float> run(const Graph& graph, const Sample& device_inputs) {
  const std::vector<TensorValue> outputs = interpret(graph, device_inputs);
  REQUIRE(outputs.size() == 1);
  return to_model(graph.outputs[0], outputs[0]).to_floats();
}

void check_model(const std::string& name, const std::filesystem::path& onnx, std::size_t samples) {
  CAPTURE(name, onnx.string());
  const std::filesystem::path folder = kModels / name;
  const Graph graph = must(import_model(onnx, {})).graph;
  const std::filesystem::path set = folder / "test_data_set_0";
  const TensorValue input = must(read_tensor_pb(set / "input_0.pb"));
  const TensorValue output = must(read_tensor_pb(set / "output_0.pb"));
  const TensorType& device = graph.type(graph.inputs.at(0).tensor);
  const std::vector<float> first = run(graph, {to_device(graph.inputs[0], device, input)});
  CHECK(worst_part(first, output.as<float>().data()) <= 1e-4);

  SampleOptions options;
  options.normalization = normalization_of(folder);
  options.resize = true;
  const std::vector<Sample> pictures =
      must(load_samples(graph, {kModels / "images" / "test"}, options));
  const TensorValue expected = must(read_npy(folder / "outputs.npy"));
  REQUIRE(static_cast<std::int64_t>(pictures.size()) == expected.type.shape[0]);
  const auto classes = static_cast<std::size_t>(expected.type.shape[1]);
  for (std::size_t i = 0; i < std::min(samples, pictures.size()); ++i) {
    CAPTURE(i);
    CHECK(worst_part(run(graph, pictures[i]), expected.as<float>().data() + i * classes) <= 1e-4);
  }
}

TEST_CASE("reference: PhiNet in float agrees with ONNX Runtime") {
  for (const char* name :
       {"phinet_96", "phinet_96_a1", "phinet_96_a1_compat", "phinet_96_conv2d_input"}) {
    check_model(name, kModels / name / (std::string(name) + ".onnx"), 16);
  }
}

TEST_CASE("reference: XiNet in float agrees with ONNX Runtime") {
  for (const char* name : {"xinet_96", "xinet_64x96"}) {
    check_model(name, kModels / name / (std::string(name) + ".onnx"), 16);
  }
}

TEST_CASE("reference: the same network from other exporters agrees with ONNX Runtime") {
  for (const char* variant : {"torchscript_11", "torchscript_13_dynamic", "torchscript_17_unfolded",
                              "dynamo", "dynamo_dynamic", "onnxslim", "onnxsim", "external_data"}) {
    check_model("phinet_96", kModels / "phinet_96" / "variants" / variant / "model.onnx", 2);
  }
}

TEST_CASE("reference: a wrong weight would be seen") {
  // The bound of 1e-4 is tight enough to notice a small change of one constant.
  const std::filesystem::path folder = kModels / "phinet_96";
  Graph graph = must(import_model(folder / "phinet_96.onnx", {})).graph;
  const TensorValue input = must(read_tensor_pb(folder / "test_data_set_0" / "input_0.pb"));
  const TensorValue output = must(read_tensor_pb(folder / "test_data_set_0" / "output_0.pb"));
  for (const Node& node : graph.nodes) {
    if (!std::holds_alternative<Conv2d>(node.op)) continue;
    Tensor& weights = graph.tensors[node.inputs[1]];
    std::vector<float> changed = weights.constant.to_floats();
    changed[changed.size() / 2] += 0.05F;
    weights.constant = TensorValue::of(weights.type, changed);
    break;
  }
  const TensorType& device = graph.type(graph.inputs.at(0).tensor);
  const std::vector<float> result = run(graph, {to_device(graph.inputs[0], device, input)});
  CHECK(worst_part(result, output.as<float>().data()) > 1e-4);
}

}  // namespace
}  // namespace linnet
