// TensorProto -> TensorValue, for the two files that see protobuf.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "compiler/ir/tensor_type.h"
#include "compiler/support/diagnostic.h"

namespace onnx {
class TensorProto;
}

namespace linnet {

// No tensor has more elements: sizes in bytes then fit an int64 whatever the type.
constexpr std::int64_t kMostElements = std::int64_t{1} << 31;

// A file's bytes, or nothing when it cannot be read.
std::optional<std::vector<std::byte>> read_file(const std::filesystem::path& path);

// E001: what to say of a file that read_file() gave nothing for.
Diagnostic unreadable(const std::filesystem::path& path);

// ONNX's name of an element type and Linnet's type for it (float16, bfloat16 and double become
// f32).
std::optional<DType> dtype_from_onnx(int data_type);
std::string onnx_type_name(int data_type);

// Printable UTF-8: bytes that are not become \xNN, so that messages and JSON stay text.
std::string printable(const std::string& text);

// External data files of one model, each read once.
struct ExternalData {
  std::filesystem::path folder;  // the model's; locations are relative to it and must stay inside
  std::map<std::string, std::vector<std::byte>> files;
};

// Throws ImportFault (E005 to E009). `external` may be null: external data is then refused.
TensorValue read_tensor(const onnx::TensorProto& proto, ExternalData* external);

}  // namespace linnet
