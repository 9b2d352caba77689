// Minimum of a sum of terms over yes/no variables, by a minimum cut (Dinic's algorithm).
//
//   BinaryMinimum problem(2);
//   problem.add(0, {3, 5});                  // variable 0 costs 3 when 0, 5 when 1
//   problem.add(0, 1, {{{0, 9}, {2, 0}}});   // cost[value of 0][value of 1]
//   problem.solve();                         // {0, 0} costs 3, {1, 1} costs 5: gives {0, 0}
//
// A pairwise term must be submodular: cost[0][0] + cost[1][1] <= cost[0][1] + cost[1][0]; one that
// is not is lowered at [0][0] until it is, which makes the answer approximate.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

namespace linnet {

class BinaryMinimum {
 public:
  explicit BinaryMinimum(std::size_t variables) : unary_(variables, {0, 0}) {}

  std::size_t add_variable();
  void add(std::size_t variable, std::array<std::int64_t, 2> cost);
  void add(std::size_t u, std::size_t v, std::array<std::array<std::int64_t, 2>, 2> cost);
  // The cheapest assignment; of several, the one with the fewest ones.
  std::vector<bool> solve();

 private:
  struct Edge {
    std::size_t to;
    std::int64_t capacity;
    std::size_t reverse;  // index in edges_[to]
  };
  void connect(std::size_t from, std::size_t to, std::int64_t capacity);
  bool find_levels();
  std::int64_t push(std::size_t node, std::int64_t limit);

  std::vector<std::array<std::int64_t, 2>> unary_;
  struct Pair {
    std::size_t u, v;
    std::int64_t capacity;
  };
  std::vector<Pair> pairs_;

  std::vector<std::vector<Edge>> edges_;
  std::vector<int> level_;
  std::vector<std::size_t> next_;
};

}  // namespace linnet
