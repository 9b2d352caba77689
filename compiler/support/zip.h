// A ZIP archive, its files stored as they are: no compression and no times, so the same files give the same bytes.
#pragma once

#include <map>
#include <string>

namespace linnet {

// `files` maps paths to contents; less than 4 GiB in all.
std::string zip_archive(const std::map<std::string, std::string>& files);

}  // namespace linnet
