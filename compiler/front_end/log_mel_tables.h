// The constants of a log-mel front end as the device reads them (linnet/log_mel.h says what they are). Apart from log_mel.h, so
// that what merely has a front end need not read the runtime.
#pragma once

#include <vector>

#include "compiler/front_end/log_mel.h"
#include "linnet/log_mel.h"

namespace linnet {

struct LogMelTables {
  LogMelTables(const LogMelOptions& options, std::int64_t frames);
  LogMelTables(const LogMelTables&) = delete;
  LogMelTables& operator=(const LogMelTables&) = delete;

  std::vector<float> half_window;
  std::vector<dsp::Complex> twiddles;
  std::vector<float> quarter;
  std::vector<MelBand> bands;
  std::vector<float> weights;
  LogMel layer{};  // points into the vectors

 private:
  void make_bands(const LogMelOptions& options);
};

}  // namespace linnet
