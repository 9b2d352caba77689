// Random programs for the planner: calls on buffers of random sizes, with branches, scratch and in-place chances.
#pragma once

#include "compiler/lower/program.h"

namespace linnet::testing {

Program random_program(std::uint64_t seed, std::size_t calls);

}  // namespace linnet::testing
