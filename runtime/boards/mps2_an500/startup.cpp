// Start-up for the emulated board (QEMU's mps2-an500): from reset to main(), and from a fault to an
// exit code.
//
// The linker script (banks.ld or open.ld) names what is used here:
//   linnet_stack_bottom, linnet_stack_top                  the target's stack, where the network
//   runs linnet_harness_stack_top                               the stack of main() and of the
//   fault handlers linnet_data_begin, linnet_data_end, linnet_data_load   initialised data and
//   where its values are linnet_bss_begin, linnet_bss_end                       zeroed data
//   linnet_init_begin, linnet_init_end                     static constructors
//   linnet_mpu_begin, linnet_mpu_end                       what the memory protection unit denies
//   and allows
#include <cstddef>
#include <cstdint>

#include "board.h"
#include "semihosting.h"

extern "C" {
extern std::uint32_t linnet_stack_bottom[], linnet_stack_top[], linnet_harness_stack_top[];
extern std::uint32_t linnet_data_begin[], linnet_data_end[];
extern const std::uint32_t linnet_data_load[];
extern std::uint32_t linnet_bss_begin[], linnet_bss_end[];
extern const std::uint32_t linnet_mpu_begin[], linnet_mpu_end[];
using Constructor = void (*)();
extern const Constructor linnet_init_begin[], linnet_init_end[];

// ISO C++ forbids to call main by its name.
int linnet_main() __asm__("main");

// libgcc's 64-bit division mentions the unwinder, which would bring abort() and all it needs.
// Nothing here unwinds.
void __aeabi_unwind_cpp_pr0() {}
void __aeabi_unwind_cpp_pr1() {}
void __aeabi_unwind_cpp_pr2() {}

// Destructors of static objects: the program ends by exit(), so they never run.
void* __dso_handle = nullptr;
int __cxa_atexit(void (*)(void*), void*, void*) { return 0; }
int __aeabi_atexit(void*, void (*)(void*), void*) { return 0; }
}

namespace {

namespace host = linnet::semihosting;

constexpr int kFaultExitCode = 101;
constexpr std::uint32_t kPaint = 0xC5C5C5C5;

volatile std::uint32_t& system_register(std::uintptr_t address) {
  return *reinterpret_cast<volatile std::uint32_t*>(address);
}

void enable_fpu() {
  constexpr std::uintptr_t cpacr = 0xE000ED88;
  system_register(cpacr) = system_register(cpacr) | (0xFU << 20);  // full access to CP10 and CP11
  __asm__ volatile("dsb\n\tisb" ::: "memory");
}

// A division by zero stops here, as it does on the host.
void trap_division_by_zero() {
  constexpr std::uintptr_t ccr = 0xE000ED14;
  system_register(ccr) = system_register(ccr) | (1U << 4);
}

// The gaps between the target's banks, and what is below its stack, are no memory.
void protect_memory() {
  constexpr std::uintptr_t mpu_ctrl = 0xE000ED94, mpu_rbar = 0xE000ED9C, mpu_rasr = 0xE000EDA0;
  for (const std::uint32_t* region = linnet_mpu_begin; region != linnet_mpu_end; region += 2) {
    system_register(mpu_rbar) = region[0];
    system_register(mpu_rasr) = region[1];
  }
  system_register(mpu_ctrl) = 5;  // on; what no region covers is as without the MPU
  __asm__ volatile("dsb\n\tisb" ::: "memory");
}

void paint_target_stack() {
  for (std::uint32_t* p = linnet_stack_bottom; p != linnet_stack_top; ++p) *p = kPaint;
}

}  // namespace

extern "C" {

[[noreturn]] void linnet_report_fault(const std::uint32_t* frame, std::uint32_t vector) {
  static const char* const names[] = {"NMI", "HardFault", "MemManage", "BusFault", "UsageFault"};
  host::print("\nfault: ", vector >= 2 && vector <= 6 ? names[vector - 2] : "unexpected interrupt",
              " (vector ", vector, ")\n", "  CFSR ", host::Hex{system_register(0xE000ED28)},
              "  HFSR ", host::Hex{system_register(0xE000ED2C)}, "  MMFAR ",
              host::Hex{system_register(0xE000ED34)}, "  BFAR ",
              host::Hex{system_register(0xE000ED38)}, "\n");
  const auto address = reinterpret_cast<std::uintptr_t>(frame);
  const auto bottom = reinterpret_cast<std::uintptr_t>(linnet_stack_bottom);
  if (address < bottom && address + 0x10000 > bottom)
    host::print("  the target's stack overflowed: sp ", host::Hex{address}, ", bottom ",
                host::Hex{bottom}, "\n");
  else
    host::print("  pc ", host::Hex{frame[6]}, "  lr ", host::Hex{frame[5]}, "  sp ",
                host::Hex{address}, "\n");
  host::exit(kFaultExitCode);
}

// The handlers always run on the main stack; bit 2 of EXC_RETURN says which one holds the
// interrupted frame.
__attribute__((naked)) void linnet_fault() {
  __asm__ volatile(
      "tst lr, #4\n\t"
      "ite eq\n\t"
      "mrseq r0, msp\n\t"
      "mrsne r0, psp\n\t"
      "mrs r1, ipsr\n\t"
      "b linnet_report_fault\n");
}

[[noreturn]] void linnet_reset() {
  enable_fpu();
  trap_division_by_zero();
  protect_memory();
  const std::uint32_t* from = linnet_data_load;
  for (std::uint32_t* to = linnet_data_begin; to != linnet_data_end; ++to) *to = *from++;
  for (std::uint32_t* to = linnet_bss_begin; to != linnet_bss_end; ++to) *to = 0;
  paint_target_stack();
  for (const Constructor* constructor = linnet_init_begin; constructor != linnet_init_end;
       ++constructor)
    (*constructor)();
  host::exit(linnet_main());
}

using Vector = void (*)();
struct VectorTable {
  std::uint32_t* stack_top;
  Vector handlers[15];
};

// No interrupt is ever enabled, so the table ends after the system's own vectors.
extern const VectorTable linnet_vectors;
__attribute__((section(".vectors"), used)) const VectorTable linnet_vectors = {
    linnet_harness_stack_top,
    {linnet_reset, linnet_fault, linnet_fault, linnet_fault, linnet_fault, linnet_fault,
     linnet_fault, linnet_fault, linnet_fault, linnet_fault, linnet_fault, linnet_fault,
     linnet_fault, linnet_fault, linnet_fault}};

// r0 = function, r1 = argument, r2 = top of the target's stack. Thread mode has a second stack
// pointer, PSP: the function runs on it, while a fault in it is still handled on the main stack.
__attribute__((naked)) void linnet_switch_stack(void (*)(void*), void*, std::uint32_t*) {
  __asm__ volatile(
      "push {r4, lr}\n\t"
      "msr psp, r2\n\t"
      "mrs r3, control\n\t"
      "orr r3, r3, #2\n\t"
      "msr control, r3\n\t"
      "isb\n\t"
      "mov r4, r0\n\t"
      "mov r0, r1\n\t"
      "blx r4\n\t"
      "mrs r3, control\n\t"
      "bic r3, r3, #2\n\t"
      "msr control, r3\n\t"
      "isb\n\t"
      "pop {r4, pc}\n");
}

}  // extern "C"

namespace linnet::board {

std::size_t target_stack_bytes() {
  return static_cast<std::size_t>(linnet_stack_top - linnet_stack_bottom) * sizeof(std::uint32_t);
}

std::size_t call_on_target_stack(void (*function)(void*), void* argument) {
  paint_target_stack();
  linnet_switch_stack(function, argument, linnet_stack_top);
  const std::uint32_t* lowest_used = linnet_stack_bottom;
  while (lowest_used != linnet_stack_top && *lowest_used == kPaint) ++lowest_used;
  return static_cast<std::size_t>(linnet_stack_top - lowest_used) * sizeof(std::uint32_t);
}

}  // namespace linnet::board
