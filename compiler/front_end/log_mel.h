// The log-mel front end on the compiling machine: its parameters, the constants that the device reads, and features of
// calibration data, made with the device's own code (linnet/log_mel.h).
//
//   --front-end log-mel --front-end-options rate=44100,n_fft=1024,hop=320,mels=64,low=50,high=14000
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "compiler/ir/graph.h"
#include "compiler/support/result.h"

namespace linnet {

struct LogMelTables;  // log_mel_tables.h

struct LogMelOptions {
  std::int64_t rate = 44100;  // samples a second
  std::int64_t n_fft = 1024, hop = 320, mels = 64;
  double low_hz = 50, high_hz = 14000;
  // What the model takes: dB * scale + offset.
  double scale = 1, offset = 0;
};

// "name=value,..." over the defaults. E320 when a name is unknown, a value no number, or the whole makes no sense.
Result<LogMelOptions> parse_log_mel_options(std::string_view text);

// The front end of one network: the constants of a LogMel, computed in double and rounded once.
class LogMelFrontEnd {
 public:
  // `options` are sound; `frames` is the number of rows that the network takes, hop * frames > n_fft / 2. `mapped_columns`:
  // so many columns of the input have a scale and an offset of their own (compiler/ir/columns.h), constants as well.
  LogMelFrontEnd(const LogMelOptions& options, std::int64_t frames,
                 std::int64_t mapped_columns = 0);

  const LogMelOptions& options() const { return options_; }
  std::int64_t frames() const { return frames_; }
  std::int64_t clip_samples() const { return options_.hop * frames_; }
  std::int64_t memory_bytes() const;    // state and work in RAM, a multiple of 8
  std::int64_t constant_bytes() const;  // in flash

  const LogMelTables& tables() const { return *tables_; }

  // [frames][mels] dB of a sound of any length: padded with zeros or cut, as the device does.
  std::vector<float> rows(std::span<const std::int16_t> samples) const;
  // The same as the model takes it: dB * scale + offset.
  std::vector<float> model_rows(std::span<const std::int16_t> samples) const;

 private:
  LogMelOptions options_;
  std::int64_t frames_, mapped_columns_;
  std::shared_ptr<const LogMelTables> tables_;
};

// For this model, whose only input is rows of `mels` columns: [1, 1, frames, mels], [1, frames, mels, 1] or with fewer ones in the
// model, one channel on the device. E321 when it is not, or when its rows make a clip of half a frame or less.
Result<LogMelFrontEnd> make_log_mel(const Graph& graph, const LogMelOptions& options);

}  // namespace linnet
