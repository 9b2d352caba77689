// See schedule_text.h. The patterns are templates/network.cpp.mustache and network.hpp.mustache, seen from the other side.
#include "compiler/check/schedule_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "compiler/check/tokens.h"

namespace linnet {
namespace {

// A step as it is written: its first row may have terms of the counter i.
struct WrittenStep {
  std::int64_t call, first_row, per_round, row_count;
  std::size_t line;
};

// Statements (one round), a loop or a table.
struct WrittenBlock {
  std::int64_t rounds = 1;
  bool own_counter = false;  // a loop's i counts its rounds
  std::vector<WrittenStep> steps;
};
using WrittenBlocks = std::vector<WrittenBlock>;

// What push_row() does for rows [begin, end): the blocks of case (row - begin) % cases, with i = (row - begin) / cases.
struct PushedRows {
  std::int64_t begin = 0, end = 0;
  std::vector<WrittenBlocks> cases;
};

constexpr std::string_view kStepMacro =
    "#define LINNET_STEP(layer, first_row, row_count) LINNET_PROFILE_BEGIN(layer); "
    "call_##layer(arenas, first_row, row_count); LINNET_PROFILE_END(layer); "
    "LINNET_TRACE(layer, first_row, row_count)";
constexpr std::string_view kConsumeMacro =
    "#define LINNET_CONSUME(layer, first_row, row_count) LINNET_PROFILE_BEGIN(layer); "
    "call_##layer(arenas, first_row, row_count); LINNET_PROFILE_END(layer); "
    "LINNET_TRACE(layer, (first_row) / rows_taken_##layer, ((first_row) + (row_count)) / "
    "rows_taken_##layer - (first_row) / rows_taken_##layer)";

class ScheduleReader {
 public:
  ScheduleReader(std::string_view source, std::string_view header)
      : source_(source), header_(header) {}

  Result<ScheduleText> run() {
    read_header();
    read_directives();
    read_source();
    if (!source_.failed()) unroll();
    for (const TokenReader* reader : {&header_, &source_}) {
      if (reader->failed()) {
        // E903: the schedule of the generated text is not what it must be
        return Diagnostic{"E903", "", "", reader->error(), "please report this"};
      }
    }
    return std::move(schedule_);
  }

 private:
  void read_header() {
    if (!header_.find("struct ArenaBytes {"))
      return header_.fail(1, "no 'struct ArenaBytes' from here on");
    while (header_.accept("std::size_t $w = $n;"))
      schedule_.arena_bytes[header_.word(0)] = header_.number(0);
    header_.expect("};");
    if (header_.find("inline constexpr std::int32_t kInputRows = $n;"))
      input_rows_ = header_.number(0);
  }

  void read_directives() {
    static constexpr std::array kHarmless{"#include ",
                                          "#ifdef ",
                                          "#ifndef ",
                                          "#if ",
                                          "#endif",
                                          "#else",
                                          "#pragma ",
                                          "#define LINNET_PROFILE_",
                                          "#define LINNET_TRACE(",
                                          "#define LINNET_ONE_COPY "};
    for (const Directive& directive : source_.directives()) {
      const bool known = directive.text == kStepMacro || directive.text == kConsumeMacro ||
                         std::any_of(kHarmless.begin(), kHarmless.end(), [&](const char* start) {
                           return directive.text.starts_with(start);
                         });
      if (!known) source_.fail(directive.line, "an unknown directive");
    }
  }

  void read_source() {
    source_.expect("namespace $w {");
    if (!source_.failed()) schedule_.name = source_.word(0);
    while (source_.accept("extern const std::uint64_t $w[$n];") ||
           source_.accept(R"(extern "C" const std::uint64_t $w[$n];)")) {
    }
    source_.expect("namespace {");
    while (
        source_.accept("LINNET_ONE_COPY void $w(const linnet::$w::Layer& layer, const "
                       "linnet::Io& io, std::int32_t first_row, std::int32_t row_count) "
                       "noexcept { linnet::$w::run(layer, io, first_row, row_count); }")) {
      if (source_.word(0) != source_.word(1) || source_.word(0) != source_.word(2))
        source_.fail(source_.next().line, "the function before this calls another kernel");
    }
    while (source_.next().text == "constexpr" && !source_.failed()) read_call();
    source_.expect("}");
    source_.accept(R"(namespace { inline std::int32_t opaque(std::int32_t value) noexcept {
                        __asm__("" : "+r"(value)); return value; } })");
    if (source_.accept(
            "namespace { struct TableStep { std::uint16_t layer, first_row, row_count; };"))
      read_tables();
    while (!source_.failed() && !source_.accept("}")) read_function();
    if (!source_.at_end())
      source_.fail(source_.next().line, "the text goes on after its namespace");
  }

  // ---- calls ----

  // "12: Conv2d 3x3 'features' (Conv), 1x8x8x3 -> 1x8x8x16"
  void read_comment(std::string_view comment, CallText& call) {
    const std::size_t colon = comment.find(": ");
    const std::size_t quote = comment.find(" '");
    const std::size_t end = comment.find("' (");
    if (colon == comment.npos || quote == comment.npos || end == comment.npos || end < quote)
      return source_.fail(call.line, "no comment before it says what the call is");
    call.op = comment.substr(colon + 2, quote - colon - 2);
    call.node = comment.substr(quote + 2, end - quote - 2);
  }

  // layer_7, call_7, rows_taken_7 of call 7.
  void must_be_own(const std::string& name, const char* stem) {
    const std::string own = fmt::format("{}_{}", stem, schedule_.calls.size());
    if (name != own)
      source_.fail(source_.next().line, fmt::format("'{}' instead of '{}'", name, own));
  }

  void read_call() {
    CallText call;
    call.line = source_.next().line;
    read_comment(source_.next().comment, call);
    source_.expect("constexpr linnet::$w $w = []() noexcept { linnet::$w layer;");
    if (source_.failed()) return;
    call.layer_type = source_.word(0);
    must_be_own(source_.word(1), "layer");
    while (source_.next().text == "layer" && !source_.failed()) {
      if (source_.accept("layer.$w = $n;")) {
        call.fields[source_.word(0)] = source_.number(0);
      } else {
        source_.expect("layer.$w =");
        source_.text_until(";");
      }
    }
    source_.expect("return layer; }();");
    source_.expect(R"(static_assert(linnet::$w::supports($w), "the kernel makes this layer");)");
    source_.expect(
        "static_assert(linnet::$w::scratch_bytes($w) == $n, \"the plan has room for the "
        "kernel's scratch\");");
    if (source_.failed()) return;
    call.kernel = source_.word(0);
    must_be_own(source_.word(1), "layer");
    call.scratch_bytes = source_.number(0);
    if (source_.accept("static_assert(linnet::block_rows<linnet::$w>($w) == $n, \"the plan knows "
                       "how the kernel goes through its rows\");")) {
      if (source_.word(0) != call.kernel) source_.fail(call.line, "rows of another kernel");
      must_be_own(source_.word(1), "layer");
      call.block_rows = source_.number(0);
    }
    if (source_.accept("[[maybe_unused]] constexpr std::int32_t $w = $n;")) {
      must_be_own(source_.word(0), "rows_taken");
      call.rows_taken = source_.number(0);
    }
    read_call_function(call);
    schedule_.calls.push_back(std::move(call));
  }

  void read_call_function(CallText& call) {
    source_.expect(
        "LINNET_ONE_COPY void $w(const Arenas& arenas, std::int32_t first_row, "
        "std::int32_t row_count) noexcept {");
    if (source_.failed()) return;
    must_be_own(source_.word(0), "call");
    const bool has_inputs = source_.accept("const linnet::RowsIn in[] = {");
    while (has_inputs && !source_.failed() && !source_.accept("};")) {
      call.inputs.push_back(read_operand());
      source_.accept(",");
    }
    source_.expect("$w($w, {");
    if (source_.failed()) return;
    if (source_.word(0) != call.kernel) source_.fail(call.line, "a call of another kernel");
    must_be_own(source_.word(1), "layer");
    source_.expect(has_inputs ? "in," : "nullptr,");
    call.output = read_operand();
    if (call.output.in_flash) source_.fail(call.line, "the output lies in flash");
    source_.expect(",");
    if (!source_.accept("nullptr")) call.scratch = read_address("arenas.$w + $n");
    source_.expect("}, first_row, row_count); }");
  }

  AddressText read_address(std::string_view pattern) {
    source_.expect(pattern);
    if (source_.failed()) return {};
    return {source_.word(0), source_.number(0)};
  }

  OperandText read_operand() {
    OperandText operand;
    if (source_.accept(
            "{static_cast<const std::byte*>(static_cast<const void*>($w + $n)) + $n, $n, "
            "$n}") ||
        source_.accept("{static_cast<const std::byte*>(static_cast<const void*>($w)) + $n, $n, "
                       "$n}")) {
      operand.in_flash = true;
      return operand;
    }
    source_.expect("{arenas.$w + $n, $n, $n}");
    if (source_.failed()) return operand;
    operand.base = {source_.word(0), source_.number(0)};
    operand.pitch = source_.number(1);
    operand.capacity = source_.number(2);
    if (operand.pitch < 1 || operand.capacity < 1)
      source_.fail(source_.next().line, "an operand before it has no rows");
    return operand;
  }

  // ---- schedule ----

  void read_tables() {
    while (source_.accept("constexpr TableStep $w[] = {")) {
      const std::string name = source_.word(0);
      WrittenBlock& table = tables_[name];
      std::size_t line = source_.next().line;
      while (source_.accept("{ $n, $n, $n },")) {
        table.steps.push_back({source_.number(0), source_.number(1), 0, source_.number(2), line});
        line = source_.next().line;
      }
      source_.expect("};");
    }
    source_.expect(
        "using Call = void (*)(const Arenas&, std::int32_t, std::int32_t) noexcept; "
        "constexpr Call kCalls[] = {");
    std::size_t count = 0;
    for (; source_.accept("$w,"); ++count) {
      if (source_.word(0) != fmt::format("call_{}", count))
        source_.fail(source_.next().line, "the table of calls is not in order");
    }
    source_.expect("}; constexpr std::int32_t kRowsTaken[] = {");
    for (std::size_t i = 0; source_.accept("$n,"); ++i) {
      if (i >= schedule_.calls.size() ||
          source_.number(0) != std::max<std::int64_t>(1, schedule_.calls[i].rows_taken))
        source_.fail(source_.next().line, "the rows taken are not those of the calls");
    }
    if (count != schedule_.calls.size())
      source_.fail(source_.next().line, "the table of calls is not complete");
    source_.expect(R"(};
      template <std::size_t N>
      void run_table(const Arenas& arenas, const TableStep (&table)[N]) noexcept {
        for (const TableStep& step : table) {
          const std::int32_t layer = step.layer;
          const std::int32_t first_row = step.first_row;
          const std::int32_t row_count = step.row_count;
          LINNET_PROFILE_BEGIN(layer);
          kCalls[layer](arenas, first_row, row_count);
          LINNET_PROFILE_END(layer);
          LINNET_TRACE(layer, first_row / kRowsTaken[layer],
            (first_row + row_count) / kRowsTaken[layer] - first_row / kRowsTaken[layer]);
        }
      } })");
  }

  bool read_step(WrittenBlock& block) {
    const std::size_t line = source_.next().line;
    const bool consumes = source_.next().text == "LINNET_CONSUME";
    if (!source_.accept("LINNET_STEP($n, $e, $n);") &&
        !source_.accept("LINNET_CONSUME($n, $e, $n);"))
      return false;
    const std::int64_t call = source_.number(0);
    if (call < 0 || call >= static_cast<std::int64_t>(schedule_.calls.size())) {
      source_.fail(line, "a step of no call");
    } else if (consumes != (schedule_.calls[static_cast<std::size_t>(call)].rows_taken > 0)) {
      source_.fail(line, "not the macro for this call");
    }
    block.steps.push_back({call, source_.number(1), source_.number(2), source_.number(3), line});
    return true;
  }

  // Statements, loops and tables, up to what is neither.
  WrittenBlocks read_blocks() {
    WrittenBlocks blocks;
    while (!source_.failed()) {
      WrittenBlock block;
      if (source_.accept("run_table(arenas, $w);")) {
        const auto table = tables_.find(source_.word(0));
        if (table == tables_.end()) {
          source_.fail(source_.next().line, "the step before is a table that there is not");
        } else {
          block = table->second;
        }
      } else if (source_.accept("for (std::int32_t round = 0; round < $n; ++round) { "
                                "const std::int32_t i = opaque(round);")) {
        block.rounds = source_.number(0);
        block.own_counter = true;
        while (read_step(block)) {
        }
        source_.expect("}");
      } else {
        while (read_step(block)) {
        }
        if (block.steps.empty()) return blocks;
      }
      blocks.push_back(std::move(block));
    }
    return blocks;
  }

  // push_row(): what happens when the row of that number is there.
  void read_pushes() {
    while (!source_.failed() && !source_.accept("}")) {
      PushedRows rows;
      if (source_.accept("if (row == $n) {")) {
        rows.begin = source_.number(0);
        rows.end = rows.begin + 1;
        rows.cases.push_back(read_blocks());
        source_.expect("}");
      } else {
        source_.expect("if (row >= $n && row < $n) {");
        if (source_.failed()) return;
        rows.begin = source_.number(0);
        rows.end = source_.number(1);
        source_.expect("const std::int32_t i = opaque(");
        read_since(rows.begin);
        source_.expect("/ $n);");
        if (source_.failed()) return;
        const std::int64_t period = std::max<std::int64_t>(1, source_.number(0));
        if (period > 1) {
          read_cases(rows, period);
        } else {
          rows.cases.push_back(read_blocks());
        }
        source_.expect("}");
      }
      pushes_.push_back(std::move(rows));
    }
  }

  // "row", or "(row - 3)": rows since the first of them.
  void read_since(std::int64_t begin) {
    const std::size_t line = source_.next().line;
    if (!source_.accept("(row - $n)")) {
      source_.expect("row");
      if (begin != 0) source_.fail(line, "it does not count from its first row");
    } else if (source_.number(0) != begin) {
      source_.fail(line, "it does not count from its first row");
    }
  }

  void read_cases(PushedRows& rows, std::int64_t period) {
    rows.cases.resize(static_cast<std::size_t>(period));
    source_.expect("switch (");
    read_since(rows.begin);
    source_.expect("% $n) {");
    if (source_.failed()) return;
    if (source_.number(0) != period)
      source_.fail(source_.next().line, "the cases before it are not those of its counter");
    while (!source_.failed() && !source_.accept("}")) {
      source_.expect("case $n:");
      if (source_.failed()) return;
      const std::int64_t number = source_.number(0);
      if (number < 0 || number >= period)
        return source_.fail(source_.next().line, "the case before it never happens");
      rows.cases[static_cast<std::size_t>(number)] = read_blocks();
      source_.expect("break;");
    }
  }

  // ---- functions ----

  void read_type() {
    source_.accept("const");
    if (!source_.accept("std::$w")) source_.expect("$w");
  }

  // "return static_cast<std::int8_t*>(static_cast<void*>(" and what stands for the pointer's type.
  void read_casts() {
    source_.expect("return static_cast<");
    read_type();
    source_.expect("*>(static_cast<");
    source_.accept("const");
    source_.expect("void*>(");
  }

  void read_ports(std::vector<AddressText>& ports) {
    source_.accept("static_cast<void>(arenas);");
    source_.accept("static_cast<void>(index);");
    while (!source_.failed() && !source_.accept("}")) {
      if (source_.accept("if (index == $n)") &&
          source_.number(0) != static_cast<std::int64_t>(ports.size()))
        source_.fail(source_.next().line, "the ports are not in order");
      read_casts();
      if (!source_.accept("nullptr")) ports.push_back(read_address("arenas.$w + $n"));
      source_.expect("));");
    }
  }

  void read_input_row() {
    read_casts();
    source_.expect("arenas.$w + $n + row % $n * $n)); }");
    if (source_.failed()) return;
    InputRingText ring;
    ring.base = {source_.word(0), source_.number(0)};
    ring.capacity = source_.number(1);
    ring.pitch = source_.number(2);
    if (ring.capacity < 1 || ring.pitch < 1)
      source_.fail(source_.next().line, "the ring before it has no rows");
    schedule_.input_ring = ring;
  }

  // The rest of run() for an input that lies somewhere else: row after row is copied to its place and pushed.
  void read_run_of_rows() {
    read_type();
    source_.expect(
        "* input) noexcept { for (std::int32_t row = 0; row < kInputRows; ++row) { "
        "std::memcpy(input_row(arenas, row), input + static_cast<std::size_t>(row) * "
        "kInputRowElements, $n); push_row(arenas, row); } }");
    if (source_.failed()) return;
    if (!schedule_.input_ring)
      return source_.fail(source_.next().line, "no input_row() before run()");
    schedule_.input_ring->row_bytes = source_.number(0);
  }

  void read_function() {
    if (source_.accept("void run(const Arenas&) noexcept { }")) return;
    if (source_.accept("void run(const Arenas& arenas) noexcept {")) {
      run_ = read_blocks();
      return source_.expect("}");
    }
    if (source_.accept("void push_row(const Arenas& arenas, std::int32_t row) noexcept {"))
      return read_pushes();
    if (source_.accept("void run(const Arenas& arenas, const")) return read_run_of_rows();
    read_type();
    source_.expect("*");
    if (source_.accept("input(const Arenas& arenas, std::size_t index) noexcept {")) {
      read_ports(schedule_.inputs);
    } else if (source_.accept("input_row(const Arenas& arenas, std::int32_t row) noexcept {")) {
      read_input_row();
    } else {
      source_.expect("output(const Arenas& arenas, std::size_t index) noexcept {");
      read_ports(schedule_.outputs);
    }
  }

  // ---- steps one by one ----

  void add_steps(const WrittenBlocks& blocks, std::int64_t counter) {
    for (const WrittenBlock& block : blocks) {
      for (std::int64_t round = 0; round < block.rounds; ++round) {
        const std::int64_t i = block.own_counter ? round : counter;
        for (const WrittenStep& step : block.steps) {
          if (step.call < 0 || step.call >= static_cast<std::int64_t>(schedule_.calls.size()))
            return source_.fail(step.line, "a step of no call");
          schedule_.steps.push_back({static_cast<std::int32_t>(step.call),
                                     step.first_row + step.per_round * i, step.row_count});
        }
      }
    }
  }

  void unroll() {
    add_steps(run_, 0);
    if (!schedule_.input_ring) return;
    schedule_.input_ring->rows = input_rows_;
    for (std::int64_t row = 0; row < input_rows_; ++row) {
      schedule_.steps.push_back({StepText::kPush, row, 1});
      for (const PushedRows& pushed : pushes_) {
        if (row < pushed.begin || row >= pushed.end) continue;
        const auto cases = static_cast<std::int64_t>(pushed.cases.size());
        const std::int64_t since = row - pushed.begin;
        add_steps(pushed.cases[static_cast<std::size_t>(since % cases)], since / cases);
      }
    }
  }

  TokenReader source_, header_;
  ScheduleText schedule_;
  std::int64_t input_rows_ = 0;  // kInputRows
  std::map<std::string, WrittenBlock> tables_;
  WrittenBlocks run_;
  std::vector<PushedRows> pushes_;
};

}  // namespace

Result<ScheduleText> read_schedule(std::string_view source, std::string_view header) {
  return ScheduleReader(source, header).run();
}

}  // namespace linnet
