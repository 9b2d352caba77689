// Checks a plan without trusting what the planner thinks: it runs the steps on a model of memory in
// which every byte remembers whose it is, and demands that each kernel reads what was written for
// it.
//
//   a byte's tag = (buffer, position in the whole tensor), or "scratch"
//
// So an overlap, a ring that is too short, a step out of order and a lifetime that ends early are
// all the same finding: a read of a byte with another tag.
#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "compiler/plan/plan.h"

namespace linnet {
namespace {

using Tag = std::uint64_t;
constexpr Tag kNobody = ~Tag{0};

struct Bytes {  // [begin, end) in a bank
  std::int32_t bank;
  std::int64_t begin, end;
};

bool overlap(const Bytes& a, const Bytes& b) {
  return a.bank == b.bank && a.begin < b.end && b.begin < a.end;
}

class Checker {
 public:
  Checker(const Program& program, const Plan& plan, const Target& target)
      : program_(program), plan_(plan), target_(target) {}

  Result<Nothing> run() {
    check_structure();
    if (diagnostics_.empty()) check_places();
    if (diagnostics_.empty()) check_after_run();
    if (diagnostics_.empty()) run_steps();
    if (diagnostics_.empty()) return ok();
    return diagnostics_;
  }

 private:
  // E902: the plan is wrong; running it would give wrong results.
  void fail(std::string message) {
    if (diagnostics_.size() < 8) {
      diagnostics_.push_back({"E902", "", "", std::move(message), "please report this"});
    }
  }

  const Placement* placement(std::int32_t index) {
    if (index < 0 || static_cast<std::size_t>(index) >= plan_.placements.size()) return nullptr;
    return &plan_.placements[static_cast<std::size_t>(index)];
  }

  void check_buffer(BufferId id, const char* what) {
    const Placement* place = placement(plan_.placement_of[id]);
    const Buffer& buffer = program_.buffers[id];
    if (place == nullptr) return fail(fmt::format("{} '{}' has no place", what, buffer.name));
    if (place->capacity_rows < 1 || place->capacity_rows * buffer.row_bytes > place->bytes) {
      fail(fmt::format("'{}' does not fit its place", buffer.name));
    }
    const bool port = buffer.is_input || buffer.is_output;
    const bool by_rows = plan_.input_rows && buffer.is_input && !buffer.is_output;
    if (port && !by_rows && place->capacity_rows < buffer.rows)
      fail("'" + buffer.name + "' must be whole");
    if (place->offset % buffer.alignment != 0) fail("'" + buffer.name + "' is not aligned");
  }

  void check_operand(const RowsOperand& operand, const char* what) {
    if (const auto* id = std::get_if<BufferId>(&operand.source)) check_buffer(*id, what);
  }

  void check_structure() {
    if (plan_.banks.size() != target_.banks.size())
      return fail("as many arenas as banks are needed");
    if (plan_.placement_of.size() != program_.buffers.size() ||
        plan_.scratch_of_call.size() != program_.calls.size()) {
      return fail("the plan is of another program");
    }
    for (const RowsOperand& input : program_.inputs) check_operand(input, "input");
    for (const RowsOperand& output : program_.outputs) check_operand(output, "output");
    for (std::size_t c = 0; c < program_.calls.size(); ++c) {
      const KernelCall& call = program_.calls[c];
      for (const RowsOperand& input : call.inputs) check_operand(input, "input");
      check_operand(call.output, "output");
      const Placement* scratch = placement(plan_.scratch_of_call[c]);
      if (call.scratch_bytes > 0 && (scratch == nullptr || scratch->bytes < call.scratch_bytes)) {
        fail("'" + call.origin.name + "' has no room for its scratch");
      }
    }
    std::vector<std::int64_t> done(program_.calls.size(), 0);
    std::int64_t given = 0;
    for (const Step& step : plan_.steps) {
      if (plan_.input_rows && !step.call.valid()) {
        if (step.first_row != given) fail("rows of the input are not given in order");
        given += step.row_count;
        continue;
      }
      if (!step.call.valid() || step.call.index() >= program_.calls.size())
        return fail("a step of no call");
      std::int64_t& rows = done[step.call.index()];
      if (step.first_row != rows || step.row_count < 1) fail("rows are not made in order");
      rows += step.row_count;
    }
    if (plan_.input_rows && given != program_.inputs.front().rows)
      fail("not all rows of the input are given");
    for (std::size_t c = 0; c < done.size(); ++c) {
      if (done[c] != program_.calls[c].run_rows) {
        fail("'" + program_.calls[c].origin.name + "' does not make all its rows");
      }
    }
  }

  void check_places() {
    std::int64_t sum = 0;
    for (std::size_t b = 0; b < plan_.banks.size(); ++b) {
      const auto& size = target_.banks[b].size_bytes;
      sum += plan_.banks[b].used_bytes;
      if (size && plan_.banks[b].used_bytes > *size)
        fail("bank " + target_.banks[b].name + " is overfull");
    }
    if (sum != plan_.arena_bytes) fail("the arenas do not add up");
    for (const Placement& place : plan_.placements) {
      const bool inside = place.bank >= 0 &&
                          static_cast<std::size_t>(place.bank) < plan_.banks.size() &&
                          place.offset >= 0 && place.bytes >= 0 &&
                          place.offset + place.bytes <=
                              plan_.banks[static_cast<std::size_t>(place.bank)].used_bytes;
      if (!inside) fail("'" + place.name + "' lies outside its bank");
      if (place.offset % 8 != 0) fail("'" + place.name + "' is not aligned");
    }
    for (std::size_t a = 0; a < plan_.placements.size(); ++a) {
      for (std::size_t b = a + 1; b < plan_.placements.size(); ++b) {
        const Placement& p = plan_.placements[a];
        const Placement& q = plan_.placements[b];
        const bool together = p.first_step <= q.last_step && q.first_step <= p.last_step;
        if (together && overlap(bytes_of(p), bytes_of(q)) && !chase(a, b)) {
          fail(fmt::format("'{}' and '{}' overlap", p.name, q.name));
        }
      }
    }
  }

  // Neither an output lies in it nor what a front end keeps.
  void check_after_run() {
    if (!plan_.after_run) return;
    const Placement& scratch = *plan_.after_run;
    if (scratch.offset + scratch.bytes >
        plan_.banks[static_cast<std::size_t>(scratch.bank)].used_bytes)
      fail("'" + scratch.name + "' lies outside its bank");
    for (const RowsOperand& output : program_.outputs) {
      const Placement* place = placement(plan_.placement_of[std::get<BufferId>(output.source)]);
      if (place != nullptr && overlap(bytes_of(*place), bytes_of(scratch)))
        fail("'" + scratch.name + "' and '" + place->name + "' overlap");
    }
    const Placement* kept = plan_.front_end < 0 ? nullptr : placement(plan_.front_end);
    if (kept != nullptr && overlap(bytes_of(*kept), bytes_of(scratch)))
      fail("'" + scratch.name + "' and '" + kept->name + "' overlap");
  }

  // The two may overlap: which rows are written over which is seen step by step.
  bool chase(std::size_t a, std::size_t b) const {
    return std::any_of(plan_.chases.begin(), plan_.chases.end(), [&](const PlacedChase& chase) {
      const auto grows = static_cast<std::size_t>(chase.grows);
      const auto dies = static_cast<std::size_t>(chase.dies);
      return (grows == a && dies == b) || (grows == b && dies == a);
    });
  }
  bool chased(BufferId buffer) const {
    const std::int32_t place = plan_.placement_of[buffer];
    return std::any_of(plan_.chases.begin(), plan_.chases.end(), [&](const PlacedChase& chase) {
      return chase.grows == place || chase.dies == place;
    });
  }

  static Bytes bytes_of(const Placement& place) {
    return {place.bank, place.offset, place.offset + place.bytes};
  }

  // Calls visit(physical bytes, tag of the first byte) for rows [first, last) of an operand in RAM,
  // cut where the buffer's rows end, because only rows of the buffer lie side by side in a ring.
  template <class Visit>
  void for_rows(const RowsOperand& operand, std::int64_t first, std::int64_t last, Visit&& visit) {
    const BufferId id = std::get<BufferId>(operand.source);
    const Buffer& buffer = program_.buffers[id];
    const Placement& place = plan_.placements[static_cast<std::size_t>(plan_.placement_of[id])];
    if (operand.is_slice()) {
      for (std::int64_t row = first; row < last; ++row) {
        const std::int64_t begin = place.offset + (row % place.capacity_rows) * buffer.row_bytes;
        for (std::int64_t at = operand.first_byte; at < operand.row_bytes;
             at += operand.pixel_pitch_bytes) {
          visit(Bytes{place.bank, begin + at, begin + at + operand.pixel_bytes},
                tag(id, row * buffer.row_bytes + at));
        }
      }
      return;
    }
    std::int64_t position = operand.first_byte + first * operand.row_bytes;
    const std::int64_t end = operand.first_byte + last * operand.row_bytes;
    if (position < 0 || end > buffer.bytes())
      return fail("'" + buffer.name + "' is used outside its rows");
    while (position < end) {
      const std::int64_t row = position / buffer.row_bytes;
      const std::int64_t in_row = position % buffer.row_bytes;
      const bool whole = place.capacity_rows >= buffer.rows;  // an array: one piece
      const std::int64_t count =
          whole ? end - position : std::min(end - position, buffer.row_bytes - in_row);
      const std::int64_t begin =
          place.offset + (row % place.capacity_rows) * buffer.row_bytes + in_row;
      visit(Bytes{place.bank, begin, begin + count}, tag(id, position));
      position += count;
    }
  }

  static Tag tag(BufferId id, std::int64_t position) {
    return (static_cast<Tag>(id.value) << 40) | static_cast<Tag>(position);
  }

  void write(const RowsOperand& operand, std::int64_t first, std::int64_t last) {
    for_rows(operand, first, last, [&](const Bytes& bytes, Tag first_tag) {
      auto& bank = memory_[static_cast<std::size_t>(bytes.bank)];
      for (std::int64_t i = bytes.begin; i < bytes.end; ++i) {
        bank[static_cast<std::size_t>(i)] = first_tag + static_cast<Tag>(i - bytes.begin);
      }
    });
  }

  void read(const RowsOperand& operand, std::int64_t first, std::int64_t last,
            const std::string& reader) {
    bool good = true;
    for_rows(operand, first, last, [&](const Bytes& bytes, Tag first_tag) {
      const auto& bank = memory_[static_cast<std::size_t>(bytes.bank)];
      for (std::int64_t i = bytes.begin; i < bytes.end; ++i) {
        good = good &&
               bank[static_cast<std::size_t>(i)] == first_tag + static_cast<Tag>(i - bytes.begin);
      }
    });
    if (good) return;
    const Buffer& buffer = program_.buffers[std::get<BufferId>(operand.source)];
    fail(fmt::format("'{}' is not in place when {} reads its rows {} to {}", buffer.name, reader,
                     first, last - 1));
  }

  void run_step(const Step& step) {
    if (!step.call.valid()) {
      return write(program_.inputs.front(), step.first_row, step.first_row + step.row_count);
    }
    const KernelCall& call = program_.calls[step.call.index()];
    // Where an output grows into rows that die, within one step too: block by block, as kernels work.
    if (!chased(std::get<BufferId>(call.output.source))) return run_rows(step, step.row_count);
    for (std::int64_t row = 0; row < step.row_count; row += call.block_rows) {
      run_rows({step.call, step.first_row + row, 0},
               std::min(call.block_rows, step.row_count - row));
    }
  }

  void run_rows(Step step, std::int64_t row_count) {
    step.row_count = row_count;
    const KernelCall& call = program_.calls[step.call.index()];
    std::vector<Bytes> written;
    const std::int64_t first_made = rows_made(call, step.first_row);
    const std::int64_t end_made = rows_made(call, step.first_row + step.row_count);
    for_rows(call.output, first_made, end_made,
             [&](const Bytes& bytes, Tag) { written.push_back(bytes); });
    const std::int32_t scratch = plan_.scratch_of_call[step.call.index()];
    if (scratch >= 0) {
      const Bytes area = bytes_of(plan_.placements[static_cast<std::size_t>(scratch)]);
      auto& bank = memory_[static_cast<std::size_t>(area.bank)];
      std::fill(bank.begin() + area.begin, bank.begin() + area.end, kNobody);
      written.push_back(area);
    }
    for (std::size_t i = 0; i < call.inputs.size(); ++i) {
      if (!std::holds_alternative<BufferId>(call.inputs[i].source)) continue;
      const auto [first, last] =
          rows_under(call.windows[i], step.first_row, step.row_count, call.inputs[i].rows);
      read(call.inputs[i], first, last, "'" + call.origin.name + "'");
      if (static_cast<int>(i) == call.may_overwrite && same_rows(call, i)) continue;
      for_rows(call.inputs[i], first, last, [&](const Bytes& bytes, Tag) {
        for (const Bytes& area : written) {
          if (overlap(bytes, area)) fail("'" + call.origin.name + "' writes over its own input");
        }
      });
    }
    write(call.output, first_made, end_made);
  }

  // The output lies exactly where that input lies.
  bool same_rows(const KernelCall& call, std::size_t input) {
    const RowsOperand& in = call.inputs[input];
    const BufferId from = std::get<BufferId>(in.source);
    const BufferId to = std::get<BufferId>(call.output.source);
    return plan_.placement_of[from] == plan_.placement_of[to] &&
           in.first_byte == call.output.first_byte && in.row_bytes == call.output.row_bytes;
  }

  void run_steps() {
    for (const BankUse& bank : plan_.banks) {
      memory_.emplace_back(static_cast<std::size_t>(bank.used_bytes), kNobody);
    }
    for (const RowsOperand& input : program_.inputs) {
      if (!plan_.input_rows) write(input, 0, input.rows);
    }
    for (const Step& step : plan_.steps) {
      run_step(step);
      if (!diagnostics_.empty()) return;
    }
    for (const RowsOperand& output : program_.outputs)
      read(output, 0, output.rows, "the application");
  }

  const Program& program_;
  const Plan& plan_;
  const Target& target_;
  std::vector<std::vector<Tag>> memory_;
  Diagnostics diagnostics_;
};

}  // namespace

Result<Nothing> check(const Program& program, const Plan& plan, const Target& target) {
  return Checker(program, plan, target).run();
}

std::string print(const Program& program, const Plan& plan) {
  std::string text =
      fmt::format("plan arena={} lower_bound={} whole_tensor={} peak_step={}\n", plan.arena_bytes,
                  plan.lower_bound_bytes, plan.whole_tensor_bytes, plan.peak_step);
  const auto out = std::back_inserter(text);
  for (std::size_t b = 0; b < plan.banks.size(); ++b) {
    fmt::format_to(out, "bank {} used={}\n", b, plan.banks[b].used_bytes);
  }
  for (const Placement& place : plan.placements) {
    fmt::format_to(out, "place bank={} offset={} bytes={} rows={} steps={}..{} {}\n", place.bank,
                   place.offset, place.bytes, place.capacity_rows, place.first_step,
                   place.last_step, place.name);
  }
  for (std::size_t s = 0; s < plan.steps.size(); ++s) {
    const Step& step = plan.steps[s];
    const bool input = !step.call.valid();
    fmt::format_to(out, "step {}: {} '{}' rows {}..{}\n", s,
                   input ? "Input" : program.calls[step.call.index()].op,
                   input ? "" : program.calls[step.call.index()].origin.name, step.first_row,
                   step.first_row + step.row_count - 1);
  }
  return text;
}

}  // namespace linnet
