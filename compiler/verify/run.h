// Runs a built image on samples and reads back what it gave.
#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "compiler/verify/build.h"

namespace linnet {

using Values = std::vector<TensorValue>;  // one for each input or output

// What a network gave.
struct NetworkRun {
  std::vector<Values> outputs;  // by sample, as they lie in the arenas
  // By sample: what detect() gave, its Detections and then (where there are masks) the mask of each.
  std::vector<std::vector<std::byte>> detections;
  std::int64_t stack_bytes = 0;  // high-water mark on the board; 0 on the host
  // With BuildOptions::trace, of the first sample: the output of every layer, all rows, by index into kLayers.
  std::map<std::size_t, std::vector<std::byte>> layers;
};

// `samples[i]` are the inputs of networks[i], in the device's layout and types. A program that crashes or does not end is
// our defect (E911).
Result<std::vector<NetworkRun>> run(const Image& image, const Toolchain& tools,
                                    const std::vector<NetworkUnderTest>& networks,
                                    const std::vector<std::vector<Values>>& samples, bool trace);

}  // namespace linnet
