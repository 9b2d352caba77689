// Which copies of joined and parted channels are left out: those without which the plan takes no more (lower/slices.h says
// which can be).
#include <algorithm>
#include <set>

#include "compiler/lower/slices.h"
#include "compiler/plan/plan.h"
#include "compiler/plan/segments.h"

namespace linnet {
namespace {

// All of a program but its constants, which no plan looks at.
Program without_constants(const Program& program) {
  Program bare;
  bare.name = program.name;
  bare.buffers = program.buffers;
  bare.calls = program.calls;
  bare.inputs = program.inputs;
  bare.outputs = program.outputs;
  return bare;
}

bool is_whole(const PlanOptions& options) {
  return options.mode == PlanMode::whole ||
         (options.mode == PlanMode::automatic && !options.arena_limit_bytes &&
          options.optimize == Optimize::speed);
}

// The bytes that a plan of the mode would take.
std::int64_t peak_bytes(const Program& program, const PlanOptions& options) {
  const Program fed = options.input_rows ? with_input_call(program) : Program{};
  const RowModel model(options.input_rows ? fed : program);
  Partitioner partitioner(model);
  return is_whole(options) ? partitioner.whole().peak_bytes : partitioner.lowest_peak().peak_bytes;
}

// Searches for the lowest peak that are spent on copies one by one: each takes as long as planning does.
constexpr int kMostSearches = 8;

}  // namespace

Program remove_copies(Program program, const PlanOptions& options) {
  if (removable_copies(program).empty()) return program;
  // All at once, as often as not.
  Program all = without_constants(program);
  std::int64_t peak = peak_bytes(all, options);
  for (auto copies = removable_copies(all); !copies.empty(); copies = removable_copies(all)) {
    remove_copy(all, copies.front());
  }
  if (peak_bytes(all, options) <= peak) {
    for (auto copies = removable_copies(program); !copies.empty();
         copies = removable_copies(program)) {
      remove_copy(program, copies.front());
    }
    return program;
  }
  Program bare = without_constants(program);
  std::set<TensorId> kept;
  for (int searches = 0; is_whole(options) || searches < kMostSearches; ++searches) {
    const std::vector<CallId> copies = removable_copies(bare);
    const auto next = std::find_if(copies.begin(), copies.end(), [&](CallId copy) {
      return !kept.contains(bare.calls[copy.index()].tensor);
    });
    if (next == copies.end()) break;
    Program tried = bare;
    remove_copy(tried, *next);
    const std::int64_t found = peak_bytes(tried, options);
    if (found > peak) {
      kept.insert(bare.calls[next->index()].tensor);
      continue;
    }
    peak = found;
    remove_copy(program, *next);
    bare = std::move(tried);
  }
  return program;
}

}  // namespace linnet
