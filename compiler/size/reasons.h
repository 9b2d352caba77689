// Why a network's size changed, from the facts that the baseline has: compilers, layers and their kernels, constants, the
// schedule's length, the plan.
//
//   other kernel conv2d_s8_any_paired -> conv2d_s8_any, new in this network, for layer '/features/4/Conv'
//   weights 43,700 -> 45,000 bytes: w_features_4_Conv +1,300 (new)
//   the plan changed: arena dtcm 3,360 -> 8,064 bytes; the peak moved from layer '/a' to '/b'
#pragma once

#include <string>
#include <vector>

#include "compiler/size/compare.h"

namespace linnet {

// `network.before` and the changes are there.
std::vector<std::string> size_reasons(const NetworkComparison& network);

// "linnet::paired::multiply_four, 1,130 -> 1,650 bytes": the function, constant or arena that grew most of what "text",
// "flash" or "RAM" consists of. Empty when nothing grew.
std::string largest_growth(const NetworkComparison& network, const std::string& total);

}  // namespace linnet
