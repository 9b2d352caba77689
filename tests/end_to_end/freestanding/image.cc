// A network as an application uses it, for the host and for the emulated board: self_test() of both interfaces, then all that
// its folder offers (boxes, sound, labels). Prints one line,
//
//   DIGEST STACK BOUND
//
// a digest of every byte that came out, the most stack that run() or push_row() took (0 on the host), and the bound that the
// header states. under_test.h (made by the test) names the network.
#include <cstring>

#include "under_test.h"
#ifdef BOARD
#include "board.h"
#include "semihosting.h"
#else
#include <cstdio>
#endif

extern "C" {
// The arenas, which C_ARENAS of under_test.h names.
#define ARENA(bank) LINNET_ARENA(bank) std::byte arena_##bank[N::kArenaBytes.bank];
BANKS
#undef ARENA
int c_self_test(void);
int use_network(void);
}

namespace {

const N::Arenas kArenas{C_ARENAS};

class Digest {
 public:
  void add(const void* bytes, std::size_t count) {
    const auto* byte = static_cast<const unsigned char*>(bytes);
    for (std::size_t i = 0; i < count; ++i) value_ = (value_ ^ byte[i]) * 16777619U;
  }
  template <typename Value>
  void add(const Value& value) {
    add(&value, sizeof value);
  }
  std::uint32_t value() const { return value_; }

 private:
  std::uint32_t value_ = 2166136261U;
};

Digest digest;

template <typename Function>
std::uint32_t stack_of(const Function& function) {
#ifdef BOARD
  return static_cast<std::uint32_t>(linnet::board::on_target_stack(function));
#else
  function();
  return 0;
#endif
}

std::uint32_t run_again() {
#ifdef INPUT_ROWS
  return stack_of([] { N::run(kArenas, static_cast<const std::int8_t*>(N::test_input(0))); });
#else
  std::memcpy(N::input(kArenas), N::test_input(0), N::kInputs[0].elements);
  return stack_of([] { N::run(kArenas); });
#endif
}

void add_outputs() {
  for (std::size_t i = 0; i < sizeof N::kOutputs / sizeof N::kOutputs[0]; ++i)
    digest.add(N::output(kArenas, i), N::kOutputs[i].elements);
}

bool found_something = true;

#ifdef WITH_DETECT
std::uint32_t use() {
  static N::Detection boxes[100];
  std::size_t count = 0;
  const std::uint32_t stack =
      stack_of([&] { count = N::detect(kArenas, 0.02F, 0.45F, boxes, 100); });
  digest.add(boxes, count * sizeof boxes[0]);
  found_something = count > 0;
  return stack;
}
#elif defined(WITH_AUDIO)
// A sound that needs no file: a square wave whose period grows.
std::uint32_t use() {
  std::uint32_t most = 0;
  std::int32_t phase = 0, period = 20;
  N::begin_stream(kArenas);
  for (bool complete = false; !complete;) {
    static std::int16_t samples[480];
    for (std::int16_t& sample : samples) {
      if (++phase >= period) {
        phase = 0;
        period = period < 400 ? period + 1 : 20;
      }
      sample = static_cast<std::int16_t>(2 * phase < period ? 6000 : -6000);
    }
    const std::uint32_t stack =
        stack_of([&] { complete = N::push_samples(kArenas, samples, 480).complete(); });
    if (stack > most) most = stack;
  }
  add_outputs();
  static N::Label top[5];
  std::size_t found = 0;
  const std::uint32_t stack = stack_of([&] { found = N::classify(kArenas, top, 5); });
  for (std::size_t i = 0; i < found; ++i) {
    digest.add(static_cast<std::uint32_t>(top[i].index));
    digest.add(top[i].similarity);
    digest.add(top[i].probability);
  }
  return stack > most ? stack : most;
}
#else
std::uint32_t use() { return 0; }
#endif

}  // namespace

int use_network(void) {
  if (!N::self_test(kArenas)) return 1;
  if (c_self_test() != 1) return 2;
  const std::uint32_t of_run = run_again();
  add_outputs();
  const std::uint32_t of_use = use();
  if (!found_something) return 3;
  const std::uint32_t stack = of_use > of_run ? of_use : of_run;
#ifdef BOARD
  linnet::semihosting::print(digest.value(), " ", stack, " ", N::kStackBytes, "\n");
#else
  std::printf("%u %u %zu\n", digest.value(), stack, N::kStackBytes);
#endif
  return 0;
}
