// Runs the stored input of the network that CMake had Linnet compile.
#include "phinet.hpp"
#include "phinet_test_vector.hpp"

#ifdef __arm__
#include "semihosting.h"
static void say(const char* text) { linnet::semihosting::print(text); }
#else
#include <cstdio>
static void say(const char* text) { std::fputs(text, stdout); }
#endif

LINNET_ARENA(dtcm) static std::byte dtcm[phinet::kArenaBytes.dtcm];
LINNET_ARENA(axi) static std::byte axi[phinet::kArenaBytes.axi];

int main() {
  const bool passed = phinet::self_test(phinet::Arenas{dtcm, axi});
  say(passed ? "self test passed\n" : "self test FAILED\n");
  return passed ? 0 : 1;
}
