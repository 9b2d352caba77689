// See text.h.
#include "compiler/emit/text.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cmath>
#include <limits>

namespace linnet {
namespace {

bool is_word(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }
bool is_digit(char c) { return std::isdigit(static_cast<unsigned char>(c)) != 0; }

// What C++17 and C11 reserve, namespaces that generated code itself uses, and what would hide the C library.
bool is_reserved(std::string_view name) {
  static constexpr std::array kWords{"alignas",
                                     "alignof",
                                     "and",
                                     "and_eq",
                                     "asm",
                                     "auto",
                                     "bitand",
                                     "bitor",
                                     "bool",
                                     "break",
                                     "case",
                                     "catch",
                                     "char",
                                     "char16_t",
                                     "char32_t",
                                     "class",
                                     "compl",
                                     "const",
                                     "constexpr",
                                     "const_cast",
                                     "continue",
                                     "decltype",
                                     "default",
                                     "delete",
                                     "do",
                                     "double",
                                     "dynamic_cast",
                                     "else",
                                     "enum",
                                     "explicit",
                                     "export",
                                     "extern",
                                     "false",
                                     "float",
                                     "for",
                                     "friend",
                                     "goto",
                                     "if",
                                     "inline",
                                     "int",
                                     "linnet",
                                     "long",
                                     "main",
                                     "mutable",
                                     "namespace",
                                     "new",
                                     "noexcept",
                                     "not",
                                     "not_eq",
                                     "nullptr",
                                     "operator",
                                     "or",
                                     "or_eq",
                                     "private",
                                     "protected",
                                     "public",
                                     "register",
                                     "reinterpret_cast",
                                     "restrict",
                                     "return",
                                     "short",
                                     "signed",
                                     "sizeof",
                                     "static",
                                     "static_assert",
                                     "static_cast",
                                     "std",
                                     "struct",
                                     "switch",
                                     "template",
                                     "this",
                                     "thread_local",
                                     "throw",
                                     "true",
                                     "try",
                                     "typedef",
                                     "typeid",
                                     "typename",
                                     "union",
                                     "unsigned",
                                     "using",
                                     "virtual",
                                     "void",
                                     "volatile",
                                     "wchar_t",
                                     "while",
                                     "xor",
                                     "xor_eq"};
  // NAME.h must not hide a header of the C library, nor the namespace NAME one of its functions.
  static constexpr std::array kLibrary{
      "abort",    "abs",     "access",    "assert",  "clock",   "close",  "complex", "cos",
      "ctype",    "div",     "errno",     "exit",    "exp",     "fenv",   "gamma",   "index",
      "inttypes", "iso646",  "j0",        "j1",      "jn",      "limits", "link",    "linux",
      "locale",   "log",     "math",      "memory",  "open",    "pipe",   "pow",     "random",
      "read",     "remove",  "rename",    "rindex",  "select",  "setjmp", "signal",  "sin",
      "stdalign", "stdarg",  "stdatomic", "stdbool", "stddef",  "stdint", "stdio",   "stdlib",
      "string",   "strings", "tan",       "tgmath",  "threads", "time",   "uchar",   "unistd",
      "unix",     "wchar",   "wctype",    "write",   "y0",      "y1",     "yn"};
  return std::find(kWords.begin(), kWords.end(), name) != kWords.end() ||
         std::find(kLibrary.begin(), kLibrary.end(), name) != kLibrary.end();
}

}  // namespace

std::string upper(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  return text;
}

std::string float_literal(float value) {
  if (std::isnan(value)) return "__builtin_nanf(\"\")";
  if (std::isinf(value)) return value > 0 ? "__builtin_inff()" : "-__builtin_inff()";
  std::string text = fmt::format("{}", value);
  if (text.find_first_of(".e") == std::string::npos) text += ".0";
  return text + "F";
}

std::string integer_literal(std::int64_t value) {
  if (value == std::numeric_limits<std::int32_t>::min()) return "-2147483647 - 1";
  const bool wide = value > std::numeric_limits<std::int32_t>::max() ||
                    value < std::numeric_limits<std::int32_t>::min();
  return std::to_string(value) + (wide ? "LL" : "");
}

std::string harmless(std::string_view text, std::size_t limit) {
  std::string out;
  for (const char c : text) {
    if (out.size() == limit) return out + "...";
    const bool plain = c >= ' ' && c <= '~' && c != '"' && c != '\\' && c != '?' && c != '\'';
    const bool ends_comment =
        !out.empty() && ((out.back() == '*' && c == '/') || (out.back() == '/' && c == '*'));
    out += plain && !ends_comment ? c : '_';
  }
  return out;
}

std::string hex_words(std::span<const std::byte> bytes) {
  static constexpr char kDigits[] = "0123456789abcdef";
  constexpr std::size_t kWord = 8;
  constexpr std::size_t kPerLine = 4;
  std::string text;
  text.reserve(bytes.size() * 5 / 2 + 64);
  std::size_t on_line = 0;
  for (std::size_t start = 0; start < bytes.size(); start += kWord) {
    text += on_line == 0 ? "    0x" : " 0x";
    for (std::size_t i = kWord; i-- > 0;) {
      const unsigned byte =
          start + i < bytes.size() ? std::to_integer<unsigned>(bytes[start + i]) : 0;
      text += kDigits[byte >> 4];
      text += kDigits[byte & 15];
    }
    text += ',';
    if (++on_line == kPerLine) {
      text += '\n';
      on_line = 0;
    }
  }
  if (bytes.empty()) text = "    0";
  if (on_line != 0 || bytes.empty()) text += '\n';
  return text;
}

std::int64_t word_count(std::span<const std::byte> bytes) {
  return std::max<std::int64_t>(1, static_cast<std::int64_t>((bytes.size() + 7) / 8));
}

std::string make_identifier(std::string_view text) {
  std::string name;
  for (const char c : text) {
    const char kept = is_word(c) ? c : '_';
    if (kept == '_' && (name.empty() || name.back() == '_')) continue;
    name += kept;
  }
  while (!name.empty() && name.back() == '_') name.pop_back();
  if (name.empty() || is_digit(name.front()) || is_reserved(name)) name = "network_" + name;
  if (name.back() == '_') name.pop_back();
  return name;
}

Result<Nothing> check_identifier(std::string_view name) {
  const bool shaped = !name.empty() && !is_digit(name.front()) && name.front() != '_' &&
                      std::all_of(name.begin(), name.end(), is_word) &&
                      name.find("__") == std::string_view::npos && name.size() <= 60;
  if (shaped && !is_reserved(name)) return ok();
  // E502: --name becomes a namespace, file names and the start of C identifiers.
  return Diagnostic{
      "E502", "", "", "the name '" + harmless(name) + "' is not usable as a C++ namespace",
      "give --name letters, digits and single underscores, starting with a letter, no "
      "keyword or name of the C library"};
}

std::string readable_bytes(std::int64_t bytes) {
  if (bytes < 1024) return fmt::format("{} B", bytes);
  const double kib = static_cast<double>(bytes) / 1024;
  return kib < 10000 ? fmt::format("{:.1f} KiB", kib) : fmt::format("{:.1f} MiB", kib / 1024);
}

}  // namespace linnet
