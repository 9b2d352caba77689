// See replay.h.
#include "compiler/check/replay.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "compiler/check/fields.h"
#include "compiler/check/layout.h"
#include "compiler/check/memory.h"
#include "compiler/check/needs.h"

namespace linnet {
namespace {

class Replayer {
 public:
  Replayer(const Graph& graph, const ScheduleText& text, BoundSchedule bound, RecordLives record)
      : graph_(graph),
        text_(text),
        bound_(std::move(bound)),
        memory_(bound_.banks, record),
        record_(record),
        rows_done_(bound_.calls.size(), 0) {}

  Result<ReplayReport> run() {
    check_calls();
    write_inputs();
    for (const StepText& step : text_.steps) {
      if (failed()) break;
      step.call == StepText::kPush ? push_row(step.first_row) : run_step(step);
      ++step_;
    }
    check_end();
    if (failed()) return failure_;
    ReplayReport report;
    report.steps = std::count_if(text_.steps.begin(), text_.steps.end(),
                                 [](const StepText& step) { return step.call != StepText::kPush; });
    report.pushed_rows = static_cast<std::int64_t>(text_.steps.size()) - report.steps;
    report.views = bound_.joins_and_parts;
    for (const BankText& bank : bound_.banks) report.banks.push_back(bank.name);
    if (record_ == RecordLives::yes) report.lives = memory_.lives();
    return report;
  }

 private:
  // ---- findings ----

  bool failed() const { return !failure_.empty(); }

  void fail(const std::string& message, const std::string& node = {}) {
    if (!failed()) failure_.push_back({"E903", node, "", message, "please report this"});
  }

  std::string name_of_call(std::size_t index) const {
    const CallText& call = text_.calls[index];
    return fmt::format("call {} ({}, {})", index, call.op, call.kernel);
  }

  void fail_step(const std::string& message) {
    fail(fmt::format("step {}, {}, rows {} to {}: {}", step_, name_of_call(call_), first_row_,
                     first_row_ + row_count_ - 1, message),
         text_.calls[call_].node);
  }

  std::string address(const Span& span, std::int64_t offset) const {
    return fmt::format("{} + {}", bound_.banks[span.bank].name, offset);
  }

  std::string row_of(TensorId tensor, std::int64_t byte) const {
    return fmt::format("row {} of '{}'", byte / natural_row_bytes(graph_.type(tensor)),
                       graph_.tensors[tensor].name);
  }

  // ---- bytes by an operand ----

  // Calls visit(span, tag of its first byte, its first byte in the tensor) for pieces that are side by side.
  template <class Visit>
  void for_pieces(const OperandLayout& at, ByteRange bytes, const Visit& visit) {
    const TensorId root = bound_.root(at.tensor);
    for (std::int64_t k = bytes.begin; k < bytes.end && !failed();) {
      const std::int64_t row = k / at.row_bytes();
      const std::int64_t in_row = k % at.row_bytes();
      std::int64_t count = std::min(bytes.end - k, at.run - in_row % at.run);
      const std::int64_t position = bound_.root_position(at.tensor, k, count);
      const Span span{
          at.bank,
          at.offset + row % at.capacity * at.pitch + in_row / at.run * at.step + in_row % at.run,
          count};
      if (!memory_.contains(span))
        return fail(fmt::format("{} lies at {}, outside the arena of {} bytes",
                                row_of(at.tensor, k), address(span, span.offset),
                                bound_.banks[at.bank].bytes));
      visit(span, tensor_tag(root, position), k);
      k += count;
    }
  }

  void read(const OperandLayout& at, ByteRange bytes, bool guard) {
    for_pieces(at, bytes, [&](const Span& span, ByteTag tag, std::int64_t byte) {
      const std::int64_t wrong = memory_.read(span, tag, step_, guard);
      if (wrong < 0) return;
      const std::string finding = fmt::format(
          "{} is read at {}, which holds {}", row_of(at.tensor, byte + wrong - span.offset),
          address(span, wrong), describe_tag(graph_, memory_.tag(span.bank, wrong)));
      at_end_ ? fail("the application: " + finding) : fail_step(finding);
    });
  }

  void write(const OperandLayout& at, ByteRange bytes) {
    for_pieces(at, bytes, [&](const Span& span, ByteTag tag, std::int64_t byte) {
      write_span(span, tag, 1, row_of(at.tensor, byte));
    });
  }

  void write_span(const Span& span, ByteTag tag, ByteTag increment, const std::string& what) {
    const std::int64_t read = memory_.write(span, tag, step_, increment);
    if (read < 0) return;
    fail_step(fmt::format("{} is written at {}, where {} is read for it", what, address(span, read),
                          describe_tag(graph_, memory_.tag(span.bank, read))));
  }

  static OperandLayout dense(std::size_t bank, std::int64_t offset, TensorId tensor,
                             std::int64_t bytes) {
    OperandLayout layout;
    layout.bank = bank;
    layout.offset = offset;
    layout.pitch = layout.run = layout.step = bytes;
    layout.tensor = tensor;
    return layout;
  }

  // ---- the application ----

  std::optional<OperandLayout> port(const AddressText& at, TensorId tensor) {
    for (std::size_t b = 0; b < bound_.banks.size(); ++b)
      if (bound_.banks[b].name == at.bank)
        return dense(b, at.offset, tensor, graph_.type(tensor).bytes());
    fail(fmt::format("'{}' lies in an arena '{}' that there is not", graph_.tensors[tensor].name,
                     at.bank));
    return std::nullopt;
  }

  void write_inputs() {
    step_ = -1;
    const std::size_t expected = text_.input_ring ? 0 : graph_.inputs.size();
    if (text_.inputs.size() != expected) fail("input() does not give the graph's inputs");
    for (std::size_t i = 0; i < text_.inputs.size() && !failed(); ++i) {
      const auto at = port(text_.inputs[i], graph_.inputs[i].tensor);
      if (at) write(*at, {0, at->run});
    }
    step_ = 0;
  }

  void push_row(std::int64_t row) {
    const InputRingText& ring = *text_.input_ring;
    if (graph_.inputs.size() != 1) return fail("rows are pushed for several inputs");
    const TensorId tensor = graph_.inputs.front().tensor;
    std::optional<OperandLayout> at = port(ring.base, tensor);
    if (!at) return;
    at->run = at->step = natural_row_bytes(graph_.type(tensor));
    at->pitch = ring.pitch;
    at->capacity = ring.capacity;
    if (at->run > at->pitch) return fail("rows of the input are longer than those of its ring");
    if (ring.row_bytes != at->run || ring.rows * at->run != graph_.type(tensor).bytes())
      return fail("what is pushed is not the input's rows");
    memory_.begin_block();
    write(*at, {row * at->run, (row + 1) * at->run});
  }

  void check_end() {
    for (std::size_t c = 0; c < rows_done_.size() && !failed(); ++c) {
      const std::int64_t rows = all_rows(bound_.calls[c]);
      if (rows_done_[c] != rows)
        fail(fmt::format("{} makes {} rows of {}", name_of_call(c), rows_done_[c], rows),
             text_.calls[c].node);
    }
    if (failed()) return;
    at_end_ = true;
    if (text_.outputs.size() != graph_.outputs.size())
      fail("output() does not give the graph's outputs");
    for (std::size_t i = 0; i < text_.outputs.size() && !failed(); ++i) {
      const auto at = port(text_.outputs[i], graph_.outputs[i].tensor);
      if (at) read(*at, {0, at->run}, false);
    }
  }

  // ---- calls ----

  bool consumes(const BoundCall& call) const { return call.text->rows_taken > 0; }

  // Rows that its steps have in all.
  std::int64_t all_rows(const BoundCall& call) const {
    const std::int64_t made = graph_.type(call.output.tensor).bytes() / call.output.row_bytes();
    return consumes(call) ? made * call.text->rows_taken : made;
  }

  void check_calls() {
    for (std::size_t c = 0; c < bound_.calls.size() && !failed(); ++c) {
      const BoundCall& call = bound_.calls[c];
      const std::string wrong = wrong_field(graph_, call);
      if (!wrong.empty()) fail(fmt::format("{}: {}", name_of_call(c), wrong), call.text->node);
      if (consumes(call) != (call.text->layer_type == "ReduceSpatial"))
        fail(fmt::format("{} is stepped as what it is not", name_of_call(c)), call.text->node);
      if (!consumes(call)) continue;
      const TensorType& x = graph_.type(call.inputs.front().tensor);
      if (call.text->rows_taken != x.shape[1] ||
          call.inputs.front().row_bytes() != natural_row_bytes(x))
        fail(fmt::format("{} does not take its input's rows", name_of_call(c)), call.text->node);
    }
  }

  Span scratch_of(const BoundCall& call) const {
    if (!call.text->scratch || call.text->scratch_bytes == 0) return {};
    return {call.scratch_bank, call.text->scratch->offset, call.text->scratch_bytes};
  }

  void run_step(const StepText& step) {
    call_ = static_cast<std::size_t>(step.call);
    first_row_ = step.first_row;
    row_count_ = step.row_count;
    const BoundCall& call = bound_.calls[call_];
    std::int64_t& done = rows_done_[call_];
    if (row_count_ < 1 || first_row_ != done)
      return fail_step(fmt::format("row {} comes next", done));
    done += row_count_;
    if (done > all_rows(call)) return fail_step(fmt::format("there are {} rows", all_rows(call)));
    if (!memory_.contains(scratch_of(call))) return fail_step("its scratch lies outside the arena");
    const std::int64_t most = call.text->block_rows > 0 ? call.text->block_rows : row_count_;
    for (std::int64_t row = first_row_; row < first_row_ + row_count_ && !failed();) {
      const std::int64_t count = consumes(call) ? 1 : std::min(most, first_row_ + row_count_ - row);
      memory_.begin_block();
      consumes(call) ? take_row(call, row) : make_rows(call, row, row + count);
      row += count;
    }
  }

  // A block: all that it needs is read, its scratch is spoilt, and only then is anything written, so that no output may
  // lie where something is still read for it.
  void make_rows(const BoundCall& call, std::int64_t first, std::int64_t end) {
    const std::int64_t row_bytes = call.output.row_bytes();
    const ByteRange made{first * row_bytes, end * row_bytes};
    for (std::size_t i = 0; i < call.inputs.size() && !failed(); ++i) {
      const OperandLayout& input = call.inputs[i];
      for (const ByteRange& bytes : bytes_needed(graph_, *call.node, input.node_input, made))
        read(input, bytes, !in_place(call, i));
      for (std::int64_t row = first; row < end && !failed(); ++row) check_source(call, i, row);
    }
    if (failed()) return;
    const Span scratch = scratch_of(call);
    write_span(scratch, kept_tag(call_, 0), 0, "its scratch");
    must_keep(scratch, kept_tag(call_, 0));
    write(call.output, made);
  }

  // What the call keeps is there, and the block's output must not lie on it.
  void must_keep(const Span& kept, ByteTag tag) {
    const std::int64_t lost = memory_.read(kept, tag, step_, true, 0);
    if (lost >= 0)
      fail_step(fmt::format("what it keeps at {} is lost: there is {}", address(kept, lost),
                            describe_tag(graph_, memory_.tag(kept.bank, lost))));
  }

  bool in_place(const BoundCall& call, std::size_t i) const {
    const OperandLayout& in = call.inputs[i];
    OperandLayout out = call.output;
    out.tensor = in.tensor;
    out.node_input = in.node_input;
    return may_replace(graph_, *call.node, in.node_input) && in == out;
  }

  // What the graph wants for the row must be in the row that the layer's fields lead to.
  void check_source(const BoundCall& call, std::size_t i, std::int64_t row) {
    const std::optional<std::int64_t> source = source_row(call, i, row);
    if (!source) return;
    const OperandLayout& input = call.inputs[i];
    const std::int64_t made = call.output.row_bytes();
    const ByteRange looked_at{*source * input.row_bytes(), (*source + 1) * input.row_bytes()};
    for (const ByteRange& bytes :
         bytes_needed(graph_, *call.node, input.node_input, {row * made, (row + 1) * made})) {
      if (bytes.begin >= looked_at.begin && bytes.end <= looked_at.end) continue;
      fail_step(fmt::format("{} is needed, but its layer leads to row {} of the operand",
                            row_of(input.tensor, bytes.begin), *source));
    }
  }

  // A call that adds up the rows of an image: what it keeps in its scratch and in its output row must be there until the
  // image's last row.
  void take_row(const BoundCall& call, std::int64_t row) {
    const OperandLayout& input = call.inputs.front();
    const std::int64_t in_bytes = input.row_bytes();
    const std::int64_t image = row / call.text->rows_taken;
    const bool is_first = row % call.text->rows_taken == 0;
    const bool is_last = (row + 1) % call.text->rows_taken == 0;
    const ByteTag kept = kept_tag(call_, image);
    const Span scratch = scratch_of(call);
    const ByteRange made{image * call.output.row_bytes(), (image + 1) * call.output.row_bytes()};
    if (!is_first) {
      must_keep(scratch, kept);
      for_pieces(call.output, made,
                 [&](const Span& span, ByteTag, std::int64_t) { must_keep(span, kept); });
      memory_.begin_block();  // it may write to those
    }
    read(input, {row * in_bytes, (row + 1) * in_bytes}, true);
    if (failed()) return;
    write_span(scratch, kept, 0, "its scratch");
    must_keep(scratch, kept);
    if (is_last) return write(call.output, made);
    for_pieces(call.output, made, [&](const Span& span, ByteTag, std::int64_t byte) {
      write_span(span, kept, 0, row_of(call.output.tensor, byte));
    });
  }

  const Graph& graph_;
  const ScheduleText& text_;
  BoundSchedule bound_;
  ArenaModel memory_;
  RecordLives record_;
  std::vector<std::int64_t> rows_done_;  // by call
  Diagnostics failure_;
  bool at_end_ = false;
  // The step that goes on.
  std::int32_t step_ = 0;
  std::size_t call_ = 0;
  std::int64_t first_row_ = 0, row_count_ = 0;
};

}  // namespace

Result<ReplayReport> replay(const Graph& graph, const ScheduleText& schedule, RecordLives record) {
  Result<BoundSchedule> bound = bind_schedule(graph, schedule);
  if (!bound) return bound.diagnostics();
  return Replayer(graph, schedule, *std::move(bound), record).run();
}

Result<ReplayReport> replay(const Graph& graph, std::string_view source, std::string_view header,
                            RecordLives record) {
  const Result<ScheduleText> schedule = read_schedule(source, header);
  if (!schedule) return schedule.diagnostics();
  return replay(graph, *schedule, record);
}

}  // namespace linnet
