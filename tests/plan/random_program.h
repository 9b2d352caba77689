// Random programs for the planner: calls on buffers of random sizes, with branches, scratch and in-place chances.
#pragma once

#include "compiler/lower/program.h"

namespace linnet::testing {

Program random_program(std::uint64_t seed, std::size_t calls);

// The same of calls that need rows under a window: convolutions with and without stride, elementwise calls, joins of two
// branches, global pools and their gates, barriers. What no call reads is an output.
Program random_row_program(std::uint64_t seed, std::size_t calls);

}  // namespace linnet::testing
