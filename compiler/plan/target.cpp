// Reads target.json; see target.h. A target is a folder of runtime/boards/ with this file:
//
//   { "name": "stm32h743", "flash_bytes": 2097152, "stack_bytes": 2048,
//     "memory": [ {"name": "dtcm", "size_bytes": 126976, "rank": 0, "dma": false}, ... ] }
#include "compiler/plan/target.h"

#include <algorithm>
#include <cassert>

#include "compiler/support/embedded_files.h"
#include "compiler/support/json.h"

namespace linnet {
namespace {

// The files are ours: one that does not parse is our defect.
Target parse_target(std::string_view text) {
  const Result<Json> parsed = parse_json(text);
  assert(parsed);
  const Json& json = *parsed;
  Target target;
  target.name = json.at("name").text();
  target.stack_bytes = json.integer_or("stack_bytes", target.stack_bytes);
  if (const Json* flash = json.find("flash_bytes")) target.flash_bytes = flash->integer();
  for (const Json& entry : json.at("memory").array()) {
    MemoryBank bank;
    bank.name = entry.at("name").text();
    if (const Json* size = entry.find("size_bytes")) bank.size_bytes = size->integer();
    bank.rank = static_cast<int>(entry.integer_or("rank", 0));
    if (const Json* dma = entry.find("dma")) bank.dma = dma->boolean();
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
