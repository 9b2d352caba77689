// What the tests of passes share: the same results before and after, and text to compare.
#pragma once

#include <algorithm>
#include <cmath>
#include <string>

#include "compiler/ir/graph.h"
#include "compiler/passes/passes.h"
#include "compiler/reference/interpreter.h"
#include "tests/support/random_graph.h"

namespace linnet::test {

// Runs a graph on inputs given in the model's layout and returns the outputs in the model's layout.
inline std::vector<std::vector<float>> run(const Graph& graph,
                                           const std::vector<TensorValue>& model_inputs) {
  std::vector<TensorValue> inputs;
  for (std::size_t i = 0; i < graph.inputs.size(); ++i) {
    const Port& port = graph.inputs[i];
    inputs.push_back(to_device(port, graph.type(port.tensor), model_inputs[i]));
  }
  const std::vector<TensorValue> outputs = interpret(graph, inputs);
  std::vector<std::vector<float>> result;
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    result.push_back(to_model(graph.outputs[i], outputs[i]).to_floats());
  }
  return result;
}

// The largest difference between two runs, relative to the range of each output.
inline double difference(const std::vector<std::vector<float>>& a,
                         const std::vector<std::vector<float>>& b) {
  if (a.size() != b.size()) return INFINITY;
  double worst = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (a[i].size() != b[i].size()) return INFINITY;
    double range = 0;
    double largest = 0;
    for (std::size_t j = 0; j < a[i].size(); ++j) {
      if (std::isnan(a[i][j]) && std::isnan(b[i][j])) continue;
      range = std::max(range, std::abs(static_cast<double>(a[i][j])));
      const double d = std::abs(static_cast<double>(a[i][j]) - static_cast<double>(b[i][j]));
      if (!(d <= largest)) largest = d;  // a NaN on one side only stays
    }
    const double relative = largest / std::max(range, 1e-3);
    if (!(relative <= worst)) worst = relative;
  }
  return worst;
}

inline int count(const Graph& graph, const char* op) {
  return static_cast<int>(
      std::count_if(graph.nodes.begin(), graph.nodes.end(),
                    [&](const Node& node) { return std::string(op_name(node.op)) == op; }));
}

inline Graph must(Result<Graph> result) {
  if (!result) throw std::runtime_error(format(result.diagnostics()));
  return *std::move(result);
}

}  // namespace linnet::test
