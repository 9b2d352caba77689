// See wave_file.h.
#include "tests/support/wave_file.h"

#include <fstream>
#include <string>

namespace linnet::testing {

void write_wave(const std::filesystem::path& path, std::uint32_t rate, std::uint16_t channels,
                std::span<const std::int16_t> samples) {
  std::string text;
  const auto number = [&](std::uint32_t value, int bytes) {
    for (int i = 0; i < bytes; ++i) text += static_cast<char>(value >> (8 * i) & 0xff);
  };
  const auto bytes = static_cast<std::uint32_t>(2 * samples.size());
  text += "RIFF";
  number(36 + bytes, 4);
  text += "WAVEfmt ";
  number(16, 4);
  number(1, 2);  // integers
  number(channels, 2);
  number(rate, 4);
  number(rate * channels * 2, 4);
  number(2u * channels, 2);
  number(16, 2);
  text += "data";
  number(bytes, 4);
  for (const std::int16_t sample : samples) number(static_cast<std::uint16_t>(sample), 2);
  std::ofstream(path, std::ios::binary) << text;
}

}  // namespace linnet::testing
