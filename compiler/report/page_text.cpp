// See page_text.h.
#include "compiler/report/page_text.h"

#include <fmt/format.h>

#include <cmath>
#include <cstdint>

namespace linnet {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";

struct Decoded {
  char32_t code = 0;
  std::size_t bytes = 0;  // 0: no UTF-8
};

// The character at the beginning of `text`, by the table of RFC 3629: shortest form, no surrogates.
Decoded decode(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<std::uint8_t>(text[i]); };
  const std::uint8_t lead = byte(0);
  if (lead < 0x80) return {lead, 1};
  const std::size_t bytes = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  if (lead < 0xC2 || lead > 0xF4 || text.size() < bytes) return {};
  auto code = static_cast<char32_t>(lead & (0x7F >> bytes));
  for (std::size_t i = 1; i < bytes; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return {};
    code = code << 6 | (byte(i) & 0x3FU);
  }
  const bool too_long = (bytes == 3 && code < 0x800) || (bytes == 4 && code < 0x10000);
  if (too_long || code > 0x10FFFF || (code >= 0xD800 && code < 0xE000)) return {};
  return {code, bytes};
}

bool is_harmful(char32_t code) {
  const bool control = code < 0x20 || (code >= 0x7F && code < 0xA0);
  const bool direction = (code >= 0x202A && code <= 0x202E) || (code >= 0x2066 && code <= 0x2069) ||
                         code == 0x200E || code == 0x200F || code == 0x061C;
  const bool line_end = code == 0x2028 || code == 0x2029;
  return control || direction || line_end || code == 0xFEFF;
}

}  // namespace

std::string clean_name(std::string_view name) {
  std::string text;
  while (!name.empty()) {
    const Decoded next = decode(name);
    if (next.bytes == 0 || is_harmful(next.code)) {
      text += kReplacement;
    } else {
      text += name.substr(0, next.bytes);
    }
    name.remove_prefix(next.bytes == 0 ? 1 : next.bytes);
  }
  return text;
}

std::string json_for_script(const Json& json) {
  std::string text;
  for (const char c : to_line(json)) {
    if (c == '<') {
      text += "\\u003c";
    } else {
      text += c;
    }
  }
  return text;
}

std::string markdown_code(std::string_view name) {
  std::string text = "`";
  for (const char c : clean_name(name)) {
    if (c == '`') {
      text += '\'';
    } else if (c == '|') {
      text += "\\|";
    } else {
      text += c;
    }
  }
  return text == "`" ? "` `" : text + "`";
}

std::string share_text(double part, double all) {
  return all > 0 ? fmt::format("{:.1f} %", 100 * part / all) : "-";
}

std::string decibels(double sqnr_db) {
  return std::isfinite(sqnr_db) ? fmt::format("{:.1f} dB", sqnr_db) : "exact";
}

}  // namespace linnet
