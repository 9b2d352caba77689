// Protobuf's wire format and the field numbers of onnx.proto; see onnx_writer.h.
#include "tests/support/onnx_writer.h"

#include <cstring>
#include <fstream>

namespace linnet::testing {

void Proto::varint(std::uint64_t value) {
  while (value >= 0x80) {
    bytes += static_cast<char>((value & 0x7f) | 0x80);
    value >>= 7;
  }
  bytes += static_cast<char>(value);
}

Proto& Proto::number(int field, std::int64_t value) {
  varint(static_cast<std::uint64_t>(field) << 3);
  varint(static_cast<std::uint64_t>(value));
  return *this;
}

Proto& Proto::real(int field, float value) {
  varint(static_cast<std::uint64_t>(field) << 3 | 5);
  std::string four(sizeof value, '\0');
  std::memcpy(four.data(), &value, sizeof value);
  bytes += four;
  return *this;
}

Proto& Proto::text(int field, std::string_view value) {
  varint(static_cast<std::uint64_t>(field) << 3 | 2);
  varint(value.size());
  bytes += value;
  return *this;
}

Proto onnx_ints(std::string_view name, const std::vector<std::int64_t>& values) {
  Proto attribute;
  attribute.text(1, name).number(20, 7);
  for (const std::int64_t value : values) attribute.number(8, value);
  return attribute;
}

Proto onnx_int(std::string_view name, std::int64_t value) {
  return Proto{}.text(1, name).number(20, 2).number(3, value);
}

Proto onnx_text(std::string_view name, std::string_view value) {
  return Proto{}.text(1, name).number(20, 3).text(4, value);
}

Proto onnx_real(std::string_view name, float value) {
  return Proto{}.text(1, name).number(20, 1).real(2, value);
}

Proto onnx_reals(std::string_view name, const std::vector<float>& values) {
  Proto attribute;
  attribute.text(1, name).number(20, 6);
  for (const float value : values) attribute.real(7, value);
  return attribute;
}

Proto onnx_tensor_attribute(std::string_view name, const Proto& tensor) {
  return Proto{}.text(1, name).number(20, 4).message(5, tensor);
}

Proto onnx_graph(std::string_view name) {
  return Proto{}.text(1, name).number(20, 5).message(6, Proto{}.text(2, "body"));
}

namespace {

Proto tensor_head(std::string_view name, const std::vector<std::int64_t>& dims, int type) {
  Proto tensor;
  for (const std::int64_t dim : dims) tensor.number(1, dim);
  return tensor.number(2, type).text(8, name);
}

template <class T>
std::string raw(const std::vector<T>& values) {
  std::string bytes(values.size() * sizeof(T), '\0');
  if (!values.empty()) std::memcpy(bytes.data(), values.data(), bytes.size());
  return bytes;
}

Proto value_info(std::string_view name, int type, const std::vector<Proto>& dims) {
  Proto shape;
  for (const Proto& dim : dims) shape.message(1, dim);
  const Proto tensor = Proto{}.number(1, type).message(2, shape);
  return Proto{}.text(1, name).message(2, Proto{}.message(1, tensor));
}

}  // namespace

Proto onnx_tensor(std::string_view name, const std::vector<std::int64_t>& dims,
                  const std::vector<float>& values) {
  return tensor_head(name, dims, 1).text(9, raw(values));
}

Proto onnx_int_tensor(std::string_view name, const std::vector<std::int64_t>& dims,
                      const std::vector<std::int64_t>& values) {
  return tensor_head(name, dims, 7).text(9, raw(values));
}

Proto onnx_external_tensor(std::string_view name, const std::vector<std::int64_t>& dims,
                           std::string_view location, std::int64_t offset, std::int64_t length) {
  Proto tensor = tensor_head(name, dims, 1);
  const auto entry = [&](std::string_view key, std::string_view value) {
    tensor.message(13, Proto{}.text(1, key).text(2, value));
  };
  entry("location", location);
  entry("offset", std::to_string(offset));
  entry("length", std::to_string(length));
  return tensor.number(14, 1);
}

OnnxFile& OnnxFile::input(std::string_view name, const std::vector<std::int64_t>& dims, int type) {
  std::vector<Proto> written;
  for (const std::int64_t dim : dims) {
    written.push_back(dim == -1 ? Proto{}.text(2, "dynamic") : Proto{}.number(1, dim));
  }
  graph_.message(11, value_info(name, type, written));
  return *this;
}

OnnxFile& OnnxFile::input_raw(std::string_view name, const std::vector<std::int64_t>& dims) {
  std::vector<Proto> written;
  for (const std::int64_t dim : dims) written.push_back(Proto{}.number(1, dim));
  graph_.message(11, value_info(name, 1, written));
  return *this;
}

OnnxFile& OnnxFile::output(std::string_view name) {
  graph_.message(12, value_info(name, 1, {}));
  return *this;
}

OnnxFile& OnnxFile::initializer(const Proto& tensor) {
  graph_.message(5, tensor);
  return *this;
}

OnnxFile& OnnxFile::node(std::string_view op_type, std::initializer_list<std::string_view> inputs,
                         std::initializer_list<std::string_view> outputs,
                         std::initializer_list<Proto> attributes, std::string_view domain) {
  Proto node;
  for (const std::string_view name : inputs) node.text(1, name);
  for (const std::string_view name : outputs) node.text(2, name);
  node.text(3, "n" + std::to_string(nodes_++)).text(4, op_type);
  for (const Proto& attribute : attributes) node.message(5, attribute);
  if (!domain.empty()) node.text(7, domain);
  graph_.message(1, node);
  return *this;
}

OnnxFile& OnnxFile::opset(std::string_view domain, std::int64_t version) {
  opsets_.message(8, Proto{}.text(1, domain).number(2, version));
  has_opset_ = true;
  return *this;
}

std::string OnnxFile::model() const {
  Proto model;
  model.number(1, 8).text(2, "test").message(7, graph_);
  model.bytes +=
      has_opset_ ? opsets_.bytes : Proto{}.message(8, Proto{}.text(1, "").number(2, 17)).bytes;
  return model.bytes;
}

void write_bytes(const std::filesystem::path& path, std::string_view bytes) {
  std::ofstream(path, std::ios::binary)
      .write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
}

}  // namespace linnet::testing
