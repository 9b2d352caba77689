// An image for the STM32H743 that uses every bank: it is linked, never run.
#include <cstddef>
#include <initializer_list>

namespace {

alignas(32) __attribute__((section(".linnet.dtcm"))) std::byte dtcm[126976];
alignas(32) __attribute__((section(".linnet.axi"))) std::byte axi[524288];
alignas(32) __attribute__((section(".linnet.sram123"))) std::byte sram123[262144];
alignas(32) __attribute__((section(".linnet.sram4"))) std::byte sram4[65536];

volatile int initialised = 41;
volatile int zeroed;

__attribute__((section(".itcm"), noinline)) int in_itcm() { return initialised + zeroed; }

}  // namespace

int main() {
  const auto value = static_cast<std::byte>(in_itcm());
  for (std::byte* bank : {dtcm, axi, sram123, sram4}) *bank = value;
  return 0;
}
