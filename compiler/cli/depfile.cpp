// See depfile.h.
#include "compiler/cli/depfile.h"

#include <algorithm>

namespace linnet {
namespace {

namespace fs = std::filesystem;

// Spaces, '#' and '$' mean something to make.
std::string make_word(const fs::path& path) {
  std::string word;
  for (const char c : path.string()) {
    if (c == ' ' || c == '#') word += '\\';
    if (c == '$') word += '$';
    word += c;
  }
  return word;
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

std::vector<fs::path> inputs_of(const CompileOptions& options, const ModelInfo& model) {
  std::vector<fs::path> inputs{options.model};
  inputs.insert(inputs.end(), model.external_files.begin(), model.external_files.end());
  for (const fs::path& path : options.calibrate) add_path(path, 2, inputs);
  if (!options.labels.empty()) inputs.push_back(options.labels);
  std::sort(inputs.begin(), inputs.end());
  inputs.erase(std::unique(inputs.begin(), inputs.end()), inputs.end());
  return inputs;
}

std::string depfile_text(const fs::path& made, std::vector<fs::path> inputs) {
  std::error_code error;
  const fs::path tool = fs::read_symlink("/proc/self/exe", error);
  if (!error) inputs.push_back(tool);
  std::string text = make_word(made) + ":";
  for (const fs::path& input : inputs) text += " \\\n  " + make_word(input);
  text += "\n";
  for (const fs::path& input : inputs) text += make_word(input) + ":\n";
  return text;
}

}  // namespace linnet
