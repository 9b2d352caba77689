// Graphs of one operator with seeded random parameters, run by the oracle and by the runtime's kernels.
#pragma once

#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "compiler/ir/graph.h"
#include "tests/support/execute.h"

namespace linnet::testing {

class Random {
 public:
  explicit Random(std::uint64_t seed) : engine_(seed) {}
  // Uniform in [lo, hi].
  std::int64_t integer(std::int64_t lo, std::int64_t hi) {
    return lo + static_cast<std::int64_t>(engine_() % static_cast<std::uint64_t>(hi - lo + 1));
  }
  float real(float lo, float hi) {
    return lo + (hi - lo) * static_cast<float>(engine_() >> 40) / static_cast<float>(1 << 24);
  }
  bool chance(int percent) { return integer(1, 100) <= percent; }
  template <class T>
  const T& pick(const std::vector<T>& from) {
    return from[static_cast<std::size_t>(integer(0, static_cast<std::int64_t>(from.size()) - 1))];
  }

 private:
  std::mt19937_64 engine_;
};

TensorType float_type(Shape shape);
TensorType int8_type(Shape shape, float scale, std::int32_t zero_point);
// int8 with a scale around `scale` (log-uniform within a factor of four) and any zero point.
TensorType random_int8(Random& random, Shape shape, float scale = 0.05f);
// Every code or real number of the type's range; int8 includes -128 and 127 often.
TensorValue random_value(Random& random, const TensorType& type);

struct SingleOp {
  Op op;
  std::vector<TensorType> inputs;      // of graph inputs, then
  std::vector<TensorValue> constants;  // constants follow the inputs in the node's operands
  TensorType output;
};
Graph graph_of(const SingleOp& single);

// Runs the operator through the oracle and through the kernels, whole and a few rows at a time, on random inputs; the
// bytes must be the same. Says the operator and the first difference when they are not.
void check_against_oracle(const SingleOp& single, Random& random, const std::string& what);

// True when the mutation changes the output for some of `tries` random inputs.
bool notices(const SingleOp& single, Random& random, const Mutation& mutation, int tries = 4);

}  // namespace linnet::testing
