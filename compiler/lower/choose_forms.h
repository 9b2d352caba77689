// Flash for speed: which 3x3 convolutions keep their weights in Winograd's form (conv2d_s8_3x3_winograd), 24 bytes where int8
// has 9, for fewer cycles.
//
//   layer          bytes more    cycles less       a knapsack of `spare_bytes`: the layers with the most cycles saved,
//   3x3 24x24x32       13,824        850,000       which are those with many pixels for each weight
//   3x3 6x6x128       221,184        850,000
#pragma once

#include <cstdint>

#include "compiler/lower/lower.h"

namespace linnet {

// `program` is the graph as lowered without a choice. `kernel_bytes`: what the kernel's code takes, once. An empty choice when
// nothing fits or nothing is to be gained.
KernelChoice choose_forms(const Graph& graph, const Program& program, std::int64_t spare_bytes,
                          std::int64_t kernel_bytes);

}  // namespace linnet
