// See write_files.h.
#include "compiler/support/write_files.h"

#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <string>
#include <system_error>
#include <vector>

namespace linnet {
namespace {

namespace fs = std::filesystem;

// E501: the output folder cannot be made or written.
Diagnostic cannot_write(const fs::path& path, const std::string& reason) {
  return {"E501", "", "", "cannot write to '" + path.string() + "': " + reason,
          "choose another folder with -o, or make room and give yourself permission"};
}

// Removed with all it holds when the scope ends.
struct TemporaryFolder {
  fs::path path;
  explicit TemporaryFolder(fs::path where) : path(std::move(where)) {}
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  ~TemporaryFolder() {
    std::error_code ignored;
    fs::remove_all(path, ignored);
  }
};

Result<Nothing> write_file(const fs::path& path, const std::string& text) {
  std::error_code error;
  if (path.has_parent_path()) fs::create_directories(path.parent_path(), error);
  if (error) return cannot_write(path, error.message());
  errno = 0;
  std::ofstream file(path, std::ios::binary);
  file.write(text.data(), static_cast<std::streamsize>(text.size()));
  file.close();
  if (!file) return cannot_write(path, std::error_code(errno, std::generic_category()).message());
  return ok();
}

std::string manifest_of(const std::map<std::string, std::string>& files) {
  std::string text;
  for (const auto& [name, contents] : files) text += name + "\n";
  return text;
}

// Gives the names of the files that are gone.
std::vector<std::string> remove_stale(const fs::path& target,
                                      const std::vector<std::string>& old_names,
                                      const std::map<std::string, std::string>& files) {
  std::vector<std::string> removed;
  for (const std::string& name : old_names) {
    const fs::path relative = fs::path(name).lexically_normal();
    const bool inside = relative.is_relative() && !relative.empty() && *relative.begin() != "..";
    if (!inside || files.contains(name)) continue;
    // A file that is gone already, or a folder that a stranger's file keeps, is no error.
    std::error_code ignored;
    if (fs::remove(target / relative, ignored)) removed.push_back(name);
    for (fs::path parent = relative.parent_path(); !parent.empty(); parent = parent.parent_path()) {
      fs::remove(target / parent, ignored);
    }
  }
  return removed;
}

// What stands in the way of `name` and is somebody's own: the file itself, or a file where it needs a folder; else "".
std::string strangers_at(const fs::path& target, const std::string& name,
                         const std::vector<std::string>& own_names) {
  std::error_code ignored;
  for (fs::path folder = fs::path(name).parent_path(); !folder.empty();
       folder = folder.parent_path()) {
    const bool in_the_way = fs::exists(fs::symlink_status(target / folder, ignored)) &&
                            !fs::is_directory(target / folder, ignored);
    if (in_the_way) return folder.string();
  }
  const bool own = std::find(own_names.begin(), own_names.end(), name) != own_names.end();
  const fs::file_status status = fs::symlink_status(target / name, ignored);
  return fs::exists(status) && (!own || fs::is_directory(status)) ? name : std::string();
}

Result<Nothing> check_strangers(const fs::path& folder, const fs::path& target,
                                const std::vector<std::string>& own_names,
                                const std::map<std::string, std::string>& files) {
  std::vector<std::string> strangers;
  for (const auto& [name, text] : files) {
    const std::string found = strangers_at(target, name, own_names);
    if (!found.empty() && (strangers.empty() || strangers.back() != found))
      strangers.push_back(found);
  }
  if (strangers.empty()) return ok();
  std::string list;
  const std::size_t shown = std::min<std::size_t>(strangers.size(), 3);
  for (std::size_t i = 0; i < shown; ++i) list += (i == 0 ? "" : ", ") + strangers[i];
  if (strangers.size() > shown)
    list += " and " + std::to_string(strangers.size() - shown) + " more";
  // E504: somebody's own files would be lost.
  return Diagnostic{"E504", "", "",
                    "'-o " + folder.string() + "' holds " + list + ", which Linnet did not write",
                    "choose another folder"};
}

// Whether the file in place has these bytes already. It then keeps its time, and a build tool has nothing to do for it.
bool is_unchanged(const fs::path& path, const std::string& text) {
  std::error_code error;
  if (!fs::is_regular_file(fs::symlink_status(path, error))) return false;
  if (fs::file_size(path, error) != text.size() || error) return false;
  std::ifstream file(path, std::ios::binary);
  std::string there(text.size(), '\0');
  file.read(there.data(), static_cast<std::streamsize>(there.size()));
  return file && there == text;
}

// Moves a file of the temporary folder over the one in place.
Result<Nothing> move_into(const fs::path& from, const fs::path& to) {
  std::error_code error;
  fs::create_directories(to.parent_path(), error);
  if (!error) fs::rename(from, to, error);
  if (error) return cannot_write(to, error.message());
  return ok();
}

}  // namespace

std::vector<std::string> written_before(const fs::path& folder) {
  std::vector<std::string> names;
  std::ifstream file(folder / kManifest);
  for (std::string name; std::getline(file, name);) names.push_back(name);
  return names;
}

Result<WrittenFiles> write_files(const fs::path& folder,
                                 const std::map<std::string, std::string>& files) {
  if (folder.empty()) return cannot_write(folder, "it has no name");
  fs::path target = fs::absolute(folder).lexically_normal();
  if (!target.has_filename()) target = target.parent_path();  // "out/"
  std::error_code error;
  const bool exists = fs::exists(target, error);
  if (exists && !fs::is_directory(target, error)) return cannot_write(folder, "it is not a folder");
  const std::vector<std::string> old_names = written_before(target);
  if (const Result<Nothing> free = check_strangers(folder, target, old_names, files); !free)
    return free.diagnostics();

  fs::create_directories(target.parent_path(), error);
  if (error) return cannot_write(folder, error.message());
  const std::string unique = ".linnet-" + std::to_string(::getpid());
  // Inside an existing folder, so that only it must be writable; else beside its final place.
  const TemporaryFolder temporary(
      exists ? target / unique : target.parent_path() / (target.filename().string() + unique));
  std::vector<std::string> changed;
  for (const auto& [name, text] : files) {
    if (is_unchanged(target / name, text)) continue;
    changed.push_back(name);
    const Result<Nothing> written = write_file(temporary.path / name, text);
    if (written) continue;
    // The folder's name, not the temporary one's, is what the user knows.
    Diagnostic diagnostic = written.diagnostics().front();
    const std::string reason = diagnostic.message.substr(diagnostic.message.rfind("': ") + 3);
    return cannot_write(folder, reason);
  }
  if (!is_unchanged(target / kManifest, manifest_of(files))) {
    changed.emplace_back(kManifest);  // last: it names what is there
    if (Result<Nothing> kept = write_file(temporary.path / kManifest, manifest_of(files)); !kept)
      return kept.diagnostics();
  }
  if (!exists) {
    fs::rename(temporary.path, target, error);
    if (error) return cannot_write(folder, error.message());
    return WrittenFiles{};
  }
  for (const std::string& name : changed) {
    const Result<Nothing> moved = move_into(temporary.path / name, target / name);
    if (!moved) return moved.diagnostics();
  }
  return WrittenFiles{remove_stale(target, old_names, files)};
}

void touch(const fs::path& path) {
  std::error_code ignored;
  fs::last_write_time(path, fs::file_time_type::clock::now(), ignored);
}

Result<Nothing> replace_file(const std::filesystem::path& given, const std::string& text) {
  std::error_code ignored;
  const fs::file_status status = fs::status(given, ignored);
  const bool special =
      fs::exists(status) && !fs::is_regular_file(status) && !fs::is_directory(status);
  if (special) return write_file(given, text);
  fs::path path = given;
  if (fs::is_symlink(given, ignored))
    path = fs::exists(status) ? fs::canonical(given, ignored)
                              : given.parent_path() / fs::read_symlink(given, ignored);
  fs::path temporary = path;
  temporary += ".linnet-" + std::to_string(getpid());
  if (const Result<Nothing> written = write_file(temporary, text); !written) {
    fs::remove(temporary, ignored);
    return cannot_write(path, "its folder takes no new file");
  }
  std::error_code error;
  fs::rename(temporary, path, error);
  if (!error) return ok();
  const std::string reason = error.message();
  fs::remove(temporary, error);
  return cannot_write(path, reason);
}

}  // namespace linnet
