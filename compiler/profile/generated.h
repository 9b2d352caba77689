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

// From a folder that `linnet compile -o` wrote: its own sources, and its own runtime where it has one.
Result<GeneratedNetwork> read_generated_network(const std::filesystem::path& folder);

}  // namespace linnet
