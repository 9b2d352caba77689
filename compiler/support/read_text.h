// A file as a text.
#pragma once

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

namespace linnet {

// Its bytes; "" when it cannot be read.
inline std::string read_text(const std::filesystem::path& path) {
  const std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  if (file) text << file.rdbuf();
  return text.str();
}

}  // namespace linnet
