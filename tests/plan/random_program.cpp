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

}  // namespace linnet::testing
