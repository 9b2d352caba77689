// The command line tool itself, run as a user runs it.
#pragma once

#include <string>

namespace linnet::testing {

struct Run {
  int exit_code = -1;
  std::string output;  // stdout and stderr, or what `streams` says
};

inline constexpr const char* kOnlyStdout = " 2>/dev/null";
inline constexpr const char* kOnlyStderr = " 2>&1 >/dev/null";

// `arguments` as a shell reads them.
Run run_linnet(const std::string& arguments, const char* streams = " 2>&1");

}  // namespace linnet::testing
