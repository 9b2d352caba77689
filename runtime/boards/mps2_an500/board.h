// What startup.cpp offers a program on the emulated board besides calling its main().
//
// Two stacks, so that scaffolding never counts: main() runs on a roomy one in the harness's memory;
// the network runs on the target's stack, in the target's bank and of the target's size:
//
//   const std::size_t used_bytes = linnet::board::on_target_stack([&] { network::run(arenas); });
//
// Below the target's stack there is no memory: an overflow is a fault, not a wrong result.
#pragma once

#include <cstddef>

namespace linnet::board {

// Runs function(argument) on the target's stack and returns the most bytes of it that were ever in
// use. Not reentrant.
std::size_t call_on_target_stack(void (*function)(void*), void* argument);

// The size that the linker script gives the target's stack.
std::size_t target_stack_bytes();

template <typename Function>
std::size_t on_target_stack(Function&& function) {
  auto* address = &function;
  using Pointer = decltype(address);
  return call_on_target_stack([](void* argument) { (**static_cast<Pointer*>(argument))(); },
                              &address);
}

}  // namespace linnet::board
