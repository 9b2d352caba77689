// Rows in time: what a run of calls does when rows are pulled through it, depth first.
//
//   conv 3x3 ──a──► conv 3x3 stride 2 ──b──► conv 1x1 ──► c          one row of c wants one row of b,
//                                                                   three of a: the ring of a has
//   rows made:  a0 a1 b0 c0  a2 a3 b1 c1  a4 a5 b2 c2 ...           three rows, that of b has one
//
// A segment is a run of calls. Rows are pulled from its far end; a call runs as soon as the rows under its window exist;
// a row is dead when no reader will come back to it. Nothing is computed twice. From the walk come the steps (who makes
// which rows, in order) and, for each tensor, how many rows are ever alive at once.
#pragma once

#include <cstdint>
#include <vector>

#include "compiler/plan/plan.h"

namespace linnet {

// Who writes and reads each buffer, in the buffer's own rows whatever shape an operand gives them.
class RowModel {
 public:
  explicit RowModel(const Program& program);

  struct Read {
    std::size_t call;
    std::size_t input;
  };

  const Program& program() const { return program_; }
  std::size_t calls() const { return program_.calls.size(); }
  const std::vector<Read>& readers(BufferId buffer) const { return readers_[buffer]; }
  // The calls that write the buffer, in order.
  const std::vector<std::size_t>& writers(BufferId buffer) const { return writers_[buffer]; }
  // The calls that write what the call reads of the buffer behind its input: those of the slices that it sees.
  const std::vector<std::size_t>& sources(std::size_t call, std::size_t input) const {
    return sources_[call][input];
  }
  // Every operand sees the buffer's own rows, and one call writes it or each its own slice: it may be a ring.
  bool may_be_ring(BufferId buffer) const { return may_be_ring_[buffer]; }
  // The buffer behind an operand; none for a constant.
  static BufferId buffer_of(const RowsOperand& operand);

  // Rows [first, end) of the buffer behind input `input` that the call reads to run rows
  // [first_row, first_row + row_count).
  RowRange rows_read(std::size_t call, std::size_t input, std::int64_t first_row,
                     std::int64_t row_count) const;
  // Rows of the output buffer that are complete after `run_rows` rows of the call.
  std::int64_t rows_written(std::size_t call, std::int64_t run_rows) const;

 private:
  const Program& program_;
  IdVector<BufferId, std::vector<Read>> readers_;
  IdVector<BufferId, std::vector<std::size_t>> writers_;
  std::vector<std::vector<std::vector<std::size_t>>> sources_;  // by call and input
  IdVector<BufferId, bool> may_be_ring_;
};

// What a buffer did during a segment; steps count from the segment's first.
struct BufferTrace {
  BufferId buffer;
  std::int64_t capacity_rows = 0;  // most rows alive at once; all rows when it is not a ring
  std::int64_t first_step = -1, last_step = -1;
  // Valid: its rows lie in those of this buffer, into which an elementwise call turns them; nothing of its own is needed.
  BufferId lies_in;
};

// Two whole buffers, of which one grows as the other dies:
//
//   addresses ──►   |grows: written so far ──►|      |dies: still read   |
//
// When `dies` begins at least `gap_bytes` above the beginning of `grows`, no row is written over one that is still read.
struct Chase {
  BufferId grows, dies;
  std::int64_t gap_bytes = 0;
  std::int64_t first_step = 0, last_step = 0;  // both live
  std::int64_t saved_bytes = 0;                // of those that both would take apart
};

struct SegmentTrace {
  std::vector<Step> steps;
  std::vector<BufferTrace> buffers;  // those that the segment's calls write or read
  std::vector<Chase> chases;         // of each buffer at most one
};

// Pulls all rows through calls [first, end), at most `block_rows` rows at a time. Buffers that are not written in the
// segment are whole; those that are read after it, or by the application, become whole.
SegmentTrace trace_segment(const RowModel& model, std::size_t first, std::size_t end,
                           std::int64_t block_rows);

// With the input by rows the planner's own program has one call more, the first, that stands for the application.
Program with_input_call(const Program& program);

}  // namespace linnet
