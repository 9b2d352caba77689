// Work in child processes, a few at a time: what crashes there takes nothing else with it.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

namespace linnet::conformance {

struct Job {
  std::function<void()> work;  // runs in the child; may end in replace_process()
  std::filesystem::path log;   // what it prints
};

struct Ended {
  bool good = false;
  std::string how;  // "exit code 1", "signal 11 (Segmentation fault)", "took more than 60 s"
};

// Results in the order of `jobs`. As many at a time as there are processors.
std::vector<Ended> run_jobs(const std::vector<Job>& jobs, unsigned limit_seconds);

// Becomes another program; arguments[0] is looked up in PATH.
void replace_process(const std::vector<std::string>& arguments);

}  // namespace linnet::conformance
