// A network with the camera front end, from a frame to generated code: compiled without a warning, run under sanitizers, whole and
// by rows, in C++ and in C. Its output is that of run() on an input that is letterboxed here.
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "compiler/emit/camera.h"
#include "compiler/emit/text.h"
#include "compiler/pipeline.h"
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

// Runs on a frame of noise in RGB888, and on what camera_row() makes of it row by row.
const char* const kProgram = R"(#include "net_camera.hpp"
#include "net_camera.h"
#include <cstdio>
#include <cstring>
#include <initializer_list>
alignas(32) static std::byte memory[net::kArenaBytes.ram];
static std::uint8_t pixels[20 * 64];
static ELEMENT rows[net::kCameraRows * net::kCameraRowElements];
static unsigned char outputs[2][sizeof(*net::output(net::Arenas{memory})) * 4];
static void keep(int index, const net::Arenas& arenas) { std::memcpy(outputs[index], net::output(arenas), sizeof outputs[0]); }
int main() {
  const net::Arenas arenas{memory};
  for (int i = 0; i < 20 * 64; ++i) pixels[i] = static_cast<std::uint8_t>(i * 37 ^ i >> 3);
  const net::CameraFrame frame{pixels, 21, 20, 64, net::PixelFormat::rgb888};
  if (!net::run_frame(arenas, frame)) return 2;
  keep(0, arenas);
  for (std::int32_t row = 0; row < net::kCameraRows; ++row)
    if (!net::camera_row(frame, row, rows + static_cast<std::size_t>(row) * net::kCameraRowElements)) return 3;
  RUN
  keep(1, arenas);
  if (std::memcmp(outputs[0], outputs[1], sizeof outputs[0]) != 0) return 4;
  const net_camera_frame c_frame{pixels, 21, 20, 64, NET_RGB888};
  const net_arenas c_arenas{memory};
  if (net_run_frame(&c_arenas, &c_frame) != 1) return 5;
  keep(1, arenas);
  if (std::memcmp(outputs[0], outputs[1], sizeof outputs[0]) != 0) return 6;
  // The middle of the input is the middle of the frame.
  const net::FramePoint middle = net::frame_point(frame, 8, 6);
  if (middle.x < 9 || middle.x > 12 || middle.y < 9.5F || middle.y > 10.5F) return 7;
  for (const net::CameraFrame& bad : {net::CameraFrame{nullptr, 21, 20, 64, net::PixelFormat::rgb888},
                                      net::CameraFrame{pixels, 22, 20, 64, net::PixelFormat::rgb888},
                                      net::CameraFrame{pixels, 0, 20, 64, net::PixelFormat::rgb888}})
    if (net::run_frame(arenas, bad) || net::camera_row(bad, 0, rows) || net::frame_point(bad, 1, 1).x != 0) return 8;
  if (net::camera_row(frame, net::kCameraRows, rows) || net::camera_row(frame, -1, rows)) return 9;
  std::FILE* file = std::fopen("rows.raw", "wb");
  std::fwrite(rows, 1, sizeof rows, file);
  std::fclose(file);
}
)";

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  for (std::size_t at; (at = text.find(from)) != std::string::npos;)
    text.replace(at, from.size(), to);
  return text;
}

Compiled compile(const fs::path& folder, std::int64_t channels, bool int8, bool by_rows) {
  write_model(folder / "net.onnx", channels);
  CompileOptions options;
  options.model = folder / "net.onnx";
  options.camera = true;
  options.plan.input_rows = by_rows;
  options.samples.resize = true;
  options.samples.normalization = {{120, 110, 130}, {1 / 60.0, 1 / 50.0, 1 / 64.0}};
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
    std::string program = replaced(kProgram, "ELEMENT", int8 ? "std::int8_t" : "float");
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
    CHECK(ran.exit_code == 0);
  }
}

TEST_CASE("the camera's table is what a picture of that pixel becomes") {
  const TemporaryFolder folder;
  const Compiled made = compile(folder.path(), 3, true, false);
  const Normalization normalization{{120, 110, 130}, {1 / 60.0, 1 / 50.0, 1 / 64.0}};
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
}

}  // namespace
