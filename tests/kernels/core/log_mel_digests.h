// Digests of the log-mel front end. Its tables are random here: what a transform of nonsense gives depends on every operation
// and its order as well. Included by digests.cpp, once, after it has named the runtime's namespace.
#pragma once

#include "linnet/log_mel.h"
#include "tests/kernels/core/seeded.h"

namespace {

// A short clip in chunks of odd sizes, cut short and finished: all rows, and their codes.
template <std::int32_t kFft>
void digest_log_mel(Digests& digests, std::int32_t hop, std::int32_t frames) {
  constexpr std::int32_t n_fft = kFft;
  Numbers numbers{static_cast<std::uint32_t>(n_fft)};
  fill_floats(floats_of(input), kMemoryBytes / 4, numbers);
  fill_floats(floats_of(second), kMemoryBytes / 4, numbers);
  constexpr std::int32_t bands = 21;
  linnet::MelBand band[bands];
  for (std::int32_t b = 0; b < bands; ++b) {
    band[b].first_bin = static_cast<std::uint16_t>(1 + b);
    band[b].bins = static_cast<std::uint16_t>(b % 9);
  }
  const linnet::LogMel front_end{n_fft,
                                 hop,
                                 bands,
                                 frames,
                                 2,
                                 n_fft / 2 - 3,
                                 floats_of(input),
                                 static_cast<linnet::dsp::Complex*>(static_cast<void*>(second)),
                                 floats_of(input) + n_fft / 2 + 1,
                                 band,
                                 floats_of(input) + n_fft,
                                 linnet::log_mel_row<kFft>};
  Fnv fnv;
  const auto add = [&](std::int32_t row, const float* db) {
    std::int8_t codes[bands];
    const float scale = 0.7f, offset = -3.25f;
    linnet::quantize_bands(db, bands, &scale, &offset, 0, codes);
    fnv.add(static_cast<std::uint32_t>(row));
    for (std::int32_t b = 0; b < bands; ++b) {
      fnv.add(db[b]);
      fnv.add(static_cast<std::uint32_t>(codes[b]));
    }
  };
  front_end.begin(scratch);
  std::int16_t chunk[333];
  for (std::int32_t left = hop * frames - 50; left > 0;) {
    const std::int32_t count = numbers.integer(1, left < 333 ? left : 333);
    const std::int32_t quiet = numbers.integer(0, 12);
    for (std::int32_t i = 0; i < count; ++i)
      chunk[i] =
          static_cast<std::int16_t>(static_cast<std::int16_t>(numbers.word() >> 16) >> quiet);
    front_end.push_samples(scratch, chunk, static_cast<std::size_t>(count), add);
    left -= count;
  }
  front_end.finish(scratch, add);
  digests.add("log_mel", static_cast<std::uint32_t>(n_fft), fnv.value);
}

void digest_log_mels(Digests& digests) {
  digest_log_mel<64>(digests, 64, 9);
  digest_log_mel<128>(digests, 37, 12);
  digest_log_mel<256>(digests, 100, 7);
  digest_log_mel<512>(digests, 160, 6);
  digest_log_mel<1024>(digests, 320, 5);
}

}  // namespace
