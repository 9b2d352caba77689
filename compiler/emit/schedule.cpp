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

Schedule make_schedule(const std::vector<Step>& steps) {
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

namespace {

constexpr std::int64_t kPushBytes = 12;   // a comparison of the row and two branches
constexpr std::int64_t kPhaseBytes = 14;  // a division, and the switch's branch
constexpr std::size_t kMostPhases = 16;

using Push = std::vector<Step>;  // what a row sets off

// By row of the input. Steps before the first row (of what does not depend on the input) come with it.
std::vector<Push> pushes_of(const Plan& plan) {
  std::vector<Push> pushes;
  Push before;
  for (const Step& step : plan.steps) {
    if (!step.call.valid()) {
      for (std::int64_t i = 0; i < step.row_count; ++i) pushes.emplace_back();
      pushes.back().swap(before);
      continue;
    }
    (pushes.empty() ? before : pushes.back()).push_back(step);
  }
  return pushes;
}

bool same(const Push& a, const Push& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](const Step& x, const Step& y) { return same(x, y); });
}

struct PushChoice {
  std::int64_t bytes = 0;
  std::size_t phases = 1, rounds = 1;
};

std::int64_t steps_in(const std::vector<Push>& pushes, std::size_t first, std::size_t count) {
  std::int64_t steps = 0;
  for (std::size_t i = first; i < first + count; ++i)
    steps += static_cast<std::int64_t>(pushes[i].size());
  return steps;
}

std::vector<PushChoice> cheapest(const std::vector<Push>& pushes) {
  const std::size_t count = pushes.size();
  std::vector<PushChoice> best(count + 1);
  std::vector<std::size_t> repeats(kMostPhases + 1, 0);
  for (std::size_t p = count; p-- > 0;) {
    const auto own = static_cast<std::int64_t>(pushes[p].size());
    best[p] = {best[p + 1].bytes + (own == 0 ? 0 : kPushBytes + own * kStatementBytes), 1, 1};
    for (std::size_t l = 1; l <= kMostPhases && p + l < count; ++l) {
      repeats[l] = same(pushes[p], pushes[p + l]) ? repeats[l] + 1 : 0;
      const std::size_t rounds = repeats[l] / l + 1;
      if (rounds < 2) continue;
      const std::int64_t bytes = 2 * kPushBytes + static_cast<std::int64_t>(l) * kPhaseBytes +
                                 steps_in(pushes, p, l) * kLoopStepBytes +
                                 best[p + l * rounds].bytes;
      if (bytes < best[p].bytes) best[p] = {bytes, l, rounds};
    }
  }
  return best;
}

// The statements of a phase, with the rows that each advances by from round to round.
Schedule phase_of(const std::vector<Push>& pushes, std::size_t row, std::size_t phases) {
  if (pushes[row].empty()) return {};
  ScheduleBlock block;
  for (std::size_t i = 0; i < pushes[row].size(); ++i) {
    const Step& step = pushes[row][i];
    block.steps.push_back({step, pushes[row + phases][i].first_row - step.first_row});
  }
  return {block};
}

std::int64_t schedule_bytes(const Schedule& schedule, bool& table) {
  std::int64_t bytes = 0;
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
  return bytes;
}

}  // namespace

std::vector<PushBlock> make_push_schedule(const Plan& plan) {
  const std::vector<Push> pushes = pushes_of(plan);
  const std::vector<PushChoice> best = cheapest(pushes);
  std::vector<PushBlock> blocks;
  for (std::size_t p = 0; p < pushes.size(); p += best[p].phases * best[p].rounds) {
    const PushChoice& choice = best[p];
    if (choice.rounds == 1 && pushes[p].empty()) continue;
    PushBlock block{static_cast<std::int64_t>(p), static_cast<std::int64_t>(choice.rounds), {}};
    for (std::size_t phase = 0; phase < choice.phases; ++phase) {
      block.phases.push_back(choice.rounds == 1 ? make_schedule(pushes[p])
                                                : phase_of(pushes, p + phase, choice.phases));
    }
    blocks.push_back(std::move(block));
  }
  return blocks;
}

std::int64_t schedule_bytes(const Plan& plan, std::size_t calls) {
  bool table = false;
  std::int64_t bytes = 0;
  if (plan.input_rows) {
    for (const PushBlock& block : make_push_schedule(plan)) {
      bytes += kPushBytes + (block.rounds > 1 ? kPushBytes : 0);
      for (const Schedule& phase : block.phases) {
        bytes += schedule_bytes(phase, table) + (block.phases.size() > 1 ? kPhaseBytes : 0);
      }
    }
  } else {
    bytes = schedule_bytes(make_schedule(plan.steps), table);
  }
  if (table) bytes += kPointerBytes * static_cast<std::int64_t>(calls);
  return bytes;
}

}  // namespace linnet
