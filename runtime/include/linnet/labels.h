// Zero-shot classification: which of the labels' embeddings points most nearly where the network's does.
//
// The arithmetic is that of docs/quantization.md, section 10: float32, one written order, so that host and core give the
// same bits. A label is int8 codes with a scale that gives them length 1; similarity is the cosine of the angle between
// it and the network's output, probability the softmax of logit_scale * similarity over all labels.
//
// Nothing is stored but the k labels that are asked for, so similarities are computed twice: once to find the best, once
// for the softmax's sum. Fifty labels of 1024 numbers take about half a million instructions in all.
#pragma once

#include <cstddef>
#include <cstdint>

#include "linnet/dsp/float_math.h"
#include "linnet/version.h"

namespace linnet {
inline namespace LINNET_VERSION_NAMESPACE {

// The table can be used with embeddings of `dimension` numbers. Table: names, codes, scales (pointers), count, dimension,
// logit_scale, as NAME_labels.h declares it.
template <class Table>
bool usable_labels(const Table& table, std::size_t dimension) noexcept {
  return table.names != nullptr && table.codes != nullptr && table.scales != nullptr &&
         table.count > 0 && table.dimension == dimension && table.logit_scale > 0;
}

namespace detail {

template <class Element>
inline float embedded(Element value, std::int32_t zero_point) noexcept {
  return static_cast<float>(static_cast<std::int32_t>(value) - zero_point);
}
inline float embedded(float value, std::int32_t) noexcept { return value; }

// 1 / length; 0 for a vector of zeros.
template <class Element>
float inverse_length(const Element* embedding, std::int32_t zero_point,
                     std::size_t dimension) noexcept {
  float squares = 0;
  for (std::size_t i = 0; i < dimension; ++i) {
    const float x = embedded(embedding[i], zero_point);
    squares = dsp::mla_f32(squares, x, x);
  }
  return squares > 0 ? 1.0f / dsp::sqrt_f32(squares) : 0.0f;
}

template <class Table, class Element>
float similarity(const Table& table, std::size_t label, const Element* embedding,
                 std::int32_t zero_point, float inverse) noexcept {
  const std::int8_t* code = table.codes + label * table.dimension;
  float dot = 0;
  for (std::size_t i = 0; i < table.dimension; ++i) {
    dot = dsp::mla_f32(dot, static_cast<float>(code[i]), embedded(embedding[i], zero_point));
  }
  return dsp::mul_f32(dsp::mul_f32(dot, table.scales[label]), inverse);
}

}  // namespace detail

// The k labels of the largest similarity into top[0..], largest first, the earlier label first where they are equal; gives
// how many there are: k, or the number of labels where that is less. 0 for a table that is not usable.
// Label: index, name, similarity, probability. Element: float, or int8 codes of any scale.
template <class Table, class Element, class Label>
std::size_t classify(const Table& table, const Element* embedding, std::int32_t zero_point,
                     std::size_t dimension, Label* top, std::size_t k) noexcept {
  if (k == 0 || !usable_labels(table, dimension)) return 0;
  const float inverse = detail::inverse_length(embedding, zero_point, dimension);
  std::size_t found = 0;
  for (std::size_t label = 0; label < table.count; ++label) {
    const float s = detail::similarity(table, label, embedding, zero_point, inverse);
    std::size_t place = found;
    while (place > 0 && s > top[place - 1].similarity) --place;
    if (place == k) continue;
    if (found < k) ++found;
    for (std::size_t i = found - 1; i > place; --i) top[i] = top[i - 1];
    top[place] = {label, table.names[label], s, 0.0f};
  }

  const float largest = top[0].similarity;
  const auto weight = [&](float s) {
    return dsp::exp_f32(dsp::mul_f32(table.logit_scale, s - largest));
  };
  float sum = 0;
  for (std::size_t label = 0; label < table.count; ++label) {
    sum = sum + weight(detail::similarity(table, label, embedding, zero_point, inverse));
  }
  for (std::size_t i = 0; i < found; ++i) top[i].probability = weight(top[i].similarity) / sum;
  return found;
}

}  // namespace LINNET_VERSION_NAMESPACE
}  // namespace linnet
