// What lies beside a model in models/: numbers in its JSON files, SQNR against kept outputs.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "compiler/data/samples.h"
#include "compiler/ir/graph.h"

namespace linnet::testing {

std::filesystem::path models_folder();

// The numbers behind "KEY": one, or those in brackets. A test fails when the key is not there.
std::vector<double> json_numbers(const std::filesystem::path& file, const std::string& key);

// How model.json says that pictures are fed, resized.
SampleOptions feeding(const std::filesystem::path& model_json);

// The graph after import and passes; a test fails on any diagnostic.
Graph simplified(const std::filesystem::path& onnx_file);

// The graph's outputs for each sample given as the float graph's inputs, as the model's own values.
std::vector<TensorValue> run_all(const Graph& graph, const std::vector<Sample>& samples);

struct Difference {
  double sqnr_db = 0;
  double rms = 0;
  double largest = 0;
};
// `made` one after the other against `expected`.
Difference difference(const std::vector<TensorValue>& made, const std::vector<float>& expected);
Difference difference(const std::vector<float>& made, const std::vector<float>& expected);

}  // namespace linnet::testing
