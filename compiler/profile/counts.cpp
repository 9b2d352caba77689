// Marks in, counts out; see counts.h and plugin/count_blocks.c for the files' layout.
#include "compiler/profile/counts.h"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <tuple>

#include "compiler/emit/runtime_files.h"

namespace linnet {
namespace {

namespace fs = std::filesystem;

constexpr const char* kPluginFile = "count_blocks.so";
constexpr const char* kMarksFile = "profile.marks";
constexpr const char* kCountsFile = "profile.counts";

std::string marks_text(const Listing& listing) {
  std::string text =
      fmt::format("begin {:x}\nend {:x}\n", listing.profile_begin, listing.profile_end);
  for (const LayerMark& mark : listing.marks) {
    if (mark.layer < 0) {
      fmt::format_to(std::back_inserter(text), "no_layer {:x}\n", mark.address);
    } else {
      fmt::format_to(std::back_inserter(text), "{} {:x} {}\n", mark.entry ? "enter" : "layer",
                     mark.address, mark.layer);
    }
  }
  return text;
}

Result<Nothing> put(const fs::path& path, std::string_view bytes) {
  std::ofstream file(path, std::ios::binary);
  file.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  if (!file.flush())
    return Diagnostic{
        "E590", {}, {}, path.string() + " cannot be written", "set TMPDIR to a folder with room"};
  return ok();
}

std::vector<BlockCount> read_counts(const fs::path& path) {
  std::vector<BlockCount> blocks;
  std::ifstream file(path);
  BlockCount block;
  while (file >> std::hex >> block.address >> std::dec >> block.instructions >> block.layer >>
         block.executions)
    blocks.push_back(block);
  std::sort(blocks.begin(), blocks.end(), [](const BlockCount& a, const BlockCount& b) {
    return std::tie(a.address, a.instructions, a.layer) <
           std::tie(b.address, b.instructions, b.layer);
  });
  return blocks;
}

}  // namespace

Result<CountedRun> run_counted(const Image& image, const Toolchain& tools,
                               const NetworkUnderTest& network, const Listing& listing,
                               const std::vector<Values>& samples) {
  for (const auto& [name, bytes] :
       {std::pair<const char*, std::string>{kPluginFile, embedded_text("plugin/count_blocks.so")},
        {kMarksFile, marks_text(listing)}})
    if (const Result<Nothing> written = put(image.folder / name, bytes); !written)
      return written.diagnostics();

  Toolchain counting = tools;  // the plugin goes before "-kernel IMAGE"
  const std::vector<std::string> plugin{
      "-plugin", fmt::format("./{},marks={},counts={}", kPluginFile, kMarksFile, kCountsFile)};
  counting.runner.insert(counting.runner.end() - 1, plugin.begin(), plugin.end());
  Result<std::vector<NetworkRun>> runs = run(image, counting, {network}, {samples}, false);
  if (!runs) {
    Diagnostics why = runs.diagnostics();
    if (why.front().message.find("plugin") != std::string::npos) {
      // E402: an external program is there but cannot do what is needed
      return Diagnostic{"E402",
                        {},
                        {},
                        "the emulator does not take Linnet's plugin: " + why.front().message,
                        "use qemu-system-arm of Debian 12 (7.2)"};
    }
    return why;
  }
  CountedRun counted{std::move(runs->front()), read_counts(image.folder / kCountsFile)};
  if (counted.blocks.empty())
    return Diagnostic{"E402",
                      {},
                      {},
                      "the emulator's plugin wrote no counts",
                      "use qemu-system-arm of Debian 12 (7.2)"};
  return counted;
}

}  // namespace linnet
