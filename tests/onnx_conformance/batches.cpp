// See batches.h.
#include "tests/onnx_conformance/batches.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <sstream>
#include <utility>

#include "tests/onnx_conformance/cases.h"
#include "tests/onnx_conformance/processes.h"

namespace linnet::conformance {

namespace fs = std::filesystem;

namespace {

constexpr std::size_t kNetworksPerBatch = 40;  // the kernels' headers are read once for all of them
constexpr unsigned kBuildSeconds = 900;

struct Batch {
  std::string name;
  std::vector<std::string> networks;
};

std::string source_of(const std::vector<std::string>& networks) {
  std::string text = "#include \"generated_network.h\"\n";
  const auto out = std::back_inserter(text);
  for (const std::string& name : networks) {
    fmt::format_to(out, "#include \"{0}/{0}_weights.cpp\"\n#include \"{0}/{0}.cpp\"\n", name);
  }
  text += "int main() {\n  const Network networks[] = {\n";
  for (const std::string& name : networks)
    fmt::format_to(out, "#include \"{}/network.inc\"\n", name);
  text += "  };\n  for (const Network& network : networks) run_apart(network);\n}\n";
  return text;
}

Job compile(const fs::path& work, const std::string& source, const std::vector<std::string>& what) {
  std::vector<std::string> arguments{LINNET_CXX};
  if (std::string(LINNET_CXX_LAUNCHER).size() > 0)
    arguments.insert(arguments.begin(), LINNET_CXX_LAUNCHER);
  for (const char* flag : {"-std=c++17", "-O1", "-ffp-contract=off", "-w", "-I.", "-Iinclude",
                           "-I" LINNET_SOURCE_DIR "/tests/onnx_conformance"}) {
    arguments.emplace_back(flag);
  }
  arguments.insert(arguments.end(), what.begin(), what.end());
  arguments.push_back(source);
  return {[work, arguments] {
            fs::current_path(work);
            replace_process(arguments);
          },
          work / (source + ".log")};
}

std::string first_error(const fs::path& log) {
  std::istringstream text(read_text(log));
  for (std::string line; std::getline(text, line);) {
    if (line.find("error") != std::string::npos) return line;
  }
  return "see " + log.string();
}

// Builds all batches; gives those that built.
std::vector<Batch> build(const std::vector<Batch>& batches, const fs::path& work) {
  std::vector<Job> jobs;
  for (const Batch& batch : batches) {
    write_text(work / (batch.name + ".cpp"), source_of(batch.networks));
    jobs.push_back(compile(work, batch.name + ".cpp", {"-c", "-o", batch.name + ".o"}));
  }
  const std::vector<Ended> compiled = run_jobs(jobs, kBuildSeconds);
  jobs.clear();
  std::vector<Batch> good;
  for (std::size_t i = 0; i < batches.size(); ++i) {
    if (!compiled[i].good) continue;
    good.push_back(batches[i]);
    jobs.push_back(compile(work, batches[i].name + ".o", {"-o", batches[i].name}));
  }
  const std::vector<Ended> linked = run_jobs(jobs, kBuildSeconds);
  std::vector<Batch> built;
  for (std::size_t i = 0; i < good.size(); ++i) {
    if (linked[i].good) built.push_back(good[i]);
  }
  return built;
}

// Finds the networks that do not compile, by themselves, and gives them their outcome; the others make a new batch.
Batch without_culprits(const Batch& batch, const fs::path& work) {
  std::vector<Job> jobs;
  for (const std::string& name : batch.networks) {
    write_text(work / name / "alone.cpp", source_of({name}));
    jobs.push_back(compile(work, name + "/alone.cpp", {"-fsyntax-only"}));
  }
  const std::vector<Ended> ended = run_jobs(jobs, kBuildSeconds);
  Batch rest{batch.name + "_rest", {}};
  for (std::size_t i = 0; i < jobs.size(); ++i) {
    if (ended[i].good) {
      rest.networks.push_back(batch.networks[i]);
    } else {
      write_outcome(work / batch.networks[i] / "outcome",
                    {Verdict::failed, "build: " + first_error(jobs[i].log)});
    }
  }
  return rest;
}

bool contains(const std::vector<Batch>& batches, const Batch& batch) {
  return std::any_of(batches.begin(), batches.end(),
                     [&](const Batch& other) { return other.name == batch.name; });
}

}  // namespace

void build_and_run(const std::vector<std::string>& names, const fs::path& work) {
  std::vector<Batch> batches;
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (i % kNetworksPerBatch == 0)
      batches.push_back({fmt::format("batch_{}", batches.size()), {}});
    batches.back().networks.push_back(names[i]);
  }
  std::vector<Batch> built = build(batches, work);
  std::vector<Batch> second_try;
  for (const Batch& batch : batches) {
    if (!contains(built, batch)) second_try.push_back(without_culprits(batch, work));
  }
  const std::vector<Batch> rebuilt = build(second_try, work);
  built.insert(built.end(), rebuilt.begin(), rebuilt.end());
  for (const Batch& batch : second_try) {
    if (contains(rebuilt, batch)) continue;
    for (const std::string& name : batch.networks) {
      write_outcome(work / name / "outcome", {Verdict::failed, "build: in " + batch.name});
    }
  }

  std::vector<Job> jobs;
  for (const Batch& batch : built) {
    jobs.push_back({[work, batch] {
                      fs::current_path(work);
                      replace_process({"./" + batch.name});
                    },
                    work / (batch.name + ".run.log")});
  }
  run_jobs(jobs, kBuildSeconds);
}

}  // namespace linnet::conformance
