// What the user reads when a front end does not fit the network, its options make no sense, or a sound is not one for it.
#include <catch2/catch.hpp>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include <unistd.h>

#include "compiler/data/samples.h"
#include "compiler/front_end/fit.h"
#include "compiler/front_end/log_mel.h"
#include "tests/support/onnx_writer.h"
#include "tests/support/wave_file.h"

namespace {

namespace fs = std::filesystem;
using namespace linnet;

struct Scratch {
  fs::path path = fs::temp_directory_path() / ("linnet_front_end_" + std::to_string(::getpid()));
  Scratch() { fs::create_directories(path); }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  ~Scratch() { fs::remove_all(path); }

  std::string without_path(std::string text) const {
    for (std::size_t at; (at = text.find(path.string())) != std::string::npos;)
      text.replace(at, path.string().size(), "DIR");
    return text;
  }
};

std::string options_error(const std::string& text) {
  const Result<LogMelOptions> options = parse_log_mel_options(text);
  REQUIRE_FALSE(options);
  return format(options.diagnostics());
}

Graph graph_with_input(Shape model_shape, bool channels_last = false) {
  Graph graph;
  Port port;
  port.name = "sound";
  port.model_shape = model_shape;
  port.model_dtype = DType::f32;
  if (model_shape.size() == 4 && !channels_last) {
    port.permutation = {0, 2, 3, 1};
    model_shape = {model_shape[0], model_shape[2], model_shape[3], model_shape[1]};
  }
  port.tensor = graph.add_tensor("sound", TensorType{DType::f32, std::move(model_shape), {}});
  graph.inputs.push_back(std::move(port));
  return graph;
}

std::string fit_error(const Shape& shape, const LogMelOptions& options = {}) {
  const Result<LogMelFrontEnd> made = make_log_mel(graph_with_input(shape), options);
  REQUIRE_FALSE(made);
  return format(made.diagnostics());
}

std::string sample_error(const Scratch& scratch, const fs::path& path, bool front_end = true) {
  SampleOptions options;
  if (front_end) options.log_mel = "";
  const Result<std::vector<Sample>> samples =
      load_model_samples(graph_with_input({1, 1, 16, 64}), {path}, options);
  REQUIRE_FALSE(samples);
  return scratch.without_path(format(samples.diagnostics()));
}

}  // namespace

TEST_CASE("front end: options that make no sense") {
  CHECK(options_error("hop=0") ==
        "E320 --front-end-options: hop=0 is not within 1 and n_fft=1024; give the samples from one "
        "frame to the next\n");
  CHECK(options_error("hop=2000") ==
        "E320 --front-end-options: hop=2000 is not within 1 and n_fft=1024; give the samples from "
        "one frame to the next\n");
  CHECK(options_error("n_fft=1000") ==
        "E320 --front-end-options: n_fft=1000 is no power of two from 64 to 8192; give the length "
        "of the frames that the network was trained on\n");
  CHECK(options_error("rate=16000") ==
        "E320 --front-end-options: low=50 and high=14000 Hz are no range of frequencies up to half "
        "the rate, 8000; give 0 <= low < high <= rate/2\n");
  CHECK(options_error("low=nan") ==
        "E320 --front-end-options: low=nan and high=14000 Hz are no range of frequencies up to "
        "half the rate, 22050; give 0 <= low < high <= rate/2\n");
  CHECK(options_error("mels=0") ==
        "E320 --front-end-options: mels=0 is not within 1 and 1024; give the number of mel bands, "
        "which are the columns of the network's input\n");
  CHECK(options_error("rate=0") ==
        "E320 --front-end-options: rate=0 is no sample rate; give samples a second\n");
  CHECK(options_error("scale=0") ==
        "E320 --front-end-options: scale=0 and offset=0 leave nothing of the features; the network "
        "is given dB * scale + offset\n");
  CHECK(options_error("bands=64") ==
        "E320 --front-end-options: there is no 'bands'; there are rate, n_fft, hop, mels, low, "
        "high, scale and offset\n");
  CHECK(options_error("hop=10ms") ==
        "E320 --front-end-options: '10ms' is no number for hop; give a whole number\n");
  CHECK(options_error("low=") ==
        "E320 --front-end-options: '' is no number for low; give a number\n");
  const Result<LogMelOptions> good = parse_log_mel_options(
      "rate=16000,n_fft=512,hop=160,mels=40,low=20.5,high=8000,scale=0.05,offset=2");
  REQUIRE(good);
  CHECK(good->rate == 16000);
  CHECK(good->low_hz == 20.5);
  CHECK(good->scale == 0.05);
}

TEST_CASE("front end: rows of the device that are bands") {
  LogMelOptions square;
  square.hop = 10;
  square.n_fft = 64;
  Graph graph = graph_with_input({1, 1, 64, 64});
  graph.tensors[graph.inputs.front().tensor].type.shape = {1, 64, 64, 1};
  const Result<LogMelFrontEnd> made = make_log_mel(graph, square);
  REQUIRE(made);
  Program program;
  program.inputs.emplace_back();
  program.inputs.front().rows = 64;
  program.inputs.front().row_bytes = 64 * 4;
  graph.inputs.front().permutation = {0, 2, 3, 1};
  CHECK(check_front_end(*made, graph, program));
  graph.inputs.front().permutation = {0, 3, 2, 1};
  const Result<Nothing> turned = check_front_end(*made, graph, program);
  REQUIRE_FALSE(turned);
  CHECK(format(turned.diagnostics()) ==
        "E321 --front-end log-mel: on the device the input 'sound' is 64 rows of 64 f32, each "
        "of one band; leave --front-end out\n");
}

TEST_CASE("front end: a network that does not take such rows") {
  CHECK(fit_error({1, 1, 64, 640}) ==
        "E321 --front-end log-mel: input 'sound' is 1x1x64x640 where rows of 64 mel bands are "
        "made, one channel: 1x1xFRAMESx64; export the network with time before mel bands\n");
  CHECK(fit_error({1, 1, 640, 40}) ==
        "E321 --front-end log-mel: input 'sound' is 1x1x640x40 where rows of 64 mel bands are "
        "made, one channel: 1x1xFRAMESx64; give the number of bands with --front-end-options "
        "mels=N, or leave --front-end out\n");
  CHECK(fit_error({1, 3, 96, 96}) ==
        "E321 --front-end log-mel: input 'sound' is 1x3x96x96 where rows of 64 mel bands are made, "
        "one channel: 1x1xFRAMESx64; give the number of bands with --front-end-options mels=N, or "
        "leave --front-end out\n");
  LogMelOptions long_frames;
  long_frames.n_fft = 8192;
  CHECK(fit_error({1, 1, 12, 64}, long_frames) ==
        "E321 --front-end log-mel: 12 frames of hop 320 are 3840 samples, where the mirror image "
        "at their ends needs more than 4096; use a longer clip or shorter frames\n");
  CHECK(make_log_mel(graph_with_input({1, 1, 13, 64}), long_frames));
  CHECK(make_log_mel(graph_with_input({1, 640, 64, 1}, true), {}));
  CHECK(make_log_mel(graph_with_input({1, 640, 64}), {}));
  CHECK(make_log_mel(graph_with_input({640, 64}), {}));
}

TEST_CASE("front end: sounds that are none, or at another rate") {
  const Scratch scratch;
  testing::write_wave(scratch.path / "slow.wav", 22050, 1, std::vector<std::int16_t>(100, 5));
  CHECK(sample_error(scratch, scratch.path / "slow.wav") ==
        "E231 'DIR/slow.wav' has 22050 samples a second where the front end takes 44100; resample "
        "it (sox IN -r 44100 OUT), or give the network's own rate with --front-end-options "
        "rate=N\n");
  CHECK(sample_error(scratch, scratch.path / "slow.wav", false) ==
        "E209 'DIR/slow.wav' is a sound, which the model cannot take as it is; give --front-end "
        "log-mel, which makes features of it, or .npy or .pb files\n");
  std::ofstream(scratch.path / "text.wav") << "no sound";
  const std::string broken = sample_error(scratch, scratch.path / "text.wav");
  CHECK_THAT(broken, Catch::StartsWith("E230 'DIR/text.wav' is no sound that can be decoded: "));
  CHECK_THAT(broken, Catch::EndsWith("; save it again as a 16-bit .wav file\n"));
  fs::create_directories(scratch.path / "empty");
  CHECK(sample_error(scratch, scratch.path / "empty") ==
        "E203 the folder 'DIR/empty' holds no samples; put .wav, .flac, .npy or .pb files, or "
        "test_data_set_* folders into it\n");
}

TEST_CASE("front end: a sound becomes the model's input") {
  const Scratch scratch;
  std::vector<std::int16_t> samples;
  for (int i = 0; i < 7000; ++i) samples.push_back(static_cast<std::int16_t>(i * 7919));
  testing::write_wave(scratch.path / "mono.wav", 44100, 1, samples);
  // Two channels whose mean lies halfway: 2 * s and 1, so s + 1/2, to even.
  std::vector<std::int16_t> stereo;
  std::vector<std::int16_t> mean;
  for (int i = 0; i < 3000; ++i) {
    const auto s = static_cast<std::int16_t>(i - 1500);
    stereo.push_back(static_cast<std::int16_t>(2 * s));
    stereo.push_back(1);
    mean.push_back(static_cast<std::int16_t>(s % 2 == 0 ? s : s + 1));
  }
  testing::write_wave(scratch.path / "stereo.wav", 44100, 2, stereo);

  const Graph graph = graph_with_input({1, 1, 16, 64});
  SampleOptions options;
  options.log_mel = "scale=0.05,offset=2";
  std::vector<std::string> names;
  const Result<std::vector<Sample>> loaded =
      load_model_samples(graph, {scratch.path}, options, &names);
  REQUIRE(loaded);
  CHECK(names == std::vector<std::string>{"mono.wav", "stereo.wav"});
  const Result<LogMelOptions> parsed = parse_log_mel_options(*options.log_mel);
  REQUIRE(parsed);
  const LogMelFrontEnd front_end(*parsed, 16);
  CHECK((*loaded)[0][0].type.shape == Shape{1, 1, 16, 64});
  CHECK((*loaded)[0][0].to_floats() == front_end.model_rows(samples));
  CHECK((*loaded)[1][0].to_floats() == front_end.model_rows(mean));
}

TEST_CASE("front end: the command line refuses and writes nothing") {
  const Scratch scratch;
  testing::OnnxFile file;
  file.input("x", {1, 1, 16, 64}).node("Relu", {"x"}, {"y"}).output("y");
  const fs::path model = scratch.path / "net.onnx";
  testing::write_bytes(model, file.model());
  const auto compile = [&](const std::string& options) {
    const std::string command = std::string(LINNET_BINARY) + " compile " + model.string() +
                                " --quiet -o " + (scratch.path / "out").string() + " " + options +
                                " > " + (scratch.path / "said").string() + " 2>&1";
    const int status = WEXITSTATUS(std::system(command.c_str()));
    std::ifstream said(scratch.path / "said");
    std::string text((std::istreambuf_iterator<char>(said)), {});
    return std::pair(status, scratch.without_path(text));
  };
  auto [status, text] = compile("--front-end log-mel");
  CHECK(status == 2);
  CHECK(text ==
        "DIR/net.onnx: E321 --front-end log-mel makes the input row by row, and the network takes "
        "it whole; give --input rows\n");
  std::tie(status, text) = compile("--input rows --front-end log-mel --front-end-options mels=40");
  CHECK(status == 2);
  CHECK_THAT(text, Catch::StartsWith("DIR/net.onnx: E321 "));
  std::tie(status, text) = compile("--input rows --front-end log-mel --front-end-options hop=0");
  CHECK(status == 2);
  CHECK_THAT(text, Catch::StartsWith("DIR/net.onnx: E320 "));
  std::tie(status, text) = compile("--front-end camera --front-end-options hop=160");
  CHECK(status == 2);
  CHECK_THAT(text, Catch::StartsWith("--front-end-options: goes with --front-end log-mel only"));
  std::tie(status, text) = compile("--front-end-options hop=160 --front-end camera");
  CHECK(status == 2);
  CHECK_THAT(text, Catch::StartsWith("--front-end-options: goes with --front-end log-mel only"));
  std::tie(status, text) = compile("--input rows --front-end mfcc");
  CHECK(status == 2);
  CHECK_FALSE(fs::exists(scratch.path / "out"));
}
