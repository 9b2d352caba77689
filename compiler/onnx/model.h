// An ONNX model as plain data: what read_model makes of the file and the importer turns into a
// Graph.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "compiler/onnx/attributes.h"
#include "compiler/support/result.h"

namespace linnet {

struct OnnxDimension {
  std::optional<std::int64_t> value;
  std::string symbol;  // "batch"; may be empty
};

// A graph input or output as the model declares it.
struct OnnxPort {
  std::string name;
  std::optional<DType> dtype;  // none: not a tensor, or of a type that Linnet does not know
  std::string dtype_name;      // for messages: "float", "string", "sequence"
  bool has_shape = false;
  std::vector<OnnxDimension> dimensions;
};

struct UnreadableTensor {
  Diagnostic why;
  std::string missing_file;  // its external data file, when that cannot be read at all
};

struct OnnxModel {
  std::string graph_name, producer, producer_version;
  std::int64_t ir_version = 0;
  std::map<std::string, std::int64_t> opsets;  // "" is ai.onnx
  std::vector<OnnxPort> inputs;                // without those that are initializers
  std::vector<OnnxPort> outputs;
  std::vector<OnnxNode> nodes;
  std::vector<std::string> local_functions;  // names of model-local functions
  std::unordered_map<std::string, TensorValue> initializers;
  // Initializers that could not be read, and why: an error only for a node that reads one.
  std::unordered_map<std::string, UnreadableTensor> unreadable;
  std::vector<std::string> duplicates;  // initializer names given twice
  std::string sha256;                   // of the file, then of its external data files
  std::vector<std::filesystem::path> external_files;  // those that were read
};

Result<OnnxModel> read_model(const std::filesystem::path& path);

}  // namespace linnet
