// Runs other programs, without a shell: arguments go through as they are.
#pragma once

#include <chrono>
#include <filesystem>
#include <string>
#include <vector>

namespace linnet {

struct Process {
  std::vector<std::string> arguments;  // the first is the program: a path, or a name to look up
  std::filesystem::path folder;        // working folder; empty: ours
  std::chrono::seconds limit{600};     // longer than that, and it is stopped
};

// Puts more arguments at the end.
inline void append(std::vector<std::string>& to, const std::vector<std::string>& from) {
  to.insert(to.end(), from.begin(), from.end());
}

struct Finished {
  bool started = false;
  bool timed_out = false;
  int exit_code = -1;  // as a shell tells it: 128 + signal when a signal ended it
  std::string output;  // standard output and standard error, in the order they came

  bool succeeded() const { return started && !timed_out && exit_code == 0; }
};

Finished run_process(const Process& process);

// So many at a time, or as many as there are processors; results in the order of `processes`.
std::vector<Finished> run_processes(const std::vector<Process>& processes, unsigned at_a_time = 0);

// "g++ -c a.cpp": for messages.
std::string command_line(const Process& process);

}  // namespace linnet
