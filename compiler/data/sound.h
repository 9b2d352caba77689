// Sound files (.wav, .flac, .ogg, .aiff) as the device gets sounds: 16-bit samples of one channel.
#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

#include "compiler/support/result.h"

namespace linnet {

// By the name's ending.
bool is_sound(const std::filesystem::path& path);

// All samples: of several channels their mean, of other widths the nearest 16-bit number (halves to even). E202 when the file
// cannot be read, E230 when it is no sound, E231 when its rate is not `rate`: nothing is resampled.
Result<std::vector<std::int16_t>> read_sound(const std::filesystem::path& path, std::int64_t rate);

}  // namespace linnet
