// Pieces of generated C++: literals, comments, words of data.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "compiler/support/result.h"

namespace linnet {

// "Dtcm" -> "DTCM": of macros.
std::string upper(std::string text);

// A float as a literal that reads back to the same bits: "0.5F", "__builtin_inff()".
std::string float_literal(float value);
std::string integer_literal(std::int64_t value);

// Any text as part of a // or /* */ comment or of a string literal: printable ASCII without quotes, backslashes,
// trigraphs and comment ends, at most `limit` characters.
std::string harmless(std::string_view text, std::size_t limit = 120);

// Bytes as lines of 64-bit little-endian hexadecimal words, four a line; the last word is padded with zeros.
std::string hex_words(std::span<const std::byte> bytes);
std::int64_t word_count(std::span<const std::byte> bytes);

// A C identifier made of any text (a file's stem): "my-net 2" gives "my_net_2".
std::string make_identifier(std::string_view text);
// E502 unless `name` can be a namespace and the start of C identifiers.
Result<Nothing> check_identifier(std::string_view name);

// 71270 -> "69.6 KiB"
std::string readable_bytes(std::int64_t bytes);

}  // namespace linnet
