// A network in a task whose stack is as large as the header says that it must be. A task of higher priority, the camera,
// interrupts it at every tick; every result must be the stored one all the same.
#include <cstring>

#include "FreeRTOS.h"
#include "task.h"

#include "phinet_96.hpp"
#include "phinet_96_test_vector.hpp"
#include "semihosting.h"

namespace host = linnet::semihosting;

namespace {

// ---- stacks ----------------------------------------------------------------------------------------------------------
// A task's stack holds what the network takes (stated by its header), what the task's own functions take, and the context of
// a task that is switched out: 26 words of the exception's frame with its floating-point part, 16 words s16 to s31, 9 words
// r4 to r11 and lr, one word of alignment. Interrupts themselves run on another stack. At the lower end lies the guard.
constexpr std::size_t kContextBytes = 4 * (26 + 16 + 9 + 1);
constexpr std::size_t kOwnBytes = 256;
constexpr std::size_t kGuardBytes = 32;
#ifndef NETWORK_STACK_BYTES  // too_small.elf has less, to show the guard
#define NETWORK_STACK_BYTES phinet_96::kStackBytes
#endif
constexpr std::size_t kStackBytes =
    (NETWORK_STACK_BYTES + kContextBytes + kOwnBytes + kGuardBytes + 31) / 32 * 32;
constexpr std::size_t kStackWords = kStackBytes / sizeof(StackType_t);

alignas(32) StackType_t inference_stack[kStackWords];
alignas(32) StackType_t camera_stack[256];
StaticTask_t inference_memory, camera_memory;
TaskHandle_t inference;

// ---- the network -----------------------------------------------------------------------------------------------------
LINNET_ARENA(dtcm) std::byte dtcm[phinet_96::kArenaBytes.dtcm];
LINNET_ARENA(axi) std::byte axi[phinet_96::kArenaBytes.axi];
constexpr phinet_96::Arenas kArenas{dtcm, axi};

constexpr std::size_t kInputBytes = phinet_96::kInputs[0].elements;
std::int8_t frame[kInputBytes];  // the camera's, until it gives it away
volatile bool busy;              // the inference task has the frame
volatile std::uint32_t interrupted;

// Each tick: a new frame when the network has taken the last one, else another interruption of it.
void camera_task(void*) {
  for (;;) {
    if (busy) {
      interrupted = interrupted + 1;
    } else {
      std::memcpy(frame, phinet_96::test_input(0), kInputBytes);
      busy = true;
      xTaskNotifyGive(inference);
    }
    vTaskDelay(1);
  }
}

// Bytes of the task's stack that are in use here.
[[gnu::always_inline]] inline std::size_t stack_depth() {
  std::uintptr_t sp;
  __asm__ volatile("mov %0, sp" : "=r"(sp));
  return reinterpret_cast<std::uintptr_t>(inference_stack + kStackWords) - sp;
}
std::size_t depth_at_run;

// True when every byte is as stored.
bool infer() {
  ulTaskNotifyTake(pdTRUE, portMAX_DELAY);
  std::memcpy(phinet_96::input(kArenas), frame, kInputBytes);
  depth_at_run = stack_depth();
  phinet_96::run(kArenas);
  const bool same = std::memcmp(phinet_96::output(kArenas), phinet_96::test_output(0),
                                phinet_96::kOutputs[0].elements) == 0;
  busy = false;
  return same;
}

[[gnu::noinline]] void inference_task(void*) {
  constexpr std::uint32_t kInterruptions = 10, kMostInferences = 1000;
  std::uint32_t inferences = 0;
  bool same = true;
  while (same && interrupted < kInterruptions && inferences < kMostInferences) {
    same = infer();
    ++inferences;
  }
  // The most that was ever used, less what was in use when the network was called: the network's, and of an interruption.
  const std::size_t used = kStackBytes - uxTaskGetStackHighWaterMark(nullptr) * sizeof(StackType_t);
  const std::size_t network = used - depth_at_run;
  const bool tested = phinet_96::self_test(kArenas);
  host::print("inference: self_test ", tested ? "passed" : "failed", ", preempted ", interrupted,
              " times in ", inferences, " inferences, results ",
              same ? "as stored\n" : "NOT as stored\n");
  const bool holds = network > kContextBytes && network <= phinet_96::kStackBytes + kContextBytes;
  host::print("task stack: ", used, " of ", kStackBytes - kGuardBytes,
              " bytes; network and interruption: ", network, " of ", phinet_96::kStackBytes, " + ",
              kContextBytes, ", bound ", holds ? "holds\n" : "does NOT hold\n");
  host::exit(same && tested && holds && interrupted >= kInterruptions ? 0 : 1);
}

}  // namespace

extern "C" void vApplicationStackOverflowHook(TaskHandle_t, char* name) {
  host::print("stack overflow in task ", static_cast<const char*>(name), "\n");
  host::exit(3);
}

int main() {
  inference = xTaskCreateStatic(inference_task, "inference", kStackWords, nullptr, 1,
                                inference_stack, &inference_memory);
  xTaskCreateStatic(camera_task, "camera", 256, nullptr, 2, camera_stack, &camera_memory);
  if (inference == nullptr) return 1;
  vTaskStartScheduler();
  return 1;  // never here
}
