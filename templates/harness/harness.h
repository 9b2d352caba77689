// What `linnet verify` builds around generated networks: main() of main.cpp runs each of them on its samples.
//
// For a network NAME, in the working folder:
//
//   NAME.in      uint32 count of samples, then the inputs of each sample, as they lie in the arenas
//   NAME.out     written: the outputs of each sample; of a network with a detect() then the uint32 count of its Detections
//                and each of them, its mask (where there is one) behind it
//   NAME.trace   written when the network is built with its hooks: rows of the layers of the first sample, each as
//                TraceHeader and then its bytes
//
// On the standard output, a line for each network: NAME, and the most bytes of stack that run() took (0: not measured).
#pragma once

#include <cstddef>
#include <cstdint>

namespace linnet_harness {

struct Bytes {
  std::byte* begin;
  std::size_t size;
};

// One network, with its arenas bound. networks.cpp, which `linnet verify` writes, has the table.
struct Network {
  const char* in_path;
  const char* out_path;
  const char* trace_path;
  const char* name;
  void (*run)();
  void* (*input)(std::size_t index);
  const void* (*output)(std::size_t index);
  const std::size_t* input_bytes;  // one for each input
  std::size_t input_count;
  const std::size_t* output_bytes;
  std::size_t output_count;
  std::size_t (*detect)();  // null: the network has none
  const void* (*detection)(std::size_t index);
  std::size_t detection_bytes;
  const void* (*mask)(std::size_t index);
  std::size_t mask_bytes;
};

extern const Network networks[];
extern const std::size_t network_count;

// The memory of all arenas: filled with a pattern before each run, since no network may rely on what is there.
extern const Bytes arenas[];
extern const std::size_t arena_count;

// Before the rows of one step: which layer, which rows, and how many bytes each has here.
struct TraceHeader {
  std::uint32_t layer;
  std::uint32_t first_row;
  std::uint32_t row_count;
  std::uint32_t row_bytes;
};

// The hook LINNET_TRACE: stores the rows [first_row, first_row + row_count) of a layer's output.
struct TracedRows {
  std::int32_t pitch_bytes, capacity_rows;
  std::int32_t pixel_bytes, pixel_pitch_bytes;  // of a slice of a wider tensor's channels; 0 in a tensor of its own
};
void trace_rows(std::size_t layer, const std::byte* base, const TracedRows& rows,
                std::int32_t first_row, std::int32_t row_count);

}  // namespace linnet_harness
