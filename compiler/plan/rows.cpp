// See rows.h.
#include "compiler/plan/rows.h"

#include <algorithm>
#include <cassert>

namespace linnet {

BufferId RowModel::buffer_of(const RowsOperand& operand) {
  const auto* id = std::get_if<BufferId>(&operand.source);
  return id == nullptr ? BufferId{} : *id;
}

RowModel::RowModel(const Program& program)
    : program_(program),
      readers_(program.buffers.size()),
      writers_(program.buffers.size()),
      sources_(program.calls.size()),
      may_be_ring_(program.buffers.size(), true) {
  const auto look = [&](const RowsOperand& operand) {
    const BufferId id = buffer_of(operand);
    if (!id.valid()) return;
    const Buffer& buffer = program.buffers[id];
    if (buffer.is_input || buffer.is_output || operand.rows != buffer.rows ||
        operand.row_bytes != buffer.row_bytes || operand.first_byte >= buffer.row_bytes) {
      may_be_ring_[id] = false;
    }
  };
  for (std::size_t c = 0; c < program.calls.size(); ++c) {
    const KernelCall& call = program.calls[c];
    look(call.output);
    if (call.consumes) may_be_ring_[buffer_of(call.output)] = false;  // its row is begun early
    writers_[buffer_of(call.output)].push_back(c);
    for (std::size_t i = 0; i < call.inputs.size(); ++i) {
      look(call.inputs[i]);
      const BufferId id = buffer_of(call.inputs[i]);
      if (id.valid()) readers_[id].push_back({c, i});
    }
  }
  for (std::size_t b = 0; b < program.buffers.size(); ++b) {
    const BufferId id{b};
    const bool by_slices = std::all_of(writers_[id].begin(), writers_[id].end(), [&](auto writer) {
      return program.calls[writer].output.is_slice();
    });
    if (writers_[id].empty() || (writers_[id].size() > 1 && !by_slices)) may_be_ring_[id] = false;
  }
  for (std::size_t c = 0; c < program.calls.size(); ++c) {
    for (const RowsOperand& input : program.calls[c].inputs) {
      std::vector<std::size_t>& sources = sources_[c].emplace_back();
      const BufferId id = buffer_of(input);
      if (!id.valid()) continue;
      for (const std::size_t writer : writers_[id]) {
        if (share_bytes(input, program.calls[writer].output)) sources.push_back(writer);
      }
    }
  }
}

RowRange RowModel::rows_read(std::size_t call, std::size_t input, std::int64_t first_row,
                             std::int64_t row_count) const {
  const KernelCall& reader = program_.calls[call];
  const RowsOperand& operand = reader.inputs[input];
  const RowRange seen = rows_under(reader.windows[input], first_row, row_count, operand.rows);
  const Buffer& buffer = program_.buffers[buffer_of(operand)];
  if (operand.rows == buffer.rows && operand.row_bytes == buffer.row_bytes) return seen;
  const std::int64_t begin = operand.first_byte + seen.first * operand.row_bytes;
  const std::int64_t end = operand.first_byte + seen.end * operand.row_bytes;
  const std::int64_t pitch = std::max<std::int64_t>(buffer.row_bytes, 1);
  return {
      static_cast<std::int32_t>(begin / pitch),
      static_cast<std::int32_t>(std::min<std::int64_t>((end + pitch - 1) / pitch, buffer.rows))};
}

std::int64_t RowModel::rows_written(std::size_t call, std::int64_t run_rows) const {
  const KernelCall& writer = program_.calls[call];
  const std::int64_t made = rows_made(writer, run_rows);
  const Buffer& buffer = program_.buffers[buffer_of(writer.output)];
  if (made == writer.output.rows) return buffer.rows;
  if (writer.output.rows == buffer.rows) return made;
  return (writer.output.first_byte + made * writer.output.row_bytes) /
         std::max<std::int64_t>(buffer.row_bytes, 1);
}

namespace {

constexpr std::size_t kNone = static_cast<std::size_t>(-1);

// The walk through one segment.
class Walk {
 public:
  Walk(const RowModel& model, std::size_t first, std::size_t end, std::int64_t block_rows)
      : model_(model), first_(first), end_(end), block_rows_(block_rows), done_(end - first, 0) {
    for (std::size_t c = first; c < end; ++c) {
      const KernelCall& call = model.program().calls[c];
      for (const RowsOperand& input : call.inputs) index_of(RowModel::buffer_of(input));
      const std::size_t out = index_of(RowModel::buffer_of(call.output));
      states_[out].inside = true;
    }
    for (State& state : states_) {
      const BufferId id = state.trace.buffer;
      for (const RowModel::Read& read : model.readers(id)) {
        if (read.call >= end) state.read_later = true;
        if (read.call >= first && read.call < end) state.readers.push_back(read);
      }
      state.read_later = state.read_later || model.program().buffers[id].is_output;
      state.ring = state.inside && !state.read_later && model.may_be_ring(id);
      if (!state.inside) state.rows = model.program().buffers[id].rows;  // made before
      for (const std::size_t writer : model.writers(id)) {
        if (writer < first) state.ring = false;
      }
    }
    for (std::size_t c = first; c < end; ++c) lay_in_place(c);
    find_chases();
  }

  SegmentTrace run() {
    pull_ends();
    choose_chases();
    for (State& state : states_) {
      if (state.leader != kNone) {
        state.trace.lies_in = states_[leader_of(state.leader)].trace.buffer;
      } else if (!state.ring) {
        state.trace.capacity_rows = model_.program().buffers[state.trace.buffer].rows;
      }
      trace_.buffers.push_back(state.trace);
    }
    return std::move(trace_);
  }

 private:
  struct State {
    BufferTrace trace;
    std::vector<RowModel::Read> readers;  // inside the segment
    bool inside = false;                  // written in the segment
    bool read_later = false;
    bool ring = false;
    std::size_t leader = kNone;  // the state of the buffer that its rows lie in
    std::int64_t rows = 0;       // made by the writer that is furthest
    std::int64_t freed = 0;
    bool grows = false;  // a whole buffer that the segment fills and leaves behind
  };

  // An elementwise call turns each row into its result where it lies, when it is the row's only reader.
  void lay_in_place(std::size_t c) {
    const KernelCall& call = model_.program().calls[c];
    if (call.may_overwrite < 0 || call.consumes || end_ == first_ + 1) return;
    const auto chosen = static_cast<std::size_t>(call.may_overwrite);
    const RowsOperand& input = call.inputs[chosen];
    const RowWindow& window = call.windows[chosen];
    const BufferId from = RowModel::buffer_of(input);
    const BufferId to = RowModel::buffer_of(call.output);
    if (!from.valid() || from == to || model_.writers(to).size() != 1) return;
    if (input.is_slice() || call.output.is_slice() || model_.writers(from).size() != 1) return;
    const bool row_by_row = !window.whole && window.each.empty() && window.stride == 1 &&
                            window.pad_top == 0 && window.extent == 1;
    const Buffer& source = model_.program().buffers[from];
    const Buffer& target = model_.program().buffers[to];
    const bool same_rows = source.rows == target.rows && source.row_bytes == target.row_bytes &&
                           input.first_byte == 0 && call.output.first_byte == 0 &&
                           call.output.row_bytes == target.row_bytes &&
                           call.output.rows == target.rows;
    State& state = state_of(from);
    if (!row_by_row || !same_rows || !state.ring || model_.readers(from).size() != 1) return;
    state.leader = index_of(to);
  }
  std::size_t leader_of(std::size_t index) const {
    while (states_[index].leader != kNone) index = states_[index].leader;
    return index;
  }

  std::size_t index_of(BufferId id) {
    if (!id.valid()) return states_.size();
    if (index_.size() <= id.index()) index_.resize(id.index() + 1, -1);
    if (index_[id.index()] < 0) {
      index_[id.index()] = static_cast<std::int32_t>(states_.size());
      states_.emplace_back().trace.buffer = id;
    }
    return static_cast<std::size_t>(index_[id.index()]);
  }
  State& state_of(BufferId id) { return states_[static_cast<std::size_t>(index_[id.index()])]; }

  std::int64_t run_rows(std::size_t call) const { return model_.program().calls[call].run_rows; }
  std::int64_t& done(std::size_t call) { return done_[call - first_]; }

  // The calls whose rows somebody outside wants, each a little at a time, the one that is furthest behind first: then
  // what they share stays a ring.
  void pull_ends() {
    std::vector<std::size_t> ends;
    for (std::size_t c = first_; c < end_; ++c) {
      const State& state = state_of(RowModel::buffer_of(model_.program().calls[c].output));
      if (state.read_later || state.readers.empty()) ends.push_back(c);
    }
    for (;;) {
      std::size_t behind = end_;
      for (const std::size_t c : ends) {
        if (done(c) == run_rows(c)) continue;
        if (behind == end_ || done(c) * run_rows(behind) < done(behind) * run_rows(c)) behind = c;
      }
      if (behind == end_) break;
      run(behind);
    }
    // Rows that nobody reads (the last one under a stride of two) are made all the same: a layer's output is complete.
    for (std::size_t c = first_; c < end_; ++c) {
      while (done(c) < run_rows(c)) run(c);
    }
  }

  // Makes rows [0, rows) of the buffer behind an input exist, as far as the call sees them.
  void pull(std::size_t c, std::size_t input, std::int64_t rows) {
    for (const std::size_t writer : model_.sources(c, input)) {
      if (writer < first_ || writer >= end_ || writer == c) continue;
      while (model_.rows_written(writer, done(writer)) < rows) run(writer);
    }
  }

  void run(std::size_t c) {
    const KernelCall& call = model_.program().calls[c];
    const std::int64_t row = done(c);
    // The application gives one row at a time: all that a row allows is done before the next one.
    const std::int64_t count = call.is_input() ? 1 : std::min(block_rows_, call.run_rows - row);
    assert(count > 0);
    for (std::size_t i = 0; i < call.inputs.size(); ++i) {
      const BufferId id = RowModel::buffer_of(call.inputs[i]);
      if (id.valid()) pull(c, i, model_.rows_read(c, i, row, count).end);
    }
    assert(done(c) == row);
    const auto step = static_cast<std::int64_t>(trace_.steps.size());
    trace_.steps.push_back({CallId{c}, row, count});
    if (!dying_.empty()) widen_gaps(c, row, count);
    done(c) = row + count;

    State& out = state_of(RowModel::buffer_of(call.output));
    out.rows = std::max(out.rows, model_.rows_written(c, row + count));
    State& place = states_[leader_of(index_of(out.trace.buffer))];
    use(place, step);
    if (place.ring) {
      place.trace.capacity_rows = std::max(place.trace.capacity_rows, out.rows - place.freed);
      if (out.readers.empty()) out.freed = out.rows;
    }
    for (const RowsOperand& input : call.inputs) {
      const BufferId id = RowModel::buffer_of(input);
      if (!id.valid()) continue;
      State& in = state_of(id);
      use(states_[leader_of(index_of(id))], step);
      if (in.ring) in.freed = std::max(in.freed, lowest_needed(in));
    }
  }

  static void use(State& state, std::int64_t step) {
    if (state.trace.first_step < 0) state.trace.first_step = step;
    state.trace.last_step = step;
  }

  // The first row that a reader will still come back to.
  std::int64_t lowest_needed(const State& state) {
    std::int64_t lowest = state.rows;
    for (const RowModel::Read& read : state.readers) {
      const std::int64_t row = done(read.call);
      if (row == run_rows(read.call)) continue;
      lowest =
          std::min<std::int64_t>(lowest, model_.rows_read(read.call, read.input, row, 1).first);
    }
    return lowest;
  }

  // ---- whole buffers that grow as others die (Chase) ----

  void find_chases() {
    for (std::size_t s = 0; s < states_.size(); ++s) {
      State& state = states_[s];
      const Buffer& buffer = model_.program().buffers[state.trace.buffer];
      if (!state.inside) {
        if (!state.read_later && !state.readers.empty() && buffer.rows > 1)
          dying_.push_back({s, {}});
      } else if (state.read_later && !state.ring &&
                 model_.writers(state.trace.buffer).size() == 1) {
        const KernelCall& call = model_.program().calls[model_.writers(state.trace.buffer).front()];
        state.grows = !call.consumes && !call.output.is_slice();
      }
    }
    for (Dying& dying : dying_) dying.gaps.assign(states_.size(), -1);
  }

  // The call is about to make rows of a growing buffer: in blocks, each written when what it needs has been read.
  void widen_gaps(std::size_t c, std::int64_t first_row, std::int64_t row_count) {
    const KernelCall& call = model_.program().calls[c];
    const std::size_t to = leader_of(index_of(RowModel::buffer_of(call.output)));
    if (!states_[to].grows || call.consumes) return;
    for (Dying& dying : dying_) {
      const State& from = states_[dying.state];
      const std::int64_t pitch = model_.program().buffers[from.trace.buffer].row_bytes;
      for (std::int64_t row = first_row; row < first_row + row_count; row += call.block_rows) {
        done(c) = row;
        const std::int64_t end = std::min(row + call.block_rows, first_row + row_count);
        const std::int64_t top =
            call.output.first_byte + rows_made(call, end) * call.output.row_bytes;
        dying.gaps[to] = std::max(dying.gaps[to], top - lowest_needed(from) * pitch);
      }
      done(c) = first_row;
    }
  }

  void choose_chases() {
    std::vector<Chase> found;
    for (const Dying& dying : dying_) {
      const State& from = states_[dying.state];
      const Buffer& dies = model_.program().buffers[from.trace.buffer];
      for (std::size_t s = 0; s < states_.size(); ++s) {
        const State& to = states_[s];
        if (dying.gaps[s] < 0 || to.leader != kNone) continue;
        const std::int64_t apart = dies.bytes() + model_.program().buffers[to.trace.buffer].bytes();
        const std::int64_t together = std::max(dying.gaps[s] + dies.bytes(), apart - dies.bytes());
        if (together >= apart || to.trace.first_step > from.trace.last_step) continue;
        found.push_back({to.trace.buffer, from.trace.buffer, dying.gaps[s], to.trace.first_step,
                         from.trace.last_step, apart - together});
      }
    }
    std::stable_sort(found.begin(), found.end(),
                     [](const Chase& a, const Chase& b) { return a.saved_bytes > b.saved_bytes; });
    for (const Chase& chase : found) {
      const bool taken = std::any_of(trace_.chases.begin(), trace_.chases.end(), [&](auto& other) {
        return other.grows == chase.grows || other.dies == chase.dies;
      });
      if (!taken) trace_.chases.push_back(chase);
    }
  }

  struct Dying {
    std::size_t state;
    std::vector<std::int64_t> gaps;  // by growing state; -1: never written while this one is read
  };

  const RowModel& model_;
  std::size_t first_, end_;
  std::int64_t block_rows_;
  std::vector<Dying> dying_;
  std::vector<std::int64_t> done_;
  std::vector<std::int32_t> index_;
  std::vector<State> states_;
  SegmentTrace trace_;
};

}  // namespace

SegmentTrace trace_segment(const RowModel& model, std::size_t first, std::size_t end,
                           std::int64_t block_rows) {
  return Walk(model, first, end, block_rows).run();
}

Program with_input_call(const Program& program) {
  Program fed;
  fed.name = program.name;
  fed.buffers = program.buffers;
  fed.outputs = program.outputs;
  KernelCall rows;
  rows.output = program.inputs.front();
  rows.run_rows = rows.output.rows;
  rows.op = "Input";
  const BufferId id = RowModel::buffer_of(rows.output);
  rows.origin = {program.buffers[id].name, "Input"};
  fed.buffers[id].is_input = false;
  fed.calls.push_back(std::move(rows));
  fed.calls.insert(fed.calls.end(), program.calls.begin(), program.calls.end());
  return fed;
}

}  // namespace linnet
