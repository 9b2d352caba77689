// Sizes for a terminal; see size_report.h.
#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "compiler/cli/parse_values.h"
#include "compiler/size/size_report.h"

namespace linnet {
namespace {

using Out = std::back_insert_iterator<std::string>;

constexpr std::size_t kShown = 10;  // functions, constants and objects of a network
constexpr std::size_t kGrown = 5;   // of those that changed
constexpr std::size_t kReasons = 12;
constexpr std::size_t kWidest = 90;  // of a name

void print_changes(Out out, const char* what, const std::vector<SizeChange>& changes,
                   const NetworkSize& now) {
  if (changes.empty()) return;
  fmt::format_to(out, "  {}\n", what);
  for (std::size_t i = 0; i < changes.size(); ++i) {
    if (i == kGrown) {
      fmt::format_to(out, "    ... and {} more; --format json has all\n", changes.size() - i);
      break;
    }
    const SizeChange& change = changes[i];
    fmt::format_to(out, "    {:>10} {:>10}  {:<20} {}\n", readable_count(change.before),
                   readable_count(change.now), readable_change(change),
                   one_line(readable_function(change.name, now), kWidest));
  }
}

void print_compared(Out out, const NetworkComparison& network, const Tolerance& tolerance) {
  fmt::format_to(out, "{}: {}{}\n", network.now.name, to_string(network.verdict),
                 network.verdict == SizeVerdict::smaller ? "; --update adopts it" : "");
  fmt::format_to(out, "    {:>10} {:>10}\n", "baseline", "now");
  for (const SizeChange& total : network.totals) {
    if (total.growth() == 0 && !total.judged) continue;
    std::string line = fmt::format("    {:>10} {:>10}  {:<20} {}", readable_count(total.before),
                                   readable_count(total.now), readable_change(total), total.name);
    if (total.too_large) line += fmt::format(", more than {}", to_string(tolerance));
    fmt::format_to(out, "{}\n", line);
  }
  print_changes(out, "functions", network.functions, network.now);
  print_changes(out, "constants", network.constants, network.now);
  if (!network.reasons.empty()) fmt::format_to(out, "  why\n");
  for (std::size_t i = 0; i < network.reasons.size(); ++i) {
    if (i == kReasons) {
      fmt::format_to(out, "    ... and {} more; --format json has all\n",
                     network.reasons.size() - i);
      break;
    }
    fmt::format_to(out, "    {}\n", one_line(network.reasons[i], 400));
  }
  fmt::format_to(out, "\n");
}

void print_largest(Out out, const char* what, const Sizes& sizes, const NetworkSize& now) {
  std::vector<std::pair<std::string, std::int64_t>> sorted(sizes.begin(), sizes.end());
  std::stable_sort(sorted.begin(), sorted.end(),
                   [](const auto& a, const auto& b) { return a.second > b.second; });
  fmt::format_to(out, "\n  {:>10}  {}\n", "bytes", what);
  for (std::size_t i = 0; i < sorted.size(); ++i) {
    if (i == kShown) {
      fmt::format_to(out, "  {:>10}  and {} more; --format json has all\n", "...",
                     sorted.size() - i);
      break;
    }
    fmt::format_to(out, "  {:>10}  {}\n", readable_count(sorted[i].second),
                   one_line(readable_function(sorted[i].first, now), kWidest));
  }
}

void print_objects_by_section(Out out, const Sizes& objects) {
  std::map<std::string, std::map<std::string, std::int64_t>> by_object;
  for (const auto& [name, bytes] : objects) {
    const std::size_t space = name.rfind(' ');
    by_object[name.substr(0, space)][name.substr(space + 1)] = bytes;
  }
  fmt::format_to(out, "\n  {:>10} {:>10} {:>8} {:>8}  {}\n", "text", "rodata", "data", "bss",
                 "object");
  for (auto& [object, sections] : by_object)
    fmt::format_to(out, "  {:>10} {:>10} {:>8} {:>8}  {}\n", readable_count(sections["text"]),
                   readable_count(sections["rodata"]), readable_count(sections["data"]),
                   readable_count(sections["bss"]), one_line(object, kWidest));
}

void print_sizes(Out out, const SizeComparison& comparison) {
  fmt::format_to(out, "  {:>9} {:>10} {:>6} {:>10}  {:>6} {:>9} {:>6} {:>9}  {}\n", "text",
                 "rodata", "data", "flash", "bss", "arenas", "stack", "RAM", "network");
  for (const NetworkComparison& network : comparison.networks) {
    const NetworkSize& size = network.now;
    std::string banks;
    for (const auto& [bank, bytes] : size.arenas)
      banks += fmt::format("{}{} {}", banks.empty() ? "" : ", ", bank, readable_count(bytes));
    fmt::format_to(out, "  {:>9} {:>10} {:>6} {:>10}  {:>6} {:>9} {:>6} {:>9}  {}\n",
                   readable_count(size.text_bytes), readable_count(size.rodata_bytes),
                   readable_count(size.data_bytes), readable_count(size.flash_bytes()),
                   readable_count(size.bss_bytes), readable_count(size.arena_bytes()),
                   readable_count(size.stack_bytes), readable_count(size.ram_bytes()),
                   fmt::format("{} ({} for {}; {})", size.name, size.dtype, size.target, banks));
  }
  if (comparison.networks.size() == 1) {
    const NetworkSize& size = comparison.networks.front().now;
    print_largest(out, "function", size.functions, size);
    print_largest(out, "constant", size.constants, size);
    print_objects_by_section(out, size.objects);
    fmt::format_to(out, "\n  the stack is deepest in {}\n",
                   one_line(readable_function(size.deepest_function, size), kWidest));
  }
  fmt::format_to(out, "\n");
}

std::string total_of(const SizeComparison& comparison, const char* name) {
  std::int64_t before = 0;
  std::int64_t now = 0;
  for (const NetworkComparison& network : comparison.networks) {
    for (const SizeChange& total : network.totals) {
      if (total.name != name) continue;
      now += total.now;
      before += network.before ? total.before : total.now;
    }
  }
  if (before == now) return fmt::format("{} {} bytes", name, readable_count(now));
  return fmt::format("{} {} -> {} bytes", name, readable_count(before), readable_count(now));
}

}  // namespace

std::string size_table(const SizeComparison& comparison) {
  std::string text;
  const Out out = std::back_inserter(text);
  if (!comparison.has_baseline) {
    print_sizes(out, comparison);
    return text;
  }
  for (const NetworkComparison& network : comparison.networks)
    if (network.before && network.verdict != SizeVerdict::unchanged)
      print_compared(out, network, comparison.tolerance);
  return text;
}

std::string size_summary(const SizeComparison& comparison) {
  const std::size_t all = comparison.networks.size();
  std::string text = counted(all, "network");
  if (comparison.has_baseline && comparison.count(SizeVerdict::unchanged) == all) {
    text += " unchanged";
  } else if (comparison.has_baseline) {
    std::string verdicts;
    for (const SizeVerdict verdict :
         {SizeVerdict::too_large, SizeVerdict::unknown, SizeVerdict::within, SizeVerdict::smaller,
          SizeVerdict::unchanged}) {
      const std::size_t count = comparison.count(verdict);
      if (count > 0)
        verdicts += fmt::format("{}{} {}", verdicts.empty() ? "" : ", ", count, to_string(verdict));
    }
    text += " (" + verdicts + ")";
  }
  return fmt::format("{}: {}, {}\n", text, total_of(comparison, "flash"),
                     total_of(comparison, "RAM"));
}

}  // namespace linnet
