// The schedule of a generated network, read back from the text of NAME.cpp and NAME.hpp: what calls there are, where their
// operands lie, and which rows are made in which order.
//
//   LINNET_ONE_COPY void call_1(const Arenas& arenas, ...) {
//     const linnet::RowsIn in[] = { {arenas.axi + 0, 8, 4} };
//     conv2d_s8_1x1(layer_1, { in, {arenas.dtcm + 0, 16, 2}, arenas.dtcm + 32 }, first_row, row_count);
//   }
//   ...
//   for (std::int32_t round = 0; round < 2; ++round) {            steps: call 1 rows 0, 1, call 2 row 0,
//     const std::int32_t i = opaque(round);                              call 1 rows 2, 3, call 2 row 1
//     LINNET_STEP(1, 2 * i, 1); ...
//
// It knows the text alone: nothing of the planner, of lowering, or of the emitter's data. What it does not understand is an
// error that quotes the line.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "compiler/support/result.h"

namespace linnet {

struct AddressText {
  std::string bank;
  std::int64_t offset = 0;
};

// Row r of an operand lies at base + (r % capacity) * pitch.
struct OperandText {
  bool in_flash = false;
  AddressText base;
  std::int64_t pitch = 0;
  std::int64_t capacity = 0;
};

struct CallText {
  std::string op, node;  // from the comment before it
  std::string kernel, layer_type;
  std::map<std::string, std::int64_t> fields;  // of the layer; integers only
  std::vector<OperandText> inputs;
  OperandText output;
  std::optional<AddressText> scratch;
  std::int64_t scratch_bytes = 0;
  std::int64_t rows_taken =
      0;  // of the input for a row of the output, where the kernel consumes rows; else 0
  std::int64_t block_rows =
      0;  // output rows that the kernel works on at once; 0: it does not say, so all of a step
  std::size_t line = 0;

  std::int64_t field(const std::string& name, std::int64_t absent) const {
    const auto found = fields.find(name);
    return found == fields.end() ? absent : found->second;
  }
};

struct StepText {
  static constexpr std::int32_t kPush = -1;
  std::int32_t call = 0;  // or kPush: the application writes row `first_row` of the input
  std::int64_t first_row = 0;
  std::int64_t row_count = 1;
};

// Where the application writes its rows, when it pushes them.
struct InputRingText {
  AddressText base;
  std::int64_t pitch = 0;
  std::int64_t capacity = 0;
  std::int64_t rows = 0;
  std::int64_t row_bytes = 0;  // as run() copies them
};

struct ScheduleText {
  std::string name;
  std::map<std::string, std::int64_t> arena_bytes;
  std::vector<CallText> calls;
  std::vector<StepText> steps;      // as they happen: loops and tables unrolled
  std::vector<AddressText> inputs;  // of input(); empty when rows are pushed
  std::vector<AddressText> outputs;
  std::optional<InputRingText> input_ring;
};

// E903 when it does not understand the text.
Result<ScheduleText> read_schedule(std::string_view source, std::string_view header);

}  // namespace linnet
