// See cases.h.
#include "tests/onnx_conformance/cases.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cmath>
#include <cstring>
#include <fstream>
#include <sstream>

#include "compiler/onnx/importer.h"

namespace linnet::conformance {

namespace fs = std::filesystem;

namespace {

constexpr Verdict kVerdicts[] = {Verdict::passed, Verdict::failed, Verdict::unsupported,
                                 Verdict::constant, Verdict::not_float};

// FOLDER/PREFIX_0.pb, FOLDER/PREFIX_1.pb ... as long as there are any.
Result<std::vector<TensorValue>> read_tensors(const fs::path& folder, const char* prefix) {
  std::vector<TensorValue> values;
  for (int i = 0;; ++i) {
    const fs::path file = folder / fmt::format("{}_{}.pb", prefix, i);
    if (!fs::exists(file)) return values;
    Result<TensorValue> value = read_tensor_pb(file);
    if (!value) return value.diagnostics();
    values.push_back(*std::move(value));
  }
}

// The first 52 characters and a hash of all.
std::string shortened(const std::string& identifier) {
  std::uint32_t hash = 2166136261U;
  for (const char c : identifier) hash = (hash ^ static_cast<unsigned char>(c)) * 16777619U;
  return fmt::format("{}{:08x}", identifier.substr(0, 52), hash);
}

}  // namespace

const char* verdict_name(Verdict verdict) {
  switch (verdict) {
    case Verdict::passed: return "passed";
    case Verdict::failed: return "failed";
    case Verdict::unsupported: return "unsupported";
    case Verdict::constant: return "constant";
    case Verdict::not_float: return "not float";
  }
  return "";
}

std::vector<Case> find_cases(const fs::path& data) {
  std::vector<Case> cases;
  for (const char* set : {"node", "simple", "pytorch-operator", "pytorch-converted"}) {
    if (!fs::is_directory(data / set)) continue;
    for (const fs::directory_entry& entry : fs::directory_iterator(data / set)) {
      if (!fs::exists(entry.path() / "model.onnx")) continue;
      Case test{fmt::format("{}/{}", set, entry.path().filename().string()), {}, entry.path()};
      // "test_" says nothing, and names longer than 60 characters are refused.
      const std::string name = entry.path().filename().string();
      test.identifier = fmt::format("{}_{}", set, name.substr(name.starts_with("test_") ? 5 : 0));
      for (char& c : test.identifier) {
        if (std::isalnum(static_cast<unsigned char>(c)) == 0) c = '_';
      }
      // Two underscores in a row are the implementation's.
      const auto end = std::unique(test.identifier.begin(), test.identifier.end(),
                                   [](char a, char b) { return a == '_' && b == '_'; });
      test.identifier.erase(end, test.identifier.end());
      if (test.identifier.size() > 60) test.identifier = shortened(test.identifier);
      cases.push_back(std::move(test));
    }
  }
  std::sort(cases.begin(), cases.end(),
            [](const Case& a, const Case& b) { return a.name < b.name; });
  return cases;
}

Result<std::vector<DataSet>> read_data_sets(const Case& test) {
  std::vector<DataSet> sets;
  for (int i = 0;; ++i) {
    const fs::path folder = test.folder / fmt::format("test_data_set_{}", i);
    if (!fs::is_directory(folder)) return sets;
    Result<std::vector<TensorValue>> inputs = read_tensors(folder, "input");
    if (!inputs) return inputs.diagnostics();
    Result<std::vector<TensorValue>> outputs = read_tensors(folder, "output");
    if (!outputs) return outputs.diagnostics();
    sets.push_back({*std::move(inputs), *std::move(outputs)});
  }
}

std::string why_not_float(const OnnxModel& model) {
  for (const OnnxPort& port : model.outputs) {
    if (port.dtype_name != "float") return fmt::format("an output is {}", port.dtype_name);
  }
  for (const OnnxPort& port : model.inputs) {
    const bool parameter =
        port.dtype == DType::i32 || port.dtype == DType::i64 || port.dtype == DType::boolean;
    if (port.dtype_name != "float" && !parameter)
      return fmt::format("an input is {}", port.dtype_name);
  }
  return {};
}

std::string difference(const std::vector<float>& got, const std::vector<float>& expected) {
  if (got.size() != expected.size()) {
    return fmt::format("{} elements instead of {}", got.size(), expected.size());
  }
  float range = 0;
  for (const float value : expected) {
    if (std::isfinite(value)) range = std::max(range, std::abs(value));
  }
  const float tolerance = 1e-4F * range + 1e-6F;
  for (std::size_t i = 0; i < got.size(); ++i) {
    const bool same = got[i] == expected[i] || (std::isnan(got[i]) && std::isnan(expected[i])) ||
                      std::abs(got[i] - expected[i]) <= tolerance;
    if (!same) return fmt::format("[{}] is {} instead of {}", i, got[i], expected[i]);
  }
  return {};
}

void write_outcome(const fs::path& file, const Outcome& outcome) {
  write_text(file, fmt::format("{}\n{}\n", verdict_name(outcome.verdict), outcome.reason));
}

Outcome read_outcome(const fs::path& file) {
  std::istringstream text(read_text(file));
  std::string verdict;
  Outcome outcome{Verdict::failed, "no outcome"};
  if (!std::getline(text, verdict)) return outcome;
  std::getline(text, outcome.reason);
  for (const Verdict candidate : kVerdicts) {
    if (verdict == verdict_name(candidate)) outcome.verdict = candidate;
  }
  return outcome;
}

std::string read_text(const fs::path& file) {
  std::ifstream stream(file, std::ios::binary);
  std::ostringstream text;
  text << stream.rdbuf();
  return text.str();
}

void write_text(const fs::path& file, std::string_view text) {
  fs::create_directories(file.parent_path());
  std::ofstream(file, std::ios::binary)
      .write(text.data(), static_cast<std::streamsize>(text.size()));
}

std::vector<float> read_floats(const fs::path& file) {
  const std::string bytes = read_text(file);
  std::vector<float> floats(bytes.size() / sizeof(float));
  if (!floats.empty()) std::memcpy(floats.data(), bytes.data(), floats.size() * sizeof(float));
  return floats;
}

}  // namespace linnet::conformance
