// See runtime_files.h.
#include "compiler/emit/runtime_files.h"

#include <cassert>
#include <filesystem>
#include <span>
#include <utility>

#include "compiler/support/embedded_files.h"
#include "compiler/support/sha256.h"

namespace linnet {
namespace {

constexpr std::string_view kInclude = "#include \"linnet/";

// Paths "linnet/..." of the #include lines of `text`.
std::vector<std::string> includes(std::string_view text) {
  std::vector<std::string> found;
  for (std::size_t at = text.find(kInclude); at != std::string_view::npos;
       at = text.find(kInclude, at + 1)) {
    const std::size_t begin = at + kInclude.size() - std::string_view("linnet/").size();
    const std::size_t end = text.find('"', begin);
    if (end != std::string_view::npos) found.emplace_back(text.substr(begin, end - begin));
  }
  return found;
}

// The same text with the runtime's includes relative to the file itself. A generated folder then finds its own runtime,
// whatever other folders are on the include path.
std::string with_relative_includes(std::string_view path, std::string text) {
  const std::filesystem::path folder = std::filesystem::path(path).parent_path();
  for (std::size_t at = text.find(kInclude); at != std::string::npos;
       at = text.find(kInclude, at + 1)) {
    const std::size_t begin = text.find('"', at) + 1;
    const std::size_t end = text.find('"', begin);
    if (end == std::string::npos) break;
    const std::filesystem::path included(text.substr(begin, end - begin));
    text.replace(begin, end - begin, included.lexically_relative(folder).generic_string());
  }
  return text;
}

// Eight digits that differ when any file of the runtime does.
std::string runtime_hash() {
  Sha256 hash;
  for (const EmbeddedFile& file : embedded_files()) {
    if (file.path.substr(0, 7) == "linnet/") hash.update(std::as_bytes(std::span(file.text)));
  }
  return hash.hex().substr(0, 8);
}

}  // namespace

std::string_view embedded_text(std::string_view path) {
  for (const EmbeddedFile& file : embedded_files()) {
    if (file.path == path) return file.text;
  }
  assert(false && "the runtime is complete");
  return {};
}

std::string bundled_text(std::string_view path) {
  std::string text(embedded_text(path));
  if (path == "linnet/version.h") {
    const std::size_t end = text.find_last_not_of('\n') + 1;
    text.insert(end, "_" + runtime_hash());
  }
  return with_relative_includes(path, std::move(text));
}

std::set<std::string> runtime_files(const std::set<std::string>& kernels,
                                    std::vector<std::string> others) {
  std::set<std::string> files;
  std::vector<std::string> open = std::move(others);
  open.emplace_back("linnet/rows.h");
  for (const std::string& kernel : kernels) open.push_back("linnet/kernels/" + kernel + ".h");
  while (!open.empty()) {
    const std::string path = open.back();
    open.pop_back();
    if (!files.insert(path).second) continue;
    for (std::string& next : includes(embedded_text(path))) open.push_back(std::move(next));
  }
  return files;
}

}  // namespace linnet
