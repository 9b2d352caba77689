// Dinic's maximum flow; see min_cut.h. Variables are nodes, value 1 is the source's side.
#include "compiler/passes/min_cut.h"

#include <algorithm>
#include <limits>

namespace linnet {

std::size_t BinaryMinimum::add_variable() {
  unary_.push_back({0, 0});
  return unary_.size() - 1;
}

void BinaryMinimum::add(std::size_t variable, std::array<std::int64_t, 2> cost) {
  unary_[variable][0] += cost[0];
  unary_[variable][1] += cost[1];
}

void BinaryMinimum::add(std::size_t u, std::size_t v,
                        std::array<std::array<std::int64_t, 2>, 2> cost) {
  const std::int64_t limit = cost[0][1] + cost[1][0] - cost[1][1];
  cost[0][0] = std::min(cost[0][0], limit);
  // cost = cost00 + u * (cost10 - cost00) + v * (cost11 - cost10) + (1 - u) * v * rest
  add(u, {0, cost[1][0] - cost[0][0]});
  add(v, {0, cost[1][1] - cost[1][0]});
  const std::int64_t rest = cost[0][1] + cost[1][0] - cost[0][0] - cost[1][1];
  if (rest > 0) pairs_.push_back({u, v, rest});
}

void BinaryMinimum::connect(std::size_t from, std::size_t to, std::int64_t capacity) {
  edges_[from].push_back({to, capacity, edges_[to].size()});
  edges_[to].push_back({from, 0, edges_[from].size() - 1});
}

bool BinaryMinimum::find_levels() {
  const std::size_t source = unary_.size();
  level_.assign(edges_.size(), -1);
  level_[source] = 0;
  std::vector<std::size_t> queue{source};
  for (std::size_t head = 0; head < queue.size(); ++head) {
    for (const Edge& edge : edges_[queue[head]]) {
      if (edge.capacity <= 0 || level_[edge.to] >= 0) continue;
      level_[edge.to] = level_[queue[head]] + 1;
      queue.push_back(edge.to);
    }
  }
  return level_[source + 1] >= 0;
}

std::int64_t BinaryMinimum::push(std::size_t node, std::int64_t limit) {
  const std::size_t sink = unary_.size() + 1;
  if (node == sink) return limit;
  for (; next_[node] < edges_[node].size(); ++next_[node]) {
    Edge& edge = edges_[node][next_[node]];
    if (edge.capacity <= 0 || level_[edge.to] != level_[node] + 1) continue;
    const std::int64_t pushed = push(edge.to, std::min(limit, edge.capacity));
    if (pushed == 0) continue;
    edge.capacity -= pushed;
    edges_[edge.to][edge.reverse].capacity += pushed;
    return pushed;
  }
  return 0;
}

std::vector<bool> BinaryMinimum::solve() {
  const std::size_t source = unary_.size();
  const std::size_t sink = source + 1;
  edges_.assign(unary_.size() + 2, {});
  for (std::size_t i = 0; i < unary_.size(); ++i) {
    // On the source's side (1) the edge to the sink is cut, on the sink's side (0) the edge from
    // the source.
    const std::int64_t base = std::min(unary_[i][0], unary_[i][1]);
    if (unary_[i][0] > base) connect(source, i, unary_[i][0] - base);
    if (unary_[i][1] > base) connect(i, sink, unary_[i][1] - base);
  }
  for (const Pair& pair : pairs_) connect(pair.v, pair.u, pair.capacity);
  while (find_levels()) {
    next_.assign(edges_.size(), 0);
    while (push(source, std::numeric_limits<std::int64_t>::max()) > 0) {
    }
  }
  // What the source still reaches: the smallest set of ones among all minimum cuts. (find_levels
  // has just run.)
  std::vector<bool> value(unary_.size());
  for (std::size_t i = 0; i < unary_.size(); ++i) value[i] = level_[i] >= 0;
  return value;
}

}  // namespace linnet
