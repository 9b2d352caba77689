// The schedule checker on texts written by hand: what it understands, what it quotes, and forms that few networks have, each
// with a thing wrong in it that must be found.
#include <fmt/format.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "compiler/check/replay.h"
#include "tests/support/execute.h"
#include "tests/support/generated_text.h"
#include "tests/support/tiny_network.h"

namespace {

using namespace linnet;

TensorType int8(Shape shape) {
  return {DType::i8, std::move(shape), Quantization{{0.1F}, {0}, -1}};
}

// A graph of one int8 input and convolutions on it.
class Sketch {
 public:
  explicit Sketch(Shape shape) {
    graph.name = "net";
    input = graph.add_tensor("input", int8(shape));
    graph.inputs.push_back({input, "input", std::move(shape), DType::f32, {}, {}});
  }
  TensorId conv(TensorId x, std::int64_t channels, std::int32_t kernel, const std::string& name) {
    const Shape in = graph.type(x).shape;  // a copy: tensors are added
    TensorType weights = int8({channels, kernel, kernel, in[3]});
    std::vector<std::int8_t> values(static_cast<std::size_t>(weights.elements()), 1);
    const TensorId w = graph.add_constant("w", TensorValue::of(weights, values));
    Conv2d op;
    op.window.kernel = {kernel, kernel};
    op.window.pads = {kernel / 2, kernel / 2, kernel / 2, kernel / 2};
    return graph.add_node(op, {x, w}, int8({in[0], in[1], in[2], channels}), {name, "Conv"});
  }
  void output(TensorId id) {
    graph.outputs.push_back({id, "output", graph.type(id).shape, DType::f32, {}, {}});
  }
  Graph graph;
  TensorId input;
};

struct CallSketch {
  std::string kernel, layer_type, node, fields, in, out;
  std::string more = {};  // after the static assertions
};

std::string source_of(const std::vector<CallSketch>& calls, const std::string& functions) {
  std::string text = "#include \"net.hpp\"\nnamespace net {\nnamespace {\n";
  for (std::size_t i = 0; i < calls.size(); ++i) {
    const CallSketch& call = calls[i];
    text += fmt::format(
        "// {0}: Op '{3}' (Op), 1 -> 1\n"
        "constexpr linnet::{2} layer_{0} = []() noexcept {{\n"
        "  linnet::{2} layer;\n{4}  return layer;\n}}();\n"
        "static_assert(linnet::{1}::supports(layer_{0}), \"the kernel makes this layer\");\n"
        "static_assert(linnet::{1}::scratch_bytes(layer_{0}) == 0, \"the plan has room for the "
        "kernel's scratch\");\n{7}"
        "LINNET_ONE_COPY void call_{0}(const Arenas& arenas, std::int32_t first_row, std::int32_t "
        "row_count) noexcept {{\n"
        "  const linnet::RowsIn in[] = {{ {5} }};\n"
        "  {1}(layer_{0}, {{ in, {6}, nullptr }}, first_row, row_count);\n}}\n",
        i, call.kernel, call.layer_type, call.node, call.fields, call.in, call.out, call.more);
  }
  return text + "}  // namespace\n" + functions + "}  // namespace net\n";
}

std::string conv_fields(const Graph& graph, TensorId x, std::int64_t channels, int kernel,
                        std::int64_t in_pixel, std::int64_t out_pixel) {
  const Shape& in = graph.type(x).shape;
  return fmt::format(
      "layer.in_h = {0};\nlayer.in_w = {1};\nlayer.in_c = {2};\n"
      "layer.out_h = {0};\nlayer.out_w = {1};\nlayer.out_c = {3};\n"
      "layer.kernel_h = {4};\nlayer.kernel_w = {4};\nlayer.stride_h = 1;\nlayer.stride_w = 1;\n"
      "layer.dilation_h = 1;\nlayer.dilation_w = 1;\nlayer.pad_top = {5};\nlayer.pad_left = {5};\n"
      "layer.groups = 1;\nlayer.in_pixel_bytes = {6};\nlayer.out_pixel_bytes = {7};\n",
      in[1], in[2], in[3], channels, kernel, kernel / 2, in_pixel, out_pixel);
}

std::string ports(std::int64_t input, std::int64_t output) {
  return fmt::format(
      "std::int8_t* input(const Arenas& arenas, std::size_t index) noexcept {{\n"
      "  static_cast<void>(index);\n"
      "  return static_cast<std::int8_t*>(static_cast<void*>(arenas.ram + {}));\n}}\n"
      "const std::int8_t* output(const Arenas& arenas, std::size_t index) noexcept {{\n"
      "  static_cast<void>(index);\n"
      "  return static_cast<const std::int8_t*>(static_cast<const void*>(arenas.ram + {}));\n}}\n",
      input, output);
}

std::string run_of(const std::string& steps) {
  return "void run(const Arenas& arenas) noexcept {\n" + steps + "}\n";
}

std::string header_of(std::int64_t bytes) {
  return fmt::format(
      "struct ArenaBytes {{\n  std::size_t ram = {};\n}};\ninline constexpr ArenaBytes "
      "kArenaBytes{{}};\ninline constexpr std::int32_t kInputRows = 6;\n",
      bytes);
}

// What is wrong, or "".
std::string finding(const Graph& graph, const std::string& source, std::int64_t arena_bytes) {
  const Result<ReplayReport> report = replay(graph, source, header_of(arena_bytes));
  if (report) return {};
  CHECK(report.diagnostics().front().code == "E903");
  return report.diagnostics().front().message;
}

bool holds(const std::string& text, const std::string& part) {
  INFO(text);
  return text.find(part) != std::string::npos;
}

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  const std::size_t at = text.find(from);
  REQUIRE(at != std::string::npos);
  return text.replace(at, from.size(), to);
}

}  // namespace

TEST_CASE("the schedule checker includes nothing of the planner or of lowering") {
  std::size_t files = 0;
  for (const auto& entry :
       std::filesystem::directory_iterator(std::string(LINNET_SOURCE_DIR) + "/compiler/check")) {
    std::ifstream file(entry.path());
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    INFO(entry.path().string());
    CHECK(text.find("#include \"compiler/plan/") == std::string::npos);
    CHECK(text.find("#include \"compiler/lower/") == std::string::npos);
    CHECK(text.find("#include \"compiler/pipeline") == std::string::npos);
    ++files;
  }
  CHECK(files >= 10);
}

TEST_CASE("a schedule that replays has its steps counted and its bytes' lives known") {
  const Graph graph = testing::tiny_graph();
  const testing::GeneratedText text =
      testing::generated_text(graph, testing::unlimited_target(), {PlanMode::whole});
  const Result<ReplayReport> report = replay(graph, text.source, text.header, RecordLives::yes);
  if (!report) FAIL(format(report.diagnostics()));
  CHECK(report->steps == 3);
  REQUIRE(report->banks == std::vector<std::string>{"ram"});
  std::int64_t input_bytes = 0, output_bytes = 0;
  for (const ByteLife& life : report->lives) {
    if (life.first_step == -1) input_bytes += life.end - life.begin;
    if (life.last_step == 3) output_bytes += life.end - life.begin;
  }
  CHECK(input_bytes == 32);
  CHECK(output_bytes == 16);
}

TEST_CASE("what the checker does not understand is quoted") {
  const Graph graph = testing::tiny_graph();
  const testing::GeneratedText text =
      testing::generated_text(graph, testing::unlimited_target(), {PlanMode::whole});
  const auto message = [&](const std::string& from, const std::string& to) {
    const Result<ReplayReport> report = replay(graph, replaced(text.source, from, to), text.header);
    return report ? std::string() : report.diagnostics().front().message;
  };
  CHECK(message("LINNET_STEP(0", "LINNET_STEP(0") == "");
  CHECK(holds(message("  LINNET_STEP(0, 0, 4);", "  launch(0);"), "'launch(0);'"));
  CHECK(holds(message("std::int32_t row_count) noexcept {\n  const linnet::RowsIn",
                      "std::int32_t row_count) noexcept {\n  static int calls = 0;\n  const "
                      "linnet::RowsIn"),
              "'static int calls = 0;'"));
  CHECK(holds(message("call_##layer(arenas, first_row, row_count);", "/* later */;"),
              "an unknown directive"));
  CHECK(holds(message("#pragma message", "#warning"), "an unknown directive"));
  CHECK(holds(message("{arenas.ram + ", "{arenas.rom + "), "there is no arena 'rom'"));
  CHECK(holds(message("LINNET_STEP(0, 0, 4);", "LINNET_STEP(7, 0, 4);"), "a step of no call"));
  CHECK(holds(message("LINNET_STEP(0, 0, 4);", "LINNET_CONSUME(0, 0, 4);"), "not the macro"));
  CHECK(holds(message("maxpool2d_s8_any::supports(layer_2)", "supports(layer_2)"), "layer_2"));
  CHECK(holds(message("layer.kernel_h = 2;", "layer.kernel_h = 3;"), "kernel_h is 3, not 2"));
  CHECK(holds(message("  return layer;\n}();\n", "  return layer;\n}();\nint x;\n"), "'int x;'"));
}

// left and right are made into the memory of their concatenation, pixel by pixel.
TEST_CASE("a concatenation without a call: its parts lie in it, pixel by pixel") {
  Sketch sketch({1, 4, 3, 2});
  const TensorId left = sketch.conv(sketch.input, 3, 1, "left");
  const TensorId right = sketch.conv(sketch.input, 2, 1, "right");
  const TensorId joined =
      sketch.graph.add_node(Concat{3}, {left, right}, int8({1, 4, 3, 5}), {"joined", "Concat"});
  const TensorId part = sketch.graph.add_node(Slice{{0, 0, 0, 1}, {1, 1, 1, 1}, {1, 4, 3, 3}},
                                              {joined}, int8({1, 4, 3, 3}), {"part", "Slice"});
  sketch.output(sketch.conv(part, 1, 1, "last"));
  // input at 0 (4 x 6), the concatenation in a ring of 2 rows of 15 at 24, output at 56 (4 x 3)
  const auto conv = [&](const char* name, TensorId x, std::int64_t channels, int in_pixel,
                        int out_pixel, const char* in, const char* out) {
    return CallSketch{"conv2d_s8_1x1",
                      "Conv2dS8",
                      name,
                      conv_fields(sketch.graph, x, channels, 1, in_pixel, out_pixel),
                      in,
                      out};
  };
  const std::string source = source_of(
      {conv("left", sketch.input, 3, 2, 5, "{arenas.ram + 0, 6, 4}", "{arenas.ram + 24, 15, 2}"),
       conv("right", sketch.input, 2, 2, 5, "{arenas.ram + 0, 6, 4}", "{arenas.ram + 27, 15, 2}"),
       conv("last", part, 1, 5, 1, "{arenas.ram + 25, 15, 2}", "{arenas.ram + 56, 3, 4}")},
      run_of("  for (std::int32_t round = 0; round < 4; ++round) {\n"
             "    const std::int32_t i = opaque(round);\n"
             "    LINNET_STEP(0, i, 1);\n    LINNET_STEP(1, i, 1);\n    LINNET_STEP(2, i, 1);\n"
             "  }\n") +
          ports(0, 56));
  CHECK(finding(sketch.graph, source, 68) == "");
  CHECK(holds(finding(sketch.graph, source, 67), "outside the arena of 67 bytes"));
  CHECK(holds(finding(sketch.graph, replaced(source, "+ 27, 15", "+ 26, 15"), 68),
              "is read at ram + 26, which holds row 0 of 'joined'"));
  CHECK(holds(finding(sketch.graph, replaced(source, "+ 25, 15", "+ 24, 15"), 68), "is read at"));
  CHECK(
      holds(finding(sketch.graph,
                    replaced(source, "layer.out_pixel_bytes = 5", "layer.out_pixel_bytes = 4"), 68),
            "is read at"));
  CHECK(holds(finding(sketch.graph, replaced(source, "LINNET_STEP(1, i, 1);", ""), 68),
              "which holds nothing"));
}

TEST_CASE("an output may grow into the rows that its own call has used up") {
  Sketch sketch({1, 8, 4, 2});
  const TensorId made = sketch.conv(sketch.input, 1, 1, "half");
  sketch.output(made);
  const auto source = [&](int input, const std::string& steps, const std::string& more) {
    return source_of(
        {{"conv2d_s8_1x1", "Conv2dS8", "half", conv_fields(sketch.graph, sketch.input, 1, 1, 2, 1),
          fmt::format("{{arenas.ram + {}, 8, 8}}", input), "{arenas.ram + 0, 4, 8}", more}},
        run_of(steps) + ports(input, 0));
  };
  const auto blocks = [](int rows) {
    return fmt::format(
        "static_assert(linnet::block_rows<linnet::conv2d_s8_1x1>(layer_0) == {}, \"the plan knows "
        "how the kernel goes through its rows\");\n",
        rows);
  };
  // Row r of the output ends where row r of the input begins, or before.
  CHECK(finding(sketch.graph, source(4, "LINNET_STEP(0, 0, 8);", blocks(1)), 68) == "");
  CHECK(holds(finding(sketch.graph, source(3, "LINNET_STEP(0, 0, 8);", blocks(1)), 68),
              "row 0 of 'half' is written at ram + 3, where row 0 of 'input' is read for it"));
  // In blocks of two rows the second row of the output may lie on the first of the input only when it is two rows ahead.
  CHECK(holds(finding(sketch.graph, source(4, "LINNET_STEP(0, 0, 8);", blocks(2)), 68),
              "is read for it"));
  CHECK(finding(sketch.graph, source(8, "LINNET_STEP(0, 0, 8);", blocks(2)), 72) == "");
  // Nothing is known of the kernel's blocks: the whole step is one.
  CHECK(holds(finding(sketch.graph, source(8, "LINNET_STEP(0, 0, 8);", ""), 72), "is read for it"));
  CHECK(finding(sketch.graph, source(32, "LINNET_STEP(0, 0, 8);", ""), 96) == "");
}

TEST_CASE("rows that the application pushes") {
  Sketch sketch({1, 6, 4, 2});
  sketch.output(sketch.conv(sketch.input, 2, 3, "features"));
  const std::string output = ports(0, 64);
  const std::string functions =
      "void push_row(const Arenas& arenas, std::int32_t row) noexcept {\n"
      "  if (row >= 1 && row < 5) {\n"
      "    const std::int32_t i = opaque((row - 1) / 2);\n"
      "    switch ((row - 1) % 2) {\n"
      "      case 0:\n        LINNET_STEP(0, 2 * i, 1);\n        break;\n"
      "      case 1:\n        LINNET_STEP(0, 1 + 2 * i, 1);\n        break;\n"
      "    }\n"
      "  }\n"
      "  if (row == 5) {\n    LINNET_STEP(0, 4, 2);\n  }\n"
      "}\n"
      "std::int8_t* input_row(const Arenas& arenas, std::int32_t row) noexcept {\n"
      "  return static_cast<std::int8_t*>(static_cast<void*>(arenas.ram + 8 + row % 3 * 8));\n}\n"
      "void run(const Arenas& arenas, const std::int8_t* input) noexcept {\n"
      "  for (std::int32_t row = 0; row < kInputRows; ++row) {\n"
      "    std::memcpy(input_row(arenas, row), input + static_cast<std::size_t>(row) * "
      "kInputRowElements, 8);\n"
      "    push_row(arenas, row);\n  }\n}\n" +
      output.substr(output.find("const std::int8_t* output"));
  const std::string source = source_of({{"conv2d_s8_any", "Conv2dS8", "features",
                                         conv_fields(sketch.graph, sketch.input, 2, 3, 2, 2),
                                         "{arenas.ram + 8, 8, 3}", "{arenas.ram + 64, 8, 6}"}},
                                       functions);
  const auto with = [&](const std::string& from, const std::string& to) {
    return finding(sketch.graph, replaced(source, from, to), 112);
  };
  CHECK(finding(sketch.graph, source, 112) == "");
  CHECK(with("opaque((row - 1) / 2);\n    switch ((row - 1) % 2) {\n      case 0:\n        "
             "LINNET_STEP(0, 2 * i, 1);\n        break;\n      case 1:\n        LINNET_STEP(0, 1 + "
             "2 * i, 1);\n        break;\n    }\n",
             "opaque((row - 1) / 1);\n    LINNET_STEP(0, i, 1);\n") == "");
  CHECK(holds(with("row % 3 * 8", "row % 2 * 8"), "is read at"));
  CHECK(holds(with("row % 3 * 8", "row % 3 * 9"), "is read at"));
  CHECK(holds(with("{arenas.ram + 8, 8, 3}", "{arenas.ram + 8, 8, 4}"), "is read at"));
  CHECK(holds(with("if (row >= 1", "if (row >= 2"), "does not count from its first row"));
  CHECK(holds(with("if (row == 5) {", "if (row == 4) {"), "is read at"));
  CHECK(holds(with("kInputRowElements, 8", "kInputRowElements, 7"), "not the input's rows"));
  CHECK(holds(with("LINNET_STEP(0, 4, 2);", "LINNET_STEP(0, 4, 1);"), "makes 5 rows of 6"));
  CHECK(holds(with("case 1:", "case 2:"), "never happens"));
}
