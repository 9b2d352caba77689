// See best_classes.h.
#include "compiler/verify/best_classes.h"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>

#include "compiler/reference/labels.h"

namespace linnet {
namespace {

// The value with the parameters of its tensor, which what the code gives does not repeat.
TensorValue labelled(const TensorValue& value, const TensorType& type) {
  return {type, {value.bytes().begin(), value.bytes().end()}};
}

std::vector<RankedLabel> ranked(const LabelSet& labels, const Graph& graph, const Values& outputs) {
  return rank_labels(labels, labelled(outputs.front(), graph.type(graph.outputs.front().tensor)));
}

}  // namespace

Result<std::vector<std::string>> read_class_names(const std::filesystem::path& path) {
  // E292: the file of class names cannot be used
  std::error_code ignored;
  if (!std::filesystem::exists(path, ignored))
    return Diagnostic{"E292",
                      {},
                      {},
                      fmt::format("'{}' does not exist", path.string()),
                      "check the path of --labels"};
  std::vector<std::string> labels;
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) labels.push_back(line);
  if (labels.empty())
    return Diagnostic{"E292",
                      {},
                      {},
                      fmt::format("'{}' holds no class names", path.string()),
                      "give a text file with one name a line"};
  return labels;
}

std::vector<std::vector<Score>> top_classes(const Reals& outputs,
                                            const std::vector<std::string>& labels) {
  std::vector<std::vector<Score>> all;
  for (const std::vector<std::vector<float>>& sample : outputs) {
    std::vector<Score> scores;
    for (std::size_t i = 0; i < sample.front().size(); ++i)
      scores.push_back(
          {i < labels.size() ? labels[i] : fmt::format("class {}", i), sample.front()[i]});
    std::stable_sort(scores.begin(), scores.end(),
                     [](const Score& a, const Score& b) { return a.value > b.value; });
    scores.resize(std::min<std::size_t>(scores.size(), 3));
    all.push_back(std::move(scores));
  }
  return all;
}

std::vector<std::vector<Score>> top_labels(const Graph& graph, const std::vector<Values>& outputs,
                                           const LabelSet& labels) {
  std::vector<std::vector<Score>> all;
  for (const Values& sample : outputs) {
    std::vector<Score> scores;
    for (const RankedLabel& label : ranked(labels, graph, sample)) {
      if (scores.size() < 3) scores.push_back({labels.names[label.index], label.probability});
    }
    all.push_back(std::move(scores));
  }
  return all;
}

double label_agreement(const Compiled& made, const LabelSet& labels,
                       const std::vector<Values>& outputs, const std::vector<Values>& expected) {
  std::size_t agreeing = 0;
  for (std::size_t s = 0; s < outputs.size(); ++s) {
    const std::size_t best = ranked(labels, made.graph, outputs[s]).front().index;
    agreeing += best == ranked(labels, made.float_graph, expected[s]).front().index ? 1 : 0;
  }
  return static_cast<double>(agreeing) / static_cast<double>(outputs.size());
}

}  // namespace linnet
