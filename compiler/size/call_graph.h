// The stack that functions may take, from the call graphs that GCC writes (-fcallgraph-info=su): the frames of
// -fstack-usage, and who calls whom.
//
//   node: { title: "run" label: "...\n16 bytes (static)\n..." }
//   edge: { sourcename: "run" targetname: "gemm" label: "..." }
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>

namespace linnet {

// Of a function that comes without a figure: those of libc and libgcc. As tools/measure-kernels has it.
inline constexpr std::int64_t kLibraryStackBytes = 96;

struct CallGraph {
  std::map<std::string, std::int64_t>
      frames;  // by title: the symbol, of a static function "unit.cpp:symbol"
  std::map<std::string, std::set<std::string>> calls;
};

// Adds what a .ci file says. Several units of a program may be added to one graph.
void add_call_graph(std::string_view text, CallGraph& graph);

// Kernels call through pointers only functions of the runtime that nobody calls by name: any of them may be meant. To be
// called once, when all units are added.
void add_calls_through_pointers(CallGraph& graph);

// The most that a call of a function may take, everything below it included, and the function at the bottom. None when the
// functions call themselves: then there is no bound.
struct DeepestCall {
  std::int64_t bytes = 0;
  std::string function;
};
std::optional<DeepestCall> deepest_call(const CallGraph& graph, const std::string& title);

}  // namespace linnet
