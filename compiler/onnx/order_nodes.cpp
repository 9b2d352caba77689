// Liveness and topological order of an ONNX graph, whose own order is not trusted; see order_nodes.h.
#include "compiler/onnx/order_nodes.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <queue>
#include <unordered_map>
#include <unordered_set>

namespace linnet {
namespace {

using Producers = std::unordered_map<std::string, std::size_t>;

Diagnostic duplicate(const std::string& name) {
  // E112: which of the two is meant?
  return {"E112",
          {},
          {},
          fmt::format("the tensor name '{}' is given twice", name),
          "give every tensor a name of its own"};
}

Producers find_producers(const OnnxModel& model, Diagnostics& faults) {
  std::unordered_set<std::string> names;
  for (const std::string& name : model.duplicates) faults.push_back(duplicate(name));
  for (const auto& [name, value] : model.initializers) names.insert(name);
  for (const auto& [name, why] : model.unreadable) names.insert(name);
  for (const OnnxPort& input : model.inputs) {
    if (!names.insert(input.name).second) faults.push_back(duplicate(input.name));
  }
  Producers producers;
  for (std::size_t i = 0; i < model.nodes.size(); ++i) {
    for (const std::string& name : model.nodes[i].outputs) {
      if (name.empty()) continue;
      if (!names.insert(name).second) faults.push_back(duplicate(name));
      producers.emplace(name, i);
    }
  }
  return producers;
}

// Marks what the outputs need; names that nothing produces are faults.
std::vector<bool> find_live(const OnnxModel& model, const Producers& producers,
                            Diagnostics& faults) {
  std::unordered_set<std::string> given;
  for (const OnnxPort& input : model.inputs) given.insert(input.name);
  const auto is_given = [&](const std::string& name) {
    return given.count(name) > 0 || model.initializers.count(name) > 0 ||
           model.unreadable.count(name) > 0;
  };
  std::vector<bool> live(model.nodes.size(), false);
  std::vector<std::size_t> pending;
  const auto need = [&](const std::string& name) {
    const auto producer = producers.find(name);
    if (producer == producers.end()) return is_given(name);
    if (!live[producer->second]) pending.push_back(producer->second);
    live[producer->second] = true;
    return true;
  };
  for (const OnnxPort& output : model.outputs) {
    if (need(output.name)) continue;
    faults.push_back(
        {"E111", {}, {}, fmt::format("nothing produces the graph output '{}'", output.name), {}});
  }
  while (!pending.empty()) {
    const OnnxNode& node = model.nodes[pending.back()];
    pending.pop_back();
    for (const std::string& name : node.inputs) {
      if (name.empty() || need(name)) continue;
      // E111: usually an initializer that was left out of the file.
      faults.push_back({"E111", node.label(), node.op_type,
                        fmt::format("nothing produces its input '{}'", name),
                        "add the missing initializer or node"});
    }
  }
  return live;
}

// Some cycle among the nodes that could not be ordered.
Diagnostic describe_cycle(const OnnxModel& model, const Producers& producers,
                          const std::vector<std::size_t>& missing) {
  const auto stuck = [&](std::size_t node) { return missing[node] > 0; };
  std::size_t at = 0;
  while (!stuck(at)) ++at;
  std::vector<std::size_t> path;
  while (std::find(path.begin(), path.end(), at) == path.end()) {
    path.push_back(at);
    for (const std::string& name : model.nodes[at].inputs) {
      const auto producer = producers.find(name);
      if (producer == producers.end() || !stuck(producer->second)) continue;
      at = producer->second;
      break;
    }
  }
  path.erase(path.begin(), std::find(path.begin(), path.end(), at));
  std::string names;
  for (auto node = path.rbegin(); node != path.rend(); ++node) {
    names += fmt::format("'{}' -> ", model.nodes[*node].label());
  }
  names += fmt::format("'{}'", model.nodes[path.back()].label());
  // E110: no order to run the nodes in.
  return {"E110", {}, {}, fmt::format("the graph has a cycle: {}", names), {}};
}

}  // namespace

Result<std::vector<std::size_t>> order_nodes(const OnnxModel& model) {
  Diagnostics faults;
  const Producers producers = find_producers(model, faults);
  if (!faults.empty()) return faults;
  const std::vector<bool> live = find_live(model, producers, faults);
  if (!faults.empty()) return faults;

  // Kahn's algorithm; the smallest index first keeps the file's order where it is one.
  std::vector<std::size_t> missing(model.nodes.size(), 0);
  std::vector<std::vector<std::size_t>> readers(model.nodes.size());
  std::priority_queue<std::size_t, std::vector<std::size_t>, std::greater<>> ready;
  std::size_t live_count = 0;
  for (std::size_t i = 0; i < model.nodes.size(); ++i) {
    if (!live[i]) continue;
    ++live_count;
    for (const std::string& name : model.nodes[i].inputs) {
      const auto producer = producers.find(name);
      if (producer == producers.end()) continue;
      ++missing[i];
      readers[producer->second].push_back(i);
    }
    if (missing[i] == 0) ready.push(i);
  }
  std::vector<std::size_t> order;
  while (!ready.empty()) {
    order.push_back(ready.top());
    ready.pop();
    for (const std::size_t reader : readers[order.back()]) {
      if (--missing[reader] == 0) ready.push(reader);
    }
  }
  if (order.size() < live_count) return describe_cycle(model, producers, missing);
  return order;
}

}  // namespace linnet
