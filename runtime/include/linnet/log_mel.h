// Log-mel features of a sound, row by row as its samples come: what an audio network takes as input.
//
//   16-bit samples -> frame -> Hann window -> spectrum -> power -> mel bands -> 10 log10 -> a row of dB
//
//      samples   |---------------- clip: frames * hop ----------------|
//      frame 0 --^--          centred at sample 0, the left half a mirror image
//      frame 1      --^--     one hop later
//      frame last                                              --^--   the right half beyond the end a mirror image
//
// The definition is torchlibrosa's (and librosa's: centred frames, reflection, Slaney's mel scale and area norm, ref 1.0,
// amin 1e-10, no top_db); docs/log-mel.md writes its float32 arithmetic down to the bit.
//
// Of a clip only what the next frame needs is kept: n_fft samples. State and working memory are the caller's,
// memory_bytes() of them, aligned to 8; no heap, nothing static. Every call runs to its end; a stream belongs to one thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "linnet/dsp/real_fft.h"

namespace linnet {
inline namespace LINNET_VERSION_NAMESPACE {

// What a call did. A clip has a fixed length: a shorter sound is padded with zeros by finish(), a longer one cut.
struct LogMelStatus {
  std::int32_t rows;            // rows made so far, of LogMel::frames
  std::size_t ignored_samples;  // of this call: they lie behind the clip's end
  std::size_t padded_samples;   // of this call: zeros that finish() added
};

// A band is a triangle of weights over bins first_bin, first_bin + 1, ...
struct MelBand {
  std::uint16_t first_bin, bins;
};

// The front end's constants, all in flash. n_fft is a power of two in [64, 8192], 1 <= hop <= n_fft, hop * frames > n_fft / 2.
struct LogMel {
  std::int32_t n_fft, hop, bands, frames;
  std::int32_t first_bin, last_bin;  // that any band has a weight for, within 1 .. n_fft / 2 - 1
  const float* half_window;          // [n_fft / 2 + 1]: Hann / 65536, the rising half; 0 first
  const dsp::Complex*
      twiddles;          // [n_fft / 16][7]: cosine and sine of 2 pi j k / (n_fft / 2), j = 1..7
  const float* quarter;  // [n_fft / 4 + 1]: cosine of 2 pi k / n_fft
  const MelBand* band;   // [bands]
  const float* weights;  // of all bands, one after the other
  const float* (*make_row)(const LogMel& front_end,
                           std::byte* memory) noexcept;  // log_mel_row<n_fft>

  constexpr std::int32_t clip_samples() const noexcept { return hop * frames; }
  constexpr std::size_t memory_bytes() const noexcept { return memory_bytes(n_fft, bands); }
  // State, the last n_fft samples, n_fft floats to work in, a row.
  static constexpr std::size_t memory_bytes(std::int32_t n_fft, std::int32_t bands) noexcept {
    return sizeof(State) + static_cast<std::size_t>(6 * n_fft + 4 * bands);
  }

  // Forgets what was before; the first call of every clip.
  void begin(std::byte* memory) const noexcept;

  // Takes samples of any number and calls on_row(row, const float* db) for each row that they complete, db[bands]. With the
  // clip's last sample all rows are made.
  template <class OnRow>
  LogMelStatus push_samples(std::byte* memory, const std::int16_t* samples, std::size_t count,
                            OnRow&& on_row) const noexcept;

  // Ends a sound that is shorter than the clip; does nothing more when it is complete already.
  template <class OnRow>
  LogMelStatus finish(std::byte* memory, OnRow&& on_row) const noexcept;

 private:
  struct State {
    std::int32_t taken;   // samples of the clip
    std::int32_t rows;    // made
    std::int32_t filled;  // samples in the history, which begins at sample rows * hop - n_fft / 2
    std::int32_t unused;
  };

  template <std::int32_t kFft>
  friend const float* log_mel_row(const LogMel& front_end, std::byte* memory) noexcept;

  static State& state_of(std::byte* memory) noexcept {
    return *static_cast<State*>(static_cast<void*>(memory));
  }
  std::int16_t* history_of(std::byte* memory) const noexcept {
    return static_cast<std::int16_t*>(static_cast<void*>(memory + sizeof(State)));
  }
  dsp::Complex* work_of(std::byte* memory) const noexcept {
    return static_cast<dsp::Complex*>(static_cast<void*>(memory + sizeof(State) + 2 * n_fft));
  }
  float* row_of(std::byte* memory) const noexcept {
    return static_cast<float*>(static_cast<void*>(memory + sizeof(State) + 6 * n_fft));
  }

  void mirror_beginning(std::int16_t* history) const noexcept;
  void mirror_end(const State& state, std::int16_t* history) const noexcept;
  template <class OnRow>
  void make_rows(std::byte* memory, OnRow&& on_row) const noexcept;
  // samples == nullptr: zeros.
  template <class OnRow>
  void take(std::byte* memory, const std::int16_t* samples, std::int32_t count,
            OnRow&& on_row) const noexcept;
};

// A row of dB, in the stream's memory, of the frame that lies there. A function for each length of frames, so that all
// addresses and loops are constants, and only the one that is used is linked.
template <std::int32_t kFft>
[[gnu::noinline]] const float* log_mel_row(const LogMel& front_end, std::byte* memory) noexcept {
  dsp::Complex* const z = front_end.work_of(memory);
  dsp::power_spectrum<kFft>(front_end.history_of(memory), front_end.half_window, front_end.twiddles,
                            front_end.quarter, front_end.first_bin, front_end.last_bin, z);
  float* const row = front_end.row_of(memory);
  const float* weight = front_end.weights;
  for (std::int32_t m = 0; m < front_end.bands; ++m) {
    const dsp::Complex* power = z + front_end.band[m].first_bin;
    std::int32_t bins = front_end.band[m].bins;
    float sum = 0;
    for (; bins >= 4; bins -= 4, power += 4, weight += 4) {
      sum = dsp::mla_f32(sum, power[0].re, weight[0]);
      sum = dsp::mla_f32(sum, power[1].re, weight[1]);
      sum = dsp::mla_f32(sum, power[2].re, weight[2]);
      sum = dsp::mla_f32(sum, power[3].re, weight[3]);
    }
    for (; bins > 0; --bins, ++power, ++weight) sum = dsp::mla_f32(sum, power->re, *weight);
    row[m] = dsp::mul_f32(4.34294462f, dsp::log_f32(sum > 1e-10f ? sum : 1e-10f));
  }
  return row;
}

// dB as codes of an int8 input: clamp(round_even(db * scale + offset)), the network's own scale and zero point folded in.
// `step` 1: scale and offset are arrays, one of each for each band; 0: the first is for all.
inline void quantize_bands(const float* db, std::int32_t bands, const float* scale,
                           const float* offset, std::int32_t step, std::int8_t* codes) noexcept {
  for (std::int32_t m = 0; m < bands; ++m, scale += step, offset += step) {
    float value = dsp::mla_f32(*offset, db[m], *scale);
    value = value < -128.0f ? -128.0f : value > 127.0f ? 127.0f : value;
    codes[m] = static_cast<std::int8_t>(dsp::rne_f32(value));
  }
}

// The same for a float input: db * scale + offset.
inline void scale_bands(const float* db, std::int32_t bands, const float* scale,
                        const float* offset, std::int32_t step, float* values) noexcept {
  for (std::int32_t m = 0; m < bands; ++m, scale += step, offset += step)
    values[m] = dsp::mla_f32(*offset, db[m], *scale);
}

// ---- implementation ----

inline void LogMel::begin(std::byte* memory) const noexcept {
  // The history begins half a frame before the clip. The window is 0 at a frame's first sample, the only one that no mirror
  // image fills.
  state_of(memory) = {0, 0, n_fft / 2, 0};
  std::memset(history_of(memory), 0, 2 * static_cast<std::size_t>(n_fft / 2));
}

// Sample -i is sample i.
inline void LogMel::mirror_beginning(std::int16_t* history) const noexcept {
  for (std::int32_t i = 1; i < n_fft / 2; ++i) history[n_fft / 2 - i] = history[n_fft / 2 + i];
}

// Sample n + i of a clip of n samples is sample n - 2 - i.
inline void LogMel::mirror_end(const State& state, std::int16_t* history) const noexcept {
  for (std::int32_t i = state.filled; i < n_fft; ++i)
    history[i] = history[2 * (state.filled - 1) - i];
}

// Every row whose samples are there; at the clip's end all that are left.
template <class OnRow>
void LogMel::make_rows(std::byte* memory, OnRow&& on_row) const noexcept {
  State& state = state_of(memory);
  std::int16_t* const history = history_of(memory);
  while (state.rows < frames) {
    const bool whole = state.filled == n_fft;
    if (!whole && state.taken < clip_samples()) return;
    if (state.rows == 0) mirror_beginning(history);
    const std::int32_t kept = state.filled - hop;
    if (!whole) mirror_end(state, history);
    const std::int32_t row = state.rows;
    const float* const db = make_row(*this, memory);
    std::memmove(history, history + hop, 2 * static_cast<std::size_t>(kept));
    state.filled = kept;
    ++state.rows;
    on_row(row, db);
  }
}

template <class OnRow>
void LogMel::take(std::byte* memory, const std::int16_t* samples, std::int32_t count,
                  OnRow&& on_row) const noexcept {
  State& state = state_of(memory);
  while (count > 0) {
    const std::int32_t room = n_fft - state.filled;
    const std::int32_t part = room < count ? room : count;
    std::int16_t* const to = history_of(memory) + state.filled;
    const std::size_t bytes = 2 * static_cast<std::size_t>(part);
    if (samples == nullptr) {
      std::memset(to, 0, bytes);
    } else {
      std::memcpy(to, samples, bytes);
      samples += part;
    }
    state.filled += part;
    state.taken += part;
    count -= part;
    make_rows(memory, on_row);
  }
}

template <class OnRow>
LogMelStatus LogMel::push_samples(std::byte* memory, const std::int16_t* samples, std::size_t count,
                                  OnRow&& on_row) const noexcept {
  const State& state = state_of(memory);
  const auto left = static_cast<std::size_t>(clip_samples() - state.taken);
  const std::size_t used = count < left ? count : left;
  take(memory, samples, static_cast<std::int32_t>(used), on_row);
  return {state.rows, count - used, 0};
}

template <class OnRow>
LogMelStatus LogMel::finish(std::byte* memory, OnRow&& on_row) const noexcept {
  const State& state = state_of(memory);
  const std::int32_t left = clip_samples() - state.taken;
  take(memory, nullptr, left, on_row);
  return {state.rows, 0, static_cast<std::size_t>(left)};
}

}  // namespace LINNET_VERSION_NAMESPACE
}  // namespace linnet
