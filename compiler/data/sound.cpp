// Decodes sounds with libsndfile, which no other file includes; see sound.h.
#include "compiler/data/sound.h"

#include <fmt/format.h>
#include <sndfile.h>

#include <algorithm>
#include <cctype>
#include <cmath>
#include <memory>
#include <string>

namespace linnet {

bool is_sound(const std::filesystem::path& path) {
  std::string ending = path.extension().string();
  std::transform(ending.begin(), ending.end(), ending.begin(),
                 [](unsigned char c) { return std::tolower(c); });
  return ending == ".wav" || ending == ".flac" || ending == ".ogg" || ending == ".aiff" ||
         ending == ".aif";
}

Result<std::vector<std::int16_t>> read_sound(const std::filesystem::path& path, std::int64_t rate) {
  std::error_code error;
  if (!std::filesystem::is_regular_file(path, error))
    return Diagnostic{
        "E202", {}, {}, fmt::format("'{}' cannot be read", path.string()), "check the path"};
  SF_INFO info{};
  const std::unique_ptr<SNDFILE, int (*)(SNDFILE*)> file(sf_open(path.c_str(), SFM_READ, &info),
                                                         sf_close);
  if (!file || info.channels < 1) {
    // E230: a file with a sound's name and nothing that can be decoded.
    return Diagnostic{"E230",
                      {},
                      {},
                      fmt::format("'{}' is no sound that can be decoded: {}", path.string(),
                                  sf_strerror(file.get())),
                      "save it again as a 16-bit .wav file"};
  }
  if (info.samplerate != rate) {
    // E231: features of a sound at another rate would be those of another sound.
    return Diagnostic{
        "E231",
        {},
        {},
        fmt::format("'{}' has {} samples a second where the front end takes {}", path.string(),
                    info.samplerate, rate),
        fmt::format("resample it (sox IN -r {} OUT), or give the network's own rate with "
                    "--front-end-options rate=N",
                    rate)};
  }
  std::vector<std::int16_t> samples;
  const auto channels = static_cast<std::size_t>(info.channels);
  constexpr std::size_t kFrames = 4096;
  std::vector<double> frames(kFrames * channels);
  for (;;) {
    const sf_count_t count = sf_readf_double(file.get(), frames.data(), kFrames);
    if (count <= 0) break;
    for (std::size_t i = 0; i < static_cast<std::size_t>(count); ++i) {
      double sum = 0;
      for (std::size_t c = 0; c < channels; ++c) sum += frames[i * channels + c];
      const double value = std::nearbyint(sum / static_cast<double>(channels) * 32768);
      const double limited = std::isnan(value) ? 0 : std::clamp(value, -32768.0, 32767.0);
      samples.push_back(static_cast<std::int16_t>(limited));
    }
  }
  return samples;
}

}  // namespace linnet
