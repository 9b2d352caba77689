// See count_image.h.
#include "compiler/profile/count_image.h"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>
#include <span>

#include "compiler/verify/subprocess.h"

namespace linnet {
namespace {

namespace fs = std::filesystem;

Result<Listing> list_image(const Image& image, const ProfileTools& tools) {
  const std::vector<Finished> finished =
      run_processes({{{tools.objdump, "-t", "-C", "image"}, image.folder},
                     {{tools.objdump, "-d", "--no-show-raw-insn", "image"}, image.folder}});
  for (const Finished& one : finished)
    if (!one.succeeded())  // E402: an external program is there but cannot do what is needed
      return Diagnostic{"E402",
                        {},
                        {},
                        "arm-none-eabi-objdump cannot read the image: " + one.output,
                        "use binutils-arm-none-eabi of Debian 12"};
  Listing listing = read_listing(finished[0].output, finished[1].output);
  assert(listing.profile_begin != 0 && listing.profile_end != 0 && !listing.instructions.empty() &&
         "the harness has its markers");
  return listing;
}

}  // namespace

Result<ProfileTools> find_profile_tools(int optimization) {
  ProfileTools tools;
  Diagnostics missing;
  Result<Toolchain> toolchain = find_toolchain(Machine::qemu, optimization);
  if (toolchain) {
    tools.toolchain = *std::move(toolchain);
  } else {
    missing = toolchain.diagnostics();
  }
  tools.objdump = find_tool(
      {"arm-none-eabi-objdump", "binutils-arm-none-eabi", "to read the image's instructions"},
      missing);
  tools.llvm_mca = find_tool({"llvm-mca", "llvm", "to model the Cortex-M7's cycles"}, missing);
  if (!missing.empty()) return missing;
  return tools;
}

Result<CountedImage> count_image(const Image& image, const ProfileTools& tools,
                                 const NetworkUnderTest& network,
                                 const std::vector<Values>& samples) {
  Result<Listing> listing = list_image(image, tools);
  if (!listing) return listing.diagnostics();
  Result<CountedRun> counted = run_counted(image, tools.toolchain, network, *listing, samples);
  if (!counted) return counted.diagnostics();
  return CountedImage{*std::move(listing), *std::move(counted)};
}

std::vector<BlockCycles> cycles_of(const CountedImage& image, const ProfileTools& tools,
                                   const fs::path& folder) {
  const Listing& listing = image.listing;
  const std::vector<BlockCount>& blocks = image.counted.blocks;
  std::vector<std::span<const Instruction>> texts;
  for (const BlockCount& block : blocks) {
    const std::size_t first = listing.instruction_at(block.address);
    const std::size_t count =
        std::min<std::size_t>(block.instructions, listing.instructions.size() - first);
    texts.emplace_back(listing.instructions.data() + first, count);
  }
  std::vector<BlockCycles> cycles = model_cycles(texts, tools.llvm_mca, folder);
  for (std::size_t b = 0; b < blocks.size(); ++b)  // what objdump does not show as instructions
    cycles[b].unmodelled += blocks[b].instructions - texts[b].size();
  return cycles;
}

Result<Nothing> keep_image(const Image& image, const fs::path& keep, const std::string& name) {
  std::error_code error;
  fs::create_directories(keep, error);
  for (const auto& [from, to] : {std::pair{"image", ".elf"}, {"image.map", ".map"}})
    if (!error)
      fs::copy_file(image.folder / from, keep / (name + to), fs::copy_options::overwrite_existing,
                    error);
  if (error)
    return Diagnostic{"E501",
                      {},
                      {},
                      fmt::format("cannot write to '{}': {}", keep.string(), error.message()),
                      "choose another folder with --keep"};
  return ok();
}

}  // namespace linnet
