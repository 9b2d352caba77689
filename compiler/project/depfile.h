// What a compilation read, in the format of make: `linnet compile --depfile FILE` writes it for Ninja, Make and CMake, and
// `linnet build` goes by it.
//
//   generated/report.json: phinet.onnx pictures pictures/a.png /usr/bin/linnet
//   phinet.onnx:
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "compiler/pipeline.h"

namespace linnet {

// The file that runs; empty when that cannot be told.
std::filesystem::path this_program();

// Files and folders, as they were typed: the model, its external data, calibration data (what is added to a folder of them
// changes the folder), labels.
std::vector<std::filesystem::path> inputs_of(const CompileOptions& options, const ModelInfo& model);

// The same and the tool itself. A rule without prerequisites for each lets a file disappear without stopping make.
std::string depfile_text(const std::filesystem::path& made,
                         std::vector<std::filesystem::path> inputs);

// The inputs of such a text, without the tool.
std::vector<std::filesystem::path> read_depfile(std::string_view text);

}  // namespace linnet
