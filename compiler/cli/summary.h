// The report in a dozen lines for people.
#pragma once

#include "compiler/pipeline.h"

namespace linnet {

void print_summary(const Report& report);  // model, RAM by bank, flash by part, notes
// One line a layer: all of them, or the ten with the most multiply-accumulates.
void print_layers(const Report& report, bool all);
// Where the int8 ranges came from; nothing for float.
void print_calibration(const Compiled& made);

}  // namespace linnet
