// What `linnet size` takes besides the options of `compile`.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "compiler/size/compare.h"

namespace linnet {

enum class SizeFormat : std::uint8_t { table, markdown, json, github };

struct SizeOptions {
  // Models, folders that `compile` wrote, projects (their file or its folder); none: the project here.
  std::vector<std::filesystem::path> networks;
  std::filesystem::path baseline;  // empty: nothing to compare with
  Tolerance tolerance;
  bool update = false;  // write the baseline
  SizeFormat format = SizeFormat::table;
  std::filesystem::path comment;  // a file for the Markdown too; empty: none
  std::vector<std::string>
      compile_options;  // "--target": those given, which only models have a use for
};

}  // namespace linnet
