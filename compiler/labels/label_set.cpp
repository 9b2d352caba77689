// See label_set.h.
#include "compiler/labels/label_set.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <iterator>
#include <set>

#include "compiler/emit/text.h"
#include "compiler/support/json.h"

namespace linnet {
namespace {

constexpr const char* kForm =
    R"(give {"logit_scale": 33.3, "labels": [{"name": "dog", "embedding": [0.01, -0.2]}]})";

// E280: a file that is not one of labels.
Diagnostic bad_file(const std::string& why) { return {"E280", "", "", "labels: " + why, kForm}; }

// What one label says, before it is quantized.
struct Entry {
  std::string name;
  std::vector<double> embedding;
};

class Checker {
 public:
  void add(const Entry& entry, std::size_t index) {
    const std::string who = entry.name.empty()
                                ? fmt::format("label {}", index)
                                : fmt::format("label {} ('{}')", index, harmless(entry.name, 60));
    if (entry.name.empty())
      fault("E284", who + " has no name", "give every label a name");
    else if (!names_.insert(entry.name).second)
      fault("E284", who + " has a name that another label has", "give each label its own name");
    if (index == 0) dimension_ = entry.embedding.size();
    if (entry.embedding.empty() || entry.embedding.size() != dimension_) {
      fault("E282",
            fmt::format("{} has an embedding of {} numbers where the first label has {}", who,
                        entry.embedding.size(), dimension_),
            "make all embeddings with the same text encoder");
      return;
    }
    const auto fits = [](double v) { return std::isfinite(v) && std::abs(v) <= 3.0e38; };
    if (!std::all_of(entry.embedding.begin(), entry.embedding.end(), fits)) {
      fault("E283", who + " has an embedding with numbers that are not finite",
            "repair the program that wrote it");
    } else if (std::all_of(entry.embedding.begin(), entry.embedding.end(),
                           [](double v) { return std::abs(v) < 1e-30; })) {
      fault("E283", who + " has an embedding of zeros, which has no direction",
            "repair the program that wrote it");
    }
  }
  const Diagnostics& faults() const { return faults_; }

 private:
  void fault(const char* code, std::string message, const char* hint) {
    constexpr std::size_t kMost = 5;  // a broken encoder breaks every label
    if (faults_.size() < kMost) faults_.push_back({code, "", "", std::move(message), hint});
  }

  std::size_t dimension_ = 0;
  std::set<std::string> names_;
  Diagnostics faults_;
};

std::vector<Entry> entries_of(const Json& json) {
  std::vector<Entry> entries;
  for (const Json& label : json.at("labels").array()) {
    Entry entry{label.at("name").text(), {}};
    for (const Json& number : label.at("embedding").array())
      entry.embedding.push_back(number.real());
    entries.push_back(std::move(entry));
  }
  return entries;
}

Result<LabelSet> from_json(const Json& json) {
  const std::vector<Entry> entries = entries_of(json);
  const Json* scale = json.find("logit_scale");
  LabelSet set;
  set.logit_scale = scale ? static_cast<float>(scale->real()) : 1.0F;
  if (!std::isfinite(set.logit_scale) || set.logit_scale <= 0)
    return bad_file("logit_scale is not a positive number");
  if (entries.empty()) {
    // E281: nothing to choose from.
    return Diagnostic{"E281", "", "", "labels: there is no label", kForm};
  }
  Checker checker;
  for (std::size_t i = 0; i < entries.size(); ++i) checker.add(entries[i], i);
  if (!checker.faults().empty()) return checker.faults();

  set.dimension = static_cast<std::int64_t>(entries.front().embedding.size());
  for (const Entry& entry : entries) {
    LabelCodes label = quantize_label(entry.embedding);
    set.names.push_back(entry.name);
    set.codes.insert(set.codes.end(), label.codes.begin(), label.codes.end());
    set.scales.push_back(label.scale);
  }
  return set;
}

}  // namespace

LabelCodes quantize_label(const std::vector<double>& embedding) {
  double largest = 0;
  for (const double v : embedding) largest = std::max(largest, std::abs(v));
  LabelCodes label;
  double squares = 0;
  for (const double v : embedding) {
    const double code = std::nearbyint(v / largest * 127);
    squares += code * code;
    label.codes.push_back(static_cast<std::int8_t>(code));
  }
  label.scale = static_cast<float>(1 / std::sqrt(squares));
  return label;
}

Result<LabelSet> parse_labels(std::string_view text) {
  const Result<Json> json = parse_json(text);
  if (!json) return bad_file(json.diagnostics().front().message);
  try {
    return from_json(*json);
  } catch (const JsonError& error) {
    return bad_file(error.message);
  }
}

Result<LabelSet> read_label_set(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file || std::filesystem::is_directory(path))
    return bad_file(fmt::format("'{}' cannot be read", path.string()));
  const std::string text(std::istreambuf_iterator<char>(file), {});
  return parse_labels(text);
}

Result<Nothing> check_dimension(const LabelSet& labels, std::int64_t elements) {
  if (labels.dimension == elements) return ok();
  // E285: labels of another network.
  return Diagnostic{"E285", "", "",
                    fmt::format("the labels' embeddings have {} numbers where the network's output "
                                "has {}",
                                labels.dimension, elements),
                    "make them with the text encoder that this network was trained with"};
}

Result<Nothing> check_labels(const LabelSet& labels, const Graph& graph) {
  const auto is_vector = [&] {
    if (graph.outputs.size() != 1) return false;
    const TensorType& type = graph.type(graph.outputs.front().tensor);
    const std::int64_t longest =
        type.shape.empty() ? 1 : *std::max_element(type.shape.begin(), type.shape.end());
    return (type.dtype == DType::f32 || type.dtype == DType::i8) && type.elements() == longest;
  };
  if (!is_vector()) {
    // E307: nothing that could be an embedding.
    return Diagnostic{"E307", "", "", "--labels: the network's output is not one vector",
                      "give a network whose only output is an embedding, as 1x1024"};
  }
  return check_dimension(labels, graph.type(graph.outputs.front().tensor).elements());
}

std::int64_t flash_bytes(const LabelSet& labels) {
  constexpr std::int64_t kClassify = 1400;  // of classify() and what calls it, at -O2
  constexpr std::int64_t kTable = 24;
  std::int64_t bytes = kClassify + kTable + static_cast<std::int64_t>(labels.codes.size());
  for (const std::string& name : labels.names)
    bytes += 4 + 4 + static_cast<std::int64_t>(name.size()) + 1;
  return bytes;
}

}  // namespace linnet
