// The same application in the emulator, which has neither the STM32's peripherals nor its caches.
#include "application.h"
#include "semihosting.h"

namespace host = linnet::semihosting;

int main() {
  static std::uint8_t frame[application::kPictureBytes];
  if (!application::self_test()) {
    host::print("self_test failed\n");
    return 1;
  }
  // As the firmware's DMA brings it: codes, which become pixels (to within one, since codes are rounded).
  const std::int8_t* const codes = application::stored_codes();
  for (std::size_t i = 0; i < sizeof frame; ++i)
    frame[i] = static_cast<std::uint8_t>(codes[i] + 128);
  const application::Answer answer = application::classify(frame);
  const application::Answer expected = application::stored_answer();
  host::print("self_test passed; class ", answer.class_index, " with code ", answer.code,
              ", stored: class ", expected.class_index, " with code ", expected.code, "\n");
  return answer.class_index == expected.class_index ? 0 : 1;
}
