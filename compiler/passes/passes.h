// The passes on graphs before calibration, in the order in which run_passes applies them. Each has
// its own file of the same name, keeps what the graph computes, and is idempotent.
//
// Passes that change arithmetic touch only float operators; those marked (any) move data and are
// safe on int8 too.
#pragma once

#include <functional>

#include "compiler/ir/graph.h"

namespace linnet {

// Operators on constants become constants. Dequantized weights stay: fuse_qdq needs their codes.
Result<Graph> fold_constants(Graph graph);

// (any) Identities go; reshapes of reshapes merge; transposes that move no data become reshapes.
Result<Graph> remove_identities(Graph graph);

// (any) Equal operators on equal inputs, and equal constants, become one.
Result<Graph> merge_duplicates(Graph graph);

// (any) What reaches no output goes.
Result<Graph> remove_dead_code(Graph graph);

// (any) Transposes cancel each other, move to where they cost least, become part of a port's
// layout.
Result<Graph> push_transposes(Graph graph);

// (any) Transpose, flatten, fully connected: the weights' columns are permuted, the transpose goes.
Result<Graph> absorb_flatten(Graph graph);

// A matrix product with a constant matrix becomes FullyConnected; a following addition of a vector
// its bias.
Result<Graph> convert_matmul(Graph graph);

// SiLU, hard-swish, hard-sigmoid, GELU from their parts.
Result<Graph> recognise_activations(Graph graph);

// Layer normalization and softmax from their parts.
Result<Graph> recognise_normalizations(Graph graph);

// Arithmetic with scalars becomes Unary affine, chains of affine and of clamps become one.
Result<Graph> simplify_elementwise(Graph graph);

// BatchNorm goes into the linear operator before or (where nothing is padded) after it; else it
// becomes Binary mul, add.
Result<Graph> fold_batch_norm(Graph graph);

// Multiplications and additions by constants per channel go into the linear operator before or
// after them.
Result<Graph> fold_scales(Graph graph);

// A map by column between an input and the first convolution becomes part of the input's port.
Result<Graph> fold_input_columns(Graph graph);

// Constant padding goes into the convolution or pool that reads it.
Result<Graph> fold_pad(Graph graph);

// Clamps (Relu, Relu6, Clip) go into the operator before them.
Result<Graph> fuse_activations(Graph graph);

// Linear operators in a row (1x1 convolution, spatial mean, fully connected) become one where that
// saves parameters or multiplications.
Result<Graph> compose_linear(Graph graph);

// ---- after all of these, on request ----

// The decoding of a YOLOv8 detection head leaves the graph, Graph::detection describes its maps; any other graph stays as
// it is.
Graph split_detection_head(Graph graph);

// What split_detection_head took away: a graph from the outputs of `split` to those of `whole`.
Graph decoding_of(const Graph& whole, const Graph& split);

// ---- all passes but those on request ----

// All of them, to a fixed point. `observe` (may be empty) is called with each pass's name and its
// result.
using PassObserver = std::function<void(const char* pass, const Graph& graph)>;
Result<Graph> run_passes(Graph graph, const PassObserver& observe = {});

}  // namespace linnet
