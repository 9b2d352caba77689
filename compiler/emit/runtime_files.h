// Which files of the runtime a network needs: the kernels' headers and all that they include.
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace linnet {

// Paths as in embedded_files(), for kernels by name ("conv2d_s8_1x1") and other files by path. A missing file is our defect
// (assertion).
std::set<std::string> runtime_files(const std::set<std::string>& kernels,
                                    std::vector<std::string> others = {});

// Text of an embedded file.
std::string_view embedded_text(std::string_view path);

// The same as it is put into generated folders: the runtime's inline namespace gets a hash of all its files, so that two
// folders link together even when they come from two builds of the same version. Its files include each other by relative
// paths, so that each folder is compiled with its own.
std::string bundled_text(std::string_view path);

}  // namespace linnet
