// What must hold of a program, and its listing; see lower.h.
#include <fmt/format.h>

#include <iterator>

#include "compiler/lower/lower.h"
#include "compiler/support/embedded_files.h"

namespace linnet {
namespace {

class Verifier {
 public:
  explicit Verifier(const Program& program) : program_(program) {}

  Result<Nothing> run() {
    IdVector<BufferId, bool> written(program_.buffers.size(), false);
    for (const RowsOperand& input : program_.inputs) {
      if (check_operand(input, "input")) mark(written, input);
    }
    for (std::size_t c = 0; c < program_.calls.size(); ++c) {
      check_call(program_.calls[c], written);
    }
    for (const RowsOperand& output : program_.outputs) {
      if (!check_operand(output, "output")) continue;
      const auto* buffer = std::get_if<BufferId>(&output.source);
      if (buffer == nullptr) {
        fail("an output is a constant");
      } else if (!written[*buffer]) {
        fail("nothing makes output '" + program_.buffers[*buffer].name + "'");
      }
    }
    if (diagnostics_.empty()) return ok();
    return diagnostics_;
  }

 private:
  // E901: lowering made a program that breaks its own rules.
  void fail(std::string message) {
    diagnostics_.push_back(
        {"E901", where_.name, where_.op, std::move(message), "please report this"});
  }

  static void mark(IdVector<BufferId, bool>& written, const RowsOperand& operand) {
    if (const auto* buffer = std::get_if<BufferId>(&operand.source)) written[*buffer] = true;
  }

  bool check_operand(const RowsOperand& operand, const char* what) {
    std::int64_t bytes = 0;
    if (const auto* buffer = std::get_if<BufferId>(&operand.source)) {
      if (!program_.buffers.contains(*buffer))
        return fail(fmt::format("{} without a buffer", what)), false;
      bytes = program_.buffers[*buffer].bytes();
    } else {
      const ConstantId constant = std::get<ConstantId>(operand.source);
      if (!program_.constants.contains(constant))
        return fail(fmt::format("{} without a constant", what)), false;
      bytes = static_cast<std::int64_t>(program_.constants[constant].bytes.size());
    }
    const std::int64_t before = operand.is_slice() ? 0 : operand.first_byte;
    const bool inside = operand.first_byte >= 0 && operand.rows >= 1 && operand.row_bytes >= 0 &&
                        before + operand.rows * operand.row_bytes <= bytes &&
                        (!operand.is_slice() || slice_inside(operand));
    if (!inside) fail(fmt::format("{} lies outside its {} bytes", what, bytes));
    return inside;
  }

  // Whole pixels, and each pixel's part inside it.
  static bool slice_inside(const RowsOperand& operand) {
    return operand.pixel_bytes >= 1 && operand.row_bytes % operand.pixel_pitch_bytes == 0 &&
           operand.first_byte + operand.pixel_bytes <= operand.pixel_pitch_bytes;
  }

  void check_window(const KernelCall& call, const RowWindow& window, const RowsOperand& input) {
    if (window.whole) return;
    if (window.each.empty()) {
      if (window.stride < 0 || window.extent < 1) fail("a window has no stride or no rows");
      return;
    }
    if (static_cast<std::int64_t>(window.each.size()) != call.run_rows)
      return fail("a window has not as many rows as the call");
    RowRange before;
    for (const RowRange& rows : window.each) {
      const bool inside = rows.first <= rows.end && rows.end <= input.rows;
      if (!inside || rows.first < before.first || rows.end < before.end)
        return fail("the rows of a window go back or lie outside its input");
      before = rows;
    }
  }

  void check_call(const KernelCall& call, IdVector<BufferId, bool>& written) {
    where_ = call.origin;
    const std::string header = "linnet/kernels/" + call.kernel + ".h";
    bool known = false;
    for (const EmbeddedFile& file : embedded_files()) known = known || file.path == header;
    if (!known) fail("kernel '" + call.kernel + "' has no header " + header);
    if (call.windows.size() != call.inputs.size()) fail("as many windows as inputs are needed");
    if (call.may_overwrite >= static_cast<int>(call.inputs.size()))
      fail("may_overwrite names no input");
    for (std::size_t i = 0; i < call.inputs.size() && i < call.windows.size(); ++i)
      check_window(call, call.windows[i], call.inputs[i]);
    for (const RowsOperand& input : call.inputs) {
      if (!check_operand(input, "an input")) continue;
      const auto* buffer = std::get_if<BufferId>(&input.source);
      if (buffer != nullptr && !written[*buffer]) {
        fail("'" + program_.buffers[*buffer].name + "' is read before it is made");
      }
    }
    for (const Field& field : call.fields) {
      const auto* constant = std::get_if<ConstantId>(&field.value);
      if (constant != nullptr && !program_.constants.contains(*constant)) {
        fail("field '" + field.name + "' names no constant");
      }
    }
    if (call.run_rows < 1) fail("a call makes no rows");
    if (call.consumes && call.run_rows % call.output.rows != 0)
      fail("a call that consumes rows takes as many for each row that it makes");
    if (!std::holds_alternative<BufferId>(call.output.source))
      return fail("a call writes to a constant");
    if (check_operand(call.output, "the output")) mark(written, call.output);
  }

  const Program& program_;
  Origin where_;
  Diagnostics diagnostics_;
};

std::string show(const Program& program, const RowsOperand& operand) {
  const auto* buffer = std::get_if<BufferId>(&operand.source);
  const std::string& name = buffer != nullptr
                                ? program.buffers[*buffer].name
                                : program.constants[std::get<ConstantId>(operand.source)].name;
  std::string text = fmt::format("{}[{}x{}]", name, operand.rows, operand.row_bytes);
  if (operand.first_byte != 0) text += fmt::format("+{}", operand.first_byte);
  if (operand.is_slice())
    text += fmt::format(" {} of {}", operand.pixel_bytes, operand.pixel_pitch_bytes);
  return text;
}

// " whole", " s2 p1 e3" or " each 0-2 1-4 .." (the first few rows).
std::string show(const RowWindow& window) {
  if (window.whole) return " whole";
  if (window.each.empty())
    return fmt::format(" s{} p{} e{}", window.stride, window.pad_top, window.extent);
  constexpr std::size_t kShown = 6;
  std::string text = " each";
  for (std::size_t r = 0; r < window.each.size() && r < kShown; ++r)
    text += fmt::format(" {}-{}", window.each[r].first, window.each[r].end);
  if (window.each.size() > kShown) text += " ..";
  return text;
}

std::string show(const Program& program, const Field& field) {
  if (const auto* integer = std::get_if<std::int64_t>(&field.value)) {
    return fmt::format("{}={}", field.name, *integer);
  }
  if (const auto* real = std::get_if<float>(&field.value))
    return fmt::format("{}={}", field.name, *real);
  return fmt::format("{}={}", field.name,
                     program.constants[std::get<ConstantId>(field.value)].name);
}

}  // namespace

Result<Nothing> verify(const Program& program) { return Verifier(program).run(); }

std::string print(const Program& program) {
  std::string text = fmt::format("program {}\n", program.name);
  const auto out = std::back_inserter(text);
  for (const Buffer& buffer : program.buffers) {
    fmt::format_to(out, "buffer {} rows={} row_bytes={}{}{}\n", buffer.name, buffer.rows,
                   buffer.row_bytes, buffer.is_input ? " input" : "",
                   buffer.is_output ? " output" : "");
  }
  for (const Constant& constant : program.constants) {
    fmt::format_to(out, "constant {} {} bytes={}\n", constant.name,
                   constant.role == Constant::Role::weights ? "weights" : "table",
                   constant.bytes.size());
  }
  std::size_t number = 0;
  for (const KernelCall& call : program.calls) {
    fmt::format_to(out, "{}: {} = {}(", number++, show(program, call.output), call.kernel);
    for (std::size_t i = 0; i < call.inputs.size(); ++i) {
      fmt::format_to(out, "{}{}{}", i == 0 ? "" : ", ", show(program, call.inputs[i]),
                     show(call.windows[i]));
    }
    fmt::format_to(out, ") {} '{}' scratch={} macs={}", call.op, call.origin.name,
                   call.scratch_bytes, call.macs);
    if (call.may_overwrite >= 0) fmt::format_to(out, " may_overwrite={}", call.may_overwrite);
    fmt::format_to(out, "\n   ");
    for (const Field& field : call.fields) fmt::format_to(out, " {}", show(program, field));
    fmt::format_to(out, "\n");
  }
  return text;
}

}  // namespace linnet
