// An operator with its attributes, as print() writes it: "Conv2d 3x3 s2 p1,1,1,1 relu6", "Unary affine 2 1".
#pragma once

#include <string>

#include "compiler/ir/op.h"

namespace linnet {

std::string print_op(const Op& op);

}  // namespace linnet
