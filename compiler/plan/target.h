// The targets that Linnet knows: runtime/boards/NAME/target.json, carried by the binary.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "compiler/plan/plan.h"
#include "compiler/support/result.h"

namespace linnet {

// By its name as the command line spells it ("stm32h743"), or from a file of the same form ("my_board.json"). E303 lists the
// known ones, E311 says what is wrong with a file.
Result<Target> find_target(std::string_view name);

std::vector<std::string> target_names();

}  // namespace linnet
