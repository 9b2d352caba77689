// ONNX file -> Graph.
//
//   Result<ImportedModel> model = import_model("phinet.onnx", {});
//   if (!model) std::cerr << format(model.diagnostics(), "phinet.onnx");
//
// All shapes are static afterwards, shape arithmetic is folded away, spatial operators are
// channels-last between transposes (passes remove those), and quantized operators stand as
// Dequantize, operator, Quantize. Everything that is not supported is reported at once.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "compiler/ir/graph.h"
#include "compiler/support/result.h"

namespace linnet {

struct ImportOptions {
  std::map<std::string, Shape> input_shapes;  // --input-shape: must agree with what the model fixes
  // Graph inputs that become constants of these values (ONNX's node tests pass shapes and axes as
  // inputs).
  std::map<std::string, TensorValue> input_values;
};

struct OperatorUse {
  std::string op_type;
  std::string domain;
  int count = 0;
  bool supported = true;
  std::string reason;  // why not; of the first node that is not supported
};

struct ModelInfo {
  std::string path;
  std::string producer, producer_version;
  std::int64_t ir_version = 0;
  std::map<std::string, std::int64_t> opsets;  // "" is ai.onnx
  std::int64_t parameters = 0;                 // elements of the weights that the outputs need
  std::string sha256;                          // of the file, then of its external data files
  std::vector<std::filesystem::path> external_files{};
  std::vector<OperatorUse> operators;  // by domain and name
};

struct ImportedModel {
  Graph graph;
  ModelInfo info;
  // With a detection head whose decoding has left `graph`: the graph before that.
  std::optional<Graph> whole = {};
};

Result<ImportedModel> import_model(const std::filesystem::path& path, const ImportOptions& options);

// Also for models that cannot be imported: says which operators are not supported and why.
Result<ModelInfo> inspect_model(const std::filesystem::path& path, const ImportOptions& options);

// A tensor file in ONNX's test layout (test_data_set_0/input_0.pb). float16 and double become
// float32.
Result<TensorValue> read_tensor_pb(const std::filesystem::path& path);

}  // namespace linnet
