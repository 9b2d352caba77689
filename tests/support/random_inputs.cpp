// Random values for a graph's inputs; see random_graph.h.
#include <random>

#include "tests/support/random_graph.h"

namespace linnet {

std::vector<TensorValue> random_inputs(const Graph& graph, std::uint32_t seed) {
  std::mt19937 random(seed ^ 0x9e3779b9u);
  std::vector<TensorValue> values;
  for (const Port& port : graph.inputs) {
    const TensorType& type = graph.type(port.tensor);
    if (type.dtype == DType::i8) {
      std::vector<std::int8_t> codes(static_cast<std::size_t>(type.elements()));
      for (std::int8_t& code : codes)
        code = static_cast<std::int8_t>(static_cast<int>(random() % 256u) - 128);
      values.push_back(TensorValue::of(type, codes));
      continue;
    }
    assert(type.dtype == DType::f32);
    std::vector<float> elements(static_cast<std::size_t>(type.elements()));
    for (float& element : elements)
      element = static_cast<float>(random() % (1u << 20)) / static_cast<float>(1 << 18) - 2.0f;
    values.push_back(TensorValue::of(type, elements));
  }
  return values;
}

}  // namespace linnet
