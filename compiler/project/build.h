// linnet build: the models of a project, compiled side by side, in arenas that fit the target together.
//
// Each model is compiled by a process of its own, `linnet compile` with the project's arguments, into a temporary folder. Only
// when all are made, and fit together, do their folders, the shared arenas and report.json go to the project's output. A
// model whose arguments, inputs, tool and generated files are those of the last time is left alone.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "compiler/emit/report.h"
#include "compiler/project/project.h"

namespace linnet {

struct ProjectOptions {
  std::filesystem::path project;  // the file or its folder; empty: here
  std::vector<ProjectKey> keys;   // what models may set
  std::filesystem::path depfile;  // empty: none
  int jobs = 0;                   // models at a time; 0: as many as there are processors
  bool force = false;             // also what has not changed
};

struct BuiltModel {
  std::string name;
  bool compiled = false;  // false: it was up to date
  Report report;
};

struct SharedBank {
  std::string name;
  std::int64_t used_bytes = 0;  // of all groups, each as large as its largest member
  std::optional<std::int64_t> size_bytes;
};

// What models for one target need together.
struct TargetTotal {
  std::string target;
  std::vector<SharedBank> banks;
  std::int64_t stack_bytes = 0;  // the most of any
  std::int64_t flash_bytes = 0;
  std::optional<std::int64_t> flash_size_bytes;
  std::int64_t saved_bytes = 0;  // by sharing arenas
};

struct BuiltProject {
  Project project;
  std::vector<BuiltModel> models;
  std::vector<TargetTotal> totals;
};

struct BuildFailure {
  std::string file;  // what the diagnostics are about: the project's file, or a model's
  Diagnostics diagnostics;
};

using BuildResult = std::variant<BuiltProject, std::vector<BuildFailure>>;

// E308, E309: together the models exceed a bank or the flash of their target. E523: a model's arguments are no command line.
BuildResult build_project(const ProjectOptions& options);

std::string to_json(const BuiltProject& built);
// As format of diagnostic.h's to_json, with the file of each.
std::string to_json(const std::vector<BuildFailure>& failures, int exit_code);

}  // namespace linnet
