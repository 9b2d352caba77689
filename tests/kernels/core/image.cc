// The program for the emulated core: prints the digests of both builds of the kernels, one a line.
//
//   NAME;INDEX;PORTABLE;INSTRUCTIONS
#include "board.h"
#include "semihosting.h"
#include "tests/kernels/core/digests.h"

namespace {

linnet_digests::Digest portable[linnet_digests::kMostDigests];
linnet_digests::Digest instructions[linnet_digests::kMostDigests];

}  // namespace

int main() {
  namespace host = linnet::semihosting;
  const std::size_t count = linnet_digests::portable(portable);
  if (linnet_digests::instructions(instructions) != count) return 1;
  for (std::size_t i = 0; i < count; ++i) {
    host::print(portable[i].name, ";", portable[i].index, ";", portable[i].value, ";",
                instructions[i].value, "\n");
  }
  return 0;
}
