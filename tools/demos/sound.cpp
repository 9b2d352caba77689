// What an application does with a sound classifier, on the emulated board: reads a .wav file in pieces as a microphone's DMA
// would give them, streams the samples through features and encoder, and prints the best labels.
//
//   tools/demo --model tinyclap sound.wav
//
// Built with -DNETWORK=tinyclap_small; the network was compiled with --input rows --front-end log-mel --labels.
#include <cstdint>

#include "board.h"
#include "semihosting.h"

#define LINNET_TEXT_OF(name) #name
#define LINNET_HEADER(name, end) LINNET_TEXT_OF(name##end)
#define LINNET_HEADER_OF(name, end) LINNET_HEADER(name, end)
#include LINNET_HEADER_OF(NETWORK, _audio.hpp)
#include LINNET_HEADER_OF(NETWORK, _labels.hpp)

namespace network = NETWORK;
namespace host = linnet::semihosting;

namespace {

constexpr std::size_t kPiece = 441;  // ten milliseconds
constexpr std::size_t kShown = 5;

#define LINNET_DEFINE_ARENA(bank) LINNET_ARENA(bank) std::byte bank[network::kArenaBytes.bank];
ARENAS(LINNET_DEFINE_ARENA)
#define LINNET_ARENA_NAME(bank) bank,
constexpr network::Arenas kArenas{ARENAS(LINNET_ARENA_NAME)};

std::uint32_t number(const std::uint8_t* bytes, int count) {
  std::uint32_t value = 0;
  for (int i = count - 1; i >= 0; --i) value = value << 8 | bytes[i];
  return value;
}

bool is(const std::uint8_t* tag, const char* name) {
  return tag[0] == name[0] && tag[1] == name[1] && tag[2] == name[2] && tag[3] == name[3];
}

// Reads up to the samples; gives how many there are, 0 with a message when the file is not for this network.
std::size_t open_sound(const host::File& file) {
  std::uint8_t head[16];
  if (!file || !file.read(head, 12) || !is(head, "RIFF") || !is(head + 8, "WAVE")) {
    host::print("this is no .wav file\n");
    return 0;
  }
  bool known = false;
  while (file.read(head, 8)) {
    std::uint32_t bytes = number(head + 4, 4);
    if (is(head, "data") && known) {
      if (bytes < 2) host::print("the file holds no samples\n");
      return bytes / 2;
    }
    if (is(head, "fmt ") && bytes >= 16) {
      if (!file.read(head, 16)) break;
      bytes -= 16;
      const std::uint32_t rate = number(head + 4, 4);
      known = number(head, 2) == 1 && number(head + 2, 2) == 1 && number(head + 14, 2) == 16 &&
              rate == static_cast<std::uint32_t>(network::kStreamRate);
      if (!known) {
        host::print("this needs one channel of 16-bit samples at ", network::kStreamRate,
                    " Hz; the file has ", number(head + 2, 2), " of ", number(head + 14, 2),
                    " bits at ", rate, " Hz, or a header of its own kind. Try: sox IN.wav -r ",
                    network::kStreamRate, " -c 1 -b 16 OUT.wav\n");
        return 0;
      }
    }
    for (bytes += bytes & 1; bytes > 0;) {  // what is not for us
      const std::uint32_t piece = bytes < sizeof head ? bytes : sizeof head;
      if (!file.read(head, piece)) return 0;
      bytes -= piece;
    }
  }
  host::print("the file holds no samples\n");
  return 0;
}

void print_percent(float fraction) {
  const auto tenths = static_cast<std::int32_t>(fraction * 1000 + 0.5F);
  host::print(tenths / 10, ".", tenths % 10, " %");
}

void print_hundredths(float value) {
  const auto hundredths = static_cast<std::int32_t>(value * 100 + (value < 0 ? -0.5F : 0.5F));
  const std::int32_t size = hundredths < 0 ? -hundredths : hundredths;
  host::print(hundredths < 0 ? "-" : "", size / 100, size % 100 < 10 ? ".0" : ".", size % 100);
}

bool classify_sound(const char* path) {
  const host::File file(path, host::Mode::read);
  std::size_t left = open_sound(file);
  if (left == 0) return false;
  network::begin_stream(kArenas);
  std::int16_t samples[kPiece];
  std::size_t ignored = 0;
  for (std::size_t piece = 0; left > 0; left -= piece) {
    piece = left < kPiece ? left : kPiece;
    if (!file.read(samples, 2 * piece)) {
      host::print("the file ends ", left, " samples too early\n");
      return false;
    }
    ignored += network::push_samples(kArenas, samples, piece).ignored_samples;
  }
  const std::size_t padded = network::finish(kArenas).padded_samples;
  if (padded > 0) host::print("  (", padded, " samples of silence added)\n");
  if (ignored > 0) host::print("  (the last ", ignored, " samples are not heard)\n");

  network::Label top[kShown];
  const std::size_t found = network::classify(kArenas, top, kShown);
  for (std::size_t i = 0; i < found; ++i) {
    host::print("  ", top[i].name, ": similarity ");
    print_hundredths(top[i].similarity);
    host::print(", ");
    print_percent(top[i].probability);
    host::print("\n");
  }
  return found > 0;
}

}  // namespace

int main() {
  char command_line[256];
  if (!host::command_line(command_line, sizeof command_line)) {
    host::print("the file's path is too long\n");
    return 2;
  }
  const char* path = command_line;  // "image.elf sound.wav"
  while (*path != '\0' && *path != ' ') ++path;
  while (*path == ' ') ++path;
  bool done = false;
  const std::size_t stack = linnet::board::on_target_stack([&] { done = classify_sound(path); });
  if (done) host::print("  stack used: ", stack, " bytes\n");
  return done ? 0 : 1;
}
