// The registers of the STM32H743 that this project touches, as structs at their addresses: what a vendor's CMSIS header has,
// of our own. Names and offsets are those of the reference manual (RM0433) and of Arm's manual of the core.
//
// `Register` is volatile std::uint32_t on the device. The tests use a class that watches what is written (clock.h).
#pragma once

#include <cstddef>
#include <cstdint>

namespace stm32h743 {

template <typename Register>
struct PwrRegisters {
  Register CR1, CSR1, CR2, CR3, CPUCR, reserved_14, D3CR;
};

template <typename Register>
struct FlashRegisters {
  Register ACR;
};

template <typename Register>
struct SyscfgRegisters {
  Register reserved_00[11], PWRCR;
};

template <typename Register>
struct RccRegisters {
  Register CR, HSICFGR, CRRCR, CSICFGR, CFGR, reserved_14, D1CFGR, D2CFGR, D3CFGR, reserved_24;
  Register PLLCKSELR, PLLCFGR, PLL1DIVR, PLL1FRACR, reserved_38[39];
  Register AHB3ENR, AHB1ENR, AHB2ENR, AHB4ENR, APB3ENR, APB1LENR, APB1HENR, APB2ENR, APB4ENR;
};

using Word = volatile std::uint32_t;
using Rcc = RccRegisters<Word>;
using Pwr = PwrRegisters<Word>;
using Flash = FlashRegisters<Word>;
using Syscfg = SyscfgRegisters<Word>;

static_assert(offsetof(Pwr, CR3) == 0x0C && offsetof(Pwr, D3CR) == 0x18);
static_assert(offsetof(Syscfg, PWRCR) == 0x2C);
static_assert(offsetof(Rcc, CFGR) == 0x10 && offsetof(Rcc, D1CFGR) == 0x18);
static_assert(offsetof(Rcc, PLLCKSELR) == 0x28 && offsetof(Rcc, PLL1DIVR) == 0x30);
static_assert(offsetof(Rcc, AHB3ENR) == 0xD4 && offsetof(Rcc, APB4ENR) == 0xF4);

struct DmaStream {
  Word CR, NDTR, PAR, M0AR, M1AR, FCR;
};
struct Dma {
  Word LISR, HISR, LIFCR, HIFCR;
  DmaStream stream[8];
};
static_assert(offsetof(Dma, stream) == 0x10 && sizeof(DmaStream) == 0x18);

struct Gpio {
  Word MODER, OTYPER, OSPEEDR, PUPDR, IDR, ODR, BSRR, LCKR, AFR[2];
};

// The core's: memory protection unit, data cache, cycle counter.
struct Mpu {
  Word TYPE, CTRL, RNR, RBAR, RASR;
};
struct CacheMaintenance {
  Word ICIALLU, reserved_54, ICIMVAU, DCIMVAC, DCISW, DCCMVAU, DCCMVAC, DCCSW, DCCIMVAC, DCCISW;
};
struct Dwt {
  Word CTRL, CYCCNT;
};
static_assert(offsetof(CacheMaintenance, DCIMVAC) == 0x0C &&
              offsetof(CacheMaintenance, DCCMVAC) == 0x18);

template <typename Registers>
Registers& at(std::uintptr_t address) {
  return *reinterpret_cast<Registers*>(address);
}

inline Rcc& rcc() { return at<Rcc>(0x58024400); }
inline Pwr& pwr() { return at<Pwr>(0x58024800); }
inline Flash& flash() { return at<Flash>(0x52002000); }
inline Syscfg& syscfg() { return at<Syscfg>(0x58000400); }
inline Dma& dma1() { return at<Dma>(0x40020000); }
inline Gpio& gpiob() { return at<Gpio>(0x58020400); }
inline Mpu& mpu() { return at<Mpu>(0xE000ED90); }
inline CacheMaintenance& cache() { return at<CacheMaintenance>(0xE000EF50); }
inline Dwt& dwt() { return at<Dwt>(0xE0001000); }
inline Word& demcr() { return at<Word>(0xE000EDFC); }
inline Word& idcode() { return at<Word>(0x5C001000); }  // DBGMCU: revision in the upper half

inline void barrier() { __asm__ volatile("dsb\n\tisb" ::: "memory"); }

}  // namespace stm32h743
