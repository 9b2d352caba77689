// The test cases of ONNX's own suite as Debian's libonnx-testdata installs them:
//
//   data/node/test_relu/model.onnx
//   data/node/test_relu/test_data_set_0/input_0.pb, output_0.pb
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "compiler/ir/tensor_type.h"
#include "compiler/onnx/model.h"
#include "compiler/support/result.h"

namespace linnet::conformance {

struct Case {
  std::string name;        // "node/test_relu"
  std::string identifier;  // "node_test_relu": namespace and folder of what is generated
  std::filesystem::path folder;
};

struct DataSet {
  std::vector<TensorValue> inputs, outputs;  // in the order of the model's
};

// What came of a case.
enum class Verdict : std::uint8_t { passed, failed, unsupported, constant, not_float };
struct Outcome {
  Verdict verdict = Verdict::failed;
  std::string reason;
};
const char* verdict_name(Verdict verdict);

// All cases of the sets node, simple, pytorch-operator and pytorch-converted, by name.
std::vector<Case> find_cases(const std::filesystem::path& data);

Result<std::vector<DataSet>> read_data_sets(const Case& test);

// Empty for a float model: float outputs, and float inputs beside which there may be integer or boolean ones, which
// are parameters (shapes, axes, indices). Else the port that is of another type.
std::string why_not_float(const OnnxModel& model);

// Empty when `got` is what the suite expects, else what differs. Tolerance: 1e-4 of the largest finite magnitude
// expected, plus 1e-6. NaN equals NaN, an infinity equals itself.
std::string difference(const std::vector<float>& got, const std::vector<float>& expected);

// An outcome in a file, from a child process to its parent. Reading a file that is not there gives a failure.
void write_outcome(const std::filesystem::path& file, const Outcome& outcome);
Outcome read_outcome(const std::filesystem::path& file);

std::string read_text(const std::filesystem::path& file);  // empty when it is not there
void write_text(const std::filesystem::path& file, std::string_view text);
std::vector<float> read_floats(const std::filesystem::path& file);

}  // namespace linnet::conformance
