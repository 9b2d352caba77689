// Which layers of a float graph may get weights of 4 bits (int4.h), what is known of their inputs, and what it costs.
//
//   candidates ──► input moments, over samples ──► cost of each: output error against bytes saved ──► a choice
#pragma once

#include <cstdint>
#include <vector>

#include "compiler/ir/graph.h"
#include "compiler/quant/int4.h"
#include "compiler/quant/ranges.h"

namespace linnet {

// Layers that are to have weights of 4 bits, and the moments of what they read, by node of the float graph (empty: none).
struct Int4Layers {
  std::vector<bool> nodes;
  std::vector<InputMoments> moments;

  bool has(std::size_t node) const { return node < nodes.size() && nodes[node]; }
};

// Fully connected layers and dense convolutions, transposed ones left out, with constant weights.
std::vector<bool> int4_candidates(const Graph& graph);

// quantize() (ranges.h) with weights of 4 bits where `int4` says so.
Result<Graph> quantize(const Graph& graph, const Ranges& ranges, const Int4Layers& int4);

// What one layer's rounding does to the float graph's outputs.
struct Int4Cost {
  std::size_t node = 0;
  std::int64_t saved_bytes = 0;  // of int8 weights
  double error = 0;              // squared, relative to each output's own square, summed
};
struct Int4Costs {
  std::vector<Int4Cost> layers;  // the candidates that become int8, in the order of nodes
  std::size_t samples = 0;       // on which they were measured
};
// Runs what depends on a layer again for each layer: on as many of the first samples as `work` multiply-accumulates (and a
// few for each other element) allow, at least one, at most kMomentSamples. Deterministic.
Int4Costs measure_int4(const Graph& graph, const Ranges& ranges,
                       const std::vector<std::vector<TensorValue>>& samples,
                       const std::vector<InputMoments>& moments, double work);

// The layers with the least error for each byte until `bytes` are saved, less those that the last ones made needless; all
// when they do not save so much.
std::vector<bool> choose_int4(const Int4Costs& costs, std::size_t nodes, std::int64_t bytes);

}  // namespace linnet
