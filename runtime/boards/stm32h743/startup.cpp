// Start-up for the STM32H743: from reset to main(). Written from the reference manual (RM0433); it
// has not run on hardware. The linker script stm32h743.ld names the memory used here.
//
// In order: FPU; clocks of SRAM1 to 3, which are off after reset and hold .data and .bss; the
// application's linnet_system_init(); .data, .bss and code for the ITCM; caches; static
// constructors; main(). Clocks and flash wait states stay as reset leaves them, unless
// linnet_system_init() changes them (examples/bare_metal_stm32h743 does).
#include <cstdint>

extern "C" {
extern std::uint32_t linnet_stack_top[];
extern std::uint32_t linnet_data_begin[], linnet_data_end[];
extern const std::uint32_t linnet_data_load[];
extern std::uint32_t linnet_itcm_begin[], linnet_itcm_end[];
extern const std::uint32_t linnet_itcm_load[];
extern std::uint32_t linnet_bss_begin[], linnet_bss_end[];
using Constructor = void (*)();
extern const Constructor linnet_init_begin[], linnet_init_end[];

using Vector = void (*)();
struct VectorTable {
  std::uint32_t* stack_top;
  Vector reset;
  Vector exceptions[14 + 150];
};
extern const VectorTable linnet_vectors;

// ISO C++ forbids to call main by its name.
int linnet_main() __asm__("main");

// An application may define it: called for every exception but reset with the vector's number (16 =
// interrupt 0).
__attribute__((weak)) void linnet_interrupt(std::uint32_t) {
  for (;;) {
  }
}

// An application may define it: clock, wait states, memory protection, external memory. It runs on
// the stack, before .data and .bss are there and before the caches are on.
__attribute__((weak)) void linnet_system_init() {}

// libgcc's 64-bit division mentions the unwinder, which would bring abort() and all it needs.
void __aeabi_unwind_cpp_pr0() {}
void __aeabi_unwind_cpp_pr1() {}
void __aeabi_unwind_cpp_pr2() {}

// Destructors of static objects: main() never returns to anybody.
void* __dso_handle = nullptr;
int __cxa_atexit(void (*)(void*), void*, void*) { return 0; }
int __aeabi_atexit(void*, void (*)(void*), void*) { return 0; }
}

namespace {

volatile std::uint32_t& system_register(std::uintptr_t address) {
  return *reinterpret_cast<volatile std::uint32_t*>(address);
}

void barrier() { __asm__ volatile("dsb\n\tisb" ::: "memory"); }

void enable_fpu() {
  constexpr std::uintptr_t cpacr = 0xE000ED88;
  system_register(cpacr) = system_register(cpacr) | (0xFU << 20);  // full access to CP10 and CP11
  barrier();
}

// A boot loader or a debugger may have left others.
void use_our_vectors() {
  constexpr std::uintptr_t vtor = 0xE000ED08;
  const auto table = reinterpret_cast<std::uintptr_t>(&linnet_vectors);
  system_register(vtor) = static_cast<std::uint32_t>(table);
  barrier();
}

void enable_sram123() {
  constexpr std::uintptr_t rcc_ahb2enr = 0x580244DC;
  system_register(rcc_ahb2enr) = system_register(rcc_ahb2enr) | (7U << 29);
  [[maybe_unused]] const std::uint32_t settled = system_register(rcc_ahb2enr);
  barrier();
}

// Revision Y answers a read of the AXI SRAM wrongly when two masters read at once (errata sheet
// ES0392); ST's own start-up code sets this bit of the SRAM's port of the bus matrix. Later
// revisions do not need it.
void mend_axi_sram() {
  constexpr std::uintptr_t dbgmcu_idcode = 0x5C001000, axi_targ7_fn_mod = 0x51008108;
  if (system_register(dbgmcu_idcode) >> 16 < 0x2000) system_register(axi_targ7_fn_mod) = 1;
}

void copy(const std::uint32_t* from, std::uint32_t* to, const std::uint32_t* to_end) {
  while (to != to_end) *to++ = *from++;
}

constexpr std::uintptr_t kCcr =
    0xE000ED14;  // configuration and control: bit 16 data cache, 17 instruction cache

void enable_instruction_cache() {
  constexpr std::uintptr_t iciallu = 0xE000EF50;
  barrier();
  system_register(iciallu) = 0;
  barrier();
  system_register(kCcr) = system_register(kCcr) | (1U << 17);
  barrier();
}

// The cache's contents are undefined after power-up: every line is invalidated by set and way
// first.
[[maybe_unused]] void enable_data_cache() {
  constexpr std::uintptr_t csselr = 0xE000ED84, ccsidr = 0xE000ED80, dcisw = 0xE000EF60;
  system_register(csselr) = 0;
  __asm__ volatile("dsb" ::: "memory");
  const std::uint32_t geometry = system_register(ccsidr);
  const std::uint32_t last_set = (geometry >> 13) & 0x7FFF;
  const std::uint32_t last_way = (geometry >> 3) & 0x3FF;
  for (std::uint32_t set = 0; set <= last_set; ++set)
    for (std::uint32_t way = 0; way <= last_way; ++way)
      system_register(dcisw) = (way << 30) | (set << 5);  // 4 ways, lines of 32 bytes
  __asm__ volatile("dsb" ::: "memory");
  system_register(kCcr) = system_register(kCcr) | (1U << 16);
  barrier();
}

}  // namespace

extern "C" {

void linnet_exception() {
  std::uint32_t number;
  __asm__ volatile("mrs %0, ipsr" : "=r"(number));
  linnet_interrupt(number);
}

[[noreturn]] void linnet_reset() {
  enable_fpu();
  use_our_vectors();
  enable_sram123();
  mend_axi_sram();
  linnet_system_init();
  copy(linnet_data_load, linnet_data_begin, linnet_data_end);
  copy(linnet_itcm_load, linnet_itcm_begin, linnet_itcm_end);
  for (std::uint32_t* to = linnet_bss_begin; to != linnet_bss_end; ++to) *to = 0;
  enable_instruction_cache();
#ifndef LINNET_NO_DCACHE
  enable_data_cache();
#endif
  for (const Constructor* constructor = linnet_init_begin; constructor != linnet_init_end;
       ++constructor)
    (*constructor)();
  linnet_main();
  for (;;) {
  }
}

#define FOUR linnet_exception, linnet_exception, linnet_exception, linnet_exception
#define SIXTEEN FOUR, FOUR, FOUR, FOUR
#define SIXTY_FOUR SIXTEEN, SIXTEEN, SIXTEEN, SIXTEEN
__attribute__((section(".vectors"), used)) const VectorTable linnet_vectors = {
    linnet_stack_top, linnet_reset, {SIXTY_FOUR, SIXTY_FOUR, SIXTEEN, SIXTEEN, FOUR}};

}  // extern "C"
