// Generated code under the address sanitizer with its dead rows poisoned: after each step the hooks poison what no later step
// reads before it is written again, and before each step they open what it may write. A kernel that reads a row after its
// last reader, or outside the rows under its window, stops the program; so does a row that is poisoned one step too early.
//
// What is dead is known from the replay of the schedule (compiler/check). The sanitizer poisons granules of 8 bytes: those of
// which every byte is dead.
#include <fmt/format.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <thread>

#include "compiler/check/replay.h"
#include "compiler/passes/passes.h"
#include "compiler/pipeline.h"
#include "compiler/plan/target.h"
#include "compiler/support/write_files.h"
#include "compiler/verify/subprocess.h"
#include "compiler/verify/temporary_folder.h"
#include "tests/support/model_files.h"
#include "tests/support/random_graph.h"

namespace linnet {
namespace {

namespace fs = std::filesystem;
using namespace testing;

constexpr std::int64_t kGranule = 8;

// Granules of a bank that are poisoned after a step, or opened before one.
struct Change {
  std::int32_t step, bank;
  std::int64_t begin, end;  // bytes
  bool read_last = false;   // poisoned: the step reads all of it and wrote none
};

struct Changes {
  std::vector<Change> opened, poisoned;  // by step; poisoned after step -1: before the first
};

struct Interval {
  std::int32_t first, last;
  bool read_last;
};

// When any byte of a granule is alive: overlapping and adjoining lives become one interval.
std::vector<Interval> merged(std::vector<Interval> lives) {
  std::sort(lives.begin(), lives.end(),
            [](const Interval& a, const Interval& b) { return a.first < b.first; });
  std::vector<Interval> result;
  for (const Interval& life : lives) {
    if (result.empty() || life.first > result.back().last + 1) {
      result.push_back(life);
    } else if (life.last >= result.back().last) {
      const bool both = life.last > result.back().last || result.back().read_last;
      result.back().last = life.last;
      result.back().read_last = both && life.read_last;
    }
  }
  return result;
}

// Joins neighbouring granules whose change is the same.
void add_change(std::vector<Change>& changes, const Change& change) {
  if (!changes.empty()) {
    Change& before = changes.back();
    if (before.step == change.step && before.bank == change.bank && before.end == change.begin &&
        before.read_last == change.read_last) {
      before.end = change.end;
      return;
    }
  }
  changes.push_back(change);
}

Changes changes_of(const ReplayReport& replayed, const std::vector<std::int64_t>& bank_bytes) {
  Changes changes;
  const auto steps = static_cast<std::int32_t>(replayed.steps);
  for (std::size_t b = 0; b < bank_bytes.size(); ++b) {
    const auto bank = static_cast<std::int32_t>(b);
    std::vector<std::vector<Interval>> granules(static_cast<std::size_t>(bank_bytes[b] / kGranule));
    for (const ByteLife& life : replayed.lives) {
      if (life.bank != bank) continue;
      for (std::int64_t g = life.begin / kGranule; g * kGranule < life.end; ++g) {
        if (g >= static_cast<std::int64_t>(granules.size())) break;  // a last, shorter granule
        const bool whole = life.begin <= g * kGranule && life.end >= (g + 1) * kGranule;
        granules[static_cast<std::size_t>(g)].push_back(
            {life.first_step, life.last_step, whole && life.last_step > life.first_step});
      }
    }
    std::vector<std::vector<Change>> opened(static_cast<std::size_t>(steps)),
        poisoned(static_cast<std::size_t>(steps) + 1);  // by step, by step + 1
    for (std::size_t g = 0; g < granules.size(); ++g) {
      const std::int64_t begin = static_cast<std::int64_t>(g) * kGranule;
      const std::vector<Interval> alive = merged(granules[g]);
      if (alive.empty() || alive.front().first >= 0)
        add_change(poisoned[0], {-1, bank, begin, begin + kGranule});
      for (const Interval& life : alive) {
        if (life.first >= 0)
          add_change(opened[static_cast<std::size_t>(life.first)],
                     {life.first, bank, begin, begin + kGranule});
        if (life.last < steps)
          add_change(poisoned[static_cast<std::size_t>(life.last + 1)],
                     {life.last, bank, begin, begin + kGranule, life.read_last});
      }
    }
    for (const auto& list : opened)
      changes.opened.insert(changes.opened.end(), list.begin(), list.end());
    for (const auto& list : poisoned)
      changes.poisoned.insert(changes.poisoned.end(), list.begin(), list.end());
  }
  const auto by_step = [](const Change& a, const Change& b) { return a.step < b.step; };
  std::stable_sort(changes.opened.begin(), changes.opened.end(), by_step);
  std::stable_sort(changes.poisoned.begin(), changes.poisoned.end(), by_step);
  return changes;
}

std::string table(const char* name, const std::vector<Change>& changes) {
  std::string text = fmt::format("const Change {}[] = {{\n", name);
  for (const Change& change : changes)
    text +=
        fmt::format("  {{{}, {}, {}, {}}},\n", change.step, change.bank, change.begin, change.end);
  return text + "};\n";
}

// One network of the program.
struct Poisoned {
  std::string name;
  Files files;
  Changes changes;
  std::vector<std::string> banks;
  std::int64_t steps = 0;
};

// The hooks. POISON_EARLY=NAME:n in the environment poisons what dies by change n already when its last step begins.
std::string hooks_of(const Poisoned& network) {
  std::string arenas;
  std::string sizes;
  for (const std::string& bank : network.banks) {
    arenas += (arenas.empty() ? "" : ", ") + fmt::format("arenas.{}", bank);
    sizes += (sizes.empty() ? "" : ", ") + fmt::format("{}::kArenaBytes.{}", network.name, bank);
  }
  return fmt::format(
      R"(#pragma once
#include <sanitizer/asan_interface.h>
#include <cstdlib>
#include <cstring>
namespace {{
struct Change {{ int step, bank; long begin, end; }};
{0}{1}
constexpr int kSteps = {2};
int step = 0;
const Change* next_opened = opened;
const Change* next_poisoned = poisoned;
struct Banks {{ std::byte* of[{3}]; }};
int early() {{
  const char* const text = std::getenv("POISON_EARLY");
  const char name[] = "{4}:";
  return text != nullptr && std::strncmp(text, name, sizeof name - 1) == 0 ? std::atoi(text + sizeof name - 1) : -1;
}}
void poison(const Banks& banks, const Change& change) {{
  __asan_poison_memory_region(banks.of[change.bank] + change.begin, static_cast<std::size_t>(change.end - change.begin));
}}
void poison_until(const Banks& banks, int last) {{
  for (; next_poisoned != poisoned + sizeof poisoned / sizeof *poisoned && next_poisoned->step <= last; ++next_poisoned)
    poison(banks, *next_poisoned);
}}
void begin_step(const Banks& banks) {{
  if (step == 0) poison_until(banks, -1);
  for (; next_opened != opened + sizeof opened / sizeof *opened && next_opened->step == step; ++next_opened)
    __asan_unpoison_memory_region(banks.of[next_opened->bank] + next_opened->begin,
                                  static_cast<std::size_t>(next_opened->end - next_opened->begin));
  static const int changed = early();
  if (changed >= 0 && poisoned[changed].step == step) poison(banks, poisoned[changed]);
}}
void end_step(const Banks& banks) {{
  poison_until(banks, step);
  if (++step < kSteps) return;
  const std::size_t sizes[] = {{{5}}};
  for (int b = 0; b < {3}; ++b) __asan_unpoison_memory_region(banks.of[b], sizes[b]);
  step = 0;
  next_opened = opened;
  next_poisoned = poisoned;
}}
}}
#define LINNET_PROFILE_BEGIN(layer) begin_step(Banks{{{{{6}}}}})
#define LINNET_PROFILE_END(layer) end_step(Banks{{{{{6}}}}})
)",
      table("opened", network.changes.opened), table("poisoned", network.changes.poisoned),
      network.steps, network.banks.size(), network.name, sizes, arenas);
}

Poisoned poisoned(const Compiled& made) {
  Poisoned network{made.report.name, made.files, {}, {}, 0};
  const std::string& name = network.name;
  const Result<ReplayReport> replayed = replay(made.graph, made.files.at(name + ".cpp"),
                                               made.files.at(name + ".hpp"), RecordLives::yes);
  if (!replayed) FAIL(format(replayed.diagnostics()));
  network.banks = replayed->banks;
  network.steps = replayed->steps;
  std::vector<std::int64_t> bytes;
  for (const std::string& bank : network.banks)
    for (const ReportBank& used : made.report.banks)
      if (used.name == bank) bytes.push_back(used.used_bytes);
  REQUIRE(bytes.size() == network.banks.size());
  network.changes = changes_of(*replayed, bytes);
  return network;
}

// ---- networks -------------------------------------------------------------------------------------------------------

Poisoned model(const std::string& name) {
  CompileOptions options;
  options.model = models_folder() / name / (name + ".onnx");
  options.target = "stm32h743";
  options.samples = feeding(models_folder() / name / "model.json");
  options.calibrate = {models_folder() / "images/calibration/coffee_cup.png"};
  const Result<Compiled> made = compile_network(options);
  if (!made) FAIL(format(made.diagnostics()));
  return poisoned(*made);
}

Poisoned random_network(std::uint32_t seed) {
  RandomGraphOptions options;
  options.nodes = 12;
  options.exporter_style = seed % 2 == 0;
  options.matmul = seed % 3 == 0;
  options.batch = seed % 4 == 0 ? 2 : 1;
  Result<Graph> graph = run_passes(random_graph(seed, options));
  REQUIRE(graph);
  Compiled made;
  made.float_graph = *graph;
  Result<Graph> quantized = guess_int8(*graph);
  REQUIRE(quantized);
  made.graph = seed % 4 == 3 ? *graph : *quantized;
  made.target = *find_target("cortex-m7");
  Result<PlannedProgram> planned = lower_and_plan(made.graph, made.target);
  if (!planned) FAIL(format(planned.diagnostics()));
  made.program = std::move(planned->program);
  made.plan = std::move(planned->plan);
  emit_network(made, {fmt::format("random_{}", seed), true, WeightsFormat::cpp});
  return poisoned(made);
}

// ---- the program ----------------------------------------------------------------------------------------------------

// self_test() of the network that is named, or of all.
std::string main_of(const std::vector<Poisoned>& networks) {
  std::string functions = "#include <cstring>\n";
  std::string calls;
  for (const Poisoned& network : networks) {
    functions += fmt::format("bool test_{}();\n", network.name);
    calls += fmt::format(
        "  if ((argc < 2 || std::strcmp(argv[1], \"{0}\") == 0) && !test_{0}()) return 1;\n",
        network.name);
  }
  return functions + "int main(int argc, char** argv) {\n" + calls + "  return 0;\n}\n";
}

// One translation unit a network: its code with the hooks, its weights, its test vector.
std::string unit_of(const Poisoned& network) {
  std::string text = fmt::format(
      "#define LINNET_HOOKS \"{0}_poison.h\"\n#include \"{0}.cpp\"\n"
      "#include \"{0}_weights.cpp\"\n#include \"{0}_test_vector.cpp\"\n",
      network.name);
  std::string members;
  for (const std::string& bank : network.banks) {
    text += fmt::format("alignas(32) static std::byte arena_{1}[{0}::kArenaBytes.{1}];\n",
                        network.name, bank);
    members += fmt::format("  arenas.{0} = arena_{0};\n", bank);
  }
  return text + fmt::format(
                    "bool test_{0}() {{\n  {0}::Arenas arenas{{}};\n{1}"
                    "  return {0}::self_test(arenas) && {0}::self_test(arenas);\n}}\n",
                    network.name, members);
}

void build_program(const std::vector<Poisoned>& networks, const fs::path& folder) {
  std::ofstream(folder / "main.cc") << main_of(networks);
  std::vector<Process> compilers;
  std::vector<std::string> link{"g++", "-fsanitize=address", "-o", "program", "main.cc"};
  for (const Poisoned& network : networks) {
    REQUIRE(write_files(folder / network.name, network.files));
    std::ofstream(folder / network.name / (network.name + "_poison.h")) << hooks_of(network);
    std::ofstream(folder / network.name / "unit.cc") << unit_of(network);
    compilers.push_back({{"g++", "-std=c++17", "-O1", "-fsanitize=address", "-fno-exceptions",
                          "-fno-rtti", "-ffp-contract=off", "-I.", "-c", "unit.cc"},
                         folder / network.name});
    link.push_back(network.name + "/unit.o");
  }
  const std::vector<Finished> compiled = run_processes(compilers);
  for (const Finished& one : compiled) {
    INFO(one.output);
    REQUIRE(one.succeeded());
  }
  const Finished linked = run_process({link, folder});
  INFO(linked.output);
  REQUIRE(linked.succeeded());
}

Finished run_program(const fs::path& folder, const std::string& network, const std::string& early) {
  return run_process({{"/usr/bin/env", "POISON_EARLY=" + early, "./program", network}, folder});
}

// A few of the changes that the network's step reads last, spread over its steps.
std::vector<std::size_t> early_ones(const Poisoned& network, std::size_t count) {
  std::vector<std::size_t> all;
  for (std::size_t i = 0; i < network.changes.poisoned.size(); ++i)
    if (network.changes.poisoned[i].read_last) all.push_back(i);
  std::vector<std::size_t> chosen;
  for (std::size_t k = 0; k < count && !all.empty(); ++k)
    chosen.push_back(all[(2 * k + 1) * all.size() / (2 * count)]);
  return chosen;
}

TEST_CASE("generated code runs with its dead rows poisoned") {
  std::vector<Poisoned> networks{model("phinet_96"), model("phinet_96_a1"), model("xinet_96")};
  for (std::uint32_t seed = 1; seed <= 8; ++seed) networks.push_back(random_network(seed));
  const TemporaryFolder folder;
  build_program(networks, folder.path());
  std::size_t stopped = 0, mutants = 0;
  for (const Poisoned& network : networks) {
    INFO(network.name);
    const Finished clean = run_program(folder.path(), network.name, "");
    INFO(clean.output);
    CHECK(clean.succeeded());
    std::int64_t bytes = 0;
    for (const Change& change : network.changes.poisoned) bytes += change.end - change.begin;
    std::cout << network.name << ": " << network.steps << " steps, " << bytes
              << " bytes poisoned on the way\n";
    CHECK(bytes > 0);
    for (const std::size_t early : early_ones(network, 6)) {
      ++mutants;
      const Finished run =
          run_program(folder.path(), network.name, fmt::format("{}:{}", network.name, early));
      // "use-after-poison", or "unknown-crash" where a load begins before the poison
      if (run.output.find("ERROR: AddressSanitizer: ") != std::string::npos) ++stopped;
    }
  }
  std::cout << "poisoned one step too early: " << stopped << " of " << mutants << " stopped\n";
  CHECK(mutants >= 40);
  CHECK(stopped == mutants);
}

}  // namespace
}  // namespace linnet
