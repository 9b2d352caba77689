// Weights of 4 bits: rounding, groups, what the graph's check and listing say of them, and the choice of layers.
#include <catch2/catch.hpp>
#include <cmath>
#include <random>

#include "compiler/ir/graph.h"
#include "compiler/quant/int4.h"
#include "compiler/quant/int4_layers.h"

namespace linnet {
namespace {

const Quantization kInput{{0.02f}, {-5}, -1}, kOutput{{0.1f}, {3}, -1};

TensorValue random_floats(const Shape& shape, std::uint32_t seed, float deviation = 0.3f) {
  std::mt19937 engine(seed);
  std::normal_distribution<float> normal(0, deviation);
  std::vector<float> values(static_cast<std::size_t>(element_count(shape)));
  for (float& value : values) value = normal(engine);
  return TensorValue::of({DType::f32, shape, {}}, values);
}

// Of the dequantized weights, relative to the weights' own.
double relative_error(const TensorValue& weights, const TensorValue& codes) {
  const std::vector<float> rounded = dequantize_constant(codes);
  const auto values = weights.as<float>();
  double error = 0, power = 0;
  for (std::size_t i = 0; i < rounded.size(); ++i) {
    error += std::pow(static_cast<double>(rounded[i] - values[i]), 2);
    power += std::pow(static_cast<double>(values[i]), 2);
  }
  return std::sqrt(error / power);
}

// Inputs that go together: each is the one before it and some noise.
InputMoments moments_of_a_walk(std::size_t depth) {
  InputMoments moments;
  moments.positions = 100000;
  constexpr double kKept = 0.9;
  for (std::size_t i = 0; i < depth; ++i) {
    moments.mean.push_back(0.5 + 0.01 * static_cast<double>(i));
    moments.variance.push_back(1);
  }
  for (std::size_t b = 0; b < depth; b += kMomentBlock) {
    const std::size_t n = std::min(kMomentBlock, depth - b);
    std::vector<float> covariance;
    for (std::size_t i = 0; i < n; ++i)
      for (std::size_t j = 0; j < n; ++j)
        covariance.push_back(static_cast<float>(
            std::pow(kKept, std::fabs(static_cast<double>(i) - static_cast<double>(j)))));
    moments.covariance.push_back(std::move(covariance));
  }
  return moments;
}

// E[(sum of (w - rounded) (x - mean))^2] of all channels, within the blocks.
double output_error(const TensorValue& weights, const TensorValue& codes,
                    const InputMoments& moments) {
  const std::vector<float> rounded = dequantize_constant(codes);
  const auto values = weights.as<float>();
  const std::size_t depth = moments.mean.size();
  double error = 0;
  for (std::size_t first = 0; first < values.size(); first += depth) {
    for (std::size_t b = 0; b < moments.covariance.size(); ++b) {
      const std::size_t begin = first + b * kMomentBlock;
      const auto n = static_cast<std::size_t>(
          std::lround(std::sqrt(static_cast<double>(moments.covariance[b].size()))));
      for (std::size_t i = 0; i < n; ++i)
        for (std::size_t j = 0; j < n; ++j)
          error += static_cast<double>(values[begin + i] - rounded[begin + i]) *
                   static_cast<double>(values[begin + j] - rounded[begin + j]) *
                   static_cast<double>(moments.covariance[b][i * n + j]);
    }
  }
  return error;
}

}  // namespace

TEST_CASE("weights of 4 bits are integers of [1, 18] times [-7, 7] in each group") {
  for (const Shape& shape : {Shape{5, 64}, Shape{3, 1}, Shape{7, 33}, Shape{4, 1, 1, 40},
                             Shape{6, 3, 3, 5}, Shape{2, 5, 3, 8}, Shape{9, 3, 3, 3}}) {
    INFO(to_string(shape));
    const TensorValue weights = random_floats(shape, 7);
    const QuantizedWeights made =
        quantize_weights_int4(weights, nullptr, kInput, kOutput, InputMoments{});
    CHECK(made.weights.type.quantization->int4);
    CHECK_FALSE(made.bias);
    REQUIRE(fits_int4(made.weights));
    const std::vector<std::size_t> groups = int4_groups(shape);
    const auto codes = made.weights.as<std::int8_t>();
    for (std::size_t first = 0; first < codes.size(); first += groups.size()) {
      for (std::size_t group = 0; group <= groups.back(); ++group) {
        int least_g = 0;  // some g that divides all of the group, with codes of 4 bits
        for (int g = 1; g <= kInt4MostScale && least_g == 0; ++g) {
          bool all = true;
          for (std::size_t k = 0; k < groups.size(); ++k) {
            const int w = codes[first + k];
            if (groups[k] == group) all = all && w % g == 0 && std::abs(w / g) <= kInt4MostCode;
          }
          if (all) least_g = g;
        }
        CHECK(least_g > 0);
      }
    }
    // Normal numbers in groups of 32: steps of a third of a deviation, at most.
    CHECK(relative_error(weights, made.weights) < 0.11);
  }
}

TEST_CASE("a group is 32 inputs in the order of reading, the first one what is left over") {
  std::vector<int> count(3, 0);
  for (const std::size_t group : int4_groups({4, 1, 1, 72})) ++count[group];
  CHECK(count == std::vector<int>{8, 32, 32});
  const std::vector<std::size_t> groups = int4_groups({1, 64});
  for (std::size_t k = 0; k < 64; ++k) CHECK(groups[k] == k / 32);
}

TEST_CASE("channels and groups of zeros, and tiny channels, can be stored in 4 bits") {
  std::vector<float> values(3 * 64, 0.0f);
  for (std::size_t k = 0; k < 20; ++k) values[64 + k] = 1e-9f * static_cast<float>(k);
  for (std::size_t k = 0; k < 64; ++k) values[128 + k] = k == 3 ? -1.0f : 0.0f;
  const TensorValue weights = TensorValue::of({DType::f32, {3, 64}, {}}, values);
  const TensorValue bias = TensorValue::of<float>({DType::f32, {3}, {}}, {0.5f, -2.0f, 0.0f});
  const QuantizedWeights made =
      quantize_weights_int4(weights, &bias, kInput, kOutput, InputMoments{});
  CHECK(fits_int4(made.weights));
  const auto codes = made.weights.as<std::int8_t>();
  for (std::size_t k = 0; k < 64; ++k) CHECK(int{codes[k]} == 0);
  CHECK(dequantize_constant(made.weights)[128 + 3] == Approx(-1.0f).epsilon(0.01));
  const std::vector<float> kept = dequantize_constant(*made.bias);
  CHECK(kept[0] == Approx(0.5f).epsilon(0.01));
  CHECK(kept[1] == Approx(-2.0f).epsilon(0.01));
}

TEST_CASE("rounding errors feed back into later weights, and the mean's into the bias") {
  const Shape shape{16, 300};
  const TensorValue weights = random_floats(shape, 11);
  const InputMoments moments = moments_of_a_walk(300);
  const QuantizedWeights alone =
      quantize_weights_int4(weights, nullptr, kInput, kOutput, InputMoments{});
  const QuantizedWeights together =
      quantize_weights_int4(weights, nullptr, kInput, kOutput, moments);
  REQUIRE(fits_int4(together.weights));
  CHECK(output_error(weights, together.weights, moments) <
        0.6 * output_error(weights, alone.weights, moments));
  REQUIRE(together.bias);
  const std::vector<float> rounded = dequantize_constant(together.weights);
  const std::vector<float> bias = dequantize_constant(*together.bias);
  for (std::size_t o = 0; o < 16; ++o) {
    double before = 0, after = static_cast<double>(bias[o]);
    for (std::size_t k = 0; k < 300; ++k) {
      before += static_cast<double>(weights.as<float>()[o * 300 + k]) * moments.mean[k];
      after += static_cast<double>(rounded[o * 300 + k]) * moments.mean[k];
    }
    const double step = static_cast<double>(together.bias->type.quantization->scale[o]);
    CHECK(std::fabs(after - before) <= step);
  }
}

TEST_CASE("a broken promise of 4 bits is noticed, a kept one is printed") {
  const auto graph_with = [](const std::vector<std::int8_t>& codes) {
    Graph graph;
    graph.name = "g";
    const TensorId x = graph.add_tensor("x", {DType::i8, {1, 2}, kInput});
    graph.inputs.push_back({x, "x", {1, 2}, DType::f32, {}, {}});
    Quantization q{{0.1f}, {0}, -1};
    q.int4 = true;
    const TensorId w = graph.add_constant("w", TensorValue::of({DType::i8, {1, 2}, q}, codes));
    const TensorId y =
        graph.add_node(FullyConnected{}, {x, w}, {DType::i8, {1, 1}, kOutput}, {"y", "Gemm"}, "y");
    graph.outputs.push_back({y, "y", {1, 1}, DType::f32, {}, {}});
    return graph;
  };
  const Graph good = graph_with({-7 * 18, 18 * 3});
  CHECK(verify(good, "test"));
  CHECK_THAT(print(good), Catch::Contains("c0:1x2 int4"));
  const Result<Nothing> broken = verify(graph_with({127, 126}), "test");
  REQUIRE_FALSE(broken);
  CHECK(broken.diagnostics().front().code == "E900");
}

TEST_CASE("layers are taken by their error for each byte, and needless ones given back") {
  Int4Costs costs;
  costs.layers = {{0, 1000, 10.0}, {2, 100, 0.5}, {3, 400, 1.0}, {5, -8, 0.0}, {6, 500, 2.0}};
  const auto chosen = [&](std::int64_t bytes) {
    std::vector<std::size_t> nodes;
    const std::vector<bool> flags = choose_int4(costs, 7, bytes);
    REQUIRE(flags.size() == 7);
    for (std::size_t i = 0; i < flags.size(); ++i)
      if (flags[i]) nodes.push_back(i);
    return nodes;
  };
  using Nodes = std::vector<std::size_t>;
  CHECK(chosen(0) == Nodes{});
  CHECK(chosen(400) == Nodes{3});
  CHECK(chosen(900) == Nodes{3, 6});
  CHECK(chosen(950) == Nodes{2, 3, 6});
  // The large layer is needed then, and the two dearest of the others with it are not.
  CHECK(chosen(1100) == Nodes{0, 2});
  CHECK(chosen(5000) == Nodes{0, 2, 3, 6});
}

}  // namespace linnet
