// The files that hold a project's models together: linnet_arenas.{hpp,cpp,h}, where models that never run together have one
// arena for each bank, and a CMakeLists.txt with the library linnet_models.
#pragma once

#include <map>
#include <string>

#include "compiler/project/build.h"

namespace linnet {

// By name, below the project's output.
std::map<std::string, std::string> arena_files(const BuiltProject& built);

}  // namespace linnet
