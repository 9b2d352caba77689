// What the replay of a schedule must notice: one number of a generated text changed, or two of its steps swapped.
#include <fmt/format.h>

#include <catch2/catch.hpp>
#include <iostream>
#include <random>
#include <regex>

#include "compiler/check/replay.h"
#include "compiler/passes/passes.h"
#include "compiler/pipeline.h"
#include "tests/support/execute.h"
#include "tests/support/generated_text.h"
#include "tests/support/random_graph.h"
#include "tests/support/tiny_network.h"

namespace {

using namespace linnet;
using testing::GeneratedText;

// Where a number of the text stands.
struct Number {
  std::size_t begin, length;
};

// Group `group` of every match.
std::vector<Number> numbers(const std::string& text, const std::string& pattern,
                            std::size_t group) {
  std::vector<Number> found;
  const std::regex regex(pattern);
  for (std::sregex_iterator match(text.begin(), text.end(), regex), end; match != end; ++match)
    found.push_back({static_cast<std::size_t>(match->position(group)),
                     static_cast<std::size_t>(match->length(group))});
  return found;
}

std::int64_t value_of(const std::string& text, const Number& number) {
  return std::stoll(text.substr(number.begin, number.length));
}

std::string with(std::string text, const Number& number, std::int64_t value) {
  return text.replace(number.begin, number.length, std::to_string(value));
}

const char* const kOperand = R"(\{arenas\.\w+ \+ (\d+), (\d+), (\d+)\})";
const char* const kStep = R"(LINNET_\w+\((\d+), (\d+)?[^,]*, (\d+)\);)";

// Mutants of one kind: all that a text has.
struct Kind {
  const char* name;
  std::vector<std::string> (*mutants)(const std::string& text);
  double noticed;  // at least this part of them; the rest change nothing that anybody reads
};

std::vector<std::string> offsets(const std::string& text) {
  std::vector<std::string> mutants;
  for (const Number& n : numbers(text, kOperand, 1))
    mutants.push_back(with(text, n, value_of(text, n) + 8));
  return mutants;
}

std::vector<std::string> capacities(const std::string& text) {
  std::vector<std::string> mutants;
  for (const Number& n : numbers(text, kOperand, 3))
    if (value_of(text, n) > 1) mutants.push_back(with(text, n, value_of(text, n) - 1));
  return mutants;
}

std::vector<std::string> pitches(const std::string& text) {
  std::vector<std::string> mutants;
  const std::vector<Number> rows = numbers(text, kOperand, 3);
  const std::vector<Number> found = numbers(text, kOperand, 2);
  for (std::size_t i = 0; i < found.size(); ++i)
    if (value_of(text, rows[i]) > 1)
      mutants.push_back(with(text, found[i], value_of(text, found[i]) + 1));
  return mutants;
}

std::vector<std::string> first_rows(const std::string& text) {
  std::vector<std::string> mutants;
  for (const Number& n : numbers(text, R"(LINNET_\w+\(\d+, (\d+)(?=[,+ ]))", 1))
    mutants.push_back(with(text, n, value_of(text, n) + 1));
  return mutants;
}

std::vector<std::string> row_counts(const std::string& text) {
  std::vector<std::string> mutants;
  for (const Number& n : numbers(text, R"(LINNET_\w+\(\d+, [^;]*, (\d+)\);)", 1))
    for (const int change : {-1, 1}) mutants.push_back(with(text, n, value_of(text, n) + change));
  return mutants;
}

std::vector<std::string> windows(const std::string& text) {
  struct Field {
    const char* name;
    std::int64_t change;
  };
  static constexpr Field kFields[] = {{"kernel_h", 1},  {"stride_h", 1},    {"dilation_h", 1},
                                      {"pad_top", 1},   {"in_h", 1},        {"out_h", -1},
                                      {"first_row", 1}, {"rows_before", 1}, {"a_row_modulus", -1}};
  std::vector<std::string> mutants;
  for (const Field& field : kFields) {
    for (const Number& n : numbers(text, fmt::format(R"(layer\.{} = (-?\d+);)", field.name), 1)) {
      const std::int64_t value = value_of(text, n) + field.change;
      if (value >= 0) mutants.push_back(with(text, n, value));
    }
  }
  return mutants;
}

// Neighbouring steps of one call are never in the wrong order; of two calls they may be free to change places.
std::vector<std::string> swapped(const std::string& text) {
  const std::regex step(kStep);
  std::vector<std::string> mutants;
  std::smatch one;
  for (auto at = text.cbegin(); std::regex_search(at, text.cend(), one, step);) {
    std::smatch two;
    const auto after = one[0].second;
    if (std::regex_search(after, text.cend(), two, step) &&
        std::count(after, two[0].first, '}') == 0) {
      mutants.push_back(std::string(text.cbegin(), one[0].first) + two.str() +
                        std::string(after, two[0].first) + one.str() +
                        std::string(two[0].second, text.cend()));
    }
    at = after;
  }
  return mutants;
}

const Kind kKinds[] = {{"offset", offsets, 0.99},      {"capacity", capacities, 0.95},
                       {"pitch", pitches, 0.99},       {"first row", first_rows, 1},
                       {"row count", row_counts, 1},   {"window", windows, 0.99},
                       {"steps swapped", swapped, 0.8}};

Graph network(std::uint32_t seed) {
  if (seed == 0) return testing::tiny_graph();
  RandomGraphOptions options;
  options.nodes = 4 + static_cast<int>(seed % 8);
  options.height = 8;
  options.width = 5;
  options.channels = 4;
  Result<Graph> graph = run_passes(random_graph(seed, options));
  REQUIRE(graph);
  Result<Graph> quantized = guess_int8(*graph);
  REQUIRE(quantized);
  return *quantized;
}

}  // namespace

TEST_CASE("mutated schedules do not replay") {
  std::mt19937 random(7);
  struct Count {
    std::size_t noticed = 0, all = 0;
  };
  std::vector<Count> counts(std::size(kKinds));
  for (std::uint32_t seed = 0; seed < 120; ++seed) {
    const Graph graph = network(seed);
    const GeneratedText text =
        testing::generated_text(graph, testing::unlimited_target(), {PlanMode::rows});
    REQUIRE(replay(graph, text.source, text.header));
    for (std::size_t k = 0; k < std::size(kKinds); ++k) {
      std::vector<std::string> mutants = kKinds[k].mutants(text.source);
      std::shuffle(mutants.begin(), mutants.end(), random);
      if (seed > 0) mutants.resize(std::min<std::size_t>(mutants.size(), 6));
      for (const std::string& mutant : mutants) {
        ++counts[k].all;
        const Result<ReplayReport> report = replay(graph, mutant, text.header);
        if (!report) ++counts[k].noticed;
        if (!report) CHECK(report.diagnostics().front().code == "E903");
      }
    }
  }
  for (std::size_t k = 0; k < std::size(kKinds); ++k) {
    std::cout << "mutants, " << kKinds[k].name << ": " << counts[k].noticed << " of "
              << counts[k].all << " noticed\n";
    INFO(kKinds[k].name);
    CHECK(counts[k].all > 100);
    CHECK(static_cast<double>(counts[k].noticed) >=
          kKinds[k].noticed * static_cast<double>(counts[k].all));
  }
}
