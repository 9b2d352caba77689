// Which call of a generated network makes which tensor of the graph, and where the bytes of a tensor are by an operand of the
// text.
//
// Calls come in the graph's order. A Reshape or Cast has none: its output is its input's bytes. A Concat or Slice along
// channels may have none: then the narrow tensors lie in the wide one, pixel by pixel,
//
//   wide, 5 channels    | a a b b b | a a b b b | ...         byte k of b = byte k / 3 * 5 + 2 + k % 3 of wide
//
// so every tensor has a root, whose bytes it shares, and a chain of such views to it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "compiler/check/schedule_text.h"
#include "compiler/ir/graph.h"

namespace linnet {

// Byte k of a tensor is byte (k / run) * step + k % run + offset of tensor `of`.
struct ByteView {
  TensorId of;
  std::int64_t run = 0, step = 0, offset = 0;
};

// An operand of a call, checked against the tensor that it must be. A row of it has `runs` runs of `run` bytes, `step` from
// one to the next: one run, or a pixel each in a slice of channels.
struct OperandLayout {
  std::size_t bank = 0;
  std::int64_t offset = 0, pitch = 0, capacity = 1;
  std::int64_t run = 0, step = 0, runs = 1;
  TensorId tensor;
  std::size_t node_input = 0;

  std::int64_t row_bytes() const { return run * runs; }  // of the tensor's own
  bool operator==(const OperandLayout&) const = default;
};

// A call and the node that it is for; none for a constant that is copied to an output.
struct BoundCall {
  const CallText* text = nullptr;
  const Node* node = nullptr;
  std::vector<OperandLayout> inputs;  // those in RAM
  OperandLayout output;
  std::size_t scratch_bank = 0;
};

struct BankText {
  std::string name;
  std::int64_t bytes = 0;
};

struct BoundSchedule {
  std::vector<BankText> banks;
  std::vector<BoundCall> calls;
  IdVector<TensorId, ByteView> views;  // `of` is none for a root
  std::int64_t joins_and_parts = 0;    // nodes along channels without a call

  TensorId root(TensorId tensor) const;
  // Byte `position` of the tensor as a byte of its root; `count` is reduced to the bytes that go on side by side there.
  std::int64_t root_position(TensorId tensor, std::int64_t position, std::int64_t& count) const;
};

// E903 when the text's calls are not the graph's.
Result<BoundSchedule> bind_schedule(const Graph& graph, const ScheduleText& text);

}  // namespace linnet
