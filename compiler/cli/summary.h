// The report in a dozen lines for people.
#pragma once

#include "compiler/emit/report.h"

namespace linnet {

void print_summary(const Report& report);  // model, RAM by bank, flash by part, notes
void print_layers(const Report& report);   // one line a layer

}  // namespace linnet
