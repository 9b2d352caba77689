// The plan: when each call makes which rows, and where every byte of RAM is.
//
// Calls are grouped into segments; inside a segment rows are made in small blocks, depth first, and tensors that stay
// inside it are rings of a few rows. A segment of one call over all its rows is the classic whole-tensor plan.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "compiler/lower/program.h"

namespace linnet {

struct MemoryBank {
  std::string name;                        // "dtcm": the member of Arenas
  std::optional<std::int64_t> size_bytes;  // none: no limit
  std::int32_t rank = 0;                   // lower is faster, filled first
  bool dma = true;                         // peripherals can reach it
};

// What the network is compiled for; read from runtime/boards/NAME/target.json.
struct Target {
  std::string name;
  std::vector<MemoryBank> banks;
  std::optional<std::int64_t> flash_bytes;
  std::int64_t stack_bytes = 2048;  // what generated code may use at most
};

struct Segment {
  CallId first, last;           // inclusive
  std::int64_t block_rows = 1;  // rows a step at most, in a segment of several calls
  std::int64_t first_step = 0;
};

// One produce(): the call makes rows [first_row, first_row + row_count) of its output. Without a call: the application
// gives these rows of the input (PlanOptions::input_rows).
struct Step {
  CallId call;
  std::int64_t first_row = 0;
  std::int64_t row_count = 0;
};

// A buffer's (or a call's scratch's) place. Live in steps [first_step, last_step], inclusive; -1 means "before run()".
struct Placement {
  std::string name;
  BufferId buffer;          // none for scratch
  bool is_scratch = false;  // of one call, or of several that never run at once
  std::int64_t capacity_rows = 1;
  std::int64_t bytes = 0;
  std::int64_t first_step = 0, last_step = 0;
  std::int32_t bank = 0;    // index into Target::banks
  std::int64_t offset = 0;  // bytes into the bank's arena
};

// Two placements whose bytes overlap while both are live, because rows of one are written only where those of the other
// have had their last reader (rows.h, Chase).
struct PlacedChase {
  std::int32_t grows = 0, dies = 0;  // indices into placements
  std::int64_t gap_bytes = 0;
};

struct BankUse {
  std::int64_t used_bytes = 0;  // arena size
};

struct Plan {
  bool input_rows = false;
  std::vector<Segment> segments;
  std::vector<Step> steps;
  std::vector<Placement> placements;
  IdVector<BufferId, std::int32_t>
      placement_of;  // index into placements; buffers that share bytes share a placement
  std::vector<PlacedChase> chases;
  std::vector<std::int32_t> scratch_of_call;  // index into placements by call, -1 without scratch
  std::int32_t front_end = -1;                // index into placements, -1 without a front end
  std::vector<BankUse> banks;                 // as many as Target::banks
  std::int64_t arena_bytes = 0;               // sum over banks
  std::int64_t lower_bound_bytes = 0;         // most bytes live at one step
  std::int64_t whole_tensor_bytes = 0;        // lower bound of the classic plan: whole tensors
  std::int32_t peak_step = 0;                 // a step where the lower bound is reached
  // PlanOptions::after_run_bytes: bytes that no output takes, for use between run() and the next input.
  std::optional<Placement> after_run;

  std::size_t kernel_calls() const {
    return static_cast<std::size_t>(std::count_if(
        steps.begin(), steps.end(), [](const Step& step) { return step.call.valid(); }));
  }
};

enum class PlanMode : std::uint8_t {
  automatic,  // the fewest steps within the limit; without one, what `optimize` says
  rows,       // the least RAM
  whole       // one call a segment, all its rows in one step
};
enum class Optimize : std::uint8_t { ram, speed };

struct PlanOptions {
  PlanMode mode = PlanMode::automatic;
  Optimize optimize = Optimize::ram;
  // --ram less the stack. Aimed at, not enforced: the best that was reached is what comes back.
  std::optional<std::int64_t> arena_limit_bytes = {};
  // Banks that hold all inputs and all outputs; empty: any that peripherals reach. They must be the target's.
  std::string input_bank = {}, output_bank = {};
  // Scratch that the application's calls after run() need (detect()).
  std::int64_t after_run_bytes = 0;
  // --input rows: the application gives the one input row by row, so that it need not be held whole.
  bool input_rows = false;
  // Bytes that a front end keeps for the whole run (compiler/front_end); Plan::front_end says where.
  std::int64_t front_end_bytes = 0;

  // How much more RAM in all the use of a fast bank may cost, in percent: little where the least RAM is asked for.
  std::int64_t fast_bank_percent() const {
    return optimize == Optimize::speed || arena_limit_bytes ? 25 : 5;
  }
};

// Fails with E301 when a bank's size is exceeded (states the best reached and the layer at the peak).
Result<Plan> make_plan(const Program& program, const Target& target,
                       const PlanOptions& options = {});

// Finds room for such scratch in a plan with addresses: where no output lies, else behind a bank's arena, which grows. Fails
// with E301 when no bank has that much.
Result<Nothing> place_after_run(Plan& plan, const Program& program, const Target& target,
                                std::int64_t bytes);

// Leaves out copies that join or take channels (compiler/lower/slices.h) where that does not cost RAM, as far as the plan's
// mode cares about it.
Program remove_copies(Program program, const PlanOptions& options);

// What RAM buys: plans of which none takes less RAM and fewer kernel calls than another, the least RAM first.
// Of the options, mode and limit do not matter.
std::vector<Plan> pareto_front(const Program& program, const Target& target,
                               const PlanOptions& options = {});

// No two live placements overlap, all inside their banks, every read row was written; our defect (E902) otherwise.
Result<Nothing> check(const Program& program, const Plan& plan, const Target& target);
std::string print(const Program& program, const Plan& plan);

}  // namespace linnet
