// examples/bare_metal_stm32h743/clock.h against a model of the registers it writes. The model answers as the chip does (ready
// bits follow what was asked for) and counts as a fault what the reference manual (RM0433) and the data sheet forbid: a PLL
// that is changed while it runs, a boost without its clock, a bus, a voltage or a flash that is too slow for the clock at the
// moment of the switch.
#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "examples/bare_metal_stm32h743/clock.h"
#include "examples/bare_metal_stm32h743/memory.h"

namespace {

using namespace stm32h743;

class Chip;
Chip* watched_chip = nullptr;

class Watched {
 public:
  operator std::uint32_t() const {
    return value_;
  }  // NOLINT: as the volatile word that it stands for
  Watched& operator=(std::uint32_t value);
  void set(std::uint32_t value) { value_ = value; }

 private:
  std::uint32_t value_ = 0;
};

constexpr std::uint32_t kMhz = 1'000'000;

class Chip {
 public:
  Chip() {
    watched_chip = this;
    rcc.CR.set(1U | 1U << 2);
    rcc.PLLCFGR.set(0x01FF0000);
    rcc.PLLCKSELR.set(0x02020200);
    flash.ACR.set(0x37);
    pwr.D3CR.set(1U << 14 | 1U << 13);
    pwr.CR3.set(6);
  }
  Chip(const Chip&) = delete;
  Chip& operator=(const Chip&) = delete;
  ~Chip() { watched_chip = nullptr; }

  ClockRegisters<Watched> registers() { return {rcc, pwr, flash, syscfg}; }

  // As a boot loader may leave it.
  void run_from_pll() {
    rcc.CR.set(rcc.CR | 3U << 24);
    rcc.CFGR.set(3U | 3U << 3);
  }
  bool runs_from_pll() const { return (rcc.CFGR >> 3 & 7) == 3; }

  void wrote(const Watched& at) {
    if (&at == &rcc.CR) wrote_control();
    if (&at == &rcc.CFGR) wrote_switch();
    if (&at == &rcc.PLLCKSELR || &at == &rcc.PLLCFGR || &at == &rcc.PLL1DIVR)
      expect((rcc.CR & 1U << 24) == 0, "the PLL is changed while it runs");
    if (&at == &pwr.CR3 && (pwr.CR3 & 7) == 2) pwr.CSR1.set(pwr.CSR1 | 1U << 13);
    if (&at == &pwr.D3CR) {
      expect((pwr.CSR1 & 1U << 13) != 0, "the voltage is scaled before the supply is ready");
      pwr.D3CR.set(pwr.D3CR | 1U << 13);
    }
    if (&at == &syscfg.PWRCR) {
      expect((rcc.APB4ENR & 2) != 0, "SYSCFG is written without its clock");
      expect((pwr.D3CR >> 14 & 3) == 3, "VOS0 is asked for from another scale than VOS1");
    }
  }

  RccRegisters<Watched> rcc;
  PwrRegisters<Watched> pwr;
  FlashRegisters<Watched> flash;
  SyscfgRegisters<Watched> syscfg;
  std::uint32_t hse_hz = 0;  // 0: there is none
  std::vector<std::string> faults;
  std::uint32_t core_hz = 64 * kMhz, axi_hz = 64 * kMhz;

 private:
  void expect(bool holds, const char* fault) {
    if (!holds) faults.emplace_back(fault);
  }
  bool boosted() const { return (syscfg.PWRCR & 1) != 0 && (pwr.D3CR >> 14 & 3) == 3; }

  void wrote_control() {
    if ((rcc.CR & 1U << 16) != 0 && hse_hz != 0) rcc.CR.set(rcc.CR | 1U << 17);
    if ((rcc.CR & 1U << 24) == 0) {
      expect(!runs_from_pll(), "the PLL is stopped while the core runs from it");
      rcc.CR.set(rcc.CR & ~(1U << 25));
      return;
    }
    if ((rcc.CR & 1U << 25) != 0) return;
    const std::uint32_t m = rcc.PLLCKSELR >> 4 & 0x3F, n = (rcc.PLL1DIVR & 0x1FF) + 1;
    const std::uint32_t p = (rcc.PLL1DIVR >> 9 & 0x7F) + 1;
    const bool hse = (rcc.PLLCKSELR & 3) == 2;
    expect(hse ? (rcc.CR & 1U << 17) != 0 : (rcc.PLLCKSELR & 3) == 0,
           "the PLL's source is not ready");
    const std::uint32_t source = hse ? hse_hz : 64 * kMhz;
    if (m == 0) return expect(false, "the PLL's input is off");
    const std::uint32_t input = source / m, vco = input * n;
    const std::uint32_t range = rcc.PLLCFGR >> 2 & 3;
    expect(input >= kMhz << range && input <= kMhz << (range + 1),
           "the PLL's input is not in its range");
    expect((rcc.PLLCFGR & 2) == 0, "the narrow VCO");
    expect(vco >= 192 * kMhz && vco <= 960 * kMhz, "the VCO's range");
    expect((rcc.PLLCFGR & 1U << 16) != 0, "output P is off");
    pll_hz_ = vco / p;
    rcc.CR.set(rcc.CR | 1U << 25);
  }

  void wrote_switch() {
    const std::uint32_t to = rcc.CFGR & 7;
    rcc.CFGR.set((rcc.CFGR & ~(7U << 3)) | to << 3);
    if (to != 3) return;
    expect((rcc.CR & 1U << 25) != 0, "a switch to a PLL that is not ready");
    // Dividers: 0xx is 1, 100 is 2, and so on (the AHB's, of four bits, has no 32).
    const auto divided = [](std::uint32_t hz, std::uint32_t bits, std::uint32_t on) {
      return (bits & on) == 0 ? hz : hz >> ((bits & (on - 1)) + 1);
    };
    core_hz = divided(pll_hz_, rcc.D1CFGR >> 8 & 0xF, 8);
    axi_hz = divided(core_hz, rcc.D1CFGR & 0xF, 8);
    expect(core_hz <= (boosted() ? 480 : 400) * kMhz, "the core is too fast for the voltage");
    expect((pwr.D3CR >> 14 & 3) == 3, "the voltage is not VOS1");
    expect(axi_hz <= (boosted() ? 240 : 200) * kMhz, "the AXI bus is too fast");
    for (const std::uint32_t bits :
         {rcc.D1CFGR >> 4, rcc.D2CFGR >> 4, rcc.D2CFGR >> 8, rcc.D3CFGR >> 4})
      expect(divided(axi_hz, bits & 7, 4) <= (boosted() ? 120 : 100) * kMhz,
             "a peripheral bus is too fast");
    // RM0433, recommended wait states and programming delay at VOS1 and VOS0.
    const std::uint32_t mhz = axi_hz / kMhz;
    const std::uint32_t waits = mhz <= 70    ? 0
                                : mhz <= 140 ? 1
                                : mhz <= 210 ? 2
                                : mhz <= 225 ? 3
                                             : 4;
    const std::uint32_t delay = mhz <= 70 ? 0 : mhz <= 185 ? 1 : 2;
    expect((flash.ACR & 0xF) >= waits, "too few wait states");
    expect((flash.ACR >> 4 & 3) >= delay, "too short a programming delay");
  }

  std::uint32_t pll_hz_ = 0;
};

Watched& Watched::operator=(std::uint32_t value) {
  value_ = value;
  if (watched_chip != nullptr) watched_chip->wrote(*this);
  return *this;
}

constexpr std::uint32_t kRevisionV = 0x20036450, kRevisionY = 0x10036450;
constexpr Oscillator kInternal{}, kNucleo{Source::hse, 8 * kMhz, true},
    kCrystal{Source::hse, 25 * kMhz, false};

}  // namespace

TEST_CASE("the clock of the stm32h743 is raised in order and within every limit") {
  for (const Oscillator& oscillator : {kInternal, kNucleo, kCrystal}) {
    for (const bool from_pll : {false, true}) {
      Chip chip;
      if (oscillator.source == Source::hse) chip.hse_hz = oscillator.hz;
      if (from_pll) chip.run_from_pll();
      const Clock clock = set_clock(chip.registers(), oscillator, kRevisionV);
      CHECK(chip.faults == std::vector<std::string>{});
      CHECK(clock.raised);
      CHECK(clock.core_hz == 480 * kMhz);
      CHECK(chip.core_hz == 480 * kMhz);
      CHECK(chip.axi_hz == 240 * kMhz);
      CHECK((chip.flash.ACR & 0xF) == 4);
    }
  }
}

TEST_CASE("silicon of revision Y gets 400 MHz without the boost") {
  Chip chip;
  const Clock clock = set_clock(chip.registers(), kInternal, kRevisionY);
  CHECK(chip.faults == std::vector<std::string>{});
  CHECK(clock.core_hz == 400 * kMhz);
  CHECK(chip.core_hz == 400 * kMhz);
  CHECK((chip.flash.ACR & 0xF) == 2);
  CHECK(chip.syscfg.PWRCR == 0);
}

TEST_CASE("a crystal that does not swing leaves the core on its internal oscillator") {
  Chip chip;
  const Clock clock = set_clock(chip.registers(), kCrystal, kRevisionV);
  CHECK_FALSE(clock.raised);
  CHECK(clock.core_hz == 64 * kMhz);
  CHECK_FALSE(chip.runs_from_pll());
  CHECK(chip.faults == std::vector<std::string>{});
}

TEST_CASE("the model of the clock tree notices what is out of order") {
  Chip chip;
  ClockRegisters<Watched> registers = chip.registers();
  REQUIRE(start_pll(registers, kInternal, 480 * kMhz));
  registers.flash.ACR = 1;
  registers.rcc.CFGR = 3;
  CHECK(chip.faults ==
        std::vector<std::string>{"the core is too fast for the voltage", "the voltage is not VOS1",
                                 "the AXI bus is too fast", "a peripheral bus is too fast",
                                 "a peripheral bus is too fast", "a peripheral bus is too fast",
                                 "a peripheral bus is too fast", "too few wait states",
                                 "too short a programming delay"});
  CHECK(pll_settings({Source::hse, 7'777'777, false}, 480 * kMhz).n == 0);
}

TEST_CASE("the memory protection of the stm32h743 example is what it says") {
  // RASR: no code, access, TEX S C B, disabled eighths, size, on.
  CHECK(region_attributes(kRegions[0]) == 0x1000873F);
  CHECK(region_attributes(kRegions[1]) == 0x10000009);
  CHECK(region_attributes(kRegions[2]) == 0x1308001F);
  for (const Region& region : kRegions)  // a region begins at a multiple of its size
    if (region.log2_bytes < 32) CHECK(region.base % (1U << region.log2_bytes) == 0);
}
