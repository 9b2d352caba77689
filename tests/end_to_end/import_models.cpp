// Every model of models/ imports: verified graph, static shapes, and outputs of the shapes that ONNX Runtime gave.
#include <algorithm>
#include <catch2/catch.hpp>
#include <filesystem>
#include <string>
#include <vector>

#include "compiler/onnx/importer.h"

namespace linnet {
namespace {

namespace fs = std::filesystem;

std::vector<fs::path> all_models() {
  std::vector<fs::path> files;
  const fs::path folder = fs::path(LINNET_SOURCE_DIR) / "models";
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (entry.path().extension() == ".onnx") files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

TEST_CASE("every model imports with the reference's output shapes") {
  const std::vector<fs::path> models = all_models();
  REQUIRE(models.size() > 100);
  for (const fs::path& file : models) {
    INFO(file.string());
    const Result<ImportedModel> model = import_model(file, {});
    if (!model) {
      FAIL_CHECK(format(model.diagnostics()));
      continue;
    }
    const Graph& graph = model->graph;
    const Result<Nothing> verified = verify(graph, "import");
    if (!verified) FAIL_CHECK(format(verified.diagnostics()));
    CHECK(model->info.sha256.size() == 64);
    CHECK(std::all_of(model->info.operators.begin(), model->info.operators.end(),
                      [](const OperatorUse& use) { return use.supported && use.count > 0; }));
    for (std::size_t i = 0; i < graph.outputs.size(); ++i) {
      const fs::path kept =
          file.parent_path() / "test_data_set_0" / ("output_" + std::to_string(i) + ".pb");
      if (!fs::exists(kept)) continue;
      const Result<TensorValue> expected = read_tensor_pb(kept);
      REQUIRE(expected);
      CHECK(graph.outputs[i].model_shape == expected->type.shape);
      CHECK(graph.outputs[i].model_dtype == expected->type.dtype);
    }
  }
}

TEST_CASE("import leaves no shape arithmetic, and says what it assumed") {
  const fs::path folder = fs::path(LINNET_SOURCE_DIR) / "models";
  const auto compat = import_model(folder / "phinet_96_a1_compat/phinet_96_a1_compat.onnx", {});
  REQUIRE(compat);
  CHECK(compat->graph.notes == std::vector<std::string>{"input 'input': dynamic batch taken as 1"});
  CHECK(compat->info.parameters == 263405);
  CHECK(compat->info.opsets.at("") == 13);
  for (const Node& node : compat->graph.nodes) {
    CHECK_FALSE(std::holds_alternative<Cast>(node.op));
    CHECK_FALSE(std::holds_alternative<Slice>(node.op));
    CHECK(compat->graph.type(node.output()).dtype == DType::f32);
  }
}

TEST_CASE("the option --input-shape sets the batch") {
  const fs::path folder = fs::path(LINNET_SOURCE_DIR) / "models";
  const auto model = import_model(folder / "phinet_96_a1_compat/phinet_96_a1_compat.onnx",
                                  {{{"input", {2, 3, 96, 96}}}, {}});
  REQUIRE(model);
  CHECK(model->graph.notes.empty());
  CHECK(model->graph.outputs[0].model_shape == Shape{2, 10});
}

}  // namespace
}  // namespace linnet
