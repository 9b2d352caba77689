// The subcommands. Each prints to stdout what the user asked for and to stderr what went wrong, and gives the exit code.
#pragma once

#include "compiler/cli/command_line.h"

namespace linnet {

int run_inspect(const CommandLine& command);
int run_compile(const CommandLine& command);
int run_labels(const CommandLine& command);
int run_plan(const CommandLine& command);
int run_verify(const CommandLine& command);
int run_profile(const CommandLine& command);
int run_size(const CommandLine& command);
int run_bench(const CommandLine& command);
int run_build(const CommandLine& command);
std::vector<ProjectKey> project_keys();  // of read_project()
int run_report(const CommandLine& command);
int run_completions(const CommandLine& command);
int run_man(const CommandLine& command);
int run_explain(const CommandLine& command);
int run_operators(const CommandLine& command);

// Prints diagnostics, each with the model's path as it was typed in front, and with --json an object of them to stdout; gives
// their exit code.
int fail(const CommandLine& command, const Diagnostics& diagnostics);

// Hooks that show progress on a terminal and print --dump-after, to stderr where stdout is for JSON. `dumped` becomes
// true when the stage came, and must outlive the hooks.
PipelineHooks make_hooks(const CommandLine& command, bool& dumped);
// After a run that went well: says so when --dump-after named a stage that this run had no use for.
void note_missing_dump(const CommandLine& command, bool dumped);
// Says so when --mean, --scale or --resize are given and `paths` hold no picture, or --scale looks like a divisor.
void note_picture_options(const CommandLine& command,
                          const std::vector<std::filesystem::path>& paths);
// The arguments of add_subdirectory(): CMake wants a name for the build folder of what is not below the project.
std::string cmake_subdirectory(const std::filesystem::path& output, const std::string& name);
// Takes the progress line away again.
void end_progress();

}  // namespace linnet
