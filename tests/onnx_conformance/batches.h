// Generated networks, built for the host many to a translation unit, and run.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace linnet::conformance {

// Builds and runs the networks in `work`/NAME (see prepare.h). A network that does not build, crashes or writes beyond
// its arena gets a failed outcome in its folder; the outputs of the others are in set_S_output_O.bin.
void build_and_run(const std::vector<std::string>& names, const std::filesystem::path& work);

}  // namespace linnet::conformance
