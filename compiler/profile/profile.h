// linnet profile: what one inference costs on a Cortex-M7, counted in the emulator.
//
//   model ──► generated code ──► image ──► emulator with our plugin ──► executions of each block
//                                  │                                       │
//                                  └─► symbols, instructions ─────────────►┴─► instructions by layer and function,
//                                                                              cycles through llvm-mca
//
// Instructions are exact. Cycles are a model; docs/profiling.md says what it leaves out.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "compiler/pipeline.h"
#include "compiler/profile/code_size.h"
#include "compiler/profile/generated.h"

namespace linnet {

struct ProfileOptions {
  std::string board = "mps2-an500";
  std::filesystem::path keep;  // a folder for profile.elf and profile.map; empty: they are not kept

  // Where the target's banks are too small for the network it is counted all the same, in a board that has more.
  bool any_memory = false;

  // For tests: changes the generated files before they are built.
  std::function<void(Files&)> alter;
};

struct LayerProfile {
  std::size_t index = 0;
  std::string name, op, kernel;
  std::int64_t macs = 0, instructions = 0;
  double cycles = 0;
};

struct FunctionProfile {
  std::string name;
  std::int64_t calls = 0, instructions = 0;
  double cycles = 0;
  std::int64_t text_bytes = 0;
};

struct ProfileReport {
  std::string name, dtype, target, machine, board;
  std::int64_t instructions = 0;    // that run() executed, all that it calls included
  std::int64_t outside_layers = 0;  // of them, between layers: the schedule
  double cycles = 0;
  std::int64_t unmodelled = 0;  // executed instructions that the cycles leave out
  std::int64_t simplified = 0;  // executed instructions that were modelled without write-back
  std::int64_t macs = 0;
  std::vector<LayerProfile> layers;        // in order of the network
  std::vector<FunctionProfile> functions;  // most instructions first
  std::int64_t stack_bytes = 0;            // high-water mark
  std::int64_t stack_bound_bytes = 0;      // memory.stack_bytes of the report
  std::int64_t text_bytes = 0;             // machine code of the generated objects
  std::vector<ObjectSize> objects;
};

// `compile.model` is a model, or a folder that `linnet compile -o` wrote: then its sources are built as they are.
Result<ProfileReport> profile(const CompileOptions& compile, const ProfileOptions& options,
                              const PipelineHooks& hooks = {});

// Of a network whose sources are there already.
Result<ProfileReport> profile(GeneratedNetwork generated, const ProfileOptions& options,
                              const PipelineHooks& hooks = {});

// The ten layers with the most instructions, or `all_layers` in the order of the network.
std::string to_text(const ProfileReport& report, bool all_layers = false);
std::string to_json(const ProfileReport& report);

}  // namespace linnet
