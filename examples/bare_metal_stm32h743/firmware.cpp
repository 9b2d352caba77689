// The firmware for an STM32H743: clock, memory protection, a picture that arrives by DMA, the network, and its scores made
// ready for another DMA. An LED on PB0 (LD1 of a Nucleo-H743ZI) is on while all is well.
//
// A debugger sees the result in `status`. It has not run on hardware.
#include "application.h"
#include "clock.h"
#include "memory.h"

// For a debugger.
struct Status {
  std::uint32_t core_hz, self_test, pictures, cycles;
  application::Answer answer;
} status;

namespace {

using namespace stm32h743;

// -DLINNET_HSE_HZ=8000000 -DLINNET_HSE_BYPASS=1 is a Nucleo; without, the internal oscillator serves.
#ifdef LINNET_HSE_HZ
#ifndef LINNET_HSE_BYPASS
#define LINNET_HSE_BYPASS 0
#endif
constexpr Oscillator kOscillator{Source::hse, LINNET_HSE_HZ, LINNET_HSE_BYPASS != 0};
#else
constexpr Oscillator kOscillator{};
#endif
static_assert(pll_settings(kOscillator, 480'000'000).n != 0, "no 480 MHz of this oscillator");

// Where the picture arrives. Not cached (memory.h), and the one bank that every DMA controller reaches.
alignas(32)
    __attribute__((section(".bss.linnet.sram4"))) std::uint8_t frame[application::kPictureBytes];

// Written before .bss is cleared, so it lies elsewhere.
__attribute__((section(".bss.linnet.dtcm"))) volatile std::uint32_t core_hz_at_start;

void led(bool on) { gpiob().BSRR = on ? 1U : 1U << 16; }

void start_led() {
  rcc().AHB4ENR = rcc().AHB4ENR | 1U << 1;
  static_cast<void>(static_cast<std::uint32_t>(rcc().AHB4ENR));
  gpiob().MODER = (gpiob().MODER & ~3U) | 1U;
}

void start_cycle_counter() {
  demcr() = demcr() | 1U << 24;
  dwt().CYCCNT = 0;
  dwt().CTRL = dwt().CTRL | 1U;
}

// DMA1, stream 0, memory to memory: stands for the camera. The picture lies in flash, which nobody writes, so there is
// nothing to clean; it arrives in memory that is not cached, so there is nothing to invalidate. A frame in a cached bank
// would need invalidate(frame, sizeof frame) before the transfer and after the wait.
bool receive_picture() {
  rcc().AHB1ENR = rcc().AHB1ENR | 1U;
  static_cast<void>(static_cast<std::uint32_t>(rcc().AHB1ENR));
  DmaStream& stream = dma1().stream[0];
  stream.CR = 0;
  if (!wait_for(stream.CR, 1U, 0U)) return false;
  dma1().LIFCR = 0x3D;
  stream.PAR =
      static_cast<std::uint32_t>(reinterpret_cast<std::uintptr_t>(application::stored_codes()));
  stream.M0AR = static_cast<std::uint32_t>(reinterpret_cast<std::uintptr_t>(frame));
  stream.NDTR = sizeof frame / 4;
  stream.FCR = 1U << 2 | 3U;  // the FIFO, which memory to memory needs
  barrier();
  stream.CR =
      2U << 13 | 2U << 11 | 1U << 10 | 1U << 9 | 2U << 6 | 1U;  // words, both sides count up
  constexpr std::uint32_t complete = 1U << 5, error = 1U << 3;
  return wait_for(dma1().LISR, complete, complete) && (dma1().LISR & error) == 0;
}

}  // namespace

// The board's start-up code calls this on the stack, before .data and .bss are there and before the caches are on.
extern "C" void linnet_system_init() {
  const Clock clock = set_clock<Word>({rcc(), pwr(), flash(), syscfg()}, kOscillator, idcode());
  core_hz_at_start = clock.core_hz;
  protect_memory();
}

int main() {
  status.core_hz = core_hz_at_start;
  start_led();
  start_cycle_counter();
  status.self_test = application::self_test() ? 1 : 0;
  led(status.self_test != 0);
  while (status.self_test != 0) {
    if (!receive_picture()) break;
    for (std::uint8_t& pixel : frame)
      pixel ^= 0x80;  // code + 128: codes become pixels, to within one
    const std::uint32_t begin = dwt().CYCCNT;
    status.answer = application::classify(frame);
    status.cycles = dwt().CYCCNT - begin;
    ++status.pictures;
    // From here on a DMA may send them: memory holds what the core wrote.
    clean(application::scores(), application::score_count());
  }
  led(false);
  for (;;) {
  }
}
