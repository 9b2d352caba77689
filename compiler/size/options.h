// What `linnet size` takes besides the options of `compile`.
#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

#include "compiler/size/compare.h"

namespace linnet {

enum class SizeFormat : std::uint8_t { table, markdown, json, github };

struct SizeOptions {
  std::vector<std::filesystem::path> networks;  // models, and folders that `compile` wrote
  std::filesystem::path baseline;               // empty: nothing to compare with
  Tolerance tolerance;
  bool update = false;  // write the baseline
  SizeFormat format = SizeFormat::table;
  std::filesystem::path comment;  // a file for the Markdown too; empty: none
};

}  // namespace linnet
