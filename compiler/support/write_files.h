// Writes generated files: everything into a temporary folder beside the target, then renamed into place, so that no
// half-written output is left behind when the disk is full or the folder cannot be written.
//
// The folder keeps a list of what was written (.linnet_files): the next call replaces those files and removes those that it
// has no use for. A file that is not in the list is somebody's own and is never replaced. A file that would get the bytes
// that it has is left alone, time and all, so that a build tool compiles what changed and nothing else.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "compiler/support/result.h"

namespace linnet {

struct WrittenFiles {
  std::vector<std::string> removed;  // of an earlier call, and of no use to this one
};

// `files` maps paths below `folder` to contents. E501 when the folder cannot be written, E504 when it holds a file of one
// of these names that no earlier call wrote; nothing is written then.
Result<WrittenFiles> write_files(const std::filesystem::path& folder,
                                 const std::map<std::string, std::string>& files);

// Beside the files: their names, one a line.
inline constexpr const char* kManifest = ".linnet_files";

// The names of the files that an earlier call wrote into the folder; none where there was none.
std::vector<std::string> written_before(const std::filesystem::path& folder);

// Gives a file that was written, or left as it was, today's time: it is what a build tool compares.
void touch(const std::filesystem::path& path);

// One file, whole or not at all; what was there is replaced. Of a link it is the file that the link names; a pipe or a device
// (/dev/stdout) is written to as it is. E501 when it cannot be written.
Result<Nothing> replace_file(const std::filesystem::path& path, const std::string& text);

}  // namespace linnet
