// See schedule.h. The blocks are chosen by dynamic programming from the end: the cheapest code for steps [p, n) is a
// statement for step p and the cheapest for the rest, or a loop that begins at p and the cheapest for what follows it.
#include "compiler/emit/schedule.h"

#include <algorithm>
#include <set>

namespace linnet {
namespace {

// Bytes: three registers set and a branch; the same with a product; the loop's counter.
constexpr std::int64_t kStatementBytes = 10;
constexpr std::int64_t kLoopStepBytes = 14;
constexpr std::int64_t kLoopBytes = 12;
constexpr std::int64_t kTableStepBytes = 6;
constexpr std::int64_t kTableLoopBytes = 40;
constexpr std::int64_t kPointerBytes = 4;  // of each call, once, when there is a table

constexpr std::size_t kLongestRound = 192;  // steps
constexpr std::size_t kShortestTable = 16;  // steps of calls that were seen before

bool same(const Step& a, const Step& b) { return a.call == b.call && a.row_count == b.row_count; }

struct Choice {
  std::int64_t bytes = 0;
  std::size_t round = 0;  // steps in a round; 0: a statement
  std::size_t rounds = 1;
};

std::vector<Choice> cheapest(const std::vector<Step>& steps) {
  const std::size_t count = steps.size();
  std::vector<Choice> best(count + 1);
  // repeats[l]: how many steps from p on are the same as those l later.
  std::vector<std::size_t> repeats(kLongestRound + 1, 0);
  for (std::size_t p = count; p-- > 0;) {
    best[p] = {kStatementBytes + best[p + 1].bytes, 0, 1};
    for (std::size_t l = 1; l <= kLongestRound && p + l < count; ++l) {
      repeats[l] = same(steps[p], steps[p + l]) ? repeats[l] + 1 : 0;
      const std::size_t rounds = repeats[l] / l + 1;
      if (rounds < 2) continue;
      const std::int64_t bytes =
          kLoopBytes + static_cast<std::int64_t>(l) * kLoopStepBytes + best[p + l * rounds].bytes;
      if (bytes < best[p].bytes) best[p] = {bytes, l, rounds};
    }
  }
  return best;
}

ScheduleBlock loop_at(const std::vector<Step>& steps, std::size_t begin, const Choice& choice) {
  ScheduleBlock loop{ScheduleBlock::Kind::loop, static_cast<std::int64_t>(choice.rounds), {}};
  for (std::size_t i = begin; i < begin + choice.round; ++i) {
    const std::int64_t stride = steps[i + choice.round].first_row - steps[i].first_row;
    loop.steps.push_back({steps[i], stride});
  }
  return loop;
}

// Calls that come back without a pattern. Layer after layer, each once, reads best as statements, however many.
bool is_irregular(const std::vector<ScheduledStep>& steps) {
  std::set<CallId> calls;
  for (const ScheduledStep& scheduled : steps) calls.insert(scheduled.step.call);
  return steps.size() >= calls.size() + kShortestTable;
}

}  // namespace

Schedule make_schedule(const Plan& plan) {
  const std::vector<Step>& steps = plan.steps;
  const std::vector<Choice> best = cheapest(steps);
  Schedule schedule;
  std::size_t p = 0;
  while (p < steps.size()) {
    if (best[p].round > 0) {
      schedule.push_back(loop_at(steps, p, best[p]));
      p += best[p].round * best[p].rounds;
      continue;
    }
    ScheduleBlock block;
    for (; p < steps.size() && best[p].round == 0; ++p) block.steps.push_back({steps[p], 0});
    if (is_irregular(block.steps)) block.kind = ScheduleBlock::Kind::table;
    schedule.push_back(std::move(block));
  }
  return schedule;
}

std::int64_t schedule_bytes(const Schedule& schedule, std::size_t calls) {
  std::int64_t bytes = 0;
  bool table = false;
  for (const ScheduleBlock& block : schedule) {
    const auto steps = static_cast<std::int64_t>(block.steps.size());
    switch (block.kind) {
      case ScheduleBlock::Kind::statements: bytes += steps * kStatementBytes; break;
      case ScheduleBlock::Kind::loop: bytes += kLoopBytes + steps * kLoopStepBytes; break;
      case ScheduleBlock::Kind::table:
        bytes += kTableLoopBytes + steps * kTableStepBytes;
        table = true;
        break;
    }
  }
  if (table) bytes += kPointerBytes * static_cast<std::int64_t>(calls);
  return bytes;
}

}  // namespace linnet
