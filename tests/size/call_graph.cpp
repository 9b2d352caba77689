// Stack bounds from GCC's call graphs: hand-written ones, whose answer is known.
#include "compiler/size/call_graph.h"

#include <catch2/catch.hpp>

namespace linnet {
namespace {

constexpr const char* kGraph =
    "graph: { title: \"net.cpp\"\n"
    "node: { title: \"run\" label: \"void run()\\nnet.cpp:1:1\\n32 bytes (static)\\n0 dynamic "
    "objects\" }\n"
    "node: { title: \"net.cpp:_ZN6linnet4gemmEv\" label: \"gemm\\nnet.cpp:9:1\\n100 bytes "
    "(static)\" }\n"
    "node: { title: \"net.cpp:_ZN6linnet5storeEv\" label: \"store\\nnet.cpp:7:1\\n400 bytes "
    "(dynamic,bounded)\" }\n"
    "node: { title: \"memcpy\" label: \"void* memcpy()\\n<built-in>\" shape : ellipse }\n"
    "edge: { sourcename: \"run\" targetname: \"memcpy\" label: \"net.cpp:2:1\" }\n"
    "edge: { sourcename: \"run\" targetname: \"net.cpp:_ZN6linnet4gemmEv\" }\n"
    "}\n";

}  // namespace

TEST_CASE("stack by call graph: frames add up along the deepest path") {
  CallGraph graph;
  add_call_graph(kGraph, graph);
  const auto deepest = deepest_call(graph, "run");
  REQUIRE(deepest);
  CHECK(deepest->bytes == 132);
  CHECK(deepest->function == "net.cpp:_ZN6linnet4gemmEv");
  CHECK(deepest_call(graph, "memcpy")->bytes == kLibraryStackBytes);
}

TEST_CASE("stack by call graph: a call through a pointer may be any function of the runtime") {
  CallGraph graph;
  add_call_graph(kGraph, graph);
  add_call_graph(
      "edge: { sourcename: \"net.cpp:_ZN6linnet4gemmEv\" targetname: \"__indirect_call\" }\n",
      graph);
  add_calls_through_pointers(graph);
  const auto deepest = deepest_call(graph, "run");
  REQUIRE(deepest);
  CHECK(deepest->bytes == 532);
  CHECK(deepest->function == "net.cpp:_ZN6linnet5storeEv");
}

TEST_CASE("stack by call graph: functions that call themselves have no bound") {
  CallGraph graph;
  add_call_graph(kGraph, graph);
  add_call_graph("edge: { sourcename: \"net.cpp:_ZN6linnet4gemmEv\" targetname: \"run\" }\n",
                 graph);
  CHECK(!deepest_call(graph, "run"));
  CHECK(deepest_call(graph, "net.cpp:_ZN6linnet5storeEv")->bytes == 400);
}

}  // namespace linnet
