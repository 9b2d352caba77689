// Runs every network of the table on its samples; see harness.h. Exit codes: 0, and 3 when a file cannot be read or written.
#include "harness.h"

#ifdef __arm__
#include "machine_board.h"
#else
#include "machine_host.h"
#endif

#ifdef LINNET_HARNESS_PROFILE
// What `linnet profile` counts is executed between calls of these two. Never inlined, merged or moved.
extern "C" {
__attribute__((noipa)) void linnet_profile_begin() { __asm__ volatile("" ::: "memory"); }
__attribute__((noipa)) void linnet_profile_end() { __asm__ volatile("" ::: "memory"); }
}
#endif

namespace linnet_harness {
namespace {

// The trace of the run that goes on, if it is traced.
File* trace_file = nullptr;

// Another pattern for each run: what a network reads before it has written it shows as a difference. The odd step makes
// neighbouring bytes differ.
void spoil_arenas(std::size_t run) {
  for (std::size_t i = 0; i < arena_count; ++i)
    for (std::size_t k = 0; k < arenas[i].size; ++k)
      arenas[i].begin[k] = static_cast<std::byte>((k * 37 + run * 101 + 0x5A) & 0xFF);
}

// One inference, its boxes included; gives their number. For `linnet profile` the first is a warm-up and all others count.
std::size_t run_once(const Network& network, [[maybe_unused]] std::uint32_t sample) {
#ifdef LINNET_HARNESS_PROFILE
  if (sample > 0) {
    linnet_profile_begin();
    network.run();
    const std::size_t boxes = network.detect != nullptr ? network.detect() : 0;
    linnet_profile_end();
    return boxes;
  }
#endif
  network.run();
  return network.detect != nullptr ? network.detect() : 0;
}

bool write_boxes(File& file, const Network& network, std::size_t count) {
  const auto stored = static_cast<std::uint32_t>(count);
  if (!file.write(&stored, sizeof stored)) return false;
  for (std::size_t i = 0; i < count; ++i) {
    if (!file.write(network.detection(i), network.detection_bytes)) return false;
    if (network.mask_bytes > 0 && !file.write(network.mask(i), network.mask_bytes)) return false;
  }
  return true;
}

bool run_samples(const Network& network) {
  File in(network.in_path, File::Mode::read);
  File out(network.out_path, File::Mode::write);
  std::uint32_t sample_count = 0;
  if (!in.opened() || !out.opened() || !in.read(&sample_count, sizeof sample_count)) return false;
#ifdef LINNET_HARNESS_TRACE
  File trace(network.trace_path, File::Mode::write);
  if (!trace.opened()) return false;
  trace_file = &trace;
#endif
  std::size_t most_stack_bytes = 0;
  for (std::uint32_t sample = 0; sample < sample_count; ++sample) {
    spoil_arenas(sample);
    for (std::size_t i = 0; i < network.input_count; ++i)
      if (!in.read(network.input(i), network.input_bytes[i])) return false;
    std::size_t box_count = 0;
    const std::size_t stack_bytes = measure_stack([&] { box_count = run_once(network, sample); });
    if (stack_bytes > most_stack_bytes) most_stack_bytes = stack_bytes;
    trace_file = nullptr;
    for (std::size_t i = 0; i < network.output_count; ++i)
      if (!out.write(network.output(i), network.output_bytes[i])) return false;
    if (network.detect != nullptr && !write_boxes(out, network, box_count)) return false;
  }
  report_stack(network.name, most_stack_bytes);
  return true;
}

}  // namespace

void trace_rows(std::size_t layer, const std::byte* base, const TracedRows& rows,
                std::int32_t first_row, std::int32_t row_count) {
  if (trace_file == nullptr) return;
  const bool slice = rows.pixel_pitch_bytes != 0;
  const std::int32_t piece = slice ? rows.pixel_bytes : rows.pitch_bytes;
  const std::int32_t step = slice ? rows.pixel_pitch_bytes : rows.pitch_bytes;
  const std::int32_t pieces = step == 0 ? 0 : rows.pitch_bytes / step;
  const TraceHeader header{static_cast<std::uint32_t>(layer), static_cast<std::uint32_t>(first_row),
                           static_cast<std::uint32_t>(row_count),
                           static_cast<std::uint32_t>(pieces * piece)};
  trace_file->write(&header, sizeof header);
  for (std::int32_t row = first_row; row < first_row + row_count; ++row)
    for (std::int32_t i = 0; i < pieces; ++i)
      trace_file->write(base + (row % rows.capacity_rows) * rows.pitch_bytes + i * step,
                        static_cast<std::size_t>(piece));
}

}  // namespace linnet_harness

int main() {
  using namespace linnet_harness;
  for (std::size_t i = 0; i < network_count; ++i)
    if (!run_samples(networks[i])) return 3;
  return 0;
}
