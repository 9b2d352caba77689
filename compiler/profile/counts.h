// Runs an image in the emulator under our plugin (plugin/count_blocks.c) and gives how often each block was executed.
#pragma once

#include <cstdint>
#include <vector>

#include "compiler/profile/listing.h"
#include "compiler/verify/run.h"

namespace linnet {

struct BlockCount {
  std::uint32_t address = 0;
  std::uint32_t instructions = 0;
  std::int32_t layer = -1;  // in which it was executed; -1: between layers
  std::uint64_t executions = 0;
};

struct CountedRun {
  NetworkRun run;
  std::vector<BlockCount> blocks;  // by address, length, layer
};

// `samples`: the first is the warm-up. E402 when the emulator does not take the plugin.
Result<CountedRun> run_counted(const Image& image, const Toolchain& tools,
                               const NetworkUnderTest& network, const Listing& listing,
                               const std::vector<Values>& samples);

}  // namespace linnet
