// See graph_story.h. Nodes of both graphs are paired by the ONNX node that they came from.
#include "compiler/report/graph_story.h"

#include <algorithm>
#include <map>
#include <string_view>

#include "compiler/ir/print_op.h"

namespace linnet {
namespace {

// "Conv2d 3x3 s2" -> "Conv2d"; of unary and binary operators the function too: "Unary sigmoid".
std::string family_of(const std::string& op) {
  const std::size_t first = op.find(' ');
  if (first == std::string::npos) return op;
  const std::string_view family = std::string_view(op).substr(0, first);
  if (family != "Unary" && family != "Binary") return std::string(family);
  return op.substr(0, op.find(' ', first + 1));
}

// A type whose dimensions may have been transposed, as far as it is the same then.
std::string sorted(std::string type) {
  std::sort(type.begin(), type.end());
  return type;
}

void pair_up(GraphLines& before, GraphLines& after) {
  std::multimap<std::string, std::size_t> by_name;
  for (std::size_t i = 0; i < before.size(); ++i) by_name.emplace(before[i].name, i);
  const auto pair = [&](std::size_t i, std::size_t j) {
    before[j].other = i;
    after[i].other = j;
    const bool same =
        before[j].op == after[i].op && sorted(before[j].type) == sorted(after[i].type);
    before[j].fate = after[i].fate = same ? NodeLine::Fate::same : NodeLine::Fate::changed;
  };
  for (NodeLine& line : before) line.fate = NodeLine::Fate::only_here;
  for (NodeLine& line : after) line.fate = NodeLine::Fate::only_here;
  // An ONNX node may have become several: the one of the same operator is its heir, else the first that is left.
  for (const bool same_family : {true, false}) {
    for (std::size_t i = 0; i < after.size(); ++i) {
      if (after[i].other) continue;
      const auto [first, last] = by_name.equal_range(after[i].name);
      const auto found = std::find_if(first, last, [&](const auto& entry) {
        const NodeLine& line = before[entry.second];
        const bool port = line.op == "input" || line.op == "output";
        const bool related = family_of(line.op) == family_of(after[i].op);
        return !line.other && (related || (!same_family && !port));
      });
      if (found != last) pair(i, found->second);
    }
  }
}

std::vector<OperatorCount> count_operators(const GraphLines& before, const GraphLines& after) {
  std::map<std::string, OperatorCount> counts;
  const auto count = [&](const GraphLines& lines, std::int64_t OperatorCount::*where) {
    for (const NodeLine& line : lines) {
      if (line.op == "input" || line.op == "output") continue;
      ++(counts[family_of(line.op)].*where);
    }
  };
  count(before, &OperatorCount::before);
  count(after, &OperatorCount::after);
  std::vector<OperatorCount> list;
  for (auto& [op, entry] : counts) {
    entry.op = op;
    list.push_back(entry);
  }
  return list;
}

}  // namespace

GraphLines lines_of(const Graph& graph) {
  GraphLines lines;
  std::map<TensorId, std::size_t> made_by;
  for (const Port& port : graph.inputs) {
    made_by[port.tensor] = lines.size();
    lines.push_back({"input", to_string(graph.type(port.tensor)), port.name, {}, {}, {}});
  }
  const auto add_reads = [&](const std::vector<TensorId>& tensors, NodeLine& line) {
    for (const TensorId tensor : tensors) {
      const auto found = made_by.find(tensor);
      if (found == made_by.end()) continue;  // a constant, or left out
      if (std::find(line.inputs.begin(), line.inputs.end(), found->second) == line.inputs.end())
        line.inputs.push_back(found->second);
    }
  };
  for (const Node& node : graph.nodes) {
    NodeLine line{
        print_op(node.op), to_string(graph.type(node.output())), node.origin.name, {}, {}, {}};
    add_reads(node.inputs, line);
    for (const TensorId output : node.outputs) made_by[output] = lines.size();
    lines.push_back(std::move(line));
  }
  for (const Port& port : graph.outputs) {
    NodeLine line{"output", to_string(graph.type(port.tensor)), port.name, {}, {}, {}};
    add_reads({port.tensor}, line);
    lines.push_back(std::move(line));
  }
  return lines;
}

void GraphWatcher::observe(const char* pass, const Graph& graph) {
  if (before_.empty()) {
    before_ = lines_of(graph);
  } else if (const auto change =
                 static_cast<std::int64_t>(graph.nodes.size()) - static_cast<std::int64_t>(nodes_);
             change != 0) {
    auto known = std::find_if(passes_.begin(), passes_.end(),
                              [&](const PassEffect& effect) { return effect.pass == pass; });
    if (known == passes_.end()) known = passes_.insert(known, {pass, 0});
    known->nodes += change;
  }
  nodes_ = graph.nodes.size();
}

GraphStory GraphWatcher::story(const Graph& after) const {
  GraphStory story{before_, lines_of(after), passes_, {}};
  pair_up(story.before, story.after);
  story.operators = count_operators(story.before, story.after);
  return story;
}

}  // namespace linnet
