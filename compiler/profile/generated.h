// What `linnet profile` builds: a generated network, made just now or read from a folder, with its test vector.
#pragma once

#include <filesystem>

#include "compiler/emit/report.h"
#include "compiler/verify/build.h"
#include "compiler/verify/run.h"

namespace linnet {

struct GeneratedNetwork {
  Report report;
  NetworkUnderTest network;
  Values inputs, outputs;  // the test vector: an input, and the output it must give
};

// From the files of a compilation. E505 when files are missing or the test vector is not as Linnet writes it.
Result<GeneratedNetwork> generated_network(Report report, Files files);

// What `linnet compile -o` wrote to a folder: its report, its own sources as they are now, and its runtime, or ours where the
// folder has none (--runtime external). E503 or E505 when there is no such thing.
struct GeneratedFiles {
  Report report;
  Files files;
};
Result<GeneratedFiles> read_generated_files(const std::filesystem::path& folder);

// From a folder that `linnet compile -o` wrote: its own sources, and its own runtime where it has one.
Result<GeneratedNetwork> read_generated_network(const std::filesystem::path& folder);

}  // namespace linnet
