// The schedule of every model of models/, read back from the generated text, replays: int8 and float, by rows and by whole
// tensors.
#include <algorithm>
#include <catch2/catch.hpp>
#include <filesystem>
#include <iostream>

#include "compiler/check/replay.h"
#include "compiler/pipeline.h"
#include "tests/support/execute.h"
#include "tests/support/generated_text.h"

namespace linnet {
namespace {

namespace fs = std::filesystem;
using namespace testing;

// Steps replayed, over all plans of the graph.
std::int64_t must_replay(const Graph& graph, const char* dtype) {
  std::int64_t steps = 0;
  const PlanOptions whole{PlanMode::whole};
  const PlanOptions fewest_steps{PlanMode::automatic, Optimize::speed};
  const PlanOptions least_ram{PlanMode::rows};
  for (const PlanOptions& options : {least_ram, fewest_steps, whole}) {
    const GeneratedText text = generated_text(graph, unlimited_target(), options);
    const Result<ReplayReport> report = replay(graph, text.source, text.header);
    INFO(dtype << ", plan " << static_cast<int>(options.mode));
    if (!report) FAIL_CHECK(format(report.diagnostics()));
    if (report) steps += report->steps;
  }
  return steps;
}

TEST_CASE("the schedule of every model replays") {
  std::vector<fs::path> models;
  for (const auto& entry :
       fs::recursive_directory_iterator(fs::path(LINNET_SOURCE_DIR) / "models")) {
    if (entry.path().extension() == ".onnx") models.push_back(entry.path());
  }
  std::sort(models.begin(), models.end());
  REQUIRE(models.size() > 100);
  std::int64_t steps = 0;
  for (const fs::path& model : models) {
    INFO(model.string());
    CompileOptions options;
    options.model = model;
    const Result<ImportedModel> imported = import_and_simplify(options);
    if (!imported) FAIL(format(imported.diagnostics()));
    const Result<Graph> int8 = guess_int8(imported->graph);
    if (!int8) FAIL(format(int8.diagnostics()));
    steps += must_replay(*int8, "int8");
    if (!is_quantized_model(imported->graph)) steps += must_replay(imported->graph, "float32");
  }
  std::cout << models.size() << " models, " << steps << " steps replayed\n";
  CHECK(steps > 10000);
}

}  // namespace
}  // namespace linnet
