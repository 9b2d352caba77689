// Cycles of a Cortex-M7 for blocks of instructions, modelled by llvm-mca: its pipeline and latencies, with every access
// to memory a hit in tightly coupled memory and every branch foreseen.
//
// A block costs what one more execution of it costs when it is executed over and over (100 times, divided by 100). For a
// loop of one block that is what happens; for others it stands for the blocks around being much like it.
#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "compiler/profile/listing.h"

namespace linnet {

struct BlockCycles {
  double cycles = 0;           // of one execution
  std::size_t unmodelled = 0;  // instructions of the block that these cycles leave out
  std::size_t simplified = 0;  // instructions that are modelled without their write-back
};

// One result for each block. `folder` takes llvm-mca's input files.
std::vector<BlockCycles> model_cycles(const std::vector<std::span<const Instruction>>& blocks,
                                      const std::string& llvm_mca,
                                      const std::filesystem::path& folder);

// The instruction as llvm-mca can read it, where it differs from what objdump prints: calls and branches go to one
// label (a call would be charged 100 cycles), an IT instruction is a nop and what it governs unconditional, a wide
// instruction has no ".w". Empty when it is no instruction ("<UNDEFINED>").
std::string present(const Instruction& instruction);
// The same without write-back of the address: llvm-mca 14 crashes on some.
std::string without_write_back(const std::string& presented);

}  // namespace linnet
