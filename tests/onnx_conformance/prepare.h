// One case through the compiler: import, the oracle on what was imported and on what the passes made of it, and the
// sources of the network. Runs in a child process, and leaves in `folder`:
//
//   outcome                     passed (so far), or why not
//   NAME.hpp NAME.cpp ...       what emission gave
//   include/linnet/...          the runtime files that it uses
//   set_0_input_0.bin           floats in the device's layout, one file for each data set and graph input
//   set_0_expected_0.bin        the suite's outputs, likewise
//   network.inc                 the description for generated_network.h
#pragma once

#include <filesystem>

#include "tests/onnx_conformance/cases.h"

namespace linnet::conformance {

// What the importer said when it refused a model: unsupported when each refusal names an operator or attribute that
// Linnet does not claim (or follows from one that does), else failed.
Outcome judge(const Diagnostics& diagnostics);

struct PrepareOptions {
  bool emit = true;  // else only the oracle is asked
};
void prepare(const Case& test, const std::filesystem::path& folder, const PrepareOptions& options);

}  // namespace linnet::conformance
