// The baseline of `linnet size`: what networks took when somebody last looked, as JSON that diffs well. Names are sorted,
// numbers have a line each, and there is no path and no date in it.
//
//   {"linnet_size": 1, "networks": {"phinet_96": {"text": 25012, "rodata": 54076, ...}}}
#pragma once

#include <filesystem>
#include <map>
#include <string>

#include "compiler/size/size.h"
#include "compiler/support/json.h"

namespace linnet {

using Baseline = std::map<std::string, NetworkSize>;  // by name

inline constexpr std::int64_t kBaselineFormat = 1;

// E508 when there is no such file, E509 when it is not a baseline, E510 when its format is another one.
Result<Baseline> read_baseline(const std::filesystem::path& path);

// A network as the file has it.
Json network_json(const NetworkSize& size);

// Whether adopting `now` would change anything but by what it was compiled: such an entry stays as it is, for small diffs.
bool same_entry(const NetworkSize& before, const NetworkSize& now);

std::string baseline_text(const Baseline& baseline);

}  // namespace linnet
