// See log_mel.h; the formulas are those of models/sounds.py and docs/log-mel.md.
#include "compiler/front_end/log_mel.h"

#include "compiler/front_end/log_mel_tables.h"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>
#include <charconv>
#include <cmath>
#include <limits>
#include <map>
#include <numbers>

namespace linnet {
namespace {

// E320: parameters of the front end that make no sense.
Diagnostic bad_option(std::string message, std::string hint) {
  return {"E320", "", "", "--front-end-options: " + std::move(message), std::move(hint)};
}

Result<Nothing> check_log_mel_options(const LogMelOptions& o) {
  constexpr std::int64_t kLeast = 64, kMost = 8192;
  const bool power_of_two = o.n_fft > 0 && (o.n_fft & (o.n_fft - 1)) == 0;
  if (!power_of_two || o.n_fft < kLeast || o.n_fft > kMost)
    return bad_option(
        fmt::format("n_fft={} is no power of two from {} to {}", o.n_fft, kLeast, kMost),
        "give the length of the frames that the network was trained on");
  if (o.hop < 1 || o.hop > o.n_fft)
    return bad_option(fmt::format("hop={} is not within 1 and n_fft={}", o.hop, o.n_fft),
                      "give the samples from one frame to the next");
  if (o.rate < 1 || o.rate > 1'000'000)
    return bad_option(fmt::format("rate={} is no sample rate", o.rate), "give samples a second");
  if (o.mels < 1 || o.mels > 1024)
    return bad_option(fmt::format("mels={} is not within 1 and 1024", o.mels),
                      "give the number of mel bands, which are the columns of the network's input");
  const double half = static_cast<double>(o.rate) / 2;
  if (!(o.low_hz >= 0) || !(o.high_hz > o.low_hz) || o.high_hz > half)
    return bad_option(
        fmt::format("low={} and high={} Hz are no range of frequencies up to half the rate, {}",
                    o.low_hz, o.high_hz, half),
        "give 0 <= low < high <= rate/2");
  if (!std::isfinite(o.scale) || !std::isfinite(o.offset) || o.scale == 0)
    return bad_option(
        fmt::format("scale={} and offset={} leave nothing of the features", o.scale, o.offset),
        "the network is given dB * scale + offset");
  return ok();
}

template <class T>
bool read_number(std::string_view text, T& value) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size();
}

// Slaney's scale: linear up to 1000 Hz (mel 15), logarithmic above.
double mel_of(double hz) {
  return hz < 1000 ? hz * 3 / 200 : 15 + 27 * std::log(hz / 1000) / std::log(6.4);
}
double hz_of(double mel) {
  return mel < 15 ? mel * 200 / 3 : 1000 * std::exp((mel - 15) * std::log(6.4) / 27);
}

// The length of a frame is a constant of the code that makes a row.
auto row_function(std::int32_t n_fft) -> decltype(LogMel::make_row) {
  switch (n_fft) {
    case 64: return log_mel_row<64>;
    case 128: return log_mel_row<128>;
    case 256: return log_mel_row<256>;
    case 512: return log_mel_row<512>;
    case 1024: return log_mel_row<1024>;
    case 2048: return log_mel_row<2048>;
    case 4096: return log_mel_row<4096>;
    case 8192: return log_mel_row<8192>;
  }
  assert(false && "check_log_mel_options() lets no other through");
  return nullptr;
}

}  // namespace

Result<LogMelOptions> parse_log_mel_options(std::string_view text) {
  LogMelOptions options;
  const std::map<std::string_view, std::int64_t*> integers{{"rate", &options.rate},
                                                           {"n_fft", &options.n_fft},
                                                           {"hop", &options.hop},
                                                           {"mels", &options.mels}};
  const std::map<std::string_view, double*> reals{{"low", &options.low_hz},
                                                  {"high", &options.high_hz},
                                                  {"scale", &options.scale},
                                                  {"offset", &options.offset}};
  while (!text.empty()) {
    const std::string_view item = text.substr(0, text.find(','));
    text.remove_prefix(std::min(text.size(), item.size() + 1));
    const std::size_t equals = std::min(item.find('='), item.size());
    const std::string_view name = item.substr(0, equals);
    const std::string_view value = item.substr(std::min(item.size(), equals + 1));
    const auto integer = integers.find(name);
    const auto real = reals.find(name);
    if (integer == integers.end() && real == reals.end())
      return bad_option(fmt::format("there is no '{}'", name),
                        "there are rate, n_fft, hop, mels, low, high, scale and offset");
    const bool read = integer != integers.end() ? read_number(value, *integer->second)
                                                : read_number(value, *real->second);
    if (!read)
      return bad_option(fmt::format("'{}' is no number for {}", value, name),
                        integer != integers.end() ? "give a whole number" : "give a number");
  }
  if (const Result<Nothing> good = check_log_mel_options(options); !good) return good.diagnostics();
  return options;
}

LogMelTables::LogMelTables(const LogMelOptions& options, std::int64_t frames) {
  const std::int64_t n = options.n_fft;
  // Of k / of turns; double misses the cosine of a right angle by 6e-17.
  const auto cosine = [](std::int64_t k, std::int64_t of) {
    const double value =
        std::cos(2 * std::numbers::pi * static_cast<double>(k) / static_cast<double>(of));
    return std::abs(value) < 1e-12 ? 0.0 : value;
  };
  // 1/32768 makes fractions of samples, and the spectrum's last step leaves a half out.
  for (std::int64_t i = 0; i <= n / 2; ++i)
    half_window.push_back(static_cast<float>((0.5 - 0.5 * cosine(i, n)) / 65536));
  const std::int64_t m = n / 2;
  for (std::int64_t k = 0; k < m / 8; ++k) {
    for (std::int64_t j = 1; j < 8; ++j)
      twiddles.push_back(
          {static_cast<float>(cosine(j * k, m)), static_cast<float>(cosine(j * k - m / 4, m))});
  }
  for (std::int64_t k = 0; k <= n / 4; ++k) quarter.push_back(static_cast<float>(cosine(k, n)));
  make_bands(options);

  layer.n_fft = static_cast<std::int32_t>(n);
  layer.hop = static_cast<std::int32_t>(options.hop);
  layer.bands = static_cast<std::int32_t>(options.mels);
  layer.frames = static_cast<std::int32_t>(frames);
  layer.first_bin = layer.n_fft / 2 - 1;
  layer.last_bin = 1;
  for (const MelBand& band : bands) {
    if (band.bins == 0) continue;
    layer.first_bin = std::min<std::int32_t>(layer.first_bin, band.first_bin);
    layer.last_bin = std::max<std::int32_t>(layer.last_bin, band.first_bin + band.bins - 1);
  }
  layer.half_window = half_window.data();
  layer.twiddles = twiddles.data();
  layer.quarter = quarter.data();
  layer.band = bands.data();
  layer.weights = weights.data();
  layer.make_row = row_function(layer.n_fft);
}

// Triangles between neighbouring mel frequencies, each of area 2 (in Hz); weights of 0 are left out.
void LogMelTables::make_bands(const LogMelOptions& options) {
  const std::int64_t count = options.mels;
  const double lowest = mel_of(options.low_hz), highest = mel_of(options.high_hz);
  std::vector<double> edges;
  for (std::int64_t i = 0; i < count + 2; ++i)
    edges.push_back(hz_of(lowest + (highest - lowest) * static_cast<double>(i) /
                                       static_cast<double>(count + 1)));
  for (std::size_t b = 0; b < static_cast<std::size_t>(count); ++b) {
    const double left = edges[b], centre = edges[b + 1], right = edges[b + 2];
    MelBand band{1, 0};
    // Bins 0 and n_fft/2 lie at or beyond the outer edges.
    for (std::int64_t k = 1; k < options.n_fft / 2; ++k) {
      const double hz = static_cast<double>(k * options.rate) / static_cast<double>(options.n_fft);
      const double height =
          std::min((hz - left) / (centre - left), (right - hz) / (right - centre));
      const auto weight = static_cast<float>(height * 2 / (right - left));
      if (!(weight > 0)) continue;
      if (band.bins == 0) band.first_bin = static_cast<std::uint16_t>(k);
      ++band.bins;
      weights.push_back(weight);
    }
    bands.push_back(band);
  }
}

LogMelFrontEnd::LogMelFrontEnd(const LogMelOptions& options, std::int64_t frames,
                               std::int64_t mapped_columns)
    : options_(options),
      frames_(frames),
      mapped_columns_(mapped_columns),
      tables_(std::make_shared<const LogMelTables>(options, frames)) {}

std::int64_t LogMelFrontEnd::memory_bytes() const {
  return static_cast<std::int64_t>((tables_->layer.memory_bytes() + 7) / 8 * 8);
}

std::int64_t LogMelFrontEnd::constant_bytes() const {
  const std::size_t words = tables_->half_window.size() + 2 * tables_->twiddles.size() +
                            tables_->quarter.size() + tables_->bands.size() +
                            tables_->weights.size() + 2 * static_cast<std::size_t>(mapped_columns_);
  return static_cast<std::int64_t>(sizeof(float) * words);
}

std::vector<float> LogMelFrontEnd::rows(std::span<const std::int16_t> samples) const {
  const LogMel& layer = tables_->layer;
  const auto mels = static_cast<std::size_t>(options_.mels);
  std::vector<double> memory(static_cast<std::size_t>(memory_bytes()) / sizeof(double));
  auto* const bytes = reinterpret_cast<std::byte*>(memory.data());
  std::vector<float> made;
  made.reserve(static_cast<std::size_t>(frames_) * mels);
  const auto keep = [&](std::int32_t, const float* db) { made.insert(made.end(), db, db + mels); };
  layer.begin(bytes);
  layer.push_samples(bytes, samples.data(), samples.size(), keep);
  layer.finish(bytes, keep);
  return made;
}

std::vector<float> LogMelFrontEnd::model_rows(std::span<const std::int16_t> samples) const {
  std::vector<float> values = rows(samples);
  const auto scale = static_cast<float>(options_.scale);
  const auto offset = static_cast<float>(options_.offset);
  scale_bands(values.data(), static_cast<std::int32_t>(values.size()), &scale, &offset, 0,
              values.data());
  return values;
}

Result<LogMelFrontEnd> make_log_mel(const Graph& graph, const LogMelOptions& options) {
  // E321: a network that is not fed with such rows.
  const auto unfit = [](std::string message, std::string hint) {
    return Diagnostic{"E321", "", "", "--front-end log-mel: " + std::move(message),
                      std::move(hint)};
  };
  if (graph.inputs.size() != 1)
    return unfit(fmt::format("the network has {} inputs, and features of a sound are one",
                             graph.inputs.size()),
                 "leave --front-end out");
  const Port& port = graph.inputs.front();
  Shape shape = port.model_shape;
  while (shape.size() > 2 && shape.front() == 1) shape.erase(shape.begin());
  while (shape.size() > 2 && shape.back() == 1) shape.pop_back();
  const Shape& device = graph.type(port.tensor).shape;
  const bool one_channel = device.size() < 4 || device.back() == 1;
  const bool real = port.model_dtype == DType::f32 || port.model_dtype == DType::i8 ||
                    port.model_dtype == DType::u8;
  if (shape.size() != 2 || shape[1] != options.mels || !one_channel || !real) {
    const bool turned = shape.size() == 2 && shape[0] == options.mels;
    return unfit(
        fmt::format(
            "input '{}' is {} where rows of {} mel bands are made, one channel: 1x1xFRAMESx{}",
            port.name, to_string(port.model_shape), options.mels, options.mels),
        turned
            ? "export the network with time before mel bands"
            : "give the number of bands with --front-end-options mels=N, or leave --front-end out");
  }
  const std::int64_t frames = shape[0];
  if (frames > std::numeric_limits<std::int32_t>::max() / options.hop)
    return unfit(fmt::format("a clip of {} frames has too many samples", frames),
                 "use a shorter clip");
  if (frames * options.hop <= options.n_fft / 2)
    return unfit(
        fmt::format(
            "{} frames of hop {} are {} samples, where the mirror image at their ends needs more "
            "than {}",
            frames, options.hop, frames * options.hop, options.n_fft / 2),
        "use a longer clip or shorter frames");
  return LogMelFrontEnd(options, frames, port.columns ? options.mels : 0);
}

}  // namespace linnet
