// What a compilation costs, in CPU time of this process: everything but calibration under 5 s, calibration on 16 pictures
// under 60 s, for every network of models/. The limits are those that users were promised, an order above what is seen.
#include <sys/resource.h>

#include <catch2/catch.hpp>

#include "compiler/pipeline.h"
#include "tests/support/model_files.h"

using namespace linnet;

namespace {

double cpu_seconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

}  // namespace

TEST_CASE("compilation stays within its CPU time") {
  for (const char* model : {"phinet_96", "phinet_96_a1", "phinet_96_a1_compat",
                            "phinet_96_conv2d_input", "xinet_96", "xinet_64x96"}) {
    const auto folder = testing::models_folder() / model;
    CompileOptions options;
    options.model = folder / (std::string(model) + ".onnx");
    options.calibrate = {testing::models_folder() / "images" / "calibration"};
    options.samples = testing::feeding(folder / "model.json");
    // Time by stage, from the moments that the pipeline announces.
    double calibration = 0, rest = 0, since = cpu_seconds();
    std::string stage;
    const auto next = [&](std::string_view what) {
      const double now = cpu_seconds();
      (stage.starts_with("calibrat") ? calibration : rest) += now - since;
      since = now;
      stage = what;
    };
    PipelineHooks hooks;
    hooks.progress = next;
    REQUIRE(compile_network(options, hooks));
    next("end");
    INFO(model << ": calibration " << calibration << " s, the rest " << rest << " s of CPU");
    CHECK(calibration > 0);
    CHECK(calibration < 60);
    CHECK(rest < 5);
  }
}
