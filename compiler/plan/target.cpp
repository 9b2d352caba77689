// Reads target.json; see target.h. A target is a folder of runtime/boards/ with this file:
//
//   { "name": "stm32h743", "flash_bytes": 2097152, "stack_bytes": 2048,
//     "memory": [ {"name": "dtcm", "size_bytes": 126976, "rank": 0, "dma": false}, ... ] }
#include "compiler/plan/target.h"

#include <algorithm>
#include <cassert>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include "compiler/emit/text.h"
#include "compiler/support/embedded_files.h"
#include "compiler/support/json.h"

namespace linnet {
namespace {

// Throws JsonError.
Target target_of(const Json& json) {
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

// The files that the binary carries are ours: one that does not parse is our defect.
Target parse_target(std::string_view text) {
  const Result<Json> parsed = parse_json(text);
  assert(parsed);
  return target_of(*parsed);
}

// What is wrong with a target of the user's; "" when nothing is.
std::string complaint_of(const Target& target) {
  if (target.name.empty()) return "'name' is empty";
  if (target.banks.empty()) return "'memory' lists no bank";
  if (target.stack_bytes <= 0) return "'stack_bytes' is not positive";
  if (target.flash_bytes && *target.flash_bytes <= 0) return "'flash_bytes' is not positive";
  std::set<std::string> names;
  for (const MemoryBank& bank : target.banks) {
    if (!check_identifier(bank.name)) return "'" + harmless(bank.name) + "' is no name for a bank";
    // NAME_STACK_BYTES of the C header is the stack's.
    if (upper(bank.name) == "STACK") return "a bank cannot be named 'stack'";
    if (!names.insert(bank.name).second) return "bank '" + bank.name + "' is there twice";
    if (bank.size_bytes && *bank.size_bytes <= 0)
      return "'size_bytes' of bank '" + bank.name + "' is not positive";
  }
  const std::vector<std::string> known = target_names();
  if (std::find(known.begin(), known.end(), target.name) != known.end())
    return "'" + target.name + "' is the name of a target of Linnet's own";
  return {};
}

// E311: --target names a file that describes no target.
Result<Target> read_target(const std::filesystem::path& path) {
  const auto wrong = [&](const std::string& why) {
    return Diagnostic{"E311", "", "", "target file '" + path.string() + "': " + why,
                      "docs/boards.md shows one"};
  };
  std::ifstream file(path, std::ios::binary);
  if (!file) return wrong("it cannot be read");
  std::ostringstream text;
  text << file.rdbuf();
  const Result<Json> json = parse_json(text.str());
  if (!json) return wrong(json.diagnostics().front().message);
  try {
    Target target = target_of(*json);
    const std::string complaint = complaint_of(target);
    if (!complaint.empty()) return wrong(complaint);
    return target;
  } catch (const JsonError& error) {
    return wrong(error.message);
  }
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
  if (name.ends_with(".json")) return read_target(name);
  std::string known;
  for (Target& target : all_targets()) {
    if (target.name == name) return std::move(target);
    known += (known.empty() ? "" : ", ") + target.name;
  }
  // E303: --target names no board folder.
  return Diagnostic{"E303", "", "", "unknown target '" + std::string(name) + "'",
                    "known targets: " + known + "; or give a file, as docs/boards.md shows"};
}

}  // namespace linnet
