// What the passes make of the two ends of a sound encoder: a batch norm over mel bins before the first convolution becomes
// part of the input's port, and a wide strided convolution before the mean becomes part of the projection behind it.
#include <catch2/catch.hpp>
#include <cmath>
#include <cstdlib>
#include <filesystem>

#include "compiler/onnx/importer.h"
#include "tests/passes/check.h"
#include "tests/support/onnx_writer.h"

namespace linnet {
namespace {

using namespace testing;

constexpr std::int64_t kRows = 12, kColumns = 8;

std::vector<float> numbers(std::size_t count, float first, float step) {
  std::vector<float> values;
  for (std::size_t i = 0; i < count; ++i)
    values.push_back(first +
                     step * static_cast<float>((i * 7) % count) / static_cast<float>(count));
  return values;
}

Graph imported(const OnnxFile& file) {
  std::string pattern = (std::filesystem::temp_directory_path() / "linnet_clap_XXXXXX").string();
  const std::filesystem::path folder = mkdtemp(pattern.data());
  write_bytes(folder / "model.onnx", file.model());
  Result<ImportedModel> model = import_model(folder / "model.onnx", {});
  std::filesystem::remove_all(folder);
  if (!model) FAIL(format(model.diagnostics()));
  return std::move(model->graph);
}

// y = 3x3 convolution, padded, of the tensor `x`, which has one channel.
OnnxFile& convolution(OnnxFile& file, std::string_view x, const std::vector<std::int64_t>& pads) {
  return file.initializer(onnx_tensor("w", {4, 1, 3, 3}, numbers(36, -1.0F, 2.0F)))
      .node("Conv", {x, "w"}, {"y"}, {onnx_ints("pads", pads), onnx_ints("strides", {2, 2})})
      .output("y");
}

OnnxFile batch_norm_between_transposes() {
  const auto bins = static_cast<std::size_t>(kColumns);
  OnnxFile file;
  file.input("x", {1, 1, kRows, kColumns})
      .initializer(onnx_tensor("scale", {kColumns}, numbers(bins, 0.5F, 1.0F)))
      .initializer(onnx_tensor("bias", {kColumns}, numbers(bins, -1.0F, 2.0F)))
      .initializer(onnx_tensor("mean", {kColumns}, numbers(bins, -40.0F, 10.0F)))
      .initializer(onnx_tensor("variance", {kColumns}, numbers(bins, 100.0F, 90.0F)))
      .node("Transpose", {"x"}, {"t"}, {onnx_ints("perm", {0, 3, 2, 1})})
      .node("BatchNormalization", {"t", "scale", "bias", "mean", "variance"}, {"n"})
      .node("Transpose", {"n"}, {"b"}, {onnx_ints("perm", {0, 3, 2, 1})});
  return file;
}

// x * scale + shift, constants of these shapes.
OnnxFile affine(const std::vector<std::int64_t>& input, const std::vector<std::int64_t>& shape) {
  std::size_t count = 1;
  for (const std::int64_t size : shape) count *= static_cast<std::size_t>(size);
  OnnxFile file;
  file.input("x", input)
      .initializer(onnx_tensor("s", shape, numbers(count, 0.1F, 0.3F)))
      .initializer(onnx_tensor("o", shape, numbers(count, -1.0F, 3.0F)))
      .node("Mul", {"s", "x"}, {"m"})
      .node("Add", {"m", "o"}, {"b"});
  return file;
}

std::vector<TensorValue> decibels(const Graph& graph) {
  std::vector<TensorValue> inputs = random_inputs(graph, 5);
  for (TensorValue& input : inputs) {
    std::vector<float> values = input.to_floats();
    for (float& value : values) value = 30.0F * value - 30.0F;
    input = TensorValue::of(input.type, values);
  }
  return inputs;
}

Graph same_after_passes(const Graph& before) {
  Graph after = test::must(run_passes(before));
  const Result<Nothing> sound = verify(after, "passes");
  if (!sound) FAIL(format(sound.diagnostics()));
  INFO(print(after));
  const std::vector<TensorValue> inputs = decibels(before);
  CHECK(test::difference(test::run(before, inputs), test::run(after, inputs)) <= 1e-5);
  CHECK(print(test::must(run_passes(after))) == print(after));
  return after;
}

void check_folded(const Graph& before) {
  const Graph after = same_after_passes(before);
  INFO(print(after));
  REQUIRE(after.inputs[0].columns);
  CHECK(after.inputs[0].columns->axis == 3);
  CHECK(after.inputs[0].columns->scale.size() == static_cast<std::size_t>(kColumns));
  CHECK(after.nodes.size() == 1);
  CHECK(test::count(after, "Conv2d") == 1);
  CHECK(after.type(after.inputs[0].tensor).shape == Shape{1, kRows, kColumns, 1});
}

void check_left(const Graph& before) {
  const Graph after = same_after_passes(before);
  for (const Port& port : after.inputs) CHECK_FALSE(port.columns);
}

}  // namespace

TEST_CASE("columns: a batch norm over mel bins becomes part of the port") {
  OnnxFile file = batch_norm_between_transposes();
  check_folded(imported(convolution(file, "b", {1, 1, 1, 1})));
}

TEST_CASE("columns: and where padding stands before the convolution, as PhiNet has it") {
  OnnxFile file = batch_norm_between_transposes();
  file.initializer(onnx_int_tensor("pads", {8}, {0, 0, 0, 0, 0, 0, 1, 1}))
      .node("Pad", {"b", "pads"}, {"p"});
  check_folded(imported(convolution(file, "p", {0, 0, 0, 0})));
}

TEST_CASE("columns: constants that broadcast along the columns") {
  OnnxFile file = affine({1, 1, kRows, kColumns}, {kColumns});
  check_folded(imported(convolution(file, "b", {1, 1, 1, 1})));
  OnnxFile whole = affine({1, 1, kRows, kColumns}, {1, 1, 1, kColumns});
  check_folded(imported(convolution(whole, "b", {0, 0, 0, 0})));
}

TEST_CASE("columns: an input in NHWC") {
  OnnxFile file = affine({1, kRows, kColumns, 1}, {kColumns, 1});
  file.node("Transpose", {"b"}, {"c"}, {onnx_ints("perm", {0, 3, 1, 2})});
  const Graph after = same_after_passes(imported(convolution(file, "c", {1, 1, 1, 1})));
  INFO(print(after));
  REQUIRE(after.inputs[0].columns);
  CHECK(after.inputs[0].columns->axis == 2);
  CHECK(after.nodes.size() == 1);
}

TEST_CASE("columns: what is no map of the columns stays") {
  SECTION("it varies from row to row") {
    OnnxFile file = affine({1, 1, kRows, kColumns}, {kRows, 1});
    check_left(imported(convolution(file, "b", {1, 1, 1, 1})));
  }
  SECTION("it is the same for all columns") {
    OnnxFile file = affine({1, 1, kRows, kColumns}, {1});
    check_left(imported(convolution(file, "b", {1, 1, 1, 1})));
  }
  SECTION("the port has another reader") {
    OnnxFile file = affine({1, 1, kRows, kColumns}, {kColumns});
    file.node("Relu", {"x"}, {"z"}).output("z");
    check_left(imported(convolution(file, "b", {1, 1, 1, 1})));
  }
  SECTION("the mapped input is an output") {
    OnnxFile file = affine({1, 1, kRows, kColumns}, {kColumns});
    file.output("b");
    check_left(imported(convolution(file, "b", {1, 1, 1, 1})));
  }
  SECTION("there are channels") {
    OnnxFile file = affine({1, 2, kRows, kColumns}, {kColumns});
    file.initializer(onnx_tensor("w2", {3, 2, 3, 3}, numbers(54, -1.0F, 2.0F)))
        .node("Conv", {"b", "w2"}, {"y"}, {onnx_ints("pads", {1, 1, 1, 1})})
        .output("y");
    check_left(imported(file));
  }
  SECTION("there is a second input") {
    OnnxFile file = affine({1, 1, kRows, kColumns}, {kColumns});
    file.input("other", {1, 4, 6, 4})
        .initializer(onnx_tensor("w", {4, 1, 3, 3}, numbers(36, -1.0F, 2.0F)))
        .node("Conv", {"b", "w"}, {"c"},
              {onnx_ints("pads", {1, 1, 1, 1}), onnx_ints("strides", {2, 2})})
        .node("Add", {"c", "other"}, {"y"})
        .output("y");
    check_left(imported(file));
  }
}

TEST_CASE("columns: codes are the product and the sum, rounded once more") {
  OnnxFile file = batch_norm_between_transposes();
  const Graph before = imported(convolution(file, "b", {1, 1, 1, 1}));
  const Graph graph = test::must(run_passes(before));
  const Port& port = graph.inputs[0];
  REQUIRE(port.columns);
  const Quantization q{{0.03F}, {-5}, -1};
  const TensorType type{DType::i8, graph.type(port.tensor).shape, q};
  const TensorValue sample = decibels(before)[0];
  const std::vector<float> x = sample.to_floats();
  const TensorValue device = to_device(port, type, sample);
  REQUIRE(device.as<std::int8_t>().size() == x.size());
  std::size_t extreme = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    const std::size_t m = i % static_cast<std::size_t>(kColumns);
    const auto scale = static_cast<float>(static_cast<double>(port.columns->scale[m]) /
                                          static_cast<double>(0.03F));
    const auto offset = static_cast<float>(
        static_cast<double>(port.columns->offset[m]) / static_cast<double>(0.03F) - 5);
    const float product = x[i] * scale;
    const float code = std::nearbyint(product + offset);
    const int expected = static_cast<int>(std::min(std::max(code, -128.0F), 127.0F));
    CHECK(static_cast<int>(device.as<std::int8_t>()[i]) == expected);
    extreme += expected == -128 || expected == 127 ? 1 : 0;
  }
  CHECK(extreme < x.size());
}

// Conv 1x1 stride 2 to 64 channels, mean, a matrix to 5: one matrix on the mean of every second position.
TEST_CASE("compose_linear: a strided 1x1 convolution, the mean and a projection are one map") {
  for (const std::int64_t keep : {0, 1}) {
    OnnxFile file;
    file.input("x", {1, 6, 7, 10})
        .initializer(onnx_tensor("wide", {64, 6, 1, 1}, numbers(384, -1.0F, 2.0F)))
        .initializer(onnx_tensor("bias", {64}, numbers(64, -1.0F, 3.0F)))
        .initializer(onnx_tensor("w1", {64, 5}, numbers(320, -1.0F, 2.0F)))
        .node("Conv", {"x", "wide", "bias"}, {"c"}, {onnx_ints("strides", {2, 2})})
        .node("ReduceMean", {"c"}, {"m"}, {onnx_ints("axes", {2, 3}), onnx_int("keepdims", keep)});
    std::string_view flat = "m";
    if (keep == 1) {
      file.node("Flatten", {"m"}, {"f"});
      flat = "f";
    }
    file.node("MatMul", {flat, "w1"}, {"y"}).output("y");
    const Graph after = same_after_passes(imported(file));
    INFO(print(after));
    CHECK(test::count(after, "Conv2d") == 0);
    CHECK(test::count(after, "Pool2d") == 1);
    CHECK(test::count(after, "FullyConnected") == 1);
    std::int64_t weights = 0;
    for (const Tensor& tensor : after.tensors)
      weights += tensor.is_constant() ? tensor.type.elements() : 0;
    CHECK(weights == 6 * 5 + 5);
  }
}

TEST_CASE("compose_linear: a choice of positions moves into the convolution before it") {
  for (const char* pool : {"MaxPool", "AveragePool"}) {
    OnnxFile file;
    file.input("x", {1, 3, 11, 8})
        .initializer(onnx_tensor("w", {4, 3, 3, 3}, numbers(108, -1.0F, 2.0F)))
        .node("Conv", {"x", "w"}, {"c"},
              {onnx_ints("strides", {1, 2}), onnx_ints("pads", {1, 1, 0, 1})})
        .node("Relu", {"c"}, {"r"})
        .node(pool, {"r"}, {"y"}, {onnx_ints("kernel_shape", {1, 1}), onnx_ints("strides", {2, 2})})
        .output("y");
    const Graph after = same_after_passes(imported(file));
    INFO(print(after));
    CHECK(test::count(after, "Pool2d") == 0);
    REQUIRE(after.nodes.size() == 1);
    CHECK(std::get<Conv2d>(after.nodes[0].op).window.stride == std::array<std::int32_t, 2>{2, 4});
  }
}

}  // namespace linnet
