// Labels of a zero-shot classifier: names and the embedding of each, from a file that the user's text encoder wrote.
//
//   {"logit_scale": 33.3, "labels": [{"name": "dog", "embedding": [0.01, -0.2, ...]}, ...]}
//
// Embeddings become int8 codes of their direction, one scale for each label (docs/quantization.md, section 10), a quarter of
// the flash of floats: fifty labels of 1024 numbers take 51 KB.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "compiler/ir/graph.h"
#include "compiler/support/result.h"

namespace linnet {

struct LabelSet {
  std::vector<std::string> names;  // distinct, not empty
  std::vector<std::int8_t> codes;  // [names][dimension]
  std::vector<float> scales;       // of each label: codes * scale has length 1
  std::int64_t dimension = 0;
  float logit_scale = 1;
  std::size_t count() const { return names.size(); }
};

// One embedding of any length but 0, as codes and scale.
struct LabelCodes {
  std::vector<std::int8_t> codes;
  float scale = 1;
};
LabelCodes quantize_label(const std::vector<double>& embedding);

// All that is wrong with the file, by label: E280 (not such a file), E281 (no label), E282 (embeddings of different lengths),
// E283 (not finite, or all zeros), E284 (a name that is empty or there twice).
Result<LabelSet> parse_labels(std::string_view text);
Result<LabelSet> read_label_set(const std::filesystem::path& path);

// E285 unless an output of `elements` is the embedding that the labels are compared with.
Result<Nothing> check_dimension(const LabelSet& labels, std::int64_t elements);
// E307 unless the network has one output, a vector of float32 or int8; E285 unless it is as long as the labels.
Result<Nothing> check_labels(const LabelSet& labels, const Graph& graph);

// Flash: codes, scales, names and their pointers, and the code that compares.
std::int64_t flash_bytes(const LabelSet& labels);

}  // namespace linnet
