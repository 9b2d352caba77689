// See application.h.
#include "application.h"

#include "phinet_96.hpp"
#include "phinet_96_test_vector.hpp"

namespace application {
namespace {

// One array for each bank that phinet_96.hpp names. The linker script puts them there.
LINNET_ARENA(dtcm) std::byte dtcm_arena[phinet_96::kArenaBytes.dtcm];
LINNET_ARENA(axi) std::byte axi_arena[phinet_96::kArenaBytes.axi];

constexpr phinet_96::Arenas kArenas{dtcm_arena, axi_arena};

constexpr phinet_96::Port kInput = phinet_96::kInputs[0];
static_assert(kInput.elements == kPictureBytes);

// The network was trained on (pixel - 127.5) / 127.5; what it reads is round(that / scale) + zero_point, halves to even, limited
// to int8. For 256 pixels that is a table, which the compiler makes.
struct PixelCodes {
  std::int8_t of[256];
};
constexpr PixelCodes pixel_codes() {
  PixelCodes codes{};
  for (std::int32_t pixel = 0; pixel < 256; ++pixel) {
    const double value = (pixel - 127.5) / 127.5 / static_cast<double>(kInput.scale);
    std::int32_t nearest = static_cast<std::int32_t>(value + 512.5) - 512;  // halves up
    if (nearest - value == 0.5 && nearest % 2 != 0) --nearest;
    const std::int32_t code = nearest + kInput.zero_point;
    codes.of[pixel] = static_cast<std::int8_t>(code < -128 ? -128 : code > 127 ? 127 : code);
  }
  return codes;
}
constexpr PixelCodes kCodes = pixel_codes();

}  // namespace

bool self_test() { return phinet_96::self_test(kArenas); }

Answer best_of(const std::int8_t* found) {
  Answer best{0, found[0]};
  for (std::size_t i = 1; i < score_count(); ++i)
    if (found[i] > best.code) best = {static_cast<std::int32_t>(i), found[i]};
  return best;
}

Answer classify(const std::uint8_t* picture) {
  std::int8_t* const input = phinet_96::input(kArenas);
  for (std::size_t i = 0; i < kPictureBytes; ++i) input[i] = kCodes.of[picture[i]];
  phinet_96::run(kArenas);
  return best_of(scores());
}

const std::int8_t* scores() { return phinet_96::output(kArenas); }
std::size_t score_count() { return phinet_96::kOutputs[0].elements; }

const std::int8_t* stored_codes() {
  return static_cast<const std::int8_t*>(phinet_96::test_input(0));
}

Answer stored_answer() {
  return best_of(static_cast<const std::int8_t*>(phinet_96::test_output(0)));
}

}  // namespace application
