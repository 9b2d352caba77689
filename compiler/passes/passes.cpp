// The order of the passes. Each line is `graph = pass(graph)`; the list is repeated until nothing changes, since one
// pass uncovers work for another (a transpose that goes lets a clamp meet its convolution).
#include "compiler/passes/passes.h"

#include <array>

namespace linnet {
namespace {

struct Pass {
  const char* name;
  Result<Graph> (*run)(Graph);
};

constexpr std::array<Pass, 16> kPasses{{
    {"remove_identities", remove_identities},
    {"fold_constants", fold_constants},
    {"merge_duplicates", merge_duplicates},
    // Layout: afterwards spatial operators stand side by side in NHWC.
    {"push_transposes", push_transposes},
    {"absorb_flatten", absorb_flatten},
    {"convert_matmul", convert_matmul},
    // Composites before scales are folded: folding takes them apart.
    {"simplify_elementwise", simplify_elementwise},
    {"recognise_activations", recognise_activations},
    {"recognise_normalizations", recognise_normalizations},
    // Into the linear operators.
    {"fold_batch_norm", fold_batch_norm},
    {"fold_scales", fold_scales},
    {"fold_input_columns", fold_input_columns},
    {"fold_pad", fold_pad},
    {"fuse_activations", fuse_activations},
    {"compose_linear", compose_linear},
    {"remove_dead_code", remove_dead_code},
}};

// Two or three rounds are usual. A list that does not settle is a defect, but no reason to run for ever.
constexpr int kMaxRounds = 16;

}  // namespace

Result<Graph> run_passes(Graph graph, const PassObserver& observe) {
  std::string before;
  std::string after = print(graph);
  for (int round = 0; round < kMaxRounds && after != before; ++round) {
    before = std::move(after);
    for (const Pass& pass : kPasses) {
      Result<Graph> result = pass.run(std::move(graph));
      if (!result) return result;
      graph = *std::move(result);
      if (observe) observe(pass.name, graph);
    }
    after = print(graph);
  }
  return graph;
}

}  // namespace linnet
