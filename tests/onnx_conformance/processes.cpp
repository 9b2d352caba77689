// See processes.h.
#include "tests/onnx_conformance/processes.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <map>
#include <thread>

namespace linnet::conformance {
namespace {

pid_t start(const Job& job, unsigned limit_seconds) {
  std::fflush(nullptr);
  const pid_t child = fork();
  if (child != 0) return child;
  const int log = open(job.log.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0644);  // NOLINT: C's open
  dup2(log, STDOUT_FILENO);
  dup2(log, STDERR_FILENO);
  alarm(limit_seconds);  // outlives exec
  job.work();
  std::fflush(nullptr);
  _exit(0);
}

Ended ended(int status, unsigned limit_seconds) {
  if (WIFEXITED(status)) {
    const int code = WEXITSTATUS(status);
    return {code == 0, fmt::format("exit code {}", code)};
  }
  const int number = WTERMSIG(status);
  if (number == SIGALRM) return {false, fmt::format("took more than {} s", limit_seconds)};
  return {false, fmt::format("signal {} ({})", number, strsignal(number))};
}

}  // namespace

std::vector<Ended> run_jobs(const std::vector<Job>& jobs, unsigned limit_seconds) {
  const std::size_t at_once = std::max(1U, std::thread::hardware_concurrency());
  std::vector<Ended> results(jobs.size());
  std::map<pid_t, std::size_t> running;
  std::size_t next = 0;
  while (next < jobs.size() || !running.empty()) {
    if (next < jobs.size() && running.size() < at_once) {
      const pid_t child = start(jobs[next], limit_seconds);
      if (child < 0) {
        results[next] = {false, "could not be started"};
      } else {
        running.emplace(child, next);
      }
      ++next;
      continue;
    }
    int status = 0;
    const pid_t child = waitpid(-1, &status, 0);
    const auto found = running.find(child);
    if (found == running.end()) continue;
    results[found->second] = ended(status, limit_seconds);
    running.erase(found);
  }
  return results;
}

void replace_process(const std::vector<std::string>& arguments) {
  std::vector<char*> pointers;
  for (const std::string& argument : arguments) {
    pointers.push_back(const_cast<char*>(argument.c_str()));  // NOLINT: exec's signature
  }
  pointers.push_back(nullptr);
  execvp(pointers[0], pointers.data());
  std::perror(arguments[0].c_str());
  _exit(127);
}

}  // namespace linnet::conformance
