// A plan as a picture: time to the right, addresses upwards, one panel for each bank that is used.
//
//   every placement   a box: its lifetime wide, its bytes high; its name, bytes and steps when pointed at
//   every segment     a band behind the boxes
//   the peak          a line where most bytes are alive; the lower bound, where one bank holds all, a line across
#pragma once

#include <string>

#include "compiler/plan/plan.h"

namespace linnet {

// SVG 1.1; the same bytes for the same plan.
std::string draw_svg(const Program& program, const Plan& plan, const Target& target);

}  // namespace linnet
