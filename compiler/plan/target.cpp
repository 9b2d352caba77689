// Reads target.json; see target.h. A target is a folder of runtime/boards/ with this file:
//
//   { "name": "stm32h743", "flash_bytes": 2097152, "stack_bytes": 2048,
//     "memory": [ {"name": "dtcm", "size_bytes": 126976, "rank": 0, "dma": false}, ... ] }
#include "compiler/plan/target.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "compiler/support/embedded_files.h"

namespace linnet {
namespace {

// The files are ours: one that does not parse is our defect, so exceptions of the parser may end
// the program.
Target parse_target(std::string_view text) {
  const nlohmann::json json = nlohmann::json::parse(text);
  Target target;
  target.name = json.at("name").get<std::string>();
  target.stack_bytes = json.value("stack_bytes", target.stack_bytes);
  if (json.contains("flash_bytes")) target.flash_bytes = json.at("flash_bytes").get<std::int64_t>();
  for (const nlohmann::json& entry : json.at("memory")) {
    MemoryBank bank;
    bank.name = entry.at("name").get<std::string>();
    if (entry.contains("size_bytes")) bank.size_bytes = entry.at("size_bytes").get<std::int64_t>();
    bank.rank = entry.value("rank", 0);
    bank.dma = entry.value("dma", true);
    target.banks.push_back(std::move(bank));
  }
  std::stable_sort(target.banks.begin(), target.banks.end(),
                   [](const MemoryBank& a, const MemoryBank& b) { return a.rank < b.rank; });
  return target;
}

std::vector<Target> all_targets() {
  std::vector<Target> targets;
  for (const EmbeddedFile& file : embedded_files()) {
    if (!file.path.starts_with("boards/") || !file.path.ends_with("/target.json")) continue;
    targets.push_back(parse_target(file.text));
  }
  return targets;
}

}  // namespace

std::vector<std::string> target_names() {
  std::vector<std::string> names;
  for (const Target& target : all_targets()) names.push_back(target.name);
  return names;
}

Result<Target> find_target(std::string_view name) {
  std::string known;
  for (Target& target : all_targets()) {
    if (target.name == name) return std::move(target);
    known += (known.empty() ? "" : ", ") + target.name;
  }
  // E303: --target names no board folder.
  return Diagnostic{"E303", "", "", "unknown target '" + std::string(name) + "'",
                    "known targets: " + known};
}

}  // namespace linnet
