// A network with the camera front end, from a frame to generated code: compiled without a warning, run under sanitizers, whole and
// by rows, in C++ and in C. Its output is the oracle's on an input
// that is letterboxed here, by the definition in section 12 of docs/quantization.md.
#include <unistd.h>

#include <algorithm>
#include <array>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "compiler/emit/camera.h"
#include "compiler/emit/text.h"
#include "compiler/pipeline.h"
#include "compiler/reference/interpreter.h"
#include "compiler/support/write_files.h"
#include "compiler/verify/subprocess.h"
#include "compiler/verify/temporary_folder.h"
#include "tests/support/onnx_writer.h"

namespace {

namespace fs = std::filesystem;
using namespace linnet;

// [1, channels, 12, 16] -> 3x3 convolution to 4 channels -> mean over space.
void write_model(const fs::path& path, std::int64_t channels) {
  std::vector<float> weights;
  for (std::int64_t i = 0; i < 36 * channels; ++i)
    weights.push_back(static_cast<float>(i * 7 % 11 - 5) * 0.05F);
  testing::OnnxFile file;
  file.input("x", {1, channels, 12, 16})
      .initializer(testing::onnx_tensor("w", {4, channels, 3, 3}, weights))
      .node("Conv", {"x", "w"}, {"features"}, {testing::onnx_ints("pads", {1, 1, 1, 1})})
      .node("Relu", {"features"}, {"positive"})
      .node("GlobalAveragePool", {"positive"}, {"y"})
      .output("y");
  testing::write_bytes(path, file.model());
}

// Two frames of noise, one in each format: run_frame() gives what run() does on the rows of camera_row(), in C as well. Leaves
// the rows and the outputs of both.
const char* const kProgram = R"(#include "net_camera.hpp"
#include "net_camera.h"
#include <cstdio>
#include <cstring>
#include <initializer_list>
alignas(32) static std::byte memory[net::kArenaBytes.ram];
static std::uint8_t pixels[20 * 64];
static VALUE rows[net::kCameraRows * net::kCameraRowElements];
static VALUE row_in_c[NET_CAMERA_ROW_ELEMENTS];
static unsigned char outputs[2][sizeof(*net::output(net::Arenas{memory})) * 4];
static void keep(int index, const net::Arenas& arenas) { std::memcpy(outputs[index], net::output(arenas), sizeof outputs[0]); }
static int check(const net::CameraFrame& frame, std::FILE* file) {
  const net::Arenas arenas{memory};
  const net_arenas c_arenas{memory};
  const net_camera_frame c_frame{frame.pixels, frame.width, frame.height, frame.pitch_bytes,
                                 static_cast<std::uint8_t>(frame.format)};
  if (!net::run_frame(arenas, frame)) return 2;
  keep(0, arenas);
  for (std::int32_t row = 0; row < net::kCameraRows; ++row) {
    VALUE* const to = rows + static_cast<std::size_t>(row) * net::kCameraRowElements;
    if (!net::camera_row(frame, row, to)) return 3;
    if (net_camera_row(&c_frame, row, row_in_c) != 1 || std::memcmp(row_in_c, to, sizeof row_in_c) != 0) return 10;
  }
  RUN
  keep(1, arenas);
  if (std::memcmp(outputs[0], outputs[1], sizeof outputs[0]) != 0) return 4;
  if (net_run_frame(&c_arenas, &c_frame) != 1) return 5;
  keep(1, arenas);
  if (std::memcmp(outputs[0], outputs[1], sizeof outputs[0]) != 0) return 6;
  if (net_camera_row(&c_frame, NET_CAMERA_ROWS, row_in_c) != 0) return 11;
  const net::FramePoint point = net::frame_point(frame, 3, 4);
  const net_point c_point = net_frame_point(&c_frame, 3, 4);
  if (point.x != c_point.x || point.y != c_point.y) return 12;
  std::fwrite(rows, 1, sizeof rows, file);
  std::fwrite(outputs[0], 1, sizeof outputs[0], file);
  return 0;
}
int main() {
  const net::Arenas arenas{memory};
  for (int i = 0; i < 20 * 64; ++i) pixels[i] = static_cast<std::uint8_t>(i * 37 ^ i >> 3);
  const net::CameraFrame frame{pixels, 21, 20, 64, net::PixelFormat::rgb888};
  std::FILE* const file = std::fopen("rows.raw", "wb");
  for (const net::CameraFrame& one : {frame, net::CameraFrame{pixels, 30, 13, 62, net::PixelFormat::rgb565}}) {
    const int wrong = check(one, file);
    if (wrong != 0) return wrong;
  }
  std::fclose(file);
  // The middle of the input is the middle of the frame.
  const net::FramePoint middle = net::frame_point(frame, 8, 6);
  if (middle.x < 9 || middle.x > 12 || middle.y < 9.5F || middle.y > 10.5F) return 7;
  for (const net::CameraFrame& bad : {net::CameraFrame{nullptr, 21, 20, 64, net::PixelFormat::rgb888},
                                      net::CameraFrame{pixels, 22, 20, 64, net::PixelFormat::rgb888},
                                      net::CameraFrame{pixels, 0, 20, 64, net::PixelFormat::rgb888}})
    if (net::run_frame(arenas, bad) || net::camera_row(bad, 0, rows) || net::frame_point(bad, 1, 1).x != 0) return 8;
  if (net::camera_row(frame, net::kCameraRows, rows) || net::camera_row(frame, -1, rows)) return 9;
}
)";

// ---- section 12 of docs/quantization.md, once more

struct Side {  // of an inner picture: its length, what is left before it, and its step
  std::int64_t inner, before, step;
};

Side side(std::int64_t frame, std::int64_t input, std::int64_t inner) {
  return {inner, (input - inner) / 2, frame * 65536 / inner};
}

// The frame's pixels on both sides of inner pixel `index`, and the second's weight.
std::array<std::int64_t, 3> around(const Side& one, std::int64_t frame, std::int64_t index) {
  const std::int64_t at =
      std::clamp<std::int64_t>(one.step * index + one.step / 2 - 32768, 0, (frame - 1) * 65536);
  return {at / 65536, std::min(at / 65536 + 1, frame - 1), at % 65536 / 256};
}

struct NoiseFrame {
  std::int64_t width, height, pitch;
  bool rgb565;

  std::int64_t byte(std::int64_t i) const { return (i * 37 ^ i >> 3) & 255; }
  std::array<std::int64_t, 3> pixel(std::int64_t y, std::int64_t x) const {
    const std::int64_t at = y * pitch + (rgb565 ? 2 : 3) * x;
    if (!rgb565) return {byte(at), byte(at + 1), byte(at + 2)};
    const std::int64_t word = byte(at) + 256 * byte(at + 1);
    const auto widened = [](std::int64_t value, int bits) {
      return value * (1 << (8 - bits)) + value / (1 << (2 * bits - 8));
    };
    return {widened(word / 2048, 5), widened(word / 32 % 64, 6), widened(word % 32, 5)};
  }
};

// The pixel of the input of 16 x 12, before normalisation.
std::array<std::int64_t, 3> letterboxed(const NoiseFrame& frame, std::int64_t y, std::int64_t x) {
  const bool wide = 16 * frame.height <= 12 * frame.width;
  const auto rounded = [](std::int64_t n, std::int64_t d) { return (2 * n + d) / (2 * d); };
  const Side h = side(frame.width, 16, wide ? 16 : rounded(12 * frame.width, frame.height));
  const Side v = side(frame.height, 12, wide ? rounded(16 * frame.height, frame.width) : 12);
  x -= h.before;
  y -= v.before;
  if (x < 0 || x >= h.inner || y < 0 || y >= v.inner) return {114, 114, 114};
  const auto [x0, x1, wx] = around(h, frame.width, x);
  const auto [y0, y1, wy] = around(v, frame.height, y);
  std::array<std::int64_t, 3> mixed{};
  for (std::size_t c = 0; c < 3; ++c) {
    const std::int64_t top = frame.pixel(y0, x0)[c] * (256 - wx) + frame.pixel(y0, x1)[c] * wx;
    const std::int64_t low = frame.pixel(y1, x0)[c] * (256 - wx) + frame.pixel(y1, x1)[c] * wx;
    mixed[c] = (top * (256 - wy) + low * wy + 32768) / 65536;
  }
  return mixed;
}

const Normalization kNormalization{{120, 110, 130}, {1 / 60.0, 1 / 50.0, 1 / 64.0}};

std::vector<float> wanted_rows(const Graph& graph, const NoiseFrame& frame, bool grey) {
  const std::vector<std::vector<float>> tables = pixel_values(graph, kNormalization);
  std::vector<float> rows;
  for (std::int64_t y = 0; y < 12; ++y) {
    for (std::int64_t x = 0; x < 16; ++x) {
      const auto [r, g, b] = letterboxed(frame, y, x);
      const auto value = [&](std::size_t c, std::int64_t pixel) {
        return tables.at(c).at(static_cast<std::size_t>(pixel));
      };
      if (grey)
        rows.push_back(value(0, (77 * r + 150 * g + 29 * b + 128) / 256));
      else
        rows.insert(rows.end(), {value(0, r), value(1, g), value(2, b)});
    }
  }
  return rows;
}

// What the program left: the rows of both frames, each with what the oracle makes of them behind.
template <class T>
void check_rows(const Compiled& made, const fs::path& path, bool grey) {
  std::ifstream file(path, std::ios::binary);
  for (const NoiseFrame& frame : {NoiseFrame{21, 20, 64, false}, NoiseFrame{30, 13, 62, true}}) {
    INFO((frame.rgb565 ? "RGB565" : "RGB888"));
    const std::vector<float> expected = wanted_rows(made.graph, frame, grey);
    std::vector<T> rows(expected.size());
    std::vector<T> outputs(4);
    for (std::vector<T>* part : {&rows, &outputs})
      file.read(reinterpret_cast<char*>(part->data()),
                static_cast<std::streamsize>(part->size() * sizeof(T)));
    REQUIRE(file);
    CHECK(std::vector<float>(rows.begin(), rows.end()) == expected);
    const TensorType& type = made.graph.type(made.graph.inputs.front().tensor);
    const TensorValue oracle = interpret(made.graph, {TensorValue::of(type, rows)}).front();
    REQUIRE(oracle.bytes().size() == outputs.size() * sizeof(T));
    CHECK(std::memcmp(oracle.bytes().data(), outputs.data(), oracle.bytes().size()) == 0);
  }
}

const char* const kProgramInC = R"(#include "net_camera.h"
int use(const net_arenas* arenas, const net_camera_frame* frame);
int use(const net_arenas* arenas, const net_camera_frame* frame) {
  return net_run_frame(arenas, frame) + (int)net_frame_point(frame, 1.0F, 2.0F).x + NET_RGB565;
}
)";

const char* const kWarnings =
    " -Wall -Wextra -Wconversion -Wshadow -Wpedantic -Werror -ffp-contract=off -I. ";

// The files compile for everybody, and the core's take no more flash than is stated.
void check_compilers(const Compiled& made, const fs::path& folder) {
  std::ofstream(folder / "use.c") << kProgramInC;
  std::vector<Process> processes;
  for (const std::string& command :
       {std::string("clang++ -std=c++17 -O1 -c") + kWarnings + "net_camera.cpp -o clang.o",
        std::string("gcc -std=c11 -c") + kWarnings + "use.c -o use.o",
        std::string("arm-none-eabi-g++ -mcpu=cortex-m7 -mthumb -mfloat-abi=hard -mfpu=fpv5-d16 "
                    "-std=c++17 -O2 -fno-exceptions -fno-rtti -ffunction-sections -c") +
            kWarnings + "net_camera.cpp -o core.o && arm-none-eabi-size core.o | tail -1"})
    processes.push_back({{"sh", "-c", command}, folder});
  const std::vector<Finished> finished = run_processes(processes);
  for (const Finished& one : finished) {
    INFO(one.output);
    REQUIRE(one.succeeded());
  }
  CodeCosts costs;
  add_camera(costs);
  const std::int64_t code_bytes =
      std::stoll(finished.back().output) - made.report.camera_table_bytes.value();
  CHECK(code_bytes > 800);
  CHECK(code_bytes <= costs.code_bytes);
}

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  for (std::size_t at; (at = text.find(from)) != std::string::npos;)
    text.replace(at, from.size(), to);
  return text;
}

Compiled compile(const fs::path& folder, std::int64_t channels, bool int8, bool by_rows,
                 bool camera = true) {
  write_model(folder / "net.onnx", channels);
  CompileOptions options;
  options.model = folder / "net.onnx";
  options.camera = camera;
  options.plan.input_rows = by_rows;
  options.samples.resize = true;
  options.samples.normalization = kNormalization;
  if (int8)
    options.calibrate = {fs::path(LINNET_SOURCE_DIR) / "models/images/calibration/coffee_cup.png"};
  const Result<Compiled> made = compile_network(options);
  if (!made) FAIL(format(made.diagnostics()));
  return *made;
}

TEST_CASE("a network with the camera front end runs on frames") {
  for (const auto& [channels, int8, by_rows] :
       {std::tuple(std::int64_t{3}, true, false), std::tuple(std::int64_t{3}, true, true),
        std::tuple(std::int64_t{1}, true, false), std::tuple(std::int64_t{3}, false, true)}) {
    INFO(channels << " channels, int8 " << int8 << ", by rows " << by_rows);
    const TemporaryFolder folder;
    const Compiled made = compile(folder.path(), channels, int8, by_rows);
    REQUIRE(write_files(folder.path() / "generated", made.files));
    std::string program = replaced(kProgram, "VALUE", int8 ? "std::int8_t" : "float");
    program =
        replaced(program, "RUN",
                 by_rows ? "net::run(arenas, rows);"
                         : "std::memcpy(net::input(arenas), rows, sizeof rows); net::run(arenas);");
    std::ofstream(folder.path() / "generated/main.cc") << program;
    const Finished built = run_process(
        {{"g++", "-std=c++17", "-O1", "-fsanitize=address,undefined", "-Wall", "-Wextra",
          "-Wconversion", "-Wshadow", "-Wpedantic", "-Werror", "-ffp-contract=off", "-I.",
          "main.cc", "net.cpp", "net_camera.cpp", "net_weights.cpp", "-o", "program"},
         folder.path() / "generated"});
    INFO(built.output);
    REQUIRE(built.succeeded());
    const Finished ran = run_process({{"./program"}, folder.path() / "generated"});
    INFO(ran.output);
    REQUIRE(ran.exit_code == 0);
    const fs::path rows = folder.path() / "generated/rows.raw";
    int8 ? check_rows<std::int8_t>(made, rows, channels == 1)
         : check_rows<float>(made, rows, channels == 1);
    if (channels == 3 && by_rows) check_compilers(made, folder.path() / "generated");
  }
}

TEST_CASE("the camera front end is in flash, in stack and in the report") {
  const TemporaryFolder folder;
  const Compiled with = compile(folder.path(), 3, true, false);
  const Compiled without = compile(folder.path(), 3, true, false, false);
  CodeCosts costs;
  add_camera(costs);
  CHECK(with.report.camera_table_bytes == 3 * 256);
  CHECK(with.report.tables_bytes - without.report.tables_bytes == 3 * 256);
  CHECK(with.report.code_bytes - without.report.code_bytes == costs.code_bytes);
  CHECK(with.report.stack_bytes > without.report.stack_bytes);
  REQUIRE(write_files(folder.path() / "generated", with.files));
  const Result<Report> read = read_report(folder.path() / "generated");
  REQUIRE(read);
  CHECK(read->camera_table_bytes == 3 * 256);
  CHECK(without.files.at("report.json").find("camera") == std::string::npos);
}

// Boxes that are set by hand, and those that it finds, in C++ and in C. 200 x 100 pixels lie in 128 x 64 of 128 x 128.
const char* const kDetectorProgram = R"(#include "net_camera.hpp"
#include "net_camera.h"
#include <cmath>
alignas(32) static std::byte memory[net::kArenaBytes.ram];
static std::uint8_t pixels[100 * 600];
static float within(float at, float most) { return at < 0 ? 0 : at > most ? most : at; }
static bool near(float a, float b) { return std::fabs(a - b) < 1e-3F; }
int main() {
  const net::Arenas arenas{memory};
  for (int i = 0; i < 100 * 600; ++i) pixels[i] = static_cast<std::uint8_t>(i * 37 ^ i >> 5);
  const net::CameraFrame frame{pixels, 200, 100, 600, net::PixelFormat::rgb888};
  const net_camera_frame c_frame{pixels, 200, 100, 600, NET_RGB888};
  if (!net::run_frame(arenas, frame)) return 1;
  net::Detection boxes[8], moved[8], moved_in_c[8];
  const std::size_t found = net::detect(arenas, 0, 0.5F, boxes, 6);
  if (found == 0) return 2;
  boxes[found] = boxes[0];
  boxes[found].x1 = 16, boxes[found].y1 = 48, boxes[found].x2 = 64, boxes[found].y2 = 80;
  boxes[found + 1] = boxes[0];
  boxes[found + 1].x1 = -3, boxes[found + 1].y1 = 10, boxes[found + 1].x2 = 140, boxes[found + 1].y2 = 120;
  for (std::size_t i = 0; i < found + 2; ++i) moved[i] = moved_in_c[i] = boxes[i];
  net::move_to_frame(frame, moved, found + 2);
  net_move_to_frame(&c_frame, moved_in_c, found + 2);
  for (std::size_t i = 0; i < found + 2; ++i) {
    const net::Detection& box = boxes[i];
    const net::Detection& to = moved[i];
    if (!near(to.x1, within(box.x1 * 200 / 128, 200)) || !near(to.x2, within(box.x2 * 200 / 128, 200))) return 3;
    if (!near(to.y1, within((box.y1 - 32) * 100 / 64, 100)) || !near(to.y2, within((box.y2 - 32) * 100 / 64, 100))) return 4;
    if (to.score != box.score || to.class_index != box.class_index) return 5;
    const net::Detection& c = moved_in_c[i];
    if (c.x1 != to.x1 || c.y1 != to.y1 || c.x2 != to.x2 || c.y2 != to.y2) return 6;
  }
  if (!near(moved[found].x1, 25) || !near(moved[found].y1, 25) || !near(moved[found].x2, 100) || !near(moved[found].y2, 75)) return 7;
}
)";

TEST_CASE("boxes of a detector go to the camera's frame") {
  const TemporaryFolder folder;
  CompileOptions options;
  options.model =
      fs::path(LINNET_SOURCE_DIR) / "models/yolophinet_128_one_head/yolophinet_128_one_head.onnx";
  options.name = "net";
  options.camera = true;
  options.samples.normalization = kNormalization;
  const Result<Compiled> made = compile_network(options);
  if (!made) FAIL(format(made.diagnostics()));
  REQUIRE(write_files(folder.path(), made->files));
  std::ofstream(folder.path() / "main.cc") << kDetectorProgram;
  const Finished built = run_process(
      {{"sh", "-c",
        std::string("g++ -std=c++17 -O1") + kWarnings +
            "main.cc net.cpp net_c.cpp net_camera.cpp net_detect.cpp net_weights.cpp -o program"},
       folder.path()});
  INFO(built.output);
  REQUIRE(built.succeeded());
  CHECK(run_process({{"./program"}, folder.path()}).exit_code == 0);
  check_compilers(*made, folder.path());
}

TEST_CASE("the camera's table is what a picture of that pixel becomes") {
  const TemporaryFolder folder;
  const Compiled made = compile(folder.path(), 3, true, false);
  const Normalization& normalization = kNormalization;
  const std::vector<std::vector<float>> tables = pixel_values(made.graph, normalization);
  REQUIRE(tables.size() == 3);
  const TensorType& type = made.graph.type(made.graph.inputs.front().tensor);
  const double scale = static_cast<double>(type.quantization->scale.front());
  for (std::size_t c = 0; c < 3; ++c) {
    for (std::size_t pixel = 0; pixel < 256; ++pixel) {
      const double real =
          (static_cast<double>(pixel) - normalization.mean[c]) * normalization.scale[c];
      const double code = real / scale + type.quantization->zero_point.front();
      CHECK(std::abs(static_cast<double>(tables[c][pixel]) - std::clamp(code, -128.0, 127.0)) <
            0.501);
    }
  }
}

TEST_CASE("the camera front end needs a picture") {
  const TemporaryFolder folder;
  testing::OnnxFile file;
  file.input("x", {1, 5, 12, 16}).node("Relu", {"x"}, {"y"}).output("y");
  testing::write_bytes(folder.path() / "net.onnx", file.model());
  CompileOptions options;
  options.model = folder.path() / "net.onnx";
  options.camera = true;
  const Result<Compiled> made = compile_network(options);
  REQUIRE_FALSE(made);
  CHECK(made.diagnostics().front().code == "E322");
  CHECK(made.diagnostics().front().message ==
        "--front-end camera: input 'x' of 1x5x12x16 is no picture of one or three channels");
  CHECK(exit_code(made.diagnostics()) == 2);
}

TEST_CASE("the camera front end needs the picture's rows on the device") {
  Graph graph;
  const TensorId input = graph.add_tensor("x", TensorType{DType::f32, {1, 12, 16, 3}, {}});
  const auto check = [&](Shape shape, std::vector<std::int32_t> permutation) {
    graph.inputs = {Port{input, "x", std::move(shape), DType::f32, std::move(permutation), {}}};
    const Result<Nothing> good = check_camera_input(graph);
    return good ? std::string() : format(good.diagnostics());
  };
  CHECK(check({1, 3, 12, 16}, {0, 2, 3, 1}).empty());
  CHECK(check({1, 12, 16, 3}, {}).empty());
  CHECK(check({1, 3, 16, 12}, {0, 3, 2, 1}) ==
        "E322 --front-end camera: on the device the rows of input 'x' of 1x3x16x12 are not the "
        "picture's; leave --front-end out\n");
  CHECK_FALSE(check({1, 16, 12, 3}, {0, 2, 1, 3}).empty());
}

}  // namespace
