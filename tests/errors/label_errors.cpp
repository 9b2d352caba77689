// What is said about labels that cannot be used: one clear line each.
#include <catch2/catch.hpp>

#include "compiler/labels/label_set.h"

namespace linnet {
namespace {

std::string error_of(const std::string& text) {
  const Result<LabelSet> labels = parse_labels(text);
  REQUIRE_FALSE(labels);
  return format(labels.diagnostics());
}

std::string labels_of(const std::string& list) {
  return R"({"logit_scale": 10, "labels": [)" + list + "]}";
}

const char* const kForm =
    R"(; give {"logit_scale": 33.3, "labels": [{"name": "dog", "embedding": [0.01, -0.2]}]})";

Graph graph_with_outputs(const std::vector<Shape>& shapes) {
  Graph graph;
  for (const Shape& shape : shapes) {
    Port port;
    port.name = "embedding";
    port.model_shape = shape;
    port.tensor = graph.add_tensor("embedding", {DType::f32, shape, {}});
    graph.outputs.push_back(port);
  }
  return graph;
}

}  // namespace

TEST_CASE("labels: what is no such file") {
  CHECK(error_of("[1, 2").starts_with("E280 labels: it is not JSON: "));
  CHECK(error_of("{}") == std::string("E280 labels: 'labels' is missing") + kForm + "\n");
  CHECK(error_of(labels_of(R"({"name": "dog"})")) ==
        std::string("E280 labels: 'embedding' is missing") + kForm + "\n");
  CHECK(error_of(labels_of(R"({"name": "dog", "embedding": [1, "a"]})")) ==
        std::string("E280 labels: a value is not a number") + kForm + "\n");
  CHECK(error_of(R"({"logit_scale": 0, "labels": []})") ==
        std::string("E280 labels: logit_scale is not a positive number") + kForm + "\n");
  const Result<LabelSet> missing = read_label_set("/nonexistent/labels.json");
  REQUIRE_FALSE(missing);
  CHECK(format(missing.diagnostics()) ==
        std::string("E280 labels: '/nonexistent/labels.json' cannot be read") + kForm + "\n");
}

TEST_CASE("labels: an empty table") {
  CHECK(error_of(labels_of("")) == std::string("E281 labels: there is no label") + kForm + "\n");
}

TEST_CASE("labels: embeddings that cannot be compared") {
  CHECK(error_of(
            labels_of(R"({"name": "a", "embedding": [1, 2]}, {"name": "b", "embedding": [1]})")) ==
        "E282 label 1 ('b') has an embedding of 1 numbers where the first label has 2; make all "
        "embeddings with the same text encoder\n");
  CHECK(error_of(labels_of(R"({"name": "a", "embedding": []})")).starts_with("E282 label 0 ('a')"));
  CHECK(error_of(labels_of(R"({"name": "a", "embedding": [0, 0]})")) ==
        "E283 label 0 ('a') has an embedding of zeros, which has no direction; repair the program "
        "that wrote it\n");
  CHECK(error_of(labels_of(R"({"name": "a", "embedding": [1e300, 0]})"))
            .starts_with("E283 label 0 ('a') has an embedding with numbers that are not finite"));
  // Too large for any number of JSON's reader, and no number at all.
  CHECK(error_of(labels_of(R"({"name": "a", "embedding": [1e999]})")).starts_with("E280 "));
  CHECK(error_of(labels_of(R"({"name": "a", "embedding": [NaN]})")).starts_with("E280 "));
}

TEST_CASE("labels: names") {
  CHECK(error_of(labels_of(R"({"name": "", "embedding": [1]})")) ==
        "E284 label 0 has no name; give every label a name\n");
  CHECK(
      error_of(labels_of(R"({"name": "a", "embedding": [1]}, {"name": "a", "embedding": [2]})")) ==
      "E284 label 1 ('a') has a name that another label has; give each label its own name\n");
}

TEST_CASE("labels: at most five faults are told") {
  std::string list;
  for (int i = 0; i < 20; ++i)
    list += std::string(i == 0 ? "" : ", ") + R"({"name": "", "embedding": [1]})";
  const Result<LabelSet> labels = parse_labels(labels_of(list));
  REQUIRE_FALSE(labels);
  CHECK(labels.diagnostics().size() == 5);
}

TEST_CASE("labels: a network that they do not fit") {
  const Result<LabelSet> labels =
      parse_labels(labels_of(R"({"name": "a", "embedding": [1, 0, 0]})"));
  REQUIRE(labels);
  CHECK(check_labels(*labels, graph_with_outputs({{1, 3}})));
  CHECK(check_labels(*labels, graph_with_outputs({{1, 1, 1, 3}})));
  const auto complaint = [&](const std::vector<Shape>& shapes) {
    const Result<Nothing> fits = check_labels(*labels, graph_with_outputs(shapes));
    REQUIRE_FALSE(fits);
    return format(fits.diagnostics());
  };
  CHECK(complaint({{1, 4}}) ==
        "E285 the labels' embeddings have 3 numbers where the network's output has 4; make them "
        "with the text encoder that this network was trained with\n");
  const std::string no_vector =
      "E307 --labels: the network's output is not one vector; give a network whose only output is "
      "an embedding, as 1x1024\n";
  CHECK(complaint({{1, 3}, {1, 3}}) == no_vector);
  CHECK(complaint({{2, 3}}) == no_vector);
}

TEST_CASE("labels: codes keep the direction") {
  const LabelCodes label = quantize_label({0.3, -0.4, 0.0});
  CHECK(label.codes == std::vector<std::int8_t>{95, -127, 0});
  CHECK(label.scale == Approx(1 / std::sqrt(95.0 * 95 + 127.0 * 127)));
}

}  // namespace linnet
