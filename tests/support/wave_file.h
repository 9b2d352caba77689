// Writes 16-bit .wav files, for tests of what reads them.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>

namespace linnet::testing {

// Samples of all channels by turns.
void write_wave(const std::filesystem::path& path, std::uint32_t rate, std::uint16_t channels,
                std::span<const std::int16_t> samples);

}  // namespace linnet::testing
