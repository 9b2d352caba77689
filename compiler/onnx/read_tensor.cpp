// TensorProto -> TensorValue: every way ONNX stores elements, checked against the dimensions; see
// read_tensor.h.
#include "compiler/onnx/read_tensor.h"

#include <fmt/format.h>
#include <onnx/onnx_pb.h>

#include <bit>
#include <charconv>
#include <cmath>
#include <fstream>
#include <limits>

#include "compiler/onnx/fault.h"
#include "compiler/onnx/importer.h"

namespace linnet {
namespace {

float float_from_half(std::uint16_t bits) {
  const int exponent = (bits >> 10) & 31;
  const int mantissa = bits & 1023;
  const float sign = (bits >> 15) != 0 ? -1.0f : 1.0f;
  if (exponent == 31) {
    return mantissa != 0 ? std::numeric_limits<float>::quiet_NaN()
                         : sign * std::numeric_limits<float>::infinity();
  }
  if (exponent == 0) return sign * std::ldexp(static_cast<float>(mantissa), -24);
  return sign * std::ldexp(static_cast<float>(1024 + mantissa), exponent - 25);
}

float float_from_bfloat(std::uint16_t bits) {
  return std::bit_cast<float>(static_cast<std::uint32_t>(bits) << 16);
}

// Bytes of one element as ONNX stores it in raw data; 0 for types that are not read.
std::size_t stored_bytes(int data_type) {
  switch (data_type) {
    case onnx::TensorProto::UINT8:
    case onnx::TensorProto::INT8:
    case onnx::TensorProto::BOOL: return 1;
    case onnx::TensorProto::UINT16:
    case onnx::TensorProto::INT16:
    case onnx::TensorProto::FLOAT16:
    case onnx::TensorProto::BFLOAT16: return 2;
    case onnx::TensorProto::FLOAT:
    case onnx::TensorProto::INT32:
    case onnx::TensorProto::UINT32: return 4;
    case onnx::TensorProto::DOUBLE:
    case onnx::TensorProto::INT64:
    case onnx::TensorProto::UINT64: return 8;
    default: return 0;
  }
}

template <class Stored, class Element, class Convert>
TensorValue from_raw(TensorType type, std::span<const std::byte> raw, Convert convert) {
  std::vector<std::byte> bytes(raw.size() / sizeof(Stored) * sizeof(Element));
  for (std::size_t i = 0; i < raw.size() / sizeof(Stored); ++i) {
    Stored stored;
    std::memcpy(&stored, raw.data() + i * sizeof(Stored), sizeof(Stored));
    const Element element = convert(stored);
    std::memcpy(bytes.data() + i * sizeof(Element), &element, sizeof(Element));
  }
  return TensorValue(std::move(type), std::move(bytes));
}

template <class Stored, class Element>
TensorValue from_raw(TensorType type, std::span<const std::byte> raw) {
  return from_raw<Stored, Element>(std::move(type), raw,
                                   [](Stored stored) { return static_cast<Element>(stored); });
}

TensorValue convert_raw(int data_type, TensorType type, std::span<const std::byte> raw) {
  switch (data_type) {
    case onnx::TensorProto::FLOAT16:
      return from_raw<std::uint16_t, float>(std::move(type), raw, float_from_half);
    case onnx::TensorProto::BFLOAT16:
      return from_raw<std::uint16_t, float>(std::move(type), raw, float_from_bfloat);
    case onnx::TensorProto::DOUBLE: return from_raw<double, float>(std::move(type), raw);
    case onnx::TensorProto::UINT16:
      return from_raw<std::uint16_t, std::int32_t>(std::move(type), raw);
    case onnx::TensorProto::UINT32:
      return from_raw<std::uint32_t, std::int64_t>(std::move(type), raw);
    case onnx::TensorProto::UINT64:
      return from_raw<std::uint64_t, std::int64_t>(std::move(type), raw);
    case onnx::TensorProto::BOOL:
      return from_raw<std::uint8_t, bool>(std::move(type), raw,
                                          [](std::uint8_t stored) { return stored != 0; });
    default: return TensorValue(std::move(type), std::vector<std::byte>(raw.begin(), raw.end()));
  }
}

// The elements in the repeated fields of the proto as the bytes that raw data would have.
template <class Stored, class Field>
std::vector<std::byte> as_raw(const Field& field) {
  std::vector<std::byte> bytes(static_cast<std::size_t>(field.size()) * sizeof(Stored));
  std::size_t at = 0;
  for (const auto element : field) {
    const auto stored = static_cast<Stored>(element);
    std::memcpy(bytes.data() + at, &stored, sizeof(Stored));
    at += sizeof(Stored);
  }
  return bytes;
}

std::vector<std::byte> typed_data(const onnx::TensorProto& proto) {
  switch (proto.data_type()) {
    case onnx::TensorProto::FLOAT: return as_raw<float>(proto.float_data());
    case onnx::TensorProto::DOUBLE: return as_raw<double>(proto.double_data());
    case onnx::TensorProto::INT64: return as_raw<std::int64_t>(proto.int64_data());
    case onnx::TensorProto::UINT32: return as_raw<std::uint32_t>(proto.uint64_data());
    case onnx::TensorProto::UINT64: return as_raw<std::uint64_t>(proto.uint64_data());
    case onnx::TensorProto::INT32: return as_raw<std::int32_t>(proto.int32_data());
    case onnx::TensorProto::INT16:
    case onnx::TensorProto::UINT16:
    case onnx::TensorProto::FLOAT16:
    case onnx::TensorProto::BFLOAT16: return as_raw<std::uint16_t>(proto.int32_data());
    default: return as_raw<std::uint8_t>(proto.int32_data());
  }
}

Shape checked_dims(const onnx::TensorProto& proto) {
  Shape shape;
  std::int64_t count = 1;
  for (const std::int64_t dimension : proto.dims()) {
    if (dimension < 0 || dimension > kMostElements || count * dimension > kMostElements) {
      // E009: no tensor has such dimensions.
      import_fault("E009", fmt::format("tensor '{}' has the dimension {}, which is {}",
                                       printable(proto.name()), dimension,
                                       dimension < 0 ? "negative" : "too large"));
    }
    shape.push_back(dimension);
    if (dimension > 0) count *= dimension;
  }
  return shape;
}

std::uint64_t parse_number(const std::string& text, const std::string& tensor) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size()) {
    import_fault("E006", fmt::format("external data of tensor '{}' has the offset or length '{}'",
                                     tensor, printable(text)));
  }
  return number;
}

// The file that holds the external data; inside the model's folder, whatever links and dots the
// location has.
std::filesystem::path external_path(const std::filesystem::path& folder,
                                    const std::string& location, const std::string& tensor) {
  namespace fs = std::filesystem;
  std::error_code error;
  const fs::path root = fs::weakly_canonical(folder.empty() ? fs::path(".") : folder, error);
  fs::path path = fs::weakly_canonical(root / fs::path(location), error);
  const fs::path relative = path.lexically_relative(root);
  const bool inside = !error && !location.empty() && fs::path(location).is_relative() &&
                      !relative.empty() && *relative.begin() != ".." && relative != ".";
  if (!inside) {
    // E005: reading it could leak any file of the machine into generated code.
    import_fault("E005",
                 fmt::format("external data of tensor '{}' at '{}' is outside the model's folder",
                             tensor, printable(location)),
                 "keep the data file beside the model");
  }
  return path;
}

std::span<const std::byte> external_bytes(const onnx::TensorProto& proto, ExternalData* external) {
  const std::string tensor = printable(proto.name());
  std::string location;
  std::uint64_t offset = 0;
  std::optional<std::uint64_t> length;
  for (const auto& entry : proto.external_data()) {
    if (entry.key() == "location") location = entry.value();
    if (entry.key() == "offset") offset = parse_number(entry.value(), tensor);
    if (entry.key() == "length") length = parse_number(entry.value(), tensor);
  }
  if (!external) {
    import_fault("E006", fmt::format("tensor '{}' has its data in another file", tensor),
                 "store the data in the tensor's own file");
  }
  const std::filesystem::path path = external_path(external->folder, location, tensor);
  auto found = external->files.find(path.string());
  if (found == external->files.end()) {
    std::error_code error;
    auto bytes = std::filesystem::is_regular_file(path, error)
                     ? read_file(path)
                     : std::optional<std::vector<std::byte>>{};
    if (!bytes) {
      // E006: external data that is missing or short.
      throw ImportFault{{"E006",
                         {},
                         {},
                         fmt::format("external data file '{}' of tensor '{}' cannot be read",
                                     printable(location), tensor),
                         "put it beside the model"},
                        printable(location)};
    }
    found = external->files.emplace(path.string(), std::move(*bytes)).first;
  }
  const std::span<const std::byte> file = found->second;
  const std::uint64_t available = offset <= file.size() ? file.size() - offset : 0;
  if (offset > file.size() || length.value_or(0) > available) {
    import_fault("E006",
                 fmt::format("external data of tensor '{}' ends at byte {} of '{}', which has {}",
                             tensor, offset + length.value_or(0), printable(location), file.size()),
                 "copy the whole data file");
  }
  return file.subspan(offset, length.value_or(available));
}

// Length of the valid UTF-8 sequence at `at`, 0 when there is none.
std::size_t utf8_length(const std::string& text, std::size_t at) {
  const auto lead = static_cast<unsigned char>(text[at]);
  const std::size_t length = lead < 0x80                     ? 1
                             : (lead >= 0xc2 && lead < 0xe0) ? 2
                             : (lead & 0xf0) == 0xe0         ? 3
                             : (lead >= 0xf0 && lead < 0xf5) ? 4
                                                             : 0;
  if (length == 0 || at + length > text.size()) return 0;
  for (std::size_t i = 1; i < length; ++i) {
    if ((static_cast<unsigned char>(text[at + i]) & 0xc0) != 0x80) return 0;
  }
  if (length > 2) {  // overlong forms, surrogates and what is past U+10FFFF
    const auto second = static_cast<unsigned char>(text[at + 1]);
    if ((lead == 0xe0 && second < 0xa0) || (lead == 0xed && second > 0x9f)) return 0;
    if ((lead == 0xf0 && second < 0x90) || (lead == 0xf4 && second > 0x8f)) return 0;
  }
  return length;
}

}  // namespace

std::optional<std::vector<std::byte>> read_file(const std::filesystem::path& path) {
  std::error_code error;
  if (!std::filesystem::exists(path, error) || std::filesystem::is_directory(path, error)) {
    return {};
  }
  std::ifstream file(path, std::ios::binary);
  if (!file) return {};
  std::vector<std::byte> bytes;
  std::array<char, 65536> part{};
  while (file) {
    file.read(part.data(), part.size());
    const auto* begin = reinterpret_cast<const std::byte*>(part.data());
    bytes.insert(bytes.end(), begin, begin + file.gcount());
  }
  if (file.bad()) return {};
  return bytes;
}

Diagnostic unreadable(const std::filesystem::path& path) {
  std::error_code error;
  const bool exists = std::filesystem::exists(path, error);
  return {"E001",
          {},
          {},
          fmt::format("'{}' {}", path.string(), exists ? "cannot be read" : "does not exist"),
          exists ? "check its permissions" : "check the path"};
}

std::string printable(const std::string& text) {
  std::string result;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t length = utf8_length(text, at);
    const auto byte = static_cast<unsigned char>(text[at]);
    if (length == 0 || byte < 0x20 || byte == 0x7f) {
      result += fmt::format("\\x{:02x}", byte);
      ++at;
    } else {
      result.append(text, at, length);
      at += length;
    }
  }
  return result;
}

std::optional<DType> dtype_from_onnx(int data_type) {
  switch (data_type) {
    case onnx::TensorProto::FLOAT:
    case onnx::TensorProto::FLOAT16:
    case onnx::TensorProto::BFLOAT16:
    case onnx::TensorProto::DOUBLE: return DType::f32;
    case onnx::TensorProto::INT8: return DType::i8;
    case onnx::TensorProto::UINT8: return DType::u8;
    case onnx::TensorProto::INT16: return DType::i16;
    case onnx::TensorProto::UINT16:
    case onnx::TensorProto::INT32: return DType::i32;
    case onnx::TensorProto::UINT32:
    case onnx::TensorProto::UINT64:
    case onnx::TensorProto::INT64: return DType::i64;
    case onnx::TensorProto::BOOL: return DType::boolean;
    default: return {};
  }
}

std::string onnx_type_name(int data_type) {
  static constexpr const char* kNames[] = {
      "undefined", "float",  "uint8",   "int8",   "uint16", "int16",  "int32",     "int64",
      "string",    "bool",   "float16", "double", "uint32", "uint64", "complex64", "complex128",
      "bfloat16",  "float8", "float8",  "float8", "float8", "uint4",  "int4",      "float4"};
  if (data_type < 0 || data_type >= static_cast<int>(std::size(kNames))) {
    return fmt::format("type {}", data_type);
  }
  return kNames[data_type];
}

TensorValue read_tensor(const onnx::TensorProto& proto, ExternalData* external) {
  const std::optional<DType> dtype = dtype_from_onnx(proto.data_type());
  if (!dtype) {
    // E008: strings, complex numbers, four-bit integers.
    import_fault("E008", fmt::format("tensor '{}' has the element type {}, which is not supported",
                                     printable(proto.name()), onnx_type_name(proto.data_type())));
  }
  TensorType type{*dtype, checked_dims(proto), {}};
  const std::size_t element = stored_bytes(proto.data_type());
  const auto wanted = static_cast<std::size_t>(type.elements()) * element;

  std::vector<std::byte> typed;
  std::span<const std::byte> raw;
  if (proto.data_location() == onnx::TensorProto::EXTERNAL) {
    raw = external_bytes(proto, external);
  } else if (proto.has_raw_data()) {
    raw = std::as_bytes(std::span(proto.raw_data()));
  } else {
    typed = typed_data(proto);
    raw = typed;
  }
  if (raw.size() != wanted) {
    // E007: the data and the dimensions disagree.
    import_fault("E007",
                 fmt::format("tensor '{}' of shape {} has {} bytes of data instead of {}",
                             printable(proto.name()), to_string(type.shape), raw.size(), wanted));
  }
  return convert_raw(proto.data_type(), std::move(type), raw);
}

Result<TensorValue> read_tensor_pb(const std::filesystem::path& path) {
  const auto bytes = read_file(path);
  if (!bytes) return unreadable(path);
  onnx::TensorProto proto;
  if (bytes->size() > std::size_t{std::numeric_limits<int>::max()} ||
      !proto.ParseFromArray(bytes->data(), static_cast<int>(bytes->size()))) {
    return Diagnostic{"E002",
                      {},
                      {},
                      fmt::format("'{}' is not an ONNX tensor, or is cut short", path.string()),
                      "write it again with onnx.save_tensor"};
  }
  try {
    return read_tensor(proto, nullptr);
  } catch (const ImportFault& fault) {
    return fault.diagnostic;
  }
}

}  // namespace linnet
