// Two networks in one arena: a detector finds things in a frame, a classifier names each of them. They never run together, and
// neither keeps anything from one run to the next, so both may have the same bytes: the arena is as large as the larger one
// needs. What a network gave is copied out of the arena before the other one runs.
#include <algorithm>

#include "phinet_96_camera.hpp"
#include "phinet_96_test_vector.hpp"
#include "semihosting.h"
#include "yolophinet_128_one_head_detect.hpp"
#include "yolophinet_128_one_head_test_vector.hpp"

namespace host = linnet::semihosting;
namespace detector = yolophinet_128_one_head;
namespace classifier = phinet_96;

namespace {

// A bank that both use. A bank that one of them uses is an array of that one.
constexpr std::size_t kSharedBytes =
    std::max(detector::kArenaBytes.axi, classifier::kArenaBytes.axi);
LINNET_ARENA(axi) std::byte shared[kSharedBytes];
LINNET_ARENA(dtcm) std::byte fast[classifier::kArenaBytes.dtcm];

constexpr detector::Arenas kDetector{shared};
constexpr classifier::Arenas kClassifier{fast, shared};

// The camera's frame: here the picture of the detector's test vector. Its codes are pixels less 128.
constexpr std::int32_t kWidth = 128, kHeight = 128;
std::uint8_t frame[kHeight * kWidth * 3];
static_assert(sizeof frame == detector::kInputs[0].elements);

void take_picture() {
  const auto* const codes = static_cast<const std::int8_t*>(detector::test_input(0));
  for (std::size_t i = 0; i < sizeof frame; ++i)
    frame[i] = static_cast<std::uint8_t>(codes[i] + 128);
}

// A box as a part of the frame, which the classifier's camera front end takes as a frame of its own: no pixel is copied.
classifier::CameraFrame part_of_frame(const detector::Detection& box) {
  const auto inside = [](float place, std::int32_t size) {
    return std::min(std::max(static_cast<std::int32_t>(place), std::int32_t{0}), size);
  };
  const std::int32_t x = inside(box.x1, kWidth - 1), y = inside(box.y1, kHeight - 1);
  const std::int32_t right = std::max(x + 1, inside(box.x2 + 1, kWidth));
  const std::int32_t bottom = std::max(y + 1, inside(box.y2 + 1, kHeight));
  return {frame + 3 * (y * kWidth + x), right - x, bottom - y, 3 * kWidth,
          classifier::PixelFormat::rgb888};
}

std::size_t best_class() {
  const std::int8_t* const scores = classifier::output(kClassifier);
  return static_cast<std::size_t>(
      std::max_element(scores, scores + classifier::kOutputs[0].elements) - scores);
}

}  // namespace

int main() {
  host::print("arena ", kSharedBytes, " bytes, shared; apart they would be ",
              detector::kArenaBytes.axi + classifier::kArenaBytes.axi, "\n");
  // In turn, so that each finds what the other left.
  for (int round = 0; round < 2; ++round)
    if (!detector::self_test(kDetector) || !classifier::self_test(kClassifier)) return 1;
  host::print("self_test of both passed, twice, in turn\n");

  take_picture();
  std::int8_t* const input = detector::input(kDetector);
  for (std::size_t i = 0; i < sizeof frame; ++i)
    input[i] = static_cast<std::int8_t>(frame[i] - 128);
  detector::run(kDetector);
  static detector::Detection boxes[4];
  const std::size_t found = detector::detect(kDetector, 0.25F, 0.45F, boxes, 4);
  for (std::size_t i = 0; i < found;
       ++i) {  // the boxes are ours; the arena is free for the classifier
    const classifier::CameraFrame part = part_of_frame(boxes[i]);
    if (!classifier::run_frame(kClassifier, part)) return 2;
    host::print("box ", i, ": ", part.width, " by ", part.height, " pixels, score ",
                static_cast<std::int32_t>(100 * boxes[i].score), " %, class ", best_class(), "\n");
  }
  return found > 0 ? 0 : 3;
}
