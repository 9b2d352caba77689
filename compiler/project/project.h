// A project: several models and how each is compiled, as `linnet build` reads it from linnet.toml or linnet.json.
//
//   output = "generated"                    # default; each model gets a folder in it
//   share_arena = ["phinet", "keywords"]    # these never run together; true: all of them
//
//   [defaults]                              # options of `linnet compile`, by their long names
//   target = "stm32h743"
//
//   [models.phinet]
//   model = "phinet.onnx"
//   calibrate = ["pictures"]
//   mean = 127.5
//   ram = "256K"
//
// Paths are relative to the file.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "compiler/support/result.h"

namespace linnet {

struct ProjectModel {
  std::string name;  // namespace, files and folder of the generated code
  // What follows `linnet compile`, without -o: "phinet.onnx", "--name", "phinet", "--mean", "127.5" ...
  std::vector<std::string> arguments;
};

struct Project {
  std::filesystem::path file, folder;  // folder: where paths start; "." when the file has none
  std::filesystem::path output = "generated";  // relative to folder
  std::vector<ProjectModel> models;            // by name
  // Indices into models: those of a group share their arenas. Each model is in one group.
  std::vector<std::vector<std::size_t>> groups;
};

// What a model may set: an option of `linnet compile`.
struct ProjectKey {
  std::string name;   // "ram"
  std::string form;   // "BYTES"; empty for true and false
  bool many = false;  // takes several values
};

// `path` itself, or linnet.toml or linnet.json of the folder that it is (empty: the current one); the folder when it has neither.
std::filesystem::path project_file(const std::filesystem::path& path);

// `path` as for project_file(). E521 when there is none, E520 when it is neither TOML nor JSON, E522 for a key or a value that
// means nothing; each names the model and the key.
Result<Project> read_project(const std::filesystem::path& path,
                             const std::vector<ProjectKey>& keys);

}  // namespace linnet
