// The parts of `linnet profile` on known texts: listings, the linker's map, llvm-mca's input and answers.
#include <catch2/catch.hpp>

#include "compiler/profile/code_size.h"
#include "compiler/profile/cycles.h"
#include "compiler/verify/temporary_folder.h"
#include "compiler/verify/toolchain.h"

namespace linnet {
namespace {

const char* const kSymbols =
    "00000100 l     F .text\t00000010 net::(anonymous namespace)::call_3(net::Arenas const&, int, "
    "int) [clone .constprop.0]\n"
    "00000111 g     F .text\t00000008 linnet_profile_begin\n"
    "00000119 g     F .text\t00000008 linnet_profile_end\n"
    "00000130 l       .text\t00000000 linnet_profile_layer_7_123\n"
    "00000136 l       .text\t00000000 linnet_profile_no_layer_124\n"
    "00000136 l       .text\t00000000 linnet_profile_layer_8_125\n"
    "00000121 g     F .text\t00000040 net::run(net::Arenas const&)\n"
    "00000200 g     O .rodata\t00000040 net::weights\n";

const char* const kDisassembly =
    "00000120 <net::run(net::Arenas const&)>:\n"
    "     120:\tpush\t{r4, lr}\n"
    "     122:\titte\teq\n"
    "     124:\tmoveq\tr3, #1\n"
    "     126:\tldreq.w\tr2, [r1, #4]\n"
    "     12a:\tmovne\tr3, #0\n"
    "     12c:\tvmov.f32\ts0, #112\t; 0x3f800000  1.0\n"
    "     130:\tbl\t200 <memcpy>\n"
    "     134:\tcbnz\tr3, 120 <net::run(net::Arenas const&)>\n"
    "     136:\tbne.n\t120 <net::run(net::Arenas const&)>\n"
    "     138:\tldr\tr3, [pc, #16]\t; (14c <x+0x1c>)\n"
    "     13a:\tblx\tr3\n"
    "     13c:\t.word\t0x12345678\n";

TEST_CASE("listing: functions, marks and conditions") {
  const Listing listing = read_listing(kSymbols, kDisassembly);
  CHECK(listing.profile_begin == 0x110);
  CHECK(listing.profile_end == 0x118);
  REQUIRE(listing.function_at(0x15E) != nullptr);
  CHECK(listing.function_at(0x15E)->name == "net::run(net::Arenas const&)");
  CHECK(listing.function_at(0x160) == nullptr);
  CHECK(listing.function_at(0x80) == nullptr);
  REQUIRE(listing.marks.size() == 3);
  CHECK(listing.marks[0].layer == 3);
  CHECK(listing.marks[0].entry);
  CHECK(listing.marks[1].address == 0x130);
  CHECK(listing.marks[1].layer == 7);
  CHECK_FALSE(listing.marks[1].entry);
  CHECK(listing.marks[2].layer == 8);  // an end and a beginning in one place
  REQUIRE(listing.instructions.size() == 12);
  CHECK(listing.instruction_at(0x12A) == 4);
  CHECK(listing.instruction_at(0x12B) == 12);
  CHECK(listing.instructions[2].condition == "eq");
  CHECK(listing.instructions[3].condition == "eq");
  CHECK(listing.instructions[4].condition == "ne");
  CHECK(listing.instructions[5].condition.empty());
}

TEST_CASE("instructions as llvm-mca reads them") {
  const Listing listing = read_listing(kSymbols, kDisassembly);
  const char* const expected[] = {"push {r4, lr}", "nop",
                                  "mov r3, #1",    "ldr r2, [r1, #4]",
                                  "mov r3, #0",    "vmov.f32 s0, #1.0",
                                  "b target",      "cbnz r3, target",
                                  "bne target",    "ldr r3, [pc, #16]",
                                  "bx r3",         ""};
  for (std::size_t i = 0; i < listing.instructions.size(); ++i)
    CHECK(present(listing.instructions[i]) == expected[i]);
  CHECK(without_write_back("ldr r3, [r1], #4") == "ldr r3, [r1]");
  CHECK(without_write_back("ldrd r4, r5, [r2, #8]!") == "ldrd r4, r5, [r2, #8]");
  CHECK(without_write_back("add r3, r1") == "add r3, r1");
}

TEST_CASE("function names without types") {
  CHECK(short_function_name("net::run(net::Arenas const&)") == "net::run");
  CHECK(short_function_name("net::(anonymous namespace)::call_3(int) [clone .constprop.0]") ==
        "net::call_3");
  CHECK(short_function_name(
            "void linnet::v0_1_0_a7bd298a::gemm::write<false, 2>(linnet::v0_1_0_a7bd298a::Io)") ==
        "linnet::gemm::write<false, 2>");
  CHECK(short_function_name("memcpy") == "memcpy");
}

TEST_CASE("the linker's map by object") {
  const std::vector<ObjectSize> sizes = read_object_sizes(
      "Discarded input sections\n .text  0x00000000  0x99 board_startup.cpp.o\n"
      "Linker script and memory map\n\n"
      ".text           0x00000000     0x1234\n"
      " *(.text .text.*)\n"
      " .text._ZN3net3runE\n"
      "                0x00000340      0x1ec unit_0.cpp.o\n"
      "                0x00000340                net::run(net::Arenas const&)\n"
      " .text          0x0000052c       0x10 board_startup.cpp.o\n"
      " *fill*         0x0000053c        0x4 \n"
      " .rodata.layer  0x00000540       0x20 unit_0.cpp.o\n"
      " .text          0x00000560       0x30 /usr/lib/x/libc_nano.a(lib_a-memcpy.o)\n"
      " .bss           0x20000000       0x30 unit_0.cpp.o\n");
  REQUIRE(sizes.size() == 3);
  CHECK(sizes[0].object == "unit_0.cpp.o");
  CHECK(sizes[0].kind == ObjectKind::generated);
  CHECK(sizes[0].text_bytes == 0x1EC);
  CHECK(sizes[0].rodata_bytes == 0x20);
  CHECK(sizes[1].object == "libc_nano.a(lib_a-memcpy.o)");
  CHECK(sizes[1].kind == ObjectKind::library);
  CHECK(sizes[2].kind == ObjectKind::scaffold);
}

Instruction instruction(const char* mnemonic, const char* operands) {
  return {0, mnemonic, operands, {}, {}};
}

TEST_CASE("modelled cycles: steady loops, calls as branches, what cannot be modelled is said") {
  const std::string llvm_mca = find_program("llvm-mca");
  REQUIRE_FALSE(llvm_mca.empty());
  const TemporaryFolder folder;
  const std::vector<Instruction> additions{
      instruction("add", "r0, r1"), instruction("add", "r2, r3"), instruction("add", "r4, r5"),
      instruction("add", "r6, r7")};
  const std::vector<Instruction> call{instruction("bl", "200 <memcpy>")};
  const std::vector<Instruction> unknown{instruction("frobnicate", "r0"),
                                         instruction("add", "r0, r1")};
  const std::vector<Instruction> data{instruction(".word", "0x12345678")};
  // llvm-mca 14 dies of some of these.
  const std::vector<Instruction> write_back{
      instruction("ldr.w", "r3, [r1], #4"), instruction("ldrd", "r4, r5, [r1], #8"),
      instruction("ldrsb.w", "r6, [r1, #1]!"), instruction("ldrh.w", "r7, [r1], #2")};
  const std::vector<BlockCycles> cycles = model_cycles(
      {additions, call, unknown, data, write_back, additions}, llvm_mca, folder.path());
  REQUIRE(cycles.size() == 6);
  CHECK(cycles[0].cycles == Approx(2).margin(0.1));  // two a cycle
  CHECK(cycles[0].unmodelled == 0);
  CHECK(cycles[1].cycles < 5);
  CHECK(cycles[1].cycles >= 0.5);
  CHECK(cycles[2].unmodelled == 1);
  CHECK(cycles[2].cycles > 0);
  CHECK(cycles[3].unmodelled == 1);
  CHECK(cycles[3].cycles == 0);
  CHECK(cycles[4].unmodelled == 0);
  CHECK(cycles[4].cycles >= 2);
  CHECK(cycles[5].cycles == cycles[0].cycles);
}

}  // namespace
}  // namespace linnet
