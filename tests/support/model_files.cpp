// See model_files.h.
#include "tests/support/model_files.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <cstdlib>
#include <fstream>
#include <iterator>

#include "compiler/onnx/importer.h"
#include "compiler/passes/passes.h"
#include "compiler/reference/interpreter.h"

namespace linnet::testing {

std::filesystem::path models_folder() {
  return std::filesystem::path(LINNET_SOURCE_DIR) / "models";
}

std::vector<double> json_numbers(const std::filesystem::path& file, const std::string& key) {
  std::ifstream stream(file);
  const std::string text((std::istreambuf_iterator<char>(stream)), {});
  std::size_t at = text.find('"' + key + '"');
  INFO(file.string() << " has no \"" << key << '"');
  REQUIRE(at != std::string::npos);
  at = text.find_first_of("[-0123456789", at + key.size() + 2);
  REQUIRE(at != std::string::npos);
  const bool list = text[at] == '[';
  const char* position = text.c_str() + at + (list ? 1 : 0);
  std::vector<double> numbers;
  while (*position != ']' && *position != '\0') {
    char* end = nullptr;
    const double number = std::strtod(position, &end);
    if (end == position) {
      ++position;  // blanks and commas
      continue;
    }
    numbers.push_back(number);
    if (!list) break;
    position = end;
  }
  return numbers;
}

SampleOptions feeding(const std::filesystem::path& model_json) {
  SampleOptions options;
  options.resize = true;
  const std::vector<double> mean = json_numbers(model_json, "mean"),
                            scale = json_numbers(model_json, "scale");
  REQUIRE(mean.size() == 3);
  REQUIRE(scale.size() == 3);
  std::copy(mean.begin(), mean.end(), options.normalization.mean.begin());
  std::copy(scale.begin(), scale.end(), options.normalization.scale.begin());
  return options;
}

Graph simplified(const std::filesystem::path& onnx_file) {
  Result<ImportedModel> imported = import_model(onnx_file, {});
  if (!imported) FAIL(format(imported.diagnostics(), onnx_file.string()));
  Result<Graph> graph = run_passes(std::move(imported->graph));
  if (!graph) FAIL(format(graph.diagnostics(), onnx_file.string()));
  return *std::move(graph);
}

std::vector<TensorValue> run_all(const Graph& graph, const std::vector<Sample>& samples) {
  std::vector<TensorValue> results;
  for (const Sample& sample : samples) {
    Sample inputs = sample;
    for (std::size_t i = 0; i < inputs.size(); ++i) {
      const TensorType& type = graph.type(graph.inputs[i].tensor);
      if (inputs[i].type.dtype == type.dtype) continue;
      Port same_layout;
      same_layout.model_shape = type.shape;
      inputs[i] = to_device(same_layout, type, inputs[i]);
    }
    const std::vector<TensorValue> outputs = interpret(graph, inputs);
    for (std::size_t i = 0; i < outputs.size(); ++i)
      results.push_back(to_model(graph.outputs[i], outputs[i]));
  }
  return results;
}

Difference difference(const std::vector<float>& made, const std::vector<float>& expected) {
  REQUIRE(made.size() == expected.size());
  double signal = 0, noise = 0;
  Difference result;
  for (std::size_t i = 0; i < made.size(); ++i) {
    const double want = static_cast<double>(expected[i]);
    const double error = static_cast<double>(made[i]) - want;
    signal += want * want;
    noise += error * error;
    result.largest = std::max(result.largest, std::fabs(error));
  }
  result.sqnr_db = 10 * std::log10(signal / std::max(noise, 1e-30));
  result.rms = std::sqrt(noise / static_cast<double>(std::max<std::size_t>(made.size(), 1)));
  return result;
}

Difference difference(const std::vector<TensorValue>& made, const std::vector<float>& expected) {
  std::vector<float> all;
  for (const TensorValue& value : made) {
    const std::vector<float> floats = value.to_floats();
    all.insert(all.end(), floats.begin(), floats.end());
  }
  return difference(all, expected);
}

}  // namespace linnet::testing
