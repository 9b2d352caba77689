// Several models in one program: compiled, built with the harness, run on the host or the emulated core, and compared
// with the oracle. One program for many saves most of the time that `linnet verify` takes for each.
#pragma once

#include <vector>

#include "compiler/pipeline.h"
#include "compiler/verify/build.h"
#include "compiler/verify/run.h"
#include "compiler/verify/test_data.h"

namespace linnet::testing {

struct Together {
  std::vector<Compiled> made;
  std::vector<NetworkUnderTest> networks;
  std::vector<TestData> data;                         // no more samples than asked for
  std::vector<std::vector<Values>> inputs, expected;  // by network and sample, as on the device
};

// Compiles a model and takes its first samples. The names of all models are different.
void add_model(const CompileOptions& compile, const VerifyOptions& samples,
               std::size_t most_samples, Together& to);

// Compiles with `flags` after the toolchain's own, runs, and checks that int8 outputs are the oracle's bytes and, on the
// board, that no network takes more stack than its report says.
std::vector<NetworkRun> check_together(const Together& models, const Toolchain& tools,
                                       const BuildOptions& options);

// Of the outputs against those stored for the same samples: the largest error, as a part of the output's range.
double error_from_stored(const Together& models, std::size_t index, const NetworkRun& run);

// -Wall and the like, as errors.
std::vector<std::string> warning_flags();

}  // namespace linnet::testing
