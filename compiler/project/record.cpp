// See record.h.
#include "compiler/project/record.h"

#include <algorithm>

#include "compiler/support/json.h"
#include "compiler/support/read_text.h"
#include "compiler/support/sha256.h"
#include "compiler/support/write_files.h"

namespace linnet {
namespace {

namespace fs = std::filesystem;

std::string hash_of(const std::string& text) {
  Sha256 hash;
  hash.update(std::as_bytes(std::span(text.data(), text.size())));
  return hash.hex();
}

ModelRecord model_of(const Json& json) {
  ModelRecord model;
  model.arguments = json.at("arguments").texts();
  model.extra = json.at("extra").texts();
  for (const auto& [path, hash] : json.at("inputs").members()) model.inputs[path] = hash.text();
  model.outputs = json.at("outputs").text();
  return model;
}

}  // namespace

std::string hash_of_path(const fs::path& path) {
  std::error_code ignored;
  if (fs::is_regular_file(path, ignored)) return hash_of(read_text(path));
  if (!fs::is_directory(path, ignored)) return {};
  std::vector<std::string> names;
  for (const fs::directory_entry& entry : fs::directory_iterator(path, ignored))
    names.push_back(entry.path().filename().string());
  std::sort(names.begin(), names.end());
  std::string list;
  for (const std::string& name : names) list += name + "\n";
  return hash_of(list);
}

std::string hash_of_generated(const fs::path& folder) {
  std::string all;
  for (const std::string& name : written_before(folder)) {
    const std::string hash = hash_of_path(folder / name);
    if (hash.empty()) return {};
    all.append(name).append(" ").append(hash).append("\n");
  }
  return all.empty() ? all : hash_of(all);
}

std::string to_text(const BuildRecord& record) {
  Json models = Json::object();
  for (const auto& [name, model] : record.models) {
    Json inputs = Json::object();
    for (const auto& [path, hash] : model.inputs) inputs.set(path, hash);
    models.set(name, Json::object({{"arguments", model.arguments},
                                   {"extra", model.extra},
                                   {"inputs", std::move(inputs)},
                                   {"outputs", model.outputs}}));
  }
  return to_text(Json::object(
             {{"tool", record.tool}, {"groups", record.groups}, {"models", std::move(models)}})) +
         "\n";
}

BuildRecord read_record(const fs::path& file) {
  const Result<Json> json = parse_json(read_text(file));
  if (!json) return {};
  try {
    BuildRecord record{json->at("tool").text(), json->at("groups").text(), {}};
    for (const auto& [name, model] : json->at("models").members())
      record.models[name] = model_of(model);
    return record;
  } catch (const JsonError&) {
    return {};
  }
}

}  // namespace linnet
