// Runs ONNX's own test suite through Linnet.
//
//   onnx_conformance                 compiles every float model, builds it for the host, runs it, compares
//   onnx_conformance --oracle        import, passes and the reference interpreter only: quick
//   onnx_conformance --update        writes passing.txt anew
//   onnx_conformance --only TEXT     the cases whose name contains TEXT
//
// Prints a line for each case that did not pass, then the counts:
//
//   passed        the generated network gives the suite's outputs (tolerance: see difference() in cases.h)
//   failed        a crash, a refusal of what Linnet claims to support, a build failure, a wrong value
//   unsupported   the importer named an operator or attribute that Linnet does not claim
//   constant      every output folds to a constant, and the constant is right: nothing to run
//   not float     an input or output is a sequence, a string, a double, an 8-bit integer ...
//
// Exit code 1 when a case failed or a case that passing.txt lists no longer passes.
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "tests/onnx_conformance/batches.h"
#include "tests/onnx_conformance/cases.h"
#include "tests/onnx_conformance/prepare.h"
#include "tests/onnx_conformance/processes.h"

namespace linnet::conformance {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kLeastPassed = 300;

struct Options {
  bool oracle = false;
  bool update = false;
  std::string only;
  fs::path work = LINNET_CONFORMANCE_WORK;
  fs::path data = "/usr/share/libonnx-testdata/data";
  fs::path list = LINNET_SOURCE_DIR "/tests/onnx_conformance/passing.txt";
};

std::optional<Options> parse(int argc, char** argv) {
  Options options;
  for (int i = 1; i < argc; ++i) {
    const std::string argument = argv[i];
    const bool has_value = i + 1 < argc;
    if (argument == "--oracle") {
      options.oracle = true;
    } else if (argument == "--update") {
      options.update = true;
    } else if (argument == "--only" && has_value) {
      options.only = argv[++i];
    } else if (argument == "--work" && has_value) {
      options.work = argv[++i];
    } else if (argument == "--data" && has_value) {
      options.data = argv[++i];
    } else {
      fmt::print(stderr,
                 "usage: onnx_conformance [--oracle] [--update] [--only TEXT] [--work DIR] "
                 "[--data DIR]\n");
      return std::nullopt;
    }
  }
  return options;
}

// The last line that a crashed child printed: an assertion's text.
std::string last_line(const fs::path& log) {
  std::istringstream text(read_text(log));
  std::string last;
  for (std::string line; std::getline(text, line);) {
    if (!line.empty()) last = line;
  }
  return last.empty() ? "" : ": " + last;
}

void prepare_all(const std::vector<Case>& cases, const Options& options) {
  std::vector<Job> jobs;
  for (const Case& test : cases) {
    const fs::path folder = options.work / test.identifier;
    fs::create_directories(folder);
    jobs.push_back({[test, folder, emit = !options.oracle] { prepare(test, folder, {emit}); },
                    folder / "log"});
  }
  const std::vector<Ended> ended = run_jobs(jobs, 300);
  for (std::size_t i = 0; i < cases.size(); ++i) {
    if (ended[i].good) continue;
    write_outcome(options.work / cases[i].identifier / "outcome",
                  {Verdict::failed, "crash: " + ended[i].how + last_line(jobs[i].log)});
  }
}

// The runtime files that the networks bring are the same for all: they go side by side.
void gather_runtime(const std::vector<std::string>& names, const fs::path& work) {
  fs::create_directories(work / "include");
  for (const std::string& name : names) {
    if (!fs::exists(work / name / "include")) continue;
    fs::copy(work / name / "include", work / "include",
             fs::copy_options::recursive | fs::copy_options::skip_existing);
  }
}

// What the generated network computed, against what the suite expects.
Outcome compare(const fs::path& folder, const Outcome& so_far) {
  for (int set = 0; fs::exists(folder / fmt::format("set_{}_expected_0.bin", set)); ++set) {
    for (int i = 0;; ++i) {
      const fs::path expected = folder / fmt::format("set_{}_expected_{}.bin", set, i);
      if (!fs::exists(expected)) break;
      const std::string why = difference(
          read_floats(folder / fmt::format("set_{}_output_{}.bin", set, i)), read_floats(expected));
      if (!why.empty()) return {Verdict::failed, fmt::format("run: output {}{}", i, why)};
    }
  }
  return so_far;
}

std::map<std::string, Outcome> run_all(const std::vector<Case>& cases, const Options& options) {
  prepare_all(cases, options);
  if (!options.oracle) {
    std::vector<std::string> names;
    for (const Case& test : cases) {
      const Outcome outcome = read_outcome(options.work / test.identifier / "outcome");
      if (outcome.verdict == Verdict::passed) names.push_back(test.identifier);
    }
    gather_runtime(names, options.work);
    build_and_run(names, options.work);
  }
  std::map<std::string, Outcome> outcomes;
  for (const Case& test : cases) {
    const fs::path folder = options.work / test.identifier;
    Outcome outcome = read_outcome(folder / "outcome");
    if (outcome.verdict == Verdict::passed && !options.oracle) outcome = compare(folder, outcome);
    outcomes[test.name] = outcome;
  }
  return outcomes;
}

// The operator that a refusal is about: the text in parentheses of "E101 node 'x' (Op): ...".
std::string refused_operator(const std::string& reason) {
  const std::size_t end = reason.find("):");
  const std::size_t begin = reason.rfind('(', end);
  if (end == std::string::npos || begin == std::string::npos) return reason.substr(0, 60);
  return reason.substr(0, 4) + " " + reason.substr(begin + 1, end - begin - 1);
}

void print_outcomes(const std::map<std::string, Outcome>& outcomes) {
  std::map<Verdict, std::size_t> counts;
  std::map<std::string, std::size_t> refused;
  for (const auto& [name, outcome] : outcomes) {
    ++counts[outcome.verdict];
    if (outcome.verdict == Verdict::unsupported) ++refused[refused_operator(outcome.reason)];
  }
  for (const Verdict verdict :
       {Verdict::not_float, Verdict::constant, Verdict::unsupported, Verdict::failed}) {
    for (const auto& [name, outcome] : outcomes) {
      if (outcome.verdict == verdict)
        fmt::print("{:<11} {}: {}\n", verdict_name(verdict), name, outcome.reason);
    }
  }
  std::size_t fixed = 0;
  for (const auto& [name, outcome] : outcomes) {
    if (outcome.verdict != Verdict::passed || outcome.reason.empty()) continue;
    fmt::print("{:<11} {}: {}\n", verdict_name(outcome.verdict), name, outcome.reason);
    ++fixed;
  }
  fmt::print("\n{} of those that passed have float inputs that were made constant\n", fixed);
  fmt::print("\nunsupported, by what the importer named:\n");
  for (const auto& [what, count] : refused) fmt::print("{:>6}  {}\n", count, what);
  fmt::print("\n");
  for (const Verdict verdict : {Verdict::passed, Verdict::failed, Verdict::unsupported,
                                Verdict::constant, Verdict::not_float}) {
    fmt::print("{:<11} {}\n", verdict_name(verdict), counts[verdict]);
  }
}

std::set<std::string> read_list(const fs::path& file) {
  std::istringstream text(read_text(file));
  std::set<std::string> names;
  for (std::string line; std::getline(text, line);) {
    if (!line.empty()) names.insert(line);
  }
  return names;
}

void write_list(const fs::path& file, const std::map<std::string, Outcome>& outcomes) {
  std::string text;
  for (const auto& [name, outcome] : outcomes) {
    if (outcome.verdict == Verdict::passed) text += name + "\n";
  }
  write_text(file, text);
}

// Failures and regressions; those beside the cases looked at are not asked for.
bool is_good(const std::map<std::string, Outcome>& outcomes, const Options& options) {
  bool good = true;
  std::size_t passed = 0;
  for (const auto& [name, outcome] : outcomes) {
    if (outcome.verdict == Verdict::passed) ++passed;
    if (outcome.verdict == Verdict::failed) good = false;
  }
  const std::set<std::string> listed = read_list(options.list);
  std::size_t missing = 0;
  for (const std::string& name : listed) {
    if (name.find(options.only) == std::string::npos) continue;
    const auto found = outcomes.find(name);
    if (found != outcomes.end() && found->second.verdict == Verdict::passed) continue;
    fmt::print("regression: {} is in passing.txt and does not pass\n", name);
    good = false;
  }
  for (const auto& [name, outcome] : outcomes) {
    if (outcome.verdict == Verdict::passed && !listed.contains(name)) ++missing;
  }
  if (missing > 0) fmt::print("{} cases pass that passing.txt does not list: --update\n", missing);
  if (options.only.empty() && passed < kLeastPassed) {
    fmt::print("fewer than {} cases pass\n", kLeastPassed);
    good = false;
  }
  return good;
}

int run(const Options& options) {
  std::vector<Case> cases = find_cases(options.data);
  if (cases.empty()) {
    fmt::print(stderr, "{}: no test cases; they are in the Debian package libonnx-testdata\n",
               options.data.string());
    return 1;
  }
  std::erase_if(
      cases, [&](const Case& test) { return test.name.find(options.only) == std::string::npos; });
  fs::remove_all(options.work);
  fs::create_directories(options.work);
  const std::map<std::string, Outcome> outcomes = run_all(cases, options);
  print_outcomes(outcomes);
  if (options.update && options.only.empty() && !options.oracle) write_list(options.list, outcomes);
  return is_good(outcomes, options) ? 0 : 1;
}

}  // namespace
}  // namespace linnet::conformance

int main(int argc, char** argv) {
  const std::optional<linnet::conformance::Options> options =
      linnet::conformance::parse(argc, argv);
  return options ? linnet::conformance::run(*options) : 2;
}
