// See parse_values.h.
#include "compiler/cli/parse_values.h"

#include <fmt/format.h>
#include <algorithm>
#include <cmath>

#include <charconv>
#include <limits>

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

std::optional<std::int64_t> parse_bytes(std::string_view text) {
  const std::size_t digits = text.find_first_not_of("0123456789");
  const std::string_view unit =
      digits == std::string_view::npos ? std::string_view{} : text.substr(digits);
  std::int64_t factor = 0;
  if (unit.empty() || unit == "B") factor = 1;
  if (unit == "K" || unit == "KB" || unit == "KiB") factor = 1024;
  if (unit == "M" || unit == "MB" || unit == "MiB") factor = 1024 * 1024;
  const auto number = parse_number<std::int64_t>(text.substr(0, digits));
  if (factor == 0 || !number || *number > std::numeric_limits<std::int64_t>::max() / factor)
    return std::nullopt;
  return *number * factor;
}

std::optional<std::pair<std::string, Shape>> parse_input_shape(std::string_view text) {
  const std::size_t equals = text.rfind('=');
  if (equals == std::string_view::npos || equals == 0) return std::nullopt;
  Shape shape;
  std::string_view rest = text.substr(equals + 1);
  while (true) {
    const std::size_t cross = rest.find('x');
    const auto dimension = parse_number<std::int64_t>(rest.substr(0, cross));
    if (!dimension || *dimension < 1) return std::nullopt;
    shape.push_back(*dimension);
    if (cross == std::string_view::npos) break;
    rest.remove_prefix(cross + 1);
  }
  return std::pair{std::string(text.substr(0, equals)), std::move(shape)};
}

std::optional<std::array<double, 3>> parse_channels(std::string_view text) {
  std::vector<double> values;
  while (true) {
    const std::size_t comma = text.find(',');
    const auto value = parse_number<double>(text.substr(0, comma));
    if (!value || !std::isfinite(*value)) return std::nullopt;
    values.push_back(*value);
    if (comma == std::string_view::npos) break;
    text.remove_prefix(comma + 1);
  }
  if (values.size() == 1) values.resize(3, values.front());
  if (values.size() != 3) return std::nullopt;
  return std::array{values[0], values[1], values[2]};
}

std::optional<std::array<double, 3>> parse_scales(std::string_view text) {
  const auto scales = parse_channels(text);
  if (!scales || std::count(scales->begin(), scales->end(), 0.0) > 0) return std::nullopt;
  return scales;
}

std::string readable_bytes(std::int64_t bytes) {
  if (bytes < 1024) return fmt::format("{} B", bytes);
  const double kib = static_cast<double>(bytes) / 1024;
  return kib < 10000 ? fmt::format("{:.1f} KiB", kib) : fmt::format("{:.1f} MiB", kib / 1024);
}

std::string readable_count(std::int64_t count) {
  std::string digits = std::to_string(count);
  for (std::size_t at = digits.size(); at > 3; at -= 3) digits.insert(at - 3, 1, ',');
  return digits;
}

}  // namespace linnet
