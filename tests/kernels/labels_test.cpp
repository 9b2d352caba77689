// Zero-shot classification of the runtime against the oracle, bit for bit; the core's bits are in core/digests.cpp.
#include <catch2/catch.hpp>
#include <cmath>
#include <cstring>
#include <limits>
#include <random>

#include "compiler/reference/labels.h"
#include "linnet/labels.h"

namespace linnet {
namespace {

struct Table {
  const char* const* names;
  const std::int8_t* codes;
  const float* scales;
  std::size_t count, dimension;
  float logit_scale;
};

struct Label {
  std::size_t index;
  const char* name;
  float similarity, probability;
};

LabelSet random_labels(std::mt19937& random, std::size_t count, std::size_t dimension) {
  std::normal_distribution<double> normal;
  LabelSet set;
  set.dimension = static_cast<std::int64_t>(dimension);
  set.logit_scale = 33.3F;
  for (std::size_t label = 0; label < count; ++label) {
    std::vector<double> embedding(dimension);
    for (double& v : embedding) v = normal(random);
    const LabelCodes codes = quantize_label(embedding);
    set.names.push_back("label " + std::to_string(label));
    set.codes.insert(set.codes.end(), codes.codes.begin(), codes.codes.end());
    set.scales.push_back(codes.scale);
  }
  return set;
}

bool same(float a, float b) { return std::memcmp(&a, &b, sizeof a) == 0; }

template <class Element>
void check_against_oracle(const LabelSet& set, const std::vector<Element>& embedding,
                          std::int32_t zero_point) {
  std::vector<const char*> names;
  for (const std::string& name : set.names) names.push_back(name.c_str());
  const auto dimension = static_cast<std::size_t>(set.dimension);
  const Table table{names.data(), set.codes.data(), set.scales.data(),
                    set.count(),  dimension,        set.logit_scale};
  TensorType type{DType::f32, {1, set.dimension}, {}};
  if (sizeof(Element) == 1)
    type = {DType::i8, {1, set.dimension}, Quantization{{0.1F}, {zero_point}, -1}};
  const std::vector<RankedLabel> expected = rank_labels(set, TensorValue::of(type, embedding));
  for (const std::size_t k : {std::size_t{1}, std::size_t{3}, set.count(), set.count() + 2}) {
    std::vector<Label> top(k, Label{99, nullptr, 9, 9});
    const std::size_t found =
        classify(table, embedding.data(), zero_point, dimension, top.data(), k);
    REQUIRE(found == std::min(k, set.count()));
    for (std::size_t i = 0; i < found; ++i) {
      INFO(i);
      CHECK(top[i].index == expected[i].index);
      CHECK(top[i].name == names[top[i].index]);
      CHECK(same(top[i].similarity, expected[i].similarity));
      CHECK(same(top[i].probability, expected[i].probability));
    }
  }
}

}  // namespace

TEST_CASE("labels: the runtime ranks as the oracle does, to the bit") {
  std::mt19937 random(7);
  std::normal_distribution<float> normal;
  for (const std::size_t dimension : {1U, 5U, 64U, 257U}) {
    const LabelSet set = random_labels(random, 17, dimension);
    std::vector<float> floats(dimension);
    std::vector<std::int8_t> codes(dimension);
    for (std::size_t i = 0; i < dimension; ++i) {
      floats[i] = normal(random);
      codes[i] = static_cast<std::int8_t>(random() % 256);
    }
    check_against_oracle(set, floats, 0);
    check_against_oracle(set, codes, -17);
  }
}

TEST_CASE("labels: equal labels keep their order, and a vector of zeros has similarity 0") {
  std::mt19937 random(9);
  LabelSet set = random_labels(random, 4, 8);
  std::copy_n(set.codes.begin(), 8, set.codes.begin() + 16);  // label 2 is label 0
  set.scales[2] = set.scales[0];
  std::vector<float> towards(8);
  for (std::size_t i = 0; i < 8; ++i) towards[i] = static_cast<float>(set.codes[i]);
  check_against_oracle(set, towards, 0);
  const std::vector<RankedLabel> ranked =
      rank_labels(set, TensorValue::of({DType::f32, {1, 8}, {}}, towards));
  CHECK(ranked[0].index == 0);
  CHECK(ranked[1].index == 2);
  CHECK(ranked[0].similarity == Approx(1).margin(1e-6));
  check_against_oracle(set, std::vector<float>(8, 0.0F), 0);
}

TEST_CASE("labels: a table that is not usable gives nothing") {
  const char* const names[] = {"a"};
  const std::int8_t codes[] = {127, 0};
  const float scales[] = {1.0F / 127};
  const float embedding[] = {1, 0};
  Label top[1];
  const Table good{names, codes, scales, 1, 2, 10.0F};
  CHECK(classify(good, embedding, 0, 2, top, 1) == 1);
  CHECK(top[0].probability == 1);
  CHECK(classify(good, embedding, 0, 2, top, 0) == 0);
  CHECK(classify(good, embedding, 0, 3, top, 1) == 0);
  for (int fault = 0; fault < 5; ++fault) {
    Table bad = good;
    if (fault == 0) bad.names = nullptr;
    if (fault == 1) bad.codes = nullptr;
    if (fault == 2) bad.scales = nullptr;
    if (fault == 3) bad.count = 0;
    if (fault == 4) bad.logit_scale = std::numeric_limits<float>::quiet_NaN();
    INFO(fault);
    CHECK(classify(bad, embedding, 0, 2, top, 1) == 0);
  }
}

}  // namespace linnet
