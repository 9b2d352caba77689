// Slices: tensors that lie among the channels of a wider one, so that joining channels (Concat) and taking some of them
// (Split, Slice) need no copy.
//
//   concat(a, b):  | a0 a1 b0 b1 b2 | a0 a1 b0 b1 b2 | ...      a row of pixels; the kernels that make a and b write with
//                    pixel 0          pixel 1                   a pitch of 5 bytes, and those that read them do so too
//
// Such a call can be left out of the program where all kernels that touch its tensors take a pitch (KernelCall::slices).
// Whether that saves RAM depends on the schedule: rows of all parts then live as long as those of the one that is needed
// longest. plan.h decides (remove_copies).
#pragma once

#include <vector>

#include "compiler/lower/program.h"

namespace linnet {

// The calls that could be left out, in order.
std::vector<CallId> removable_copies(const Program& program);

// Leaves out that call, which must be one of the above; later calls move up by one.
void remove_copy(Program& program, CallId copy);

}  // namespace linnet
