// The clock tree: 480 MHz for the core, 240 MHz for the AXI bus and the flash, 120 MHz for peripherals.
//
//   source / m -> 1 to 16 MHz -> * n -> 960 MHz -> / 2 -> core 480 MHz -> / 2 -> AXI, AHB 240 MHz -> / 2 -> APB 120 MHz
//
// The order is what the reference manual asks for: supply, voltage, oscillator, PLL, bus dividers, flash wait states, and only
// then the switch. 480 MHz needs revision V of the silicon, the internal LDO and the voltage scale VOS0 (a boost of VOS1, set
// in SYSCFG); revision Y gets 400 MHz at VOS1.
//
// Written from RM0433; it has not run on hardware. tests/examples/clock.cpp runs it against a model of these registers, which
// checks the order and every limit.
#pragma once

#include "stm32h743.h"

namespace stm32h743 {

enum class Source : std::uint32_t {
  hsi = 0,
  hse = 2
};  // internal 64 MHz (about 1 %); the board's crystal or clock

struct Oscillator {
  Source source = Source::hsi;
  std::uint32_t hz = 64'000'000;
  bool bypass = false;  // HSE is a clock and no crystal: 8 MHz from the ST-LINK on a Nucleo
};

// How the PLL makes twice `core_hz` of an oscillator; n is 0 where it cannot.
struct PllSettings {
  std::uint32_t m = 0, n = 0, input_hz = 0;
};
constexpr PllSettings pll_settings(const Oscillator& oscillator, std::uint32_t core_hz) {
  for (std::uint32_t m = 1; m < 64; ++m) {
    const std::uint32_t input = oscillator.hz / m;
    if (input * m != oscillator.hz || input > 16'000'000 || input < 1'000'000) continue;
    const std::uint32_t n = 2 * core_hz / input;
    if (n * input == 2 * core_hz && n >= 4 && n <= 512) return {m, n, input};
  }
  return {};
}

// Bits of PLLCFGR that state the range of the PLL's input.
constexpr std::uint32_t pll_input_range(std::uint32_t hz) {
  return hz < 2'000'000 ? 0 : hz < 4'000'000 ? 1 : hz < 8'000'000 ? 2 : 3;
}

struct Clock {
  bool raised = false;  // false: something did not answer; the core runs from the 64 MHz oscillator
  std::uint32_t core_hz = 64'000'000;
};

template <typename Register>
struct ClockRegisters {
  RccRegisters<Register>& rcc;
  PwrRegisters<Register>& pwr;
  FlashRegisters<Register>& flash;
  SyscfgRegisters<Register>& syscfg;
};

template <typename Register>
bool wait_for(Register& bits, std::uint32_t mask, std::uint32_t value) {
  for (std::uint32_t patience = 2'000'000; patience != 0; --patience)
    if ((bits & mask) == value) return true;
  return false;
}

template <typename Register>
void change(Register& bits, std::uint32_t mask, std::uint32_t value) {
  bits = (bits & ~mask) | value;
}

// VOS1, and from there VOS0 for 480 MHz.
template <typename Register>
bool raise_voltage(ClockRegisters<Register> chip, bool boost) {
  constexpr std::uint32_t ldo = 1U << 1, supply_mask = 7, supply_ready = 1U << 13;
  constexpr std::uint32_t vos_mask = 3U << 14, vos1 = 3U << 14, vos_ready = 1U << 13;
  change(chip.pwr.CR3, supply_mask, ldo);  // takes effect once after power-on; then it is locked
  if (!wait_for(chip.pwr.CSR1, supply_ready, supply_ready)) return false;
  change(chip.pwr.D3CR, vos_mask, vos1);
  if (!wait_for(chip.pwr.D3CR, vos_ready, vos_ready)) return false;
  if (!boost) return true;
  chip.rcc.APB4ENR = chip.rcc.APB4ENR | 1U << 1;  // SYSCFG
  static_cast<void>(
      static_cast<std::uint32_t>(chip.rcc.APB4ENR));  // the clock is there two cycles later
  chip.syscfg.PWRCR = chip.syscfg.PWRCR | 1U;         // ODEN
  return wait_for(chip.pwr.D3CR, vos_ready, vos_ready);
}

template <typename Register>
bool start_pll(ClockRegisters<Register> chip, const Oscillator& oscillator, std::uint32_t core_hz) {
  const PllSettings pll = pll_settings(oscillator, core_hz);
  if (pll.n == 0) return false;
  constexpr std::uint32_t hse_on = 1U << 16, hse_ready = 1U << 17, hse_bypass = 1U << 18;
  constexpr std::uint32_t pll_on = 1U << 24, pll_ready = 1U << 25;
  if (oscillator.source == Source::hse) {
    if (oscillator.bypass) chip.rcc.CR = chip.rcc.CR | hse_bypass;
    chip.rcc.CR = chip.rcc.CR | hse_on;
    if (!wait_for(chip.rcc.CR, hse_ready, hse_ready)) return false;
  }
  change(chip.rcc.CR, pll_on, 0);
  if (!wait_for(chip.rcc.CR, pll_ready, 0)) return false;
  change(chip.rcc.PLLCKSELR, 3U | 0x3FU << 4,
         static_cast<std::uint32_t>(oscillator.source) | pll.m << 4);
  // Wide VCO, no fraction, output P only.
  change(chip.rcc.PLLCFGR, 0xFU | 7U << 16, pll_input_range(pll.input_hz) << 2 | 1U << 16);
  constexpr std::uint32_t p = 2, q = 2, r = 2;
  chip.rcc.PLL1DIVR = (pll.n - 1) | (p - 1) << 9 | (q - 1) << 16 | (r - 1) << 24;
  chip.rcc.CR = chip.rcc.CR | pll_on;
  return wait_for(chip.rcc.CR, pll_ready, pll_ready);
}

template <typename Register>
Clock set_clock(ClockRegisters<Register> chip, const Oscillator& oscillator, std::uint32_t idcode) {
  const bool revision_v = (idcode >> 16) >= 0x2000;
  const std::uint32_t core_hz = revision_v ? 480'000'000 : 400'000'000;
  constexpr std::uint32_t hsi_on = 1U, hsi_ready = 1U << 2;
  constexpr std::uint32_t switch_mask = 7, to_pll = 3;

  // A boot loader may have left the core on the PLL: back to the internal oscillator first.
  chip.rcc.CR = chip.rcc.CR | hsi_on;
  if (!wait_for(chip.rcc.CR, hsi_ready, hsi_ready)) return {};
  change(chip.rcc.CFGR, switch_mask, 0);
  if (!wait_for(chip.rcc.CFGR, switch_mask << 3, 0)) return {};

  if (!raise_voltage(chip, revision_v)) return {};
  if (!start_pll(chip, oscillator, core_hz)) return {};

  // Dividers while the clock is slow, so that no bus is ever too fast.
  chip.rcc.D1CFGR = 8U | 4U << 4;       // core / 1, AXI and AHB / 2, APB3 / 2
  chip.rcc.D2CFGR = 4U << 4 | 4U << 8;  // APB1, APB2 / 2
  chip.rcc.D3CFGR = 4U << 4;            // APB4 / 2

  // The flash runs at the AXI's clock: 240 MHz at VOS0 take 4 wait states, 200 MHz at VOS1 take 2; after reset there are 7.
  const std::uint32_t wait_states = revision_v ? 4 : 2, programming_delay = 2;
  const std::uint32_t access = wait_states | programming_delay << 4;
  change(chip.flash.ACR, 0xFU | 3U << 4, access);
  if (!wait_for(chip.flash.ACR, 0xFU | 3U << 4, access)) return {};

  change(chip.rcc.CFGR, switch_mask, to_pll);
  if (!wait_for(chip.rcc.CFGR, switch_mask << 3, to_pll << 3)) return {};
  return {true, core_hz};
}

}  // namespace stm32h743
