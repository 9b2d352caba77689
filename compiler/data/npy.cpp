// Reads .npy: a magic number, a Python dict literal, the elements. See npy.h.
#include "compiler/data/npy.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <fstream>
#include <limits>
#include <optional>
#include <string>
#include <string_view>

namespace linnet {
namespace {

constexpr std::string_view kMagic = "\x93NUMPY";

Diagnostic broken(const std::filesystem::path& path, std::string_view what) {
  // E208: a data file that is damaged or of a kind that is not read.
  return {
      "E208", {}, {}, fmt::format("'{}' {}", path.string(), what), "save it again with numpy.save"};
}

struct Header {
  std::string_view descr;
  bool fortran_order = false;
  Shape shape;
};

// The text after `'key':` in the dict, without leading blanks.
std::optional<std::string_view> value_of(std::string_view dict, std::string_view key) {
  const std::string quoted = "'" + std::string(key) + "'";
  std::size_t at = dict.find(quoted);
  if (at == std::string_view::npos) return std::nullopt;
  at = dict.find(':', at + quoted.size());
  if (at == std::string_view::npos) return std::nullopt;
  at = dict.find_first_not_of(' ', at + 1);
  if (at == std::string_view::npos) return std::nullopt;
  return dict.substr(at);
}

// "(16, 10)", "(16,)" or "()".
std::optional<Shape> parse_shape(std::string_view text) {
  const std::size_t end = text.find(')');
  if (text.empty() || text.front() != '(' || end == std::string_view::npos) return std::nullopt;
  Shape shape;
  const char* at = text.data() + 1;
  const char* const last = text.data() + end;
  while (at < last) {
    if (*at == ' ' || *at == ',') {
      ++at;
      continue;
    }
    std::int64_t dimension = 0;
    const auto [next, error] = std::from_chars(at, last, dimension);
    if (error != std::errc{} || dimension < 0) return std::nullopt;
    shape.push_back(dimension);
    at = next;
  }
  return shape;
}

std::optional<Header> parse_header(std::string_view dict) {
  const auto descr = value_of(dict, "descr");
  const auto order = value_of(dict, "fortran_order");
  const auto shape_text = value_of(dict, "shape");
  if (!descr || !order || !shape_text || descr->size() < 2 || descr->front() != '\'')
    return std::nullopt;
  const std::size_t quote = descr->find('\'', 1);
  const std::optional<Shape> shape = parse_shape(*shape_text);
  if (quote == std::string_view::npos || !shape) return std::nullopt;
  return Header{descr->substr(1, quote - 1), order->starts_with("True"), *shape};
}

struct ElementType {
  std::string_view descr;
  DType dtype;
  std::size_t bytes;  // in the file
};
constexpr ElementType kElementTypes[] = {
    {"<f4", DType::f32, 4}, {"<f8", DType::f32, 8}, {"|i1", DType::i8, 1},  {"|u1", DType::u8, 1},
    {"<i2", DType::i16, 2}, {"<i4", DType::i32, 4}, {"<i8", DType::i64, 8},
};

// Elements of the shape, or none when there are more than the file could hold.
std::optional<std::size_t> checked_count(const Shape& shape, std::size_t most) {
  std::size_t count = 1;
  for (const std::int64_t dimension : shape) {
    const auto d = static_cast<std::size_t>(dimension);
    if (d != 0 && count > most / d) return std::nullopt;
    count *= d;
  }
  return count;
}

std::vector<std::byte> floats_of_doubles(std::span<const std::byte> data) {
  std::vector<std::byte> floats(data.size() / 2);
  for (std::size_t i = 0; i < data.size() / 8; ++i) {
    double value = 0;
    std::memcpy(&value, data.data() + i * 8, 8);
    const auto narrow = static_cast<float>(value);
    std::memcpy(floats.data() + i * 4, &narrow, 4);
  }
  return floats;
}

}  // namespace

Result<std::vector<std::byte>> read_bytes(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary | std::ios::ate);
  const std::streamoff size = file ? static_cast<std::streamoff>(file.tellg()) : -1;
  std::vector<std::byte> bytes(size > 0 ? static_cast<std::size_t>(size) : 0);
  if (size >= 0) {
    file.seekg(0);
    file.read(reinterpret_cast<char*>(bytes.data()), size);
  }
  if (size < 0 || !file) {
    // E202: a path given as data cannot be read.
    return Diagnostic{"E202",
                      {},
                      {},
                      fmt::format("'{}' cannot be read", path.string()),
                      "check the path and its permissions"};
  }
  return bytes;
}

Result<TensorValue> read_npy(const std::filesystem::path& path) {
  const Result<std::vector<std::byte>> bytes = read_bytes(path);
  if (!bytes) return bytes.diagnostics();
  const std::string_view text(reinterpret_cast<const char*>(bytes->data()), bytes->size());
  if (!text.starts_with(kMagic) || text.size() < 12) return broken(path, "is not a .npy file");
  const auto byte = [&](std::size_t i) {
    return static_cast<std::size_t>(static_cast<unsigned char>(text[i]));
  };
  const std::size_t version = byte(6);
  if (version != 1 && version != 2)
    return broken(path, fmt::format("is a .npy file of version {}", version));
  const std::size_t header_at = version == 1 ? 10 : 12;
  const std::size_t header_size = version == 1
                                      ? byte(8) | byte(9) << 8
                                      : byte(8) | byte(9) << 8 | byte(10) << 16 | byte(11) << 24;
  if (header_size > text.size() - header_at) return broken(path, "ends within its header");
  const std::optional<Header> header = parse_header(text.substr(header_at, header_size));
  if (!header) return broken(path, "has a header that is no description of an array");
  if (header->fortran_order) return broken(path, "is in Fortran order; only C order is read");
  const auto* type =
      std::find_if(std::begin(kElementTypes), std::end(kElementTypes),
                   [&](const ElementType& known) { return known.descr == header->descr; });
  if (type == std::end(kElementTypes)) {
    return broken(path,
                  fmt::format("has elements of type '{}'; f4, f8, i1, u1, i2, i4 and i8 are read",
                              header->descr));
  }
  const std::span<const std::byte> data = std::span(*bytes).subspan(header_at + header_size);
  const std::optional<std::size_t> count = checked_count(header->shape, data.size() / type->bytes);
  if (!count || *count * type->bytes > data.size()) return broken(path, "ends within its elements");
  const std::span<const std::byte> elements = data.first(*count * type->bytes);
  std::vector<std::byte> values = type->bytes == 8 && type->dtype == DType::f32
                                      ? floats_of_doubles(elements)
                                      : std::vector<std::byte>(elements.begin(), elements.end());
  return TensorValue({type->dtype, header->shape, {}}, std::move(values));
}

std::vector<std::byte> npy_bytes(const Shape& shape, std::span<const float> values) {
  std::string dict = "{'descr': '<f4', 'fortran_order': False, 'shape': (";
  for (const std::int64_t dimension : shape) dict += fmt::format("{}, ", dimension);
  dict += "), }";
  if (shape.empty()) dict = "{'descr': '<f4', 'fortran_order': False, 'shape': (), }";
  const std::size_t total = (10 + dict.size() + 1 + 63) / 64 * 64;
  dict.append(total - 11 - dict.size(), ' ');
  dict += '\n';
  std::string file(kMagic);
  file += '\x01';
  file += '\x00';
  file += static_cast<char>(dict.size() & 0xff);
  file += static_cast<char>(dict.size() >> 8);
  file += dict;
  const std::span<const char> head(file);
  std::vector<std::byte> result(std::as_bytes(head).begin(), std::as_bytes(head).end());
  const std::span<const std::byte> tail = std::as_bytes(values);
  result.insert(result.end(), tail.begin(), tail.end());
  return result;
}

}  // namespace linnet
