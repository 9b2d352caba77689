// See random_program.h.
#include "tests/plan/random_program.h"

#include <algorithm>
#include <random>

namespace linnet::testing {

Program random_program(std::uint64_t seed, std::size_t calls) {
  std::mt19937_64 engine(seed);
  const auto below = [&](std::uint64_t limit) {
    return static_cast<std::int64_t>(engine() % limit);
  };
  Program program;
  program.name = "random";
  std::vector<RowsOperand> known;
  const auto add_buffer = [&](std::int64_t rows, std::int64_t row_bytes) {
    Buffer buffer;
    buffer.name = "b" + std::to_string(program.buffers.size());
    buffer.rows = rows;
    buffer.row_bytes = row_bytes;
    RowsOperand operand;
    operand.rows = rows;
    operand.row_bytes = row_bytes;
    operand.source = program.buffers.push(buffer);
    return operand;
  };

  known.push_back(add_buffer(1 + below(8), 1 + below(40)));
  Buffer& input = program.buffers[std::get<BufferId>(known[0].source)];
  input.is_input = true;
  input.alignment = 32;
  program.inputs.push_back(known[0]);

  for (std::size_t c = 0; c < calls; ++c) {
    KernelCall call;
    call.kernel = "lut_s8";
    call.op = "Test";
    call.origin = {"call" + std::to_string(c), "Test"};
    const std::size_t recent = std::min<std::size_t>(known.size(), 4);
    const auto inputs = static_cast<std::size_t>(1 + below(2));
    for (std::size_t i = 0; i < inputs; ++i) {
      const auto back = static_cast<std::size_t>(below(recent));
      call.inputs.push_back(known[known.size() - 1 - back]);
      call.windows.emplace_back();
    }
    const bool same_shape = below(2) == 0;
    const RowsOperand& like = call.inputs[0];
    call.output = same_shape ? add_buffer(like.rows, like.row_bytes)
                             : add_buffer(1 + below(8), 1 + below(40));
    call.run_rows = call.output.rows;
    if (same_shape) call.may_overwrite = 0;
    if (below(3) == 0) call.scratch_bytes = 1 + below(60);
    known.push_back(call.output);
    program.calls.push_back(std::move(call));
  }
  Buffer& output = program.buffers[std::get<BufferId>(known.back().source)];
  output.is_output = true;
  output.alignment = 32;
  program.outputs.push_back(known.back());
  return program;
}

namespace {

class RowProgram {
 public:
  RowProgram(std::uint64_t seed, std::size_t calls) : engine_(seed) {
    program_.name = "random_rows";
    RowsOperand input = add_buffer(8 + below(24), 8 * (1 + below(12)));
    Buffer& buffer = program_.buffers[std::get<BufferId>(input.source)];
    buffer.is_input = true;
    buffer.alignment = 32;
    program_.inputs.push_back(input);
    known_.push_back(input);
    while (program_.calls.size() < calls) add_some();
  }

  Program finish() {
    IdVector<BufferId, bool> read(program_.buffers.size(), false);
    for (const KernelCall& call : program_.calls) {
      for (const RowsOperand& input : call.inputs) read[std::get<BufferId>(input.source)] = true;
    }
    for (const RowsOperand& operand : known_) {
      const BufferId id = std::get<BufferId>(operand.source);
      Buffer& buffer = program_.buffers[id];
      if (read[id] || buffer.is_input) continue;
      buffer.is_output = true;
      buffer.alignment = 32;
      program_.outputs.push_back(operand);
    }
    return std::move(program_);
  }

 private:
  std::int64_t below(std::uint64_t limit) { return static_cast<std::int64_t>(engine_() % limit); }

  RowsOperand add_buffer(std::int64_t rows, std::int64_t row_bytes) {
    Buffer buffer;
    buffer.name = "b" + std::to_string(program_.buffers.size());
    buffer.rows = rows;
    buffer.row_bytes = row_bytes;
    RowsOperand operand;
    operand.rows = rows;
    operand.row_bytes = row_bytes;
    operand.source = program_.buffers.push(buffer);
    return operand;
  }
  const RowsOperand& recent() {
    const std::size_t reach = std::min<std::size_t>(known_.size(), below(4) == 0 ? 12 : 2);
    return known_[known_.size() - 1 - static_cast<std::size_t>(below(reach))];
  }

  RowsOperand add_call(const char* op, std::vector<RowsOperand> inputs,
                       std::vector<RowWindow> windows, std::int64_t rows, std::int64_t row_bytes) {
    KernelCall call;
    call.kernel = "lut_s8";
    call.op = op;
    call.origin = {"call" + std::to_string(program_.calls.size()), op};
    call.inputs = std::move(inputs);
    call.windows = std::move(windows);
    call.output = add_buffer(rows, row_bytes);
    call.run_rows = rows;
    if (below(3) == 0) call.scratch_bytes = 1 + below(60);
    known_.push_back(call.output);
    program_.calls.push_back(std::move(call));
    return known_.back();
  }

  void add_some() {
    const RowsOperand x = recent();
    switch (below(8)) {
      case 0:
      case 1:
      case 2: {  // a convolution
        const auto stride = static_cast<std::int32_t>(1 + below(2));
        const auto extent = static_cast<std::int32_t>(1 + 2 * below(3));
        const std::int64_t rows = (x.rows + stride - 1) / stride;
        const RowWindow window{false, stride, extent / 2, extent, {}};
        add_call("Conv", {x}, {window}, rows, 8 * (1 + below(12)));
        break;
      }
      case 3:
      case 4: {  // elementwise, in place where that can be
        add_call("Unary", {x}, {RowWindow{false, 1, 0, 1, {}}}, x.rows, x.row_bytes);
        program_.calls.back().may_overwrite = 0;
        break;
      }
      case 5: {  // a join with something of as many rows
        for (const RowsOperand& y : known_) {
          if (y.rows != x.rows) continue;
          const RowWindow row{false, 1, 0, 1, {}};
          add_call("Concat", {x, y}, {row, row}, x.rows, x.row_bytes + y.row_bytes);
          break;
        }
        break;
      }
      case 6: {  // squeeze and excite
        const RowsOperand mean =
            add_call("Pool", {x}, {RowWindow{false, 1, 0, 1, {}}}, 1, x.row_bytes);
        program_.calls.back().consumes = true;
        program_.calls.back().run_rows = x.rows;
        program_.calls.back().scratch_bytes = 4 * x.row_bytes;
        add_call("Gate", {x, mean}, {RowWindow{false, 1, 0, 1, {}}, RowWindow{}}, x.rows,
                 x.row_bytes);
        program_.calls.back().may_overwrite = 0;
        break;
      }
      default:  // a barrier
        if (below(3) == 0)
          add_call("Transpose", {x}, {RowWindow{}}, 1 + below(20), 8 * (1 + below(12)));
    }
  }

  std::mt19937_64 engine_;
  Program program_;
  std::vector<RowsOperand> known_;
};

}  // namespace

Program random_row_program(std::uint64_t seed, std::size_t calls) {
  return RowProgram(seed, calls).finish();
}

}  // namespace linnet::testing
