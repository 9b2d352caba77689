// Values as the command line spells them.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "compiler/emit/text.h"
#include "compiler/ir/tensor_type.h"

namespace linnet {

// What an option's text means, or what is wrong with it: "'256Q' is no size; give 65536, 64K or 1MiB".
template <class T>
using Parsed = std::variant<T, std::string>;

// Bytes: "65536", "64K", "64KB", "64KiB", "1M", "1MB", "1MiB", in small letters too; K is 1024 and M 1024 K.
Parsed<std::int64_t> parse_bytes(std::string_view text);

// "input=1x3x96x96".
Parsed<std::pair<std::string, Shape>> parse_input_shape(std::string_view text);

// "dtcm=16K".
Parsed<std::pair<std::string, std::int64_t>> parse_bank(std::string_view text);

// "input=dtcm" or "output=axi".
Parsed<std::pair<std::string, std::string>> parse_place(std::string_view text);

// One number or three (R,G,B).
Parsed<std::array<double, 3>> parse_channels(std::string_view text);
// The same, and none is 0.
Parsed<std::array<double, 3>> parse_scales(std::string_view text);

// Of a package. A vendor has letters, digits, '-' and '_'; an address a scheme, and nothing that XML, JSON or YAML would
// escape. What is wrong, or "".
std::string vendor_complaint(std::string_view text);
std::string url_complaint(std::string_view text);

// 1234567 -> "1,234,567"
std::string readable_count(std::int64_t count);
// "1 file", "2 files"
std::string counted(std::size_t count, std::string_view thing);

}  // namespace linnet
