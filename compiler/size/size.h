// linnet size: what generated networks take on a Cortex-M7, measured, and compared with what they took before.
//
//   models, folders ──► network_image.h ──► NetworkSize ──┬──► tables, Markdown, JSON, annotations
//                             baseline.json ──► NetworkSize ──► compare.h ──► what grew, and why
//
// Flash is what the linked image has of .text, .rodata and the values of .data. RAM is .data, .bss, arenas and stack.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "compiler/pipeline.h"

namespace linnet {

using Sizes = std::map<std::string, std::int64_t>;  // bytes by name

struct NetworkSize {
  std::string name;
  // ---- where it comes from ----
  std::string target, dtype, toolchain;
  std::string linnet;  // its version and the hash of its runtime: "0.1.0 2abd1797"
  std::string model;   // the first digits of its SHA-256
  // ---- what it takes ----
  std::int64_t text_bytes = 0, rodata_bytes = 0, data_bytes = 0, bss_bytes = 0, stack_bytes = 0;
  Sizes arenas;  // by bank
  // ---- what that consists of ----
  Sizes objects;    // by section: "phinet_96.o text", "libc_nano.a(libc_a-memcpy.o) text"
  Sizes functions;  // see function_key()
  Sizes constants;  // see constant_key()
  std::vector<std::pair<std::string, std::string>> layers;  // name, kernel; in order
  std::int64_t kernel_calls = 0;                            // of one run
  std::string peak_layer, deepest_function;                 // of the arenas; of the stack

  std::int64_t flash_bytes() const { return text_bytes + rodata_bytes + data_bytes; }
  std::int64_t arena_bytes() const;
  std::int64_t ram_bytes() const { return data_bytes + bss_bytes + arena_bytes() + stack_bytes; }
};

// Compiles what are models, reads what are folders, and builds all of them. Sizes are sorted by name. E511 when two
// networks have one name.
Result<std::vector<NetworkSize>> measure_sizes(const std::vector<CompileOptions>& networks,
                                               const PipelineHooks& hooks = {});

// The text that no function has: what aligns them.
inline constexpr const char* kBetweenFunctions = "(between functions)";

// Names that stay when a layer is put in before or a version changes: "linnet::dw::Rows::slide", "run",
// "call of layer '/features/0/Conv'", "parameters of layers", "w_features_0_Conv". `layers` are those of the network.
using Layers = std::vector<std::pair<std::string, std::string>>;
std::string function_key(const std::string& demangled, const std::string& network,
                         const Layers& layers);
std::string constant_key(const std::string& demangled, const std::string& network);

}  // namespace linnet
