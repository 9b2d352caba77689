// From a partition of the calls to a plan: the steps of all segments in a row, how long each buffer lives in them and how
// many of its rows it holds, and where it lies.
//
// A buffer lives from the step that begins it (before the first step for an input) to its last reader (to the end for an
// output). An output takes over the bytes of an input that dies in the same step where the kernel allows it. The scratch
// areas of a segment's calls are one: only one call runs at a time.
#include "compiler/plan/plan.h"

#include <fmt/format.h>

#include <algorithm>

#include "compiler/plan/place.h"
#include "compiler/plan/segments.h"

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

// What a buffer needs in the whole plan.
struct BufferNeed {
  Lifetime life;
  std::int64_t capacity_rows = 0;
  BufferId lies_in;  // the buffer whose place it shares, inside its segment
};

class Assembler {
 public:
  Assembler(const RowModel& model, const Partitioner& partitioner, bool ports_apart)
      : model_(model),
        program_(model.program()),
        partitioner_(partitioner),
        ports_apart_(ports_apart),
        needs_(program_.buffers.size()) {}

  Plan assemble(const Partition& partition) {
    plan_.placement_of = IdVector<BufferId, std::int32_t>(program_.buffers.size(), -1);
    plan_.scratch_of_call.assign(program_.calls.size(), -1);
    for (const RowsOperand& input : program_.inputs) {
      BufferNeed& need = needs_[RowModel::buffer_of(input)];
      need.life.include(-1);
      need.capacity_rows = program_.buffers[RowModel::buffer_of(input)].rows;
    }
    for (const SegmentChoice& segment : partition.segments) add_segment(segment);
    const std::int64_t end = static_cast<std::int64_t>(plan_.steps.size()) - 1;
    for (const RowsOperand& output : program_.outputs) {
      BufferNeed& need = needs_[RowModel::buffer_of(output)];
      need.life.include(std::max<std::int64_t>(end, -1));
      need.capacity_rows = program_.buffers[RowModel::buffer_of(output)].rows;
    }
    place_buffers(partition);
    place_chases();
    return std::move(plan_);
  }

 private:
  void add_segment(const SegmentChoice& segment) {
    const auto base = static_cast<std::int64_t>(plan_.steps.size());
    plan_.segments.push_back(
        {CallId{segment.first}, CallId{segment.end - 1}, segment.block_rows, base});
    const bool single = segment.end == segment.first + 1;
    const std::int64_t block = single ? program_.calls[segment.first].run_rows : segment.block_rows;
    const SegmentTrace trace = trace_segment(model_, segment.first, segment.end, block);
    plan_.steps.insert(plan_.steps.end(), trace.steps.begin(), trace.steps.end());
    for (const BufferTrace& buffer : trace.buffers) {
      BufferNeed& need = needs_[buffer.buffer];
      need.lies_in = buffer.lies_in;
      if (need.lies_in.valid()) continue;
      need.life.include(base + buffer.first_step);
      need.life.include(base + buffer.last_step);
      need.capacity_rows = std::max(need.capacity_rows, buffer.capacity_rows);
    }
    if (!single || !partitioner_.overwritten_input(segment.first).valid()) {
      for (const Chase& chase : trace.chases) {
        chases_.push_back({chase, base + chase.first_step, base + chase.last_step});
      }
    }
    add_scratch(segment, trace, base);
  }

  // A call that consumes rows keeps its scratch from its first step to its last; the others share one.
  void add_scratch(const SegmentChoice& segment, const SegmentTrace& trace, std::int64_t base) {
    Placement shared;
    Lifetime shared_life;
    std::vector<Lifetime> lives(segment.end - segment.first);
    for (std::size_t s = 0; s < trace.steps.size(); ++s) {
      const std::size_t c = trace.steps[s].call.index();
      lives[c - segment.first].include(base + static_cast<std::int64_t>(s));
      const KernelCall& call = program_.calls[c];
      if (call.scratch_bytes == 0 || call.consumes) continue;
      shared_life.include(base + static_cast<std::int64_t>(s));
      shared.bytes = std::max(shared.bytes, call.scratch_bytes);
    }
    const auto add = [&](std::size_t c, Placement placement, const Lifetime& life) {
      placement.name = "scratch of " + program_.calls[c].origin.name;
      placement.first_step = life.first;
      placement.last_step = life.last;
      placement.is_scratch = true;
      plan_.placements.push_back(std::move(placement));
      return static_cast<std::int32_t>(plan_.placements.size()) - 1;
    };
    std::int32_t shared_index = -1;
    for (std::size_t c = segment.first; c < segment.end; ++c) {
      const KernelCall& call = program_.calls[c];
      if (call.scratch_bytes == 0) continue;
      if (call.consumes) {
        Placement own;
        own.bytes = call.scratch_bytes;
        plan_.scratch_of_call[c] = add(c, own, lives[c - segment.first]);
      } else {
        if (shared_index < 0) shared_index = add(c, shared, shared_life);
        plan_.scratch_of_call[c] = shared_index;
      }
    }
  }

  void add_buffer(BufferId id) {
    const Buffer& buffer = program_.buffers[id];
    const BufferNeed& need = needs_[id];
    if (!need.life.used || plan_.placement_of[id] >= 0) return;
    plan_.placement_of[id] = static_cast<std::int32_t>(plan_.placements.size());
    Placement placement;
    placement.name = buffer.name;
    placement.buffer = id;
    placement.capacity_rows = need.capacity_rows;
    placement.bytes = need.capacity_rows * buffer.row_bytes;
    placement.first_step = need.life.first;
    placement.last_step = need.life.last;
    plan_.placements.push_back(std::move(placement));
  }

  void place_buffers(const Partition& partition) {
    std::vector<bool> single(program_.calls.size(), false);
    for (const SegmentChoice& segment : partition.segments) {
      single[segment.first] = segment.end == segment.first + 1;
    }
    for (const RowsOperand& input : program_.inputs) add_buffer(RowModel::buffer_of(input));
    for (std::size_t c = 0; c < program_.calls.size(); ++c) {
      const BufferId to = RowModel::buffer_of(program_.calls[c].output);
      const BufferId from = single[c] ? partitioner_.overwritten_input(c) : BufferId{};
      if (from.valid() && plan_.placement_of[to] < 0 && !keeps_apart(from, to)) {
        plan_.placement_of[to] = plan_.placement_of[from];
        Placement& shared = plan_.placements[static_cast<std::size_t>(plan_.placement_of[from])];
        shared.last_step = needs_[to].life.last;
      } else {
        add_buffer(to);
      }
    }
    for (std::size_t b = 0; b < program_.buffers.size(); ++b) {
      const BufferId into = needs_[BufferId{b}].lies_in;
      if (into.valid()) plan_.placement_of[BufferId{b}] = plan_.placement_of[into];
    }
  }

  // Where the two buffers have places of their own at that time.
  void place_chases() {
    for (const auto& [chase, first_step, last_step] : chases_) {
      const std::int32_t grows = plan_.placement_of[chase.grows];
      const std::int32_t dies = plan_.placement_of[chase.dies];
      if (grows < 0 || dies < 0 || grows == dies) continue;
      if (plan_.placements[static_cast<std::size_t>(grows)].first_step != first_step) continue;
      if (plan_.placements[static_cast<std::size_t>(dies)].last_step != last_step) continue;
      plan_.chases.push_back({grows, dies, chase.gap_bytes});
    }
  }

  // An output never takes the place of an input when the two have banks of their own.
  bool keeps_apart(BufferId from, BufferId to) const {
    if (!ports_apart_ || !program_.buffers[to].is_output) return false;
    const std::int32_t place = plan_.placement_of[from];
    return std::any_of(program_.inputs.begin(), program_.inputs.end(), [&](const auto& input) {
      return plan_.placement_of[RowModel::buffer_of(input)] == place;
    });
  }

  const RowModel& model_;
  const Program& program_;
  const Partitioner& partitioner_;
  bool ports_apart_;
  IdVector<BufferId, BufferNeed> needs_;
  struct TimedChase {
    Chase chase;
    std::int64_t first_step, last_step;  // of the plan
  };
  std::vector<TimedChase> chases_;
  Plan plan_;
};

// The plan of a program with_input_call() as one of the program itself.
Plan without_input_call(Plan plan, BufferId input) {
  const auto shifted = [](CallId call) {
    return call.index() == 0 ? CallId{} : CallId{call.index() - 1};
  };
  for (Step& step : plan.steps) step.call = shifted(step.call);
  std::vector<Segment> segments;
  for (Segment segment : plan.segments) {
    if (segment.last.index() == 0) continue;
    segment.first = segment.first.index() == 0 ? CallId{0} : shifted(segment.first);
    segment.last = shifted(segment.last);
    if (segments.empty()) segment.first_step = 0;
    segments.push_back(segment);
  }
  plan.segments = std::move(segments);
  plan.scratch_of_call.erase(plan.scratch_of_call.begin());
  // The first row may be written at any time before the first step.
  plan.placements[static_cast<std::size_t>(plan.placement_of[input])].first_step = -1;
  plan.input_rows = true;
  return plan;
}

// The front end's memory is live from before the first step to the end.
void add_front_end(Plan& plan, std::int64_t bytes) {
  if (bytes == 0) return;
  plan.front_end = static_cast<std::int32_t>(plan.placements.size());
  Placement placement;
  placement.name = "front end";
  placement.bytes = bytes;
  placement.first_step = -1;
  placement.last_step = std::max<std::int64_t>(static_cast<std::int64_t>(plan.steps.size()) - 1, 0);
  plan.placements.push_back(std::move(placement));
}

std::int32_t bank_index(const Target& target, const std::string& name) {
  for (std::size_t b = 0; b < target.banks.size(); ++b) {
    if (target.banks[b].name == name) return static_cast<std::int32_t>(b);
  }
  return -1;
}

std::vector<PlaceItem> place_items(const Program& program, const Plan& plan, const Target& target,
                                   const PlanOptions& options) {
  const std::int32_t input_bank = bank_index(target, options.input_bank);
  const std::int32_t output_bank = bank_index(target, options.output_bank);
  std::vector<PlaceItem> items;
  for (const Placement& placement : plan.placements) {
    PlaceItem item;
    item.bytes = placement.bytes;
    item.first_step = placement.first_step;
    item.last_step = placement.last_step;
    items.push_back(item);
  }
  // Each step reads the rows under its window and writes what it makes.
  for (const Step& step : plan.steps) {
    if (!step.call.valid()) continue;
    const KernelCall& call = program.calls[step.call.index()];
    const auto move = [&](const RowsOperand& operand, std::int64_t rows) {
      const BufferId id = RowModel::buffer_of(operand);
      if (!id.valid()) return;
      const std::int64_t row_bytes =
          operand.is_slice() ? operand.row_bytes / operand.pixel_pitch_bytes * operand.pixel_bytes
                             : operand.row_bytes;
      items[static_cast<std::size_t>(plan.placement_of[id])].moved_bytes += rows * row_bytes;
    };
    for (std::size_t i = 0; i < call.inputs.size(); ++i) {
      const RowRange rows =
          rows_under(call.windows[i], step.first_row, step.row_count, call.inputs[i].rows);
      move(call.inputs[i], rows.end - rows.first);
    }
    move(call.output, step.row_count);
    const std::int32_t scratch = plan.scratch_of_call[step.call.index()];
    if (scratch >= 0) {
      // Filled once and read for each output: hotter than any row.
      items[static_cast<std::size_t>(scratch)].moved_bytes += 8 * call.scratch_bytes;
    }
  }
  // Each row's transform goes over its memory some eight times.
  if (plan.front_end >= 0) {
    PlaceItem& item = items[static_cast<std::size_t>(plan.front_end)];
    item.moved_bytes = 8 * item.bytes * program.inputs.front().rows;
  }
  for (std::size_t b = 0; b < program.buffers.size(); ++b) {
    const BufferId id{b};
    if (plan.placement_of[id] < 0) continue;
    const Buffer& buffer = program.buffers[id];
    PlaceItem& item = items[static_cast<std::size_t>(plan.placement_of[id])];
    item.alignment = std::max(item.alignment, buffer.alignment);
    item.needs_dma = item.needs_dma || buffer.is_input || buffer.is_output;
    if (buffer.is_output && output_bank >= 0) item.only_bank = output_bank;
    if (buffer.is_input && input_bank >= 0) item.only_bank = input_bank;
  }
  return items;
}

// The step itself, or the first after it at which a kernel runs.
std::int64_t kernel_step(const Plan& plan, std::int64_t step) {
  step = std::max<std::int64_t>(step, 0);
  while (step + 1 < static_cast<std::int64_t>(plan.steps.size()) &&
         !plan.steps[static_cast<std::size_t>(step)].call.valid()) {
    ++step;
  }
  return step;
}

// "layer 'Conv_7' (Conv2d 3x3), where 315 KiB live at once"
std::string describe_peak(const Program& program, const Plan& plan, const LowerBound& bound) {
  if (bound.step < 0 || program.calls.empty())
    return fmt::format("the inputs, {} bytes", bound.bytes);
  const auto step = static_cast<std::size_t>(kernel_step(plan, bound.step));
  const KernelCall& call = program.calls[plan.steps[step].call.index()];
  return fmt::format("layer '{}' ({}), where {} bytes live at once", call.origin.name, call.op,
                     bound.bytes);
}

Diagnostic does_not_fit(const Program& program, const Plan& plan, const Target& target,
                        const std::vector<PlaceItem>& items, const std::vector<PlaceChase>& chases,
                        const LowerBound& bound) {
  std::int64_t capacity = 0;
  for (const MemoryBank& bank : target.banks) capacity += bank.size_bytes.value_or(0);
  MemoryBank endless;
  endless.name = "ram";
  const PlaceResult best = place(items, chases, std::span(&endless, 1));
  const bool in_float =
      !program.calls.empty() && program.calls.back().output_type.dtype == DType::f32;
  // E301: the arenas do not fit the target's banks.
  return {
      "E301", "", "",
      fmt::format(
          "the network does not fit the RAM of {} ({} bytes in {} banks): the best reached is {} "
          "bytes in one piece; the peak is set by {}",
          target.name, capacity, target.banks.size(), best.total_bytes,
          describe_peak(program, plan, bound)),
      in_float ? "give calibration data (--calibrate): int8 takes a quarter"
               : "use a smaller input or a narrower network, or another --target"};
}

// Plans for one program and target, by partition.
class Planner {
 public:
  Planner(const Program& program, const Target& target, const PlanOptions& options)
      : program_(program),
        target_(target),
        options_(options),
        fed_(options.input_rows ? with_input_call(program) : Program{}),
        model_(options.input_rows ? fed_ : program),
        partitioner_(model_),
        whole_(partitioner_.whole()) {}

  Result<Plan> run() {
    if (options_.mode == PlanMode::whole) return plan(whole_);
    std::optional<std::int64_t> limit = options_.arena_limit_bytes;
    if (!limit && options_.optimize == Optimize::speed) limit = capacity();
    if (options_.mode == PlanMode::rows || (!limit && options_.optimize == Optimize::ram)) {
      return plan(partitioner_.lowest_peak());
    }
    return cheapest_within(limit);
  }

  std::vector<Plan> front() {
    std::vector<Plan> plans;
    const auto offer = [&](const std::optional<Partition>& partition) {
      if (!partition) return;
      Result<Plan> made = plan(*partition);
      if (made) plans.push_back(*std::move(made));
    };
    const Partition lowest = partitioner_.lowest_peak();
    offer(lowest);
    constexpr std::int64_t kPoints = 16;
    for (std::int64_t i = 1; i < kPoints; ++i) {
      const std::int64_t room = whole_.peak_bytes - lowest.peak_bytes;
      // Closer together near the least RAM, where a little buys most.
      offer(partitioner_.fewest_steps(lowest.peak_bytes + room * i * i / (kPoints * kPoints)));
    }
    offer(whole_);
    std::stable_sort(plans.begin(), plans.end(), [](const Plan& a, const Plan& b) {
      return a.arena_bytes != b.arena_bytes ? a.arena_bytes < b.arena_bytes
                                            : a.steps.size() < b.steps.size();
    });
    std::vector<Plan> kept;
    for (Plan& plan : plans) {
      if (kept.empty() || plan.steps.size() < kept.back().steps.size())
        kept.push_back(std::move(plan));
    }
    return kept;
  }

 private:
  // Of all banks together; none when one is endless.
  std::optional<std::int64_t> capacity() const {
    std::int64_t bytes = 0;
    for (const MemoryBank& bank : target_.banks) {
      if (!bank.size_bytes) return std::nullopt;
      bytes += *bank.size_bytes;
    }
    return bytes;
  }

  // The fewest steps whose arenas are within the limit. Bytes alive are not yet arenas: gaps between buffers, and between
  // banks, may ask for a tighter partition.
  Result<Plan> cheapest_within(std::optional<std::int64_t> limit) {
    if (!limit) return plan(whole_);
    constexpr int kTries = 6;
    std::int64_t budget = *limit - options_.front_end_bytes;
    for (int i = 0; i < kTries; ++i) {
      const std::optional<Partition> partition =
          whole_.peak_bytes <= budget ? whole_ : partitioner_.fewest_steps(budget);
      if (!partition) break;
      Result<Plan> made = plan(*partition);
      if (made && made->arena_bytes <= *limit) return made;
      const std::int64_t over = made ? made->arena_bytes - *limit : *limit / 16;
      budget = std::min(budget, partition->peak_bytes) - std::max<std::int64_t>(over, 64);
    }
    return plan(partitioner_.lowest_peak());
  }

  Result<Plan> plan(const Partition& partition) {
    Plan plan = Assembler(model_, partitioner_, options_.input_bank != options_.output_bank)
                    .assemble(partition);
    if (options_.input_rows) {
      plan = without_input_call(std::move(plan), RowModel::buffer_of(program_.inputs.front()));
    }
    add_front_end(plan, options_.front_end_bytes);
    const std::vector<PlaceItem> items = place_items(program_, plan, target_, options_);
    std::vector<PlaceChase> chases;
    for (const PlacedChase& chase : plan.chases) {
      chases.push_back({static_cast<std::size_t>(chase.grows), static_cast<std::size_t>(chase.dies),
                        chase.gap_bytes});
    }
    const LowerBound bound = lower_bound(items, chases);
    const PlaceResult result = place(items, chases, target_.banks,
                                     {options_.fast_bank_percent(), options_.arena_limit_bytes});
    if (!result.fits) return does_not_fit(program_, plan, target_, items, chases, bound);
    for (std::size_t i = 0; i < items.size(); ++i) {
      plan.placements[i].bank = result.places[i].bank;
      plan.placements[i].offset = result.places[i].offset;
    }
    for (const std::int64_t bytes : result.bank_bytes) plan.banks.push_back({bytes});
    plan.arena_bytes = result.total_bytes;
    plan.lower_bound_bytes = bound.bytes;
    plan.whole_tensor_bytes = partitioner_.whole_tensor_bytes();
    plan.peak_step = static_cast<std::int32_t>(kernel_step(plan, bound.step));
    const Result<Nothing> found =
        place_after_run(plan, program_, target_, options_.after_run_bytes);
    if (!found) return found.diagnostics();
    return plan;
  }

  const Program& program_;
  const Target& target_;
  PlanOptions options_;
  Program fed_;  // with the application's call, when it gives rows
  RowModel model_;
  Partitioner partitioner_;
  Partition whole_;
};

}  // namespace

std::vector<Plan> pareto_front(const Program& program, const Target& target,
                               const PlanOptions& options) {
  PlanOptions unlimited = options;
  unlimited.arena_limit_bytes.reset();
  return Planner(program, target, unlimited).front();
}

Result<Plan> make_plan(const Program& program, const Target& target, const PlanOptions& options) {
  return Planner(program, target, options).run();
}

}  // namespace linnet
