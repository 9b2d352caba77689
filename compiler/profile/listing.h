// What is in an image: its instructions, functions and marks, as binutils list them.
//
//   00000340 l     F .text	00000030 phinet::(anonymous namespace)::conv2d_s8_1x1(...)      a function
//   00000412 l       .text	00000000 linnet_profile_layer_7_123                             a mark
//        412:	ldrsb.w	r3, [r1, #1]                                                        an instruction
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace linnet {

struct Instruction {
  std::uint32_t address = 0;
  std::string mnemonic;   // "ldrsb.w"
  std::string operands;   // "r3, [r1, #1]", without objdump's comment
  std::string comment;    // "0x3f800000  1.0"
  std::string condition;  // of the IT block that it is in: "eq"; empty outside
};

struct Function {
  std::uint32_t address = 0;
  std::uint32_t size_bytes = 0;
  std::string name;  // demangled
};

// Where a layer begins (layer >= 0) or ends (-1).
struct LayerMark {
  std::uint32_t address = 0;
  std::int32_t layer = -1;
  bool entry = false;  // of the layer's function: it counts where no other mark came before
};

struct Listing {
  std::vector<Instruction> instructions;             // by address
  std::vector<Function> functions;                   // by address; of several at one address one
  std::vector<LayerMark> marks;                      // one an address
  std::uint32_t profile_begin = 0, profile_end = 0;  // the two marker functions; 0: there are none

  // Index of the instruction at an address, or size() when there is none.
  std::size_t instruction_at(std::uint32_t address) const;
  // The function that an address lies in; null when it is in none.
  const Function* function_at(std::uint32_t address) const;
};

// From the output of `objdump -t -C` and of `objdump -d --no-show-raw-insn`.
Listing read_listing(std::string_view symbols, std::string_view disassembly);

// "a::b(int)" -> "a::b", "void f<int>(X)" -> "f<int>": without return type, parameters and unnamed namespaces;
// "linnet::v0_1_0_a7bd298a::gemm" -> "linnet::gemm".
std::string short_function_name(std::string_view demangled);

}  // namespace linnet
