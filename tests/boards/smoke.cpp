// A bare-metal program that proves the emulated board: start-up, both linker scripts, every bank,
// the stack's high-water mark, and that what must fault does. The cortex-m7 preset builds it and
// runs it in the emulator with one of these words as its argument:
//
//   healthy          everything works; exit code 0
//   stack            uses more than the target's stack
//   bank             writes one byte past the end of a bank
//   divide           divides by zero
//   unaligned        loads two words at an odd address
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <iterator>

#include "board.h"
#include "semihosting.h"

namespace {

namespace host = linnet::semihosting;

#define LINNET_SECTION(name) alignas(32) __attribute__((section(name)))
LINNET_SECTION(".linnet.dtcm") std::byte dtcm[126976];
LINNET_SECTION(".linnet.axi") std::byte axi[524288];
LINNET_SECTION(".linnet.sram123") std::byte sram123[294912];
LINNET_SECTION(".linnet.sram4") std::byte sram4[65536];
LINNET_SECTION(".linnet.itcm") std::byte itcm[65504];
LINNET_SECTION(".harness") std::byte scaffolding[1U << 20];
LINNET_SECTION(".harness.rodata") const std::uint32_t vector[4] = {2, 3, 5, 7};
LINNET_SECTION(".linnet.weights.a") const std::uint32_t weights[100000] = {11, 13};

volatile std::int32_t initialised = 41;
volatile std::int32_t zeroed;
struct Constructed {
  std::int32_t value = initialised + 1;
} constructed;

int failures = 0;
void expect(bool holds, const char* what) {
  if (holds) return;
  host::print("failed: ", what, "\n");
  ++failures;
}

template <std::size_t size>
bool holds_bytes(std::byte (&bank)[size]) {
  std::memset(bank, 0xA7, size);
  return std::all_of(std::begin(bank), std::end(bank),
                     [](std::byte b) { return b == std::byte{0xA7}; });
}

__attribute__((noinline)) std::int32_t use_stack(std::int32_t bytes) {
  volatile std::int32_t block[64];
  block[0] = bytes;
  return bytes <= 256 ? block[0] : use_stack(bytes - 256) + block[0];
}

void healthy() {
  expect(initialised == 41, ".data holds its values");
  expect(zeroed == 0, ".bss is zero");
  expect(constructed.value == 42, "static constructors run after .data is there");
  expect(holds_bytes(dtcm), "DTCM");
  expect(holds_bytes(axi), "AXI");
  expect(holds_bytes(sram123), "SRAM1 to 3");
  expect(holds_bytes(sram4), "SRAM4");
  expect(holds_bytes(itcm), "ITCM");
  expect(holds_bytes(scaffolding), "harness");
  expect(vector[3] == 7, ".harness.rodata is loaded");
  expect(weights[0] == 11 && weights[1] == 13 && weights[99999] == 0, "weights are loaded");

  std::uint32_t fpscr = 1;
  __asm__ volatile("vmrs %0, fpscr" : "=r"(fpscr));
  expect((fpscr & 0x07C00000) == 0, "round to nearest, subnormals kept");
  const volatile float a = 1.0F + 0x1p-23F;
  const volatile float minus_one = -1.0F;
  expect(a * a + minus_one == 0x1p-22F, "a product is rounded before it is added to");

  std::int32_t sum = 0;
  const std::size_t used_bytes = linnet::board::on_target_stack([&] { sum = use_stack(1024); });
  expect(sum == 1024 + 768 + 512 + 256, "a function runs on the target's stack");
  expect(used_bytes >= 1024 && used_bytes < 1500, "the stack's high-water mark");
  expect(linnet::board::target_stack_bytes() == 4096, "the stack's size");
  host::print("stack ", used_bytes, " of ", linnet::board::target_stack_bytes(), " bytes\n");

  {
    const host::File file("smoke.txt", host::Mode::write);
    expect(file && file.write("linnet", 6), "a file is written");
  }
  const host::File file("smoke.txt", host::Mode::read);
  char text[6];
  expect(file.length_bytes() == 6 && file.read(text, 6) && std::memcmp(text, "linnet", 6) == 0,
         "and read back");
}

}  // namespace

int main() {
  static char arguments[256];
  if (!host::command_line(arguments, sizeof arguments)) return 2;
  const char* const last = std::strrchr(arguments, ' ');
  const auto asked = [&](const char* word) {
    return last != nullptr && std::strcmp(last + 1, word) == 0;
  };
  if (asked("healthy")) {
    healthy();
  } else if (asked("stack")) {
    linnet::board::on_target_stack([] { zeroed = use_stack(8192); });
  } else if (asked("bank")) {
    std::byte* volatile end = axi + sizeof axi;  // volatile: GCC sees the mistake otherwise
    *end = std::byte{1};
  } else if (asked("divide")) {
    host::print(initialised / zeroed);
  } else if (asked("unaligned")) {
    __asm__ volatile("ldrd r2, r3, [%0]" ::"r"(scaffolding + 1) : "r2", "r3", "memory");
  } else {
    return 2;
  }
  host::print(failures == 0 ? "ok\n" : "not ok\n");
  return failures;
}
