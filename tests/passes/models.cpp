// The float networks of models/: what must be left of them after all passes. No transpose, no batch normalization, no
// padding, and every activation that is a clamp inside its convolution.
#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <filesystem>
#include <map>
#include <set>

#include "compiler/onnx/importer.h"
#include "tests/passes/check.h"

namespace linnet {
namespace {

std::vector<std::filesystem::path> float_models() {
  std::set<std::filesystem::path> found;
  for (const auto& entry :
       std::filesystem::recursive_directory_iterator(LINNET_SOURCE_DIR "/models")) {
    const std::string path = entry.path().string();
    const bool quantized = path.find("qdq") != std::string::npos ||
                           path.find("qoperator") != std::string::npos ||
                           path.find("quantized_ops") != std::string::npos;
    if (entry.path().extension() == ".onnx" && !quantized) found.insert(entry.path());
  }
  return {found.begin(), found.end()};
}

std::string counts(const Graph& graph) {
  std::map<std::string, int> by_name;
  for (const Node& node : graph.nodes) ++by_name[op_name(node.op)];
  std::string text;
  for (const auto& [name, n] : by_name) text += name + " " + std::to_string(n) + ", ";
  return text;
}

// Unary clamps whose operand a convolution makes for them alone, and affine operators likewise.
int unfused(const Graph& graph) {
  const Uses uses(graph);
  int found = 0;
  for (const Node& node : graph.nodes) {
    const auto* unary = std::get_if<Unary>(&node.op);
    const bool fusable = unary && (unary->fn == Unary::Fn::clamp || unary->fn == Unary::Fn::affine);
    if (!fusable || !uses.single_use(node.inputs[0]) || !uses.producer[node.inputs[0]].valid())
      continue;
    found += std::holds_alternative<Conv2d>(graph.nodes[uses.producer[node.inputs[0]].index()].op)
                 ? 1
                 : 0;
  }
  return found;
}

// Every second float is the next one up.
std::vector<TensorValue> moved_by_a_bit(const std::vector<TensorValue>& inputs) {
  std::vector<TensorValue> moved;
  for (const TensorValue& input : inputs) {
    std::vector<float> values = input.to_floats();
    for (std::size_t i = 0; i < values.size(); i += 2)
      values[i] = std::nextafter(values[i], INFINITY);
    moved.push_back(input.type.dtype == DType::f32 ? TensorValue::of(input.type, values) : input);
  }
  return moved;
}

}  // namespace

TEST_CASE("passes leave of each network only what computes") {
  const std::vector<std::filesystem::path> models = float_models();
  REQUIRE(models.size() >= 6);
  for (const std::filesystem::path& path : models) {
    INFO(path.string());
    Result<ImportedModel> model = import_model(path, {});
    REQUIRE(model);
    const Graph before = model->graph;
    const Graph after =
        test::must(run_passes(model->graph, [](const char* pass, const Graph& graph) {
          const Result<Nothing> valid = verify(graph, pass);
          if (!valid) FAIL(format(valid.diagnostics()));
        }));
    INFO(counts(after) << "\n" << print(after));
    // micromind's decoding of boxes, behind the heads, moves the 16 bins of a distance last for its softmax.
    const bool decodes_boxes = test::count(after, "Softmax") > 0;
    CHECK(test::count(after, "Transpose") == (decodes_boxes ? 2 : 0));
    CHECK(test::count(after, "BatchNorm") == 0);
    CHECK(test::count(after, "Pad") == 0);
    CHECK(test::count(after, "Expand") == 0);
    CHECK(unfused(after) == 0);
    CHECK(print(test::must(run_passes(after))) == print(after));
    const std::vector<TensorValue> inputs = random_inputs(before, 1);
    const std::vector<std::vector<float>> expected = test::run(before, inputs);
    // Some networks amplify on noise what rounding does: a few times what the last bit of the inputs does is allowed.
    const double sensitivity =
        test::difference(expected, test::run(before, moved_by_a_bit(inputs)));
    CHECK(test::difference(expected, test::run(after, inputs)) <=
          std::max(1e-5, std::min(4 * sensitivity, 1e-3)));
  }
}

TEST_CASE("a PhiNet after all passes has these operators") {
  Result<ImportedModel> model =
      import_model(LINNET_SOURCE_DIR "/models/phinet_96_a1_compat/phinet_96_a1_compat.onnx", {});
  REQUIRE(model);
  const Graph graph = test::must(run_passes(std::move(model->graph)));
  // Three residual additions, and the flatten between the global mean and the classifier.
  CHECK(counts(graph) == "Binary 3, Conv2d 24, FullyConnected 1, Reduce 1, Reshape 1, ");
  CHECK(graph.inputs[0].permutation == std::vector<std::int32_t>{0, 2, 3, 1});
  CHECK(graph.type(graph.inputs[0].tensor).shape == Shape{1, 96, 96, 3});
}

TEST_CASE("passes are safe on quantized networks: results stay") {
  for (const char* name :
       {"phinet_96/variants/qdq_s8s8_per_channel", "xinet_96/variants/qdq_s8s8_per_channel",
        "phinet_96/variants/qoperator_u8u8_per_tensor"}) {
    INFO(name);
    Result<ImportedModel> model =
        import_model(std::string(LINNET_SOURCE_DIR "/models/") + name + "/model.onnx", {});
    REQUIRE(model);
    const Graph before = model->graph;
    const Graph after = test::must(run_passes(model->graph));
    const Result<Nothing> valid = verify(after, "passes");
    if (!valid) FAIL(format(valid.diagnostics()));
    CHECK(test::count(after, "Transpose") == 0);
    const std::vector<TensorValue> inputs = random_inputs(before, 1);
    // A sum in another order may round a code the other way: steps, not bits.
    CHECK(test::difference(test::run(before, inputs), test::run(after, inputs)) <= 0.02);
  }
}

}  // namespace linnet
