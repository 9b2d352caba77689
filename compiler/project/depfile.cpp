// See depfile.h.
#include "compiler/project/depfile.h"

#include <algorithm>

namespace linnet {
namespace {

namespace fs = std::filesystem;

// Spaces, '#' and '$' mean something to make. A backslash does only in front of a space or '#', and at the end of a word, which a
// space follows: there each is doubled.
std::string make_word(const fs::path& path) {
  std::string word;
  std::size_t backslashes = 0;  // just before here
  for (const char c : path.string()) {
    if (c == ' ' || c == '#') word.append(backslashes + 1, '\\');
    if (c == '$') word += '$';
    word += c;
    backslashes = c == '\\' ? backslashes + 1 : 0;
  }
  return word.append(backslashes, '\\');
}

// What make_word() made of a path, up to the end of the line.
std::string path_of(std::string_view word) {
  if (word.ends_with(" \\")) word.remove_suffix(2);
  std::string path;
  for (std::size_t i = 0; i < word.size(); ++i) {
    const std::size_t end = std::min(word.find_first_not_of('\\', i), word.size());
    const bool doubled = end == word.size() || word[end] == ' ' || word[end] == '#';
    path.append(doubled ? (end - i) / 2 : end - i, '\\');
    i = end;
    if (word.substr(i).starts_with("$$")) ++i;
    if (i < word.size()) path += word[i];
  }
  return path;
}

// A folder and what is in it, two levels deep: test_data_set_0/input_0.pb.
void add_path(const fs::path& path, int levels, std::vector<fs::path>& to) {
  to.push_back(path);
  std::error_code ignored;
  if (levels == 0 || !fs::is_directory(path, ignored)) return;
  for (const fs::directory_entry& entry : fs::directory_iterator(path, ignored))
    add_path(entry.path(), levels - 1, to);
}

}  // namespace

fs::path this_program() {
  std::error_code error;
  const fs::path tool = fs::read_symlink("/proc/self/exe", error);
  return error ? fs::path() : tool;
}

std::vector<fs::path> inputs_of(const CompileOptions& options, const ModelInfo& model) {
  std::vector<fs::path> inputs{options.model};
  inputs.insert(inputs.end(), model.external_files.begin(), model.external_files.end());
  for (const fs::path& path : options.calibrate) add_path(path, 2, inputs);
  if (options.target.ends_with(".json")) inputs.push_back(options.target);
  if (!options.labels.empty()) inputs.push_back(options.labels);
  std::sort(inputs.begin(), inputs.end());
  inputs.erase(std::unique(inputs.begin(), inputs.end()), inputs.end());
  return inputs;
}

std::string depfile_text(const fs::path& made, std::vector<fs::path> inputs) {
  if (const fs::path tool = this_program(); !tool.empty()) inputs.push_back(tool);
  std::string text = make_word(made) + ":";
  for (const fs::path& input : inputs) text += " \\\n  " + make_word(input);
  text += "\n";
  for (const fs::path& input : inputs) text += make_word(input) + ":\n";
  return text;
}

std::vector<fs::path> read_depfile(std::string_view text) {
  std::vector<fs::path> inputs;
  const std::size_t rule = text.find(": \\\n");
  if (rule == std::string_view::npos) return inputs;
  std::string_view rest = text.substr(rule + 4);
  while (rest.starts_with("  ")) {
    const std::string_view line = rest.substr(2, rest.find('\n') - 2);
    rest.remove_prefix(std::min(rest.size(), line.size() + 3));
    inputs.emplace_back(path_of(line));
  }
  if (!inputs.empty() && inputs.back() == this_program()) inputs.pop_back();
  return inputs;
}

}  // namespace linnet
