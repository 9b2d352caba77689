// The sound encoder of tinyCLAP, a small one, with labels: int8 bytes on the host and on the emulated core, the embedding near
// the float one, and what classify() of the generated code says.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <span>
#include <sstream>

#include "compiler/data/sound.h"
#include "compiler/reference/interpreter.h"
#include "compiler/reference/labels.h"
#include "compiler/support/write_files.h"
#include "compiler/verify/subprocess.h"
#include "compiler/verify/temporary_folder.h"
#include "compiler/verify/verify.h"
#include "tests/support/model_files.h"

namespace linnet {
namespace {

namespace fs = std::filesystem;
using namespace testing;

fs::path folder() { return models_folder() / "tinyclap_small"; }

CompileOptions compile_options() {
  CompileOptions options;
  options.model = folder() / "tinyclap_small.onnx";
  options.calibrate = {folder() / "calibration"};
  options.target = "stm32h743";
  options.plan.input_rows = true;
  return options;
}

Finished shell(const fs::path& at, const std::string& command) {
  return run_process({{"sh", "-c", command}, at});
}

// Runs the network on its test vector, then classifies: with its own labels, with a table of the program's (the same in
// reverse), with one that does not fit, and through the C interface.
std::string program(const Compiled& made) {
  std::string arenas;
  std::string members;
  for (const ReportBank& bank : made.report.banks) {
    if (bank.used_bytes == 0) continue;
    arenas += fmt::format("alignas(32) static std::byte {0}[N::kArenaBytes.{0}];\n", bank.name);
    members += (members.empty() ? "" : ", ") + bank.name;
  }
  return fmt::format(R"(#include "tinyclap_small_labels.hpp"
#include "tinyclap_small_test_vector.hpp"
#include <cstdio>
#include <cstring>
namespace N = tinyclap_small;
{0}
static void print(const N::Label* top, std::size_t found) {{
  for (std::size_t i = 0; i < found; ++i)
    std::printf("%zu %s %a %a\n", top[i].index, top[i].name, static_cast<double>(top[i].similarity),
                static_cast<double>(top[i].probability));
}}
static const char* names[50];
static std::int8_t codes[50 * 1024];
static float scales[50];
int main() {{
  const N::Arenas arenas{{{1}}};
  const tinyclap_small_arenas c_arenas{{{1}}};
  if (!N::self_test(arenas)) return 1;
  N::Label top[50];
  print(top, N::classify(arenas, top, 50));
  N::LabelTable other = N::kLabels;
  for (std::size_t i = 0; i < other.count; ++i) {{
    const std::size_t from = other.count - 1 - i;
    names[i] = N::kLabels.names[from];
    scales[i] = N::kLabels.scales[from];
    std::memcpy(codes + i * other.dimension, N::kLabels.codes + from * other.dimension, other.dimension);
  }}
  other.names = names;
  other.codes = codes;
  other.scales = scales;
  N::LabelTable bad = other;
  bad.dimension -= 1;
  if (N::use_labels(&bad) || N::classify(arenas, bad, top, 1) != 0) return 2;
  if (!N::use_labels(&other) || tinyclap_small_labels() != &other) return 3;
  print(top, N::classify(arenas, top, 2));
  if (tinyclap_small_use_labels(nullptr) != 1 || tinyclap_small_labels() != &N::kLabels) return 4;
  print(top, tinyclap_small_classify(&c_arenas, top, 2));
  print(top, tinyclap_small_classify_with(&c_arenas, &other, top, 1));
  return 0;
}}
)",
                     arenas, members);
}

std::string line(const LabelSet& labels, const RankedLabel& label, std::size_t index) {
  char text[200];
  std::snprintf(text, sizeof text, "%zu %s %a %a\n", index, labels.names[label.index].c_str(),
                static_cast<double>(label.similarity), static_cast<double>(label.probability));
  return text;
}

}  // namespace

TEST_CASE("verify tinyclap_small: a sound encoder with labels, its input by rows") {
  const CompileOptions compile = compile_options();
  VerifyOptions options;
  options.labels = folder() / "labels.json";
  for (const Machine machine : {Machine::host, Machine::qemu}) {
    options.on = machine;
    const Result<VerifyReport> report = verify(compile, options);
    if (!report) FAIL(format(report.diagnostics()));
    std::cout << to_text(*report) << '\n';
    INFO(format(report->failures));
    CHECK(report->failures.empty());
    REQUIRE(report->codes.size() == 2);
    REQUIRE(report->codes[0].stored);
    CHECK(report->codes[0].stored->error.relative <= 1e-4);
    CHECK(report->codes[1].dtype == "int8");
    CHECK(report->codes[1].bytes.differing == 0);
    REQUIRE(report->int8_to_float);
    CHECK(report->int8_to_float->cosine >= 0.98);
    CHECK(report->top_classes.size() == report->codes[1].samples);
  }
}

TEST_CASE("tinyclap_small: classify() is the oracle's, labels are files of their own") {
  CompileOptions compile = compile_options();
  compile.labels = folder() / "labels.json";
  const Result<Compiled> made = compile_network(compile);
  if (!made) FAIL(format(made.diagnostics()));
  const Result<LabelSet> labels = read_label_set(compile.labels);
  REQUIRE(labels);
  CHECK(made->report.labels == 50);
  CHECK(made->report.outputs.front().dtype == "f32");
  CHECK(made->report.inputs.front().column_scale.size() == 64);
  // 2048-wide in the paper, 512 here: nothing of it is left, nor of the batch norm before the first layer.
  for (const ReportLayer& layer : made->report.layers) CHECK(layer.output_shape.back() != 512);

  const TemporaryFolder scratch;
  REQUIRE(write_files(scratch.path(), made->files));
  std::ofstream(scratch.path() / "main.cc") << program(*made);
  const std::string warnings =
      " -std=c++17 -Wall -Wextra -Wconversion -Wshadow -Wpedantic -Werror -fno-exceptions "
      "-fno-rtti "
      "-ffp-contract=off -I. ";
  const Finished core = shell(scratch.path(),
                              "arm-none-eabi-g++ -mcpu=cortex-m7 -mthumb -mfloat-abi=hard "
                              "-mfpu=fpv5-d16 -O2 -c -o core.out tinyclap_small_labels.cpp" +
                                  warnings);
  INFO(core.output);
  CHECK(core.succeeded());
  const Finished built =
      shell(scratch.path(),
            "g++ -O1 -fsanitize=address,undefined -fno-sanitize-recover=all" + warnings +
                "-o run main.cc tinyclap_small.cpp tinyclap_small_c.cpp tinyclap_small_weights.cpp "
                "tinyclap_small_labels.cpp tinyclap_small_test_vector.cpp");
  INFO(built.output);
  REQUIRE(built.succeeded());
  const Finished ran = shell(scratch.path(), "./run");

  const std::vector<RankedLabel> ranked = rank_labels(*labels, made->test_vector.outputs.front());
  std::string expected;
  for (const RankedLabel& label : ranked) expected += line(*labels, label, label.index);
  const auto in_reverse = [&](std::size_t i) {
    // The sum of the softmax runs in the table's order; in reverse its last bits may be others.
    return fmt::format("{} {} ", 49 - ranked[i].index, labels->names[ranked[i].index]);
  };
  INFO(ran.output);
  REQUIRE(ran.succeeded());
  REQUIRE(ran.output.starts_with(expected));
  std::vector<std::string> rest;
  std::istringstream tail(ran.output.substr(expected.size()));
  for (std::string text; std::getline(tail, text);) rest.push_back(text + "\n");
  REQUIRE(rest.size() == 5);
  CHECK(rest[0].starts_with(in_reverse(0)));
  CHECK(rest[1].starts_with(in_reverse(1)));
  CHECK(rest[2] == line(*labels, ranked[0], ranked[0].index));
  CHECK(rest[3] == line(*labels, ranked[1], ranked[1].index));
  CHECK(rest[4] == rest[0]);
}

namespace {

// Gives the sound in pieces to the front end, then its codes to run(): two equal outputs, one of which goes to output.raw.
const char* const kStreamProgram = R"(#include "tinyclap_small_audio.hpp"
#include <cstdio>
#include <cstring>
namespace N = tinyclap_small;
ARENAS
static std::int16_t samples[2 * N::kStreamSamples];
static std::int8_t rows[N::kInputRows * N::kInputRowElements];
static unsigned char streamed[BYTES];
static std::size_t load(const char* path, void* to, std::size_t bytes) {
  std::FILE* file = std::fopen(path, "rb");
  if (file == nullptr) return 0;
  const std::size_t count = std::fread(to, 1, bytes, file);
  std::fclose(file);
  return count;
}
int main() {
  const N::Arenas arenas{MEMBERS};
  const std::size_t count = load("samples.raw", samples, sizeof samples) / 2;
  if (count == 0 || load("rows.raw", rows, sizeof rows) != sizeof rows) return 2;
  N::begin_stream(arenas);
  for (std::size_t done = 0, piece = 1; done < count; done += piece, piece = piece * 3 % 5000 + 1) {
    if (piece > count - done) piece = count - done;
    N::push_samples(arenas, samples + done, piece);
  }
  if (!N::finish(arenas).complete()) return 3;
  std::memcpy(streamed, N::output(arenas), sizeof streamed);
  N::run(arenas, rows);
  if (std::memcmp(streamed, N::output(arenas), sizeof streamed) != 0) return 4;
  std::FILE* file = std::fopen("output.raw", "wb");
  std::fwrite(streamed, 1, sizeof streamed, file);
  std::fclose(file);
  return 0;
}
)";

std::string stream_program(const Compiled& made, std::size_t output_bytes) {
  std::string arenas, members;
  for (const ReportBank& bank : made.report.banks) {
    if (bank.used_bytes == 0) continue;
    arenas += fmt::format("alignas(32) static std::byte {0}[N::kArenaBytes.{0}];\n", bank.name);
    members += (members.empty() ? "" : ", ") + bank.name;
  }
  std::string text = kStreamProgram;
  const auto replace = [&](const std::string& word, const std::string& by) {
    text.replace(text.find(word), word.size(), by);
  };
  replace("ARENAS\n", arenas);
  replace("MEMBERS", members);
  replace("BYTES", std::to_string(output_bytes));
  return text;
}

// The header's formula, from the numbers that the report states.
std::vector<std::int8_t> codes_by_column(const Compiled& made,
                                         const std::vector<std::int16_t>& samples) {
  const ReportPort& port = made.report.inputs.front();
  std::vector<std::int8_t> codes;
  for (const float db : made.front_end->rows(samples)) {
    const std::size_t m = codes.size() % port.column_scale.size();
    const float product = db * port.column_scale[m];
    const float sum = product + port.column_offset[m];
    codes.push_back(static_cast<std::int8_t>(std::clamp(std::nearbyint(sum), -128.0F, 127.0F)));
  }
  return codes;
}

template <class T>
void write_raw(const fs::path& path, const std::vector<T>& values) {
  std::ofstream(path, std::ios::binary)
      .write(reinterpret_cast<const char*>(values.data()),
             static_cast<std::streamsize>(values.size() * sizeof(T)));
}

}  // namespace

TEST_CASE("tinyclap_small: from a sound through the front end and the map by column") {
  CompileOptions compile = compile_options();
  compile.samples.log_mel = "";
  const fs::path wave = folder() / "sounds/cockchafer_gentleman.wav";
  VerifyOptions options;
  options.data = wave;
  options.on = Machine::host;
  const Result<VerifyReport> report = verify(compile, options);
  if (!report) FAIL(format(report.diagnostics()));
  INFO(format(report->failures));
  CHECK(report->failures.empty());
  REQUIRE(report->codes.size() == 2);
  CHECK(report->codes[1].samples == 1);
  CHECK(report->codes[1].dtype == "int8");
  CHECK(report->codes[1].bytes.differing == 0);

  const Result<Compiled> made = compile_network(compile);
  if (!made) FAIL(format(made.diagnostics()));
  REQUIRE(made->front_end);
  const std::vector<float>& scales = made->report.inputs.front().column_scale;
  REQUIRE(scales.size() == 64);
  CHECK(*std::max_element(scales.begin(), scales.end()) >
        1.01F * *std::min_element(scales.begin(), scales.end()));  // each column has its own
  const auto samples = read_sound(wave, made->front_end->options().rate);
  REQUIRE(samples);
  const std::vector<std::int8_t> codes = codes_by_column(*made, *samples);
  CHECK(*std::max_element(codes.begin(), codes.end()) -
            *std::min_element(codes.begin(), codes.end()) >
        100);
  const TensorType& type = made->graph.type(made->graph.inputs.front().tensor);
  const std::vector<TensorValue> expected = interpret(made->graph, {TensorValue::of(type, codes)});
  const std::span<const std::byte> wanted = expected.front().bytes();

  const TemporaryFolder scratch;
  REQUIRE(write_files(scratch.path(), made->files));
  write_raw(scratch.path() / "samples.raw", *samples);
  write_raw(scratch.path() / "rows.raw", codes);
  std::ofstream(scratch.path() / "main.cc") << stream_program(*made, wanted.size());
  const Finished ran = shell(
      scratch.path(),
      "g++ -std=c++17 -O1 -fsanitize=address,undefined -fno-sanitize-recover=all -fno-exceptions "
      "-fno-rtti -ffp-contract=off -Wall -Wextra -Wconversion -Werror -I. -o run main.cc "
      "tinyclap_small.cpp "
      "tinyclap_small_weights.cpp tinyclap_small_audio.cpp && ./run");
  INFO("exit code " << ran.exit_code << ' ' << ran.output);
  REQUIRE(ran.succeeded());
  std::ifstream file(scratch.path() / "output.raw", std::ios::binary);
  const std::string output((std::istreambuf_iterator<char>(file)), {});
  REQUIRE(output.size() == wanted.size());
  CHECK(std::memcmp(output.data(), wanted.data(), output.size()) == 0);
}

TEST_CASE("linnet labels: other labels, only their files change") {
  CompileOptions compile = compile_options();
  compile.labels = folder() / "labels.json";
  const TemporaryFolder scratch;
  const fs::path out = scratch.path() / "out";
  const std::string linnet = LINNET_BINARY;
  const std::string quoted = fmt::format(
      "'{}' compile '{}' --calibrate '{}' --labels '{}' -o out --quiet", linnet,
      compile.model.string(), (folder() / "test_data_set_0").string(), compile.labels.string());
  const Finished compiled = shell(scratch.path(), quoted);
  INFO(compiled.output);
  REQUIRE(compiled.succeeded());
  const auto text_of = [&](const char* name) {
    std::ifstream file(out / name, std::ios::binary);
    return std::string(std::istreambuf_iterator<char>(file), {});
  };
  const std::string network = text_of("tinyclap_small.cpp");
  const std::string before = text_of("tinyclap_small_labels.cpp");
  const Finished same =
      shell(scratch.path(), linnet + " labels '" + compile.labels.string() + "' -o out");
  INFO(same.output);
  REQUIRE(same.succeeded());
  CHECK(text_of("tinyclap_small_labels.cpp") == before);

  std::string embedding = "1";
  for (int i = 1; i < 256; ++i) embedding += ", 0.5";
  std::ofstream(scratch.path() / "two.json")
      << R"({"labels": [{"name": "sea \"waves\"?", "embedding": [)" << embedding
      << R"(]}, {"name": "Möwe", "embedding": [-)" << embedding << "]}]}";
  const Finished two = shell(scratch.path(), linnet + " labels two.json -o out");
  INFO(two.output);
  REQUIRE(two.succeeded());
  const std::string after = text_of("tinyclap_small_labels.cpp");
  CHECK(after.find("sea \\042waves\\042\\077") != std::string::npos);
  CHECK(after.find("M\\303\\266we") != std::string::npos);
  CHECK(text_of("tinyclap_small.cpp") == network);
  CHECK(read_report(out)->labels == 2);

  std::ofstream(scratch.path() / "short.json")
      << R"({"labels": [{"name": "a", "embedding": [1, 2]}]})";
  const Finished wrong = shell(scratch.path(), linnet + " labels short.json -o out");
  CHECK(wrong.exit_code == 1);
  CHECK(wrong.output.starts_with("short.json: E285 "));
  CHECK(text_of("tinyclap_small_labels.cpp") == after);
  const Finished none = shell(scratch.path(), linnet + " labels two.json -o nowhere");
  CHECK(none.exit_code == 1);
  CHECK(none.output.find("E503") != std::string::npos);
}

}  // namespace linnet
