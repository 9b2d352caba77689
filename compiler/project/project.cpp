// See project.h. Keys of a model are the long options of `linnet compile`, as the command line itself defines them.
#include "compiler/project/project.h"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <map>
#include <optional>
#include <set>
#include <sstream>

#include "compiler/emit/text.h"
#include "compiler/support/toml.h"

namespace linnet {
namespace {

namespace fs = std::filesystem;

Diagnostic wrong(const std::string& model, const std::string& message, std::string hint) {
  const std::string about = model.empty() || model == "defaults" ? model : "model '" + model + "'";
  return {"E522", "", "", (about.empty() ? "" : about + ": ") + message, std::move(hint)};
}

// Letters to change, add or take away.
std::size_t distance(const std::string& a, const std::string& b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t kept = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, kept});
    }
  }
  return row[b.size()];
}

std::string nearest(const std::string& key, const std::vector<std::string>& known) {
  const auto found = std::min_element(
      known.begin(), known.end(),
      [&](const auto& a, const auto& b) { return distance(key, a) < distance(key, b); });
  const bool near =
      found != known.end() && distance(key, *found) <= std::max<std::size_t>(2, key.size() / 3);
  return near ? "did you mean '" + *found + "'?" : "docs/projects.md lists the keys";
}

std::optional<std::string> word_of(const Json& value) {
  if (const auto* text = std::get_if<std::string>(&value.value())) return *text;
  if (const auto* integer = std::get_if<std::int64_t>(&value.value()))
    return fmt::to_string(*integer);
  if (const auto* real = std::get_if<double>(&value.value())) return fmt::to_string(*real);
  return std::nullopt;
}

// The words that a value spells: of a list its elements, of a table NAME=VALUE for each: bank = { dtcm = "16K" }.
std::optional<std::vector<std::string>> words_of(const Json& value) {
  std::vector<std::string> words;
  bool understood = true;
  const auto add = [&](const std::string& start, const Json& from) {
    const std::optional<std::string> word = word_of(from);
    understood = understood && word.has_value();
    if (word) words.push_back(start + *word);
  };
  if (const auto* list = std::get_if<Json::Array>(&value.value())) {
    for (const Json& element : *list) add("", element);
  } else if (const auto* members = std::get_if<Json::Object>(&value.value())) {
    for (const auto& [name, inner] : *members) add(name + "=", inner);
  } else {
    add("", value);
  }
  if (!understood || words.empty()) return std::nullopt;
  return words;
}

class Reader {
 public:
  Reader(const Json& json, const std::vector<ProjectKey>& keys) : json_(json) {
    for (const ProjectKey& key : keys) keys_[key.name] = key;
  }

  Result<Project> read(Project project) {
    read_top(project);
    if (faults_.empty()) read_groups(project);
    if (!faults_.empty()) return faults_;
    return project;
  }

 private:
  void read_top(Project& project) {
    const Json* models = nullptr;
    for (const auto& [key, value] : json_.members()) {
      if (key == "output") {
        if (const auto* text = std::get_if<std::string>(&value.value())) {
          project.output = *text;
        } else {
          fault("", "'output' is not a text", "give a folder: output = \"generated\"");
        }
      } else if (key == "defaults") {
        if (is_object(value, "defaults")) defaults_ = &value;
      } else if (key == "models") {
        if (is_object(value, "models")) models = &value;
      } else if (key != "share_arena" && key != "share-arena") {
        fault("", "unknown key '" + key + "'",
              nearest(key, {"output", "defaults", "models", "share_arena"}));
      }
    }
    if (defaults_ != nullptr) arguments_of("defaults", *defaults_);
    if (models == nullptr || models->members().empty()) {
      if (faults_.empty())
        fault("", "there is no model", "add [models.NAME] with model = \"FILE.onnx\"");
      return;
    }
    for (const auto& [name, value] : models->members()) add_model(name, value, project);
    std::sort(project.models.begin(), project.models.end(),
              [](const auto& a, const auto& b) { return a.name < b.name; });
  }

  void add_model(const std::string& name, const Json& value, Project& project) {
    if (!is_object(value, "models." + name)) return;
    if (const Result<Nothing> good = check_identifier(name); !good) {
      fault(name, "the name is not usable as a C++ namespace", "take letters, digits and '_'");
      return;
    }
    const Json* model = value.find("model");
    const std::string* file = model ? std::get_if<std::string>(&model->value()) : nullptr;
    if (file == nullptr) {
      fault(name, model ? "'model' is not a text" : "'model' is missing", "give the .onnx file");
      return;
    }
    if (name == "linnet_models" || name == "linnet_arenas") {
      fault(name, "the name is that of what the project generates", "take another name");
      return;
    }
    Json merged = Json::object();
    if (defaults_ != nullptr) {
      for (const auto& [key, inner] : defaults_->members())
        if (!finds(value, key)) merged.set(key, inner);
    }
    for (const auto& [key, inner] : value.members()) merged.set(key, inner);
    // "./-x.onnx" is no option.
    ProjectModel made{name, {(file->starts_with('-') ? "./" : "") + *file, "--name", name}};
    const std::vector<std::string> more = arguments_of(name, merged);
    made.arguments.insert(made.arguments.end(), more.begin(), more.end());
    project.models.push_back(std::move(made));
  }

  static std::string spelled(std::string key) {
    std::replace(key.begin(), key.end(), '_', '-');
    return key;
  }

  static bool finds(const Json& object, const std::string& key) {
    return std::any_of(object.members().begin(), object.members().end(),
                       [&](const auto& member) { return spelled(member.first) == spelled(key); });
  }

  std::vector<std::string> arguments_of(const std::string& where, const Json& object) {
    std::vector<std::string> arguments;
    std::set<std::string> seen;
    for (const auto& [key, value] : object.members()) {
      const std::string name = spelled(key);
      if (name == "model" && where != "defaults") continue;
      const auto option = keys_.find(name);
      if (option == keys_.end()) {
        std::vector<std::string> known;
        for (const auto& [word, ignored] : keys_) known.push_back(word);
        fault(where, "unknown key '" + key + "'", nearest(name, known));
        continue;
      }
      if (!seen.insert(name).second) fault(where, "'" + key + "' is given twice", "keep one");
      add_option(where, key, option->second, value, arguments);
    }
    return arguments;
  }

  void add_option(const std::string& where, const std::string& key, const ProjectKey& option,
                  const Json& value, std::vector<std::string>& arguments) {
    const std::string name = "--" + option.name;
    if (option.form.empty()) {
      const bool* set = std::get_if<bool>(&value.value());
      if (set == nullptr)
        fault(where, "'" + key + "' is neither true nor false", "give one of them");
      if (set != nullptr && *set) arguments.push_back(name);
      return;
    }
    const std::optional<std::vector<std::string>> words = words_of(value);
    if (!words) {
      fault(where, "'" + key + "' has no value that " + name + " takes", "give " + option.form);
      return;
    }
    if (option.many && words->size() > 1) {  // --calibrate a b
      arguments.push_back(name);
      for (const std::string& word :
           *words)  // ... where a path that begins with '-' would be an option
        arguments.push_back(word.starts_with('-') ? "./" + word : word);
    } else if (option.form.find('=') != std::string::npos && !option.form.ends_with("...")) {
      for (const std::string& word : *words) arguments.push_back(fmt::format("{}={}", name, word));
    } else {  // --mean 123,117,104
      std::string joined;
      for (const std::string& word : *words) joined += (joined.empty() ? "" : ",") + word;
      arguments.push_back(name + "=" + joined);
    }
  }

  void read_groups(Project& project) {
    const Json* share = json_.find("share_arena");
    if (share == nullptr) share = json_.find("share-arena");
    std::vector<bool> grouped(project.models.size());
    const auto add_group = [&](const std::vector<std::string>& names) {
      std::vector<std::size_t> group;
      for (const std::string& name : names) {
        const auto found = std::find_if(project.models.begin(), project.models.end(),
                                        [&](const auto& model) { return model.name == name; });
        const auto index = static_cast<std::size_t>(found - project.models.begin());
        if (found == project.models.end()) {
          fault("", "share_arena: there is no model '" + name + "'", "name those of [models]");
        } else if (grouped[index]) {
          fault("", "share_arena: '" + name + "' is there twice", "keep it in one group");
        } else {
          grouped[index] = true;
          group.push_back(index);
        }
      }
      std::sort(group.begin(), group.end());
      if (!group.empty()) project.groups.push_back(std::move(group));
    };
    std::vector<std::string> all;
    for (const ProjectModel& model : project.models) all.push_back(model.name);
    if (share != nullptr) {
      const bool* flag = std::get_if<bool>(&share->value());
      const auto* list = std::get_if<Json::Array>(&share->value());
      try {
        if (flag != nullptr) {
          if (*flag) add_group(all);
        } else if (list != nullptr && !list->empty() &&
                   std::holds_alternative<Json::Array>(list->front().value())) {
          for (const Json& group : *list) add_group(group.texts());
        } else {
          add_group(share->texts());
        }
      } catch (const JsonError&) {
        fault("", "share_arena is no list of models",
              "share_arena = [\"a\", \"b\"], or true for all");
      }
    }
    for (std::size_t i = 0; i < grouped.size(); ++i)
      if (!grouped[i]) project.groups.push_back({i});
    std::sort(project.groups.begin(), project.groups.end());
  }

  bool is_object(const Json& value, const std::string& what) {
    if (std::holds_alternative<Json::Object>(value.value())) return true;
    fault("", "'" + what + "' is no table", "write [" + what + "]");
    return false;
  }

  void fault(const std::string& model, const std::string& message, std::string hint) {
    faults_.push_back(wrong(model, message, std::move(hint)));
  }

  const Json& json_;
  std::map<std::string, ProjectKey> keys_;
  const Json* defaults_ = nullptr;
  Diagnostics faults_;
};

}  // namespace

fs::path project_file(const fs::path& path) {
  std::error_code ignored;
  if (!path.empty() && !fs::is_directory(path, ignored)) return path;
  for (const char* name : {"linnet.toml", "linnet.json"})
    if (fs::exists(path / name, ignored)) return path / name;
  return path.empty() ? fs::path(".") : path;
}

Result<Project> read_project(const fs::path& path, const std::vector<ProjectKey>& keys) {
  Project project;
  project.file = project_file(path);
  std::error_code ignored;
  const bool folder = fs::is_directory(project.file, ignored);
  std::ifstream file;
  if (!folder) file.open(project.file, std::ios::binary);
  if (!file.is_open()) {
    return Diagnostic{
        "E521", "", "",
        folder ? "there is no linnet.toml and no linnet.json" : "the file cannot be read",
        "docs/projects.md shows one"};
  }
  std::ostringstream text;
  text << file.rdbuf();
  project.folder = project.file.has_parent_path() ? project.file.parent_path() : fs::path(".");
  Result<Json> json =
      project.file.extension() == ".json" ? parse_json(text.str()) : parse_toml(text.str());
  if (!json) {
    Diagnostic why = json.diagnostics().front();
    why.code = "E520";
    why.hint = "docs/projects.md shows the format";
    return why;
  }
  if (!std::holds_alternative<Json::Object>(json->value()))
    return Diagnostic{"E520", "", "", "it is no object", "docs/projects.md shows the format"};
  return Reader(*json, keys).read(std::move(project));
}

}  // namespace linnet
