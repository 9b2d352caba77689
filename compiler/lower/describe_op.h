// One operator in a few words, for reports and comments: "Conv2d 3x3 s2", "Unary silu", "Binary
// add".
#pragma once

#include <string>

#include "compiler/ir/op.h"

namespace linnet {

std::string describe_op(const Op& op);

}  // namespace linnet
