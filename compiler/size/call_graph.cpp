// See call_graph.h.
#include "compiler/size/call_graph.h"

#include <cctype>
#include <charconv>

namespace linnet {
namespace {

// What stands in quotes behind `key`; empty when there is no such key.
std::string_view quoted_after(std::string_view line, std::string_view key) {
  const std::size_t at = line.find(key);
  if (at == std::string_view::npos) return {};
  const std::size_t begin = line.find('"', at + key.size());
  if (begin == std::string_view::npos) return {};
  const std::size_t end = line.find('"', begin + 1);
  return end == std::string_view::npos ? std::string_view{}
                                       : line.substr(begin + 1, end - begin - 1);
}

// "...\n16 bytes (static)\n...": 16. None when the label has no figure.
std::optional<std::int64_t> frame_in(std::string_view label) {
  for (const std::string_view kind : {" bytes (static", " bytes (dynamic"}) {
    const std::size_t at = label.find(kind);
    if (at == std::string_view::npos) continue;
    std::size_t begin = at;
    while (begin > 0 && std::isdigit(static_cast<unsigned char>(label[begin - 1])) != 0) --begin;
    std::int64_t bytes = 0;
    const auto [end, error] = std::from_chars(label.data() + begin, label.data() + at, bytes);
    if (error == std::errc() && end == label.data() + at) return bytes;
  }
  return std::nullopt;
}

struct Walk {
  const CallGraph& graph;
  std::map<std::string, DeepestCall> known;
  std::set<std::string> open;  // on the way down to here

  std::optional<DeepestCall> deepest(const std::string& name) {
    if (const auto at = known.find(name); at != known.end()) return at->second;
    if (!open.insert(name).second) return std::nullopt;
    DeepestCall below{0, name};
    if (const auto callees = graph.calls.find(name); callees != graph.calls.end()) {
      for (const std::string& callee : callees->second) {
        const std::optional<DeepestCall> one = deepest(callee);
        if (!one) return std::nullopt;
        if (one->bytes > below.bytes) below = *one;
      }
    }
    open.erase(name);
    const auto frame = graph.frames.find(name);
    below.bytes += frame == graph.frames.end() ? kLibraryStackBytes : frame->second;
    known.emplace(name, below);
    return below;
  }
};

}  // namespace

void add_call_graph(std::string_view text, CallGraph& graph) {
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(line.size() == text.size() ? line.size() : line.size() + 1);
    if (line.starts_with("node:")) {
      const std::optional<std::int64_t> bytes = frame_in(quoted_after(line, "label: "));
      if (bytes) graph.frames[std::string(quoted_after(line, "title: "))] = *bytes;
    } else if (line.starts_with("edge:")) {
      graph.calls[std::string(quoted_after(line, "sourcename: "))].insert(
          std::string(quoted_after(line, "targetname: ")));
    }
  }
}

void add_calls_through_pointers(CallGraph& graph) {
  std::set<std::string> named;
  for (const auto& [caller, callees] : graph.calls) named.insert(callees.begin(), callees.end());
  if (!named.contains("__indirect_call")) return;
  graph.frames["__indirect_call"] = 0;
  for (const auto& [name, frame] : graph.frames) {
    if (name.find("6linnet") != std::string::npos && !named.contains(name))
      graph.calls["__indirect_call"].insert(name);
  }
}

std::optional<DeepestCall> deepest_call(const CallGraph& graph, const std::string& title) {
  Walk walk{graph, {}, {}};
  return walk.deepest(title);
}

}  // namespace linnet
