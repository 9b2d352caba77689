// Which calls run as one segment: a partition of the calls, in their order, by dynamic programming over the cut points.
//
//   best[j] = min over i of max(best[i], peak of segment [i, j))        the lowest peak, and then
//   cost[j] = min over i of cost[i] + steps of segment [i, j)           the fewest steps (kernel calls) within a budget
//
// A segment of one call makes all its rows in one step. A longer one pulls rows through; in blocks as large as the budget
// allows, because a call for many rows costs less than many calls.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "compiler/plan/rows.h"

namespace linnet {

struct SegmentChoice {
  std::size_t first = 0, end = 0;  // calls [first, end)
  std::int64_t block_rows = 1;     // rows a step at most; a segment of one call ignores it
};

struct Partition {
  std::vector<SegmentChoice> segments;
  std::int64_t peak_bytes = 0;  // most bytes alive at a step, whatever their addresses
  std::int64_t steps = 0;
};

class Partitioner {
 public:
  explicit Partitioner(const RowModel& model);

  // One segment for each call (but for an input by rows and its readers).
  Partition whole();
  // What one segment for each call takes when nothing grows where another dies: the plan of tools that know whole tensors.
  std::int64_t whole_tensor_bytes() const;
  // The lowest peak; of those partitions one with few steps.
  Partition lowest_peak();
  // The fewest steps with a peak of at most `budget_bytes`; none when that cannot be.
  std::optional<Partition> fewest_steps(std::int64_t budget_bytes);

  // That partition: its peak and its steps.
  Partition evaluate(std::vector<SegmentChoice> segments);

  // The input whose place the call's output takes when the call is a segment of its own, or none.
  BufferId overwritten_input(std::size_t call) const;

 private:
  struct Cost {
    std::int64_t peak_bytes = -1;  // -1: not known yet
    std::int64_t steps = 0;
  };
  bool may_be_segment(std::size_t first, std::size_t end) const {
    return first > 0 || end >= first_end_;
  }
  Cost cost_of(std::size_t first, std::size_t end, std::int64_t block_rows);
  std::int64_t bytes_of_one(std::size_t call) const;
  Cost cost_of_one(std::size_t call) const;
  Cost cost_of_trace(std::size_t first, std::size_t end, std::int64_t block_rows) const;
  // Bytes of buffers made before call `at` and read at or after it.
  std::int64_t live_before(std::size_t at) const { return live_before_[at]; }
  // Bytes of buffers that live across [first, end) without being touched in it.
  std::int64_t passing(std::size_t first, std::size_t end) const;

  const RowModel& model_;
  IdVector<BufferId, std::int64_t> born_, last_read_;  // calls; born -1: an input
  std::vector<std::int64_t> live_before_;
  std::vector<std::vector<BufferId>> crossing_;  // those buffers, for each cut
  std::size_t longest_ = 1;                      // segment that is tried
  // The end of the first segment, at least: when the application gives the input by rows, its readers are in one segment
  // with it, so that it is not held whole.
  std::size_t first_end_ = 1;
  std::vector<std::vector<Cost>> known_;  // [first][end - first - 1], of block_rows 1
};

}  // namespace linnet
