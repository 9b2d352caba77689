// Boxes out of the maps of a YOLOv8 detection head: what a generated NAME_detect.cpp calls. docs/quantization.md,
// section 11, defines every bit of it.
//
//   class map of each level ─► cells whose best class passes the threshold (codes are compared, nothing is computed)
//                           ─► candidates {score, cell}, a heap in scratch memory with room for every cell
//   best candidate first    ─► its box from the box map ─► dropped when it overlaps a better one of its class
//                           ─► out[], until that is full
//
// No heap memory, no state. Equal scores come in order of cells: levels in turn, rows from the top, from the left.
#pragma once

#include <cstddef>
#include <cstdint>

#include "linnet/dsp/float_math.h"
#include "linnet/version.h"

namespace linnet {
inline namespace LINNET_VERSION_NAMESPACE {

// One map [height,width,channels] as it lies in the arenas; channels are given by the head.
template <class T>
struct DetectMap {
  const T* data = nullptr;
  float scale = 1;  // real = scale * (code - zero_point); unused for float
  std::int32_t zero_point = 0;
};

template <class T>
struct DetectLevel {
  std::int32_t width = 0, height = 0;  // cells
  float stride = 0;                    // input pixels from cell to cell
  DetectMap<T> box, classes, extra;    // extra: mask coefficients or keypoints
};

// The head's own numbers; `T` is int8_t or float.
template <class T>
struct DetectHead {
  const DetectLevel<T>* levels = nullptr;
  std::int32_t level_count = 0;
  std::int32_t bins = 0;  // of a distance; 1: the map has the distance itself
  std::int32_t classes = 0;
  std::int32_t extra_values = 0;  // of a cell
};

struct DetectCandidate {
  float score;
  std::uint32_t cell;  // counted through all levels
};

namespace detect {

inline float real(const DetectMap<std::int8_t>& map, std::int8_t code) noexcept {
  return dsp::dequantize_s8(code, map.scale, map.zero_point);
}
inline float real(const DetectMap<float>&, float value) noexcept { return value; }

// The first of the largest.
template <class T>
std::int32_t best_class(const T* scores, std::int32_t classes) noexcept {
  std::int32_t best = 0;
  for (std::int32_t c = 1; c < classes; ++c)
    if (scores[c] > scores[best]) best = c;
  return best;
}

// The smallest code whose score reaches the threshold; 128 when none does. Scores never fall from code to code.
inline std::int32_t least_code(const DetectMap<std::int8_t>& map, float threshold) noexcept {
  std::int32_t below = -129;
  std::int32_t reaches = 128;
  while (reaches - below > 1) {
    const std::int32_t code = (below + reaches) >> 1;
    const float score = dsp::sigmoid_f32(real(map, static_cast<std::int8_t>(code)));
    (score >= threshold ? reaches : below) = code;
  }
  return reaches;
}

// Which of two candidates comes first.
inline bool before(const DetectCandidate& a, const DetectCandidate& b) noexcept {
  return a.score > b.score || (!(a.score < b.score) && a.cell < b.cell);
}

// The heap's order restored from `at` downwards: no parent comes after its children.
inline void sift_down(DetectCandidate* heap, std::size_t count, std::size_t at) noexcept {
  const DetectCandidate moved = heap[at];
  for (std::size_t child = 2 * at + 1; child < count; child = 2 * at + 1) {
    if (child + 1 < count && before(heap[child + 1], heap[child])) ++child;
    if (!before(heap[child], moved)) break;
    heap[at] = heap[child];
    at = child;
  }
  heap[at] = moved;
}

// Candidates of one level behind the `count` that are there.
inline std::size_t collect(const DetectLevel<std::int8_t>& level, std::int32_t classes,
                           float threshold, std::uint32_t cell, DetectCandidate* candidates,
                           std::size_t count) noexcept {
  const std::int32_t least = least_code(level.classes, threshold);
  const std::int8_t* scores = level.classes.data;
  for (std::int32_t cells = level.width * level.height; cells > 0; --cells, ++cell) {
    std::int32_t best = -129;
    for (const std::int8_t* const end = scores + classes; scores < end; ++scores)
      if (*scores > best) best = *scores;
    if (best < least) continue;
    const float logit = real(level.classes, static_cast<std::int8_t>(best));
    candidates[count++] = {dsp::sigmoid_f32(logit), cell};
  }
  return count;
}

inline std::size_t collect(const DetectLevel<float>& level, std::int32_t classes, float threshold,
                           std::uint32_t cell, DetectCandidate* candidates,
                           std::size_t count) noexcept {
  const float* scores = level.classes.data;
  for (std::int32_t cells = level.width * level.height; cells > 0;
       --cells, ++cell, scores += classes) {
    const float score = dsp::sigmoid_f32(scores[best_class(scores, classes)]);
    if (score >= threshold) candidates[count++] = {score, cell};
  }
  return count;
}

// The mean of 0, 1, .. bins-1 under the softmax of the scores.
template <class T>
float distance(const DetectMap<T>& map, const T* scores, std::int32_t bins) noexcept {
  if (bins == 1) return real(map, scores[0]);
  T largest = scores[0];
  for (std::int32_t i = 1; i < bins; ++i)
    if (scores[i] > largest) largest = scores[i];
  const float most = real(map, largest);
  float sum = 0;
  float moment = 0;
  for (std::int32_t i = 0; i < bins; ++i) {
    const float e = dsp::exp_f32(real(map, scores[i]) - most);
    sum = sum + e;
    moment = dsp::mla_f32(moment, static_cast<float>(i), e);
  }
  return moment / sum;
}

template <class T, class Detection>
void decode_box(const DetectLevel<T>& level, std::int32_t bins, std::int32_t at,
                Detection& box) noexcept {
  const T* scores = level.box.data + static_cast<std::ptrdiff_t>(at) * 4 * bins;
  const float x = static_cast<float>(at % level.width) + 0.5f;
  const float y = static_cast<float>(at / level.width) + 0.5f;
  box.x1 = dsp::mul_f32(x - distance(level.box, scores, bins), level.stride);
  box.y1 = dsp::mul_f32(y - distance(level.box, scores + bins, bins), level.stride);
  box.x2 = dsp::mul_f32(x + distance(level.box, scores + 2 * bins, bins), level.stride);
  box.y2 = dsp::mul_f32(y + distance(level.box, scores + 3 * bins, bins), level.stride);
}

inline float least(float a, float b) noexcept { return b < a ? b : a; }
inline float most(float a, float b) noexcept { return b > a ? b : a; }

// Their intersection over their union is more than the threshold.
template <class Detection>
bool overlap(const Detection& a, const Detection& b, float iou_threshold) noexcept {
  const float width = most(least(a.x2, b.x2) - most(a.x1, b.x1), 0.0f);
  const float height = most(least(a.y2, b.y2) - most(a.y1, b.y1), 0.0f);
  const float shared = dsp::mul_f32(width, height);
  const float area_a = dsp::mul_f32(a.x2 - a.x1, a.y2 - a.y1);
  const float area_b = dsp::mul_f32(b.x2 - b.x1, b.y2 - b.y1);
  const float joined = (area_a + area_b) - shared;
  return shared > dsp::mul_f32(iou_threshold, joined);
}

// Mask coefficients as they are.
struct TakeNothing {
  template <class T, class Detection>
  void operator()(const DetectLevel<T>&, std::int32_t, std::int32_t, Detection&) const noexcept {}
};
struct TakeMask {
  template <class T, class Detection>
  void operator()(const DetectLevel<T>& level, std::int32_t count, std::int32_t at,
                  Detection& box) const noexcept {
    const T* values = level.extra.data + static_cast<std::ptrdiff_t>(at) * count;
    for (std::int32_t k = 0; k < count; ++k) box.mask[k] = real(level.extra, values[k]);
  }
};
// Keypoints of 2 or 3 values each.
template <std::int32_t Values>
struct TakeKeypoints {
  template <class T, class Detection>
  void operator()(const DetectLevel<T>& level, std::int32_t count, std::int32_t at,
                  Detection& box) const noexcept {
    const T* values = level.extra.data + static_cast<std::ptrdiff_t>(at) * count;
    const float x = static_cast<float>(at % level.width);
    const float y = static_cast<float>(at / level.width);
    // The convolution's weights have the factor 2 where all its outputs are coordinates.
    const float factor = Values == 3 ? 2.0f : 1.0f;
    for (std::int32_t k = 0; k < count / Values; ++k, values += Values) {
      auto& point = box.keypoints[k];
      point.x = dsp::mul_f32(dsp::mul_f32(factor, real(level.extra, values[0])) + x, level.stride);
      point.y = dsp::mul_f32(dsp::mul_f32(factor, real(level.extra, values[1])) + y, level.stride);
      point.visible = Values == 3 ? dsp::sigmoid_f32(real(level.extra, values[Values - 1])) : 1.0f;
    }
  }
};

}  // namespace detect

// The boxes, best first, at most `capacity`; gives their number. Where more are left after suppression, the best are kept.
// `candidates` has room for every cell of the head. Detection has x1, y1, x2, y2, score, class_index.
//
// A cell counts when its score is at least `score_threshold`: none does above 1 or with NaN, all do at 0 and below. A box
// goes when its intersection over union with a better one of its class is more than `iou_threshold`: none does at 1 and
// above or with NaN, every one below 0.
template <class T, class Detection, class TakeExtra = detect::TakeNothing>
std::size_t detect_boxes(const DetectHead<T>& head, float score_threshold, float iou_threshold,
                         Detection* out, std::size_t capacity, DetectCandidate* candidates,
                         TakeExtra take_extra = {}) noexcept {
  if (capacity == 0) return 0;
  std::size_t count = 0;
  std::uint32_t cell = 0;
  for (std::int32_t i = 0; i < head.level_count; ++i) {
    const DetectLevel<T>& level = head.levels[i];
    count = detect::collect(level, head.classes, score_threshold, cell, candidates, count);
    cell += static_cast<std::uint32_t>(level.width * level.height);
  }
  for (std::size_t i = count / 2; i-- > 0;) detect::sift_down(candidates, count, i);

  std::size_t kept = 0;
  while (count > 0 && kept < capacity) {
    const DetectCandidate best = candidates[0];
    candidates[0] = candidates[--count];
    if (count > 1) detect::sift_down(candidates, count, 0);
    const DetectLevel<T>* level = head.levels;
    auto at = static_cast<std::int32_t>(best.cell);
    for (; at >= level->width * level->height; ++level) at -= level->width * level->height;
    Detection& box = out[kept];
    box.class_index = detect::best_class(
        level->classes.data + static_cast<std::ptrdiff_t>(at) * head.classes, head.classes);
    box.score = best.score;
    detect::decode_box(*level, head.bins, at, box);
    bool free = true;
    for (std::size_t i = 0; i < kept && free; ++i)
      free = out[i].class_index != box.class_index || !detect::overlap(out[i], box, iou_threshold);
    if (!free) continue;
    take_extra(*level, head.extra_values, at, box);
    ++kept;
  }
  return kept;
}

// The mask of one detection over proto_width x proto_height pixels, a byte each: 1 where the pixel belongs to it, which
// is where the sum of coefficient * prototype is above 0 (its sigmoid above 1/2) and the pixel's centre lies in the box.
template <class T, class Detection>
void detection_mask(const DetectMap<T>& proto, std::int32_t proto_width, std::int32_t proto_height,
                    std::int32_t count, float pixels_x, float pixels_y, const Detection& box,
                    std::uint8_t* mask) noexcept {
  const T* values = proto.data;
  for (std::int32_t row = 0; row < proto_height; ++row) {
    const float y = dsp::mul_f32(static_cast<float>(row) + 0.5f, pixels_y);
    for (std::int32_t column = 0; column < proto_width; ++column, values += count) {
      const float x = dsp::mul_f32(static_cast<float>(column) + 0.5f, pixels_x);
      const bool inside = x >= box.x1 && x < box.x2 && y >= box.y1 && y < box.y2;
      float sum = 0;
      for (std::int32_t k = 0; inside && k < count; ++k)
        sum = dsp::mla_f32(sum, box.mask[k], detect::real(proto, values[k]));
      *mask++ = sum > 0 ? 1 : 0;
    }
  }
}

}  // namespace LINNET_VERSION_NAMESPACE
}  // namespace linnet
