// An image that was built with marks (BuildOptions::profile), run and counted: what `linnet profile` and `linnet bench`
// share.
//
//   image ──► objdump ──► instructions, functions, marks ─┐
//     └─────► emulator with our plugin ◄── marks          │
//                 └─► executions of each block ───────────┴─► llvm-mca ──► cycles of each block
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "compiler/profile/counts.h"
#include "compiler/profile/cycles.h"
#include "compiler/profile/listing.h"

namespace linnet {

struct ProfileTools {
  Toolchain toolchain;
  std::string objdump, llvm_mca;
};

// `optimization`: 2 for -O2. E401 for each program that is missing.
Result<ProfileTools> find_profile_tools(int optimization = 2);

struct CountedImage {
  Listing listing;
  CountedRun counted;
};

// `samples`: the first is the warm-up. E402 when a program cannot do what is needed.
Result<CountedImage> count_image(const Image& image, const ProfileTools& tools,
                                 const NetworkUnderTest& network,
                                 const std::vector<Values>& samples);

// One result for each of the counted blocks. `folder` takes llvm-mca's input files.
std::vector<BlockCycles> cycles_of(const CountedImage& image, const ProfileTools& tools,
                                   const std::filesystem::path& folder);

// KEEP/NAME.elf and KEEP/NAME.map. E501 when they cannot be written.
Result<Nothing> keep_image(const Image& image, const std::filesystem::path& keep,
                           const std::string& name);

}  // namespace linnet
