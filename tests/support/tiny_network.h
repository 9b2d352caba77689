// A network of a handful of layers, built by hand: for tests of planning and emission that need no ONNX file.
//
//   input 1x4x4x2 -> sigmoid -> 1x1 convolution to 4 channels -> 2x2 max pool -> reshape -> output
#pragma once

#include <filesystem>
#include <string>

#include "compiler/pipeline.h"

namespace linnet::testing {

Graph tiny_graph();  // int8

// tiny_graph() lowered, planned for `target` and emitted as network "tiny". Asserts that all of it works.
Compiled compile_tiny(const std::string& target, const EmitOptions& options,
                      const PlanOptions& plan = {});

// compile_tiny() for cortex-m7, as files in `folder`.
void write_tiny(const std::filesystem::path& folder);

// Edits a file: the first `from` becomes `to`. Fails the test when there is none.
void replace_in(const std::filesystem::path& path, const std::string& from, const std::string& to);

}  // namespace linnet::testing
