// What `linnet bench kernels` runs: one operator on one typical shape a case; the table is in cases.cpp.
//
// A case is lowered as the compiler lowers it, so a faster kernel is measured as soon as it is in its list. Cases that
// name their kernel keep the slower ones of a list under test and comparable.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "compiler/ir/graph.h"

namespace linnet {

// Constants and inputs have seeded values: the same in every run.
struct BenchCase {
  std::string name;    // "3x3 p1 24x24x32->32": unique, what --filter looks in
  std::string kernel;  // empty: the one that lowering takes
  Op op;
  std::vector<TensorType> inputs;      // of graph inputs, then
  std::vector<TensorValue> constants;  // constants follow them in the node's operands
  TensorType output;
  float lo = -3, hi = 3;  // float inputs lie between
};

// In the order of the report.
std::vector<BenchCase> bench_cases();

// Any bytes for int8, numbers in [lo, hi] for float; from `seed` alone.
TensorValue seeded_value(const TensorType& type, std::uint32_t seed, float lo, float hi);

}  // namespace linnet
