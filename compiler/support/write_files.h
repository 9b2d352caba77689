// Writes generated files: everything into a temporary folder beside the target, then renamed into place, so that no
// half-written output is left behind when the disk is full or the folder cannot be written.
#pragma once

#include <filesystem>
#include <map>
#include <string>

#include "compiler/support/result.h"

namespace linnet {

// `files` maps paths below `folder` to contents. Files of the same name are replaced, files of other names stay.
Result<Nothing> write_files(const std::filesystem::path& folder,
                            const std::map<std::string, std::string>& files);

}  // namespace linnet
