// ONNX file -> OnnxModel: the plain data that the importer works on; see model.h. Nothing here
// judges whether an operator is supported; what is malformed in a single tensor is kept until a
// node asks for that tensor.
#include <fmt/format.h>
#include <onnx/onnx_pb.h>

#include <limits>
#include <span>
#include <unordered_set>

#include "compiler/onnx/fault.h"
#include "compiler/onnx/model.h"
#include "compiler/onnx/read_tensor.h"
#include "compiler/support/sha256.h"

namespace linnet {
namespace {

// A varint at `at`, which moves past it; false at the end of the bytes.
bool skip_varint(std::span<const std::byte> bytes, std::size_t& at, std::uint64_t& value) {
  value = 0;
  for (int shift = 0; at < bytes.size() && shift < 64; shift += 7) {
    const auto byte = std::to_integer<std::uint64_t>(bytes[at++]);
    value |= (byte & 0x7f) << shift;
    if ((byte & 0x80) == 0) return true;
  }
  return false;
}

// Whether bytes that do not parse look like a ModelProto that ends too early: the outermost fields
// have ModelProto's numbers and wire types up to one that is longer than the file.
bool looks_truncated(std::span<const std::byte> bytes) {
  std::size_t at = 0;
  bool any = false;
  while (at < bytes.size()) {
    std::uint64_t tag = 0;
    std::uint64_t value = 0;
    if (!skip_varint(bytes, at, tag)) return any;
    const std::uint64_t field = tag >> 3;
    const bool is_number = field == 1 || field == 5;
    const bool is_bytes =
        (field >= 2 && field <= 8 && field != 5) || field == 14 || field == 20 || field == 25;
    if ((tag & 7) == 0 ? !is_number : (tag & 7) != 2 || !is_bytes) return false;
    if (!skip_varint(bytes, at, value)) return any;
    if ((tag & 7) == 2) {
      if (value > bytes.size() - at) return true;
      at += value;
    }
    any = true;
  }
  return false;
}

std::string normal_domain(const std::string& domain) {
  return domain == "ai.onnx" ? std::string() : printable(domain);
}

OnnxAttribute read_attribute(const onnx::AttributeProto& proto, ExternalData& external) {
  OnnxAttribute attribute{printable(proto.name()), UnreadAttribute{"value of unknown kind"}};
  // Files of IR version 1 leave `type` out.
  auto type = proto.type();
  if (type == onnx::AttributeProto::UNDEFINED) {
    if (proto.has_i()) type = onnx::AttributeProto::INT;
    if (proto.has_f()) type = onnx::AttributeProto::FLOAT;
    if (proto.has_s()) type = onnx::AttributeProto::STRING;
    if (proto.ints_size() > 0) type = onnx::AttributeProto::INTS;
    if (proto.floats_size() > 0) type = onnx::AttributeProto::FLOATS;
    if (proto.has_t()) type = onnx::AttributeProto::TENSOR;
  }
  switch (type) {
    case onnx::AttributeProto::INT: attribute.value = std::int64_t{proto.i()}; break;
    case onnx::AttributeProto::FLOAT: attribute.value = proto.f(); break;
    case onnx::AttributeProto::STRING: attribute.value = printable(proto.s()); break;
    case onnx::AttributeProto::INTS:
      attribute.value = std::vector<std::int64_t>(proto.ints().begin(), proto.ints().end());
      break;
    case onnx::AttributeProto::FLOATS:
      attribute.value = std::vector<float>(proto.floats().begin(), proto.floats().end());
      break;
    case onnx::AttributeProto::STRINGS: {
      std::vector<std::string> strings;
      for (const std::string& text : proto.strings()) strings.push_back(printable(text));
      attribute.value = std::move(strings);
      break;
    }
    case onnx::AttributeProto::TENSOR: try { attribute.value = read_tensor(proto.t(), &external);
      } catch (const ImportFault&) {
        attribute.value = UnreadAttribute{
            fmt::format("tensor of {} that cannot be read", onnx_type_name(proto.t().data_type()))};
      }
      break;
    case onnx::AttributeProto::GRAPH:
    case onnx::AttributeProto::GRAPHS: attribute.value = UnreadAttribute{"subgraph"}; break;
    case onnx::AttributeProto::SPARSE_TENSOR:
    case onnx::AttributeProto::SPARSE_TENSORS:
      attribute.value = UnreadAttribute{"sparse tensor"};
      break;
    default: break;
  }
  return attribute;
}

OnnxNode read_node(const onnx::NodeProto& proto, const OnnxModel& model, ExternalData& external) {
  OnnxNode node;
  node.name = printable(proto.name());
  node.op_type = printable(proto.op_type());
  node.domain = normal_domain(proto.domain());
  const auto opset = model.opsets.find(node.domain);
  if (opset != model.opsets.end()) node.opset = opset->second;
  for (const std::string& name : proto.input()) node.inputs.push_back(printable(name));
  for (const std::string& name : proto.output()) node.outputs.push_back(printable(name));
  for (const auto& attribute : proto.attribute()) {
    node.attributes.push_back(read_attribute(attribute, external));
  }
  return node;
}

OnnxPort read_port(const onnx::ValueInfoProto& proto) {
  OnnxPort port;
  port.name = printable(proto.name());
  port.dtype_name = "value without a type";
  if (proto.type().has_sequence_type()) port.dtype_name = "sequence";
  if (proto.type().has_optional_type()) port.dtype_name = "optional";
  if (proto.type().has_map_type()) port.dtype_name = "map";
  if (proto.type().has_sparse_tensor_type()) port.dtype_name = "sparse tensor";
  if (!proto.type().has_tensor_type()) return port;
  const auto& tensor = proto.type().tensor_type();
  port.dtype = dtype_from_onnx(tensor.elem_type());
  port.dtype_name = onnx_type_name(tensor.elem_type());
  port.has_shape = tensor.has_shape();
  for (const auto& proto_dimension : tensor.shape().dim()) {
    OnnxDimension dimension;
    if (proto_dimension.has_dim_value()) dimension.value = proto_dimension.dim_value();
    if (proto_dimension.has_dim_param()) dimension.symbol = printable(proto_dimension.dim_param());
    port.dimensions.push_back(std::move(dimension));
  }
  return port;
}

void read_initializers(const onnx::GraphProto& graph, OnnxModel& model, ExternalData& external) {
  std::unordered_set<std::string> seen;
  for (const auto& tensor : graph.initializer()) {
    const std::string name = printable(tensor.name());
    if (!seen.insert(name).second) model.duplicates.push_back(name);
    try {
      model.initializers.insert_or_assign(name, read_tensor(tensor, &external));
    } catch (const ImportFault& fault) {
      model.unreadable.insert_or_assign(name,
                                        UnreadableTensor{fault.diagnostic, fault.missing_file});
    }
  }
  for (const auto& sparse : graph.sparse_initializer()) {
    const std::string name = printable(sparse.values().name());
    const Diagnostic why{
        "E008", {}, {}, fmt::format("tensor '{}' is sparse", name), "store it as a dense tensor"};
    model.unreadable.insert_or_assign(name, UnreadableTensor{why, {}});
  }
}

}  // namespace

Result<OnnxModel> read_model(const std::filesystem::path& path) {
  std::error_code ignored;
  if (std::filesystem::is_directory(path, ignored)) {
    return Diagnostic{
        "E001",
        {},
        {},
        "this is a folder",
        "give the .onnx file (inspect, profile, report and size also take a generated folder)"};
  }
  const auto bytes = read_file(path);
  // E001: nothing to read.
  if (!bytes) {
    // The path is in front of the message already.
    Diagnostic why = unreadable(path);
    why.message = "the file" + why.message.substr(path.string().size() + 2);
    return why;
  }

  onnx::ModelProto proto;
  if (bytes->size() > std::size_t{std::numeric_limits<int>::max()} ||
      !proto.ParseFromArray(bytes->data(), static_cast<int>(bytes->size()))) {
    // E002: not the bytes of an ONNX model.
    if (looks_truncated(*bytes)) {
      return Diagnostic{"E002",
                        {},
                        {},
                        "the file is an ONNX model that is cut short",
                        "copy or download it again"};
    }
    return Diagnostic{"E002", {}, {}, "the file is not an ONNX model", "give the .onnx file"};
  }
  if (!proto.has_graph() || (proto.graph().node_size() == 0 && proto.graph().output_size() == 0)) {
    // E003: bytes that happen to parse, or a model without a graph.
    return Diagnostic{"E003", {}, {}, "the file holds no ONNX graph", "export the model again"};
  }

  OnnxModel model;
  ExternalData external{path.parent_path(), {}};
  const onnx::GraphProto& graph = proto.graph();
  model.graph_name = printable(graph.name());
  model.producer = printable(proto.producer_name());
  model.producer_version = printable(proto.producer_version());
  model.ir_version = proto.ir_version();
  for (const auto& opset : proto.opset_import()) {
    model.opsets[normal_domain(opset.domain())] = opset.version();
  }
  // Before IR version 3 there was only one operator set, and files do not name it.
  if (model.opsets.empty() && model.ir_version < 3) model.opsets[""] = 1;
  for (const auto& function : proto.functions()) {
    model.local_functions.push_back(printable(function.name()));
  }
  read_initializers(graph, model, external);
  for (const auto& input : graph.input()) {
    OnnxPort port = read_port(input);
    const bool is_initializer =
        model.initializers.count(port.name) > 0 || model.unreadable.count(port.name) > 0;
    if (!is_initializer) model.inputs.push_back(std::move(port));
  }
  for (const auto& output : graph.output()) model.outputs.push_back(read_port(output));
  for (const auto& node : graph.node()) model.nodes.push_back(read_node(node, model, external));

  Sha256 hash;
  hash.update(*bytes);
  for (const auto& [name, file] : external.files) {
    hash.update(file);
    model.external_files.emplace_back(name);
  }
  model.sha256 = hash.hex();
  return model;
}

}  // namespace linnet
