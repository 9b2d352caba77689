// Replays the schedule of a generated network, as read back from its text, on a model of memory: an independent check of the
// planner, of lowering's row windows and of the emitter. It knows the graph that was lowered and the text; which rows an
// operator needs it works out itself (needs.h).
//
// Every byte of the arenas remembers which byte of which tensor was written there last. So all that can be wrong is one
// finding, a read of another byte than was wanted: a row not made yet, dead and overwritten already, at another address,
// two live rows in one place.
#pragma once

#include <string_view>
#include <vector>

#include "compiler/check/schedule_text.h"
#include "compiler/ir/graph.h"

namespace linnet {

// Bytes [begin, end) of a bank hold something from step first_step, which writes it (-1: the application did before run())
// to step last_step, the last that reads it (the number of steps: the application does, after run()).
struct ByteLife {
  std::int32_t bank = 0;
  std::int64_t begin = 0, end = 0;
  std::int32_t first_step = 0, last_step = 0;
};

struct ReplayReport {
  std::int64_t steps = 0;        // of calls
  std::int64_t pushed_rows = 0;  // of the input
  std::int64_t views = 0;        // joins and parts of channels without a call
  std::vector<std::string> banks;
  std::vector<ByteLife> lives;  // by first step; only when asked for
};

enum class RecordLives : bool { no, yes };

// E903 with the first violation: call, row and address.
Result<ReplayReport> replay(const Graph& graph, const ScheduleText& schedule,
                            RecordLives record = RecordLives::no);

// The same from the texts of NAME.cpp and NAME.hpp.
Result<ReplayReport> replay(const Graph& graph, std::string_view source, std::string_view header,
                            RecordLives record = RecordLives::no);

}  // namespace linnet
