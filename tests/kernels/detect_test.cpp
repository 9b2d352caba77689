// linnet/detect.h against the oracle on random maps: the same boxes to the byte, at thresholds that equal a score, with
// ties, with every capacity.
#include "linnet/detect.h"

#include <catch2/catch.hpp>
#include <cmath>
#include <cstring>

#include "compiler/reference/detections.h"
#include "compiler/reference/exact_math.h"
#include "tests/support/single_op.h"

namespace linnet {
namespace {

using testing::Random;
using Kind = DetectionHead::Kind;

constexpr std::int32_t kMasks = 5;
constexpr std::int32_t kKeypoints = 2;
struct Keypoint {
  float x, y, visible;
};
struct Box {
  float x1, y1, x2, y2, score;
  std::int32_t class_index;
};
struct MaskedBox : Box {
  float mask[kMasks];
};
struct PointedBox : Box {
  Keypoint keypoints[kKeypoints];
};

struct Case {
  DetectionHead head;
  std::vector<TensorValue> maps;
};

// Codes or floats; few different ones when `ties`.
TensorValue random_map(Random& random, Shape shape, bool int8, bool ties, float largest) {
  const std::size_t count = static_cast<std::size_t>(element_count(shape));
  if (!int8) {
    std::vector<float> values;
    for (std::size_t i = 0; i < count; ++i)
      values.push_back(ties ? static_cast<float>(random.integer(-2, 1))
                            : random.real(-largest, largest));
    return TensorValue::of({DType::f32, std::move(shape), {}}, values);
  }
  std::vector<std::int8_t> codes;
  for (std::size_t i = 0; i < count; ++i)
    codes.push_back(
        static_cast<std::int8_t>(ties ? random.integer(-2, 1) : random.integer(-128, 127)));
  const Quantization q{{random.real(0.2F, 1) * largest / 128},
                       {static_cast<std::int32_t>(random.integer(-128, 127))},
                       -1};
  return TensorValue::of({DType::i8, std::move(shape), q}, codes);
}

Case random_case(Random& random, Kind kind, bool int8, bool ties) {
  Case made;
  DetectionHead& head = made.head;
  head.kind = kind;
  head.bins = random.pick<std::int32_t>({1, 4, 16});
  head.classes = static_cast<std::int32_t>(random.integer(1, 6));
  head.mask_count = kMasks;
  head.keypoints = kKeypoints;
  head.keypoint_values = static_cast<std::int32_t>(random.integer(2, 3));
  const std::int64_t levels = random.integer(1, 3);
  const auto add = [&](const DetectionLevel& level, std::int64_t channels, float largest) {
    made.maps.push_back(
        random_map(random, {1, level.height, level.width, channels}, int8, ties, largest));
    return made.maps.size() - 1;
  };
  for (std::int64_t i = 0; i < levels; ++i) {
    DetectionLevel level;
    level.width = static_cast<std::int32_t>(random.integer(1, 7));
    level.height = static_cast<std::int32_t>(random.integer(1, 7));
    level.stride = static_cast<float>(8 << i);
    level.box = add(level, 4 * head.bins, 8);
    level.classes = add(level, head.classes, 6);
    if (head.has_extra()) level.extra = add(level, head.extra_values(), 4);
    head.levels.push_back(level);
  }
  head.proto_width = 6;
  head.proto_height = 4;
  head.proto = made.maps.size();
  made.maps.push_back(random_map(random, {1, 4, 6, kMasks}, int8, ties, 2));
  return made;
}

template <class T>
DetectMap<T> map_of(const TensorValue& value) {
  DetectMap<T> map{value.as<T>().data(), 1, 0};
  if (value.type.quantization) {
    map.scale = value.type.quantization->scale.front();
    map.zero_point = value.type.quantization->zero_point.front();
  }
  return map;
}

template <class T, class Detection, class Take>
std::vector<std::byte> run(const Case& c, const DetectionThresholds& thresholds,
                           std::size_t capacity) {
  std::vector<DetectLevel<T>> levels;
  for (const DetectionLevel& level : c.head.levels)
    levels.push_back({level.width, level.height, level.stride, map_of<T>(c.maps[level.box]),
                      map_of<T>(c.maps[level.classes]), map_of<T>(c.maps[level.extra])});
  const DetectHead<T> head{levels.data(), static_cast<std::int32_t>(levels.size()), c.head.bins,
                           c.head.classes, c.head.extra_values()};
  // One more of each, to see that nothing is written behind.
  const auto cells = static_cast<std::size_t>(c.head.cells());
  std::vector<DetectCandidate> candidates(cells + 1, DetectCandidate{-7, 7});
  std::vector<Detection> out(capacity + 1);
  std::memset(static_cast<void*>(out.data()), 0x5A, out.size() * sizeof(Detection));
  const std::size_t count = detect_boxes(head, thresholds.score, thresholds.iou, out.data(),
                                         capacity, candidates.data(), Take{});
  REQUIRE(count <= capacity);
  CHECK(candidates.back().score == -7);
  std::vector<std::byte> bytes(count * sizeof(Detection));
  if (count > 0) std::memcpy(bytes.data(), static_cast<const void*>(out.data()), bytes.size());
  for (std::size_t i = 0; i < sizeof(Detection); ++i)
    CHECK(reinterpret_cast<const unsigned char*>(&out[capacity])[i] == 0x5A);
  if constexpr (std::is_same_v<Detection, MaskedBox>) {
    for (std::size_t i = 0; i < count; ++i) {
      std::vector<std::uint8_t> mask(24);
      detection_mask(map_of<T>(c.maps[c.head.proto]), 6, 4, kMasks, 48.0F / 6, 40.0F / 4, out[i],
                     mask.data());
      for (const std::uint8_t pixel : mask) bytes.push_back(static_cast<std::byte>(pixel));
    }
  }
  return bytes;
}

template <class T>
std::vector<std::byte> run(const Case& c, const DetectionThresholds& thresholds,
                           std::size_t capacity) {
  if (c.head.kind == Kind::masks)
    return run<T, MaskedBox, detect::TakeMask>(c, thresholds, capacity);
  if (c.head.kind == Kind::boxes) return run<T, Box, detect::TakeNothing>(c, thresholds, capacity);
  return c.head.keypoint_values == 3
             ? run<T, PointedBox, detect::TakeKeypoints<3>>(c, thresholds, capacity)
             : run<T, PointedBox, detect::TakeKeypoints<2>>(c, thresholds, capacity);
}

std::vector<std::byte> expected(const Case& c, const DetectionThresholds& thresholds,
                                std::size_t capacity) {
  const std::vector<DetectedBox> boxes = detect_by_maps(c.head, c.maps, thresholds, capacity);
  std::vector<std::byte> bytes;
  for (const DetectedBox& box : boxes) {
    const std::vector<std::byte> own = box.bytes();
    bytes.insert(bytes.end(), own.begin(), own.end());
  }
  if (c.head.kind != Kind::masks) return bytes;
  for (const DetectedBox& box : boxes)
    for (const std::uint8_t pixel : mask_by_proto(c.head, c.maps[c.head.proto], box, 48, 40))
      bytes.push_back(static_cast<std::byte>(pixel));
  return bytes;
}

std::size_t boxes_at(const Case& c, float score) {
  return detect_by_maps(c.head, c.maps, {score, NAN}, 10000).size();
}

}  // namespace

TEST_CASE("detect gives the oracle's boxes") {
  std::size_t compared = 0;
  for (std::uint64_t seed = 1; seed <= 120; ++seed) {
    Random random(seed);
    const bool int8 = seed % 2 == 0;
    const bool ties = seed % 5 == 0;
    const Kind kind = static_cast<Kind>(seed % 3);
    const Case c = random_case(random, kind, int8, ties);
    // Thresholds in between, and the very score of some cell: it passes.
    std::vector<float> scores{0.25F, 0.5F, 0, 1, -1, 2, NAN};
    for (const DetectedBox& box : detect_by_maps(c.head, c.maps, {0, NAN}, 3)) {
      scores.push_back(box.score);
      scores.push_back(std::nextafter(box.score, 2.0F));
    }
    for (const float score : scores) {
      for (const float iou : {0.45F, 0.0F, 1.0F, -1.0F, NAN}) {
        for (const std::size_t capacity :
             {std::size_t{0}, std::size_t{1}, std::size_t{4}, std::size_t{200}}) {
          INFO("seed " << seed << ", score " << score << ", iou " << iou << ", capacity "
                       << capacity);
          const std::vector<std::byte> wanted = expected(c, {score, iou}, capacity);
          const std::vector<std::byte> given = int8 ? run<std::int8_t>(c, {score, iou}, capacity)
                                                    : run<float>(c, {score, iou}, capacity);
          compared += wanted.size();
          REQUIRE(given == wanted);
        }
      }
    }
  }
  CHECK(compared > 100000);
}

TEST_CASE("score thresholds at their edges") {
  Random random(4);
  const Case c = random_case(random, Kind::boxes, true, false);
  const auto cells = static_cast<std::size_t>(c.head.cells());
  CHECK(boxes_at(c, 0) == cells);
  CHECK(boxes_at(c, -1) == cells);
  CHECK(boxes_at(c, NAN) == 0);
  CHECK(boxes_at(c, 1.5F) == 0);
  const float best = detect_by_maps(c.head, c.maps, {0, NAN}, 1).front().score;
  CHECK(boxes_at(c, best) >= 1);
  CHECK(boxes_at(c, std::nextafter(best, 2.0F)) == 0);
}

TEST_CASE("the least code that reaches a threshold is the least of all that do") {
  Random random(9);
  for (int i = 0; i < 300; ++i) {
    const DetectMap<std::int8_t> map{nullptr, random.real(1e-4F, 0.5F),
                                     static_cast<std::int32_t>(random.integer(-128, 127))};
    const float threshold =
        i % 3 == 0 ? exact::sigmoid(map.scale *
                                    static_cast<float>(random.integer(-128, 127) - map.zero_point))
                   : random.real(0, 1);
    std::int32_t wanted = 128;
    for (std::int32_t code = 127; code >= -128; --code) {
      const float score = exact::sigmoid(map.scale * static_cast<float>(code - map.zero_point));
      if (score >= threshold) wanted = code;
    }
    CHECK(detect::least_code(map, threshold) == wanted);
  }
}

TEST_CASE("equal scores come in the order of cells") {
  Random random(3);
  Case c = random_case(random, Kind::boxes, true, false);
  for (const DetectionLevel& level : c.head.levels) {
    TensorValue& map = c.maps[level.classes];
    map = TensorValue(TensorType{DType::i8, map.type.shape, Quantization{{0.1F}, {0}, -1}},
                      std::vector<std::byte>(map.bytes().size(), std::byte{5}));
  }
  const std::vector<DetectedBox> boxes = detect_by_maps(c.head, c.maps, {0.5F, NAN}, 1000);
  REQUIRE(boxes.size() == static_cast<std::size_t>(c.head.cells()));
  for (const DetectedBox& box : boxes) CHECK(box.class_index == 0);
  CHECK(run<std::int8_t>(c, {0.5F, NAN}, 1000) == expected(c, {0.5F, NAN}, 1000));
}

}  // namespace linnet
