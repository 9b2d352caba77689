// The main program of a batch of generated networks: many in one translation unit, each run in a process of its own.
//
//   batch NAME...      runs these networks; files are looked for below the working folder, in NAME/
//
// Reads set_S_input_I.bin, writes set_S_output_O.bin, and `outcome` when a network crashes or writes beyond its arena.
#pragma once

#include <sys/wait.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <type_traits>
#include <vector>

struct Network {
  const char* name;
  int sets;
  std::size_t arena_bytes;
  std::vector<std::size_t> input_bytes, output_bytes;
  void (*run)(std::byte* arena);
  void* (*input)(std::byte* arena, std::size_t index);
  const void* (*output)(std::byte* arena, std::size_t index);
};

template <class Ports>
std::vector<std::size_t> float_bytes(const Ports& ports) {
  std::vector<std::size_t> bytes;
  for (const auto& port : ports) bytes.push_back(port.elements * sizeof(float));
  return bytes;
}

// name: of its namespace; bank: the member of Arenas; sets: how many test_data_sets there are.
#define LINNET_NETWORK(name, bank, sets)                                                \
  Network{#name,                                                                        \
          sets,                                                                         \
          name::kArenaBytes.bank,                                                       \
          float_bytes(name::kInputs),                                                   \
          float_bytes(name::kOutputs),                                                  \
          [](std::byte* arena) { name::run(name::Arenas{arena}); },                     \
          [](std::byte* arena, std::size_t index) {                                     \
            static_assert(std::is_same_v<decltype(name::input({}, 0)), float*>);        \
            return static_cast<void*>(name::input(name::Arenas{arena}, index));         \
          },                                                                            \
          [](std::byte* arena, std::size_t index) {                                     \
            static_assert(std::is_same_v<decltype(name::output({}, 0)), const float*>); \
            return static_cast<const void*>(name::output(name::Arenas{arena}, index));  \
          }},

inline std::string file_name(const Network& network, int set, const char* kind, std::size_t index) {
  return std::string(network.name) + "/set_" + std::to_string(set) + "_" + kind + "_" +
         std::to_string(index) + ".bin";
}

inline void run_network(const Network& network) {
  constexpr std::size_t kGuard = 256;
  const std::byte kUntouched{0xA5};  // as floats: small, but not zero
  const std::size_t size = (network.arena_bytes + kGuard + 31) / 32 * 32;
  auto* const arena = static_cast<std::byte*>(std::aligned_alloc(32, size));
  std::memset(arena, static_cast<int>(kUntouched), size);
  for (int set = 0; set < network.sets; ++set) {
    for (std::size_t i = 0; i < network.input_bytes.size(); ++i) {
      std::FILE* const file = std::fopen(file_name(network, set, "input", i).c_str(), "rb");
      if (file == nullptr || std::fread(network.input(arena, i), 1, network.input_bytes[i], file) !=
                                 network.input_bytes[i])
        std::exit(3);
      std::fclose(file);
    }
    network.run(arena);
    for (std::size_t i = 0; i < network.output_bytes.size(); ++i) {
      std::FILE* const file = std::fopen(file_name(network, set, "output", i).c_str(), "wb");
      if (file == nullptr) std::exit(4);
      std::fwrite(network.output(arena, i), 1, network.output_bytes[i], file);
      std::fclose(file);
    }
  }
  for (std::size_t i = network.arena_bytes; i < size; ++i) {
    if (arena[i] != kUntouched) std::exit(5);
  }
  std::free(arena);
}

inline void run_apart(const Network& network) {
  std::fflush(nullptr);
  const pid_t child = fork();
  if (child == 0) {
    alarm(60);
    run_network(network);
    std::exit(0);
  }
  int status = 0;
  waitpid(child, &status, 0);
  if (status == 0) return;
  std::FILE* const file = std::fopen((std::string(network.name) + "/outcome").c_str(), "w");
  if (file == nullptr) return;
  if (WIFSIGNALED(status)) {
    std::fprintf(file, "failed\nrun: signal %d (%s)\n", WTERMSIG(status),
                 strsignal(WTERMSIG(status)));
  } else if (WEXITSTATUS(status) == 5) {
    std::fprintf(file, "failed\nrun: wrote beyond its arena\n");
  } else {
    std::fprintf(file, "failed\nrun: exit code %d\n", WEXITSTATUS(status));
  }
  std::fclose(file);
}
