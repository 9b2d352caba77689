// What this firmware is about, and nothing of the board: the same file runs on the STM32H743 and in the emulator.
#pragma once

#include <cstddef>
#include <cstdint>

namespace application {

constexpr std::size_t kPictureBytes = 96 * 96 * 3;  // RGB, row by row

// The network's embedded vector: is this build right?
bool self_test();

// The best class of a picture, and its score as the output's code.
struct Answer {
  std::int32_t class_index;
  std::int32_t code;
};
Answer best_of(const std::int8_t* scores);
Answer classify(const std::uint8_t* picture);

// Where the scores lie, for whoever sends them on.
const std::int8_t* scores();
std::size_t score_count();

// A picture that needs no camera: the one of the test vector, as codes, and what is best of its stored scores.
const std::int8_t* stored_codes();
Answer stored_answer();

}  // namespace application
