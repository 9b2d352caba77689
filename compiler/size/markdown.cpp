// Sizes for pull requests and GitHub's log, and as JSON; see size_report.h.
#include <fmt/format.h>

#include <iterator>

#include "compiler/cli/parse_values.h"
#include "compiler/size/size_report.h"
#include "compiler/support/json.h"
#include "compiler/support/markdown.h"

namespace linnet {
namespace {

using MarkdownOut = std::back_insert_iterator<std::string>;

constexpr std::size_t kListed = 8;
constexpr std::size_t kMostBytes = 60000;  // of a comment; GitHub takes 65,536 characters

constexpr std::size_t kWidestName = 160;
constexpr std::size_t kWidestReason = 400;

std::string cell(std::string_view text, std::size_t limit = kWidestName) {
  return markdown_text(one_line(text, limit));
}

const SizeChange& total_named(const NetworkComparison& network, std::string_view name) {
  for (const SizeChange& total : network.totals)
    if (total.name == name) return total;
  static const SizeChange none;
  return none;
}

const char* sign_of(SizeVerdict verdict) {
  switch (verdict) {
    case SizeVerdict::too_large: return ":x:";
    case SizeVerdict::unknown: return ":grey_question:";
    case SizeVerdict::smaller: return ":arrow_down:";
    case SizeVerdict::within: return ":arrow_up:";
    case SizeVerdict::unchanged: return "";
  }
  return "";
}

void put_details(MarkdownOut out, const NetworkComparison& network, const Tolerance& tolerance) {
  fmt::format_to(out, "\n<details><summary>{}: {}</summary>\n\n", cell(network.now.name),
                 to_string(network.verdict));
  fmt::format_to(out, "| | baseline | now | change |\n|---|---:|---:|---|\n");
  for (const SizeChange& total : network.totals) {
    if (total.growth() == 0 && !total.judged) continue;
    fmt::format_to(out, "| {}{} | {} | {} | {} |\n", total.name,
                   total.too_large ? ", more than " + to_string(tolerance) : "",
                   readable_count(total.before), readable_count(total.now), readable_change(total));
  }
  std::size_t listed = 0;
  for (const std::vector<SizeChange>* changes : {&network.functions, &network.constants}) {
    for (const SizeChange& change : *changes) {
      if (listed++ == 0)
        fmt::format_to(
            out, "\n| function or constant | baseline | now | change |\n|---|---:|---:|---|\n");
      if (listed > kListed) break;
      fmt::format_to(
          out, "| {} | {} | {} | {} |\n", cell(readable_function(change.name, network.now)),
          readable_count(change.before), readable_count(change.now), readable_change(change));
    }
  }
  if (!network.reasons.empty()) fmt::format_to(out, "\nWhy:\n\n");
  for (const std::string& reason : network.reasons)
    fmt::format_to(out, "- {}\n", cell(reason, kWidestReason));
  fmt::format_to(out, "\n</details>\n");
}

// A message of a workflow command: '%' and line ends are escaped; in a property ':' and ',' too.
std::string escaped(const std::string& text) {
  std::string made;
  for (const char c : text) {
    if (c == '%')
      made += "%25";
    else if (c == '\r')
      made += "%0D";
    else if (c == '\n')
      made += "%0A";
    else
      made += c;
  }
  return made;
}

Json changes_json(const std::vector<SizeChange>& changes) {
  Json::Array list;
  for (const SizeChange& change : changes)
    list.push_back(
        Json::object({{"name", change.name}, {"before", change.before}, {"now", change.now}}));
  return list;
}

Json totals_json(const std::vector<SizeChange>& totals) {
  Json::Array list;
  for (const SizeChange& total : totals)
    list.push_back(Json::object({{"name", total.name},
                                 {"before", total.before},
                                 {"now", total.now},
                                 {"judged", total.judged},
                                 {"too_large", total.too_large}}));
  return list;
}

}  // namespace

std::string size_markdown(const SizeComparison& comparison) {
  std::string text;
  const MarkdownOut out = std::back_inserter(text);
  fmt::format_to(out, "{}\n**linnet size**: {}", kCommentMarker, size_summary(comparison));
  const bool compared = comparison.has_baseline;
  if (compared && comparison.count(SizeVerdict::unchanged) == comparison.networks.size())
    return text;
  text += compared ? "\n| | network | text | | flash | | RAM | |\n"
                     "|---|---|---:|---|---:|---|---:|---|\n"
                   : "\n| | network | text | flash | RAM |\n|---|---|---:|---:|---:|\n";
  for (const NetworkComparison& network : comparison.networks) {
    fmt::format_to(out, "| {} | {} |", compared ? sign_of(network.verdict) : "",
                   cell(network.now.name));
    for (const char* name : {"text", "flash", "RAM"}) {
      const SizeChange& total = total_named(network, name);
      fmt::format_to(out, " {} |", readable_count(total.now));
      if (compared) fmt::format_to(out, " {} |", network.before ? readable_change(total) : "new");
    }
    fmt::format_to(out, "\n");
  }
  if (compared)
    fmt::format_to(out, "\nBytes. Text, flash and RAM may grow by {} each.\n",
                   to_string(comparison.tolerance));
  std::size_t left_out = 0;
  for (const NetworkComparison& network : comparison.networks) {
    if (!network.before || network.verdict == SizeVerdict::unchanged) continue;
    std::string details;
    put_details(std::back_inserter(details), network, comparison.tolerance);
    if (text.size() + details.size() > kMostBytes)
      ++left_out;
    else
      text += details;
  }
  if (left_out > 0)
    text += fmt::format("\nDetails of {} more are left out: `linnet size` prints them.\n",
                        counted(left_out, "network"));
  return text;
}

std::string size_annotations(const SizeComparison& comparison) {
  std::string text;
  if (!comparison.has_baseline) return text;
  for (const NetworkComparison& network : comparison.networks) {
    const SizeVerdict verdict = network.verdict;
    if (verdict == SizeVerdict::unchanged) continue;
    const bool error = verdict == SizeVerdict::too_large || verdict == SizeVerdict::unknown;
    std::string message;
    if (verdict == SizeVerdict::too_large) {
      const Diagnostic why = too_large(network, comparison.tolerance);
      message = why.message + "; " + why.hint;
    } else if (verdict == SizeVerdict::unknown) {
      const Diagnostic why = not_in_baseline(network.now.name);
      message = why.message + "; " + why.hint;
    } else {
      const SizeChange& flash = total_named(network, "flash");
      const SizeChange& ram = total_named(network, "RAM");
      message =
          fmt::format("'{}' is {}: flash {} -> {} bytes, RAM {} -> {} bytes", network.now.name,
                      to_string(verdict), readable_count(flash.before), readable_count(flash.now),
                      readable_count(ram.before), readable_count(ram.now));
      if (verdict == SizeVerdict::smaller) message += "; --update adopts it";
    }
    text +=
        fmt::format("::{} title=linnet size::{}\n", error ? "error" : "notice", escaped(message));
  }
  return text;
}

std::string size_json(const SizeComparison& comparison) {
  Json::Array networks;
  for (const NetworkComparison& network : comparison.networks) {
    Json one = Json::object({{"name", network.now.name}});
    if (comparison.has_baseline) one.set("verdict", to_string(network.verdict));
    one.set("totals", totals_json(network.totals));
    if (comparison.has_baseline) {
      one.set("reasons", network.reasons);
      one.set("functions", changes_json(network.functions));
      one.set("constants", changes_json(network.constants));
      one.set("objects", changes_json(network.objects));
      one.set("before", network.before ? network_json(*network.before) : Json());
    }
    one.set("now", network_json(network.now));
    networks.push_back(std::move(one));
  }
  Json json = Json::object();
  if (comparison.has_baseline) json.set("tolerance", to_string(comparison.tolerance));
  json.set("networks", std::move(networks));
  return to_text(json) + "\n";
}

}  // namespace linnet
