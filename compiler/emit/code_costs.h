// What generated code costs on a Cortex-M7, from the kept measurements of runtime/kernels/measured.json (made by
// tools/measure-kernels): bytes of code and stack of each kernel, and of the schedule around them.
#pragma once

#include <cstdint>
#include <set>
#include <string>

#include "compiler/lower/program.h"
#include "compiler/plan/plan.h"

namespace linnet {

struct CodeCosts {
  std::int64_t code_bytes = 0;      // kernels
  std::int64_t schedule_bytes = 0;  // layers as constants, calls, run()
  std::int64_t stack_bytes = 0;     // bound for run(), all it calls included
  std::set<std::string>
      unmeasured;  // kernels that are not in the table; a cautious figure stands for them
};

CodeCosts code_costs(const Program& program, const Plan& plan);

// Adds the log-mel front end's code, and its frames around those of the network.
void add_front_end(CodeCosts& costs);

// Adds the camera front end's code without its table of pixels, and its frames around those of the network.
void add_camera(CodeCosts& costs);

// Weights, tables, schedule and code.
std::int64_t flash_bytes(const Program& program, const CodeCosts& costs);

// A kernel and all that it uses, whether another kernel brings that as well or not.
std::int64_t kernel_code_bytes(const std::string& kernel);

}  // namespace linnet
