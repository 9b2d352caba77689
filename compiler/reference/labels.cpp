// See labels.h.
#include "compiler/reference/labels.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <numeric>

#include "compiler/reference/exact_math.h"

namespace linnet {

std::vector<RankedLabel> rank_labels(const LabelSet& labels, const TensorValue& embedding) {
  std::vector<float> x = embedding.to_floats();
  assert(static_cast<std::int64_t>(x.size()) == labels.dimension);
  if (embedding.type.dtype == DType::i8) {
    const auto zero = static_cast<float>(embedding.type.quantization->zero_point.front());
    for (float& element : x) element -= zero;
  }
  float squares = 0;
  for (const float element : x) {
    const float square = element * element;
    squares = squares + square;
  }
  const float inverse = squares > 0 ? 1.0F / std::sqrt(squares) : 0.0F;

  std::vector<float> similarities;
  for (std::size_t label = 0; label < labels.count(); ++label) {
    float dot = 0;
    for (std::size_t i = 0; i < x.size(); ++i) {
      const float product = static_cast<float>(labels.codes[label * x.size() + i]) * x[i];
      dot = dot + product;
    }
    const float scaled = dot * labels.scales[label];
    similarities.push_back(scaled * inverse);
  }
  std::vector<std::size_t> order(labels.count());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return similarities[a] > similarities[b]; });
  const float largest = similarities[order.front()];
  const auto weight = [&](float similarity) {
    const float logit = labels.logit_scale * (similarity - largest);
    return exact::exp(logit);
  };
  float sum = 0;
  for (const float similarity : similarities) sum = sum + weight(similarity);
  std::vector<RankedLabel> ranked;
  for (const std::size_t label : order)
    ranked.push_back({label, similarities[label], weight(similarities[label]) / sum});
  return ranked;
}

}  // namespace linnet
