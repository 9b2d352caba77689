// A model of the arenas in which every byte remembers whose it is, since when, and who read it last.
//
//   tag of a byte = (tensor, position in the tensor), or a call's scratch, or a sum that a call has not finished
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "compiler/check/layout.h"
#include "compiler/check/replay.h"

namespace linnet {

using ByteTag = std::uint64_t;

ByteTag tensor_tag(TensorId tensor, std::int64_t position);
// What a call keeps from step to step: of image `image` that it adds up, in its scratch or its output row.
ByteTag kept_tag(std::size_t call, std::int64_t image);
// "row 3 of 'conv1'", "scratch of call 4", "nothing"
std::string describe_tag(const Graph& graph, ByteTag tag);

// `count` bytes from `offset` on in a bank.
struct Span {
  std::size_t bank = 0;
  std::int64_t offset = 0, count = 0;
};

class ArenaModel {
 public:
  ArenaModel(const std::vector<BankText>& banks, RecordLives record);

  bool contains(const Span& span) const;
  // Step `step` reads bytes that must have tags from `first` on, each `increment` more than the one before; gives the first
  // offset where they have not, or -1. `guard`: the block of rows that goes on must not write over them.
  std::int64_t read(const Span& span, ByteTag first, std::int32_t step, bool guard,
                    ByteTag increment = 1);
  // Gives the first offset that the block reads under guard, or -1.
  std::int64_t write(const Span& span, ByteTag first, std::int32_t step, ByteTag increment = 1);
  // Read and guarded bytes so far are of another block.
  void begin_block() { ++block_; }
  ByteTag tag(std::size_t bank, std::int64_t offset) const;
  // Every life so far, by first step.
  std::vector<ByteLife> lives();

 private:
  struct Bank {
    std::vector<ByteTag> tag;
    std::vector<std::int32_t> block;               // that reads the byte under guard
    std::vector<std::int32_t> written, last_read;  // steps; only when lives are recorded
  };
  void end_life(std::size_t bank, std::int64_t offset);

  std::vector<Bank> banks_;
  bool record_;
  std::int32_t block_ = 0;
  std::vector<ByteLife> lives_;
};

}  // namespace linnet
