// The program: the quantized graph as kernel calls on row buffers, before anything has an address.
//
// Nothing here knows about kernels one by one. A call names its kernel (a struct of the runtime), carries the fields of
// the kernel's Layer struct as data, and says which buffers it reads and writes; the planner and the emitter treat all
// calls alike.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "compiler/ir/graph.h"
#include "compiler/support/strong_id.h"

namespace linnet {

using BufferId = Id<struct BufferTag>;
using ConstantId = Id<struct ConstantTag>;
using CallId = Id<struct CallTag>;

// A tensor that lives in RAM: `rows` rows of `row_bytes`. Views (Reshape) share their source's buffer.
struct Buffer {
  std::string name;            // of the tensor
  std::int64_t rows = 1;       // whole tensor
  std::int64_t row_bytes = 0;  // distance from row to row
  std::int32_t alignment = 8;  // bytes, of the first row
  bool is_input = false;       // written by the application
  bool is_output = false;      // read by the application after run()
  std::int64_t bytes() const { return rows * row_bytes; }
};

// Data in flash. `weights` are what the model carries; `table`s are what lowering made (look-up tables, multipliers).
struct Constant {
  enum class Role : std::uint8_t { weights, table } role = Role::weights;
  std::string name;              // a C++ identifier, unique in the program
  std::vector<std::byte> bytes;  // emitted as little-endian words, padded to a multiple of 8 bytes
};

// How a call sees a buffer or a constant as rows. For a buffer: `first_byte` into it, its own pitch and row count
// (N-dimensional kernels may see a whole buffer as one row).
//
// A slice of a buffer's channels is an operand too: pixels of `pixel_bytes`, `pixel_pitch_bytes` apart (slices.h).
struct RowsOperand {
  std::variant<BufferId, ConstantId> source;
  std::int64_t first_byte = 0;
  std::int64_t row_bytes = 0;  // pitch
  std::int64_t rows = 1;
  std::int64_t pixel_pitch_bytes = 0;  // 0: no slice, a row's bytes lie side by side
  std::int64_t pixel_bytes = 0;

  bool is_slice() const { return pixel_pitch_bytes != 0; }
};

// Whether two operands of one buffer have bytes in common, whatever their rows.
inline bool share_bytes(const RowsOperand& a, const RowsOperand& b) {
  if (!a.is_slice() || !b.is_slice()) return true;
  return a.first_byte < b.first_byte + b.pixel_bytes && b.first_byte < a.first_byte + a.pixel_bytes;
}

// Input rows [first, end).
struct RowRange {
  std::int32_t first = 0, end = 0;
};

// Which input rows the output rows [r, r+n) need. `whole`: all of them (a barrier).
struct RowWindow {
  bool whole = true;
  std::int32_t stride = 1;   // input rows from output row to output row
  std::int32_t pad_top = 0;  // first input row of output row 0 is -pad_top (negative in a slice)
  std::int32_t extent = 1;   // input rows under one output row: dilation * (kernel - 1) + 1
  // Where no one stride does (resizes, images of a batch, transposed convolutions): the rows under each row of the call,
  // used in place of stride, pad_top and extent. Neither end ever goes back from row to row; a range may be empty.
  std::vector<RowRange> each = {};
};

// Rows of an input with `input_rows` rows that a call needs to run rows [first_row, first_row + row_count).
RowRange rows_under(const RowWindow& window, std::int64_t first_row, std::int64_t row_count,
                    std::int64_t input_rows);

// A field of the kernel's Layer struct, by name: assigned in the generated code as `layer.NAME = VALUE;`.
struct Field {
  std::string name;
  std::variant<std::int64_t, float, ConstantId> value;
};

// How a call's operands may be slices of channels: the Layer's fields that hold the distance from pixel to pixel.
struct SliceFields {
  std::vector<std::string> inputs;  // one an input; empty: the kernel needs its pixels side by side
  std::string output;
  // Fields that change as soon as any operand is a slice.
  std::vector<std::pair<std::string, std::int64_t>> by_pixels = {};
  // The call itself does no more than to copy channels: those of its inputs, one after the other, or some of its input's,
  // from `first_byte` of a pixel on. `pixel_bytes`: of each input (join), or of the output (part).
  enum class Copies : std::uint8_t { none, join, part } copies = Copies::none;
  std::int64_t width = 0;  // pixels in a row
  std::vector<std::int64_t> pixel_bytes = {};
  std::int64_t first_byte = 0;
};

struct KernelCall {
  std::string kernel;      // struct name; header linnet/kernels/KERNEL.h
  std::string layer_type;  // "Conv2dS8"
  std::vector<Field> fields;
  std::vector<RowsOperand> inputs;  // activation operands, in the order of Io::in
  std::vector<RowWindow> windows;   // one per input
  RowsOperand output;               // source is a BufferId
  std::int64_t run_rows = 1;        // run() is called for rows [0, run_rows) in all, in order
  bool consumes = false;            // run() counts rows of input 0, not of the output; see rows.h
  std::int64_t scratch_bytes = 0;
  int may_overwrite = -1;       // index of an input whose bytes the output may take over, or -1
  std::int64_t block_rows = 1;  // the kernel works through so many rows at once; rows.h
  SliceFields slices;

  // For reports and comparison.
  Origin origin;
  std::string op;  // "Conv2d 3x3 s2", "Unary silu"
  TensorType output_type;
  TensorId tensor;  // of the lowered graph: what this call makes
  std::int64_t macs = 0;
  std::int64_t weights_bytes = 0;  // flash that only this call uses

  // Stands for the application, which writes rows of the input. Only the planner makes such calls, for itself.
  bool is_input() const { return kernel.empty(); }
};

// Output rows that exist when run() has been called for `run_rows` rows in all.
inline std::int64_t rows_made(const KernelCall& call, std::int64_t run_rows) {
  return call.consumes ? run_rows * call.output.rows / call.run_rows : run_rows;
}

struct Program {
  std::string name;
  IdVector<BufferId, Buffer> buffers;
  IdVector<ConstantId, Constant> constants;
  std::vector<KernelCall> calls;     // topological order; CallId is the index
  std::vector<RowsOperand> inputs;   // where each graph input lies
  std::vector<RowsOperand> outputs;  // where each graph output lies (always a buffer)
};

}  // namespace linnet
