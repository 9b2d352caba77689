// Which files of the runtime a network needs: the kernels' headers and all that they include.
#pragma once

#include <set>
#include <string>
#include <string_view>

namespace linnet {

// Paths as in embedded_files(), for kernels by name ("conv2d_s8_1x1") and for other headers by path ("linnet/detect.h"). A
// missing file is our defect (assertion).
std::set<std::string> runtime_files(const std::set<std::string>& kernels,
                                    const std::set<std::string>& headers = {});

// Text of an embedded file.
std::string_view embedded_text(std::string_view path);

// The same as it is put into generated folders: the runtime's inline namespace gets a hash of all its files, so that two
// folders link together even when they come from two builds of the same version.
std::string bundled_text(std::string_view path);

}  // namespace linnet
