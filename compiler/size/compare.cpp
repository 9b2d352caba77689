// See compare.h. Why sizes changed is in reasons.cpp.
#include "compiler/size/compare.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdlib>

#include "compiler/cli/parse_values.h"
#include "compiler/size/reasons.h"

namespace linnet {
namespace {

// Those that changed: by the size of the change; the same change by name.
std::vector<SizeChange> changes_of(const Sizes& before, const Sizes& now) {
  std::vector<SizeChange> changes;
  for (const auto& [name, bytes] : now) {
    const auto old = before.find(name);
    const std::int64_t was = old == before.end() ? 0 : old->second;
    if (was != bytes) changes.push_back({name, was, bytes});
  }
  for (const auto& [name, bytes] : before)
    if (bytes != 0 && !now.contains(name)) changes.push_back({name, bytes, 0});
  std::stable_sort(changes.begin(), changes.end(), [](const SizeChange& a, const SizeChange& b) {
    return std::abs(a.growth()) > std::abs(b.growth());
  });
  return changes;
}

NetworkComparison compare_one(const NetworkSize& now, const Baseline& baseline,
                              const Tolerance& tolerance) {
  NetworkComparison made;
  made.now = now;
  const auto at = baseline.find(now.name);
  if (at == baseline.end()) {
    made.totals = size_totals(now, nullptr);
    return made;
  }
  const NetworkSize& before = at->second;
  made.before = before;
  made.totals = size_totals(now, &before);
  bool changed = false;
  bool larger = false;
  bool past = false;
  for (SizeChange& total : made.totals) {
    changed |= total.growth() != 0;
    larger |= total.growth() > 0;
    total.too_large = total.judged && !tolerance.allows(total.before, total.now);
    past |= total.too_large;
  }
  made.verdict = past      ? SizeVerdict::too_large
                 : larger  ? SizeVerdict::within
                 : changed ? SizeVerdict::smaller
                           : SizeVerdict::unchanged;
  if (!changed) return made;
  made.functions = changes_of(before.functions, now.functions);
  made.constants = changes_of(before.constants, now.constants);
  made.objects = changes_of(before.objects, now.objects);
  made.reasons = size_reasons(made);
  return made;
}

}  // namespace

bool Tolerance::allows(std::int64_t before, std::int64_t now) const {
  if (now <= before) return true;
  if (bytes) return now - before <= *bytes;
  return 100 * static_cast<double>(now - before) <= percent * static_cast<double>(before);
}

std::variant<Tolerance, std::string> parse_tolerance(std::string_view text) {
  Tolerance tolerance;
  std::string_view digits = text;
  if (digits.ends_with('%')) {
    digits.remove_suffix(1);
    while (digits.ends_with(' ')) digits.remove_suffix(1);
    const auto [end, error] =
        std::from_chars(digits.data(), digits.data() + digits.size(), tolerance.percent);
    if (error == std::errc() && end == digits.data() + digits.size() &&
        std::isfinite(tolerance.percent) && tolerance.percent >= 0)
      return tolerance;
  } else if (const auto bytes = parse_bytes(text); std::holds_alternative<std::int64_t>(bytes)) {
    tolerance.bytes = std::get<std::int64_t>(bytes);
    return tolerance;
  }
  return fmt::format("'{}' is no tolerance; give a part (1%, 0.5%) or bytes (256, 1K)", text);
}

std::string to_string(const Tolerance& tolerance) {
  return tolerance.bytes ? fmt::format("{} bytes", readable_count(*tolerance.bytes))
                         : fmt::format("{} %", tolerance.percent);
}

const char* to_string(SizeVerdict verdict) {
  switch (verdict) {
    case SizeVerdict::unchanged: return "unchanged";
    case SizeVerdict::smaller: return "smaller";
    case SizeVerdict::within: return "within the tolerance";
    case SizeVerdict::too_large: return "too large";
    case SizeVerdict::unknown: return "not in the baseline";
  }
  return "";
}

std::size_t SizeComparison::count(SizeVerdict verdict) const {
  return static_cast<std::size_t>(
      std::count_if(networks.begin(), networks.end(),
                    [&](const NetworkComparison& one) { return one.verdict == verdict; }));
}

SizeComparison compare_sizes(const std::vector<NetworkSize>& sizes, const Baseline* baseline,
                             const Tolerance& tolerance) {
  SizeComparison comparison;
  comparison.tolerance = tolerance;
  comparison.has_baseline = baseline != nullptr;
  for (const NetworkSize& size : sizes)
    comparison.networks.push_back(
        compare_one(size, baseline == nullptr ? Baseline() : *baseline, tolerance));
  return comparison;
}

std::vector<SizeChange> size_totals(const NetworkSize& now, const NetworkSize* before) {
  const NetworkSize nothing;
  const NetworkSize& old = before == nullptr ? nothing : *before;
  std::vector<SizeChange> totals{
      {"text", old.text_bytes, now.text_bytes, true},
      {"rodata", old.rodata_bytes, now.rodata_bytes},
      {"data", old.data_bytes, now.data_bytes},
      {"flash", old.flash_bytes(), now.flash_bytes(), true},
      {"bss", old.bss_bytes, now.bss_bytes},
  };
  Sizes banks = now.arenas;
  for (const auto& [bank, bytes] : old.arenas) banks.emplace(bank, 0);
  for (const auto& [bank, bytes] : banks) {
    const auto was = old.arenas.find(bank);
    totals.push_back({"arena " + bank, was == old.arenas.end() ? 0 : was->second, bytes});
  }
  totals.push_back({"stack", old.stack_bytes, now.stack_bytes});
  totals.push_back({"RAM", old.ram_bytes(), now.ram_bytes(), true});
  return totals;
}

std::string one_line(std::string_view text, std::size_t limit) {
  std::string line;
  for (const char c : text.substr(0, limit)) line += c >= ' ' && c <= '~' ? c : '?';
  if (text.size() > limit) line += "...";
  return line;
}

std::string readable_change(const SizeChange& change) {
  if (change.growth() == 0) return {};
  if (change.before == 0) return fmt::format("+{} (new)", readable_count(change.now));
  if (change.now == 0) return fmt::format("-{} (gone)", readable_count(change.before));
  const double percent =
      100 * static_cast<double>(change.growth()) / static_cast<double>(change.before);
  return fmt::format("{}{} ({:+.2f} %)", change.growth() < 0 ? "-" : "+",
                     readable_count(std::abs(change.growth())), percent);
}

std::string readable_function(const std::string& key, const NetworkSize& now) {
  for (std::size_t i = 0; i < now.layers.size(); ++i)
    if (key == fmt::format("call of layer '{}'", now.layers[i].first))
      return fmt::format("call_{} of layer '{}'", i, now.layers[i].first);
  return key;
}

Diagnostic too_large(const NetworkComparison& network, const Tolerance& tolerance) {
  std::string grown;
  for (const SizeChange& total : network.totals) {
    if (!total.too_large) continue;
    const std::string most = largest_growth(network, total.name);
    grown += fmt::format("{}{} {} -> {} bytes, {}{}", grown.empty() ? "" : "; ", total.name,
                         readable_count(total.before), readable_count(total.now),
                         readable_change(total), most.empty() ? "" : ", most in " + most);
  }
  // E330: a network takes more flash or RAM than its baseline allows
  return {
      "E330",
      {},
      {},
      fmt::format("'{}' grew by more than {}: {}", network.now.name, to_string(tolerance), grown),
      "make it smaller, or, where the price is right, adopt it with --update"};
}

Diagnostic not_in_baseline(const std::string& network) {
  // E514: a network that nobody adopted yet
  return {"E514",
          {},
          {},
          fmt::format("the baseline has no '{}'", network),
          "adopt what it takes now with --update"};
}

}  // namespace linnet
