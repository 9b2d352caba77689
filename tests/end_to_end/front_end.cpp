// A network with a log-mel front end, from sound files to generated code: compiled without a warning, run under sanitizers, fed
// with samples in pieces; its output is the oracle's on the features of the same sound.
#include <unistd.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <span>
#include <sstream>

#include "compiler/emit/text.h"
#include "compiler/pipeline.h"
#include "compiler/reference/interpreter.h"
#include "compiler/support/write_files.h"
#include "compiler/verify/subprocess.h"
#include "compiler/verify/temporary_folder.h"
#include "tests/support/onnx_writer.h"
#include "tests/support/wave_file.h"

namespace {

namespace fs = std::filesystem;
using namespace linnet;

constexpr std::size_t kFrames = 24, kHop = 320;

// A tone that rises and fades, with some noise.
std::vector<std::int16_t> sound(std::size_t count, double loudness) {
  std::vector<std::int16_t> samples;
  std::uint32_t state = 1;
  for (std::size_t i = 0; i < count; ++i) {
    state = state * 1664525u + 1013904223u;
    const double t = static_cast<double>(i) / 44100;
    const double tone = std::sin(2000 * t + 40000 * t * t) * std::exp(-8 * t);
    samples.push_back(
        static_cast<std::int16_t>(loudness * (tone + static_cast<double>(state >> 8) / (1 << 29))));
  }
  return samples;
}

// [1, 1, 24, 64] -> 3x3 convolution to 4 channels -> mean over space.
void write_model(const fs::path& path) {
  std::vector<float> weights;
  for (int i = 0; i < 36; ++i) weights.push_back(static_cast<float>(i * 7 % 11 - 5) * 0.05F);
  testing::OnnxFile file;
  file.input("x", {1, 1, kFrames, 64})
      .initializer(testing::onnx_tensor("w", {4, 1, 3, 3}, weights))
      .node("Conv", {"x", "w"}, {"features"},
            {testing::onnx_ints("pads", {1, 1, 1, 1}), testing::onnx_ints("strides", {2, 2})})
      .node("Relu", {"features"}, {"positive"})
      .node("GlobalAveragePool", {"positive"}, {"y"})
      .output("y");
  testing::write_bytes(path, file.model());
}

template <class T>
void write_raw(const fs::path& path, const std::vector<T>& values) {
  std::ofstream(path, std::ios::binary)
      .write(reinterpret_cast<const char*>(values.data()),
             static_cast<std::streamsize>(values.size() * sizeof(T)));
}

// Streams samples.raw, in pieces through C++ and at once through C, and gives rows.raw to run(): three equal outputs, which go
// to output.raw.
const char* const kProgram = R"(#include "net_audio.hpp"
#include "net_audio.h"
#include <cstdio>
#include <cstring>
alignas(32) static std::byte memory[net::kArenaBytes.ram];
static std::int16_t samples[2 * net::kStreamSamples];
static ELEMENT rows[net::kInputRows * net::kInputRowElements];
static unsigned char outputs[3][sizeof(ELEMENT) * OUTPUTS];
static std::size_t load(const char* path, void* to, std::size_t bytes) {
  std::FILE* file = std::fopen(path, "rb");
  if (file == nullptr) return 0;
  const std::size_t count = std::fread(to, 1, bytes, file);
  std::fclose(file);
  return count;
}
static void keep(int index, const net::Arenas& arenas) { std::memcpy(outputs[index], net::output(arenas), sizeof outputs[index]); }
int main() {
  const net::Arenas arenas{memory};
  const std::size_t count = load("samples.raw", samples, sizeof samples) / 2;
  if (load("rows.raw", rows, sizeof rows) != sizeof rows) return 2;
  const std::size_t clip = net::kStreamSamples;
  std::memset(memory, 0xa5, sizeof memory);
  net::begin_stream(arenas);
  std::size_t done = 0, piece = 1, ignored = 0;
  for (; done < count; done += piece, piece = piece * 3 % 1000 + 1) {
    if (piece > count - done) piece = count - done;
    ignored += net::push_samples(arenas, samples + done, piece).ignored_samples;
  }
  const net::StreamStatus status = net::finish(arenas);
  if (!status.complete() || ignored != (count > clip ? count - clip : 0)) return 3;
  if (status.padded_samples != (count < clip ? clip - count : 0)) return 4;
  if (net::finish(arenas).padded_samples != 0) return 5;
  keep(0, arenas);
  const net_arenas c_arenas{memory};
  net_begin_stream(&c_arenas);
  const bool whole = net_push_samples(&c_arenas, samples, count).rows == NET_INPUT_ROWS;
  if (whole != (count >= NET_STREAM_SAMPLES) || net_finish(&c_arenas).rows != NET_INPUT_ROWS) return 6;
  keep(1, arenas);
  net::run(arenas, rows);
  keep(2, arenas);
  if (std::memcmp(outputs[0], outputs[1], sizeof outputs[0]) != 0) return 7;
  if (std::memcmp(outputs[0], outputs[2], sizeof outputs[0]) != 0) return 8;
  std::FILE* file = std::fopen("output.raw", "wb");
  std::fwrite(outputs[0], 1, sizeof outputs[0], file);
  std::fclose(file);
  return 0;
}
)";

// The rows of a sound as the device's int8 input, by the formula of docs/log-mel.md.
std::vector<std::int8_t> codes_of(const Compiled& made, const std::vector<std::int16_t>& samples) {
  const TensorType& type = made.graph.type(made.graph.inputs.front().tensor);
  const double scale = static_cast<double>(type.quantization->scale.front());
  const auto by = static_cast<float>(0.05 / scale);
  const auto plus = static_cast<float>(2 / scale + type.quantization->zero_point.front());
  std::vector<std::int8_t> codes;
  for (const float db : made.front_end->rows(samples)) {
    const float product = db * by;
    codes.push_back(
        static_cast<std::int8_t>(std::clamp(std::nearbyint(product + plus), -128.0F, 127.0F)));
  }
  return codes;
}

// A stream on the emulated core: prints the most stack that it took and its output.
const char* const kCoreProgram = R"(#include "net_audio.hpp"
#include "board.h"
#include "semihosting.h"
alignas(32) static std::byte memory[net::kArenaBytes.ram];
static std::int16_t piece[100];
int main() {
  const net::Arenas arenas{memory};
  const std::size_t stack_bytes = linnet::board::on_target_stack([&] {
    net::begin_stream(arenas);
    std::uint32_t state = 1;
    for (int i = 0; i < 70; ++i) {
      for (std::int16_t& sample : piece) {
        state = state * 1664525u + 1013904223u;
        sample = static_cast<std::int16_t>(static_cast<std::int16_t>(state >> 16) >> (i % 9));
      }
      net::push_samples(arenas, piece, 100);
    }
    net::finish(arenas);
  });
  namespace host = linnet::semihosting;
  host::print(stack_bytes, "\n");
  for (int i = 0; i < 4; ++i) host::print(static_cast<std::size_t>(net::output(arenas)[i] + 128), "\n");
  return 0;
}
)";

// The core's front end and network give what the oracle gives on features that were made here.
void check_core(const Compiled& made, const fs::path& folder) {
  std::ofstream(folder / "core.cc") << kCoreProgram;
  const fs::path board = fs::path(LINNET_SOURCE_DIR) / "runtime/boards/mps2_an500";
  const Finished built = run_process(
      {{"sh", "-c",
        "arm-none-eabi-g++ -mcpu=cortex-m7 -mthumb -mfloat-abi=hard -mfpu=fpv5-d16 -std=c++17 -O2 "
        "-fno-exceptions -fno-rtti -ffp-contract=off -ffunction-sections -I. -I" +
            board.string() +
            " -nostartfiles --specs=nano.specs -Wl,--gc-sections "
            "-Wl,--enable-non-contiguous-regions -T " +
            (board / "open.ld").string() + " core.cc net.cpp net_audio.cpp net_weights.cpp " +
            (board / "startup.cpp").string() + " -o core.elf"},
       folder});
  INFO(built.output);
  REQUIRE(built.succeeded());
  const Finished ran =
      run_process({{std::string(LINNET_SOURCE_DIR) + "/tools/qemu", "core.elf"}, folder});
  INFO(ran.output);
  REQUIRE(ran.succeeded());

  std::vector<std::int16_t> samples;
  std::uint32_t state = 1;
  for (int i = 0; i < 7000; ++i) {
    state = state * 1664525u + 1013904223u;
    samples.push_back(
        static_cast<std::int16_t>(static_cast<std::int16_t>(state >> 16) >> (i / 100 % 9)));
  }
  const TensorType& type = made.graph.type(made.graph.inputs.front().tensor);
  const std::vector<TensorValue> expected =
      interpret(made.graph, {TensorValue::of(type, codes_of(made, samples))});
  std::istringstream lines(ran.output);
  std::int64_t stack_bytes = 0;
  lines >> stack_bytes;
  CHECK(stack_bytes > 100);
  CHECK(stack_bytes <= made.report.stack_bytes);
  for (const std::int8_t code : expected.front().as<std::int8_t>()) {
    int printed = 0;
    lines >> printed;
    CHECK(printed - 128 == code);
  }
}

void check_network(const TemporaryFolder& scratch, bool int8) {
  CompileOptions options;
  options.model = scratch.path() / "net.onnx";
  options.name = "net";
  options.plan.input_rows = true;
  options.samples.log_mel = "scale=0.05,offset=2";
  if (int8) options.calibrate = {scratch.path() / "sounds"};
  const Result<Compiled> made = compile_network(options);
  if (!made) FAIL(format(made.diagnostics()));
  CHECK(made->int8 == int8);
  REQUIRE(made->front_end);
  REQUIRE(made->report.front_end);
  CHECK(made->report.front_end->clip_samples == kFrames * kHop);

  // The stream's memory is counted, and lies where nothing else ever does.
  Result<PlannedProgram> plain = [&] {
    PlanOptions rows;
    rows.input_rows = true;
    return lower_and_plan(made->graph, made->target, rows);
  }();
  REQUIRE(plain);
  CHECK(made->plan.arena_bytes == plain->plan.arena_bytes + made->front_end->memory_bytes());

  const fs::path folder = scratch.path() / (int8 ? "int8" : "float");
  REQUIRE(write_files(folder, made->files));
  std::string program = kProgram;
  const auto replace = [&](const std::string& word, const std::string& by) {
    for (std::size_t at; (at = program.find(word)) != std::string::npos;)
      program.replace(at, word.size(), by);
  };
  replace("ELEMENT", int8 ? "std::int8_t" : "float");
  replace("OUTPUTS", "4");
  std::ofstream(folder / "program.cc") << program;
  const std::string flags =
      " -std=c++17 -Wall -Wextra -Wconversion -Wshadow -Wpedantic -Werror -fno-exceptions "
      "-fno-rtti -ffp-contract=off -I. ";
  const std::vector<std::string> commands{
      "g++ -O1 -fsanitize=address,undefined -fno-sanitize-recover=all" + flags +
          "-o program program.cc net*.cpp",
      "clang++ -O2 -fsyntax-only" + flags + "net_audio.cpp",
      "arm-none-eabi-g++ -mcpu=cortex-m7 -mthumb -mfloat-abi=hard -mfpu=fpv5-d16 -O2 -c" + flags +
          "net_audio.cpp",
      "gcc -std=c11 -Wall -Wextra -Wpedantic -Werror -fsyntax-only -x c net_audio.h"};
  std::vector<Process> processes;
  for (const std::string& command : commands) processes.push_back({{"sh", "-c", command}, folder});
  for (const Finished& finished : run_processes(processes)) {
    INFO(finished.output);
    REQUIRE(finished.succeeded());
  }

  if (int8) check_core(*made, folder);
  for (const std::size_t length : {kFrames * kHop, kFrames * kHop + 999, std::size_t{3000}}) {
    const std::vector<std::int16_t> samples = sound(length, 20000);
    write_raw(folder / "samples.raw", samples);
    const TensorType& type = made->graph.type(made->graph.inputs.front().tensor);
    TensorValue input;
    if (int8) {
      const std::vector<std::int8_t> codes = codes_of(*made, samples);
      CHECK(*std::max_element(codes.begin(), codes.end()) -
                *std::min_element(codes.begin(), codes.end()) >
            100);
      write_raw(folder / "rows.raw", codes);
      input = TensorValue::of(type, codes);
    } else {
      const std::vector<float> rows = made->front_end->model_rows(samples);
      write_raw(folder / "rows.raw", rows);
      input = TensorValue::of(type, rows);
    }
    const Finished ran = run_process({{"./program"}, folder});
    INFO(length << " samples: exit code " << ran.exit_code << ran.output);
    REQUIRE(ran.succeeded());
    const std::vector<TensorValue> expected = interpret(made->graph, {input});
    std::ifstream file(folder / "output.raw", std::ios::binary);
    const std::string output((std::istreambuf_iterator<char>(file)), {});
    const std::span<const std::byte> wanted = expected.front().bytes();
    REQUIRE(output.size() == wanted.size());
    if (int8) {
      CHECK(std::memcmp(output.data(), wanted.data(), output.size()) == 0);
    } else {
      for (std::size_t i = 0; i < 4; ++i) {
        float value = 0;
        std::memcpy(&value, output.data() + 4 * i, 4);
        CHECK(value == Approx(expected.front().as<float>()[i]).epsilon(1e-4));
      }
    }
  }
}

}  // namespace

TEST_CASE("samples in, the network's output out: int8 and float, on the host and on the core") {
  const TemporaryFolder scratch;
  write_model(scratch.path() / "net.onnx");
  fs::create_directories(scratch.path() / "sounds");
  testing::write_wave(scratch.path() / "sounds/loud.wav", 44100, 1, sound(9000, 25000));
  testing::write_wave(scratch.path() / "sounds/short.wav", 44100, 1, sound(2000, 3000));
  check_network(scratch, true);
  check_network(scratch, false);
}
