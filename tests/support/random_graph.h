// Random valid graphs, the same for the same seed, for tests of anything that takes a Graph.
//
//   RandomGraphOptions options;
//   options.nodes = 15;
//   options.exporter_style = true;      // NCHW tensors with transposes around spatial operators, as the importer makes
//   Graph graph = random_graph(seed, options);
//   interpret(graph, random_inputs(graph, seed));
//
// Activations stay of the order of 1: weights are scaled by their fan-in, growing operators are rare. What no node reads
// becomes a graph output, so nothing is dead.
#pragma once

#include <cstdint>
#include <vector>

#include "compiler/ir/graph.h"

namespace linnet {

struct RandomGraphOptions {
  int nodes = 16;  // operators picked; a gate or a normalization written in parts is one pick
  std::int64_t batch = 1, height = 12, width = 10,
               channels = 8;  // of the input, when not fixed by `input_shape`
  bool exporter_style = false;

  // What may occur.
  bool conv = true;       // any kernel, stride, padding, dilation; 1x1 often
  bool depthwise = true;  // and groups
  bool conv_transpose = true;
  bool pool = true;         // max, average
  bool unary = true;        // clamps, sigmoid, silu ...
  bool composites = false;  // silu, hard-swish, gelu, layer norm, softmax in parts
  bool binary = true;       // with constants per channel and scalars; residual additions
  bool batch_norm = false;
  bool concat = true;  // with slices of the same tensor and with others
  bool gate = true;    // squeeze and excite
  bool reduce = true;
  bool resize = true;
  bool pad = true;
  bool reshape = true;    // and its inverse later
  bool transpose = true;  // any permutation, mostly undone later
  bool softmax = true;
  bool fully_connected = true;  // a classifier head: pool or flatten, then layers
  bool matmul = false;          // attention: x * x^T * x over positions
};

Graph random_graph(std::uint32_t seed, const RandomGraphOptions& options = {});

// Values for the graph's inputs, in [-2, 2].
std::vector<TensorValue> random_inputs(const Graph& graph, std::uint32_t seed);

}  // namespace linnet
