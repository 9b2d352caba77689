// memory.stack_bytes of the report against the frames that the compiler makes: generated code is compiled for the core
// with -fcallgraph-info=su (the frames of -fstack-usage, and who calls whom), and no path from run() on may need more.
// What runs really take is compared in the emulator: verify_models.cpp, verify_quantized_ops.cpp.
#include <fmt/format.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <fstream>
#include <iostream>
#include <iterator>
#include <optional>

#include "compiler/pipeline.h"
#include "compiler/size/call_graph.h"
#include "compiler/support/write_files.h"
#include "compiler/verify/subprocess.h"
#include "compiler/verify/temporary_folder.h"
#include "tests/support/model_files.h"
#include "tests/support/onnx_writer.h"

namespace linnet {
namespace {

namespace fs = std::filesystem;
using namespace testing;

void check_stack(const CompileOptions& options, const std::string& dtype) {
  const Result<Compiled> made = compile_network(options);
  if (!made) FAIL(format(made.diagnostics()));
  CHECK(made->report.dtype == dtype);
  CHECK(made->report.unmeasured_kernels.empty());
  const std::string& name = made->report.name;
  const TemporaryFolder folder;
  REQUIRE(write_files(folder.path(), made->files));
  const Finished compiled = run_process(
      {{"arm-none-eabi-g++", "-mcpu=cortex-m7", "-mthumb", "-mfloat-abi=hard", "-mfpu=fpv5-d16",
        "-std=c++17", "-O2", "-fno-exceptions", "-fno-rtti", "-ffp-contract=off",
        "-fcallgraph-info=su", "-I.", "-c", name + ".cpp", "-o", "network.o"},
       folder.path()});
  INFO(compiled.output);
  REQUIRE(compiled.succeeded());
  std::ifstream file(folder.path() / "network.ci", std::ios::binary);
  CallGraph graph;
  add_call_graph(std::string(std::istreambuf_iterator<char>(file), {}), graph);
  add_calls_through_pointers(graph);
  const auto run = std::find_if(graph.frames.begin(), graph.frames.end(), [&](const auto& frame) {
    return frame.first.find(fmt::format("{}{}3runE", name.size(), name)) != std::string::npos;
  });
  REQUIRE(run != graph.frames.end());
  const std::optional<DeepestCall> deepest = deepest_call(graph, run->first);
  REQUIRE(deepest);  // no recursion
  INFO(name << ": frames " << deepest->bytes << " bytes, run()'s own " << run->second << ", stated "
            << made->report.stack_bytes);
  std::cout << fmt::format("{:24} frames {} bytes, run()'s own {}, stated {}\n", name,
                           deepest->bytes, run->second, made->report.stack_bytes);
  CHECK(deepest->bytes > run->second);
  CHECK(deepest->bytes <= made->report.stack_bytes);
}

CompileOptions options_of(const std::string& model, bool int8) {
  const fs::path folder = models_folder() / model;
  CompileOptions options;
  options.model = folder / (model + ".onnx");
  if (int8) {
    options.calibrate = {models_folder() / "images/calibration/coffee_cup.png"};
    options.samples = feeding(folder / "model.json");
  }
  return options;
}

TEST_CASE("stated stack covers the frames of real networks") {
  check_stack(options_of("phinet_96", true), "int8");
  check_stack(options_of("phinet_96", false), "float32");
  check_stack(options_of("xinet_96", true), "int8");
  CompileOptions int4 = options_of("xinet_96", true);
  int4.weights = Weights::int4;
  check_stack(int4, "int8");
  CompileOptions quantized = options_of("phinet_96", false);
  quantized.model = models_folder() / "phinet_96/variants/qoperator_u8u8_per_tensor/model.onnx";
  quantized.name = "phinet_96_u8u8";
  check_stack(quantized, "int8");
}

// `layers` concatenations of `inputs` tensors each, none of which can be written in place: their operands are inputs of
// the network, and each of them is in every concatenation.
void check_concat(int inputs, int layers) {
  OnnxFile file;
  std::vector<std::string> names;
  for (int i = 0; i < inputs; ++i) {
    names.push_back(fmt::format("x{}", i));
    file.input(names.back(), {1, 3, 4, 5});
  }
  Proto nodes;  // a second part of the graph, which protobuf joins with the first
  for (int layer = 0; layer < layers; ++layer) {
    std::rotate(names.begin(), names.begin() + 1, names.end());
    const std::string made = fmt::format("y{}", layer);
    Proto node;
    for (const std::string& name : names) node.text(1, name);
    node.text(2, made).text(3, made).text(4, "Concat").message(5, onnx_int("axis", 1 + layer % 3));
    nodes.message(1, node);
    file.output(made);
  }
  const TemporaryFolder folder;
  CompileOptions options;
  options.model = folder.path() / fmt::format("concat_{}_{}.onnx", inputs, layers);
  write_bytes(options.model, file.model() + Proto{}.message(7, nodes).bytes);
  check_stack(options, "float32");
}

TEST_CASE("stated stack covers a concatenation of many tensors") {
  check_concat(16, 1);
  check_concat(32, 1);
  check_concat(32, 3);
}

}  // namespace
}  // namespace linnet
