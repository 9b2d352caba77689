// The importer on damaged files: whatever the bytes, it gives a graph that verifies or diagnostics; it never crashes.
// The damage is from a fixed seed, so that a failure can be had again. The asan preset makes this worth the most.
#include <unistd.h>
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

#include "compiler/onnx/importer.h"
#include "tests/support/onnx_writer.h"

namespace linnet {
namespace {

namespace fs = std::filesystem;

std::string contents(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

// One to four of: a byte or a bit changed, a stretch cut out, repeated or overwritten, the end cut off.
std::string damaged(std::string bytes, std::mt19937& random) {
  const auto below = [&](std::size_t bound) { return static_cast<std::size_t>(random() % bound); };
  const std::size_t times = 1 + below(4);
  for (std::size_t i = 0; i < times && bytes.size() > 16; ++i) {
    const std::size_t at = below(bytes.size());
    const std::size_t length = 1 + below(std::min<std::size_t>(12, bytes.size() - at));
    switch (below(6)) {
      case 0: bytes[at] = static_cast<char>(random()); break;
      case 1: bytes[at] = static_cast<char>(bytes[at] ^ (1 << below(8))); break;
      case 2: bytes.erase(at, length); break;
      case 3: bytes.insert(at, bytes.substr(at, length)); break;
      case 4: bytes.replace(at, length, bytes.substr(below(bytes.size() - length), length)); break;
      default:
        if (below(4) == 0) bytes.resize(at);
        break;
    }
  }
  return bytes;
}

void import_damaged(const std::string& name, const std::string& original, int times) {
  const fs::path file =
      fs::temp_directory_path() / ("linnet_fuzz_" + name + std::to_string(::getpid()) + ".onnx");
  std::mt19937 random(7);
  int imported = 0;
  for (int i = 0; i < times; ++i) {
    INFO(name << ", number " << i);
    testing::write_bytes(file, damaged(original, random));
    const Result<ImportedModel> model = import_model(file, {});
    if (model) {
      ++imported;
      const Result<Nothing> verified = verify(model->graph, "import");
      if (!verified) FAIL_CHECK(format(verified.diagnostics()));
    } else {
      CHECK_FALSE(format(model.diagnostics()).empty());
    }
  }
  fs::remove(file);
  // Damage that is always fatal, or never, would not test much.
  CHECK(imported > 0);
  CHECK(imported < times);
}

// A network of a few hundred bytes, so that damage hits its structure and not its weights.
std::string small_network() {
  using namespace testing;
  const std::vector<float> ones(36, 1.0f);
  OnnxFile file;
  file.input("x", {-1, 2, 8, 8})
      .initializer(onnx_tensor("w", {2, 2, 3, 3}, ones))
      .initializer(onnx_tensor("b", {2}, {1, 2}))
      .initializer(onnx_tensor("fc", {2, 3}, {1, 2, 3, 4, 5, 6}))
      .initializer(onnx_int_tensor("pads", {8}, {0, 0, 1, 1, 0, 0, 1, 1}))
      .initializer(onnx_int_tensor("minus", {1}, {-1}))
      .node("Pad", {"x", "pads"}, {"p"}, {onnx_text("mode", "reflect")})
      .node("Conv", {"p", "w", "b"}, {"c"}, {onnx_ints("strides", {2, 2}), onnx_int("group", 1)})
      .node("Relu", {"c"}, {"r"})
      .node("MaxPool", {"r"}, {"m"},
            {onnx_ints("kernel_shape", {2, 2}), onnx_ints("strides", {2, 2}),
             onnx_int("ceil_mode", 1)})
      .node("Transpose", {"m"}, {"t"}, {onnx_ints("perm", {0, 2, 3, 1})})
      .node("Shape", {"t"}, {"s"})
      .node("Split", {"s"}, {"s0", "s1", "s2", "s3"}, {onnx_int("axis", 0)})
      .node("Concat", {"s0", "minus", "s3"}, {"shape"}, {onnx_int("axis", 0)})
      .node("Reshape", {"t", "shape"}, {"f"})
      .node("ReduceMean", {"f"}, {"mean"}, {onnx_ints("axes", {1}), onnx_int("keepdims", 0)})
      .node("Gemm", {"mean", "fc"}, {"g"})
      .node("Softmax", {"g"}, {"y"}, {onnx_int("axis", -1)})
      .output("y")
      .opset("", 13);
  return file.model();
}

TEST_CASE("a small network survives damage") { import_damaged("small", small_network(), 4000); }

TEST_CASE("models of models/ survive damage") {
  const fs::path folder = fs::path(LINNET_SOURCE_DIR) / "models";
  for (const char* model : {"conv_s8_per_channel_qdq", "conv_transpose_qdq", "resize_linear_s8_qdq",
                            "gemm_u8s8_per_channel_qoperator", "concat_u8_axis_1_qoperator",
                            "softmax_u8_qoperator", "split_s8_qoperator", "pad_value_qdq"}) {
    import_damaged(model, contents(folder / "quantized_ops" / model / "model.onnx"), 500);
  }
}

TEST_CASE("a whole network survives damage") {
  const fs::path folder = fs::path(LINNET_SOURCE_DIR) / "models";
  import_damaged("phinet", contents(folder / "phinet_96/phinet_96.onnx"), 60);
}

}  // namespace
}  // namespace linnet
