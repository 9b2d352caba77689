// The steps of a plan as compact code: loops where they repeat, a table where they do not, plain statements where they
// are few.
//
//   steps   c0 r0, c0 r1, c1 r0, c0 r2, c1 r1, c0 r3, c1 r2, ...      (call, row)
//   code    c0(0); c0(1);  for (i = 0; i < 46; ++i) { c1(i); c0(i + 2); }  ...
//
// The rows of a call are made in order, so a repetition is one of (call, row count); the first rows then advance by the
// same number in each round.
#pragma once

#include <cstdint>
#include <vector>

#include "compiler/plan/plan.h"

namespace linnet {

struct ScheduledStep {
  Step step;                // in the first round
  std::int64_t stride = 0;  // rows from round to round
};

struct ScheduleBlock {
  enum class Kind : std::uint8_t { statements, loop, table } kind = Kind::statements;
  std::int64_t rounds = 1;           // of a loop
  std::vector<ScheduledStep> steps;  // of one round
};

using Schedule = std::vector<ScheduleBlock>;

Schedule make_schedule(const std::vector<Step>& steps);

// What the application's row `row` of the input sets off (Plan::input_rows), for rows [first_row, first_row + phases.size() *
// rounds): phases[(row - first_row) % phases.size()], whose steps advance by their stride from round to round.
struct PushBlock {
  std::int64_t first_row = 0, rounds = 1;
  std::vector<Schedule> phases;
  std::int64_t end_row() const {
    return first_row + rounds * static_cast<std::int64_t>(phases.size());
  }
};

// Rows that set nothing off have no block.
std::vector<PushBlock> make_push_schedule(const Plan& plan);

// Bytes of code and tables that the plan's schedule takes on a Cortex-M7, GCC -O2: measured on the reference networks, within
// a tenth. `calls`: of the program.
std::int64_t schedule_bytes(const Plan& plan, std::size_t calls);

}  // namespace linnet
