// RAM of the networks that Linnet is measured by: int8, input included, one bank. The limits are those of the users'
// requirement; docs/row-planner.md has the figures beside those of a plan by whole tensors.
#include <catch2/catch.hpp>

#include "compiler/pipeline.h"
#include "tests/support/model_files.h"

using namespace linnet;

TEST_CASE("arenas of the reference networks") {
  struct Reference {
    const char* model;
    const char* calibration;  // below models/
    std::int64_t most_kib, whole_kib;
  };
  for (const Reference& reference : {
           Reference{"phinet_96_a1_compat", "images/calibration", 54, 315},
           Reference{"phinet_96_a1", "images/calibration", 102, 315},
           Reference{"phinet_96", "images/calibration", 37, 68},
           Reference{"xinet_96", "images/calibration", 45, 63},
           Reference{"phinet_640x64", "phinet_640x64/calibration", 122, 2600},
           Reference{"yolophinet_160", "images/calibration", 180, 625},
       }) {
    const auto folder = testing::models_folder() / reference.model;
    CompileOptions options;
    options.model = folder / (std::string(reference.model) + ".onnx");
    options.calibrate = {testing::models_folder() / reference.calibration};
    if (std::string(reference.calibration) == "images/calibration") {
      options.samples = testing::feeding(folder / "model.json");
    }
    const Result<Compiled> made = compile_network(options);
    if (!made) FAIL(format(made.diagnostics()));
    INFO(reference.model << ": " << made->report.arena_bytes << " bytes, at least "
                         << made->report.lower_bound_bytes << ", whole tensors "
                         << made->report.whole_tensor_bytes);
    CHECK(made->report.arena_bytes <= reference.most_kib * 1024);
    CHECK(made->report.arena_bytes * 100 <= made->report.lower_bound_bytes * 105);
    // Whole tensors take what the planner of others would: the comparison is a fair one.
    CHECK(made->report.whole_tensor_bytes >= reference.whole_kib * 1024 * 9 / 10);
    CHECK(made->report.whole_tensor_bytes <= (reference.whole_kib + 14) * 1024);
  }
}
