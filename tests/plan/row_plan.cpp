// Plans by rows: sound for random programs, never worse than whole tensors, the best partition there is, and what the
// worked example of docs/row-planner.md says; the checker notices rings that are too short and steps out of order.
#include <catch2/catch.hpp>

#include "compiler/emit/schedule.h"
#include "compiler/lower/lower.h"
#include "compiler/plan/draw.h"
#include "compiler/plan/plan.h"
#include "compiler/plan/segments.h"
#include "tests/plan/random_program.h"

namespace {

using namespace linnet;

const Target kRam{"one", {MemoryBank{"ram", {}, 0, true}}, {}, 0};

Plan must_plan(const Program& program, const PlanOptions& options) {
  Result<Plan> plan = make_plan(program, kRam, options);
  if (!plan) FAIL(format(plan.diagnostics()));
  return *std::move(plan);
}

bool is_sound(const Program& program, const Plan& plan) {
  return static_cast<bool>(check(program, plan, kRam));
}

// A chain: each call reads the buffer before it.
struct ChainLink {
  std::int64_t rows, row_bytes;
  std::int32_t stride, pad, extent;
};
Program chain(std::int64_t rows, std::int64_t row_bytes, const std::vector<ChainLink>& links) {
  Program program;
  RowsOperand last;
  const auto add = [&](std::int64_t count, std::int64_t bytes) {
    Buffer buffer;
    buffer.name = "t" + std::to_string(program.buffers.size());
    buffer.rows = count;
    buffer.row_bytes = bytes;
    last.rows = count;
    last.row_bytes = bytes;
    last.source = program.buffers.push(buffer);
  };
  add(rows, row_bytes);
  program.buffers[BufferId{0}].is_input = true;
  program.inputs.push_back(last);
  for (const ChainLink& link : links) {
    KernelCall call;
    call.kernel = "lut_s8";
    call.op = "Conv";
    call.origin = {"call" + std::to_string(program.calls.size()), "Conv"};
    call.inputs = {last};
    call.windows = {RowWindow{false, link.stride, link.pad, link.extent, {}}};
    add(link.rows, link.row_bytes);
    call.output = last;
    call.run_rows = link.rows;
    program.calls.push_back(call);
  }
  program.buffers[std::get<BufferId>(last.source)].is_output = true;
  program.outputs.push_back(last);
  return program;
}

Program narrowing_chain() {
  return chain(32, 16,
               {{32, 64, 1, 1, 3},
                {32, 96, 1, 1, 3},
                {16, 96, 2, 1, 3},
                {16, 128, 1, 1, 3},
                {8, 128, 2, 1, 3},
                {8, 24, 1, 0, 1}});
}

std::vector<Step> expand(const Schedule& schedule) {
  std::vector<Step> steps;
  for (const ScheduleBlock& block : schedule) {
    for (std::int64_t round = 0; round < block.rounds; ++round) {
      for (const ScheduledStep& scheduled : block.steps) {
        steps.push_back(scheduled.step);
        steps.back().first_row += round * scheduled.stride;
      }
    }
  }
  return steps;
}

}  // namespace

TEST_CASE("row plans of random programs are sound and take no more than whole tensors") {
  std::int64_t rows_bound = 0;
  std::int64_t whole_bound = 0;
  for (std::uint64_t seed = 1; seed <= 400; ++seed) {
    const Program program = testing::random_row_program(seed, 2 + seed % 24);
    REQUIRE(verify(program));
    const Plan whole = must_plan(program, {PlanMode::whole});
    const Plan rows = must_plan(program, {PlanMode::rows});
    INFO("seed " << seed << "\n" << print(program) << print(program, rows));
    const Result<Nothing> checked = check(program, rows, kRam);
    if (!checked) FAIL(format(checked.diagnostics()));
    CHECK(rows.lower_bound_bytes <= whole.lower_bound_bytes);
    CHECK(rows.whole_tensor_bytes >= whole.lower_bound_bytes);
    CHECK(rows.whole_tensor_bytes == whole.whole_tensor_bytes);
    rows_bound += rows.lower_bound_bytes;
    whole_bound += whole.lower_bound_bytes;
  }
  CHECK(rows_bound * 20 < whole_bound * 19);  // many outputs, which are whole
}

TEST_CASE("the peak that segments are chosen by is the plan's lower bound") {
  for (std::uint64_t seed = 1; seed <= 100; ++seed) {
    const Program program = testing::random_row_program(seed, 2 + seed % 16);
    const RowModel model(program);
    Partitioner partitioner(model);
    const Partition partition = partitioner.lowest_peak();
    const Plan plan = must_plan(program, {PlanMode::rows});
    INFO("seed " << seed);
    CHECK(partition.peak_bytes == plan.lower_bound_bytes);
    CHECK(partition.steps == static_cast<std::int64_t>(plan.steps.size()));
  }
}

TEST_CASE("no partition has a lower peak than the one found") {
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    const Program program = testing::random_row_program(seed, 2 + seed % 7);
    const std::size_t calls = program.calls.size();
    if (calls > 9) continue;
    const RowModel model(program);
    Partitioner partitioner(model);
    const std::int64_t found = partitioner.lowest_peak().peak_bytes;
    for (std::uint32_t cuts = 0; cuts < (1u << (calls - 1)); ++cuts) {
      std::vector<SegmentChoice> segments{{0, 0, 1}};
      for (std::size_t c = 0; c < calls; ++c) {
        segments.back().end = c + 1;
        if (c + 1 < calls && ((cuts >> c) & 1u) != 0) segments.push_back({c + 1, c + 1, 1});
      }
      INFO("seed " << seed << " cuts " << cuts);
      CHECK(partitioner.evaluate(segments).peak_bytes >= found);
    }
  }
}

TEST_CASE("fewer steps are taken the more RAM there is, never more than allowed") {
  const Program program = narrowing_chain();
  const Plan least = must_plan(program, {PlanMode::rows});
  const Plan whole = must_plan(program, {PlanMode::whole});
  REQUIRE(least.arena_bytes < whole.arena_bytes);
  std::size_t steps = least.steps.size();
  for (int i = 0; i <= 4; ++i) {
    PlanOptions options;
    options.arena_limit_bytes = least.arena_bytes + (whole.arena_bytes - least.arena_bytes) * i / 4;
    const Plan plan = must_plan(program, options);
    CHECK(plan.arena_bytes <= *options.arena_limit_bytes);
    CHECK(plan.steps.size() <= steps);
    steps = plan.steps.size();
  }
  CHECK(steps == program.calls.size());
}

TEST_CASE("the Pareto front goes from the least RAM to the fewest kernel calls") {
  const Program program = narrowing_chain();
  const std::vector<Plan> front = pareto_front(program, kRam);
  REQUIRE(front.size() >= 2);
  CHECK(front.front().arena_bytes == must_plan(program, {PlanMode::rows}).arena_bytes);
  CHECK(front.back().steps.size() == program.calls.size());
  for (std::size_t i = 0; i < front.size(); ++i) {
    CHECK(is_sound(program, front[i]));
    if (i == 0) continue;
    CHECK(front[i].arena_bytes > front[i - 1].arena_bytes);
    CHECK(front[i].steps.size() < front[i - 1].steps.size());
  }
}

TEST_CASE("a plan's picture has a box for each placement and a band for each segment") {
  Program program = testing::random_row_program(5, 12);
  program.buffers[BufferId{0}].name = "a<b>&\"c\"";
  const Plan plan = must_plan(program, {PlanMode::rows});
  const std::string picture = draw_svg(program, plan, kRam);
  const auto count = [&](const std::string& text) {
    std::size_t found = 0;
    for (std::size_t at = picture.find(text); at != std::string::npos;
         at = picture.find(text, at + 1)) {
      ++found;
    }
    return found;
  };
  CHECK(count(" rows, steps ") == plan.placements.size());
  CHECK(count("<title>segment ") == plan.segments.size());
  CHECK(count("lower bound " + std::to_string(plan.lower_bound_bytes)) == 1);
  CHECK(count("a<b>") == 0);
  CHECK(count("a&lt;b&gt;&amp;&quot;c&quot;: ") == 1);
  CHECK(picture.starts_with("<svg "));
  CHECK(picture.ends_with("</svg>\n"));
}

// docs/row-planner.md works this one out by hand.
TEST_CASE("the worked example of the documentation") {
  const Program program = chain(8, 8, {{8, 32, 1, 1, 3}, {4, 32, 2, 1, 3}, {4, 16, 1, 0, 1}});
  const Plan whole = must_plan(program, {PlanMode::whole});
  const Plan rows = must_plan(program, {PlanMode::rows});
  CHECK(whole.whole_tensor_bytes == 256 + 128);
  CHECK(whole.lower_bound_bytes == 32 + 256);
  CHECK(rows.lower_bound_bytes == (8 + 64) + 3 * 32 + 32);
  CHECK(rows.arena_bytes == rows.lower_bound_bytes);
  REQUIRE(rows.segments.size() == 1);
  const auto place = [&](std::size_t buffer) {
    return rows.placements[static_cast<std::size_t>(rows.placement_of[BufferId{buffer}])];
  };
  CHECK(place(1).capacity_rows == 3);
  CHECK(place(2).capacity_rows == 1);
  CHECK(place(3).capacity_rows == 4);
  REQUIRE(rows.chases.size() == 1);
  CHECK(rows.chases[0].gap_bytes == 8);
  CHECK(place(0).offset - place(3).offset == 8);
}

TEST_CASE("an output grows into the rows that its input frees, and no further") {
  std::size_t chases = 0;
  std::size_t noticed = 0;
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    const Program program = testing::random_row_program(seed, 2 + seed % 12);
    const Plan plan = must_plan(program, {seed % 2 == 0 ? PlanMode::rows : PlanMode::whole});
    for (const PlacedChase& chase : plan.chases) {
      const Placement& dies = plan.placements[static_cast<std::size_t>(chase.dies)];
      const Placement& grows = plan.placements[static_cast<std::size_t>(chase.grows)];
      const bool overlap =
          grows.offset < dies.offset + dies.bytes && dies.offset < grows.offset + grows.bytes;
      if (!overlap) continue;
      ++chases;
      CHECK(dies.offset - grows.offset >= chase.gap_bytes);
      Plan broken = plan;  // eight bytes closer than the gap allows
      const std::int64_t closer = (dies.offset - grows.offset - chase.gap_bytes) / 8 * 8 + 8;
      broken.placements[static_cast<std::size_t>(chase.dies)].offset -= closer;
      if (broken.placements[static_cast<std::size_t>(chase.dies)].offset < 0) continue;
      if (!is_sound(program, broken)) ++noticed;
    }
  }
  CHECK(chases > 60);
  CHECK(noticed * 2 > chases);
}

TEST_CASE("an input that comes by rows is a ring, and its rows set off all the steps there are") {
  std::size_t rings = 0;
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    const Program program = testing::random_row_program(seed, 2 + seed % 20);
    PlanOptions options;
    options.mode = seed % 3 == 0 ? PlanMode::whole : PlanMode::rows;
    options.input_rows = true;
    const Plan plan = must_plan(program, options);
    INFO("seed " << seed << "\n" << print(program) << print(program, plan));
    const Result<Nothing> checked = check(program, plan, kRam);
    if (!checked) FAIL(format(checked.diagnostics()));
    const std::int64_t rows = program.inputs.front().rows;
    const BufferId input = std::get<BufferId>(program.inputs.front().source);
    const Placement& place = plan.placements[static_cast<std::size_t>(plan.placement_of[input])];
    if (place.capacity_rows < rows) ++rings;

    std::vector<Step> pushed;
    for (std::int64_t row = 0; row < rows; ++row) {
      for (const PushBlock& block : make_push_schedule(plan)) {
        if (row < block.first_row || row >= block.end_row()) continue;
        const auto period = static_cast<std::int64_t>(block.phases.size());
        const std::int64_t round = (row - block.first_row) / period;
        const Schedule& phase =
            block.phases[static_cast<std::size_t>((row - block.first_row) % period)];
        for (const ScheduleBlock& part : phase) {
          for (std::int64_t i = 0; i < part.rounds; ++i) {
            for (const ScheduledStep& scheduled : part.steps) {
              pushed.push_back(scheduled.step);
              pushed.back().first_row += scheduled.stride * (block.rounds > 1 ? round : i);
            }
          }
        }
      }
    }
    std::vector<Step> kernel_steps;
    for (const Step& step : plan.steps) {
      if (step.call.valid()) kernel_steps.push_back(step);
    }
    REQUIRE(pushed.size() == kernel_steps.size());
    for (std::size_t s = 0; s < pushed.size(); ++s) {
      CHECK(pushed[s].call == kernel_steps[s].call);
      CHECK(pushed[s].first_row == kernel_steps[s].first_row);
      CHECK(pushed[s].row_count == kernel_steps[s].row_count);
    }
  }
  CHECK(rings > 70);  // many of these programs read all rows of the input at once
}

TEST_CASE("a row of the input that is given too late is noticed") {
  const Program program = narrowing_chain();
  PlanOptions options;
  options.input_rows = true;
  const Plan plan = must_plan(program, options);
  REQUIRE(is_sound(program, plan));
  std::size_t tried = 0;
  for (std::size_t s = 0; s + 1 < plan.steps.size(); ++s) {
    if (plan.steps[s].call.valid() || !plan.steps[s + 1].call.valid()) continue;
    Plan broken = plan;
    std::swap(broken.steps[s], broken.steps[s + 1]);
    CHECK_FALSE(is_sound(program, broken));
    ++tried;
  }
  CHECK(tried > 20);
}

TEST_CASE("a ring that is too short and steps out of order are noticed") {
  const Program program = chain(12, 8, {{12, 24, 1, 1, 3}, {12, 24, 1, 1, 3}, {12, 8, 1, 1, 3}});
  const Plan plan = must_plan(program, {PlanMode::rows});
  REQUIRE(plan.segments.size() == 1);
  REQUIRE(is_sound(program, plan));
  for (const std::size_t buffer : {1u, 2u}) {
    Plan broken = plan;
    Placement& ring =
        broken.placements[static_cast<std::size_t>(broken.placement_of[BufferId{buffer}])];
    REQUIRE(ring.capacity_rows == 3);
    --ring.capacity_rows;
    CHECK_FALSE(is_sound(program, broken));
  }
  std::size_t noticed = 0;
  for (std::size_t s = 0; s + 1 < plan.steps.size(); ++s) {
    Plan broken = plan;
    std::swap(broken.steps[s], broken.steps[s + 1]);
    if (!is_sound(program, broken)) ++noticed;
  }
  CHECK(noticed * 2 > plan.steps.size());  // some neighbours do not depend on each other
}

TEST_CASE("schedules are the plan's steps, shorter") {
  std::size_t written = 0;
  std::size_t steps = 0;
  for (std::uint64_t seed = 1; seed <= 100; ++seed) {
    const Program program = testing::random_row_program(seed, 3 + seed % 20);
    const Plan plan = must_plan(program, {PlanMode::rows});
    const Schedule schedule = make_schedule(plan.steps);
    const std::vector<Step> expanded = expand(schedule);
    REQUIRE(expanded.size() == plan.steps.size());
    for (std::size_t s = 0; s < expanded.size(); ++s) {
      CHECK(expanded[s].call == plan.steps[s].call);
      CHECK(expanded[s].first_row == plan.steps[s].first_row);
      CHECK(expanded[s].row_count == plan.steps[s].row_count);
    }
    for (const ScheduleBlock& block : schedule) written += block.steps.size();
    steps += plan.steps.size();
  }
  CHECK(written * 2 < steps);
}
