// See parse_values.h.
#include "compiler/cli/parse_values.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cmath>
#include <limits>
#include <optional>

namespace linnet {
namespace {

template <class T>
std::optional<T> parse_number(std::string_view text) {
  T value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

}  // namespace

Parsed<std::int64_t> parse_bytes(std::string_view text) {
  const std::size_t digits = text.find_first_not_of("0123456789");
  std::string unit(digits == std::string_view::npos ? std::string_view{} : text.substr(digits));
  std::transform(unit.begin(), unit.end(), unit.begin(),
                 [](unsigned char c) { return std::tolower(c); });
  std::int64_t factor = 0;
  if (unit.empty() || unit == "b") factor = 1;
  if (unit == "k" || unit == "kb" || unit == "kib") factor = 1024;
  if (unit == "m" || unit == "mb" || unit == "mib") factor = 1024 * 1024;
  const auto number = parse_number<std::int64_t>(text.substr(0, digits));
  if (factor == 0 || !number || *number > std::numeric_limits<std::int64_t>::max() / factor)
    return fmt::format("'{}' is no size; give 65536, 64K or 1MiB", text);
  return *number * factor;
}

Parsed<std::pair<std::string, Shape>> parse_input_shape(std::string_view text) {
  const std::string wrong = fmt::format(
      "'{}' is no shape of an input; give NAME=1x3x96x96, every dimension at least 1", text);
  const std::size_t equals = text.rfind('=');
  if (equals == std::string_view::npos || equals == 0) return wrong;
  Shape shape;
  std::string_view rest = text.substr(equals + 1);
  while (true) {
    const std::size_t cross = rest.find('x');
    const auto dimension = parse_number<std::int64_t>(rest.substr(0, cross));
    if (!dimension || *dimension < 1) return wrong;
    shape.push_back(*dimension);
    if (cross == std::string_view::npos) break;
    rest.remove_prefix(cross + 1);
  }
  return std::pair{std::string(text.substr(0, equals)), std::move(shape)};
}

Parsed<std::pair<std::string, std::int64_t>> parse_bank(std::string_view text) {
  const std::size_t equals = text.find('=');
  if (equals != std::string_view::npos && equals > 0) {
    const Parsed<std::int64_t> bytes = parse_bytes(text.substr(equals + 1));
    if (const auto* count = std::get_if<std::int64_t>(&bytes))
      return std::pair{std::string(text.substr(0, equals)), *count};
  }
  return fmt::format("'{}' is no part of a bank; give NAME=BYTES, as in dtcm=16K", text);
}

Parsed<std::pair<std::string, std::string>> parse_place(std::string_view text) {
  const std::size_t equals = text.find('=');
  const std::string_view port = text.substr(0, equals);
  if (equals == std::string_view::npos || equals + 1 == text.size() ||
      (port != "input" && port != "output"))
    return fmt::format("'{}' is no place; give input=BANK or output=BANK, as in input=dtcm", text);
  return std::pair{std::string(port), std::string(text.substr(equals + 1))};
}

Parsed<std::array<double, 3>> parse_channels(std::string_view text) {
  const std::string wrong =
      fmt::format("'{}' is neither a number nor three; give one number or R,G,B", text);
  std::vector<double> values;
  while (true) {
    const std::size_t comma = text.find(',');
    const auto value = parse_number<double>(text.substr(0, comma));
    if (!value || !std::isfinite(*value)) return wrong;
    values.push_back(*value);
    if (comma == std::string_view::npos) break;
    text.remove_prefix(comma + 1);
  }
  if (values.size() == 1) values.resize(3, values.front());
  if (values.size() != 3) return wrong;
  return std::array{values[0], values[1], values[2]};
}

Parsed<std::array<double, 3>> parse_scales(std::string_view text) {
  auto parsed = parse_channels(text);
  const auto* scales = std::get_if<std::array<double, 3>>(&parsed);
  if (scales && std::count(scales->begin(), scales->end(), 0.0) > 0)
    return std::string("must not be 0: every picture would be the same");
  return parsed;
}

std::string vendor_complaint(std::string_view text) {
  const auto allowed = [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-' || c == '_';
  };
  if (!text.empty() && text.size() <= 60 && std::all_of(text.begin(), text.end(), allowed))
    return {};
  return fmt::format("'{}' is not of letters, digits, - and _, at most 60", text);
}

std::string url_complaint(std::string_view text) {
  constexpr std::string_view kOthers = "-._~:/?#[]@!$()*+,;=%";
  const auto allowed = [&](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 ||
           kOthers.find(c) != std::string_view::npos;
  };
  const bool shaped = text.starts_with("https://") || text.starts_with("http://");
  if (shaped && text.size() <= 255 && std::all_of(text.begin(), text.end(), allowed)) return {};
  return fmt::format("'{}' is not like https://example.org/page", text);
}

std::string readable_count(std::int64_t count) {
  std::string digits = std::to_string(count);
  for (std::size_t at = digits.size(); at > 3; at -= 3) digits.insert(at - 3, 1, ',');
  return digits;
}

std::string counted(std::size_t count, std::string_view thing) {
  return fmt::format("{} {}{}", count, thing, count == 1 ? "" : "s");
}

}  // namespace linnet
