// What the last `linnet build` went by, beside its output (.linnet_build): hashes, no times, so that a checkout of a repository
// that holds generated code is up to date.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "compiler/support/result.h"

namespace linnet {

struct ModelRecord {
  std::vector<std::string> arguments;         // of the project
  std::vector<std::string> extra;             // what was added so that the models fit together
  std::map<std::string, std::string> inputs;  // path, as it was typed -> hash
  std::string outputs;                        // hash of the generated folder

  bool operator==(const ModelRecord&) const = default;
};

struct BuildRecord {
  std::string tool;  // hash of the program
  std::string groups;
  std::map<std::string, ModelRecord> models;
};

// Of a file its contents, of a folder the names in it; "" when there is neither.
std::string hash_of_path(const std::filesystem::path& path);
// Of the files that .linnet_files of the folder lists; "" when one is missing.
std::string hash_of_generated(const std::filesystem::path& folder);

std::string to_text(const BuildRecord& record);
// None, or one of another version: an empty record, to which nothing is up to date.
BuildRecord read_record(const std::filesystem::path& file);

}  // namespace linnet
