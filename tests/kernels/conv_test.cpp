// Every kernel of the convolution lists against the oracle, byte for byte, in guarded memory (kernel_harness.h). Kernels
// are tested wherever they support a layer, not only where selection would take them; layers come from lowering.
#include <fmt/format.h>

#include <catch2/catch.hpp>
#include <cstring>
#include <map>

#include "compiler/lower/lower.h"
#include "tests/kernels/conv_cases.h"

using namespace linnet;
using namespace linnet::testing;

namespace {

template <class T>
Guarded guarded(const std::vector<T>& elements) {
  return Guarded(std::as_bytes(std::span(elements)));
}

// The pixels of a tensor as they lie in a slice of a wider one.
std::vector<std::byte> spread(std::span<const std::byte> dense, std::size_t pixel_bytes,
                              std::size_t pitch_bytes) {
  std::vector<std::byte> wide(dense.size() / pixel_bytes * pitch_bytes, std::byte{0x5a});
  for (std::size_t i = 0; i * pixel_bytes < dense.size(); ++i) {
    const auto pixel = dense.subspan(i * pixel_bytes, pixel_bytes);
    std::copy(pixel.begin(), pixel.end(),
              wide.begin() + static_cast<std::ptrdiff_t>(i * pitch_bytes));
  }
  return wide;
}

// Runs one int8 kernel on the case; `counts` notes that it was run.
template <class Kernel>
void check_int8(const ConvCase& c, Random& random, std::map<std::string, int>& counts) {
  auto layer = layer_of<Conv2dS8>(c.call());
  layer.winograd = 1;  // the sums are far from the limit
  if (!Kernel::supports(layer)) return;
  ++counts[Kernel::name];
  layer.out_pixel_bytes += random.chance(30) ? static_cast<std::int32_t>(random.integer(1, 9)) : 0;
  layer.in_pixel_bytes += random.chance(30) ? static_cast<std::int32_t>(random.integer(1, 9)) : 0;

  std::vector<std::int16_t> weights = plain_weights(c);
  std::vector<std::int32_t> bias = plain_bias(c), multiplier = multipliers(c);
  prepare_constants<Kernel>(layer, weights.data(), bias.data(), multiplier.data());
  std::vector<std::byte> packed(static_cast<std::size_t>(Kernel::packed_bytes(layer)));
  pack_layer<Kernel>(layer, weights.data(), bias.data(), multiplier.data(), packed.data());
  if (c.call().kernel == Kernel::name) {
    for (const Field& field : c.call().fields) {
      if (field.name != "weights") continue;
      const Constant& constant = c.program.constants[std::get<ConstantId>(field.value)];
      REQUIRE(constant.bytes.size() >= packed.size());
      CHECK(std::memcmp(constant.bytes.data(), packed.data(), packed.size()) == 0);
    }
  }
  Guarded w(packed), b = guarded(bias), m = guarded(multiplier);
  layer.weights = w.data();
  if (!packs_channels<Kernel>) layer.bias = b.data();
  if (!packs_channels<Kernel>) layer.multiplier = m.data();
  INFO(Kernel::name << ": " << c.what);
  Job job = conv_job(c, layer.out_pixel_bytes);
  const std::vector<std::byte> x = spread(job.inputs[0].bytes, static_cast<std::size_t>(layer.in_c),
                                          static_cast<std::size_t>(layer.in_pixel_bytes));
  job.inputs[0].bytes = x;
  job.inputs[0].row_bytes = layer.in_w * layer.in_pixel_bytes;
  CHECK(run_kernel<Kernel>(layer, job, random).empty());
}

template <class List>
void check_int8_list(const ConvOptions& options, int tries, std::uint64_t seed,
                     std::map<std::string, int>& counts) {
  Random random(seed);
  for (int i = 0; i < tries; ++i) {
    const ConvCase c = random_conv(options, random);
    if (c.program.calls.empty()) continue;
    List::for_each([&](auto kernel) { check_int8<decltype(kernel)>(c, random, counts); });
  }
}

template <class List>
void require_all_ran(const std::map<std::string, int>& counts, int least) {
  List::for_each([&](auto kernel) {
    const auto found = counts.find(decltype(kernel)::name);
    INFO(decltype(kernel)::name << " ran " << (found == counts.end() ? 0 : found->second));
    CHECK((found != counts.end() && found->second >= least));
  });
}

template <class Kernel>
void check_float(const ConvCase& c, Random& random, std::map<std::string, int>& counts) {
  auto layer = layer_of<Conv2dF32>(c.call());
  if (!Kernel::supports(layer)) return;
  ++counts[Kernel::name];
  layer.out_pixel_elements +=
      random.chance(30) ? static_cast<std::int32_t>(random.integer(1, 9)) : 0;
  Guarded w(c.weights().bytes());
  layer.weights = w.data();
  const bool has_bias = c.single.constants.size() > 1;
  Guarded b(has_bias ? c.single.constants[1].bytes() : c.weights().bytes().first(0));
  if (has_bias) layer.bias = b.data();
  INFO(Kernel::name << ": " << c.what);
  CHECK(run_kernel<Kernel>(layer, conv_job(c, layer.out_pixel_elements), random).empty());

  // The same with computed weights and bias.
  Job job = conv_job(c, layer.out_pixel_elements);
  layer.weights = layer.bias = nullptr;
  for (std::size_t i = 0; i < c.single.constants.size(); ++i) {
    const auto bytes = c.single.constants[i].bytes();
    job.inputs.push_back({bytes, 1, static_cast<std::int32_t>(bytes.size()), {}});
  }
  layer.weights_operand = 1;
  layer.bias_operand = has_bias ? 2 : 0;
  CHECK(run_kernel<Kernel>(layer, job, random).empty());
}

template <class List>
void check_float_list(const ConvOptions& options, int tries, std::uint64_t seed,
                      std::map<std::string, int>& counts) {
  Random random(seed);
  for (int i = 0; i < tries; ++i) {
    const ConvCase c = random_conv(options, random);
    if (c.program.calls.empty()) continue;
    List::for_each([&](auto kernel) { check_float<decltype(kernel)>(c, random, counts); });
  }
}

}  // namespace

TEST_CASE("int8 convolution kernels equal the oracle") {
  std::map<std::string, int> counts;
  check_int8_list<Conv2dS8Kernels>({}, 500, 101, counts);
  check_int8_list<Conv2dS8Kernels>({.wide = true}, 200, 102, counts);
  check_int8_list<Conv2dS8Kernels>({.pointwise = true}, 300, 103, counts);
  check_int8_list<Conv2dS8Kernels>({.depthwise = true}, 300, 104, counts);
  check_int8_list<Conv2dS8Kernels>({.depthwise = true, .three_by_three = true}, 400, 105, counts);
  check_int8_list<Conv2dS8Kernels>({.depthwise = true, .five_by_five = true}, 400, 107, counts);
  check_int8_list<Conv2dS8Kernels>({.wide = true, .depthwise = true}, 150, 106, counts);
  check_int8_list<Conv2dS8Kernels>({.depthwise = true, .large = true}, 400, 111, counts);
  check_int8_list<Conv2dS8Kernels>({.pointwise = true, .deep = true}, 60, 107, counts);
  check_int8_list<Conv2dS8Kernels>({.three_by_three = true, .deep = true}, 60, 108, counts);
  check_int8_list<Conv2dS8Kernels>({.three_by_three = true, .stride_one = true}, 250, 110, counts);
  check_int8_list<Conv2dS8Kernels>({.int4 = true}, 300, 112, counts);
  check_int8_list<Conv2dS8Kernels>({.pointwise = true, .int4 = true}, 300, 113, counts);
  check_int8_list<Conv2dS8Kernels>({.pointwise = true, .int4 = true, .deep = true}, 60, 114,
                                   counts);
  check_int8_list<Conv2dS8Kernels>({.three_by_three = true, .int4 = true, .deep = true}, 60, 115,
                                   counts);
  Random random(109);
  for (int i = 0; i < 300; ++i) {
    const ConvCase c = random_fully_connected(true, random);
    Conv2dS8Kernels::for_each(
        [&](auto kernel) { check_int8<decltype(kernel)>(c, random, counts); });
  }
  for (int i = 0; i < 200; ++i) {
    const ConvCase c = random_fully_connected(true, random, true);
    CHECK(c.call().kernel == "conv2d_s8_1x1_w4");
    Conv2dS8Kernels::for_each(
        [&](auto kernel) { check_int8<decltype(kernel)>(c, random, counts); });
  }
  require_all_ran<Conv2dS8Kernels>(counts, 100);
}

TEST_CASE("int8 transposed convolution kernels equal the oracle") {
  std::map<std::string, int> counts;
  check_int8_list<ConvTranspose2dS8Kernels>({.transposed = true}, 400, 111, counts);
  check_int8_list<ConvTranspose2dS8Kernels>({.transposed = true, .wide = true}, 150, 112, counts);
  check_int8_list<ConvTranspose2dS8Kernels>({.transposed = true, .depthwise = true}, 100, 113,
                                            counts);
  require_all_ran<ConvTranspose2dS8Kernels>(counts, 150);
}

TEST_CASE("float convolution kernels equal the oracle to the bit") {
  std::map<std::string, int> counts;
  check_float_list<Conv2dF32Kernels>({.int8 = false}, 300, 121, counts);
  check_float_list<Conv2dF32Kernels>({.int8 = false, .pointwise = true}, 200, 122, counts);
  check_float_list<Conv2dF32Kernels>({.int8 = false, .depthwise = true}, 200, 123, counts);
  require_all_ran<Conv2dF32Kernels>(counts, 100);
}

TEST_CASE("float transposed convolution kernels equal the oracle to the bit") {
  std::map<std::string, int> counts;
  check_float_list<ConvTranspose2dF32Kernels>({.transposed = true, .int8 = false}, 300, 131,
                                              counts);
  require_all_ran<ConvTranspose2dF32Kernels>(counts, 100);
}

TEST_CASE("fully connected layers equal the oracle") {
  std::map<std::string, int> counts;
  Random random(141);
  for (int i = 0; i < 300; ++i) {
    const ConvCase int8 = random_fully_connected(true, random);
    Conv2dS8Kernels::for_each(
        [&](auto kernel) { check_int8<decltype(kernel)>(int8, random, counts); });
    const ConvCase real = random_fully_connected(false, random);
    Conv2dF32Kernels::for_each(
        [&](auto kernel) { check_float<decltype(kernel)>(real, random, counts); });
  }
  CHECK(counts["conv2d_s8_1x1"] > 100);
  CHECK(counts["conv2d_f32_1x1"] > 100);
}

namespace {

// Rows of `depth` equal values, and two channels of which the second sums to the limits.
ConvCase extreme_pair(std::int64_t rows, std::int64_t depth, std::int8_t weight, std::int32_t bias,
                      std::int8_t x) {
  ConvCase c;
  c.single.op = FullyConnected{};
  c.single.inputs = {int8_type({rows, depth}, 0.1f, -128)};
  std::vector<std::int8_t> weights(static_cast<std::size_t>(2 * depth), weight);
  std::fill(weights.begin(), weights.begin() + depth, std::int8_t{-127});
  const Quantization scale{{0.01f}, {0}, -1}, bias_scale{{0.001f}, {0}, -1};
  c.single.constants = {TensorValue::of(TensorType{DType::i8, {2, depth}, scale}, weights),
                        TensorValue::of(TensorType{DType::i32, {2}, bias_scale},
                                        std::vector<std::int32_t>{17, bias})};
  c.single.output = int8_type({rows, 2}, 70.0f, 3);
  c.x = TensorValue::of(c.single.inputs[0],
                        std::vector<std::int8_t>(static_cast<std::size_t>(rows * depth), x));
  finish_conv(c);
  return c;
}

}  // namespace

TEST_CASE("channels are summed in pairs, whole as long as 24 bits hold the second one's sums") {
  // 259 weights of 127 times 0 to 255.
  constexpr std::int32_t kMost = 259 * 127 * 255, kLimit = 1 << 23;
  struct Bound {
    std::int8_t weight;
    std::int32_t bias, parts;
  };
  Random random(151);
  std::map<std::string, int> counts;
  for (const Bound& bound :
       {Bound{127, kLimit - 1 - kMost, 1}, Bound{127, kLimit - kMost, 2},
        Bound{-127, kMost - kLimit, 1}, Bound{-127, kMost - kLimit - 1, 2}, Bound{127, -kLimit, 1},
        Bound{127, -kLimit - 1, 2}, Bound{127, 3 * kLimit, 0}, Bound{-127, -3 * kLimit, 0}}) {
    for (const int x : {-128, 127}) {
      for (const int rows : {1, 2, 7}) {
        const ConvCase c =
            extreme_pair(rows, 259, bound.weight, bound.bias, static_cast<std::int8_t>(x));
        INFO(c.what << ", weights " << int{bound.weight} << ", bias " << bound.bias);
        CHECK(layer_of<Conv2dS8>(c.call()).paired == bound.parts);
        Conv2dS8Kernels::for_each(
            [&](auto kernel) { check_int8<decltype(kernel)>(c, random, counts); });
      }
    }
  }
  CHECK(counts["conv2d_s8_1x1_paired"] == 36);
  CHECK(counts["conv2d_s8_any_paired"] == 36);
  CHECK(counts["conv2d_s8_fc_paired"] == 24);
}

TEST_CASE("channels are summed in pairs when their weights fit the halves of a word") {
  CHECK(paired::lanes_fit(127, 127));
  CHECK(paired::lanes_fit(-128, 127));
  CHECK(paired::lanes_fit(-128, -127));
  CHECK(paired::lanes_fit(0, -128));
  CHECK_FALSE(paired::lanes_fit(-1, -128));
  CHECK_FALSE(paired::lanes_fit(128, 0));
}

TEST_CASE("the Winograd form is taken where it is asked for") {
  Random random(161);
  int taken = 0;
  for (int i = 0; i < 200; ++i) {
    ConvCase c = random_conv({.three_by_three = true}, random);
    if (c.program.calls.empty()) continue;
    const Graph graph = graph_of(c.single);
    const bool possible = winograd_possible(graph.nodes[0], graph);
    CHECK(c.call().kernel != "conv2d_s8_3x3_winograd");
    const Result<Program> program =
        lower(graph, {{graph.nodes[0].output(), "conv2d_s8_3x3_winograd"}});
    REQUIRE(static_cast<bool>(program) == possible);
    if (possible) CHECK(program->calls[0].kernel == "conv2d_s8_3x3_winograd");
    taken += possible ? 1 : 0;
  }
  CHECK(taken > 5);
}
