// Whole-tensor plans of random programs: always sound, close to the lower bound, and the checker notices every fault.
#include <catch2/catch.hpp>

#include "compiler/lower/lower.h"
#include "compiler/plan/place.h"
#include "compiler/plan/plan.h"
#include "compiler/plan/target.h"
#include "tests/plan/random_program.h"

namespace {

using namespace linnet;

const Target kOneBank{"one", {MemoryBank{"ram", {}, 0, true}}, {}, 0};

Plan planned(const Program& program, const Target& target) {
  Result<Plan> plan = make_plan(program, target, {PlanMode::whole});
  if (!plan) FAIL(format(plan.diagnostics()));
  return *std::move(plan);
}

bool sound(const Program& program, const Plan& plan, const Target& target) {
  return static_cast<bool>(check(program, plan, target));
}

}  // namespace

TEST_CASE("random programs get sound plans near the lower bound") {
  std::int64_t arena = 0;
  std::int64_t bound = 0;
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    const Program program = testing::random_program(seed, 3 + seed % 30);
    REQUIRE(verify(program));
    const Plan plan = planned(program, kOneBank);
    INFO("seed " << seed << "\n" << print(program, plan));
    const Result<Nothing> checked = check(program, plan, kOneBank);
    if (!checked) FAIL_CHECK(format(checked.diagnostics()));
    CHECK(plan.arena_bytes >= plan.lower_bound_bytes);
    arena += plan.arena_bytes;
    bound += plan.lower_bound_bytes;
  }
  // Buffers of tens of bytes on 8- and 32-byte boundaries: rounding alone costs some of this.
  CHECK(static_cast<double>(arena) < 1.25 * static_cast<double>(bound));
}

TEST_CASE("inputs and outputs lie in the banks that were asked for") {
  const Target target{
      "banks", {MemoryBank{"fast", 4096, 0, false}, MemoryBank{"slow", 65536, 1, true}}, {}, 0};
  PlanOptions options;
  options.input_bank = "fast";
  options.output_bank = "slow";
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    const Program program = testing::random_row_program(seed, 12);
    const Result<Plan> plan = make_plan(program, target, options);
    REQUIRE(plan);
    CHECK(sound(program, *plan, target));
    const auto bank_of = [&](const RowsOperand& port) {
      const auto place =
          static_cast<std::size_t>(plan->placement_of[std::get<BufferId>(port.source)]);
      return plan->placements[place].bank;
    };
    for (const RowsOperand& port : program.inputs) CHECK(bank_of(port) == 0);
    for (const RowsOperand& port : program.outputs) CHECK(bank_of(port) == 1);
  }
}

TEST_CASE("banks keep their limits and what peripherals cannot reach holds no port") {
  Target target{
      "banks", {MemoryBank{"fast", 128, 0, false}, MemoryBank{"slow", 4096, 1, true}}, {}, 0};
  std::int64_t fast_bytes = 0;
  for (std::uint64_t seed = 1; seed <= 30; ++seed) {
    const Program program = testing::random_program(seed, 20);
    const Plan plan = planned(program, target);
    INFO("seed " << seed << "\n" << print(program, plan));
    CHECK(sound(program, plan, target));
    CHECK(plan.banks[0].used_bytes <= 128);
    fast_bytes += plan.banks[0].used_bytes;
    for (const RowsOperand& port : program.inputs) {
      const auto place =
          static_cast<std::size_t>(plan.placement_of[std::get<BufferId>(port.source)]);
      CHECK(plan.placements[place].bank == 1);
    }
  }
  CHECK(fast_bytes > 0);
}

TEST_CASE("the checker rejects a plan with two live buffers on the same bytes") {
  std::size_t rejected = 0;
  std::size_t tried = 0;
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    const Program program = testing::random_program(seed, 12);
    const Plan plan = planned(program, kOneBank);
    for (std::size_t a = 0; a < plan.placements.size(); ++a) {
      for (std::size_t b = 0; b < plan.placements.size(); ++b) {
        const Placement& p = plan.placements[a];
        const Placement& q = plan.placements[b];
        if (a == b || p.first_step > q.last_step || q.first_step > p.last_step) continue;
        Plan moved = plan;
        moved.placements[a].offset = q.offset;
        moved.banks[0].used_bytes += 4096;  // so that only the overlap is wrong
        moved.arena_bytes += 4096;
        ++tried;
        rejected += sound(program, moved, kOneBank) ? 0 : 1;
      }
    }
  }
  CHECK(tried > 100);
  CHECK(rejected == tried);
}

TEST_CASE("the checker sees through lifetimes that claim too little") {
  // Two buffers on the same bytes whose placements claim not to live together: only running the steps shows it.
  std::size_t tried = 0;
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    const Program program = testing::random_program(seed, 12);
    const Plan plan = planned(program, kOneBank);
    for (std::size_t a = 0; a < plan.placements.size(); ++a) {
      for (std::size_t b = 0; b < plan.placements.size(); ++b) {
        const Placement& p = plan.placements[a];
        const Placement& q = plan.placements[b];
        const bool q_is_made_while_p_lives = p.buffer.valid() && q.buffer.valid() &&
                                             q.first_step > p.first_step &&
                                             q.first_step < p.last_step;
        if (a == b || !q_is_made_while_p_lives) continue;
        Plan lying = plan;
        lying.placements[a].last_step = q.first_step - 1;
        lying.placements[b].offset = p.offset;
        lying.banks[0].used_bytes += 4096;
        lying.arena_bytes += 4096;
        ++tried;
        INFO("seed " << seed << ": " << p.name << " under " << q.name);
        CHECK_FALSE(sound(program, lying, kOneBank));
      }
    }
  }
  CHECK(tried > 20);
}

TEST_CASE("the checker rejects missing, doubled and reordered steps and short rings") {
  const Program program = testing::random_program(7, 10);
  const Plan plan = planned(program, kOneBank);
  REQUIRE(sound(program, plan, kOneBank));

  Plan missing = plan;
  missing.steps.pop_back();
  CHECK_FALSE(sound(program, missing, kOneBank));

  Plan doubled = plan;
  doubled.steps.push_back(doubled.steps.back());
  CHECK_FALSE(sound(program, doubled, kOneBank));

  Plan reversed = plan;
  std::reverse(reversed.steps.begin(), reversed.steps.end());
  CHECK_FALSE(sound(program, reversed, kOneBank));

  Plan outside = plan;
  outside.placements[0].offset = outside.banks[0].used_bytes;
  CHECK_FALSE(sound(program, outside, kOneBank));

  bool ring_tested = false;
  for (std::size_t i = 0; i < plan.placements.size(); ++i) {
    const Placement& place = plan.placements[i];
    if (!place.buffer.valid() || place.capacity_rows < 2 || place.first_step == place.last_step)
      continue;
    Plan ring = plan;
    ring.placements[i].capacity_rows = 1;
    CHECK_FALSE(sound(program, ring, kOneBank));
    ring_tested = true;
  }
  CHECK(ring_tested);
}

TEST_CASE("an elementwise call takes over the bytes of an input that dies") {
  Program program;
  const auto buffer = [&](const char* name) {
    RowsOperand operand;
    operand.rows = 4;
    operand.row_bytes = 16;
    operand.source = program.buffers.push(Buffer{name, 4, 16, 8, false, false});
    return operand;
  };
  const RowsOperand a = buffer("a");
  const RowsOperand b = buffer("b");
  const RowsOperand c = buffer("c");
  program.buffers[BufferId{0}].is_input = true;
  program.buffers[BufferId{2}].is_output = true;
  program.inputs = {a};
  program.outputs = {c};
  for (const auto& [from, to] : {std::pair{a, b}, std::pair{b, c}}) {
    KernelCall call;
    call.kernel = "lut_s8";
    call.inputs = {from};
    call.windows = {RowWindow{}};
    call.output = to;
    call.run_rows = 4;
    call.may_overwrite = 0;
    program.calls.push_back(call);
  }
  const Plan plan = planned(program, kOneBank);
  CHECK(plan.arena_bytes == 64);
  CHECK(sound(program, plan, kOneBank));

  // With a second, later reader the bytes stay.
  KernelCall later = program.calls.back();
  later.inputs = {b};
  later.output = buffer("d");
  program.buffers[BufferId{3}].is_output = true;
  program.outputs.push_back(later.output);
  program.calls.push_back(later);
  const Plan wider = planned(program, kOneBank);
  CHECK(wider.arena_bytes == 128);
  CHECK(sound(program, wider, kOneBank));
}

TEST_CASE("a network that does not fit says by how much and where") {
  const Program program = testing::random_program(3, 12);
  const Target small{"small", {MemoryBank{"ram", 64, 0, true}}, {}, 0};
  const Result<Plan> plan = make_plan(program, small, {PlanMode::whole});
  REQUIRE_FALSE(plan);
  const Diagnostic& diagnostic = plan.diagnostics().front();
  CHECK(diagnostic.code == "E301");
  CHECK(exit_code(plan.diagnostics()) == 3);
  CHECK_THAT(diagnostic.message,
             Catch::Contains("does not fit the RAM of small (64 bytes in 1 banks)"));
  CHECK_THAT(diagnostic.message, Catch::Contains("the peak is set by layer 'call"));
}

TEST_CASE("targets are found by name") {
  const Result<Target> target = find_target("stm32h743");
  REQUIRE(target);
  CHECK(target->banks.front().name == "dtcm");
  CHECK_FALSE(target->banks.front().dma);
  CHECK(target->flash_bytes == 2 * 1024 * 1024);
  REQUIRE(find_target("cortex-m7"));
  CHECK_FALSE(find_target("cortex-m7")->banks.front().size_bytes);
  const Result<Target> unknown = find_target("stm32");
  REQUIRE_FALSE(unknown);
  CHECK(format(unknown.diagnostics()) ==
        "E303 unknown target 'stm32'; known targets: cortex-m7, stm32h743; or give "
        "a file, as docs/boards.md shows\n");
}
