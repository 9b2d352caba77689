// Scratch for what the application calls after run(): by then nothing of the arenas is needed but the outputs, so that it
// nearly always lies in bytes that the run had anyway; see plan.h.
#include <fmt/format.h>

#include <algorithm>

#include "compiler/plan/plan.h"

namespace linnet {
namespace {

constexpr std::int64_t kAlignment = 8;

std::int64_t aligned(std::int64_t offset) {
  return (offset + kAlignment - 1) / kAlignment * kAlignment;
}

// The first offset in the bank with so many bytes behind it that neither an output nor a front end takes; it may lie beyond
// the arena.
std::int64_t first_gap(const Plan& plan, const Program& program, std::size_t bank,
                       std::int64_t bytes) {
  std::vector<std::pair<std::int64_t, std::int64_t>> taken;
  const auto keep = [&](std::int32_t index) {
    const Placement& place = plan.placements[static_cast<std::size_t>(index)];
    if (static_cast<std::size_t>(place.bank) == bank)
      taken.emplace_back(place.offset, place.offset + place.bytes);
  };
  for (const RowsOperand& output : program.outputs)
    keep(plan.placement_of[std::get<BufferId>(output.source)]);
  if (plan.front_end >= 0) keep(plan.front_end);
  std::sort(taken.begin(), taken.end());
  std::int64_t offset = 0;
  for (const auto& [begin, end] : taken) {
    if (offset + bytes <= begin) break;
    offset = std::max(offset, aligned(end));
  }
  return offset;
}

}  // namespace

Result<Nothing> place_after_run(Plan& plan, const Program& program, const Target& target,
                                std::int64_t bytes) {
  if (bytes == 0) return ok();
  std::int64_t least = -1;  // growth of the arena
  for (std::size_t b = 0; b < target.banks.size(); ++b) {
    const std::int64_t offset = first_gap(plan, program, b, bytes);
    const std::optional<std::int64_t>& size = target.banks[b].size_bytes;
    if (size && offset + bytes > *size) continue;
    const std::int64_t growth =
        std::max<std::int64_t>(offset + bytes - plan.banks[b].used_bytes, 0);
    if (least >= 0 && growth >= least) continue;
    least = growth;
    Placement placement;
    placement.name = "scratch of detect()";
    placement.is_scratch = true;
    placement.bytes = bytes;
    placement.first_step = placement.last_step = static_cast<std::int64_t>(plan.steps.size());
    placement.bank = static_cast<std::int32_t>(b);
    placement.offset = offset;
    plan.after_run = placement;
  }
  if (least < 0) {
    // E301: no bank has room beside the outputs.
    return Diagnostic{
        "E301", "", "",
        fmt::format("detect() needs {} bytes beside the outputs, which no bank of {} has", bytes,
                    target.name),
        "use a smaller input, another --target, or --outputs tensor"};
  }
  BankUse& bank = plan.banks[static_cast<std::size_t>(plan.after_run->bank)];
  bank.used_bytes += least;
  plan.arena_bytes += least;
  return ok();
}

}  // namespace linnet
