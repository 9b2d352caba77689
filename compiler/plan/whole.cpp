// The whole-tensor plan: one call a segment, all its rows in one step, every tensor whole.
//
// A buffer lives from the step that makes it (before the first step for an input) to its last
// reader (to the end for an output). An output takes over the bytes of an input that dies in the
// same step where the kernel allows it.
#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "compiler/plan/place.h"
#include "compiler/plan/plan.h"

namespace linnet {
namespace {

struct Lifetime {
  std::int64_t first = -1, last = -1;
  bool used = false;

  void include(std::int64_t step) {
    first = used ? std::min(first, step) : step;
    last = used ? std::max(last, step) : step;
    used = true;
  }
};

const BufferId* buffer_of(const RowsOperand& operand) {
  return std::get_if<BufferId>(&operand.source);
}

IdVector<BufferId, Lifetime> lifetimes(const Program& program) {
  IdVector<BufferId, Lifetime> lives(program.buffers.size());
  for (const RowsOperand& input : program.inputs) lives[*buffer_of(input)].include(-1);
  for (std::size_t c = 0; c < program.calls.size(); ++c) {
    const auto step = static_cast<std::int64_t>(c);
    for (const RowsOperand& input : program.calls[c].inputs) {
      if (const BufferId* id = buffer_of(input)) lives[*id].include(step);
    }
    lives[*buffer_of(program.calls[c].output)].include(step);
  }
  const std::int64_t end = static_cast<std::int64_t>(program.calls.size()) - 1;
  for (const RowsOperand& output : program.outputs) {
    lives[*buffer_of(output)].include(std::max<std::int64_t>(end, -1));
  }
  return lives;
}

// The input buffer whose bytes the call's output may take over, or none.
BufferId overwritten_input(const Program& program, const IdVector<BufferId, Lifetime>& lives,
                           std::size_t call_index) {
  const KernelCall& call = program.calls[call_index];
  if (call.may_overwrite < 0) return {};
  const auto chosen = static_cast<std::size_t>(call.may_overwrite);
  const RowsOperand& input = call.inputs[chosen];
  const BufferId* from = buffer_of(input);
  const BufferId to = *buffer_of(call.output);
  if (from == nullptr || *from == to) return {};
  const Buffer& source = program.buffers[*from];
  const bool dies_here =
      lives[*from].last == static_cast<std::int64_t>(call_index) && !source.is_output;
  const bool born_here = lives[to].first == static_cast<std::int64_t>(call_index);
  // Of the buffers too, not only of what the call sees: a place has one row count and pitch.
  const Buffer& target = program.buffers[to];
  const bool same_place = input.first_byte == 0 && call.output.first_byte == 0 &&
                          input.row_bytes == call.output.row_bytes &&
                          target.row_bytes == source.row_bytes && target.rows <= source.rows;
  if (!dies_here || !born_here || !same_place) return {};
  for (std::size_t i = 0; i < call.inputs.size(); ++i) {
    const BufferId* other = buffer_of(call.inputs[i]);
    if (i != chosen && other != nullptr && *other == *from) return {};
  }
  return *from;
}

// Buffers and scratch as placements without a place.
void list_placements(const Program& program, const IdVector<BufferId, Lifetime>& lives,
                     Plan& plan) {
  plan.placement_of = IdVector<BufferId, std::int32_t>(program.buffers.size(), -1);
  plan.scratch_of_call.assign(program.calls.size(), -1);
  const auto add_buffer = [&](BufferId id) {
    const Buffer& buffer = program.buffers[id];
    if (!lives[id].used || plan.placement_of[id] >= 0) return;
    plan.placement_of[id] = static_cast<std::int32_t>(plan.placements.size());
    plan.placements.push_back({buffer.name, id, CallId{}, buffer.rows, buffer.bytes(),
                               lives[id].first, lives[id].last, 0, 0});
  };
  for (const RowsOperand& input : program.inputs) add_buffer(*buffer_of(input));
  for (std::size_t c = 0; c < program.calls.size(); ++c) {
    const KernelCall& call = program.calls[c];
    const BufferId to = *buffer_of(call.output);
    const BufferId from = overwritten_input(program, lives, c);
    if (from.valid() && plan.placement_of[to] < 0) {
      plan.placement_of[to] = plan.placement_of[from];
      Placement& shared = plan.placements[static_cast<std::size_t>(plan.placement_of[from])];
      shared.last_step = lives[to].last;
    } else {
      add_buffer(to);
    }
    if (call.scratch_bytes > 0) {
      const auto step = static_cast<std::int64_t>(c);
      plan.scratch_of_call[c] = static_cast<std::int32_t>(plan.placements.size());
      plan.placements.push_back({"scratch of " + call.origin.name, BufferId{}, CallId{c}, 1,
                                 call.scratch_bytes, step, step, 0, 0});
    }
  }
}

std::vector<PlaceItem> place_items(const Program& program, const Plan& plan) {
  std::vector<PlaceItem> items;
  for (const Placement& placement : plan.placements) {
    items.push_back({placement.bytes, placement.first_step, placement.last_step, 8, false});
  }
  for (std::size_t b = 0; b < program.buffers.size(); ++b) {
    const BufferId id{b};
    if (plan.placement_of[id] < 0) continue;
    const Buffer& buffer = program.buffers[id];
    PlaceItem& item = items[static_cast<std::size_t>(plan.placement_of[id])];
    item.alignment = std::max(item.alignment, buffer.alignment);
    item.needs_dma = item.needs_dma || buffer.is_input || buffer.is_output;
  }
  return items;
}

// "layer 'Conv_7' (Conv2d 3x3), where 315 KiB live at once"
std::string describe_peak(const Program& program, const LowerBound& bound) {
  if (bound.step < 0 || program.calls.empty())
    return fmt::format("the inputs, {} bytes", bound.bytes);
  const KernelCall& call = program.calls[static_cast<std::size_t>(bound.step)];
  return fmt::format("layer '{}' ({}), where {} bytes live at once", call.origin.name, call.op,
                     bound.bytes);
}

Diagnostic does_not_fit(const Program& program, const Target& target,
                        const std::vector<PlaceItem>& items, const LowerBound& bound) {
  std::int64_t capacity = 0;
  for (const MemoryBank& bank : target.banks) capacity += bank.size_bytes.value_or(0);
  MemoryBank endless;
  endless.name = "ram";
  const PlaceResult best = place(items, std::span(&endless, 1));
  const bool in_float =
      !program.calls.empty() && program.calls.back().output_type.dtype == DType::f32;
  // E301: the arenas do not fit the target's banks.
  return {
      "E301", "", "",
      fmt::format(
          "the network does not fit the RAM of {} ({} bytes in {} banks): the best reached is {} "
          "bytes in one piece; the peak is set by {}",
          target.name, capacity, target.banks.size(), best.total_bytes,
          describe_peak(program, bound)),
      in_float ? "give calibration data (--calibrate): int8 takes a quarter"
               : "use a smaller input or a narrower network, or another --target"};
}

}  // namespace

Result<Plan> plan_whole_tensors(const Program& program, const Target& target,
                                std::optional<std::int64_t> arena_limit_bytes) {
  Plan plan;
  for (std::size_t c = 0; c < program.calls.size(); ++c) {
    plan.segments.push_back({CallId{c}, CallId{c}});
    plan.steps.push_back({CallId{c}, 0, program.calls[c].run_rows});
  }
  list_placements(program, lifetimes(program), plan);

  const std::vector<PlaceItem> items = place_items(program, plan);
  const LowerBound bound = lower_bound(items);
  const PlaceResult result = place(items, target.banks, arena_limit_bytes);
  if (!result.fits) return does_not_fit(program, target, items, bound);

  for (std::size_t i = 0; i < items.size(); ++i) {
    plan.placements[i].bank = result.places[i].bank;
    plan.placements[i].offset = result.places[i].offset;
  }
  for (const std::int64_t bytes : result.bank_bytes) plan.banks.push_back({bytes});
  plan.arena_bytes = result.total_bytes;
  plan.lower_bound_bytes = bound.bytes;
  plan.whole_tensor_bytes = bound.bytes;
  plan.peak_step = static_cast<std::int32_t>(std::max<std::int64_t>(bound.step, 0));
  return plan;
}

}  // namespace linnet
