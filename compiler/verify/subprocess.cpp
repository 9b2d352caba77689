// Processes by posix_spawn; see subprocess.h.
#include "compiler/verify/subprocess.h"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <csignal>
#include <thread>

namespace linnet {
namespace {

using Clock = std::chrono::steady_clock;

// Starts the process with its output on `output`; its pid, or -1.
pid_t start(const Process& process, int output) {
  std::vector<char*> arguments;
  for (const std::string& argument : process.arguments)
    arguments.push_back(const_cast<char*>(argument.c_str()));
  arguments.push_back(nullptr);

  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&actions, output, STDERR_FILENO);
  if (!process.folder.empty())
    posix_spawn_file_actions_addchdir_np(&actions, process.folder.c_str());

  // A group of its own, so that what a compiler driver has started ends with it.
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);
  posix_spawnattr_setpgroup(&attributes, 0);

  pid_t pid = -1;
  const int error =
      posix_spawnp(&pid, arguments.front(), &actions, &attributes, arguments.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  posix_spawnattr_destroy(&attributes);
  return error == 0 ? pid : -1;
}

// Reads until the other end is closed; false when the deadline comes first.
bool read_all(int from, Clock::time_point deadline, std::string& to) {
  std::array<char, 4096> block{};
  for (;;) {
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now()).count();
    if (left <= 0) return false;
    pollfd waited{from, POLLIN, 0};
    if (poll(&waited, 1, static_cast<int>(std::min<long long>(left, 1000))) <= 0) continue;
    const ssize_t count = read(from, block.data(), block.size());
    if (count <= 0) return true;
    to.append(block.data(), static_cast<std::size_t>(count));
  }
}

}  // namespace

Finished run_process(const Process& process) {
  Finished finished;
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) != 0) return finished;
  const pid_t pid = start(process, ends[1]);
  close(ends[1]);
  if (pid > 0) {
    finished.started = true;
    finished.timed_out = !read_all(ends[0], Clock::now() + process.limit, finished.output);
    if (finished.timed_out) kill(-pid, SIGKILL);
    int status = 0;
    waitpid(pid, &status, 0);
    finished.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  }
  close(ends[0]);
  return finished;
}

std::vector<Finished> run_processes(const std::vector<Process>& processes, unsigned at_a_time) {
  if (at_a_time == 0) at_a_time = std::max(1U, std::thread::hardware_concurrency());
  std::vector<Finished> finished(processes.size());
  std::atomic<std::size_t> next = 0;
  const auto work = [&] {
    for (std::size_t i = next++; i < processes.size(); i = next++)
      finished[i] = run_process(processes[i]);
  };
  const std::size_t workers = std::min<std::size_t>(processes.size(), at_a_time);
  std::vector<std::jthread> threads;
  for (std::size_t i = 1; i < workers; ++i) threads.emplace_back(work);
  work();
  threads.clear();
  return finished;
}

std::string command_line(const Process& process) {
  std::string text;
  for (const std::string& argument : process.arguments)
    text.append(text.empty() ? "" : " ").append(argument);
  return text;
}

}  // namespace linnet
