// What is said when calibration data does not fit: one clear line each.
#include <catch2/catch.hpp>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "compiler/data/npy.h"
#include "compiler/data/samples.h"
#include "compiler/quant/ranges.h"

namespace linnet {
namespace {

namespace fs = std::filesystem;

// A folder that goes with the test; messages are compared with its path written as DIR.
class Folder {
 public:
  Folder() {
    std::string pattern = (fs::temp_directory_path() / "linnet_data_XXXXXX").string();
    path_ = mkdtemp(pattern.data());
  }
  ~Folder() { fs::remove_all(path_); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  fs::path operator/(const std::string& name) const { return path_ / name; }
  const fs::path& path() const { return path_; }
  void write(const std::string& name, const std::string& bytes) const {
    std::ofstream(path_ / name, std::ios::binary) << bytes;
  }
  void write_npy(const std::string& name, const Shape& shape) const {
    const std::vector<float> values(static_cast<std::size_t>(element_count(shape)), 0.5f);
    const std::vector<std::byte> bytes = npy_bytes(shape, values);
    write(name, {reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  }
  std::string without_path(std::string text) const {
    for (std::size_t at; (at = text.find(path_.string())) != std::string::npos;) {
      text.replace(at, path_.string().size(), "DIR");
    }
    return text;
  }

 private:
  fs::path path_;
};

Graph graph_with_input(Shape shape, DType dtype = DType::f32) {
  Graph graph;
  Port port;
  port.name = "input";
  port.model_shape = shape;
  port.model_dtype = dtype;
  TensorType type{dtype, std::move(shape), {}};
  if (dtype == DType::i8) type.quantization = Quantization{{0.5f}, {3}, -1};
  port.model_quantization = type.quantization;
  port.tensor = graph.add_tensor("input", std::move(type));
  graph.inputs.push_back(std::move(port));
  return graph;
}

std::string error_of(const Folder& folder, const Graph& graph, const std::vector<fs::path>& paths) {
  const Result<std::vector<Sample>> samples = load_model_samples(graph, paths, {});
  REQUIRE_FALSE(samples);
  return folder.without_path(format(samples.diagnostics()));
}

fs::path any_picture() {
  return fs::path(LINNET_SOURCE_DIR) / "models/images/calibration/moon_craters.png";
}

TEST_CASE("data: a path that does not exist") {
  const Folder folder;
  CHECK(error_of(folder, graph_with_input({1, 2}), {folder / "nothing"}) ==
        "E202 'DIR/nothing' does not exist; check the path\n");
}

TEST_CASE("data: no path at all") {
  const Folder folder;
  CHECK(error_of(folder, graph_with_input({1, 2}), {}) ==
        "E201 there is no calibration sample; give --calibrate at least one sample\n");
}

TEST_CASE("data: a folder without samples") {
  const Folder folder;
  folder.write("notes.txt", "hello");
  CHECK(error_of(folder, graph_with_input({1, 2}), {folder.path()}) ==
        "E203 the folder 'DIR' holds no samples; put .png, .jpg, .npy or .pb files, or "
        "test_data_set_* folders into "
        "it\n");
}

TEST_CASE("data: a folder with samples one level down") {
  const Folder folder;
  fs::create_directory(folder / "cats");
  folder.write_npy("cats/a.npy", {1, 2});
  CHECK(error_of(folder, graph_with_input({1, 2}), {folder.path()}) ==
        "E203 the folder 'DIR' holds no samples; subfolders are not searched: name them one by "
        "one\n");
}

TEST_CASE("data: channels at the other end") {
  const Folder folder;
  folder.write_npy("a.npy", {1, 8, 9, 3});
  CHECK(error_of(folder, graph_with_input({1, 3, 8, 9}), {folder.path()}) ==
        "E205 'DIR/a.npy' is 1x8x9x3 where input 'input' is 1x3x8x9; it looks like NHWC; transpose "
        "it to NCHW\n");
  folder.write_npy("a.npy", {1, 3, 8, 9});
  CHECK(error_of(folder, graph_with_input({1, 8, 9, 3}), {folder.path()}) ==
        "E205 'DIR/a.npy' is 1x3x8x9 where input 'input' is 1x8x9x3; it looks like NCHW; transpose "
        "it to NHWC\n");
}

TEST_CASE("data: samples are called by their files") {
  const Folder folder;
  folder.write_npy("a.npy", {1, 2});
  folder.write_npy("b.npy", {2, 1, 2});
  std::vector<std::string> names;
  REQUIRE(load_model_samples(graph_with_input({1, 2}), {folder.path()}, {}, &names));
  CHECK(names == std::vector<std::string>{"a.npy", "b.npy[0]", "b.npy[1]"});
}

TEST_CASE("data: a file of another kind") {
  const Folder folder;
  folder.write("notes.txt", "hello");
  CHECK(error_of(folder, graph_with_input({1, 2}), {folder / "notes.txt"}) ==
        "E204 'DIR/notes.txt' is not a kind of file that is read; give .png, .jpg, .npy or .pb "
        "files, or "
        "test_data_set_* folders\n");
}

TEST_CASE("data: the wrong shape") {
  const Folder folder;
  folder.write_npy("a.npy", {1, 3, 4, 5});
  CHECK(error_of(folder, graph_with_input({1, 3, 5, 4}), {folder.path()}) ==
        "E205 'DIR/a.npy' is 1x3x4x5 where input 'input' is 1x3x5x4; give data of the input's "
        "shape, or several such "
        "samples stacked\n");
}

TEST_CASE("data: the wrong element type") {
  const Folder folder;
  folder.write_npy("a.npy", {2, 2});
  CHECK(
      error_of(folder, graph_with_input({2, 2}, DType::i64), {folder.path()}) ==
      "E206 'DIR/a.npy' has elements of type f32 where input 'input' takes i64; save it as i64\n");
}

TEST_CASE("data: a picture of another size") {
  const Folder folder;
  fs::copy_file(any_picture(), folder / "a.png");
  CHECK(error_of(folder, graph_with_input({1, 3, 96, 64}), {folder.path()}) ==
        "E207 'DIR/a.png' is 128 wide and 128 high where input 'input' is 64 wide and 96 high; "
        "give --resize, or "
        "pictures of that size\n");
}

TEST_CASE("data: a picture for an input that takes none") {
  const Folder folder;
  fs::copy_file(any_picture(), folder / "a.png");
  CHECK(error_of(folder, graph_with_input({1, 40}), {folder.path()}) ==
        "E209 'DIR/a.png' is a picture, which input 'input' of 1x40 cannot take; pictures need an "
        "input of 1x3xHxW, "
        "1x1xHxW, 1xHxWx3 or 1xHxWx1; give .npy or .pb files\n");
}

TEST_CASE("data: one tensor for two inputs") {
  const Folder folder;
  folder.write_npy("a.npy", {2, 2});
  Graph graph = graph_with_input({2, 2});
  graph.inputs.push_back(graph.inputs.front());
  CHECK(error_of(folder, graph, {folder / "a.npy"}) ==
        "E209 'DIR/a.npy' is one tensor where the model has 2 inputs; give folders with "
        "input_0.pb, input_1.pb and so "
        "on\n");
}

TEST_CASE("data: damaged files") {
  const Folder folder;
  const Graph graph = graph_with_input({2, 2});
  const auto message = [&](const std::string& name, const std::string& bytes) {
    folder.write(name, bytes);
    return error_of(folder, name.ends_with(".png") ? graph_with_input({1, 3, 8, 8}) : graph,
                    {folder / name});
  };
  const std::string magic = "\x93NUMPY";
  const auto npy = [&](const std::string& dict) {
    return magic + std::string("\x01\x00", 2) + static_cast<char>(dict.size()) +
           std::string(1, '\0') + dict;
  };
  const std::string again = "; save it again with numpy.save\n";
  CHECK(message("a.npy", "hello") == "E208 'DIR/a.npy' is not a .npy file" + again);
  CHECK(message("a.npy", magic + std::string("\x09\x00\x01\x00\x00\x00", 6)) ==
        "E208 'DIR/a.npy' is a .npy file of version 9" + again);
  CHECK(message("a.npy", magic + std::string("\x01\x00\xff\x7f{}", 6)) ==
        "E208 'DIR/a.npy' ends within its header" + again);
  CHECK(message("a.npy", npy("{'descr': '<f4', 'shape': (2, 2)}")) ==
        "E208 'DIR/a.npy' has a header that is no description of an array" + again);
  CHECK(message("a.npy", npy("{'descr': '<f4', 'fortran_order': False, 'shape': (2, -2), }")) ==
        "E208 'DIR/a.npy' has a header that is no description of an array" + again);
  CHECK(message("a.npy", npy("{'descr': '<f4', 'fortran_order': True, 'shape': (2, 2), }")) ==
        "E208 'DIR/a.npy' is in Fortran order; only C order is read" + again);
  CHECK(message("a.npy", npy("{'descr': '<c8', 'fortran_order': False, 'shape': (2, 2), }")) ==
        "E208 'DIR/a.npy' has elements of type '<c8'; f4, f8, i1, u1, i2, i4 and i8 are read" +
            again);
  CHECK(message("a.npy", npy("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 2), }")) ==
        "E208 'DIR/a.npy' ends within its elements" + again);
  CHECK(message(
            "a.npy",
            npy("{'descr': '<f4', 'fortran_order': False, 'shape': (4294967296, 4294967296), }")) ==
        "E208 'DIR/a.npy' ends within its elements" + again);
  // One grey pixel of 16 bits.
  const std::string deep(
      "\x89\x50\x4e\x47\x0d\x0a\x1a\x0a\x00\x00\x00\x0d\x49\x48\x44\x52\x00\x00"
      "\x00\x01\x00\x00\x00\x01\x10\x00\x00\x00\x00\x6a\xee\x47\x16\x00\x00\x00"
      "\x0e\x49\x44\x41\x54\x78\x01\x01\x03\x00\xfc\xff\x00\x12\x34\x00\x5b\x00"
      "\x47\x4d\xa8\xc3\x85\x00\x00\x00\x00\x49\x45\x4e\x44\xae\x42\x60\x82",
      71);
  CHECK(message("a.png", deep) ==
        "E208 'DIR/a.png' has 16 bits a channel; pictures have 8; save it with 8 bits a channel\n");
  CHECK(message("a.png", "hello") ==
        "E208 'DIR/a.png' is no PNG or JPEG picture that can be decoded; open and save it with "
        "another tool\n");
}

TEST_CASE("data: calibration without samples") {
  const Result<Ranges> ranges = calibrate(Graph{}, {}, {});
  REQUIRE_FALSE(ranges);
  CHECK(format(ranges.diagnostics()) ==
        "E201 there is no calibration sample; give --calibrate at least one sample\n");
}

TEST_CASE("data: .npy files are one sample, a stack of them or a batch") {
  const Folder folder;
  const Graph graph = graph_with_input({1, 2, 2});
  const auto count = [&](const Shape& shape) {
    folder.write_npy("a.npy", shape);
    const Result<std::vector<Sample>> samples = load_model_samples(graph, {folder / "a.npy"}, {});
    REQUIRE(samples);
    for (const Sample& sample : *samples) CHECK(sample.at(0).type.shape == Shape{1, 2, 2});
    return samples->size();
  };
  CHECK(count({1, 2, 2}) == 1);
  CHECK(count({5, 1, 2, 2}) == 5);
  CHECK(count({4, 2, 2}) == 4);
}

TEST_CASE("data: integers become floats, floats the codes of an int8 port") {
  const Folder folder;
  const std::string dict = "{'descr': '|u1', 'fortran_order': False, 'shape': (3,), }";
  folder.write("a.npy", "\x93NUMPY" + std::string("\x01\x00", 2) + static_cast<char>(dict.size()) +
                            std::string(1, '\0') + dict + std::string("\x01\x80\xff", 3));
  const Result<std::vector<Sample>> floats =
      load_model_samples(graph_with_input({3}), {folder / "a.npy"}, {});
  REQUIRE(floats);
  const std::span<const float> values = floats->at(0).at(0).as<float>();
  CHECK(std::vector<float>(values.begin(), values.end()) == std::vector<float>{1, 128, 255});

  folder.write_npy("b.npy", {2});
  const Result<std::vector<Sample>> codes =
      load_model_samples(graph_with_input({2}, DType::i8), {folder / "b.npy"}, {});
  REQUIRE(codes);
  CHECK(static_cast<int>(codes->at(0).at(0).as<std::int8_t>()[0]) == 4);  // 0.5 / 0.5 + 3
}

TEST_CASE("data: pictures are normalized, resized and laid out as the model wants") {
  const Folder folder;
  fs::copy_file(any_picture(), folder / "a.png");
  SampleOptions options;
  options.normalization = {{10, 20, 30}, {0.5, 0.25, 0.125}};
  const Result<std::vector<Sample>> first =
      load_model_samples(graph_with_input({1, 3, 128, 128}), {folder.path()}, options);
  const Result<std::vector<Sample>> last =
      load_model_samples(graph_with_input({1, 128, 128, 3}), {folder.path()}, options);
  REQUIRE(first);
  REQUIRE(last);
  const Result<Picture> decoded = read_picture(any_picture(), 3);
  REQUIRE(decoded);
  const double scale[] = {0.5, 0.25, 0.125};
  for (std::int64_t c = 0; c < 3; ++c) {
    const auto expected =
        static_cast<float>((decoded->at(5, 7, c) - 10 * static_cast<double>(c + 1)) * scale[c]);
    CHECK(first->at(0).at(0).as<float>()[static_cast<std::size_t>((c * 128 + 5) * 128 + 7)] ==
          expected);
    CHECK(last->at(0).at(0).as<float>()[static_cast<std::size_t>((5 * 128 + 7) * 3 + c)] ==
          expected);
  }
}

TEST_CASE("data: bilinear resize has half-pixel centres and clamped edges") {
  const Picture picture_2x2{2, 2, 1, {0, 100, 200, 40}};
  const std::vector<float> values = picture_values(picture_2x2, 1, 4, {});
  // Rows are averaged: 100, 70; columns at -0.25, 0.25, 0.75, 1.25.
  CHECK(values == std::vector<float>{100.0f, 92.5f, 77.5f, 70.0f});
}

}  // namespace
}  // namespace linnet
