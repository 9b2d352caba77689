// Values as the command line spells them.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "compiler/ir/tensor_type.h"

namespace linnet {

// Bytes: "65536", "64K", "64KB", "64KiB", "1M", "1MB", "1MiB"; K is 1024 and M 1024 K.
std::optional<std::int64_t> parse_bytes(std::string_view text);

// "input=1x3x96x96".
std::optional<std::pair<std::string, Shape>> parse_input_shape(std::string_view text);

// One number or three (R,G,B).
std::optional<std::array<double, 3>> parse_channels(std::string_view text);
// The same, and none is 0.
std::optional<std::array<double, 3>> parse_scales(std::string_view text);

// 71270 -> "69.6 KiB"
std::string readable_bytes(std::int64_t bytes);
// 1234567 -> "1,234,567"
std::string readable_count(std::int64_t count);

}  // namespace linnet
