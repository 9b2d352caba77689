// What became larger or smaller than the baseline says, what grew in it, and why.
//
// Judged are text, flash and RAM of each network: each may grow by the tolerance. Code is judged by itself because in a
// network of many weights it would hide in flash.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "compiler/size/baseline.h"
#include "compiler/size/size.h"

namespace linnet {

// Growth that is let pass: percent of the baseline, or bytes.
struct Tolerance {
  double percent = 1;
  std::optional<std::int64_t> bytes;
  bool allows(std::int64_t before, std::int64_t now) const;
};
// "1%", "0.5 %", "256", "1K". What is wrong with it otherwise.
std::variant<Tolerance, std::string> parse_tolerance(std::string_view text);
std::string to_string(const Tolerance& tolerance);

struct SizeChange {
  std::string name;  // "text", "arena dtcm", a function
  std::int64_t before = 0, now = 0;
  bool judged = false;  // text, flash, RAM
  bool too_large = false;
  std::int64_t growth() const { return now - before; }
};

enum class SizeVerdict : std::uint8_t { unchanged, smaller, within, too_large, unknown };
const char* to_string(SizeVerdict verdict);  // "unchanged", "too large"

struct NetworkComparison {
  NetworkSize now;
  std::optional<NetworkSize> before;  // none: the baseline does not have it
  SizeVerdict verdict = SizeVerdict::unknown;
  std::vector<SizeChange>
      totals;  // all of them, changed or not: text, rodata, data, flash, arenas, ...
  std::vector<SizeChange> functions;  // that changed; the largest change first
  std::vector<SizeChange> constants;
  std::vector<SizeChange> objects;
  std::vector<std::string> reasons;  // a clause each; the strongest first
};

struct SizeComparison {
  std::vector<NetworkComparison> networks;  // by name
  Tolerance tolerance;
  bool has_baseline = true;  // false: there is nothing to compare with
  std::size_t count(SizeVerdict verdict) const;
};

// `baseline`: null when there is none.
SizeComparison compare_sizes(const std::vector<NetworkSize>& sizes, const Baseline* baseline,
                             const Tolerance& tolerance);

// The parts of a network's size as the tables list them; `before` may be null.
std::vector<SizeChange> size_totals(const NetworkSize& now, const NetworkSize* before);

// Any text as one line of at most `limit` characters; what a terminal or a log might obey becomes '?'.
std::string one_line(std::string_view text, std::size_t limit);

// A change for people: "+520 (+1.95 %)", "new", "gone".
std::string readable_change(const SizeChange& change);
// "call of layer '/features/0/Conv'" -> "call_3 of layer '/features/0/Conv'", as the sources have it now.
std::string readable_function(const std::string& key, const NetworkSize& now);

// E330: what a network that is too large grew by, in one clause, with the function that grew most.
Diagnostic too_large(const NetworkComparison& network, const Tolerance& tolerance);
// E514: the baseline has no such network.
Diagnostic not_in_baseline(const std::string& network);

}  // namespace linnet
