// See segments.h.
#include "compiler/plan/segments.h"

#include <algorithm>
#include <array>
#include <limits>

namespace linnet {
namespace {

constexpr std::int64_t kInfinite = std::numeric_limits<std::int64_t>::max();
constexpr std::array<std::int64_t, 5> kBlocks{16, 8, 4, 2, 1};

// How long segments may be: tracing all of them up to this length takes about this many steps.
constexpr std::int64_t kWork = 20'000'000;
constexpr std::size_t kShortest = 12, kLongest = 80;

}  // namespace

Partitioner::Partitioner(const RowModel& model)
    : model_(model),
      born_(model.program().buffers.size(), -1),
      last_read_(model.program().buffers.size(), -1),
      live_before_(model.calls() + 1, 0),
      crossing_(model.calls() + 1),
      known_(model.calls()) {
  const Program& program = model.program();
  const auto calls = static_cast<std::int64_t>(model.calls());
  std::int64_t rows = 1;
  for (const KernelCall& call : program.calls) rows += call.run_rows;
  for (std::size_t b = 0; b < program.buffers.size(); ++b) {
    const BufferId id{b};
    if (!model.writers(id).empty())
      born_[id] = static_cast<std::int64_t>(model.writers(id).front());
    if (program.buffers[id].is_input) born_[id] = -1;
    for (const RowModel::Read& read : model.readers(id)) {
      last_read_[id] = std::max(last_read_[id], static_cast<std::int64_t>(read.call));
    }
    if (program.buffers[id].is_output) last_read_[id] = calls;
    for (std::int64_t at = std::max<std::int64_t>(born_[id] + 1, 0); at <= last_read_[id]; ++at) {
      live_before_[static_cast<std::size_t>(at)] += program.buffers[id].bytes();
      crossing_[static_cast<std::size_t>(at)].push_back(id);
    }
  }
  longest_ = kShortest;
  // Half of length^2 segments end at each call, and a segment's trace is as long as its rows.
  while (longest_ < kLongest && static_cast<std::int64_t>(longest_ * longest_) / 2 * rows < kWork) {
    ++longest_;
  }
  if (calls == 0 || !program.calls.front().is_input()) return;
  const BufferId input = RowModel::buffer_of(program.calls.front().output);
  const auto end = static_cast<std::size_t>(std::max<std::int64_t>(last_read_[input], 0)) + 1;
  if (model.may_be_ring(input) && end <= longest_) first_end_ = end;
}

std::int64_t Partitioner::passing(std::size_t first, std::size_t end) const {
  std::int64_t bytes = 0;
  for (const BufferId id : crossing_[first]) {
    if (last_read_[id] < static_cast<std::int64_t>(end)) continue;
    bytes += model_.program().buffers[id].bytes();
  }
  return bytes;
}

BufferId Partitioner::overwritten_input(std::size_t index) const {
  const Program& program = model_.program();
  const KernelCall& call = program.calls[index];
  if (call.may_overwrite < 0) return {};
  const auto chosen = static_cast<std::size_t>(call.may_overwrite);
  const RowsOperand& input = call.inputs[chosen];
  const BufferId from = RowModel::buffer_of(input);
  const BufferId to = RowModel::buffer_of(call.output);
  if (!from.valid() || from == to) return {};
  const Buffer& source = program.buffers[from];
  const Buffer& target = program.buffers[to];
  const auto here = static_cast<std::int64_t>(index);
  if (last_read_[from] != here || source.is_output || born_[to] != here) return {};
  // Of the buffers too, not only of what the call sees: a place has one row count and pitch.
  const bool same_place = !input.is_slice() && !call.output.is_slice() && input.first_byte == 0 &&
                          call.output.first_byte == 0 && input.row_bytes == call.output.row_bytes &&
                          target.row_bytes == source.row_bytes && target.rows <= source.rows;
  if (!same_place) return {};
  for (std::size_t i = 0; i < call.inputs.size(); ++i) {
    if (i != chosen && RowModel::buffer_of(call.inputs[i]) == from) return {};
  }
  return from;
}

std::int64_t Partitioner::bytes_of_one(std::size_t index) const {
  const KernelCall& call = model_.program().calls[index];
  const BufferId to = RowModel::buffer_of(call.output);
  std::int64_t bytes = live_before_[index] + call.scratch_bytes;
  if (born_[to] == static_cast<std::int64_t>(index)) bytes += model_.program().buffers[to].bytes();
  if (overwritten_input(index).valid()) bytes -= model_.program().buffers[to].bytes();
  return bytes;
}

std::int64_t Partitioner::whole_tensor_bytes() const {
  std::int64_t bytes = live_before(0);
  for (std::size_t c = 0; c < model_.calls(); ++c) bytes = std::max(bytes, bytes_of_one(c));
  return bytes;
}

Partitioner::Cost Partitioner::cost_of_one(std::size_t index) const {
  const KernelCall& call = model_.program().calls[index];
  std::int64_t bytes = bytes_of_one(index);
  if (call.is_input()) return {bytes, call.run_rows};
  if (overwritten_input(index).valid()) return {bytes, 1};
  for (const Chase& chase : trace_segment(model_, index, index + 1, call.run_rows).chases) {
    bytes -= chase.saved_bytes;
  }
  return {bytes, 1};
}

Partitioner::Cost Partitioner::cost_of_trace(std::size_t first, std::size_t end,
                                             std::int64_t block_rows) const {
  const Program& program = model_.program();
  const SegmentTrace trace = trace_segment(model_, first, end, block_rows);
  const auto steps = static_cast<std::int64_t>(trace.steps.size());
  std::vector<std::int64_t> change(static_cast<std::size_t>(steps) + 1, 0);
  const auto live = [&](std::int64_t from, std::int64_t to, std::int64_t bytes) {
    change[static_cast<std::size_t>(from)] += bytes;
    change[static_cast<std::size_t>(to) + 1] -= bytes;
  };
  std::int64_t always = passing(first, end);
  for (const BufferTrace& buffer : trace.buffers) {
    if (buffer.lies_in.valid()) continue;
    const BufferId id = buffer.buffer;
    const bool before = born_[id] < static_cast<std::int64_t>(first);
    const bool after = last_read_[id] >= static_cast<std::int64_t>(end);
    if (before && after) continue;  // it is among those that pass
    live(before ? 0 : buffer.first_step, after ? steps - 1 : buffer.last_step,
         buffer.capacity_rows * program.buffers[id].row_bytes);
  }
  for (const Chase& chase : trace.chases) {
    live(chase.first_step, chase.last_step, -chase.saved_bytes);
  }
  std::vector<std::int64_t> first_use(end - first, -1), last_use(end - first, -1);
  for (std::int64_t s = 0; s < steps; ++s) {
    const std::size_t c = trace.steps[static_cast<std::size_t>(s)].call.index() - first;
    if (first_use[c] < 0) first_use[c] = s;
    last_use[c] = s;
  }
  std::int64_t scratch = 0, scratch_first = steps, scratch_last = -1;  // what several calls share
  for (std::size_t c = first; c < end; ++c) {
    const KernelCall& call = program.calls[c];
    if (call.consumes) {
      live(first_use[c - first], last_use[c - first], call.scratch_bytes);
    } else if (call.scratch_bytes > 0) {
      scratch = std::max(scratch, call.scratch_bytes);
      scratch_first = std::min(scratch_first, first_use[c - first]);
      scratch_last = std::max(scratch_last, last_use[c - first]);
    }
  }
  if (scratch > 0) live(scratch_first, scratch_last, scratch);
  std::int64_t bytes = always;
  std::int64_t peak = always;
  for (std::int64_t s = 0; s < steps; ++s) {
    bytes += change[static_cast<std::size_t>(s)];
    peak = std::max(peak, bytes);
  }
  return {peak, steps};
}

Partitioner::Cost Partitioner::cost_of(std::size_t first, std::size_t end,
                                       std::int64_t block_rows) {
  if (end == first + 1) return cost_of_one(first);
  if (block_rows != 1) return cost_of_trace(first, end, block_rows);
  std::vector<Cost>& row = known_[first];
  if (row.size() < end - first) row.resize(end - first);
  Cost& cost = row[end - first - 1];
  if (cost.peak_bytes < 0) cost = cost_of_trace(first, end, 1);
  return cost;
}

Partition Partitioner::whole() {
  std::vector<SegmentChoice> segments;
  if (model_.calls() > 0) segments.push_back({0, first_end_, 1});
  for (std::size_t c = first_end_; c < model_.calls(); ++c) segments.push_back({c, c + 1, 1});
  return evaluate(std::move(segments));
}

Partition Partitioner::evaluate(std::vector<SegmentChoice> segments) {
  Partition partition;
  partition.peak_bytes = live_before(0);
  for (const SegmentChoice& segment : segments) {
    const Cost cost = cost_of(segment.first, segment.end, segment.block_rows);
    partition.peak_bytes = std::max(partition.peak_bytes, cost.peak_bytes);
    partition.steps += cost.steps;
  }
  partition.segments = std::move(segments);
  return partition;
}

Partition Partitioner::lowest_peak() {
  const std::size_t calls = model_.calls();
  std::vector<std::int64_t> best(calls + 1, kInfinite);
  best[0] = live_before(0);
  for (std::size_t j = 1; j <= calls; ++j) {
    for (std::size_t i = j; i-- > 0 && j - i <= longest_;) {
      if (best[j] == live_before(j)) break;  // no partition has less at this cut
      if (best[i] >= best[j] || !may_be_segment(i, j)) continue;
      best[j] = std::min(best[j], std::max(best[i], cost_of(i, j, 1).peak_bytes));
    }
  }
  std::optional<Partition> partition = fewest_steps(best[calls]);
  return *std::move(partition);
}

std::optional<Partition> Partitioner::fewest_steps(std::int64_t budget_bytes) {
  const std::size_t calls = model_.calls();
  std::vector<std::int64_t> cost(calls + 1, kInfinite);
  std::vector<SegmentChoice> choice(calls + 1);
  std::vector<std::int64_t> peak(calls + 1, 0);
  cost[0] = 0;
  peak[0] = live_before(0);
  for (std::size_t j = 1; j <= calls; ++j) {
    for (std::size_t i = j; i-- > 0 && j - i <= longest_;) {
      if (cost[i] == kInfinite || live_before(i) > budget_bytes || !may_be_segment(i, j)) continue;
      // A segment takes at least a step for each of its calls.
      if (cost[j] != kInfinite && cost[i] + static_cast<std::int64_t>(j - i) >= cost[j]) continue;
      Cost found = cost_of(i, j, 1);
      if (found.peak_bytes > budget_bytes) continue;
      std::int64_t block = 1;
      for (const std::int64_t rows : kBlocks) {
        // What the application gives by rows is worked on as it comes, a row at a time.
        if (rows == 1 || j == i + 1 || (i == 0 && first_end_ > 1)) break;
        const Cost larger = cost_of_trace(i, j, rows);
        if (larger.peak_bytes > budget_bytes || larger.steps >= found.steps) continue;
        found = larger;
        block = rows;
        break;
      }
      if (cost[j] != kInfinite && cost[i] + found.steps >= cost[j]) continue;
      cost[j] = cost[i] + found.steps;
      choice[j] = {i, j, block};
      peak[j] = std::max(peak[i], found.peak_bytes);
    }
  }
  if (cost[calls] == kInfinite) return std::nullopt;
  Partition partition;
  partition.peak_bytes = peak[calls];
  partition.steps = cost[calls];
  for (std::size_t j = calls; j > 0; j = choice[j].first) partition.segments.push_back(choice[j]);
  std::reverse(partition.segments.begin(), partition.segments.end());
  return partition;
}

}  // namespace linnet
