// Writes ONNX files for tests, good and bad ones, straight in protobuf's wire format (so that tests can write what the
// protobuf library would refuse, and need not include it).
//
//   OnnxFile file;
//   file.input("x", {1, 4}).node("Relu", {"x"}, {"y"}).output("y");
//   write_bytes(path, file.model());
#pragma once

#include <cstdint>
#include <filesystem>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

namespace linnet::testing {

// One message: fields are appended in the order of the calls.
class Proto {
 public:
  Proto& number(int field, std::int64_t value);
  Proto& real(int field, float value);
  Proto& text(int field, std::string_view value);
  Proto& message(int field, const Proto& value) { return text(field, value.bytes); }
  std::string bytes;

 private:
  void varint(std::uint64_t value);
};

// AttributeProto
Proto onnx_ints(std::string_view name, const std::vector<std::int64_t>& values);
Proto onnx_int(std::string_view name, std::int64_t value);
Proto onnx_text(std::string_view name, std::string_view value);
Proto onnx_real(std::string_view name, float value);
Proto onnx_reals(std::string_view name, const std::vector<float>& values);
Proto onnx_tensor_attribute(std::string_view name, const Proto& tensor);
Proto onnx_graph(std::string_view name);

// TensorProto of floats; `dims` need not fit.
Proto onnx_tensor(std::string_view name, const std::vector<std::int64_t>& dims,
                  const std::vector<float>& values);
Proto onnx_int_tensor(std::string_view name, const std::vector<std::int64_t>& dims,
                      const std::vector<std::int64_t>& values);
Proto onnx_external_tensor(std::string_view name, const std::vector<std::int64_t>& dims,
                           std::string_view location, std::int64_t offset, std::int64_t length);

class OnnxFile {
 public:
  // A dimension of -1 is left out of the file, as exporters write "dynamic"; `type` is a TensorProto::DataType.
  OnnxFile& input(std::string_view name, const std::vector<std::int64_t>& dims, int type = 1);
  OnnxFile& input_raw(std::string_view name, const std::vector<std::int64_t>& dims);  // -1 is -1
  OnnxFile& output(std::string_view name);
  OnnxFile& initializer(const Proto& tensor);
  OnnxFile& node(std::string_view op_type, std::initializer_list<std::string_view> inputs,
                 std::initializer_list<std::string_view> outputs,
                 std::initializer_list<Proto> attributes = {}, std::string_view domain = {});
  OnnxFile& opset(std::string_view domain, std::int64_t version);

  // The bytes of the file; with ai.onnx 17 unless opset() was called.
  std::string model() const;

 private:
  Proto graph_;
  Proto opsets_;
  bool has_opset_ = false;
  int nodes_ = 0;
};

void write_bytes(const std::filesystem::path& path, std::string_view bytes);

}  // namespace linnet::testing
